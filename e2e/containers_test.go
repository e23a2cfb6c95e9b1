//go:build e2e

package e2e

import (
	"archive/tar"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/aegis-agents/aegis/internal/awstest"
)

// cluster runs the containers of a cluster's tasks on this machine: the program of
// the image that Terraform pushed, with the environment of its task definition and
// of RunTask. The test is Fargate.
type cluster struct {
	t      *testing.T
	name   string
	client *ecs.Client
	a      *account

	// loses is an agent whose first container never gets going.
	loses   string
	lost    int
	images  map[string]*unpacked
	started map[string]bool
	running sync.WaitGroup

	mu    sync.Mutex
	ended []ended
}

// unpacked is an image in a folder.
type unpacked struct {
	root   string
	config v1.Config
}

// ended is a container that ran.
type ended struct {
	agent, log string
	err        error
}

func newCluster(t *testing.T, a *account, name string) *cluster {
	t.Helper()
	c := &cluster{t: t, name: name, client: ecs.NewFromConfig(a.config()), a: a, images: map[string]*unpacked{}, started: map[string]bool{}}
	t.Cleanup(func() {
		c.running.Wait() // killed with the test's context
		for _, e := range c.ended {
			if t.Failed() {
				t.Logf("%s: %v\n%s", e.agent, e.err, e.log)
			}
		}
	})
	return c
}

// start starts the containers of all tasks that are new.
func (c *cluster) start() {
	c.t.Helper()
	list, err := c.client.ListTasks(c.t.Context(), &ecs.ListTasksInput{Cluster: &c.name})
	must(c.t, err)
	for _, arn := range list.TaskArns {
		if c.started[arn] {
			continue
		}
		c.started[arn] = true
		out, err := c.client.DescribeTasks(c.t.Context(), &ecs.DescribeTasksInput{Cluster: &c.name, Tasks: []string{arn}})
		must(c.t, err)
		c.run(out.Tasks[0])
	}
}

// run starts a task's one container.
func (c *cluster) run(given ecstypes.Task) {
	c.t.Helper()
	out, err := c.client.DescribeTaskDefinition(c.t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: given.TaskDefinitionArn})
	must(c.t, err)
	definition := out.TaskDefinition.ContainerDefinitions[0]
	if override := given.Overrides.ContainerOverrides; len(override) != 1 || *override[0].Name != *definition.Name {
		c.t.Fatalf("%s: overrides %+v of the container %s", *given.TaskArn, override, *definition.Name)
	}
	if c.lost == 0 && *definition.Name == c.loses {
		c.lost++
		must(c.t, c.stop(given, "CannotPullContainerError"))
		return
	}
	image := c.image(*definition.Image)
	if len(image.config.Entrypoint) == 0 {
		c.t.Fatalf("%s has no entry point: %+v", *definition.Image, image.config)
	}
	command := append(append([]string{}, image.config.Entrypoint...), image.config.Cmd...)
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(image.root, command[0]), command[1:]...)
	cmd.Dir = image.root
	cmd.Env = append(append(c.a.credentials(), "AWS_EXECUTION_ENV=AWS_ECS_FARGATE"), image.config.Env...)
	for _, variables := range [][]ecstypes.KeyValuePair{definition.Environment, given.Overrides.ContainerOverrides[0].Environment} {
		for _, v := range variables {
			cmd.Env = append(cmd.Env, *v.Name+"="+*v.Value)
		}
	}
	var log awstest.Output
	cmd.Stdout, cmd.Stderr = &log, &log
	must(c.t, cmd.Start())
	c.running.Go(func() {
		err := cmd.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ended = append(c.ended, ended{*definition.Name, log.String(), err})
		if err := c.stop(given, "Essential container in task exited"); err != nil && c.t.Context().Err() == nil {
			c.t.Error(err)
		}
	})
}

// stop ends a task, as ECS does when its container has.
func (c *cluster) stop(given ecstypes.Task, reason string) error {
	_, err := c.client.StopTask(c.t.Context(), &ecs.StopTaskInput{Cluster: &c.name, Task: given.TaskArn, Reason: &reason})
	return err
}

// image pulls an image, once.
func (c *cluster) image(reference string) *unpacked {
	c.t.Helper()
	if known := c.images[reference]; known != nil {
		return known
	}
	ref, err := name.NewDigest(reference) // a tag could be another image tomorrow
	must(c.t, err)
	img, err := remote.Image(ref, remote.WithContext(c.t.Context()), remote.WithTransport(ecr().transport(c.t)))
	must(c.t, err)
	config, err := img.ConfigFile()
	must(c.t, err)
	if config.Architecture != runtime.GOARCH {
		c.t.Fatalf("%s is for %s, this machine is %s", reference, config.Architecture, runtime.GOARCH)
	}
	u := &unpacked{root: folder(c.t), config: config.Config}
	layers := mutate.Extract(img)
	defer layers.Close()
	must(c.t, untar(layers, u.root))
	c.images[reference] = u
	return u
}

// transport reaches the registries.
func (r *registries) transport(t *testing.T) http.RoundTripper {
	t.Helper()
	text, err := os.ReadFile(r.roots)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	proxy, err := url.Parse(r.proxy.URL)
	must(t, err)
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// untar unpacks the files of an image; links and devices, it has none.
func untar(from io.Reader, dir string) error {
	for files := tar.NewReader(from); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+header.Name)))
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(target, 0o755)
		case tar.TypeReg:
			var data []byte
			if data, err = io.ReadAll(files); err == nil {
				err = os.MkdirAll(filepath.Dir(target), 0o755)
			}
			if err == nil {
				err = os.WriteFile(target, data, header.FileInfo().Mode().Perm())
			}
		}
		if err != nil {
			return err
		}
	}
}
