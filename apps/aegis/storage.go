package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawssecretsmanagerrandompassword"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketlifecycleconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpublicaccessblock"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketserversideencryptionconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketversioning"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/secretsmanagersecret"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/secretsmanagersecretversion"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

const (
	// stateIndex finds records by status and time. Its name is controller/internal/dynamo's.
	stateIndex = "index"
	// noncurrentDays is how long an overwritten or deleted object can be had back.
	noncurrentDays = 30
	// checkpointPrefix is where an agent leaves what its task's next attempt goes on
	// from, as agents/internal/kit names it.
	checkpointPrefix = "checkpoints"
	// checkpointDays is a day longer than any workflow may take: later there is no
	// next attempt. checkpointNoncurrentDays is S3's least: nobody wants an old one.
	checkpointDays, checkpointNoncurrentDays = 8, 1
	// bodyPrefix is where inputs and outputs are that are too large for a message, by
	// their hash: who needs one again puts it again, which makes it new.
	bodyPrefix = "objects"
	// uploadDays is how long the parts of an upload that was given up stay.
	uploadDays = 7
	// recoveryDays is Secrets Manager's longest: time to take a deletion back.
	recoveryDays = 30
	// secretLength of 64 letters and digits has more than 256 bits of chance.
	secretLength = 64
)

// newStateTable is the one table of the control plane: on demand, encrypted,
// restorable to any second of the last 35 days, with items that expire.
func newStateTable(stack cdktf.TerraformStack, e Environment) dynamodbtable.DynamodbTable {
	attributes := []*dynamodbtable.DynamodbTableAttribute{}
	for _, key := range []string{"gpk", "gsk", "pk", "sk"} {
		attributes = append(attributes, &dynamodbtable.DynamodbTableAttribute{Name: jsii.String(key), Type: jsii.String("S")})
	}
	return dynamodbtable.NewDynamodbTable(stack, jsii.String("State"), &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String(e.name("state")),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String("pk"),
		RangeKey:    jsii.String("sk"),
		Attribute:   attributes,
		GlobalSecondaryIndex: []*dynamodbtable.DynamodbTableGlobalSecondaryIndex{{
			Name: jsii.String(stateIndex), HashKey: jsii.String("gpk"), RangeKey: jsii.String("gsk"), ProjectionType: jsii.String("ALL"),
		}},
		ServerSideEncryption:      &dynamodbtable.DynamodbTableServerSideEncryption{Enabled: jsii.Bool(true)},
		PointInTimeRecovery:       &dynamodbtable.DynamodbTablePointInTimeRecovery{Enabled: jsii.Bool(true)},
		Ttl:                       &dynamodbtable.DynamodbTableTtl{Enabled: jsii.Bool(true), AttributeName: jsii.String("expires_at")},
		DeletionProtectionEnabled: jsii.Bool(e.Protected),
		Tags:                      nameTag(e.name("state")),
	})
}

