package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// newStateTable is the one table of the control plane: on demand, encrypted,
// restorable to any second of the last 35 days, with items that expire.
func newStateTable(stack cdktf.TerraformStack, e Environment) dynamodbtable.DynamodbTable {
	return dynamodbtable.NewDynamodbTable(stack, jsii.String("State"), &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String(e.name("state")),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String("pk"),
		RangeKey:    jsii.String("sk"),
		Attribute: []*dynamodbtable.DynamodbTableAttribute{
			{Name: jsii.String("pk"), Type: jsii.String("S")},
			{Name: jsii.String("sk"), Type: jsii.String("S")},
		},
		ServerSideEncryption:      &dynamodbtable.DynamodbTableServerSideEncryption{Enabled: jsii.Bool(true)},
		PointInTimeRecovery:       &dynamodbtable.DynamodbTablePointInTimeRecovery{Enabled: jsii.Bool(true)},
		Ttl:                       &dynamodbtable.DynamodbTableTtl{Enabled: jsii.Bool(true), AttributeName: jsii.String("expires_at")},
		DeletionProtectionEnabled: jsii.Bool(e.Protected),
		Tags:                      &map[string]*string{"Name": jsii.String(e.name("state"))},
	})
}
