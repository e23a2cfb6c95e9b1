//go:build e2e

package e2e

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/internal/lambdatest"
)

// architectures are Lambda's names for what this machine can run.
var architectures = map[string]string{"amd64": "x86_64", "arm64": "arm64"}

// native is the name of this machine's architecture, of those that Lambda has.
func native() string { return architectures[runtime.GOARCH] }

// deployed is what Lambda says of a function.
type deployed struct {
	Name         string `json:"FunctionName"`
	CodeSha256   string
	Timeout      int
	Architecture []string `json:"Architectures"`
	Environment  struct{ Variables map[string]string }
}

// function is a deployed function that runs on this machine: the zip that Terraform
// uploaded, with the environment that Terraform gave it. The test is Lambda.
type function struct {
	deployed
	*lambdatest.Process
}

// functions starts every function of the account, by name.
func (a *account) functions(t *testing.T, outdir string) map[string]*function {
	t.Helper()
	zips := zipsBySum(t, outdir)
	var list struct{ Functions []deployed }
	a.read(t, "lambda", "/2015-03-31/functions/", &list)
	all := map[string]*function{}
	for _, d := range list.Functions {
		path, found := zips[d.CodeSha256]
		if !found {
			t.Fatalf("%s: no zip in %s has the sum %s", d.Name, outdir, d.CodeSha256)
		}
		if len(d.Architecture) != 1 || d.Architecture[0] != native() {
			t.Fatalf("%s: deployed for %v, this machine is %s", d.Name, d.Architecture, native())
		}
		all[d.Name] = a.startFunction(t, d, path)
	}
	return all
}

func (a *account) startFunction(t *testing.T, d deployed, zipped string) *function {
	t.Helper()
	dir := folder(t)
	unzip(t, zipped, dir)
	environment := append(a.credentials(), "AWS_LAMBDA_FUNCTION_NAME="+d.Name, "LAMBDA_TASK_ROOT="+dir)
	environment = append(environment, assignments(d.Environment.Variables)...)
	return &function{d, lambdatest.Start(t, d.Name, filepath.Join(dir, "bootstrap"), time.Duration(d.Timeout)*time.Second, environment)}
}

// credentials are the environment of a program that AWS runs in the account: not
// the machine's, and without a user.
func (a *account) credentials() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + a.url, "AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + a.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + a.SecretAccessKey, "AWS_SESSION_TOKEN=" + a.SessionToken,
		"HOME=" + os.DevNull,
	}
}

func assignments(variables map[string]string) []string {
	var all []string
	for name, value := range variables {
		all = append(all, name+"="+value)
	}
	return all
}

// mapping is an event source mapping of a queue.
type mapping struct {
	EventSourceArn, FunctionArn string
	BatchSize                   int32
	FunctionResponseTypes       []string
}

func (a *account) mappings(t *testing.T) []mapping {
	t.Helper()
	var list struct{ EventSourceMappings []mapping }
	a.read(t, "lambda", "/2015-03-31/event-source-mappings/", &list)
	return list.EventSourceMappings
}

// deliver gives a queue's messages to its function, as Lambda does.
func (m mapping) deliver(t *testing.T, a *account, functions map[string]*function) {
	t.Helper()
	f := functions[functionName(m.FunctionArn)]
	if f == nil {
		t.Fatalf("%s is for %s, which is no function", m.EventSourceArn, m.FunctionArn)
	}
	client := sqs.NewFromConfig(a.config())
	queue, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(m.EventSourceArn[strings.LastIndex(m.EventSourceArn, ":")+1:])})
	must(t, err)
	f.Deliver(client, *queue.QueueUrl, m.EventSourceArn, m.BatchSize)
}

// scheduled are the functions that a rule calls.
func (a *account) scheduled(t *testing.T, functions map[string]*function) []*function {
	t.Helper()
	var rules struct {
		Rules []struct{ Name, ScheduleExpression string }
	}
	a.call(t, "events", "AWSEvents.ListRules", map[string]string{}, &rules)
	var all []*function
	for _, rule := range rules.Rules {
		var targets struct{ Targets []struct{ Arn string } }
		a.call(t, "events", "AWSEvents.ListTargetsByRule", map[string]string{"Rule": rule.Name}, &targets)
		for _, target := range targets.Targets {
			f := functions[functionName(target.Arn)]
			if f == nil || rule.ScheduleExpression == "" {
				t.Fatalf("rule %s (%s) calls %s", rule.Name, rule.ScheduleExpression, target.Arn)
			}
			all = append(all, f)
		}
	}
	return all
}

// functionName is the name in an ARN, which may have a version or an alias.
func functionName(arn string) string {
	_, name, _ := strings.Cut(arn, ":function:")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// zipsBySum are the zips of a stack's folder, by what Lambda calls CodeSha256.
func zipsBySum(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, dir, func(path string, d fs.DirEntry) {
		if d.IsDir() || filepath.Ext(path) != ".zip" {
			return
		}
		data, err := os.ReadFile(path)
		must(t, err)
		sum := sha256.Sum256(data)
		all[base64.StdEncoding.EncodeToString(sum[:])] = path
	})
	return all
}

func unzip(t *testing.T, path, dir string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	for _, entry := range z.File {
		if !filepath.IsLocal(entry.Name) || entry.Mode().IsDir() {
			t.Fatalf("%s has %s, %s", path, entry.Name, entry.Mode())
		}
		from, err := entry.Open()
		must(t, err)
		data, err := io.ReadAll(from)
		must(t, err)
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, entry.Name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, entry.Name), data, entry.Mode()))
	}
}
