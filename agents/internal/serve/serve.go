package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// grace is how long requests under way may take after a signal; ECS kills a
	// container after 30 s.
	grace = 10 * time.Second
	// headerTimeout keeps a slow client from holding a connection for ever.
	headerTimeout = 5 * time.Second
)

// Serve answers on listener until ctx ends and the requests under way are done.
func Serve(ctx context.Context, listener net.Listener, about About) error {
	server := &http.Server{Handler: handler(about), ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// handler answers GET /ping, the agent card, and A2A's methods with a refusal.
func handler(about About) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]string{"status": "Healthy", "agent": about.Name})
	})
	mux.HandleFunc("GET "+CardPath, func(w http.ResponseWriter, r *http.Request) {
		reply(w, about.card("http://"+r.Host+"/"))
	})
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, refusal(r.Body))
	})
	return mux
}

// reply writes a value. A client that went away is no error.
func reply(w http.ResponseWriter, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n'))
}
