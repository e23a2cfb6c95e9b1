//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// listing is how to ask for everything of one kind in an account.
type listing struct {
	request
	// key holds the names: a JSON key or an XML element, at any depth.
	key string
}

func query(service, version, action, key string) listing {
	return listing{request{service: service, body: "Action=" + action + "&Version=" + version}, key}
}

func target(service, action, key string) listing {
	return listing{request{service: service, target: action, body: "{}"}, key}
}

func get(service, path, key string) listing {
	return listing{request{service: service, method: "GET", path: path}, key}
}

// listings says for each type of resource how the emulator is asked whether any
// is left. A type that a stack uses must be here or in partOf.
var listings = map[string]listing{
	"aws_cloudformation_stack":        query("cloudformation", "2010-05-15", "DescribeStacks", "StackName"),
	"aws_cloudwatch_event_bus":        target("events", "AWSEvents.ListEventBuses", "Name"),
	"aws_cloudwatch_event_rule":       target("events", "AWSEvents.ListRules", "Name"),
	"aws_cloudwatch_log_group":        target("logs", "Logs_20140328.DescribeLogGroups", "logGroupName"),
	"aws_cloudwatch_dashboard":        query("monitoring", "2010-08-01", "ListDashboards", "DashboardName"),
	"aws_cloudwatch_metric_alarm":     query("monitoring", "2010-08-01", "DescribeAlarms", "AlarmName"),
	"aws_dynamodb_table":              target("dynamodb", "DynamoDB_20120810.ListTables", "TableNames"),
	"aws_ecr_repository":              target("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", "repositoryName"),
	"aws_ecs_cluster":                 target("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", "clusterArns"),
	"aws_ecs_task_definition":         target("ecs", "AmazonEC2ContainerServiceV20141113.ListTaskDefinitions", "taskDefinitionArns"),
	"aws_efs_access_point":            get("elasticfilesystem", "/2015-02-01/access-points", "AccessPointId"),
	"aws_efs_file_system":             get("elasticfilesystem", "/2015-02-01/file-systems", "FileSystemId"),
	"aws_iam_policy":                  query("iam", "2010-05-08", "ListPolicies&Scope=Local", "PolicyName"),
	"aws_iam_role":                    query("iam", "2010-05-08", "ListRoles", "RoleName"),
	"aws_internet_gateway":            query("ec2", "2016-11-15", "DescribeInternetGateways", "internetGatewayId"),
	"aws_kinesis_stream":              target("kinesis", "Kinesis_20131202.ListStreams", "StreamNames"),
	"aws_lambda_event_source_mapping": get("lambda", "/2015-03-31/event-source-mappings/", "UUID"),
	"aws_lambda_function":             get("lambda", "/2015-03-31/functions/", "FunctionName"),
	"aws_lambda_layer_version":        get("lambda", "/2018-10-31/layers", "LayerName"),
	"aws_route_table":                 query("ec2", "2016-11-15", "DescribeRouteTables", "routeTableId"),
	"aws_s3_bucket":                   get("s3", "/", "Bucket>Name"),
	"aws_scheduler_schedule":          get("scheduler", "/schedules", "Name"),
	"aws_secretsmanager_secret":       target("secretsmanager", "secretsmanager.ListSecrets", "Name"),
	"aws_security_group":              query("ec2", "2016-11-15", "DescribeSecurityGroups", "groupId"),
	"aws_sfn_state_machine":           target("states", "AWSStepFunctions.ListStateMachines", "name"),
	"aws_sns_topic":                   query("sns", "2010-03-31", "ListTopics", "TopicArn"),
	"aws_sqs_queue":                   target("sqs", "AmazonSQS.ListQueues", "QueueUrls"),
	"aws_subnet":                      query("ec2", "2016-11-15", "DescribeSubnets", "subnetId"),
	"aws_vpc":                         query("ec2", "2016-11-15", "DescribeVpcs", "vpcId"),
	"aws_vpc_endpoint":                query("ec2", "2016-11-15", "DescribeVpcEndpoints&Filter.1.Name=vpc-endpoint-state&Filter.1.Value.1=available", "vpcEndpointId"),
}

