package ecsrun_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/controller/internal/ecsrun"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/controller/task"
	"github.com/aegis-agents/aegis/internal/awstest"
)

const (
	prefix        = "AmazonEC2ContainerServiceV20141113."
	runTask       = prefix + "RunTask"
	describeTasks = prefix + "DescribeTasks"
	stopTask      = prefix + "StopTask"
	cluster       = "arn:aws:ecs:eu-west-1:123456789012:cluster/agents"
	taskARN       = "arn:aws:ecs:eu-west-1:123456789012:task/agents/"
)

func options() ecsrun.Options {
	return ecsrun.Options{
		Cluster:         cluster,
		TaskDefinitions: map[string]string{"research": "arn:aws:ecs:eu-west-1:123456789012:task-definition/research:3"},
		Subnets:         []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"}, AssignPublicIP: true,
	}
}

func newTask(index int, text string) task.Task {
	keys, err := task.NewKeyring("k1", map[string][]byte{"k1": []byte(strings.Repeat("k", 32))})
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := task.Order{
		Spec: task.Spec{
			Workflow: "w1", Step: "research", Index: index, Agent: "research", Timeout: 60, InlineLimit: 100,
			Input: map[string]task.Body{"question": {Inline: json.RawMessage(`"` + text + `"`)}},
		},
		Token: "t",
	}
	return o.Task(at, keys.Sign(o.ID(), at))
}

func loopback(t *testing.T, replies map[string]awstest.Reply) (*ecsrun.Runner, *awstest.Server, *memory.Blob) {
	t.Helper()
	server := awstest.NewServer(t, replies)
	client := ecs.NewFromConfig(server.Config(), func(o *ecs.Options) { o.RetryMaxAttempts = 1 })
	blob := memory.NewBlob()
	return ecsrun.New(client, blob, options()), server, blob
}

// fakeECS keeps tasks as ECS does, by client token.
func fakeECS() map[string]awstest.Reply {
	tasks := map[string]string{} // last status by ARN
	decode := func(body string) (in struct {
		ClientToken, Task string
		Tasks             []string
	}) {
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			panic(err)
		}
		return in
	}
	describe := func(arn string) string {
		return fmt.Sprintf(`{"taskArn":%q,"lastStatus":%q}`, arn, tasks[arn])
	}
	return map[string]awstest.Reply{
		runTask: {Answer: func(body string) awstest.Reply {
			arn := taskARN + decode(body).ClientToken
			if tasks[arn] == "" {
				tasks[arn] = "PROVISIONING"
			}
			return awstest.OK(`{"tasks":[` + describe(arn) + `],"failures":[]}`)
		}},
		stopTask: {Answer: func(body string) awstest.Reply {
			arn := decode(body).Task
			tasks[arn] = "STOPPED"
			return awstest.OK(`{"task":` + describe(arn) + `}`)
		}},
		describeTasks: {Answer: func(body string) awstest.Reply {
			var found, missing []string
			for _, arn := range decode(body).Tasks {
				if tasks[arn] == "" {
					missing = append(missing, fmt.Sprintf(`{"arn":%q,"reason":"MISSING"}`, arn))
				} else {
					found = append(found, describe(arn))
				}
			}
			return awstest.OK(`{"tasks":[` + strings.Join(found, ",") + `],"failures":[` + strings.Join(missing, ",") + `]}`)
		}},
	}
}

func TestRunner(t *testing.T) {
	t.Parallel()
	porttest.Runner(t, func(index int) task.Task { return newTask(index, "q") }, func(t *testing.T) port.Runner {
		r, _, _ := loopback(t, fakeECS())
		return r
	})
}

