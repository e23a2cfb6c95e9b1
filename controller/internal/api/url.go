package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// rootPath takes every action, in a POST's body.
const rootPath = "/"

// urlEvent returns the HTTP event in payload, if it is one. The mark is
// requestContext.http, which a direct request cannot have without being refused
// for it. It is a mark and not a proof: who may invoke the function directly
// can also send an event, so nothing in it identifies the caller.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
func urlEvent(payload []byte) (events.LambdaFunctionURLRequest, bool) {
	var mark struct {
		RequestContext struct {
			HTTP *struct {
				Method string `json:"method"`
			} `json:"http"`
		} `json:"requestContext"`
	}
	var event events.LambdaFunctionURLRequest
	if json.Unmarshal(payload, &mark) != nil || mark.RequestContext.HTTP == nil {
		return event, false
	}
	return event, json.Unmarshal(payload, &event) == nil
}

func (h *Handler) serveURL(ctx context.Context, event events.LambdaFunctionURLRequest) Answerer {
	method := event.RequestContext.HTTP.Method
	path := event.RawPath
	if path == "" {
		path = rootPath
	}
	if path == rootPath {
		if method != http.MethodPost {
			return notAllowed(method, path, http.MethodPost)
		}
		body, refusal := eventBody(event)
		if refusal != nil {
			return refusal
		}
		return h.serve(ctx, body)
	}
	action, ok := h.gets[path]
	if !ok {
		return refuse(http.StatusNotFound, UnknownPath, "unknown path %s, POST a request to /", quote(path))
	}
	if method != http.MethodGet {
		return notAllowed(method, path, http.MethodGet)
	}
	if event.Body != "" || event.RawQueryString != "" {
		return badRequest("GET %s takes neither a query nor a body", path)
	}
	return run(ctx, action, nil)
}

func eventBody(event events.LambdaFunctionURLRequest) ([]byte, *Answer) {
	if !event.IsBase64Encoded {
		return []byte(event.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return nil, badRequest("the body is marked as base64 and is not")
	}
	return body, nil
}

// notAllowedAnswer also says, as a header, which method would be allowed.
type notAllowedAnswer struct {
	Answer
	allow string
}

func notAllowed(method, path, allow string) Answerer {
	message := fmt.Sprintf("method %s is not allowed on %s, use %s", quote(method), path, allow)
	return &notAllowedAnswer{Failure(http.StatusMethodNotAllowed, MethodNotAllowed, message), allow}
}

func urlResponse(answer Answerer, body []byte) ([]byte, error) {
	headers := map[string]string{
		"Content-Type": "application/json",
		// An answer is about now: health and, later, state.
		"Cache-Control": "no-store",
	}
	if refused, ok := answer.(*notAllowedAnswer); ok {
		headers["Allow"] = refused.allow
	}
	response, err := json.Marshal(events.LambdaFunctionURLResponse{
		StatusCode: answer.Base().Status,
		Headers:    headers,
		Body:       string(body),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot encode the response: %w", err)
	}
	return response, nil
}