// partOf are the types that are gone when what they belong to is.
var partOf = map[string]string{
	"aws_cloudwatch_event_target":                        "aws_cloudwatch_event_rule",
	"aws_ecr_lifecycle_policy":                           "aws_ecr_repository",
	"aws_ecr_repository_policy":                          "aws_ecr_repository",
	"aws_iam_role_policy":                                "aws_iam_role",
	"aws_iam_role_policy_attachment":                     "aws_iam_role",
	"aws_kms_key":                                        "", // waits for its deletion, for days
	"aws_lambda_alias":                                   "aws_lambda_function",
	"aws_lambda_function_event_invoke_config":            "aws_lambda_function",
	"aws_lambda_function_url":                            "aws_lambda_function",
	"aws_lambda_permission":                              "aws_lambda_function",
	"aws_lambda_provisioned_concurrency_config":          "aws_lambda_function",
	"aws_route":                                          "aws_route_table",
	"aws_route_table_association":                        "aws_route_table",
	"aws_s3_bucket_lifecycle_configuration":              "aws_s3_bucket",
	"aws_s3_bucket_policy":                               "aws_s3_bucket",
	"aws_s3_bucket_public_access_block":                  "aws_s3_bucket",
	"aws_s3_bucket_server_side_encryption_configuration": "aws_s3_bucket",
	"aws_s3_bucket_versioning":                           "aws_s3_bucket",
	"aws_s3_object":                                      "aws_s3_bucket",
	"aws_secretsmanager_secret_version":                  "aws_secretsmanager_secret",
	"aws_sqs_queue_redrive_allow_policy":                 "aws_sqs_queue",
	"terraform_data":                                     "", // in the state only
}

// contents are the names of everything in an account, by type of resource.
type contents map[string][]string

// inventory asks for everything of all types that there are listings for.
func (a *account) inventory(t testing.TB) contents {
	t.Helper()
	all := contents{}
	for kind, l := range listings {
		body, err := a.ask(context.WithoutCancel(t.Context()), l.request)
		if err != nil {
			t.Fatalf("asking the emulator for every %s: %v", kind, err)
		}
		names, err := l.names(body)
		if err != nil {
			t.Fatalf("asking the emulator for every %s: %v in %s", kind, err, body)
		}
		all[kind] = names
	}
	return all
}

// beyond is what is in c and was not in before.
func (c contents) beyond(before contents) contents {
	more := contents{}
	for kind, names := range c {
		for _, name := range names {
			if !slices.Contains(before[kind], name) {
				more[kind] = append(more[kind], name)
			}
		}
	}
	return more
}

func (c contents) String() string {
	var lines []string
	for kind, names := range c {
		lines = append(lines, fmt.Sprintf("%s: %s", kind, strings.Join(names, ", ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// counts reports whether the inventory would see resources of a type.
func counts(kind string) bool {
	_, listed := listings[kind]
	return listed
}

// known fails the test for a type that nobody would ask the emulator for.
func known(t testing.TB, kind string) {
	t.Helper()
	if _, part := partOf[kind]; !part && !counts(kind) {
		t.Errorf("%s: the inventory does not know how to ask whether any is left; add it to inventory_test.go", kind)
	}
}

func (l listing) names(body []byte) ([]string, error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '<' {
		return xmlNames(trimmed, l.key)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	return jsonNames(v, l.key), nil
}

func jsonNames(v any, key string) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		for k, value := range v {
			if k == key {
				found = append(found, texts(value)...)
			} else {
				found = append(found, jsonNames(value, key)...)
			}
		}
	case []any:
		for _, value := range v {
			found = append(found, jsonNames(value, key)...)
		}
	}
	return found
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, texts(item)...)
		}
		return all
	default:
		return nil
	}
}

// xmlNames finds the text of elements; "Bucket>Name" is Name inside Bucket.
func xmlNames(body []byte, key string) ([]string, error) {
	parent, name, nested := strings.Cut(key, ">")
	if !nested {
		parent, name = "", key
	}
	var (
		found []string
		path  []string
	)
	for dec := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			n := len(path)
			if n == 0 || path[n-1] != name || (nested && (n < 2 || path[n-2] != parent)) {
				continue
			}
			if text := strings.TrimSpace(string(token)); text != "" {
				found = append(found, text)
			}
		}
	}
}
