package agents_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aegis-agents/aegis/agents/internal/bedrocktest"
	"github.com/aegis-agents/aegis/controller/task"
)

// onBedrock are the variables that lead a program to the fake.
func onBedrock(server *bedrocktest.Server, more ...string) []string {
	return append([]string{
		"MODEL_STUB=", "MODEL_ID=eu.anthropic.claude", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + server.URL,
		"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
	}, more...)
}

// planTask asks for two questions.
func planTask() task.Spec {
	s := spec("coordinator", map[string]string{"topic": `"heat"`, "questions": "2"})
	s.InlineOnly = true
	return s
}

const (
	goodPlan = `{"questions": ["What?", "Why?"], "rationale": "Both."}`
	badPlan  = `{"questions": ["What?"], "rationale": "One."}`
)

func TestBedrockAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		replies []bedrocktest.Reply
		tokens  int
		told    string // what the last request's last message holds
	}{
		"at once":                {[]bedrocktest.Reply{bedrocktest.Use("answer", goodPlan)}, 100, "heat"},
		"after a repair":         {[]bedrocktest.Reply{bedrocktest.Use("answer", badPlan), bedrocktest.Use("answer", goodPlan)}, 200, "minItems: got 1, want 2"},
		"after two repairs":      {[]bedrocktest.Reply{bedrocktest.Use("answer", badPlan), bedrocktest.Use("answer", `"text"`), bedrocktest.Use("answer", goodPlan)}, 300, "got string, want object"},
		"as text":                {[]bedrocktest.Reply{bedrocktest.Say("Here it is:\n```json\n" + goodPlan + "\n```")}, 100, "heat"},
		"after a text":           {[]bedrocktest.Reply{bedrocktest.Say("I will plan."), bedrocktest.Use("answer", goodPlan)}, 200, "You did not use the tool"},
		"after nothing":          {[]bedrocktest.Reply{bedrocktest.Turn("end_turn"), bedrocktest.Use("answer", goodPlan)}, 200, "You did not use the tool"},
		"after being cut off":    {[]bedrocktest.Reply{bedrocktest.Turn("max_tokens", `{"toolUse":{"toolUseId":"1","name":"answer","input":{}}}`), bedrocktest.Use("answer", goodPlan)}, 200, "cut off at its limit: answer in fewer words"},
		"after a malformed turn": {[]bedrocktest.Reply{bedrocktest.Turn("malformed_tool_use", `{"toolUse":{"toolUseId":"1","name":"answer","input":{}}}`), bedrocktest.Use("answer", goodPlan)}, 200, "could not be read"},
		"after throttling":       {[]bedrocktest.Reply{bedrocktest.Failed(429, "ThrottlingException", "slow down"), bedrocktest.Use("answer", goodPlan)}, 100, "heat"},
		"another tool first":     {[]bedrocktest.Reply{bedrocktest.Use("search", `{}`), bedrocktest.Use("answer", goodPlan)}, 200, `there is no tool \"search\"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server := newWorld(t), bedrocktest.New(t, tc.replies...)
			result, output := w.result(planTask(), onBedrock(server)...)
			if output != `{"questions":["What?","Why?"],"rationale":"Both."}` {
				t.Errorf("got %s", output)
			}
			want := task.Usage{Model: "eu.anthropic.claude", InputTokens: tc.tokens, OutputTokens: tc.tokens / 10}
			if result.Usage != want {
				t.Errorf("usage: got %+v, want %+v", result.Usage, want)
			}
			sent := server.Requests()
			messages := sent[len(sent)-1].Messages
			if last := fmt.Sprint(messages[len(messages)-1].Content); !strings.Contains(strings.ReplaceAll(last, `"search"`, `\"search\"`), tc.told) {
				t.Errorf("the model was told %s, want %s in it", last, tc.told)
			}
		})
	}
}

func TestBedrockFailures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply    bedrocktest.Reply
		env      string
		want     string
		cause    string
		requests int
	}{
		"three bad answers": {bedrocktest.Use("answer", badPlan), "", task.ErrorInvalidOutput, "did not fit after 2 repairs", 3},
		"access denied":     {bedrocktest.Failed(403, "AccessDeniedException", "no access"), "", task.ErrorAccessDenied, "no access", 1},
		"validation":        {bedrocktest.Failed(400, "ValidationException", "too long"), "", task.ErrorInvalidInput, "too long", 1},
		"guardrail":         {bedrocktest.Turn("guardrail_intervened", `{"text":"Not this."}`), "", task.ErrorRefused, "Not this.", 1},
		"long conversation": {bedrocktest.Turn("model_context_window_exceeded"), "", task.ErrorBudgetExceeded, "longer than the model takes", 1},
		"budget":            {bedrocktest.Use("answer", badPlan), "MAX_TOKENS=150", task.ErrorBudgetExceeded, "MAX_TOKENS: the budget of 150 tokens is used up, got 220", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server := newWorld(t), bedrocktest.New(t, tc.reply)
			got := w.failure(planTask(), onBedrock(server, tc.env)...)
			if got.Error != tc.want || !strings.Contains(got.Cause, tc.cause) {
				t.Errorf("got %s: %s, want %s: %s", got.Error, got.Cause, tc.want, tc.cause)
			}
			sent := server.Requests()
			if len(sent) != tc.requests {
				t.Errorf("got %d requests, want %d", len(sent), tc.requests)
			}
			if name == "budget" && sent[1].InferenceConfig.MaxTokens != 40 {
				t.Errorf("second turn: got %d tokens, want the 40 that were left", sent[1].InferenceConfig.MaxTokens)
			}
		})
	}
}

