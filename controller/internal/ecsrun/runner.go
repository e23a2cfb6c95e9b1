package ecsrun

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/task"
)

var _ port.Runner = (*Runner)(nil)

// Options say where tasks run.
type Options struct {
	Cluster string // ARN. Required.
	// TaskDefinitions are the ARNs by the agents' names, which their main
	// containers have too. Required for Run.
	TaskDefinitions map[string]string
	Subnets         []string // Required for Run.
	SecurityGroups  []string // Required for Run.
	// AssignPublicIP is for subnets without a NAT gateway. Default: no.
	AssignPublicIP bool
}

// Runner is a port.Runner.
type Runner struct {
	client  *ecs.Client
	blob    port.Blob
	options Options
}

// New returns the Runner. blob takes tasks that are too large for a variable.
func New(client *ecs.Client, blob port.Blob, options Options) *Runner {
	return &Runner{client: client, blob: blob, options: options}
}

// Run is port.Runner's. The task's id is the client token: ECS starts one task for
// it in 24 hours.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
func (r *Runner) Run(ctx context.Context, t task.Task) (string, error) {
	definition, found := r.options.TaskDefinitions[t.Agent]
	if !found {
		return "", fmt.Errorf("%w: no task definition is set for the agent %q", port.ErrPermanent, t.Agent)
	}
	variable, err := r.variable(ctx, t)
	if err != nil {
		return "", err
	}
	public := types.AssignPublicIpDisabled
	if r.options.AssignPublicIP {
		public = types.AssignPublicIpEnabled
	}
	out, err := r.client.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: &r.options.Cluster, TaskDefinition: &definition, Count: aws.Int32(1),
		LaunchType:  types.LaunchTypeFargate,
		ClientToken: aws.String(string(t.ID)),
		StartedBy:   aws.String(t.Workflow), // shown in the console, and can be listed by
		// Costs are told apart by the tags of what runs.
		PropagateTags: types.PropagateTagsTaskDefinition,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: r.options.Subnets, SecurityGroups: r.options.SecurityGroups, AssignPublicIp: public,
		}},
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String(t.Agent), Environment: []types.KeyValuePair{variable},
		}}},
	})
	// The same token with another request: the deadline, say, was computed anew.
	// It names the task that it was used for.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
	if conflict, ok := errors.AsType[*types.ConflictException](err); ok && len(conflict.ResourceIds) > 0 {
		return conflict.ResourceIds[0], nil
	}
	if err != nil {
		return "", failed(err)
	}
	if len(out.Tasks) > 0 && aws.ToString(out.Tasks[0].TaskArn) != "" {
		return *out.Tasks[0].TaskArn, nil
	}
	return "", refused(out.Failures)
}

// maxDescribed is the most tasks that one call describes.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
const maxDescribed = 100

// Describe is port.Runner's. ECS may not know a task that was started some
// seconds ago, which then counts as stopped; and it forgets tasks about an hour
// after they stopped.
func (r *Runner) Describe(ctx context.Context, runs []string) (map[string]port.RunStatus, error) {
	statuses := map[string]port.RunStatus{}
	for chunk := range slices.Chunk(runs, maxDescribed) {
		out, err := r.client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &r.options.Cluster, Tasks: chunk})
		if err != nil {
			return nil, failed(err)
		}
		for _, t := range out.Tasks {
			statuses[aws.ToString(t.TaskArn)] = status(t)
		}
		for _, f := range out.Failures {
			if aws.ToString(f.Reason) != reasonMissing {
				return nil, refused(out.Failures)
			}
			statuses[aws.ToString(f.Arn)] = port.RunStatus{Stopped: true, Reason: "the task is gone"}
		}
	}
	return statuses, nil
}

// maxReason is the longest reason of StopTask.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
const maxReason = 255

// Stop is port.Runner's.
func (r *Runner) Stop(ctx context.Context, run, reason string) error {
	if len(reason) > maxReason {
		reason = string([]rune(reason)[:maxReason/4]) // a character has up to 4 bytes
	}
	_, err := r.client.StopTask(ctx, &ecs.StopTaskInput{Cluster: &r.options.Cluster, Task: &run, Reason: &reason})
	if err == nil || gone(err) {
		return nil
	}
	return failed(err)
}
