package builder

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

func TestBuildx(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	j := dockerJob(t, func(d *content.Docker) { d.Platforms, d.ForLambda = []string{"linux/arm64"}, true })
	j.AdditionalTags = []string{"latest"}
	repository := reg.host + "/agents/one"
	ref := repository + ":" + j.Hash[:12]

	out, code := runJob(t, j, map[string]string{job.EnvRepository: repository}, nil)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	digest := reg.digest(t, "agents/one", j.Hash[:12])
	lines := strings.Split(strings.TrimSpace(out), "\n")
	lines[len(lines)-1], _, _ = strings.Cut(lines[len(lines)-1], " in ")
	wantText(t, strings.Join(lines, "\n"), "image "+ref+`
context: 1 files, 22 B
login: `+reg.host+`, as in the Docker configuration
registry: no tag `+j.Hash[:12]+` yet
build: docker buildx build
#1 building
tagged: latest
digest: `+digest+`
size: 477 B
done`)
	if reg.digest(t, "agents/one", "latest") != digest {
		t.Error("latest is another image")
	}
	if diff := cmp.Diff([]string{"version", "buildx version", "buildx build"}, commands(calls())); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"buildx", "build", "--progress=plain", "--push", "--provenance=false", "--sbom=false",
		"--file=" + j.Docker.Context + "/Dockerfile", "--tag=" + ref, "--platform=linux/arm64",
		"--label=aegis.content-hash=" + j.Hash, j.Docker.Context,
	}
	if diff := cmp.Diff(want, calls()[2].Args); diff != "" {
		t.Error(diff)
	}

	// The second time there is nothing to do, and docker is not needed.
	t.Setenv("PATH", t.TempDir())
	reg.written()
	out, code = runJob(t, j, map[string]string{job.EnvRepository: repository}, nil)
	if code != 0 || !strings.Contains(out, "registry: has this image, nothing to build\n") || len(reg.written()) > 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	if left := leftovers(t); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

func TestWithoutBuildx(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, plain(reg.host)...)
	j := dockerJob(t, func(d *content.Docker) { d.Platforms, d.ForLambda = []string{"linux/arm64"}, true })
	repository := reg.host + "/agents/one"
	must(t, os.WriteFile(j.Docker.Context+"/Dockerfile.dockerignore", []byte("x"), 0o644))
	in, err := j.Docker.Inspect(t.Context())
	must(t, err)
	j.Hash = in.Hash

	out, code := runJob(t, j, map[string]string{job.EnvRepository: repository}, nil)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, want := range []string{
		"note: only buildx obeys Dockerfile.dockerignore, more is sent than was planned\n",
		"build: docker build, then push (there is no buildx)\nStep 1/2 : FROM scratch\npush: " + repository + ":" + j.Hash[:12] + "\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if diff := cmp.Diff([]string{"version", "buildx version", "build", "push"}, commands(calls())); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"build", "--file=" + j.Docker.Context + "/Dockerfile", "--tag=" + repository + ":" + j.Hash[:12],
		"--platform=linux/arm64", "--label=aegis.content-hash=" + j.Hash, j.Docker.Context,
	}
	if diff := cmp.Diff(want, calls()[2].Args); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"push", repository + ":" + j.Hash[:12]}, calls()[3].Args); diff != "" {
		t.Error(diff)
	}
}

