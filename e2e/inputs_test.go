//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/agent"
	"github.com/aegis-agents/aegis/constructs/lambda"
)

// lambdaInput are the inputs of the module lambda, by their names.
type lambdaInput struct {
	Handler              *string           `json:"handler"`
	Runtime              *string           `json:"runtime"`
	SourceDir            string            `json:"source_dir"`
	ExcludeFiles         []string          `json:"exclude_files"`
	MemorySize           int               `json:"memory_size"`
	Timeout              int               `json:"timeout"`
	EnvironmentVariables map[string]string `json:"environment_variables"`
	PolicyARNs           []string          `json:"policy_arns"`
	InlinePolicy         *string           `json:"inline_policy"`
	LogRetentionDays     int               `json:"log_retention_days"`
	VPCConfig            *struct {
		SubnetIDs        []string `json:"subnet_ids"`
		SecurityGroupIDs []string `json:"security_group_ids"`
	} `json:"vpc_config"`
	DeadLetterConfig *struct {
		TargetARN string `json:"target_arn"`
	} `json:"dead_letter_config"`
	EphemeralStorageSize         int      `json:"ephemeral_storage_size"`
	ReservedConcurrentExecutions *int     `json:"reserved_concurrent_executions"`
	TracingMode                  string   `json:"tracing_mode"`
	Architectures                []string `json:"architectures"`
	Layers                       []string `json:"layers"`
	EnableFunctionURL            bool     `json:"enable_function_url"`
	FunctionURLAuthType          string   `json:"function_url_auth_type"`
	FunctionURLCORS              *struct {
		AllowCredentials bool     `json:"allow_credentials"`
		AllowHeaders     []string `json:"allow_headers"`
		AllowMethods     []string `json:"allow_methods"`
		AllowOrigins     []string `json:"allow_origins"`
		ExposeHeaders    []string `json:"expose_headers"`
		MaxAge           int      `json:"max_age"`
	} `json:"function_url_cors"`
	ScheduleExpression   string            `json:"schedule_expression"`
	AliasName            string            `json:"alias_name"`
	AliasFunctionVersion string            `json:"alias_function_version"`
	Tags                 map[string]string `json:"tags"`
}

const (
	// everyVersion stands for the alias that follows, which the module has not.
	everyVersion  = "every version"
	latestVersion = "$LATEST"
)

func lambdaInputs(stack cdktf.TerraformStack, c equalCase, unknown *string) error {
	var in lambdaInput
	if err := strict(c.Inputs, &in); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	lambda.NewFunction(stack, c.Name, in.props(c.name(), unknown))
	return nil
}

func (in lambdaInput) props(name string, unknown *string) lambda.Props {
	source := in.SourceDir
	if source == "" {
		source = "plain"
	}
	p := lambda.Props{
		FunctionName:        name,
		Code:                lambda.Directory{Path: filepath.Join(sources(), source), Exclude: in.ExcludeFiles},
		Handler:             "main.lambda_handler",
		Runtime:             lambda.Python312,
		MemoryMiB:           in.MemorySize,
		Timeout:             time.Duration(in.Timeout) * time.Second,
		InlinePolicy:        in.InlinePolicy,
		LogRetentionDays:    in.LogRetentionDays,
		EphemeralStorageMiB: in.EphemeralStorageSize,
		TracingMode:         lambda.TracingMode(in.TracingMode),
		Layers:              *jsii.Strings(in.Layers...),
		Environment:         pointers(in.EnvironmentVariables),
		Tags:                pointers(in.Tags),
	}
	if in.Handler != nil {
		p.Handler = *in.Handler
	}
	if in.Runtime != nil {
		p.Runtime = lambda.Runtime(*in.Runtime)
	}
	if len(in.Architectures) > 0 {
		p.Architecture = lambda.Architecture(in.Architectures[0])
	}
	p.ManagedPolicyARNs = policies(in.PolicyARNs, unknown)
	if v := in.VPCConfig; v != nil {
		p.VPC = &lambda.VPC{SubnetIDs: *jsii.Strings(v.SubnetIDs...), SecurityGroupIDs: *jsii.Strings(v.SecurityGroupIDs...)}
	}
	if d := in.DeadLetterConfig; d != nil {
		if strings.Contains(d.TargetARN, ":sns:") {
			p.DeadLetter.TopicARN = jsii.String(d.TargetARN)
		} else {
			p.DeadLetter.QueueARN = jsii.String(d.TargetARN)
		}
	}
	if r := in.ReservedConcurrentExecutions; r != nil && *r >= 0 {
		p.ReservedConcurrency = r
	}
	if in.EnableFunctionURL {
		p.URL = &lambda.FunctionURL{AuthType: lambda.AuthType(in.FunctionURLAuthType)}
		if c := in.FunctionURLCORS; c != nil {
			p.URL.CORS = &lambda.CORS{
				AllowCredentials: c.AllowCredentials, AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods,
				AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: time.Duration(c.MaxAge) * time.Second,
			}
		}
	}
	if in.ScheduleExpression != "" {
		p.Schedules = []lambda.Schedule{{Expression: in.ScheduleExpression}}
	}
	if in.AliasName != "" {
		p.Alias = &lambda.Alias{Name: in.AliasName, FunctionVersion: in.AliasFunctionVersion}
		switch in.AliasFunctionVersion {
		case "":
			p.Alias.FunctionVersion = latestVersion
		case everyVersion:
			p.Alias.FunctionVersion = ""
		}
	}
	return p
}

