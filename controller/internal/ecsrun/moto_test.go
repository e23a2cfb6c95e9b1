package ecsrun_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/aegis-agents/aegis/controller/internal/ecsrun"
	"github.com/aegis-agents/aegis/controller/internal/memory"
	"github.com/aegis-agents/aegis/internal/awstest"
)

// The emulator knows no client token and no task that is gone: what is true of
// those is tried against the fake. Here the requests meet another reader of the API.
func TestRunOnTheEmulator(t *testing.T) {
	t.Parallel()
	client := ecs.NewFromConfig(awstest.Moto(t))
	made, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: aws.String(awstest.Name("agents"))})
	if err != nil {
		t.Fatalf("CreateCluster: %v", err)
	}
	registered, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(awstest.Name("research")), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("research"), Image: aws.String("research"), Essential: aws.Bool(true),
		}},
	})
	if err != nil {
		t.Fatalf("RegisterTaskDefinition: %v", err)
	}
	o := options()
	url := *client.Options().BaseEndpoint
	o.Subnets = []string{first(t, url, "DescribeSubnets", "subnet-[0-9a-f]+")}
	o.SecurityGroups = []string{first(t, url, "DescribeSecurityGroups", "sg-[0-9a-f]+")}
	o.Cluster = *made.Cluster.ClusterArn
	o.TaskDefinitions["research"] = *registered.TaskDefinition.TaskDefinitionArn
	r := ecsrun.New(client, memory.NewBlob(), o)
	run, err := r.Run(t.Context(), newTask(0, "q"))
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	if got, err := r.Describe(t.Context(), []string{run}); err != nil || got[run].Stopped {
		t.Errorf("Describe: %+v %v", got, err)
	}
	out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: &o.Cluster, Tasks: []string{run}})
	if err != nil || len(out.Tasks) != 1 {
		t.Fatalf("DescribeTasks: %v", err)
	}
	overrides := out.Tasks[0].Overrides.ContainerOverrides
	if len(overrides) != 1 || !strings.Contains(aws.ToString(overrides[0].Environment[0].Value), `"kind":"task"`) || aws.ToString(out.Tasks[0].StartedBy) != "w1" {
		t.Errorf("the task: %+v", overrides)
	}
	if err := r.Stop(t.Context(), run, "by the test"); err != nil {
		t.Fatalf("Stop: %v", err)
	}
	if got, err := r.Describe(t.Context(), []string{run}); err != nil || !got[run].Stopped || !strings.HasPrefix(got[run].Reason, "by the test") {
		t.Errorf("Describe: %+v %v", got, err)
	}
}

// first returns an id of what the emulator's default VPC has. It asks over HTTP: a client of
// EC2 would be a dependency for this line alone.
func first(t *testing.T, url, action, pattern string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("Action="+action+"&Version=2016-11-15"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260301/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	id := regexp.MustCompile(pattern).FindString(string(body))
	if id == "" {
		t.Fatalf("%s: %s", action, body)
	}
	return id
}
