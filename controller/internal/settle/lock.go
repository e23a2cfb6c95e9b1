package settle

import (
	"sync"

	"github.com/aegis-agents/aegis/controller/task"
)

// locks has a task's answer and its delivery happen once at a time in this program.
// Of two at once, as of a message that came twice, the second would find the record
// answered, deliver too, and leave the first to be told that nobody waits.
type locks struct {
	mu   sync.Mutex
	held map[task.ID]*lock
}

type lock struct {
	sync.Mutex

	users int
}

// take waits for the task's lock and returns what gives it back.
func (l *locks) take(id task.ID) (release func()) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[task.ID]*lock{}
	}
	one := l.held[id]
	if one == nil {
		one = &lock{}
		l.held[id] = one
	}
	one.users++
	l.mu.Unlock()
	one.Lock()
	return func() {
		one.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(l.held, id)
		}
	}
}
