// Package serve is what every agent's program does until it has work of its own:
// it answers GET /ping, and leaves when it is told to.
//
// What an agent does with a task belongs into the agent.
package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// portVariable names the port to listen on. Default: 8080, which Bedrock
	// AgentCore's runtime contract asks for as well.
	// https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-http-protocol-contract.html
	portVariable = "PORT"
	defaultPort  = "8080"
	// grace is how long requests under way may take after a signal; ECS kills a
	// container after 30 s.
	grace = 10 * time.Second
	// headerTimeout keeps a slow client from holding a connection for ever.
	headerTimeout = 5 * time.Second
)

// Main is the main function of the agent called name.
func Main(name string) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("agent", name)
	if err := listen(name, log); err != nil {
		log.Error("stopped", "error", err)
		os.Exit(1)
	}
	log.Info("stopped")
}

// listen serves until a signal comes.
func listen(name string, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	port := os.Getenv(portVariable)
	if port == "" {
		port = defaultPort
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return fmt.Errorf("listening, set %s to a free port: %w", portVariable, err)
	}
	log.Info("listening", "address", listener.Addr().String())
	return Serve(ctx, listener, name)
}

// Serve answers on listener until ctx ends and the requests under way are done.
func Serve(ctx context.Context, listener net.Listener, name string) error {
	server := &http.Server{Handler: handler(name), ReadHeaderTimeout: headerTimeout}
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

// handler answers GET /ping with the agent's name.
func handler(name string) http.Handler {
	answer, err := json.Marshal(map[string]string{"status": "Healthy", "agent": name})
	if err != nil {
		panic(err) // strings always marshal
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(answer, '\n')) // a client that went away is no error
	})
	return mux
}
