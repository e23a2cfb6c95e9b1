package builder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

// isolate makes a Docker configuration for this run alone and returns the function
// that removes it. The password of the registry goes there and not into the user's
// configuration, where it would outlive the run and where a second run at the same
// time would overwrite it.
//
// What the user has is copied in, never written back: base images come from
// registries that the user has logged in to.
func (e *engine) isolate(to *registry) (dir string, remove func(), err error) {
	home, err := e.userConfig()
	if err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp("", "aegis-docker-")
	if err != nil {
		return "", nil, e.explainDisk(err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	except := ""
	if to.login != nil {
		except = to.repository.RegistryStr()
	}
	text, err := isolated(filepath.Join(home, "config.json"), except)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600)
	}
	if err != nil {
		remove()
		return "", nil, e.explainDisk(err)
	}
	// buildx may be installed for the user only, and the engine may be that of a
	// context. Where there are no links, docker's defaults apply.
	for _, name := range []string{"cli-plugins", "contexts"} {
		if _, err := os.Stat(filepath.Join(home, name)); err == nil {
			_ = os.Symlink(filepath.Join(home, name), filepath.Join(dir, name))
		}
	}
	return dir, remove, nil
}

// userConfig is the directory of the user's configuration.
func (e *engine) userConfig() (string, error) {
	dir := e.program.getenv("DOCKER_CONFIG")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			// As docker does in a container without a home: no configuration.
			return filepath.Join(os.TempDir(), "no-docker-config"), nil //nolint:nilerr // see above
		}
		dir = filepath.Join(home, ".docker")
	}
	return filepath.Abs(dir)
}

// copied are the settings that a build may need. What only concerns the look of
// docker's output is left out.
// https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
var copied = []string{"auths", "credHelpers", "HttpHeaders", "proxies", "currentContext", "cliPluginsExtraDirs", "plugins"}

// isolated returns the user's configuration without what it knows about one
// registry, whose login is to come.
func isolated(path, except string) ([]byte, error) {
	user := map[string]json.RawMessage{}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(text, &user); err != nil {
			return nil, fmt.Errorf("the Docker configuration %s is not JSON: %w", path, err)
		}
	}
	out := map[string]any{}
	for _, key := range copied {
		if value, ok := user[key]; ok {
			out[key] = value
		}
	}
	auths, helpers, store := map[string]json.RawMessage{}, map[string]string{}, ""
	for key, into := range map[string]any{"auths": &auths, "credHelpers": &helpers, "credsStore": &store} {
		if value, ok := user[key]; ok {
			if err := json.Unmarshal(value, into); err != nil {
				return nil, fmt.Errorf("the Docker configuration %s: %s: %w", path, key, err)
			}
		}
	}
	// A store is for all registries: the login to come would end up in the user's
	// keychain. So it stays the helper of the registries it has passwords for.
	if store != "" {
		if helpers == nil {
			helpers = map[string]string{}
		}
		for host := range auths {
			if helpers[host] == "" {
				helpers[host] = store
			}
		}
	}
	if except != "" {
		for _, host := range []string{except, "https://" + except} {
			delete(auths, host)
			delete(helpers, host)
		}
	}
	if len(auths) > 0 || out["auths"] != nil {
		out["auths"] = auths
	}
	if len(helpers) > 0 || out["credHelpers"] != nil {
		out["credHelpers"] = helpers
	}
	return json.Marshal(out)
}

// environment is docker's: the program's own, without the job, and with the
// isolated configuration.
func (e *engine) environment() []string {
	home, err := e.userConfig()
	if err != nil {
		home = ""
	}
	set := map[string]string{
		"DOCKER_CONFIG": e.config,
		// podman's name for the same thing; the form of the file is docker's.
		"REGISTRY_AUTH_FILE": filepath.Join(e.config, "config.json"),
	}
	// By default these are looked for in DOCKER_CONFIG.
	if e.program.getenv("BUILDX_CONFIG") == "" && home != "" {
		set["BUILDX_CONFIG"] = filepath.Join(home, "buildx")
	}
	if e.program.getenv("DOCKER_CERT_PATH") == "" && e.program.getenv("DOCKER_TLS_VERIFY") != "" && home != "" {
		set["DOCKER_CERT_PATH"] = home
	}
	drop := []string{job.EnvJob, job.EnvRepository, job.EnvRegion, job.EnvContext, job.EnvLayout}
	for _, name := range drop {
		set[name] = ""
	}
	var env []string
	for _, variable := range e.program.environ {
		name, _, _ := strings.Cut(variable, "=")
		if _, ok := set[name]; !ok {
			env = append(env, variable)
		}
	}
	for name, value := range set {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
