//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// workTime is how long a workflow may take here.
const workTime = 3 * time.Minute

// report is what the controller says of a workflow, as far as it matters here.
type report struct {
	Status   int
	OK       bool
	Workflow struct {
		ID, Status string
		Output     json.RawMessage
	}
	Waiting []struct{ Kind, Step string }
}

// researchReport runs a workflow from its start to its end on what was applied:
// the zips and images that were deployed, with the environment that they were
// deployed with, against the table, queues, bucket and state machine of the stack.
// One container is lost on the way. The models are the stub; the test is what calls
// the programs on AWS.
func researchReport(t *testing.T, w *workspace) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		lack(t, "what was deployed is for Linux")
	}
	outputs := w.outputs(t)
	defer w.account.withoutTLS(t, outputs["artifact_bucket"])()
	functions := w.account.functions(t, w.dir)
	mappings := w.account.mappings(t)
	if len(functions) != 4 || len(mappings) != 2 {
		t.Fatalf("got %d functions and %d event source mappings", len(functions), len(mappings))
	}
	checkers := w.account.scheduled(t, functions)
	containers := newCluster(t, w.account, outputs["cluster_name"])
	// The checker notices, and the workflow tries again: twice, for the emulator gives
	// the second attempt the token of the first, with the answer of the first.
	containers.loses = "research"
	controller, health := command(t, outputs["controller_health_command"])
	if got := functions[controller].Invoke(health); !strings.Contains(got, `"ok":true`) {
		t.Fatalf("health: %s", got)
	}
	ask := func(payload string) (r report) {
		text := functions[controller].Invoke(payload)
		if err := json.Unmarshal([]byte(text), &r); err != nil || !r.OK {
			t.Fatalf("%s: %v %s", payload, err, text)
		}
		return r
	}

	_, start := command(t, outputs["research_report_start_command"])
	now := ask(start)
	id := now.Workflow.ID
	approved := false
	for end := time.Now().Add(workTime); now.Workflow.Status == "running"; {
		if time.Now().After(end) {
			t.Fatalf("the workflow has not ended after %v: %+v", workTime, now)
		}
		for _, m := range mappings {
			m.deliver(t, w.account, functions)
		}
		// The emulator loses an answer that comes before it waits for it.
		time.Sleep(time.Second)
		containers.start()
		for _, f := range checkers {
			f.Invoke(`{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}`)
		}
		now = ask(`{"action":"get","workflow":"` + id + `"}`)
		if len(now.Waiting) > 0 && now.Waiting[0].Kind == "approval" && !approved {
			approved = true
			time.Sleep(time.Second)
			ask(`{"action":"approve","workflow":"` + id + `","step":"` + now.Waiting[0].Step + `","by":"ada"}`)
		}
	}
	if now.Workflow.Status != "succeeded" || !approved {
		t.Fatalf("the workflow ended as %+v, approved: %t", now, approved)
	}
	containers.running.Wait()
	for _, m := range mappings {
		m.deliver(t, w.account, functions) // what an agent said after its answer, if anything
	}
	if containers.lost != 1 {
		t.Errorf("lost %d containers of %q", containers.lost, containers.loses)
	}
	return w.check(t, outputs, functions, containers, now)
}

// check looks at what the workflow left, and returns a line for the table.
func (w *workspace) check(t *testing.T, outputs map[string]string, functions map[string]*function, containers *cluster, last report) string {
	t.Helper()
	config := w.account.config()
	execution, err := sfn.NewFromConfig(config).DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{
		ExecutionArn: aws.String(strings.Replace(outputs["research_report_state_machine_arn"], ":stateMachine:", ":execution:", 1) + ":" + last.Workflow.ID),
	})
	must(t, err)
	if execution.Status != sfntypes.ExecutionStatusSucceeded {
		t.Errorf("the execution is %s", execution.Status)
	}

	for _, ended := range containers.ended {
		if ended.err != nil {
			t.Errorf("%s: %v", ended.agent, ended.err)
		}
	}
	key := regexp.MustCompile(`artifacts/[^"]+`).FindString(string(last.Workflow.Output))
	object, err := w.account.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(outputs["artifact_bucket"]), Key: &key})
	if err != nil {
		t.Fatalf("the report %q of %s: %v", key, last.Workflow.Output, err)
	}
	defer object.Body.Close()
	text, err := io.ReadAll(object.Body)
	must(t, err)
	if !strings.Contains(string(text), "SIMULATED") {
		t.Errorf("the report is not marked as simulated:\n%s", text)
	}

	for _, queue := range []string{"task_queue_url", "callback_queue_url", "task_dead_letter_queue_url", "callback_dead_letter_queue_url"} {
		out, err := sqs.NewFromConfig(config).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String(outputs[queue]), AttributeNames: []sqstypes.QueueAttributeName{"All"},
		})
		must(t, err)
		for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
			if out.Attributes[name] != "0" {
				t.Errorf("%s: %s is %s", queue, name, out.Attributes[name])
			}
		}
	}
	for _, f := range functions {
		if strings.Contains(f.Log.String(), `"level":"ERROR"`) {
			t.Errorf("%s has errors in its log", f.Name)
		}
	}
	return fmt.Sprintf("%d tasks, %d lost", len(containers.ended), containers.lost)
}

// withoutTLS takes a bucket's policy away until the function that it returns is
// called: it refuses those who come without TLS, which the emulator does not speak.
func (a *account) withoutTLS(t *testing.T, bucket string) (restore func()) {
	t.Helper()
	client := a.s3()
	policy, err := client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: &bucket})
	must(t, err)
	_, err = client.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &bucket})
	must(t, err)
	return func() {
		_, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: policy.Policy})
		must(t, err)
	}
}

func (a *account) s3() *s3.Client {
	return s3.NewFromConfig(a.config(), func(o *s3.Options) { o.UsePathStyle = true })
}

// outputs are what terraform output shows.
func (w *workspace) outputs(t *testing.T) map[string]string {
	t.Helper()
	found, err := w.Output(limited(t))
	must(t, err)
	all := map[string]string{}
	for name, output := range found {
		var text string
		must(t, json.Unmarshal(output.Value, &text))
		all[name] = text
	}
	return all
}

var invocation = regexp.MustCompile(`^aws lambda invoke .*--function-name (\S+) .*--payload '(.+)' /dev/stdout$`)

// command is whom one of the outputs' commands calls, and with what.
func command(t *testing.T, line string) (function, payload string) {
	t.Helper()
	parts := invocation.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("not a command that invokes a function: %q", line)
	}
	return parts[1], parts[2]
}