// site is a page on loopback that research may fetch.
func site(t *testing.T) (url, allow string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<title>Sand</title><main><p>Sand stores heat at 600 °C.</p></main>`))
	}))
	t.Cleanup(server.Close)
	return server.URL, "FETCH_PROXY_ALLOW=" + server.Listener.Addr().String()
}

// answerCiting is research's answer with one source.
func answerCiting(url, quote string) bedrocktest.Reply {
	return bedrocktest.Use("answer", fmt.Sprintf(
		`{"question": "How hot?", "answer": "600 °C.", "confidence": "medium", "sources": [{"url": %q, "title": "Sand", "quote": %q}]}`, url, quote))
}

func researchTask() task.Spec {
	return spec("research", map[string]string{"topic": `"heat"`, "question": `"How hot?"`})
}

func TestResearchCitesWhatItFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url, allow := site(t)
	server := bedrocktest.New(t,
		bedrocktest.Use("fetch_page", fmt.Sprintf(`{"url": %q}`, url+"/away")),
		bedrocktest.Use("fetch_page", fmt.Sprintf(`{"url": %q}`, url+"/sand")),
		answerCiting("https://example.com/invented", "Sand stores heat"),
		answerCiting(url+"/sand", "Sand melts"),
		answerCiting(url+"/sand", "Sand  stores heat at 600 °C"))
	_, output := w.result(researchTask(), onBedrock(server, allow)...)
	got := decode[researchOutput](t, output)
	if len(got.Sources) != 1 || got.Sources[0].URL != url+"/sand" || got.Confidence != "medium" {
		t.Errorf("got %s", output)
	}
	sent := server.Requests()
	for i, want := range []string{
		"How hot?", "refused: address 169.254.169.254:80: must be public", "Sand stores heat at 600",
		"must be a page that was fetched in this conversation", "word by word",
	} {
		messages := sent[i].Messages
		if last := fmt.Sprint(messages[len(messages)-1].Content); !strings.Contains(last, want) {
			t.Errorf("request %d: got %s, want %s in it", i, last, want)
		}
	}
	if sent[0].ToolConfig.ToolChoice != nil || len(sent[0].ToolConfig.Tools) != 2 || sent[4].ToolConfig.ToolChoice == nil {
		t.Error("want research free to use its tools, and held to answer in a repair")
	}
}

// A container that is stopped leaves a checkpoint, and the next attempt goes on.
func TestStoppedAndResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url, allow := site(t)
	server := bedrocktest.New(t,
		bedrocktest.Use("fetch_page", fmt.Sprintf(`{"url": %q}`, url+"/sand")),
		bedrocktest.Reply{Hang: true},
		answerCiting(url+"/sand", "Sand stores heat"))
	s := researchTask()
	s.Index = 3
	p := w.start(s, onBedrock(server, allow)...)
	for deadline := time.Now().Add(20 * time.Second); len(server.Requests()) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the model was not asked a second time within 20 s")
		}
	}
	told := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
	if took := time.Since(told); took > 5*time.Second {
		t.Errorf("left after %s", took)
	}
	failed := w.lastFailure(p)
	if failed.Error != task.ErrorStopped || failed.Usage.InputTokens != 100 {
		t.Errorf("got %+v, want %s and the tokens of one turn", failed, task.ErrorStopped)
	}
	if _, err := os.Stat(w.dir + "/checkpoints/wf-1/step/3.json"); err != nil {
		t.Error(err)
	}

	s.Attempt = 1
	result, output := w.result(s, onBedrock(server, allow)...)
	if got := decode[researchOutput](t, output); len(got.Sources) != 1 {
		t.Errorf("got %s, want the page cited that was fetched before", output)
	}
	if result.Usage.InputTokens != 100 {
		t.Errorf("got %d input tokens, want those of this attempt", result.Usage.InputTokens)
	}
	sent := server.Requests()
	if len(sent) != 3 || len(sent[2].Messages) != 3 {
		t.Errorf("got %d requests, the last of %d messages, want the conversation gone on with", len(sent), len(sent[len(sent)-1].Messages))
	}

	// Another question is another task: it begins anew.
	s.Attempt, s.Input["topic"] = 2, task.Body{Inline: []byte(`"cold"`)}
	w.failure(s, onBedrock(bedrocktest.New(t, bedrocktest.Failed(403, "AccessDeniedException", "no")), allow)...)
}
