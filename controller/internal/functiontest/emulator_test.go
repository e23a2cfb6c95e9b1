package functiontest_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/internal/functiontest"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/lambdatest"
)

func start(t *testing.T, a *account, name string) *lambdatest.Process {
	t.Helper()
	bootstrap := functiontest.BuildPackage(t, filepath.Join("..", "..", "cmd", name))
	return lambdatest.Start(t, name, bootstrap, 30*time.Second, functiontest.Environment(*a.config.BaseEndpoint, "", a.settings...))
}

var outputs = map[string]string{
	"plan": `{"questions":["why?","how?"]}`, "research": `{"facts":[]}`, "analyze": `{"findings":["é <&>"]}`, "write": `{"report":"artifacts/wf-1/report.md"}`,
}

// agents answers for every container that was started since the last time.
func (a *account) agents(t *testing.T, known map[string]bool) {
	t.Helper()
	list, err := a.containers.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &a.cluster})
	must(t, err)
	for _, arn := range list.TaskArns {
		if known[arn] {
			continue
		}
		known[arn] = true
		out, err := a.containers.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: &a.cluster, Tasks: []string{arn}})
		must(t, err)
		variable := out.Tasks[0].Overrides.ContainerOverrides[0].Environment[0]
		if *variable.Name != port.TaskVariable {
			t.Fatalf("got %s", *variable.Name)
		}
		given, err := task.DecodeTask([]byte(*variable.Value))
		must(t, err)
		beat, err := task.Heartbeat{TaskID: given.ID, MAC: given.MAC, At: time.Now().UTC()}.Encode()
		must(t, err)
		result, err := task.Result{TaskID: given.ID, MAC: given.MAC, Output: task.Body{Inline: json.RawMessage(outputs[given.Step])}}.Encode()
		must(t, err)
		for _, message := range [][]byte{beat, result} {
			_, err := a.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &a.answers, MessageBody: aws.String(string(message))})
			must(t, err)
		}
	}
}

// TestFunctionsOnTheEmulator runs the default workflow with the four binaries as they
// are deployed and the state machine as it is rendered; the test is Lambda and the agents.
func TestFunctionsOnTheEmulator(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	controller, dispatcher := start(t, a, "controller"), start(t, a, "dispatcher")
	callback, checker := start(t, a, "callback"), start(t, a, "state-checker")
	const request = `{"action":"start","id":"wf-1","input":{"topic":"é <&>"}}`
	for _, want := range []string{`{"status":201,`, `{"status":200,`} {
		if got := controller.Invoke(request); !strings.HasPrefix(got, want) {
			t.Fatalf("start: want %s, got %s", want, got)
		}
	}
	known := map[string]bool{}
	approved := false
	view := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		dispatcher.Deliver(a.queues, a.tasks, "", 10)
		// The emulator loses an answer that comes before it waits for it.
		time.Sleep(time.Second)
		a.agents(t, known)
		callback.Deliver(a.queues, a.answers, "", 10)
		view = controller.Invoke(`{"action":"get","workflow":"wf-1"}`)
		if strings.Contains(view, `"waiting":[{"kind":"approval"`) && !approved {
			approved = true
			time.Sleep(time.Second)
			if got := controller.Invoke(`{"action":"approve","workflow":"wf-1","step":"approve","by":"ada"}`); !strings.HasPrefix(got, `{"status":200,`) {
				t.Fatalf("approve: %s", got)
			}
		}
		if !strings.Contains(view, `"status":"running"`) {
			break
		}
	}
	if !strings.Contains(view, `"status":"succeeded"`) || !strings.Contains(view, "artifacts/wf-1/report.md") || strings.Contains(view, `"status":"open"`) {
		t.Errorf("got %s", view)
	}
	if len(known) != 5 || !approved {
		t.Errorf("want 5 containers and an approval, got %d, %t", len(known), approved)
	}
	if got := checker.Invoke(`{}`); got != `{"Delivered":0,"Stopped":0,"Ended":0,"Started":0,"Expired":0,"DeadLetters":0,"Problems":0}` {
		t.Errorf("checker: %s", got)
	}
	if got := controller.Invoke(`{"action":"cancel","workflow":"wf-1"}`); !strings.HasPrefix(got, `{"status":409,`) {
		t.Errorf("cancel after the end: %s", got)
	}

	// Another, which is cancelled while a container works on it.
	if got := controller.Invoke(strings.Replace(request, "wf-1", "wf-2", 1)); !strings.HasPrefix(got, `{"status":201,`) {
		t.Fatalf("start: %s", got)
	}
	for end := time.Now().Add(20 * time.Second); !strings.Contains(view, `"run":"arn`) || !strings.Contains(view, "wf-2"); {
		if time.Now().After(end) {
			t.Fatalf("no container: %s", view)
		}
		dispatcher.Deliver(a.queues, a.tasks, "", 10)
		view = controller.Invoke(`{"action":"get","workflow":"wf-2"}`)
	}
	// Asked to stop, the emulator still waits for its task's answer, drops that, and calls
	// it a timeout.
	if got := controller.Invoke(`{"action":"cancel","workflow":"wf-2","by":"bob"}`); !strings.HasPrefix(got, `{"status":20`) {
		t.Errorf("cancel: %s", got)
	}
	for end := time.Now().Add(20 * time.Second); strings.Contains(view, `"status":"running"`) && time.Now().Before(end); {
		time.Sleep(time.Second)
		a.agents(t, known)
		callback.Deliver(a.queues, a.answers, "", 10)
		checker.Invoke(`{}`)
		view = controller.Invoke(`{"action":"get","workflow":"wf-2"}`)
	}
	if !strings.Contains(view, `"ended":`) || !strings.Contains(view, `"dropped":true`) {
		t.Errorf("after cancel: %s", view)
	}
	for name, f := range map[string]*lambdatest.Process{"controller": controller, "dispatcher": dispatcher, "callback": callback, "checker": checker} {
		if strings.Contains(f.Log.String(), `"level":"ERROR"`) {
			t.Errorf("%s has errors in its log", name)
		}
	}
}
