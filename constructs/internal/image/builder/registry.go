package builder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// registry is a repository that can be written to.
type registry struct {
	repository name.Repository
	// login is the user and password of docker login, or nil where the user's own
	// configuration counts.
	login   *authn.AuthConfig
	options []remote.Option
}

// connect finds the repository and gets credentials for it. Registries other than
// ECR are for tests and for teams with their own; what counts there is the Docker
// configuration of whoever runs this. A registry on the loopback interface is
// spoken to without TLS.
func (p *program) connect(ctx context.Context, repository, region string) (*registry, error) {
	repo, err := name.NewRepository(repository, name.StrictValidation)
	if err != nil {
		return nil, fmt.Errorf("%q is not the URL of a repository: %w", repository, err)
	}
	reg := &registry{repository: repo}
	host := repo.RegistryStr()
	auth := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	if account, hostRegion, ok := ecrHost(host); ok {
		if region != "" && region != hostRegion {
			return nil, &failure{
				reason: fmt.Sprintf("wrong region: the repository is in %s, but the region is set to %s", hostRegion, region),
				remedy: "use the region of the repository for the AWS provider of this stack",
			}
		}
		p.say("login: account %s in %s", account, hostRegion)
		if reg.login, err = ecrLogin(ctx, hostRegion); err != nil {
			return nil, err
		}
		auth = remote.WithAuth(authn.FromConfig(*reg.login))
	} else {
		p.say("login: %s, as in the Docker configuration", host)
	}
	reg.options = []remote.Option{auth, remote.WithTransport(p.transport), remote.WithUserAgent("aegis")}
	return reg, nil
}

func (r *registry) with(ctx context.Context) []remote.Option {
	return append(slices.Clone(r.options), remote.WithContext(ctx))
}

// get returns the image with a tag, or nil if there is none. It is a GET and not
// a HEAD, because only an answer with a body tells a missing tag from a missing
// repository.
func (r *registry) get(ctx context.Context, tag string) (*remote.Descriptor, error) {
	found, err := remote.Get(r.repository.Tag(tag), r.with(ctx)...)
	if r.missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, r.explain("read "+tag, err)
	}
	return found, nil
}

// digest returns the digest that a tag has, or "".
func (r *registry) digest(ctx context.Context, tag string) (string, error) {
	found, err := remote.Head(r.repository.Tag(tag), r.with(ctx)...)
	if r.missing(err) {
		return "", nil
	}
	if err != nil {
		return "", r.explain("read "+tag, err)
	}
	return found.Digest.String(), nil
}

// tag gives an image a further tag. Only the manifest is sent.
func (r *registry) tag(ctx context.Context, tag string, image *remote.Descriptor) error {
	if err := remote.Tag(r.repository.Tag(tag), image, r.with(ctx)...); err != nil {
		return r.explain("push "+tag, err)
	}
	return nil
}

// missing reports whether the registry has said that a tag does not exist. ECR's
// repositories must exist before a push; other registries make them.
func (r *registry) missing(err error) bool {
	e, ok := errors.AsType[*transport.Error](err)
	return ok && e.StatusCode == http.StatusNotFound && (r.login == nil || !hasCode(e, transport.NameUnknownErrorCode))
}

func hasCode(e *transport.Error, codes ...transport.ErrorCode) bool {
	return slices.ContainsFunc(e.Errors, func(d transport.Diagnostic) bool { return slices.Contains(codes, d.Code) })
}
