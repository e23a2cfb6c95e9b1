package builder

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/internal/image/job"
)

const (
	ecrPassword   = "ecr-password"
	ecrRegistry   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	ecrRepository = ecrRegistry + "/agents/one"
)

// withECR is an ECR endpoint on the loopback interface that answers as told, and
// credentials for it.
func withECR(t *testing.T, status int, body string) *http.Request {
	t.Helper()
	var last http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		last = *r
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	withoutAWS(t)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return &last
}

// withoutAWS takes away all credentials.
func withoutAWS(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	nothing := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", nothing)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func token() string {
	text := base64.StdEncoding.EncodeToString([]byte("AWS:" + ecrPassword))
	return `{"authorizationData":[{"authorizationToken":"` + text + `","expiresAt":2000000000,"proxyEndpoint":"https://` + ecrRegistry + `"}]}`
}

func TestECRLayout(t *testing.T) {
	reg := newRegistry(t)
	request := withECR(t, http.StatusOK, token())
	j := layoutJob(t)
	out, code := runJob(t, j, map[string]string{job.EnvRepository: ecrRepository, job.EnvRegion: "eu-central-1"}, reg.asECR(t))
	if code != 0 || !strings.Contains(out, "login: account 123456789012 in eu-central-1\n") || strings.Contains(out, ecrPassword) {
		t.Fatalf("exit %d: %s", code, out)
	}
	if got := reg.digest(t, "agents/one", j.Hash[:12]); got != j.Layout.Digest {
		t.Errorf("the registry has %s, want %s", got, j.Layout.Digest)
	}
	if got := request.Header.Get("X-Amz-Target"); got != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken" {
		t.Error(got)
	}
	if got := request.Header.Get("Authorization"); !strings.Contains(got, "/eu-central-1/ecr/aws4_request") {
		t.Error(got)
	}
	reg.written()
	if out, code = runJob(t, j, map[string]string{job.EnvRepository: ecrRepository}, reg.asECR(t)); code != 0 || len(reg.written()) > 0 {
		t.Errorf("the second time: exit %d: %s", code, out)
	}
}

// TestECRDocker checks how docker gets the password, and that it is gone afterwards.
func TestECRDocker(t *testing.T) {
	reg := newRegistry(t)
	_, calls := withDocker(t, buildx(reg.host)...)
	withECR(t, http.StatusOK, token())
	user := filepath.Join(os.Getenv("HOME"), ".docker")
	must(t, os.MkdirAll(user, 0o755))
	must(t, os.WriteFile(filepath.Join(user, "config.json"), []byte(`{"auths":{"`+ecrRegistry+`":{"auth":"b2xk"},"ghcr.io":{"auth":"Z2g="}},"credHelpers":{"`+ecrRegistry+`":"ecr-login"}}`), 0o600))

	out, code := runJob(t, dockerJob(t, nil), map[string]string{job.EnvRepository: ecrRepository}, reg.asECR(t))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	all := calls()
	if diff := cmp.Diff([]string{"version", "login", "buildx version", "buildx build"}, commands(all)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]string{"login", "--username", "AWS", "--password-stdin", ecrRegistry}, all[1].Args); diff != "" {
		t.Error(diff)
	}
	if all[1].Stdin != ecrPassword {
		t.Errorf("stdin %q", all[1].Stdin)
	}
	wantText(t, all[1].Config, `{"auths":{"ghcr.io":{"auth":"Z2g="}},"credHelpers":{}}`)
	for _, c := range all {
		text, err := json.Marshal([]any{c.Args, c.Env})
		must(t, err)
		if strings.Contains(string(text), ecrPassword) {
			t.Errorf("the password is in the arguments or the environment of docker %s", c.Args[0])
		}
		if c.Dir != all[1].Dir {
			t.Errorf("docker %s has another configuration", c.Args[0])
		}
	}
	if left := leftovers(t); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

func TestECRErrors(t *testing.T) {
	apiError := func(code, message string) string { return fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message) }
	for name, tc := range map[string]struct {
		status int
		body   string
		region string
		set    func(t *testing.T)
		want   string
	}{
		"denied": {
			400, apiError("AccessDeniedException", "User: arn:aws:iam::1:user/u is not authorized"), "", nil,
			"error: login to ECR was denied: User: arn:aws:iam::1:user/u is not authorized\n" +
				"  allow ecr:GetAuthorizationToken on \"*\" to the role or user that runs terraform\n",
		},
		"expired": {
			400, apiError("ExpiredTokenException", "The security token included in the request is expired"), "", nil,
			"error: the AWS credentials were not accepted: ExpiredTokenException\n  they have expired or belong to another partition: log in again (aws sso login), " +
				"and check with: aws sts get-caller-identity\n",
		},
		"unknown key":    {400, apiError("UnrecognizedClientException", "x"), "", nil, "error: the AWS credentials were not accepted: UnrecognizedClientException\n"},
		"no credentials": {200, "", "", withoutAWS, "error: no AWS credentials: "},
		"no such profile": {
			200, "", "", func(t *testing.T) { t.Helper(); t.Setenv("AWS_PROFILE", "nope") }, "error: no AWS credentials: failed to get shared config profile, nope\n  set AWS_PROFILE, or ",
		},
		"wrong region": {
			200, "", "us-east-1", nil,
			"error: wrong region: the repository is in eu-central-1, but the region is set to us-east-1\n  use the region of the repository for the AWS provider of this stack\n",
		},
		"no data":      {200, `{}`, "", nil, "error: ecr has returned no credentials\n"},
		"unknown form": {200, `{"authorizationData":[{"authorizationToken":"c2VjcmV0"}]}`, "", nil, "error: ecr has returned credentials of an unknown form\n"},
		"server error": {500, apiError("ServerException", "sorry"), "", nil, "error: login to ECR in eu-central-1: "},
		"unreachable":  {200, "", "", func(t *testing.T) { t.Helper(); t.Setenv("AWS_ENDPOINT_URL", "http://no-such-host.invalid") }, "error: ECR cannot be reached in eu-central-1: "},
	} {
		t.Run(name, func(t *testing.T) {
			withECR(t, tc.status, tc.body)
			if tc.set != nil {
				tc.set(t)
			}
			out, code := runJob(t, layoutJob(t), map[string]string{job.EnvRepository: ecrRepository, job.EnvRegion: tc.region}, nil)
			if code != 1 || !strings.Contains(out, tc.want) {
				t.Errorf("exit %d, no %q in\n%s", code, tc.want, out)
			}
		})
	}
}

func TestECRHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		ecrRegistry: "123456789012 eu-central-1",
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "123456789012 us-gov-west-1",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":      "123456789012 cn-north-1",
		"123456789012.dkr-ecr.us-east-1.on.aws":                 "123456789012 us-east-1",
		"public.ecr.aws":                                        "",
		"127.0.0.1:5000":                                        "",
		"12345.dkr.ecr.us-east-1.amazonaws.com":                 "",
	} {
		account, region, ok := ecrHost(host)
		if got := strings.TrimSpace(account + " " + region); got != want || ok != (want != "") {
			t.Errorf("%s: %q", host, got)
		}
	}
}
