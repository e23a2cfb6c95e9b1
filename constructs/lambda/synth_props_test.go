package lambda_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/lambda"
	"github.com/aegis-agents/aegis/constructs/synth"
	"github.com/aegis-agents/aegis/constructs/synthtest"
)

// TestTwoFunctions of one stack share nothing but the data source.
func TestTwoFunctions(t *testing.T) {
	s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		for _, id := range []string{"Orders", "Invoices", "Returns"} {
			props := required()
			props.FunctionName = "" // made from the path
			fn := lambda.NewFunction(stack, id, props)
			equal(t, "Node().Id()", id, *fn.Node().Id())
		}
	})
	equal(t, "resources", map[string]int{
		"aws_cloudwatch_log_group": 3, "aws_iam_role": 3, "aws_iam_role_policy_attachment": 3, "aws_lambda_function": 3,
	}, s.Kinds())
	data, _ := s.JSON["data"].(map[string]any)
	equal(t, "kinds of data sources", 1, len(data))
	equal(t, "partitions", 1, len(data["aws_partition"].(map[string]any)))
	var functions []string
	for _, fn := range s.Resources("aws_lambda_function") {
		functions = append(functions, fn["function_name"].(string))
	}
	slices.Sort(functions)
	equal(t, "names", []string{"test-Invoices-92db6352", "test-Orders-af8a701f", "test-Returns-b7fa87e0"}, functions)
}

func TestEscapeHatch(t *testing.T) {
	s := synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		props := required()
		triggers(&props)
		fn := lambda.NewFunction(stack, "Orders", props)
		r := fn.Resources()
		r.Function.AddOverride(jsii.String("skip_destroy"), true)
		r.Schedules["scheduler"].Schedule.AddOverride(jsii.String("group_name"), "mine")
		r.Schedules["rule"].Rule.AddOverride(jsii.String("force_destroy"), true)
		if r.Role == nil || r.LogGroup == nil || r.URL == nil || r.URLPermission == nil || r.URLPermissionStack == nil || r.SchedulerRole == nil ||
			r.SchedulerPolicy == nil || r.AsyncInvoke == nil || len(r.EventSources) != 1 || len(r.Permissions) != 1 ||
			len(r.PolicyAttachments) != 1 || len(r.RolePolicies) != 1 {
			t.Errorf("Resources: got %+v, want all that the function has", r)
		}
		if r.Alias != nil || r.CodeObject != nil || r.ProvisionedConcurrency != nil {
			t.Errorf("Resources: got %+v, want nil for what the function does not have", r)
		}
	})
	equal(t, "function", any(true), s.Only("aws_lambda_function")["skip_destroy"])
	equal(t, "schedule", any("mine"), s.Only("aws_scheduler_schedule")["group_name"])
	equal(t, "rule", any(true), s.Only("aws_cloudwatch_event_rule")["force_destroy"])
}

func TestOutputs(t *testing.T) {
	synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		plain := lambda.NewFunction(stack, "Plain", required())
		props := required()
		triggers(&props)
		props.Alias = &lambda.Alias{Name: "live"}
		full := lambda.NewFunction(stack, "Full", props)
		for name, output := range map[string]struct {
			of     func(f *lambda.Function) *string
			always bool
		}{
			"ARN": {(*lambda.Function).ARN, true}, "Name": {(*lambda.Function).Name, true}, "InvokeARN": {(*lambda.Function).InvokeARN, true},
			"QualifiedARN": {(*lambda.Function).QualifiedARN, true}, "Version": {(*lambda.Function).Version, true},
			"SourceCodeHash": {(*lambda.Function).SourceCodeHash, true}, "RoleARN": {(*lambda.Function).RoleARN, true},
			"RoleName": {(*lambda.Function).RoleName, true}, "LogGroupName": {(*lambda.Function).LogGroupName, true},
			"LogGroupARN": {(*lambda.Function).LogGroupARN, true}, "URL": {(*lambda.Function).URL, false},
			"AliasARN": {(*lambda.Function).AliasARN, false}, "AliasInvokeARN": {(*lambda.Function).AliasInvokeARN, false},
			"ScheduleRuleARN": {(*lambda.Function).ScheduleRuleARN, false},
		} {
			if got := output.of(plain); (got != nil) != output.always {
				t.Errorf("%s of a plain function: got %v", name, got)
			}
			if output.of(full) == nil {
				t.Errorf("%s of a full function: got nil", name)
			}
		}
	})
}

// TestPropsAreNotModified: a caller may use the same props twice.
func TestPropsAreNotModified(t *testing.T) {
	props := func() lambda.Props {
		p := required()
		triggers(&p)
		p.Environment = map[string]*string{"AB": new("x")}
		p.Secrets = map[string]*string{"CD": new(secretARN)}
		p.Tags = map[string]*string{"Team": new("orders")}
		p.URL.CORS = &lambda.CORS{AllowHeaders: []string{"b", "a"}}
		p.EventSources = append(p.EventSources, &lambda.SQSSource{Name: "pointer", QueueARN: new(queueARN)})
		p.PolicyStatements = []iam.Statement{{Actions: []string{"s3:PutObject", "s3:GetObject"}, Resources: []*string{new("*")}}}
		p.ManagedPolicyARNs = []*string{new(policyARN)}
		p.Alias = &lambda.Alias{Name: "live", AdditionalVersionWeights: map[string]float64{"1": 0.5}}
		p.VPC = &lambda.VPC{SubnetIDs: []*string{new("subnet-1")}, SecurityGroupIDs: []*string{new("sg-1")}}
		return p
	}
	given := props()
	synthtest.Stack(t, func(stack cdktf.TerraformStack) {
		fn := lambda.NewFunction(stack, "Orders", given)
		fn.AddToRolePolicy(given.PolicyStatements...)
		lambda.NewFunction(stack, "Again", given)
	})
	if diff := cmp.Diff(props(), given); diff != "" {
		t.Errorf("props (-before +after):\n%s", diff)
	}
}

