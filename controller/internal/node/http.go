package node

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"

	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/callback"
	"github.com/aegis-agents/aegis/controller/task"
)

// CallbackPath is where agents post their messages.
const CallbackPath = "/callback"

// Post serves what agents post. Their MAC is what admits them.
func (n *Node) Post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, task.MaxMessage))
	if err != nil {
		status := http.StatusInternalServerError
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = callback.Invalid.HTTPStatus()
		}
		http.Error(w, err.Error(), status)
		return
	}
	outcome, err := n.Callback.Handle(r.Context(), body)
	if err != nil {
		n.options.Logger.ErrorContext(r.Context(), "an answer was not taken", "cause", err.Error())
		http.Error(w, "it was not taken: again", http.StatusServiceUnavailable)
		return
	}
	if outcome == callback.Taken {
		w.WriteHeader(outcome.HTTPStatus())
		return
	}
	http.Error(w, string(outcome), outcome.HTTPStatus())
}

// APIPath is where commands post their requests, those of the controller function.
const APIPath = "/api"

// Serve returns the handler of both paths. A request of the API shows the token.
func (n *Node) Serve(h *api.Handler, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+CallbackPath, n.Post)
	mux.HandleFunc("POST "+APIPath, func(w http.ResponseWriter, r *http.Request) {
		// A page in a browser can send requests to loopback, and has no token.
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			http.Error(w, "the token is in the data directory", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, task.MaxMessage))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := h.Invoke(r.Context(), body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write(answer); err != nil {
			n.options.Logger.WarnContext(r.Context(), "an answer was not read", "cause", err.Error())
		}
	})
	return mux
}
