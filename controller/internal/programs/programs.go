package programs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aegis-agents/aegis/controller/flow"
)

const module = "github.com/aegis-agents/aegis"

// Find returns the programs of all agents by their names. Those that are not in
// folder are built into build, when the working directory is in Aegis' source.
func Find(ctx context.Context, folder, build string, progress io.Writer) (map[string]string, error) {
	programs := map[string]string{}
	var missing []string
	for _, agent := range flow.Agents() {
		path := filepath.Join(folder, string(agent))
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			programs[string(agent)] = path
			continue
		}
		programs[string(agent)] = filepath.Join(build, string(agent))
		missing = append(missing, module+"/agents/"+string(agent))
	}
	if len(missing) == 0 {
		return programs, nil
	}
	if err := inSource(ctx); err != nil {
		return nil, fmt.Errorf("the agents' programs are not beside this one, in %s, and cannot be built here: %w", folder, err)
	}
	if err := os.MkdirAll(build, 0o700); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(progress, "building %d agents, some seconds when little has changed …\n", len(missing)); err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", build + string(filepath.Separator)}, missing...)...)
	command.Stdout, command.Stderr = progress, progress
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("building the agents: %w", err)
	}
	return programs, nil
}

// inSource is nil when the working directory is in this module.
func inSource(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-m").Output()
	if err != nil {
		return fmt.Errorf("go list -m: %w", err)
	}
	if name := strings.TrimSpace(string(out)); name != module {
		return errors.New("the working directory is in the module " + name)
	}
	return nil
}
