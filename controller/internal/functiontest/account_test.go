package functiontest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aegis-agents/aegis/controller/flow"
	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/internal/awstest"
)

// account is what the stack makes, in the emulator.
type account struct {
	config          aws.Config
	tasks, answers  string // queues
	cluster         string
	settings        []string // of all functions
	queues          *sqs.Client
	containers      *ecs.Client
	deadTasks, dead string
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{config: awstest.Moto(t)}
	a.queues, a.containers = sqs.NewFromConfig(a.config), ecs.NewFromConfig(a.config)
	table := a.table(t)
	a.tasks, a.answers, a.deadTasks, a.dead = a.queue(t, "tasks"), a.queue(t, "callbacks"), a.queue(t, "dead-tasks"), a.queue(t, "dead-callbacks")
	cluster, err := a.containers.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String(awstest.Name("agents"))})
	must(t, err)
	a.cluster = *cluster.Cluster.ClusterArn
	secret, err := secretsmanager.NewFromConfig(a.config).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name:         aws.String(awstest.Name("mac")),
		SecretString: aws.String(`{"current":"k1","keys":{"k1":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}`),
	})
	must(t, err)
	a.settings = []string{
		"STATE_TABLE=" + table, "TASK_QUEUE=" + a.tasks, "MAC_SECRET=" + *secret.ARN, "CLUSTER=" + a.cluster,
		"STATE_MACHINES=" + asJSON(t, map[string]string{"research-report": a.machine(t)}),
		"TASK_DEFINITIONS=" + asJSON(t, a.definitions(t)), "ARTIFACT_BUCKET=artifacts", "ASSIGN_PUBLIC_IP=true",
		"SUBNETS=" + a.first(t, "DescribeSubnets", "subnet-[0-9a-f]+"),
		"SECURITY_GROUPS=" + a.first(t, "DescribeSecurityGroups", "sg-[0-9a-f]+"),
		"TASK_DEAD_LETTERS=" + a.deadTasks, "CALLBACK_DEAD_LETTERS=" + a.dead,
		"AWS_REGION=" + a.config.Region,
	}
	return a
}

func (a *account) table(t *testing.T) string {
	t.Helper()
	name := awstest.Name("state")
	schema := func(hash, sort string) []dynamotypes.KeySchemaElement {
		return []dynamotypes.KeySchemaElement{
			{AttributeName: &hash, KeyType: dynamotypes.KeyTypeHash}, {AttributeName: &sort, KeyType: dynamotypes.KeyTypeRange},
		}
	}
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: dynamotypes.BillingModePayPerRequest, KeySchema: schema("pk", "sk")}
	for _, attribute := range []string{"pk", "sk", "gpk", "gsk"} {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			dynamotypes.AttributeDefinition{AttributeName: aws.String(attribute), AttributeType: dynamotypes.ScalarAttributeTypeS})
	}
	in.GlobalSecondaryIndexes = []dynamotypes.GlobalSecondaryIndex{{
		IndexName: aws.String(dynamo.Index), KeySchema: schema("gpk", "gsk"), Projection: &dynamotypes.Projection{ProjectionType: dynamotypes.ProjectionTypeAll},
	}}
	_, err := dynamodb.NewFromConfig(a.config).CreateTable(t.Context(), in)
	must(t, err)
	return name
}

func (a *account) queue(t *testing.T, name string) string {
	t.Helper()
	out, err := a.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(awstest.Name(name))})
	must(t, err)
	return *out.QueueUrl
}

func (a *account) machine(t *testing.T) string {
	t.Helper()
	definition, err := flow.Render(flow.ResearchReport(), flow.Resources{Partition: "aws", TaskQueueURL: a.tasks})
	must(t, err)
	out, err := sfn.NewFromConfig(a.config).CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(awstest.Name("report")), RoleArn: aws.String("arn:aws:iam::123456789012:role/any"), Definition: aws.String(string(definition)),
	})
	must(t, err)
	return *out.StateMachineArn
}

func (a *account) definitions(t *testing.T) map[string]string {
	t.Helper()
	arns := map[string]string{}
	for _, agent := range flow.Agents() {
		out, err := a.containers.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String(awstest.Name(string(agent))), NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
			RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
			ContainerDefinitions: []ecstypes.ContainerDefinition{{
				Name: aws.String(string(agent)), Image: aws.String("agent"), Essential: aws.Bool(true),
			}},
		})
		must(t, err)
		arns[string(agent)] = *out.TaskDefinition.TaskDefinitionArn
	}
	return arns
}

// first returns an id of what the emulator's default VPC has. It asks over HTTP: a client of
// EC2 would be a dependency for this alone.
func (a *account) first(t *testing.T, action, pattern string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *a.config.BaseEndpoint, strings.NewReader("Action="+action+"&Version=2016-11-15"))
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260301/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	reply, err := http.DefaultClient.Do(request)
	must(t, err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	must(t, err)
	id := regexp.MustCompile(pattern).FindString(string(body))
	if id == "" {
		t.Fatalf("%s: %s", action, body)
	}
	return id
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