func TestRunSendsTheTask(t *testing.T) {
	t.Parallel()
	r, server, blob := loopback(t, fakeECS())
	given := newTask(2, "why")
	run, err := r.Run(t.Context(), given)
	if err != nil || run != taskARN+string(given.ID) {
		t.Fatalf("Run: %q %v", run, err)
	}
	message, err := given.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"cluster": cluster, "taskDefinition": options().TaskDefinitions["research"], "count": 1.0, "launchType": "FARGATE",
		"clientToken": string(given.ID), "startedBy": "w1", "propagateTags": "TASK_DEFINITION",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{
			"subnets": []any{"subnet-1", "subnet-2"}, "securityGroups": []any{"sg-1"}, "assignPublicIp": "ENABLED",
		}},
		"overrides": map[string]any{"containerOverrides": []any{map[string]any{
			"name": "research", "environment": []any{map[string]any{"name": "AEGIS_TASK", "value": string(message)}},
		}}},
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(server.Requests(runTask)[0]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	if len(blob.Keys()) != 0 {
		t.Errorf("objects: %v", blob.Keys())
	}
}

// The overrides never exceed what ECS takes, whatever the message is made of.
func TestRunOfALargeTask(t *testing.T) {
	t.Parallel()
	message, err := newTask(0, "").Encode()
	if err != nil {
		t.Fatal(err)
	}
	escaped, err := json.Marshal(string(message))
	if err != nil {
		t.Fatal(err)
	}
	room := port.MaxTaskVariable - len(escaped)
	for name, tc := range map[string]struct {
		text string
		ref  bool
	}{
		"fits":             {strings.Repeat("x", room), false},
		"does not fit":     {strings.Repeat("x", room+1), true},
		"quotes grow":      {strings.Repeat(`\"`, room/3), true},
		"as large as goes": {strings.Repeat("x", task.MaxInline-2), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, server, blob := loopback(t, fakeECS())
			given := newTask(0, tc.text)
			if _, err := r.Run(t.Context(), given); err != nil {
				t.Fatal(err)
			}
			var in struct {
				Overrides json.RawMessage `json:"overrides"`
			}
			if err := json.Unmarshal([]byte(server.Requests(runTask)[0]), &in); err != nil {
				t.Fatal(err)
			}
			if len(in.Overrides) > 8192 || strings.Contains(string(in.Overrides), port.TaskRefVariable) != tc.ref {
				t.Errorf("overrides of %d bytes", len(in.Overrides))
			}
			if !tc.ref {
				return
			}
			keys := blob.Keys()
			if len(keys) != 1 {
				t.Fatalf("objects: %v", keys)
			}
			object, err := blob.Get(t.Context(), keys[0], task.MaxMessage)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := task.DecodeTask(object); err != nil || got.ID != given.ID {
				t.Errorf("the object: %v %v", got.ID, err)
			}
			sum := keys[0][len(keys[0])-64:]
			if ref := (task.Ref{SHA256: sum, Size: len(object)}); keys[0] != port.ObjectPrefix+ref.Key() || ref.Check(object) != nil {
				t.Errorf("the key is %s", keys[0])
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	failure := func(reason string) awstest.Reply {
		return awstest.OK(`{"tasks":[],"failures":[{"arn":"arn:x","reason":"` + reason + `","detail":"d"}]}`)
	}
	for name, tc := range map[string]struct {
		reply     awstest.Reply
		permanent bool
	}{
		"memory":      {failure("RESOURCE:MEMORY"), false},
		"interfaces":  {failure("RESOURCE:ENI"), false},
		"agent":       {failure("AGENT"), false},
		"capacity":    {failure("Capacity is unavailable at this time"), false},
		"missing":     {failure("MISSING"), true},
		"inactive":    {failure("INACTIVE"), true},
		"attribute":   {failure("ATTRIBUTE"), true},
		"nothing":     {awstest.OK(`{"tasks":[],"failures":[]}`), false},
		"denied":      {awstest.Error(400, "AccessDeniedException", ""), true},
		"parameter":   {awstest.Error(400, "InvalidParameterException", ""), true},
		"cluster":     {awstest.Error(400, "ClusterNotFoundException", ""), true},
		"platform":    {awstest.Error(400, "PlatformUnknownException", ""), true},
		"client":      {awstest.Error(400, "ClientException", ""), false},
		"throttled":   {awstest.Error(400, "ThrottlingException", ""), false},
		"server":      {awstest.Error(500, "ServerException", ""), false},
		"connection":  {awstest.Reply{Drop: true}, false},
		"no conflict": {awstest.Error(400, "ConflictException", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, _ := loopback(t, map[string]awstest.Reply{runTask: tc.reply})
			if _, err := r.Run(t.Context(), newTask(0, "q")); err == nil || errors.Is(err, port.ErrPermanent) != tc.permanent {
				t.Errorf("Run: %v", err)
			}
		})
	}
	r, _, _ := loopback(t, nil)
	other := newTask(0, "q")
	other.Agent = "painter"
	if _, err := r.Run(t.Context(), other); !errors.Is(err, port.ErrPermanent) {
		t.Errorf("an unknown agent: %v", err)
	}
}

func TestRunAgainWithAnotherDeadlineIsTheFirstRun(t *testing.T) {
	t.Parallel()
	r, _, _ := loopback(t, map[string]awstest.Reply{runTask: {
		Status: 400, Body: `{"__type":"ConflictException","message":"in use","resourceIds":["` + taskARN + `1"]}`,
	}})
	if run, err := r.Run(t.Context(), newTask(0, "q")); err != nil || run != taskARN+"1" {
		t.Errorf("Run: %q %v", run, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	r, server, _ := loopback(t, map[string]awstest.Reply{describeTasks: {Answer: func(body string) awstest.Reply {
		if strings.Count(body, taskARN) > 100 {
			return awstest.Error(400, "InvalidParameterException", "")
		}
		return awstest.OK(`{"tasks":[
			{"taskArn":"run","lastStatus":"RUNNING","desiredStatus":"STOPPED","stoppedReason":"soon"},
			{"taskArn":"end","lastStatus":"STOPPED","stoppedReason":"Essential container in task exited","containers":[{"name":"research","exitCode":137,"reason":"OutOfMemoryError"}]}
		],"failures":[{"arn":"old","reason":"MISSING"}]}`)
	}}})
	var runs []string
	for i := range 201 {
		runs = append(runs, fmt.Sprint(taskARN, i))
	}
	got, err := r.Describe(t.Context(), runs)
	if err != nil || len(server.Requests(describeTasks)) != 3 {
		t.Fatalf("Describe: %d requests, %v", len(server.Requests(describeTasks)), err)
	}
	want := map[string]port.RunStatus{
		"run": {},
		"end": {Stopped: true, Reason: "Essential container in task exited; research: exit code 137; research: OutOfMemoryError"},
		"old": {Stopped: true, Reason: "the task is gone"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply  awstest.Reply
		failed bool
	}{
		"gone":      {awstest.Reply{Status: 400, Body: `{"__type":"InvalidParameterException","message":"The referenced task was not found."}`}, false},
		"invalid":   {awstest.Reply{Status: 400, Body: `{"__type":"InvalidParameterException","message":"Invalid identifier: Unexpected number of separators"}`}, true},
		"denied":    {awstest.Error(400, "AccessDeniedException", ""), true},
		"throttled": {awstest.Error(400, "ThrottlingException", ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, server, _ := loopback(t, map[string]awstest.Reply{stopTask: tc.reply})
			if err := r.Stop(t.Context(), taskARN+"1", strings.Repeat("é", 300)); (err != nil) != tc.failed {
				t.Errorf("Stop: %v", err)
			}
			var in struct{ Reason string }
			if err := json.Unmarshal([]byte(server.Requests(stopTask)[0]), &in); err != nil || len(in.Reason) > 255 || !slices.Contains([]rune(in.Reason), 'é') {
				t.Errorf("a reason of %d bytes, %v", len(in.Reason), err)
			}
		})
	}
}