// TestOddValues checks that what shells, CSV readers and terminals take for
// something special reaches docker as it is.
func TestOddValues(t *testing.T) {
	odd := []string{"two words", `"q" 'q'`, "$(touch /tmp/aegis-test) `id` ${HOME}", "a\nb\r\n", "a,b=c;d&e|f>g*h?i\\", "-x --push", "ü é 日本"}
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	dir := filepath.Join(t.TempDir(), "-dir $(x) \"'\n,=ü")
	j := job.Job{Tag: "v1"}
	secretFile := filepath.Join(t.TempDir(), "a \"b\",c")
	must(t, os.WriteFile(secretFile, []byte("file-value"), 0o600))
	env := map[string]string{job.EnvRepository: reg.host + "/agents/one", "TOKEN": "env-value"}
	j.Docker = &content.Docker{
		Context: dir, Dockerfile: "Docker file\n$(x)", Target: odd[2], BuildArgs: map[string]string{}, Labels: map[string]string{},
		Secrets:   []content.Secret{{ID: "env", Env: "TOKEN"}, {ID: "file,\"1\"", File: secretFile}},
		CacheFrom: []string{"type=registry,ref=x", odd[4]}, CacheTo: []string{"type=inline"},
	}
	for i, value := range odd {
		j.Docker.BuildArgs[string(rune('A'+i))] = value
		j.Docker.Labels[value] = value
	}
	must(t, os.MkdirAll(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, j.Docker.Dockerfile), []byte("FROM scratch"), 0o644))
	for _, name := range odd {
		must(t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")), nil, 0o644))
	}
	in, err := j.Docker.Inspect(t.Context())
	must(t, err)
	j.Hash = in.Hash

	out, code := runJob(t, j, env, nil)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	want := []string{
		"buildx", "build", "--progress=plain", "--push", "--file=" + filepath.Join(dir, j.Docker.Dockerfile),
		"--tag=" + reg.host + "/agents/one:v1", "--target=" + odd[2],
	}
	for i, value := range odd {
		want = append(want, "--build-arg="+string(rune('A'+i))+"="+value)
	}
	for _, key := range slices.Sorted(maps.Keys(j.Docker.Labels)) {
		want = append(want, "--label="+key+"="+key)
	}
	want = append(want, "--label=aegis.content-hash="+j.Hash, "--secret=id=env,env=TOKEN",
		`--secret="id=file,""1""","src=`+strings.ReplaceAll(secretFile, `"`, `""`)+`"`,
		"--cache-from=type=registry,ref=x", "--cache-from="+odd[4], "--cache-to=type=inline", dir)
	got := calls()[2]
	if diff := cmp.Diff(want, got.Args); diff != "" {
		t.Error(diff)
	}
	// The values of secrets are where they always were, and nowhere else.
	if !slices.Contains(got.Env, "TOKEN=env-value") {
		t.Error("docker does not get the secret's variable")
	}
	for _, text := range append(got.Args, got.Config, out, env[job.EnvJob]) {
		if strings.Contains(text, "env-value") || strings.Contains(text, "file-value") {
			t.Errorf("a secret's value is in %q", text)
		}
	}
	for _, variable := range got.Env {
		if strings.HasPrefix(variable, "AEGIS_IMAGE_") {
			t.Errorf("docker has no use for %s", variable)
		}
	}
}

// TestDecide is the table of what is built.
func TestDecide(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	for name, tc := range map[string]struct {
		tag              string
		label            string // of the image that is there; "-" is no image, "" no label
		immutable, force bool
		builds           bool
		want             string
	}{
		"no image":                     {"v1", "-", false, false, true, "registry: no tag v1 yet"},
		"no image, immutable":          {"v1", "-", true, false, true, "registry: no tag v1 yet"},
		"same":                         {"v1", hash, false, false, false, "registry: has this image, nothing to build"},
		"same, immutable":              {"v1", hash, true, false, false, "registry: has this image, nothing to build"},
		"same, forced":                 {"v1", hash, false, true, true, "registry: has the tag, building again as asked for"},
		"same, forced, immutable":      {"v1", hash, true, true, false, "registry: has this image, nothing to build (a new build was asked for, but the repository's tags are immutable)"},
		"other":                        {"latest", "x", false, false, true, "registry: tag latest is another image"},
		"other, immutable":             {"v1", "x", true, false, false, "error: the tag v1 is another image already, and the repository's tags are immutable\n  choose another ImageTag, or none: the default tag follows from the content"},
		"no label":                     {"latest", "", false, false, true, "registry: tag latest does not say what it holds"},
		"no label, immutable":          {"v1", "", true, false, false, "registry: tag v1 is there and cannot be replaced, nothing to build"},
		"content tag without a label":  {hash[:12], "", false, false, false, "registry: has this image, nothing to build"},
		"content tag, forced, mutable": {hash[:12], hash, false, true, true, "registry: has the tag, building again as asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			_, calls := withDocker(t, buildx(reg.host)...)
			j := dockerJob(t, nil)
			tag := strings.ReplaceAll(tc.tag, hash[:12], j.Hash[:12])
			j.Tag, j.Immutable, j.Force = tag, tc.immutable, tc.force
			if tc.label != "-" {
				label := strings.ReplaceAll(tc.label, hash, j.Hash)
				labels := map[string]string{"x": "y"}
				if label != "" {
					labels[hashLabel] = label
				}
				reg.put(t, "agents/one", tag, labels)
			}
			out, code := runJob(t, j, map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
			if !strings.Contains(out, tc.want+"\n") {
				t.Errorf("no %q in\n%s", tc.want, out)
			}
			if built := slices.Contains(commands(calls()), "buildx build"); built != tc.builds {
				t.Errorf("built: %v\n%s", built, out)
			}
			if (code == 0) != !strings.HasPrefix(tc.want, "error") {
				t.Errorf("exit %d", code)
			}
		})
	}
}

