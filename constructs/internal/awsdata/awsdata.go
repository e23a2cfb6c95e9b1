// Package awsdata reads what a stack's AWS provider knows about itself, once
// for each stack.
//
// Literal ARNs of AWS's own policies have to name the partition, which is "aws"
// only outside China and GovCloud.
//
// It makes data sources only, no resources.
package awsdata

import (
	"sync"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// partitionID is the construct id of the data source in the stack.
const partitionID = "AegisPartition"

// partitions remembers the partition of a stack, which saves three calls to the
// kernel for each function: a seventh of what a small function costs.
var partitions sync.Map // of cdktf.TerraformStack to *string

// Partition returns the partition of the stack that c is in, such as "aws".
func Partition(c constructs.Construct) *string {
	stack := cdktf.TerraformStack_Of(c)
	if known, ok := partitions.Load(stack); ok {
		return known.(*string) //nolint:errcheck // nothing else is stored
	}
	partition := find(stack).Partition()
	partitions.Store(stack, partition)
	return partition
}

func find(stack cdktf.TerraformStack) dataawspartition.DataAwsPartition {
	if found, ok := stack.Node().TryFindChild(jsii.String(partitionID)).(dataawspartition.DataAwsPartition); ok {
		return found
	}
	return dataawspartition.NewDataAwsPartition(stack, jsii.String(partitionID), nil)
}

// ManagedPolicy returns the ARN of one of AWS's own policies; name may have a
// path, as in "service-role/AWSLambdaBasicExecutionRole".
func ManagedPolicy(c constructs.Construct, name string) *string {
	return jsii.String("arn:" + *Partition(c) + ":iam::aws:policy/" + name)
}
