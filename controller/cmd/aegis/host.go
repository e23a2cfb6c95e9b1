package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/api"
	"github.com/aegis-agents/aegis/controller/internal/datadir"
	"github.com/aegis-agents/aegis/controller/internal/folder"
	"github.com/aegis-agents/aegis/controller/internal/node"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/process"
	"github.com/aegis-agents/aegis/controller/internal/programs"
	"github.com/aegis-agents/aegis/controller/internal/sqlite"
)

// version is what answers say: the local runner is built from its source.
const version = "local"

// host is the data directory with the control plane on it.
type host struct {
	dir   *datadir.Dir
	table *sqlite.Table
	log   *os.File
	node  *node.Node
	api   *api.Handler
	// What only a host that runs agents has.
	runner   *process.Runner
	files    *folder.Blob
	listener net.Listener
	model    string // for people
}

// open takes the data directory. Nothing runs before run.
func (s *settings) open(ctx context.Context, runner port.Runner, observe func(string, flow.Event, flow.State)) (_ *host, err error) {
	h := &host{}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.dir, err = s.take(ctx); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(h.dir.File("logs"), 0o700); err != nil {
		return nil, err
	}
	if h.log, err = os.OpenFile(h.dir.File("logs/aegis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if runner == nil {
		runner = idle{}
	} else if err = h.agents(ctx, s, &runner); err != nil {
		return nil, err
	}
	keys, err := h.dir.Keyring()
	if err != nil {
		return nil, err
	}
	if h.table, err = sqlite.Open(ctx, h.dir.File("records.db"), time.Now()); err != nil {
		return nil, err
	}
	log := slog.New(slog.NewJSONHandler(h.log, nil))
	h.node, err = node.New(ctx, node.Options{
		Path: h.dir.File("engine.db"), Table: h.table, Runner: runner, Keys: keys, Observe: observe, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	h.api = api.NewHandler(version, log, append(h.node.Control.Actions(), h.historyAction())...)
	return h, nil
}

// patience is how long a command may hold the data directory that another wants.
const patience = time.Second

// take takes the data directory.
func (s *settings) take(ctx context.Context) (*datadir.Dir, error) {
	for limit := time.Now().Add(patience); ; {
		d, err := datadir.Open(s.dataDir)
		if !errors.Is(err, datadir.ErrInUse) || time.Now().After(limit) {
			return d, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// agents finds the agents' programs and makes their runner.
func (h *host) agents(ctx context.Context, s *settings, runner *port.Runner) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	found, err := programs.Find(ctx, filepath.Dir(self), h.dir.File("bin"), s.err)
	if err != nil {
		return err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	if h.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
		return fmt.Errorf("--port: must be free: %w", err)
	}
	environment := []string{
		"CALLBACK_URL=http://" + h.listener.Addr().String() + node.CallbackPath,
		"ARTIFACT_DIR=" + h.dir.File(filesName), "MODEL_STUB=allow", "PORT=0",
	}
	bedrock, why := useBedrock(ctx)
	h.model = "the stub: everything it says is SIMULATED, " + why
	if bedrock {
		h.model = "Amazon Bedrock, " + why
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); passed(name, bedrock) {
			environment = append(environment, variable)
		}
	}
	if h.files, err = folder.Open(h.dir.File(filesName)); err != nil {
		return err
	}
	h.runner = process.New(process.Options{
		Programs: found, Environment: environment, Logs: h.dir.File("logs"), Objects: h.files, Most: mostAgents,
	})
	*runner = h.runner
	return nil
}

// mostAgents is how many agents run at once. They mostly wait for their model.
const mostAgents = 16

// filesName is the folder of what agents store: keys never reach the databases beside it.
const filesName = "files"

// passed is which of a person's variables agents get: what a program needs on
// this machine, and with Bedrock what the SDK reads.
func passed(name string, bedrock bool) bool {
	switch name {
	case "PATH", "HOME", "TMPDIR", "MAX_TOKENS", "MODEL_STUB_SCRIPT", "FETCH_PROXY_ALLOW", "SSL_CERT_FILE", "SSL_CERT_DIR":
		return !bedrock || name != "MODEL_STUB_SCRIPT"
	case "MODEL_ID":
		return bedrock
	}
	return bedrock && strings.HasPrefix(name, "AWS_")
}

// useBedrock is whether a model and credentials are there, and what is said about it.
func useBedrock(ctx context.Context) (use bool, why string) {
	model := os.Getenv("MODEL_ID")
	if model == "" {
		return false, "as MODEL_ID is not set"
	}
	// Credentials may come from a service that does not answer.
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cloud, err := config.LoadDefaultConfig(ctx)
	if err == nil {
		_, err = cloud.Credentials.Retrieve(ctx)
	}
	if err != nil {
		return false, "as there are no AWS credentials for MODEL_ID: " + err.Error()
	}
	return true, model
}

// run runs everything until ctx ends. ready is called once requests are served.
func (h *host) run(ctx context.Context, ready func() error) error {
	if err := h.node.Launch(); err != nil {
		return err
	}
	token := rand.Text()
	server := &http.Server{
		Handler: h.node.Serve(h.api, token), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(h.listener) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan struct{})
	go func() {
		h.node.Run(ctx)
		close(ran)
	}()
	err := h.dir.Publish(datadir.Runner{PID: os.Getpid(), URL: "http://" + h.listener.Addr().String() + node.APIPath, Token: token})
	if err == nil {
		err = ready()
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-serving:
			serving <- err
		}
	}
	stop()
	// Agents first: what they still say is taken.
	err = errors.Join(err, h.runner.Close(), server.Close())
	<-ran
	if served := <-serving; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// close gives everything back.
func (h *host) close() error {
	var errs []error
	if h.node != nil {
		errs = append(errs, h.node.Close())
	}
	if h.table != nil {
		errs = append(errs, h.table.Close())
	}
	if h.runner != nil {
		errs = append(errs, h.runner.Close())
	}
	if h.files != nil {
		errs = append(errs, h.files.Close())
	}
	if h.listener != nil {
		if err := h.listener.Close(); !errors.Is(err, net.ErrClosed) { // its server has, mostly
			errs = append(errs, err)
		}
	}
	if h.log != nil {
		errs = append(errs, h.log.Close())
	}
	if h.dir != nil {
		errs = append(errs, h.dir.Close())
	}
	return errors.Join(errs...)
}
