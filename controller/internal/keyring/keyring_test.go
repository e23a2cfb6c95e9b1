package keyring_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/aegis-agents/aegis/controller/internal/keyring"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	first  = `{"current":"k1","keys":{"k1":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}`
	second = `{"current":"k2","keys":{"k1":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","k2":"IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}`
)

// secrets is a service with one secret.
type secrets struct {
	text  string
	err   error
	reads int
}

func (s *secrets) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	s.reads++
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(s.text)}, s.err
}

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestSecret(t *testing.T) {
	t.Parallel()
	service, now := &secrets{text: first}, &clock{time.Unix(1e9, 0).UTC()}
	s := keyring.NewSecret(service, "arn", now)
	ring, err := keyring.Parse([]byte(second))
	if err != nil {
		t.Fatal(err)
	}
	id := task.NewID("wf-1", "plan", 0, 0)
	mac := ring.Sign(id, now.now.Add(24*time.Hour))
	for i, step := range []struct {
		pass  time.Duration
		fresh bool
		text  string
		err   error
		reads int   // so far
		want  error // of the ring that is returned
		fails bool
	}{
		{text: first, reads: 1, want: task.ErrUnknownKey},
		{text: second, reads: 1, want: task.ErrUnknownKey},
		{text: second, fresh: true, reads: 1, want: task.ErrUnknownKey, pass: 19 * time.Second},
		{text: second, fresh: true, reads: 2, pass: time.Second},
		{text: first, reads: 2, pass: 5*time.Minute - time.Second},
		{text: second, reads: 3, pass: time.Second},
		{err: errors.New("down"), reads: 4, pass: time.Hour - time.Second},
		{err: errors.New("down"), reads: 5, pass: time.Second, fails: true},
		{text: "{", reads: 6, fails: true},
		{text: second, reads: 7},
	} {
		now.now = now.now.Add(step.pass)
		service.text, service.err = step.text, step.err
		ring, err := s.Keyring(t.Context(), step.fresh)
		if (err != nil) != step.fails || service.reads != step.reads {
			t.Fatalf("%d: want %d reads, got %d, %v", i, step.reads, service.reads, err)
		}
		if err == nil {
			if got := ring.Verify(id, mac, now.now); !errors.Is(got, step.want) {
				t.Errorf("%d: want %v, got %v", i, step.want, got)
			}
		}
	}
}

func TestParseShowsNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "hunter2", `{"current":"k1"}`, `{"current":"k1","keys":{"k1":"hunter2hunter2"}}`, `{"current":"k1","keys":{"k1":"hunter2!"}}`,
		strings.Replace(first, `"current":"k1"`, `"current":"k2"`, 1),
	} {
		_, err := keyring.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
