package kit

import (
	"strings"
	"testing"
)

func TestReadSettings(t *testing.T) {
	t.Parallel()
	local := map[string]string{varTask: "{}", varCallbackURL: "http://127.0.0.1:1/", varDir: "/tmp/a", varStub: "allow"}
	cloud := map[string]string{
		varTask: "{}", varCallbackQueue: "https://sqs/q", varBucket: "b", varModel: "m", "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
	}
	for name, tc := range map[string]struct {
		base        map[string]string
		change      map[string]string
		start, work string // what is wrong, "" for nothing
	}{
		"local":              {local, nil, "", ""},
		"localhost":          {local, map[string]string{varCallbackURL: "http://localhost:1/"}, "", ""},
		"cloud":              {cloud, nil, "", ""},
		"no task":            {nil, nil, "", ""},
		"no task, bad port":  {nil, map[string]string{varPort: "65536"}, `PORT: must be an integer from 0 to 65535, got "65536"`, ""},
		"two tasks":          {local, map[string]string{varTaskRef: "{}"}, "AEGIS_TASK: must be set, or AEGIS_TASK_REF, and not both, got 2 of them", ""},
		"no callback":        {local, map[string]string{varCallbackURL: ""}, "CALLBACK_QUEUE: must be set, or CALLBACK_URL, and not both, got 0 of them", ""},
		"https callback":     {local, map[string]string{varCallbackURL: "https://127.0.0.1/"}, `CALLBACK_URL: must be an http URL with a loopback address, got "https://127.0.0.1/"`, ""},
		"foreign callback":   {local, map[string]string{varCallbackURL: "http://127.0.0.1.example.com/"}, "CALLBACK_URL: must be", ""},
		"all at once":        {nil, map[string]string{varTask: "{}", varPort: "-1"}, "PORT: must be an integer from 0 to 65535, got \"-1\"\nCALLBACK_QUEUE: must be set, or CALLBACK_URL, and not both, got 0 of them\nARTIFACT_BUCKET: must be set, or ARTIFACT_DIR, and not both, got 0 of them", "MODEL_ID: must name"},
		"no model":           {local, map[string]string{varStub: ""}, "", "MODEL_ID: must name a Bedrock model or inference profile, or MODEL_STUB must be allow for the SIMULATED stub"},
		"no model on AWS":    {cloud, map[string]string{varModel: ""}, "", "MODEL_ID: must name"},
		"stub on AWS":        {cloud, map[string]string{varModel: "", varStub: "allow"}, "", ""},
		"other stub":         {local, map[string]string{varStub: "yes"}, "", `MODEL_STUB: must be allow or empty, got "yes"`},
		"script for Bedrock": {cloud, map[string]string{varScript: "{}"}, "", "MODEL_STUB_SCRIPT: must be empty with MODEL_ID, got 2 characters"},
		"bad script":         {local, map[string]string{varScript: "["}, "", "MODEL_STUB_SCRIPT: must be a JSON object"},
		"least tokens":       {local, map[string]string{varMaxTokens: "1"}, "", ""},
		"too few tokens":     {local, map[string]string{varMaxTokens: "0"}, "", `MAX_TOKENS: must be an integer from 1 to 10000000, got "0"`},
		"most tokens":        {local, map[string]string{varMaxTokens: "10000000"}, "", ""},
		"too many tokens":    {local, map[string]string{varMaxTokens: "10000001"}, "", `MAX_TOKENS: must be an integer from 1 to 10000000, got "10000001"`},
		"allow":              {local, map[string]string{varFetchAllow: "127.0.0.1:80,[::1]:8080"}, "", ""},
		"allow a name":       {local, map[string]string{varFetchAllow: "localhost:80"}, "", `FETCH_PROXY_ALLOW: must be loopback addresses with ports, as 127.0.0.1:8080, with commas, got "localhost:80"`},
		"allow another":      {local, map[string]string{varFetchAllow: "127.0.0.1:80,10.0.0.1:80"}, "", `got "10.0.0.1:80"`},
		"allow on AWS":       {cloud, map[string]string{varFetchAllow: "127.0.0.1:80"}, "", `FETCH_PROXY_ALLOW: must be empty on AWS, got "127.0.0.1:80"`},
		"allow on ECS":       {local, map[string]string{varFetchAllow: "127.0.0.1:80", "ECS_CONTAINER_METADATA_URI_V4": "x"}, "", "FETCH_PROXY_ALLOW: must be empty on AWS"},
	} {
		set, err := readSettings(func(key string) string {
			if value, ok := tc.change[key]; ok {
				return value
			}
			return tc.base[key]
		})
		for what, pair := range map[string]struct {
			got  error
			want string
		}{"start": {err, tc.start}, "work": {set.work, tc.work}} {
			if pair.want == "" && pair.got != nil || pair.want != "" && (pair.got == nil || !strings.Contains(pair.got.Error(), pair.want)) {
				t.Errorf("%s, %s: got %v, want %q", name, what, pair.got, pair.want)
			}
		}
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	for task, want := range map[string]int{"": 8080, "{}": 0} {
		set, err := readSettings(func(key string) string {
			return map[string]string{varTask: task, varCallbackURL: "http://127.0.0.1:1/", varDir: "d", varStub: "allow"}[key]
		})
		if err != nil || set.port != want {
			t.Errorf("task %q: got port %d %v, want %d", task, set.port, err, want)
		}
	}
}
