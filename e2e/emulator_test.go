//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/aegis-agents/aegis/internal/awstest"
)

const region = "eu-central-1"

// emulator starts the emulator when it is first asked for, one for all tests.
func emulator(t testing.TB) *awstest.Emulator {
	t.Helper()
	interpreter := python(t, "python")
	python(t, "moto_server")
	motoOnce.Do(func() {
		started, startError = awstest.StartEmulator(interpreter, append(cleanEnvironment(), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "AWS_DEFAULT_REGION="+region))
	})
	if startError != nil {
		t.Fatalf("the emulator does not start: %v", startError)
	}
	return started
}

var (
	motoOnce   sync.Once
	started    *awstest.Emulator
	startError error
)

// stopEmulator returns what the emulator logged.
func stopEmulator() string {
	motoOnce.Do(func() {}) // none starts after this
	if started == nil {
		return ""
	}
	started.Stop()
	return started.Log()
}

// account is an AWS account of the emulator's with nothing in it: every case has
// one of its own, so that cases run side by side and each can ask what is left.
type account struct {
	id  string
	url string
	aws.Credentials
}

var accounts atomic.Int64

// mainAccount is the emulator's own: what its state machines call is looked for
// there, whichever account they are in. One case may have it.
func mainAccount(t testing.TB) *account {
	t.Helper()
	return &account{id: "123456789012", url: emulator(t).URL, Credentials: aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}}
}

func newAccount(t testing.TB) *account {
	t.Helper()
	a := mainAccount(t)
	a.id = fmt.Sprintf("%012d", 100000000000+accounts.Add(1))
	// The emulator knows an account by the keys of a role that is in it.
	// https://docs.getmoto.org/en/latest/docs/multi_account.html
	var answer struct {
		Key    string `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
		Secret string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
		Token  string `xml:"AssumeRoleResult>Credentials>SessionToken"`
	}
	body, err := a.ask(t.Context(), request{
		service: "sts", body: "Action=AssumeRole&Version=2011-06-15&RoleSessionName=e2e&RoleArn=arn:aws:iam::" + a.id + ":role/e2e",
	})
	if err == nil {
		err = xml.Unmarshal(body, &answer)
	}
	if err == nil && answer.Key == "" {
		err = fmt.Errorf("got no keys: %s", body)
	}
	if err != nil {
		t.Fatalf("opening account %s: %v", a.id, err)
	}
	a.Credentials = aws.Credentials{AccessKeyID: answer.Key, SecretAccessKey: answer.Secret, SessionToken: answer.Token}
	return a
}

// config is the account for the SDK's clients.
func (a *account) config() aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &a.url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return a.Credentials, nil }),
	}
}

// environment is what points programs at the account, and at nothing else.
func (a *account) environment() []string {
	return append(append(cleanEnvironment(), ecr().environment(a)...),
		"AWS_ENDPOINT_URL="+a.url,
		"AWS_ACCESS_KEY_ID="+a.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+a.SecretAccessKey,
		"AWS_SESSION_TOKEN="+a.SessionToken,
		"AWS_REGION="+region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"NO_PROXY=127.0.0.1",
		"CHECKPOINT_DISABLE=1",
	)
}

// cleanEnvironment is ours without what would lead elsewhere: the user's AWS
// configuration, and Terraform's, make's and our apps' settings. Where the provider
// comes from is the user's business and stays.
func cleanEnvironment() []string {
	var kept []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		switch {
		case name == "TF_CLI_CONFIG_FILE", name == "TF_PLUGIN_CACHE_DIR", name == "AEGIS_CACHE_DIR":
			kept = append(kept, e)
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "TF_"), strings.HasPrefix(name, "AEGIS_"),
			strings.HasPrefix(name, "CDKTF_"), strings.HasPrefix(name, "E2E"), strings.EqualFold(name, "NO_PROXY"),
			strings.HasPrefix(name, "MAKE"), name == "MFLAGS":
		default:
			kept = append(kept, e)
		}
	}
	return kept
}

// request is a call of an AWS API in the three forms there are: query (a body),
// JSON (a target) and REST (a method and a path).
type request struct {
	service string
	method  string // default: POST
	path    string // default: /
	target  string
	body    string
}

// ask sends a signed request, to services that the project has no client of: the
// lists that the inventory asks for are one line each.
func (a *account) ask(ctx context.Context, r request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	method, path := r.method, r.path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/"
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewBufferString(r.body))
	if err != nil {
		return nil, err
	}
	switch {
	case r.target != "":
		req.Header.Set("X-Amz-Target", r.target)
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	case method == http.MethodPost:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	// The emulator reads the account and the service from the signature, which
	// it does not check.
	const unsigned = "UNSIGNED-PAYLOAD"
	if err := v4.NewSigner().SignHTTP(ctx, a.Credentials, req, unsigned, r.service, region, time.Now()); err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status + ": " + string(body))
	}
	return body, err
}

// read asks a REST API with GET.
func (a *account) read(t *testing.T, service, path string, into any) {
	t.Helper()
	body, err := a.ask(t.Context(), request{service: service, method: "GET", path: path})
	must(t, err)
	must(t, json.Unmarshal(body, into))
}

// call asks a JSON API.
func (a *account) call(t *testing.T, service, action string, in, into any) {
	t.Helper()
	text, err := json.Marshal(in)
	must(t, err)
	body, err := a.ask(t.Context(), request{service: service, target: action, body: string(text)})
	must(t, err)
	must(t, json.Unmarshal(body, into))
}
