package kit

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aegis-agents/aegis/agents/internal/model"
)

// The variables, as docs/design/0004-control-plane.md lists them.
const (
	varTask          = "AEGIS_TASK"
	varTaskRef       = "AEGIS_TASK_REF"
	varCallbackQueue = "CALLBACK_QUEUE"
	varCallbackURL   = "CALLBACK_URL"
	varBucket        = "ARTIFACT_BUCKET"
	varDir           = "ARTIFACT_DIR"
	varModel         = "MODEL_ID"
	varStub          = "MODEL_STUB"
	varScript        = "MODEL_STUB_SCRIPT"
	varMaxTokens     = "MAX_TOKENS"
	varFetchAllow    = "FETCH_PROXY_ALLOW"
	varPort          = "PORT"
)

const (
	defaultMaxTokens = 200_000
	// mostTokens keeps a typing error from buying a whole library.
	mostTokens = 10_000_000
	stubAllow  = "allow"
	// defaultPort is also what Bedrock AgentCore's runtime contract asks for.
	// https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-http-protocol-contract.html
	defaultPort = 8080
)

// settings are what the environment says.
type settings struct {
	task, taskRef              string
	callbackQueue, callbackURL string
	bucket, dir                string
	model                      string
	script                     model.Script
	maxTokens                  int
	fetchAllow                 []string
	port                       int
	onAWS                      bool
	// work is what is wrong with the settings that only the work itself needs:
	// there is a task, and somebody to tell.
	work error
}

// readSettings reads the environment. The error names all that is wrong.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{
		task: getenv(varTask), taskRef: getenv(varTaskRef),
		callbackQueue: getenv(varCallbackQueue), callbackURL: getenv(varCallbackURL),
		bucket: getenv(varBucket), dir: getenv(varDir),
		model: getenv(varModel),
		// ECS and the others that run containers set one of these.
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
		onAWS: getenv("AWS_EXECUTION_ENV") != "" || getenv("ECS_CONTAINER_METADATA_URI_V4") != "",
	}
	var start, work problems
	s.port = defaultPort
	if s.hasTask() {
		s.port = 0
	}
	if text := getenv(varPort); text != "" {
		s.port = start.integer(varPort, text, 0, 65535)
	}
	if !s.hasTask() {
		return s, start.err()
	}
	start.exactlyOne(varTask, s.task, varTaskRef, s.taskRef)
	start.exactlyOne(varCallbackQueue, s.callbackQueue, varCallbackURL, s.callbackURL)
	start.exactlyOne(varBucket, s.bucket, varDir, s.dir)
	if s.callbackURL != "" && !onLoopback(s.callbackURL) {
		start.add(varCallbackURL, "must be an http URL with a loopback address, got %q", s.callbackURL)
	}
	s.maxTokens = defaultMaxTokens
	if text := getenv(varMaxTokens); text != "" {
		s.maxTokens = work.integer(varMaxTokens, text, 1, mostTokens)
	}
	s.readModel(&work, getenv(varStub), getenv(varScript))
	s.readAllow(&work, getenv(varFetchAllow))
	s.work = work.err()
	return s, start.err()
}

// hasTask says whether there is a task to do.
func (s settings) hasTask() bool { return s.task != "" || s.taskRef != "" }

// readModel decides between Bedrock and the stub: the stub never comes in by
// a setting that was forgotten.
func (s *settings) readModel(work *problems, stub, script string) {
	if stub != "" && stub != stubAllow {
		work.add(varStub, "must be %s or empty, got %q", stubAllow, stub)
	}
	if s.model == "" && stub == "" {
		work.add(varModel, "must name a Bedrock model or inference profile, or %s must be %s for the %s stub", varStub, stubAllow, model.Mark)
	}
	if s.model != "" && script != "" {
		work.add(varScript, "must be empty with %s, got %d characters", varModel, len(script))
		return
	}
	var err error
	if s.script, err = model.ParseScript(script); err != nil {
		work.add(varScript, "%v", err)
	}
}

// readAllow reads the addresses on loopback that tests may fetch.
func (s *settings) readAllow(work *problems, text string) {
	if text == "" {
		return
	}
	if s.onAWS {
		work.add(varFetchAllow, "must be empty on AWS, got %q", text)
		return
	}
	for part := range strings.SplitSeq(text, ",") {
		address, err := netip.ParseAddrPort(part)
		if err != nil || !address.Addr().IsLoopback() {
			work.add(varFetchAllow, "must be loopback addresses with ports, as 127.0.0.1:8080, with commas, got %q", part)
			continue
		}
		s.fetchAllow = append(s.fetchAllow, address.String())
	}
}

// onLoopback accepts http URLs that do not leave the machine: callbacks carry MACs.
func onLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// problems collects what is wrong.
type problems []error

// add notes that a variable's value breaks its rule.
func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...)))
}

// exactlyOne notes when not one of two variables is set.
func (p *problems) exactlyOne(a, valueA, b, valueB string) {
	set := slices.DeleteFunc([]string{valueA, valueB}, func(v string) bool { return v == "" })
	if len(set) != 1 {
		p.add(a, "must be set, or %s, and not both, got %d of them", b, len(set))
	}
}

// integer reads a number.
func (p *problems) integer(name, text string, least, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.add(name, "must be an integer from %d to %d, got %q", least, most, text)
		return least
	}
	return n
}

// err returns all problems as one error, a line each, or nil.
func (p problems) err() error { return errors.Join(p...) }
