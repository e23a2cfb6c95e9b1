package function_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/aegis-agents/aegis/controller/internal/function"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	var handled atomic.Int32
	sent := time.UnixMilli(1769860800123).UTC()
	batch := function.Batch(slog.New(slog.NewJSONHandler(&logged, nil)), func(_ context.Context, body []byte, at time.Time) error {
		handled.Add(1)
		switch string(body) {
		case "fails":
			return errors.New("no")
		case "panics":
			panic("a defect")
		case "dated":
			if !at.Equal(sent) {
				return fmt.Errorf("want %s, got %s", sent, at)
			}
		default:
			if !at.IsZero() {
				return fmt.Errorf("got %s", at)
			}
		}
		return nil
	})
	var event events.SQSEvent
	for _, body := range []string{"fails", "good", "panics", "dated"} {
		event.Records = append(event.Records, events.SQSMessage{MessageId: "id-" + body, Body: body})
	}
	event.Records[3].Attributes = map[string]string{"SentTimestamp": "1769860800123"}
	response, err := batch(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(response)
	if want := `{"batchItemFailures":[{"itemIdentifier":"id-fails"},{"itemIdentifier":"id-panics"}]}`; err != nil || string(got) != want {
		t.Errorf("want %s, got %s, %v\n%s", want, got, err, logged.String())
	}
	if handled.Load() != 4 || strings.Count(logged.String(), "message not handled") != 2 {
		t.Errorf("got %d handled\n%s", handled.Load(), logged.String())
	}
	// Lambda takes null for a failure of all.
	response, err = batch(t.Context(), events.SQSEvent{})
	if got, _ := json.Marshal(response); err != nil || string(got) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v", got, err)
	}
}
