package agents_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/controller/task"
)

func TestStubFailures(t *testing.T) {
	t.Parallel()
	with := func(change func(s *task.Spec)) task.Spec {
		s := planTask()
		change(&s)
		return s
	}
	for name, tc := range map[string]struct {
		spec   task.Spec
		script string
		want   string
		cause  string
	}{
		"throttled":      {planTask(), `{"throttle": 99}`, task.ErrorThrottled, "SIMULATED"},
		"unavailable":    {planTask(), `{"unavailable": 99}`, task.ErrorUnavailable, "SIMULATED"},
		"access denied":  {planTask(), `{"access_denied": true}`, task.ErrorAccessDenied, "SIMULATED"},
		"bad answers":    {planTask(), `{"bad_answers": 3}`, task.ErrorInvalidOutput, "SIMULATED: the model's answer did not fit after 2 repairs"},
		"refused":        {planTask(), `{"refuse": true}`, task.ErrorRefused, "SIMULATED"},
		"time":           {with(func(s *task.Spec) { s.Timeout, s.Heartbeat = 2, 1 }), `{"hang": true}`, task.ErrorBudgetExceeded, "the time of 2 s is used up"},
		"too long":       {with(func(s *task.Spec) { s.InlineLimit = 20 }), ``, task.ErrorOutputTooLarge, "must have at most 20 bytes"},
		"bad script":     {planTask(), `{"x": 1}`, task.ErrorInvalidInput, `MODEL_STUB_SCRIPT: must be a JSON object of the stub's settings: json: unknown field "x"`},
		"no input":       {with(func(s *task.Spec) { s.Input = map[string]task.Body{} }), ``, task.ErrorInvalidInput, "input topic: must be given\ninput questions: must be given"},
		"wrong input":    {spec("coordinator", map[string]string{"topic": `""`, "questions": "13", "x": "1"}), ``, task.ErrorInvalidInput, "input topic: must be a text that is not empty\ninput questions: must be an integer from 1 to 12, got 13\ninput x: must be one that the agent knows"},
		"missing object": {with(func(s *task.Spec) { s.Input["topic"] = refTo([]byte(`"gone"`)) }), ``, task.ErrorInvalidInput, "input topic: "},
		"too much": {with(func(s *task.Spec) {
			s.Input["topic"] = task.Body{Ref: &task.Ref{SHA256: strings.Repeat("0", 64), Size: 600000}}
		}), ``, task.ErrorInvalidInput, "the inputs must have at most 524288 bytes in all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.failure(tc.spec, "MODEL_STUB_SCRIPT="+tc.script)
			if got.Error != tc.want || !strings.Contains(got.Cause, tc.cause) {
				t.Errorf("got %s: %s, want %s: %s", got.Error, got.Cause, tc.want, tc.cause)
			}
			if len(w.messages(task.KindResult)) != 0 {
				t.Error("got a result as well")
			}
		})
	}
}

// refTo is a body that refers to an object.
func refTo(object []byte) task.Body {
	padded := append([]byte(nil), object...)
	body, _, err := task.NewBody(padded, 1)
	if err != nil {
		panic(err)
	}
	return body
}

func TestStubRecovers(t *testing.T) {
	t.Parallel()
	for _, script := range []string{`{"throttle": 2, "unavailable": 1}`, `{"bad_answers": 2}`, `{"delay_ms": 20}`, `{"hang": true, "agents": ["analyst"]}`} {
		w := newWorld(t)
		if _, output := w.result(planTask(), "MODEL_STUB_SCRIPT="+script); !strings.Contains(output, "SIMULATED") {
			t.Errorf("%s: got %s", script, output)
		}
	}
}

func TestTaskByReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	message := w.encode(planTask())
	body := refTo([]byte(message))
	path := filepath.Join(w.dir, "objects", body.Ref.Key())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	ref, err := json.Marshal(body.Ref)
	if err != nil {
		t.Fatal(err)
	}
	p := w.launch("coordinator", "MODEL_STUB=allow", "AEGIS_TASK_REF="+string(ref))
	if code := p.ended(); code != 0 || len(w.messages(task.KindResult)) != 1 {
		t.Errorf("exit code %d and %d results, want 0 and 1\n%s", code, len(w.messages(task.KindResult)), p.stderr)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(message, "heat", "cold", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p = w.launch("coordinator", "MODEL_STUB=allow", "AEGIS_TASK_REF="+string(ref))
	if code := p.ended(); code != 1 || !strings.Contains(p.stderr.String(), "AEGIS_TASK_REF: ") {
		t.Errorf("forged object: exit code %d, want 1\n%s", code, p.stderr)
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := planTask()
	w.says(func(kind task.Kind, nth int) int {
		if kind == task.KindHeartbeat && nth == 1 {
			return http.StatusInternalServerError // one that is lost does no harm
		}
		return http.StatusNoContent
	})
	w.result(s, `MODEL_STUB_SCRIPT={"delay_ms": 2500}`)
	got := w.messages(task.KindHeartbeat)
	if len(got) != 3 { // at 0, 1 and 2 s: a third of 3 s
		t.Errorf("got %d heartbeats in 2.5 s, want 3", len(got))
	}
	beat, err := task.DecodeHeartbeat(got[0])
	if err != nil || beat.TaskID != s.ID() || beat.MAC != w.mac {
		t.Errorf("got %+v %v", beat, err)
	}
}

func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(func(_ task.Kind, nth int) int {
		if nth > 1 {
			return http.StatusGone
		}
		return http.StatusNoContent
	})
	p := w.start(planTask(), `MODEL_STUB_SCRIPT={"hang": true}`)
	if code := p.ended(); code != 0 || !strings.Contains(p.stderr.String(), "nobody waits for this task any more") {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
	if len(w.messages(task.KindFailure))+len(w.messages(task.KindResult)) != 0 {
		t.Error("got an answer that nobody waits for")
	}
}

func TestAnswerIsSentUntilItIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(func(kind task.Kind, nth int) int {
		if kind == task.KindResult && nth < 4 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	w.result(planTask())
	got := w.messages(task.KindResult)
	if len(got) != 4 || string(got[0]) != string(got[3]) {
		t.Errorf("got %d results, want the same 4 times", len(got))
	}

	for status, code := range map[int]int{http.StatusForbidden: 1, http.StatusBadRequest: 1, http.StatusGone: 0} {
		w := newWorld(t)
		w.says(func(kind task.Kind, _ int) int {
			if kind == task.KindResult {
				return status
			}
			return http.StatusNoContent
		})
		p := w.start(planTask())
		if got := p.ended(); got != code || len(w.messages(task.KindResult)) != 1 {
			t.Errorf("%d: exit code %d and %d results, want %d and 1\n%s", status, got, len(w.messages(task.KindResult)), code, p.stderr)
		}
	}
}

// Without a heartbeat the workflow gives an attempt up: so does the agent.
func TestNobodyHears(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env      string
		deaf     task.Kind
		code     int
		answered bool
	}{
		"heartbeats": {`MODEL_STUB_SCRIPT={"hang": true}`, task.KindHeartbeat, 0, false},
		"answers":    {"", task.KindResult, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.says(func(kind task.Kind, _ int) int {
				if kind == tc.deaf {
					return http.StatusServiceUnavailable
				}
				return http.StatusNoContent
			})
			began := time.Now()
			p := w.start(planTask(), tc.env)
			if code := p.ended(); code != tc.code || (len(w.messages(task.KindResult)) > 0) != tc.answered {
				t.Errorf("exit code %d, %d results\n%s", code, len(w.messages(task.KindResult)), p.stderr)
			}
			if took := time.Since(began); took < 3*time.Second || took > 15*time.Second {
				t.Errorf("gave up after %s, want 3 s and little more", took)
			}
		})
	}
}

// A signal while the answer is sent does not lose it.
func TestStoppedWhileAnswering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := make(chan struct{}, 100)
	w.says(func(kind task.Kind, nth int) int {
		if kind == task.KindResult && nth < 8 {
			told <- struct{}{}
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	})
	p := w.start(planTask())
	<-told
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != 0 || len(w.messages(task.KindResult)) != 8 || len(w.messages(task.KindFailure)) != 0 {
		t.Errorf("exit code %d, %d results\n%s", code, len(w.messages(task.KindResult)), p.stderr)
	}
}

func TestSettingsAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.launch("coordinator", "AEGIS_TASK={}", "CALLBACK_URL=http://example.com/", "CALLBACK_QUEUE=q", "ARTIFACT_DIR=", "PORT=x")
	if code := p.ended(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, want := range []string{"PORT: must be", "CALLBACK_QUEUE: must be set", "CALLBACK_URL: must be an http URL", "ARTIFACT_BUCKET: must be set"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("got %s, want %q in it", p.stderr, want)
		}
	}
	// With somebody to tell, the workflow is told: the stub does not come in by itself.
	got := w.failure(planTask(), "MODEL_STUB=")
	if got.Error != task.ErrorInvalidInput || !strings.Contains(got.Cause, "MODEL_ID: must name a Bedrock model") {
		t.Errorf("got %s: %s", got.Error, got.Cause)
	}
}

func TestServesWithoutATask(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	p := w.launch("analyst", "PORT="+port)
	get := func(path string) string {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			response, err := http.Get("http://" + address + path)
			if err == nil {
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				if err != nil || response.StatusCode != http.StatusOK {
					t.Errorf("%s: %v %s", path, err, response.Status)
				}
				return string(body)
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	}
	if got := get("/ping"); got != `{"agent":"analyst","status":"Healthy"}`+"\n" {
		t.Errorf("ping: got %s", got)
	}
	if got := get("/.well-known/agent-card.json"); !strings.Contains(got, `"name":"analyst"`) || !strings.Contains(got, `"id":"analyze"`) {
		t.Errorf("card: got %s", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}