// TestPointers: code and event sources may be pointers.
func TestPointers(t *testing.T) {
	s := one(t, func(p *lambda.Props) {
		p.Code = &lambda.GoPackage{Path: ".", Dir: "testdata/gofunction"}
		p.Handler, p.Runtime = "", ""
		p.EventSources = []lambda.EventSource{&lambda.SQSSource{QueueARN: new(queueARN)}}
	})
	equal(t, "runtime", any("provided.al2023"), s.Only("aws_lambda_function")["runtime"])
	equal(t, "event sources", 1, len(s.Resources("aws_lambda_event_source_mapping")))
}

// TestProblems: one run shows the mistakes of all functions, and nothing is written.
func TestProblems(t *testing.T) {
	var none *lambda.Image
	got := synthtest.Problems(t, func(stack cdktf.TerraformStack) {
		lambda.NewFunction(stack, "Orders", lambda.Props{
			FunctionName: "orders!", Code: python, Handler: "app.handler", Runtime: lambda.Python312,
			MemoryMiB: 64, Timeout: 20 * time.Minute,
			Environment: map[string]*string{"AWS_REGION": new("x"), "NOTHING": nil},
			VPC:         &lambda.VPC{SubnetIDs: []*string{nil}},
		})
		worst := lambda.NewFunction(stack, "Worst", lambda.Props{
			Code: none, Layers: []*string{nil, new("")}, Secrets: map[string]*string{"": nil}, ReservedConcurrency: new(-2),
			DeadLetter: lambda.Destination{QueueARN: new(""), TopicARN: new("")}, FileSystem: &lambda.FileSystem{},
			Alias:           &lambda.Alias{AdditionalVersionWeights: map[string]float64{"x": math.NaN(), "1": math.Inf(1)}, ProvisionedConcurrency: -1},
			ExistingRoleARN: new(""), ManagedPolicyARNs: []*string{nil, new(""), new("#{TfToken[TOKEN.9]}")}, PolicyStatements: []iam.Statement{{}},
			URL:          &lambda.FunctionURL{AuthType: "?", CORS: &lambda.CORS{AllowOrigins: []string{""}}},
			Schedules:    []lambda.Schedule{{}, {}, {Name: "a b"}},
			EventSources: []lambda.EventSource{nil, lambda.SQSSource{}, lambda.KinesisSource{}, (*lambda.DynamoDBSource)(nil)},
			Permissions:  []lambda.Permission{{}, {ID: "a"}, {ID: "a"}},
			AsyncInvoke:  &lambda.AsyncInvoke{MaximumEventAge: -1, MaximumRetryAttempts: new(-1), OnSuccess: lambda.Destination{EventBusARN: new("")}},
			Tags:         map[string]*string{"": nil},
		})
		worst.AddToRolePolicy(iam.Statement{})
	})
	synthtest.GoldenText(t, "problems.txt", []byte((&synth.Error{Problems: got}).Error()+"\n"))
}

// TestImageProblems: what an image refuses is not looked at further.
func TestImageProblems(t *testing.T) {
	got := synthtest.Problems(t, func(stack cdktf.TerraformStack) {
		lambda.NewFunction(stack, "Orders", lambda.Props{
			Code: lambda.Image{Platform: "linux/arm64"}, Handler: "main.handler", CodeBucket: new("packages"),
		})
	})
	equal(t, "problems", []synth.Problem{
		{Path: "test/Orders", Message: `Handler: must not be set for a container image, got "main.handler"`},
		{Path: "test/Orders", Message: "Code.URI: must be set, got nothing"},
		{Path: "test/Orders", Message: `Code.Platform: must be linux/amd64, the platform of architecture x86_64, got "linux/arm64"`},
		{Path: "test/Orders", Message: `CodeBucket: must not be set for a container image, got "packages"`},
	}, got)
}

// TestGoPackageProblems: one mistake is said once.
func TestGoPackageProblems(t *testing.T) {
	got := synthtest.Problems(t, func(stack cdktf.TerraformStack) {
		lambda.NewFunction(stack, "Orders", lambda.Props{
			Code: lambda.GoPackage{Path: ".", Dir: "testdata/gofunction"}, Runtime: lambda.Python312,
		})
	})
	equal(t, "problems", []synth.Problem{
		{Path: "test/Orders", Message: `Runtime: must be provided.al2023 or provided.al2 for a Go package, got "python3.12"`},
	}, got)
}

func TestAddToRolePolicyOfAGivenRole(t *testing.T) {
	got := synthtest.Problems(t, func(stack cdktf.TerraformStack) {
		props := required()
		props.ExistingRoleARN = new(roleARN)
		lambda.NewFunction(stack, "Orders", props).AddToRolePolicy(iam.Statement{Actions: []string{"*"}, Resources: []*string{new("*")}})
	})
	equal(t, "problems", []synth.Problem{
		{Path: "test/Orders", Message: "AddToRolePolicy: must go with a role that takes policies, got ExistingRoleARN without ExistingRoleName"},
	}, got)
}
