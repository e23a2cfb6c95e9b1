package job

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
)

var hash = strings.Repeat("0123456789abcdef", 4)

func docker() Job {
	return Job{Hash: hash, Docker: &content.Docker{Context: "/src"}}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	j := docker()
	j.Docker.BuildArgs = map[string]string{"A": "$(id) ${HOME} $${x} %{if} \"q\" 'q' \n <&> ü", "${k}": "%{"}
	text, err := j.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// What Terraform would take for a template.
	if strings.Contains(text, "${") || strings.Contains(text, "%{") || strings.ContainsAny(text, "\n\r") {
		t.Errorf("not safe in Terraform: %s", text)
	}
	got, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	j.Tag = "0123456789ab"
	if diff := cmp.Diff(j, got); diff != "" {
		t.Error(diff)
	}
	if !got.ContentTag() {
		t.Error("the default tag must be a content tag")
	}
}

// TestText pins the text: it stands in the state and in goldens.
func TestText(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + hash
	text, err := Job{Hash: hash, Tag: "v1", AdditionalTags: []string{"latest"}, Immutable: true, Layout: &Layout{Digest: digest, Platform: "linux/arm64"}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"hash":"` + hash + `","tag":"v1","additionalTags":["latest"],"immutable":true,"layout":{"digest":"` + digest + `","platform":"linux/arm64"}}`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestContentTag(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]bool{hash[:12]: true, hash[:13]: true, hash: true, hash[:11]: false, "latest": false, "": false} {
		if got := (Job{Hash: hash, Tag: tag}).ContentTag(); got != want {
			t.Errorf("%q: %v", tag, got)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Job)
		want   string
	}{
		"hash":       {func(j *Job) { j.Hash = "ABC" }, `hash: must be 64 hexadecimal digits, got "ABC"`},
		"tag":        {func(j *Job) { j.Tag = "-x" }, `tag: must be a tag of at most 128 letters, digits, ".", "_" and "-", got "-x"`},
		"second tag": {func(j *Job) { j.AdditionalTags = []string{"a b"} }, `tag: must be a tag of at most 128 letters, digits, ".", "_" and "-", got "a b"`},
		"neither":    {func(j *Job) { j.Docker = nil }, "job: must have one of docker and layout"},
		"both":       {func(j *Job) { j.Layout = &Layout{} }, "job: must have one of docker and layout"},
		"digest":     {func(j *Job) { j.Docker, j.Layout = nil, &Layout{Digest: "x"} }, `digest: must be "sha256:" and 64 hexadecimal digits, got "x"`},
		"too long":   {func(j *Job) { j.Docker.BuildArgs = map[string]string{"A": strings.Repeat("x", 128<<10)} }, "BuildArgs, Labels: must make a build job of at most 130816 bytes, got 131219"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := docker()
			j.Tag = "v1"
			tc.change(&j)
			text, err := j.Encode()
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s\n%s", err, tc.want, text)
			}
		})
	}
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	good, err := docker().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"no JSON":       {"x", "the job is not the JSON text that synth writes: invalid character 'x' looking for beginning of value"},
		"no version":    {"{}", "the job has no version"},
		"newer":         {strings.Replace(good, `"version":1`, `"version":2,"new":true`, 1), "the job has version 2, this program reads version 1: synth again"},
		"unknown field": {strings.Replace(good, `"hash"`, `"hsah":"","hash"`, 1), `the job is not the JSON text that synth writes: json: unknown field "hsah"`},
		"something behind": {
			good + "{}",
			"the job is not the JSON text that synth writes: invalid character '{' after top-level value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Decode(tc.text); err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestFromEnv(t *testing.T) {
	t.Parallel()
	j := docker()
	j.Docker.Context = ""
	dockerText, _ := j.Encode()
	layoutText, _ := Job{Hash: hash, Layout: &Layout{Path: "/old", Digest: "sha256:" + hash}}.Encode()
	get := func(env map[string]string) func(string) string { return func(name string) string { return env[name] } }

	r, err := FromEnv(get(map[string]string{EnvJob: dockerText, EnvRepository: "r", EnvRegion: "eu-west-1", EnvContext: "/c", EnvLayout: "/l"}))
	if err != nil || r.Docker.Context != "/c" || r.Repository != "r" || r.Region != "eu-west-1" {
		t.Errorf("%+v %v", r, err)
	}
	r, err = FromEnv(get(map[string]string{EnvJob: layoutText, EnvRepository: "r", EnvLayout: "/l"}))
	if err != nil || r.Layout.Path != "/l" {
		t.Errorf("%+v %v", r, err)
	}
	for want, env := range map[string]map[string]string{
		"AEGIS_IMAGE_JOB is not set: this program is run by terraform apply":          {},
		"AEGIS_IMAGE_JOB: the job has no version":                                     {EnvJob: "{}"},
		"AEGIS_IMAGE_REPOSITORY is not set: it is the URL of the repository":          {EnvJob: layoutText},
		"AEGIS_IMAGE_CONTEXT is not set and the job names no directory to build from": {EnvJob: dockerText, EnvRepository: "r"},
	} {
		if _, err := FromEnv(get(env)); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestSecrets checks that a job says where a secret is and cannot say what it is.
func TestSecrets(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(content.Secret{ID: "a", Env: "TOKEN"})
	if err != nil || string(text) != `{"id":"a","env":"TOKEN"}` {
		t.Errorf("%s %v", text, err)
	}
}
