package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// callbackTimeout is for one request to a server on the same machine.
const callbackTimeout = 15 * time.Second

// Callback posts messages to the local runner.
type Callback struct {
	client *http.Client
	url    string
}

// NewCallback returns the sender to url, which is on loopback.
func NewCallback(url string) *Callback {
	return &Callback{url: url, client: &http.Client{
		Timeout: callbackTimeout,
		// No proxy from the environment: what is sent holds the task's MAC.
		Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Send posts a message.
func (c *Callback) Send(ctx context.Context, message []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(message))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// The reason is for the log, and reading it lets the connection be used again.
	reason, err := io.ReadAll(io.LimitReader(response.Body, 1024))
	if err != nil {
		return fmt.Errorf("the callback's reply: %w", err)
	}
	text := fmt.Sprintf("the callback said %s %q", response.Status, strings.TrimSpace(string(reason)))
	switch code := response.StatusCode; {
	case code == http.StatusNoContent:
		return nil
	case code == http.StatusGone:
		return fmt.Errorf("%w: %s", ErrGone, text)
	case code == http.StatusTooManyRequests || code >= http.StatusInternalServerError:
		return fmt.Errorf("%s", text)
	default:
		return fmt.Errorf("%w: %s", ErrRefused, text)
	}
}
