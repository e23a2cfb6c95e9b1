package builder

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// pushActions are what IAM must allow for a push.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
const pushActions = "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:CompleteLayerUpload, ecr:GetDownloadUrlForLayer, " +
	"ecr:InitiateLayerUpload, ecr:PutImage and ecr:UploadLayerPart"

// explain says what to do about an error of a registry. what is what was tried:
// "push latest".
func (r *registry) explain(what string, err error) error {
	e, ok := errors.AsType[*transport.Error](err)
	switch {
	case ok && hasCode(e, transport.NameUnknownErrorCode):
		return r.noRepository()
	case ok && immutable(err.Error()):
		return r.immutableTag(err)
	case ok && (e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusUnauthorized ||
		hasCode(e, transport.DeniedErrorCode, transport.UnauthorizedErrorCode)):
		return r.denied(what, err)
	case ok && e.StatusCode == http.StatusTooManyRequests:
		return &failure{
			reason: "the registry refuses more requests for now", remedy: "apply again in a minute", err: err,
		}
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(err.Error(), "no such host"):
		return r.unreachable(err)
	}
	return fmt.Errorf("%s in %s: %w", what, r.repository, err)
}

// immutable reports whether a text is ECR's refusal to move a tag.
func immutable(text string) bool {
	return strings.Contains(text, "tag is immutable") || strings.Contains(text, "ImageTagAlreadyExists")
}

func (r *registry) noRepository() error {
	reason := "the repository " + r.repository.RepositoryStr() + " does not exist in " + r.repository.RegistryStr()
	remedy := "create it, or correct its name"
	if account, region, ok := ecrHost(r.repository.RegistryStr()); ok {
		reason = fmt.Sprintf("the repository %s does not exist in account %s in %s", r.repository.RepositoryStr(), account, region)
		remedy = "check that account and region are those of the repository; if it was removed by hand, apply again to create it"
	}
	return &failure{reason: reason, remedy: remedy}
}

func (r *registry) denied(what string, err error) error {
	if r.login == nil {
		return &failure{
			reason: what + " was denied by " + r.repository.RegistryStr(),
			remedy: "log in with: docker login " + r.repository.RegistryStr(),
			err:    err,
		}
	}
	return &failure{
		reason: what + " was denied by " + r.repository.RegistryStr(),
		remedy: "allow " + pushActions + " on the repository " + r.repository.RepositoryStr() +
			" to the role or user that runs terraform, and check that no statement of the repository's policy denies them",
		err: err,
	}
}

func (r *registry) immutableTag(err error) error {
	return &failure{
		reason: "a tag exists already, and the tags of " + r.repository.RepositoryStr() + " are immutable",
		remedy: "choose another tag, or none: the default tag follows from the content",
		err:    err,
	}
}

func (r *registry) unreachable(err error) error {
	return &failure{
		reason: "the registry " + r.repository.RegistryStr() + " cannot be reached",
		remedy: "check the region, and that this machine has a way to it (DNS, proxy, VPC endpoint)",
		err:    err,
	}
}