// newArtifactBucket is where bodies, artifacts and checkpoints are. Terraform adds
// to its name what makes it one of a kind in the world.
func newArtifactBucket(stack cdktf.TerraformStack, e Environment) s3bucket.S3Bucket {
	bucket := s3bucket.NewS3Bucket(stack, jsii.String("Artifacts"), &s3bucket.S3BucketConfig{
		BucketPrefix: jsii.String(e.name("artifacts-")),
		ForceDestroy: jsii.Bool(!e.Protected),
		Tags:         nameTag(e.name("artifacts")),
	})
	versioning := s3bucketversioning.NewS3BucketVersioningA(stack, jsii.String("ArtifactsVersioning"), &s3bucketversioning.S3BucketVersioningAConfig{
		Bucket:                  bucket.Id(),
		VersioningConfiguration: &s3bucketversioning.S3BucketVersioningVersioningConfiguration{Status: jsii.String("Enabled")},
	})
	s3bucketserversideencryptionconfiguration.NewS3BucketServerSideEncryptionConfigurationA(stack, jsii.String("ArtifactsEncryption"),
		&s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationAConfig{
			Bucket: bucket.Id(),
			Rule: []*s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleA{{
				ApplyServerSideEncryptionByDefault: &s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA{
					SseAlgorithm: jsii.String("AES256"),
				},
			}},
		})
	block := s3bucketpublicaccessblock.NewS3BucketPublicAccessBlock(stack, jsii.String("ArtifactsPublicAccess"),
		&s3bucketpublicaccessblock.S3BucketPublicAccessBlockConfig{
			Bucket:          bucket.Id(),
			BlockPublicAcls: jsii.Bool(true), BlockPublicPolicy: jsii.Bool(true), IgnorePublicAcls: jsii.Bool(true), RestrictPublicBuckets: jsii.Bool(true),
		})
	s3bucketpolicy.NewS3BucketPolicy(stack, jsii.String("ArtifactsPolicy"), &s3bucketpolicy.S3BucketPolicyConfig{
		Bucket: bucket.Id(),
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html
		Policy: jsonText(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Sid": "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
			"Resource":  []any{*bucket.Arn(), *bucket.Arn() + "/*"},
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}}}),
		// Two changes of a bucket's access at once are refused with 409.
		DependsOn: &[]cdktf.ITerraformDependable{block},
	})
	s3bucketlifecycleconfiguration.NewS3BucketLifecycleConfiguration(stack, jsii.String("ArtifactsLifecycle"),
		&s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationConfig{
			Bucket: bucket.Id(),
			Rule: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule{{
				Id: jsii.String("tidy"), Status: jsii.String("Enabled"),
				Filter: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleFilter{{Prefix: jsii.String("")}},
				NoncurrentVersionExpiration: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration{{
					NoncurrentDays: jsii.Number(noncurrentDays),
				}},
				AbortIncompleteMultipartUpload: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload{{
					DaysAfterInitiation: jsii.Number(uploadDays),
				}},
			},
				expiry(checkpointPrefix, checkpointDays, checkpointNoncurrentDays),
				// The last record that names a body goes KeepDays after its workflow's end.
				expiry(bodyPrefix, checkpointDays+e.KeepDays, noncurrentDays),
			},
			// A rule on noncurrent versions takes a bucket that has them.
			DependsOn: &[]cdktf.ITerraformDependable{versioning},
		})
	return bucket
}

// expiry is the rule that objects below a prefix go after some days, and their
// versions after some more. Where rules overlap, the shorter time holds.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
func expiry(prefix string, days, noncurrent int) *s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule {
	return &s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule{
		Id: jsii.String(prefix), Status: jsii.String("Enabled"),
		Filter:     []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleFilter{{Prefix: jsii.String(prefix + "/")}},
		Expiration: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleExpiration{{Days: jsii.Number(days)}},
		NoncurrentVersionExpiration: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration{{
			NoncurrentDays: jsii.Number(noncurrent),
		}},
	}
}

// newMACSecret holds the keys of the tasks' MACs. The first is made by Secrets
// Manager; Terraform leaves alone what later takes its place. Why it may be in the
// state is in docs/design/0006-mac-keys.md.
func newMACSecret(stack cdktf.TerraformStack, e Environment) secretsmanagersecret.SecretsmanagerSecret {
	recovery := 0
	if e.Protected {
		recovery = recoveryDays
	}
	secret := secretsmanagersecret.NewSecretsmanagerSecret(stack, jsii.String("MacKeys"), &secretsmanagersecret.SecretsmanagerSecretConfig{
		// A name is taken until the deletion is final: a prefix lets it be made anew.
		NamePrefix:           jsii.String(e.name("mac-keys-")),
		Description:          jsii.String("Keys of the MACs of agents' tasks"),
		RecoveryWindowInDays: jsii.Number(recovery),
		Tags:                 nameTag(e.name("mac-keys")),
	})
	chance := dataawssecretsmanagerrandompassword.NewDataAwsSecretsmanagerRandomPassword(stack, jsii.String("MacKey"),
		&dataawssecretsmanagerrandompassword.DataAwsSecretsmanagerRandomPasswordConfig{
			PasswordLength: jsii.Number(secretLength), ExcludePunctuation: jsii.Bool(true),
		})
	secretsmanagersecretversion.NewSecretsmanagerSecretVersion(stack, jsii.String("MacKeysFirst"), &secretsmanagersecretversion.SecretsmanagerSecretVersionConfig{
		SecretId: secret.Id(),
		SecretString: jsonText(map[string]any{
			"current": "k1", "keys": map[string]any{"k1": *cdktf.Fn_Base64encode(chance.RandomPassword())},
		}),
		Lifecycle: &cdktf.TerraformResourceLifecycle{IgnoreChanges: &[]*string{jsii.String("secret_string")}},
	})
	return secret
}

func nameTag(name string) *map[string]*string {
	return &map[string]*string{"Name": jsii.String(name)}
}
