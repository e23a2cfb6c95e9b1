package builder

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aegis-agents/aegis/constructs/internal/image/content"
	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

// TestDockerErrors holds what docker says, as it was seen or as its sources have
// it, against what the program says.
func TestDockerErrors(t *testing.T) {
	const denied = "denied: User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: ecr:InitiateLayerUpload on resource: agents/one"
	allow := "  allow " + pushActions + " on the repository agents/one to the role or user that runs terraform"
	for name, tc := range map[string]struct {
		ecr    bool
		plain  bool
		answer answer // before the usual ones
		change func(*content.Docker)
		want   string
	}{
		"daemon not running": {
			answer: answer{Command: "version", Code: 1, Out: "Client:\n Version: 28.2.2\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"},
			want: "error: the Docker engine is not running: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n" +
				"  start it (Docker Desktop, or: systemctl start docker), and check with: docker info\n",
		},
		"daemon not running, version 29": {
			answer: answer{Command: "version", Code: 1, Out: "failed to connect to the docker API at unix:///var/run/docker.sock: dial unix\n"},
			want:   "error: the Docker engine is not running: failed to connect to the docker API",
		},
		"not in the group": {
			answer: answer{Command: "version", Code: 1, Out: "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n"},
			want:   "error: the Docker engine does not let this user in: ",
		},
		"syntax": {
			answer: answer{Command: "buildx build", Code: 1, Out: "#1 [internal] load build definition\nDockerfile:2\nERROR: failed to build: failed to solve: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)\n"},
			want:   "error: the Dockerfile does not parse: dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)\n  correct the line that is named",
		},
		"syntax, without buildx": {
			plain:  true,
			answer: answer{Command: "build", Code: 1, Out: "Error response from daemon: dockerfile parse error line 2: unknown instruction: COPPY\n"},
			want:   "error: the Dockerfile does not parse: dockerfile parse error line 2: unknown instruction: COPPY\n",
		},
		"disk full": {
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: failed to solve: write /var/lib/docker/tmp/x: no space left on device\n"},
			want:   "error: the disk is full: ERROR: failed to solve: write /var/lib/docker/tmp/x: no space left on device\n  free some space: docker system df",
		},
		"no such target": {
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: failed to solve: target stage \"nope\" could not be found\n"},
			want:   "error: the Dockerfile has no such target: ",
		},
		"one platform only": {
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: Multi-platform build is not supported for the docker driver.\n"},
			change: func(d *content.Docker) { d.Platforms = []string{"linux/amd64", "linux/arm64"} },
			want:   "  create one that can: docker buildx create --use --driver docker-container\n",
		},
		"two platforms without buildx": {
			plain:  true,
			change: func(d *content.Docker) { d.Platforms = []string{"linux/amd64", "linux/arm64"} },
			want:   "error: an image for linux/amd64 and linux/arm64 needs docker buildx, which is not there\n  install the buildx plugin",
		},
		"no emulator": {
			answer: answer{Command: "buildx build", Code: 1, Out: "#8 0.21 exec /bin/sh: exec format error\nERROR: failed to solve\n"},
			want:   "error: this machine cannot run programs of the image's platform: ",
		},
		"secrets without BuildKit": {
			plain:  true,
			answer: answer{Command: "build", Code: 125, Out: "the --secret option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/\n"},
			want:   "error: the build needs BuildKit, and buildx is not there: ",
		},
		"pull limit": {
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: failed to solve: alpine: toomanyrequests: You have reached your pull rate limit.\n"},
			want:   "error: the registry of a base image refuses more requests for now: ",
		},
		"push denied": {
			ecr: true, plain: true,
			answer: answer{Command: "push", Code: 1, Out: "Preparing\n" + denied + "\n"},
			want:   "error: push was denied by " + ecrRegistry + ": " + denied + "\n" + allow,
		},
		"push denied in a build": {
			ecr:    true,
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: failed to push " + ecrRepository + ":x: unexpected status from POST request to https://" + ecrRegistry + "/v2/agents/one/blobs/uploads/: 403 Forbidden\n"},
			want:   allow,
		},
		"base image denied": {
			ecr:    true,
			answer: answer{Command: "buildx build", Code: 1, Out: "ERROR: failed to solve: ghcr.io/x/private: failed to authorize: 401 Unauthorized\n"},
			want:   "error: a base image or the push was denied: ERROR: failed to solve: ghcr.io/x/private: failed to authorize: 401 Unauthorized\n  log in to the registry of the base image (docker login)",
		},
		"repository missing": {
			ecr: true, plain: true,
			answer: answer{Command: "push", Code: 1, Out: "name unknown: The repository with name 'agents/one' does not exist in the registry with id '123456789012'\n"},
			want:   "error: the repository agents/one does not exist in account 123456789012 in eu-central-1\n  check that account and region are those of the repository",
		},
		"immutable": {
			ecr: true, plain: true,
			answer: answer{Command: "push", Code: 1, Out: "tag invalid: The image tag 'v1' already exists in the 'agents/one' repository and cannot be overwritten because the tag is immutable.\n"},
			want:   "error: a tag exists already, and the tags of agents/one are immutable\n  choose another tag",
		},
		"login": {
			ecr:    true,
			answer: answer{Command: "login", Code: 1, Out: "Error response from daemon: login attempt to https://x/v2/ failed with status: 400 Bad Request\n"},
			want:   "error: docker login failed: exit status 1\n  Error response from daemon: login attempt to https://x/v2/ failed with status: 400 Bad Request\n",
		},
		"anything else": {
			answer: answer{Command: "buildx build", Code: 3, Out: "one\ntwo\n\nthree\nfour\nfive\nsix\n"},
			want:   "error: docker build failed: exit status 3\n  three\n  four\n  five\n  six\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			script := buildx(reg.host)
			if tc.plain {
				script = plain(reg.host)
			}
			if tc.answer.Command != "" {
				script = append([]answer{tc.answer}, script...)
				// "build" is the beginning of "buildx" too.
				if tc.answer.Command == "build" {
					script = append([]answer{{Command: "version"}, {Command: "buildx", Code: 1}}, script...)
				}
			}
			withDocker(t, script...)
			env := map[string]string{job.EnvRepository: reg.host + "/agents/one"}
			var transport http.RoundTripper
			if tc.ecr {
				withECR(t, http.StatusOK, token())
				env[job.EnvRepository], transport = ecrRepository, reg.asECR(t)
			}
			out, code := runJob(t, dockerJob(t, tc.change), env, transport)
			if code != 1 || !strings.Contains(out, tc.want) {
				t.Errorf("exit %d, no\n%s\nin\n%s", code, tc.want, out)
			}
			if left := leftovers(t); left != nil {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

func TestNoDocker(t *testing.T) {
	reg := newRegistry(t)
	withDocker(t)
	t.Setenv("PATH", t.TempDir())
	for binary, want := range map[string]string{
		"": "error: docker was not found in PATH\n  install it", "finch": "error: finch was not found in PATH\n  install it",
	} {
		out, code := runJob(t, dockerJob(t, func(d *content.Docker) { d.Binary = binary }), map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}

// TestOtherBinary checks that podman's own "buildx" is not taken for Docker's.
func TestOtherBinary(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, append([]answer{{Command: "buildx version", Out: "buildah 1.33.7\n"}}, plain(reg.host)...)...)
	bin := t.TempDir()
	linkTo(t, bin, "podman")
	t.Setenv("PATH", bin)
	out, code := runJob(t, dockerJob(t, func(d *content.Docker) { d.Binary = "podman" }), map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	if code != 0 || !slices.Equal(commands(calls()), []string{"version", "buildx version", "build", "push"}) {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestRegistryErrors(t *testing.T) {
	isPut := func(r *http.Request) bool {
		return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
	}
	for name, tc := range map[string]struct {
		ecr    bool
		status int
		code   string
		text   string
		when   func(r *http.Request) bool
		want   string
	}{
		"no repository": {
			true, 404, "NAME_UNKNOWN", "The repository with name 'agents/one' does not exist", func(*http.Request) bool { return true },
			"error: the repository agents/one does not exist in account 123456789012 in eu-central-1\n  check that account and region",
		},
		"read denied": {
			true, 403, "DENIED", "User is not authorized to perform: ecr:BatchGetImage", func(r *http.Request) bool { return r.Method == http.MethodGet },
			": DENIED: User is not authorized to perform: ecr:BatchGetImage\n  allow " + pushActions,
		},
		"push denied": {
			true, 403, "DENIED", "User is not authorized to perform: ecr:InitiateLayerUpload", func(r *http.Request) bool { return r.Method == http.MethodPost },
			"was denied by " + ecrRegistry + ": ",
		},
		"denied by another registry": {
			false, 401, "UNAUTHORIZED", "authentication required", func(r *http.Request) bool { return r.Method == http.MethodPost },
			"\n  log in with: docker login 127.0.0.1:",
		},
		"immutable": {
			true, 400, "TAG_INVALID", "The image tag 'v1' already exists and cannot be overwritten because the tag is immutable.", isPut,
			"error: a tag exists already, and the tags of agents/one are immutable: ",
		},
		"too many": {
			true, 429, "TOOMANYREQUESTS", "Rate exceeded", isPut, "error: the registry refuses more requests for now: ",
		},
		"anything else": {true, 400, "MANIFEST_INVALID", "no", isPut, "error: push "},
	} {
		t.Run(name, func(t *testing.T) {
			reg := newRegistry(t)
			reg.deny(tc.status, tc.code, tc.text, tc.when)
			t.Setenv("DOCKER_CONFIG", t.TempDir())
			env := map[string]string{job.EnvRepository: reg.host + "/agents/one"}
			var transport http.RoundTripper
			if tc.ecr {
				withECR(t, http.StatusOK, token())
				env[job.EnvRepository], transport = ecrRepository, reg.asECR(t)
			}
			out, code := runJob(t, layoutJob(t), env, transport)
			if code != 1 || !strings.Contains(out, tc.want) {
				t.Errorf("exit %d, no\n%s\nin\n%s", code, tc.want, out)
			}
		})
	}
}

func TestRegistryUnreachable(t *testing.T) {
	reg := newRegistry(t)
	reg.server.Close()
	out, code := runJob(t, layoutJob(t), map[string]string{job.EnvRepository: reg.host + "/agents/one"}, nil)
	if code != 1 || !strings.Contains(out, "error: the registry "+reg.host+" cannot be reached: ") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestLayoutErrors(t *testing.T) {
	j := layoutJob(t)
	env := map[string]string{job.EnvRepository: "127.0.0.1:1/agents/one"}
	good := j.Layout.Path
	for want, change := range map[string]func(){
		"error: the image file /no/such does not exist\n  run synth again on this machine": func() { j.Layout.Path = "/no/such" },
		" is not an image in the OCI layout: ":                                             func() { j.Layout.Path = t.TempDir() },
		", planned was sha256:" + strings.Repeat("0", 64) + "\n  run synth again":          func() { j.Layout.Digest = "sha256:" + strings.Repeat("0", 64) },
		"unexpected EOF": func() {
			text, err := os.ReadFile(good)
			must(t, err)
			j.Layout.Path = t.TempDir() + "/cut"
			must(t, os.WriteFile(j.Layout.Path, text[:3584], 0o644))
		},
	} {
		layout := *j.Layout
		change()
		out, code := runJob(t, j, env, nil)
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit %d, no %q in\n%s", code, want, out)
		}
		*j.Layout = layout
	}
	out, code := runJob(t, j, map[string]string{job.EnvRepository: "UPPER/x y"}, nil)
	if code != 1 || !strings.Contains(out, `error: "UPPER/x y" is not the URL of a repository: `) {
		t.Errorf("exit %d: %s", code, out)
	}
}