func TestSourcesHaveChanged(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	j := dockerJob(t, nil)
	must(t, os.WriteFile(j.Docker.Context+"/new", nil, 0o644))
	out, code := runJob(t, j, map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	if code != 1 || !strings.Contains(out, ", planned was "+j.Hash+"\n  run synth again, then plan and apply\n") || calls() != nil {
		t.Errorf("exit %d: %s", code, out)
	}
	j.Docker.Context += "/nope"
	out, code = runJob(t, j, map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	if code != 1 || !strings.Contains(out, "error: the sources cannot be built:\nContextDir: must be a directory that exists, got ") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestSecretsMissing(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	j := dockerJob(t, func(d *content.Docker) {
		d.Secrets = []content.Secret{{ID: "a", Env: "AEGIS_TEST_NO_SUCH"}, {ID: "b", File: "/no/such"}}
	})
	out, code := runJob(t, j, map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	want := `error: the secret "a" has no value: the environment variable AEGIS_TEST_NO_SUCH is not set
the secret "b" has no value: there is no file /no/such
  set it for terraform apply
`
	if code != 1 || !strings.Contains(out, want) || calls() != nil {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestIsolatedConfig reads what docker is given of the user's configuration.
func TestIsolatedConfig(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	user := filepath.Join(os.Getenv("HOME"), ".docker")
	must(t, os.MkdirAll(filepath.Join(user, "cli-plugins"), 0o755))
	const config = `{"auths":{"https://index.docker.io/v1/":{},"ghcr.io":{"auth":"Z2g6dG9r"}},"credHelpers":{"public.ecr.aws":"ecr-login"},` +
		`"credsStore":"desktop","currentContext":"colima","detachKeys":"ctrl-x"}`
	must(t, os.WriteFile(filepath.Join(user, "config.json"), []byte(config), 0o600))
	t.Setenv("DOCKER_TLS_VERIFY", "1")

	out, code := runJob(t, dockerJob(t, nil), map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	got := calls()[2]
	var has, want any
	must(t, json.Unmarshal([]byte(got.Config), &has))
	must(t, json.Unmarshal([]byte(`{"auths":{"https://index.docker.io/v1/":{},"ghcr.io":{"auth":"Z2g6dG9r"}},"currentContext":"colima",
		"credHelpers":{"public.ecr.aws":"ecr-login","https://index.docker.io/v1/":"desktop","ghcr.io":"desktop"}}`), &want))
	if diff := cmp.Diff(want, has); diff != "" {
		t.Error(diff)
	}
	for _, variable := range []string{
		"BUILDX_CONFIG=" + user + "/buildx", "DOCKER_CERT_PATH=" + user, "REGISTRY_AUTH_FILE=" + got.Dir + "/config.json",
	} {
		if !slices.Contains(got.Env, variable) {
			t.Errorf("no %s", variable)
		}
	}
	if got.Dir == user || !strings.HasPrefix(filepath.Base(got.Dir), "aegis-docker-") {
		t.Errorf("DOCKER_CONFIG=%s", got.Dir)
	}
	text, err := os.ReadFile(filepath.Join(user, "config.json"))
	must(t, err)
	wantText(t, string(text), config)
	if left := leftovers(t); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

func TestBrokenConfig(t *testing.T) {
	reg := newRegistry(t)
	withDocker(t, buildx(reg.host)...)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"auths":[]}`), 0o600))
	b := &dockerBuilder{program: &program{getenv: func(string) string { return dir }}}
	_, _, err := (&engine{program: b.program}).isolate(&registry{})
	if err == nil || !strings.HasPrefix(err.Error(), "the Docker configuration "+dir+"/config.json: auths: json: cannot unmarshal array") {
		t.Errorf("got %v", err)
	}
	if left := leftovers(t); left != nil {
		t.Errorf("left behind: %s", left)
	}
}
