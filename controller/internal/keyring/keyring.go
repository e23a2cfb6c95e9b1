package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

const (
	// maxAge is after how long a ring is read again, so that a key that was
	// taken away is soon gone.
	maxAge = 5 * time.Minute
	// minAge is how often it is read at most when a MAC names a key that is not
	// in it: whoever forges MACs must not choose how often a secret is read.
	minAge = 20 * time.Second
	// staleAge is how long the last ring serves while the secret cannot be read.
	staleAge = time.Hour
)

// Source gives the ring that counts now.
type Source interface {
	// Keyring returns the ring. fresh asks for what is in the secret now, because a
	// key was not found.
	Keyring(ctx context.Context, fresh bool) (*task.Keyring, error)
}

// Static is a Source of one ring.
func Static(ring *task.Keyring) Source { return static{ring} }

type static struct{ ring *task.Keyring }

func (s static) Keyring(context.Context, bool) (*task.Keyring, error) { return s.ring, nil }

// secretReader is the part of *secretsmanager.Client that Secret uses.
type secretReader interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Secret is a Source that reads a secret and keeps the ring for some minutes.
type Secret struct {
	client secretReader
	id     string
	clock  port.Clock

	mu   sync.Mutex
	ring *task.Keyring
	read time.Time
}

// NewSecret returns the Source of a secret, by its ARN. Its text is what Parse reads.
func NewSecret(client secretReader, arn string, clock port.Clock) *Secret {
	return &Secret{client: client, id: arn, clock: clock}
}

// Keyring is Source's.
func (s *Secret) Keyring(ctx context.Context, fresh bool) (*task.Keyring, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.clock.Now().Sub(s.read)
	if s.ring != nil && (age < minAge || !fresh && age < maxAge) {
		return s.ring, nil
	}
	ring, err := s.fetch(ctx)
	if err != nil {
		if s.ring != nil && age < staleAge {
			return s.ring, nil
		}
		return nil, err
	}
	s.ring, s.read = ring, s.clock.Now()
	return ring, nil
}

func (s *Secret) fetch(ctx context.Context) (*task.Keyring, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.id)})
	if err != nil {
		return nil, fmt.Errorf("cannot read the secret of the MAC keys: %w", err)
	}
	return Parse([]byte(aws.ToString(out.SecretString)))
}

// Parse reads a secret's text, such as {"current":"k1","keys":{"k1":"<base64>"}}.
// Its errors show nothing of it.
func Parse(text []byte) (*task.Keyring, error) {
	var secret struct {
		Current string            `json:"current"`
		Keys    map[string][]byte `json:"keys"` // encoding/json reads them as base64
	}
	if err := json.Unmarshal(text, &secret); err != nil {
		return nil, errors.New(`the secret of the MAC keys must be JSON such as {"current":"k1","keys":{"k1":"<base64>"}}`)
	}
	return task.NewKeyring(secret.Current, secret.Keys)
}
