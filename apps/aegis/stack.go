package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// newStack defines the platform in one environment.
func newStack(app cdktf.App, e Environment) { newStackOf(app, e, agentSpecs()) }

func newStackOf(app cdktf.App, e Environment, specs []agentSpec) {
	stack := cdktf.NewTerraformStack(app, jsii.String(e.stackName()))
	addBackend(stack, e)
	addProvider(stack, e)

	newPlatform(stack, e, specs)
}

func addProvider(stack cdktf.TerraformStack, e Environment) {
	tags := map[string]*string{}
	for k, v := range e.tags() {
		tags[k] = jsii.String(v)
	}
	config := &provider.AwsProviderConfig{DefaultTags: []*provider.AwsProviderDefaultTags{{Tags: &tags}}}
	if e.Region != "" {
		config.Region = jsii.String(e.Region)
	}
	provider.NewAwsProvider(stack, jsii.String("AWS"), config)
	// cdktf writes "aws", which OpenTofu resolves to another address and then
	// wants to upgrade at every init. The full address is right for both.
	stack.AddOverride(jsii.String("terraform.required_providers.aws.source"), "hashicorp/aws")
}

// addBackend says where the state is.
func addBackend(stack cdktf.TerraformStack, e Environment) {
	if e.Backend.Bucket == "" {
		// Relative to the stack's folder in cdktf.out: the same on every machine,
		// and in the project's folder, where it outlives cdktf.out.
		cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{
			Path: jsii.String("../../../terraform." + e.stackName() + ".tfstate"),
		})
		return
	}
	backend := cdktf.NewS3Backend(stack, &cdktf.S3BackendConfig{
		Bucket:  jsii.String(e.Backend.Bucket),
		Key:     jsii.String("aegis/" + e.Name + "/terraform.tfstate"),
		Region:  jsii.String(e.Backend.Region),
		Encrypt: jsii.Bool(true),
	})
	// A lock file beside the state, which cdktf 0.20 has no field for.
	// https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
	backend.AddOverride(jsii.String("use_lockfile"), true)
}
