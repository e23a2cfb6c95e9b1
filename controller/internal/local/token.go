package local

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// address is what a token says: which request of which execution is answered.
// None of its names can hold a dot. It need not be secret: whoever could answer
// with it holds the data directory. life counts the restarts: an order that comes
// again after one has another token, and so its record takes its new deadline.
type address struct {
	workflow string
	step     string
	approval bool
	index    int
	attempt  int
	life     int
}

func (a address) token() task.Token {
	if a.approval {
		return task.Token("approval." + a.workflow + "." + a.step)
	}
	return task.Token(fmt.Sprintf("task.%s.%s.%d.%d.%d", a.workflow, a.step, a.index, a.attempt, a.life))
}

// parseToken reads a token, of whichever life. Nobody waits for what this engine has not made.
func parseToken(token task.Token) (address, error) {
	parts := strings.Split(string(token), ".")
	switch {
	case len(parts) == 3 && parts[0] == "approval":
		return address{workflow: parts[1], step: parts[2], approval: true}, nil
	case len(parts) == 6 && parts[0] == "task":
		index, err := strconv.Atoi(parts[3])
		if err != nil {
			break
		}
		attempt, err := strconv.Atoi(parts[4])
		if err != nil {
			break
		}
		return address{workflow: parts[1], step: parts[2], index: index, attempt: attempt}, nil
	}
	return address{}, fmt.Errorf("a token of %d bytes that is none of this engine's: %w", len(token), port.ErrClosed)
}
