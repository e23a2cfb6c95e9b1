package builder

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/authn"
)

// ecrPattern is the host of a private ECR registry in any partition, with the
// variants for FIPS and dual stack.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
var ecrPattern = regexp.MustCompile(`^([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z]+(?:-[a-z]+)+-[0-9]+)\.[a-z0-9.-]+$`)

func ecrHost(host string) (account, region string, ok bool) {
	m := ecrPattern.FindStringSubmatch(host)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// ecrLogin gets a password that is good for twelve hours. It comes from the AWS
// credentials of whoever runs terraform, by the SDK's usual rules.
func ecrLogin(ctx context.Context, region string) (*authn.AuthConfig, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, explainAWS(ctx, region, err)
	}
	out, err := ecr.NewFromConfig(cfg).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, explainAWS(ctx, region, err)
	}
	if len(out.AuthorizationData) == 0 {
		return nil, errors.New("ecr has returned no credentials")
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	user, password, ok := strings.Cut(string(text), ":")
	if err != nil || !ok {
		// Without the value, which could be half a password.
		return nil, errors.New("ecr has returned credentials of an unknown form")
	}
	return &authn.AuthConfig{Username: user, Password: password}, nil
}

// explainAWS says what to do about an error of the AWS SDK.
func explainAWS(ctx context.Context, region string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := err.Error()
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch code := api.ErrorCode(); {
		case strings.HasPrefix(code, "AccessDenied"):
			return &failure{
				reason: "login to ECR was denied: " + api.ErrorMessage(),
				remedy: "allow ecr:GetAuthorizationToken on \"*\" to the role or user that runs terraform",
			}
		case code == "UnrecognizedClientException", code == "InvalidSignatureException", code == "InvalidClientTokenId",
			strings.HasPrefix(code, "ExpiredToken"), code == "InvalidGrantException", code == "UnauthorizedException":
			return &failure{
				reason: "the AWS credentials were not accepted: " + code,
				remedy: "they have expired or belong to another partition: log in again (aws sso login), and check with: aws sts get-caller-identity",
			}
		}
	}
	switch {
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "get credentials"),
		strings.Contains(text, "failed to retrieve credentials"), strings.Contains(text, "static credentials are empty"),
		strings.Contains(text, "failed to get shared config profile"), strings.Contains(text, "InvalidToken"):
		return &failure{
			reason: "no AWS credentials",
			remedy: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for terraform as a whole: " +
				"what is configured in the provider block only does not reach this program",
			err: err,
		}
	case strings.Contains(text, "no such host"):
		return &failure{
			reason: fmt.Sprintf("ECR cannot be reached in %s", region),
			remedy: "check that the region exists and that this machine has a way to it (DNS, proxy, VPC endpoint)",
			err:    err,
		}
	}
	return fmt.Errorf("login to ECR in %s: %w", region, err)
}
