//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	containerregistry "github.com/google/go-containerregistry/pkg/registry"
)

// The emulator has ECR's API and no registry. This is one: programs reach it
// under ECR's own names, by a proxy that sends those here, lets nothing through
// to AWS, and all else to where it goes. What is pushed is told to the emulator.

var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.` + region + `\.amazonaws\.com(:443)?$`)

// registries are the registries of all accounts, with the proxy in front.
type registries struct {
	sync.Mutex
	byHost   map[string]http.Handler
	accounts map[string]*account

	server *httptest.Server // speaks TLS
	proxy  *httptest.Server
	roots  string // a file with the system's certificates and ours
}

// ecr starts when it is first asked for.
var ecr = sync.OnceValue(func() *registries {
	r := &registries{byHost: map[string]http.Handler{}, accounts: map[string]*account{}}
	certificate, public, err := selfSigned("*.dkr.ecr." + region + ".amazonaws.com")
	if err != nil {
		panic(err)
	}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	r.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.server.StartTLS()
	r.proxy = httptest.NewServer(http.HandlerFunc(r.connect))
	r.roots = filepath.Join(work(), "roots.pem")
	if err := os.WriteFile(r.roots, append(systemRoots(), public...), 0o644); err != nil {
		panic(err)
	}
	return r
})

// environment makes a program see the registries.
func (r *registries) environment(a *account) []string {
	r.Lock()
	defer r.Unlock()
	r.accounts[a.id] = a
	return []string{"HTTPS_PROXY=" + r.proxy.URL, "https_proxy=" + r.proxy.URL, "SSL_CERT_FILE=" + r.roots}
}

// connect is the proxy.
func (r *registries) connect(w http.ResponseWriter, req *http.Request) {
	var (
		to  net.Conn
		err error
	)
	ctx, cancel := context.WithTimeout(req.Context(), 30*time.Second)
	defer cancel()
	switch {
	case req.Method != http.MethodConnect:
		http.Error(w, "only for TLS", http.StatusMethodNotAllowed)
		return
	case ecrHost.MatchString(req.Host):
		to, err = (&net.Dialer{}).DialContext(ctx, "tcp", r.server.Listener.Addr().String())
	case strings.Contains(req.Host, "amazonaws.com") || strings.Contains(req.Host, ".aws"):
		http.Error(w, "the tests do not talk to AWS", http.StatusForbidden)
		return
	default:
		to, err = dialOut(ctx, req.Host)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close()
	from, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	if _, err := from.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go func() { io.Copy(to, buffered); done <- struct{}{} }()
	go func() { io.Copy(from, to); done <- struct{}{} }()
	<-done
}

// dialOut connects to a host, through the user's own proxy where there is one.
func dialOut(ctx context.Context, host string) (net.Conn, error) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
	if err != nil || proxy == nil {
		return (&net.Dialer{}).DialContext(ctx, "tcp", host)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", proxy.Host)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // from here on the body is the connection
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

var manifestPath = regexp.MustCompile(`^/v2/(.+)/manifests/([^/]+)$`)

// serve is the registry of the account in the host's name.
func (r *registries) serve(w http.ResponseWriter, req *http.Request) {
	match := ecrHost.FindStringSubmatch(req.Host)
	if match == nil {
		http.NotFound(w, req)
		return
	}
	r.Lock()
	handler, ok := r.byHost[match[1]]
	if !ok {
		handler = containerregistry.New(containerregistry.Logger(log.New(io.Discard, "", 0)))
		r.byHost[match[1]] = handler
	}
	account := r.accounts[match[1]]
	r.Unlock()

	manifest := manifestPath.FindStringSubmatch(req.URL.Path)
	switch {
	case manifest == nil:
		handler.ServeHTTP(w, req)
		return
	case req.Method != http.MethodPut:
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, req)
		if answer.Code == http.StatusNotFound && account.hasRepository(req.Context(), manifest[1]) {
			// This registry knows repositories by their images, ECR by their names.
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}`, http.StatusNotFound)
			return
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
		return
	}
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = account.putImage(req.Context(), manifest[1], manifest[2], req.Header.Get("Content-Type"), body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	handler.ServeHTTP(w, req)
}

// putImage tells the emulator of an image.
func (a *account) putImage(ctx context.Context, repository, reference, mediaType string, manifest []byte) error {
	call := map[string]string{"repositoryName": repository, "imageManifest": string(manifest), "imageManifestMediaType": mediaType}
	if !strings.HasPrefix(reference, "sha256:") {
		call["imageTag"] = reference
	}
	body, err := json.Marshal(call)
	if err != nil {
		return err
	}
	_, err = a.ask(ctx, request{service: "ecr", target: "AmazonEC2ContainerRegistry_V20150921.PutImage", body: string(body)})
	return err
}

func (a *account) hasRepository(ctx context.Context, name string) bool {
	body, err := json.Marshal(map[string][]string{"repositoryNames": {name}})
	if err != nil {
		return false
	}
	_, err = a.ask(ctx, request{service: "ecr", target: "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", body: string(body)})
	return err == nil
}

// selfSigned makes a certificate for a host, which is its own root.
func selfSigned(host string) (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "aegis e2e"}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// systemRoots are the certificates that programs trust on this machine, for what
// they get from elsewhere.
func systemRoots() []byte {
	for _, path := range []string{
		os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
	} {
		if text, err := os.ReadFile(path); err == nil {
			return append(text, '\n')
		}
	}
	return nil
}