func pointers(m map[string]string) map[string]*string {
	if m == nil {
		return nil
	}
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = jsii.String(v)
	}
	return out
}

// agentInput are the inputs of the module agent, by their names.
type agentInput struct {
	ECRRegistry                  *string           `json:"ecr_registry"`
	ImageTag                     string            `json:"image_tag"`
	AdditionalTags               []string          `json:"additional_tags"`
	Platform                     string            `json:"platform"`
	BuildArgs                    map[string]string `json:"build_args"`
	DockerfilePath               string            `json:"dockerfile_path"`
	EnableDockerBuild            *bool             `json:"enable_docker_build"`
	ForceRebuild                 bool              `json:"force_rebuild"`
	ImageTagMutability           string            `json:"image_tag_mutability"`
	ScanOnPush                   *bool             `json:"scan_on_push"`
	EncryptionType               string            `json:"encryption_type"`
	KMSKeyARN                    *string           `json:"kms_key_arn"`
	ForceDelete                  bool              `json:"force_delete"`
	LifecyclePolicy              *string           `json:"lifecycle_policy"`
	EnableDefaultLifecyclePolicy *bool             `json:"enable_default_lifecycle_policy"`
	MaxImageCount                int               `json:"max_image_count"`
	UntaggedImageDays            int               `json:"untagged_image_days"`
	RepositoryPolicy             *string           `json:"repository_policy"`
	CreateLogGroup               bool              `json:"create_log_group"`
	LogRetentionDays             int               `json:"log_retention_days"`
	CreateIAMRole                bool              `json:"create_iam_role"`
	IAMRolePrincipals            []string          `json:"iam_role_principals"`
	IAMPolicyARNs                []string          `json:"iam_policy_arns"`
	IAMInlinePolicy              *string           `json:"iam_inline_policy"`
	Tags                         map[string]string `json:"tags"`
}

// contentTag stands for the tag of the content, which the module has not.
const contentTag = "content"

func agentInputs(stack cdktf.TerraformStack, c equalCase, unknown *string) error {
	var in agentInput
	if err := strict(c.Inputs, &in); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	agent.New(stack, c.Name, in.props(c.name(), unknown))
	return nil
}

func (in agentInput) props(name string, unknown *string) agent.Props {
	p := agent.Props{
		Name:               name,
		Source:             agent.Dockerfile{ContextDir: filepath.Join(sources(), "image"), Dockerfile: in.DockerfilePath, BuildArgs: in.BuildArgs},
		ECRRegistry:        in.ECRRegistry,
		ImageTag:           in.ImageTag,
		AdditionalTags:     in.AdditionalTags,
		ForceRebuild:       in.ForceRebuild,
		ImageTagMutability: agent.TagMutability(in.ImageTagMutability),
		EncryptionType:     agent.EncryptionType(in.EncryptionType),
		KMSKeyARN:          in.KMSKeyARN,
		ForceDelete:        in.ForceDelete,
		LifecyclePolicy:    in.LifecyclePolicy,
		MaxImageCount:      in.MaxImageCount,
		UntaggedImageDays:  in.UntaggedImageDays,
		RepositoryPolicy:   in.RepositoryPolicy,
		CreateLogGroup:     in.CreateLogGroup,
		LogRetentionDays:   in.LogRetentionDays,
		CreateRole:         in.CreateIAMRole,
		RolePrincipals:     in.IAMRolePrincipals,
		ManagedPolicyARNs:  policies(in.IAMPolicyARNs, unknown),
		InlinePolicy:       in.IAMInlinePolicy,
		Tags:               pointers(in.Tags),
	}
	// The module's defaults where ours are others.
	switch in.ImageTag {
	case contentTag:
		p.ImageTag = ""
	case "":
		p.ImageTag = "latest"
	}
	if in.ImageTagMutability == "" && in.ImageTag != contentTag {
		p.ImageTagMutability = agent.Mutable
	}
	if in.Platform != "" {
		p.Platforms = []agent.Platform{agent.Platform(in.Platform)}
	}
	if b := in.EnableDockerBuild; b != nil && !*b {
		p.BuildDisabled, p.Source = true, nil
	}
	if b := in.ScanOnPush; b != nil {
		p.ScanOnPushDisabled = !*b
	}
	if b := in.EnableDefaultLifecyclePolicy; b != nil && in.LifecyclePolicy == nil {
		p.LifecycleDisabled = !*b
	}
	return p
}
