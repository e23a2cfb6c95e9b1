package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Action is one thing the function can be asked to do.
type Action struct {
	// Name is the value of "action" that asks for it. Required.
	Name string
	// Get is the path that also asks for it over HTTP, by GET and without a
	// body, for an action that changes nothing. Default: none.
	Get string
	// Run does it. An error is a request the action refuses, and its text is
	// for the caller; every other outcome is an answer. Required.
	Run func(ctx context.Context, fields Fields) (Answerer, error)
}

// Handler serves actions. It is a lambda.Handler.
type Handler struct {
	version string
	log     *slog.Logger
	actions map[string]Action
	gets    map[string]Action
	known   string // the names of the actions, as a message shows them
}

// NewHandler returns a Handler of the given actions. It panics when two of them
// share a name or a path: a function built that way must not start.
func NewHandler(version string, log *slog.Logger, actions ...Action) *Handler {
	h := &Handler{version: version, log: log, actions: map[string]Action{}, gets: map[string]Action{}}
	for _, action := range actions {
		if _, twice := h.actions[action.Name]; twice {
			panic(fmt.Sprintf("action %q is defined twice", action.Name))
		}
		h.actions[action.Name] = action
		if action.Get == "" {
			continue
		}
		if other, twice := h.gets[action.Get]; twice {
			panic(fmt.Sprintf("actions %q and %q share the path %q", other.Name, action.Name, action.Get))
		}
		h.gets[action.Get] = action
	}
	h.known = strings.Join(slices.Sorted(maps.Keys(h.actions)), ", ")
	return h
}

// Invoke implements lambda.Handler. A refused request is an answer, not an
// error: Lambda would retry an error of an asynchronous invocation.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	started := time.Now()
	var id string
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	event, viaURL := urlEvent(payload)
	var answer Answerer
	if viaURL {
		answer = h.serveURL(ctx, event)
	} else {
		answer = h.serve(ctx, payload)
	}

	base := answer.Base()
	base.Version, base.RequestID = h.version, id
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the answer: %w", err)
	}
	h.logAnswer(ctx, base, viaURL, time.Since(started))
	if viaURL {
		return urlResponse(answer, body)
	}
	return body, nil
}

// serve answers a request, whichever way it came.
func (h *Handler) serve(ctx context.Context, body []byte) Answerer {
	if len(body) > maxBody {
		return refuse(400, RequestTooLarge, "the request must be at most %d bytes, got %d", maxBody, len(body))
	}
	name, fields, err := parse(body)
	if err != nil {
		return badRequest(`%s; expected an object such as {"action":"health"}, actions: %s`, err, h.known)
	}
	action, ok := h.actions[name]
	if !ok {
		return refuse(400, UnknownAction, "unknown action %s, actions: %s", quote(name), h.known)
	}
	return run(ctx, action, fields)
}

func run(ctx context.Context, action Action, fields Fields) Answerer {
	answer, err := action.Run(ctx, fields)
	if err != nil {
		answer = badRequest("action %s: %s", action.Name, err)
	}
	answer.Base().Action = action.Name
	return answer
}

func (h *Handler) logAnswer(ctx context.Context, a *Answer, viaURL bool, took time.Duration) {
	level, via := slog.LevelInfo, "invoke"
	if !a.OK {
		level = slog.LevelWarn
	}
	if viaURL {
		via = "url"
	}
	attrs := []slog.Attr{
		slog.String("requestId", a.RequestID),
		slog.String("via", via),
		// Empty for a refused request: the name a caller made up is not ours to log.
		slog.String("action", a.Action),
		slog.Int("status", a.Status),
		slog.Float64("durationMs", float64(took.Microseconds())/1000),
	}
	if a.Error != nil {
		attrs = append(attrs, slog.String("error", string(a.Error.Code)))
	}
	h.log.LogAttrs(ctx, level, "answered", attrs...)
}

// quote shows a caller's own text back to it, cut so that a mistake stays readable.
func quote(s string) string {
	const limit = 64
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "…"
	}
	return strconv.Quote(s)
}
