package builder

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
)

// cure is what to do about an output of docker.
type cure struct {
	// pattern finds the line which says what is wrong.
	pattern *regexp.Regexp
	reason  string // before that line, or alone if it ends in a period
	remedy  string
}

// cures are looked through from first to last: what is said plainly by docker
// comes before what could have several causes.
var cures = []cure{
	{
		regexp.MustCompile(`(?i)(cannot|failed to) connect to the docker (daemon|API).*|is the docker daemon running.*|cannot connect to podman.*`),
		"the Docker engine is not running", "start it (Docker Desktop, or: systemctl start docker), and check with: docker info",
	},
	{
		regexp.MustCompile(`(?i)permission denied while trying to connect to the docker.*`),
		"the Docker engine does not let this user in", "add the user to the group docker and log in again, or use rootless Docker",
	},
	{
		regexp.MustCompile(`(?i).*no space left on device.*`),
		"the disk is full", "free some space: docker system df shows what takes it, docker builder prune removes old build caches",
	},
	{
		regexp.MustCompile(`(?i)dockerfile parse error.*|failed to parse dockerfile.*|unknown instruction.*|the dockerfile .* cannot be empty.*|file with no instructions.*`),
		"the Dockerfile does not parse", "correct the line that is named: https://docs.docker.com/reference/dockerfile/",
	},
	{
		regexp.MustCompile(`(?i).*failed to reach build target.*|.*target stage .* could not be found.*`),
		"the Dockerfile has no such target", "correct Target, or name the stage: FROM … AS name",
	},
	{
		regexp.MustCompile(`(?i).*multi-platform build is not supported.*|.*does not currently support exporting manifest lists.*|.*multiple platforms feature is currently not supported.*`),
		"this buildx builder makes images for one platform only", "create one that can: docker buildx create --use --driver docker-container",
	},
	{
		regexp.MustCompile(`(?i).*exec format error.*`),
		"this machine cannot run programs of the image's platform",
		"build on a machine of that platform, or install the emulators: docker run --privileged --rm tonistiigi/binfmt --install all",
	},
	{
		regexp.MustCompile(`(?i).*requires buildkit.*|.*buildkit is enabled but the buildx component is missing.*`),
		"the build needs BuildKit, and buildx is not there", "install the buildx plugin: https://docs.docker.com/go/buildx/",
	},
	{
		regexp.MustCompile(`(?i).*unknown flag: .*`),
		"this version does not know a flag of the build", "update it: docker version and docker buildx version say how old it is",
	},
	{
		regexp.MustCompile(`(?i).*toomanyrequests.*|.*pull rate limit.*`),
		"the registry of a base image refuses more requests for now",
		"log in to it (docker login), or take the base image from public.ecr.aws",
	},
}

// needsLogin finds what registries say to who may not pull or push.
var needsLogin = regexp.MustCompile(`(?i).*(denied|unauthorized|authorization failed|no basic auth credentials|403 forbidden|401 unauthorized|authentication required).*`)

// noRepository finds what ECR says about a repository that does not exist.
var noRepository = regexp.MustCompile(`(?i).*(repository with name .* does not exist|name unknown|repository name not known).*`)

// explain says what to do about a docker command that has failed. out is what it
// wrote.
func (e *engine) explain(ctx context.Context, what, out string, err error, to *registry) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, c := range cures {
		if line := find(c.pattern, out); line != "" {
			return &failure{reason: c.reason + ": " + line, remedy: c.remedy}
		}
	}
	if to != nil {
		if immutable(out) {
			return to.immutableTag(nil)
		}
		// A base image may be denied as well: only lines about our repository, or
		// from a command that has to do with nothing else.
		host := to.repository.RegistryStr()
		if line := find(noRepository, out); line != "" && (what != "build" || strings.Contains(out, host)) {
			return to.noRepository()
		}
		if line := find(needsLogin, out); line != "" {
			if what != "build" || strings.Contains(line, host) {
				return to.denied(what, errors.New(line))
			}
			return &failure{
				reason: "a base image or the push was denied: " + line,
				remedy: "log in to the registry of the base image (docker login), and allow " + pushActions + " on " + to.repository.RepositoryStr(),
			}
		}
	}
	return fmt.Errorf("%s %s failed: %w%s", e.binary, what, err, lastLines(out))
}

// find returns the last match of a pattern in docker's output.
func find(pattern *regexp.Regexp, out string) string {
	all := pattern.FindAllString(out, -1)
	if len(all) == 0 {
		return ""
	}
	return strings.TrimSpace(all[len(all)-1])
}

// lastLines are the last lines of what docker wrote, indented.
func lastLines(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var text strings.Builder
	for _, line := range lines[max(0, len(lines)-5):] {
		if line = strings.TrimSpace(line); line != "" {
			text.WriteString("\n  " + line)
		}
	}
	return text.String()
}

// explainDisk says what to do when the isolated configuration cannot be written.
func (e *engine) explainDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return &failure{reason: "the disk is full", remedy: "free some space, or set TMPDIR to a directory on another disk", err: err}
	}
	return err
}
