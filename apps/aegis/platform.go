package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsregion"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ecscluster"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/secretsmanagersecret"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// platform is what the parts of the stack know of each other.
type platform struct {
	stack cdktf.TerraformStack
	env   Environment

	partition, region, account *string

	table     dynamodbtable.DynamodbTable
	bucket    s3bucket.S3Bucket
	macKeys   secretsmanagersecret.SecretsmanagerSecret
	tasks     queue
	callbacks queue
	network   network
	cluster   ecscluster.EcsCluster
	workflows []workflow
	agents    []runnable
	functions functions
}

// newPlatform defines everything, what is used before what uses it.
func newPlatform(stack cdktf.TerraformStack, e Environment, specs []agentSpec) *platform {
	p := &platform{
		stack: stack, env: e,
		partition: dataawspartition.NewDataAwsPartition(stack, jsii.String("Partition"), nil).Partition(),
		region:    dataawsregion.NewDataAwsRegion(stack, jsii.String("Region"), nil).Name(),
		account:   dataawscalleridentity.NewDataAwsCallerIdentity(stack, jsii.String("Account"), nil).AccountId(),
		table:     newStateTable(stack, e),
		bucket:    newArtifactBucket(stack, e),
		macKeys:   newMACSecret(stack, e),
		tasks:     newTaskQueue(stack, e),
		callbacks: newCallbackQueue(stack, e),
	}
	p.network = p.newNetwork()
	p.cluster = p.newCluster()
	p.workflows = p.newWorkflows()
	p.agents = p.newAgents(specs)
	p.functions = p.newFunctions()
	p.newAlarms()
	p.newDashboard()
	p.newOutputs()
	return p
}

// kmsKey is the key of the log groups, nil for CloudWatch's own.
func (p *platform) kmsKey() *string {
	if p.env.KMSKeyARN == "" {
		return nil
	}
	return jsii.String(p.env.KMSKeyARN)
}
