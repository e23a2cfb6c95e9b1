package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/datadir"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

// ask sends a request of the API to the process that runs, or answers it from the
// data directory when none does, and decodes the answer. changes says that executions may go on.
func (s *settings) ask(ctx context.Context, request map[string]any, changes bool, answer any) error {
	payload, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.dataDir); err != nil && request["action"] != "start" {
		return fmt.Errorf("--data-dir: there is nothing yet, start with aegis demo: %w", err)
	}
	data, err := s.askAny(ctx, payload, changes)
	if err != nil {
		return err
	}
	if s.json {
		_, err := fmt.Fprintf(s.out, "%s\n", data)
		return errors.Join(err, refusal(data))
	}
	if err := refusal(data); err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}

// askAny asks whoever there is. One that holds the directory and does not listen
// yet is about to, or is another command, soon done.
func (s *settings) askAny(ctx context.Context, payload []byte, changes bool) ([]byte, error) {
	const attempts = 3 // each takes patience
	for i := 1; ; i++ {
		data, err := s.askRunner(ctx, payload)
		if errors.Is(err, errNobody) {
			data, err = s.askDir(ctx, payload, changes)
		}
		if !errors.Is(err, datadir.ErrInUse) || i == attempts {
			return data, err
		}
	}
}

// refusal is what an answer that is not ok says.
func refusal(data []byte) error {
	var a api.Answer
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	if a.Error != nil {
		return fmt.Errorf("%s: %s", a.Error.Code, a.Error.Message)
	}
	return nil
}

var errNobody = errors.New("no process runs")

func (s *settings) askRunner(ctx context.Context, payload []byte) ([]byte, error) {
	r, found, err := datadir.Find(s.dataDir)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNobody
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+r.Token)
	// No proxy: the request holds the token.
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errNobody // it was killed
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusUnauthorized {
		return nil, errNobody // the port is another program's by now
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("process %d: %s: %s", r.PID, response.Status, bytes.TrimSpace(data))
	}
	return data, nil
}

// askDir answers from the data directory. What is decided is durable; agents run
// with the next serve or demo.
func (s *settings) askDir(ctx context.Context, payload []byte, changes bool) (data []byte, err error) {
	h, err := s.open(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if changes {
		if err := h.node.Launch(); err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintln(s.err, "no process runs: aegis serve, or aegis demo, goes on with it"); err != nil {
			return nil, err
		}
	}
	return h.api.Invoke(ctx, payload)
}

// idle is a port.Runner that runs nothing: agents are a serving process's.
type idle struct{}

func (idle) Run(context.Context, task.Task) (string, error) {
	return "", errors.New("this process runs no agents")
}

func (idle) Describe(_ context.Context, runs []string) (map[string]port.RunStatus, error) {
	statuses := map[string]port.RunStatus{}
	for _, name := range runs {
		statuses[name] = port.RunStatus{Stopped: true, Reason: "no process runs"}
	}
	return statuses, nil
}

func (idle) Stop(context.Context, string, string) error { return nil }
