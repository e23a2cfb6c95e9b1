package lambda

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aegis-agents/aegis/constructs/iam"
	"github.com/aegis-agents/aegis/constructs/internal/check"
)

// everyField are props which together set every field that may hold a token.
var everyField = map[string]func() Props{
	"own": func() Props {
		return Props{
			FunctionName: "orders", Code: S3Object{Bucket: new("bucket"), Key: new("key"), Version: new("1"), SourceCodeHash: new(times("a", 43) + "=")},
			Handler: "main.handler", Runtime: Python312,
			Environment: variables("AB", "x"), EnvironmentKMSKeyARN: new(keyARN), Secrets: variables("CD", secretARN), Layers: many(1, layer),
			VPC:        &VPC{SubnetIDs: many(1, subnet), SecurityGroupIDs: many(1, group)},
			DeadLetter: Destination{QueueARN: new(queueARN)}, FileSystem: &FileSystem{AccessPointARN: new(accessPointARN), MountPath: "/mnt/a"},
			CodeSigningConfigARN:   new("arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"),
			PermissionsBoundaryARN: new(policyARN), ManagedPolicyARNs: []*string{new(policyARN)}, InlinePolicy: new("{}"),
			PolicyStatements: []iam.Statement{{
				Actions: []string{"s3:GetObject"}, Resources: []*string{new("*")},
				Conditions: []iam.Condition{{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []*string{new(accountID)}}},
			}},
			LogKMSKeyARN: new(keyARN),
			Schedules:    []Schedule{{Expression: "rate(1 day)", Input: new("{}")}},
			EventSources: []EventSource{
				SQSSource{QueueARN: new(queueARN)},
				DynamoDBSource{StreamARN: new(tableARN), StreamSettings: StreamSettings{StartingPosition: Latest}},
				KinesisSource{StreamARN: new(streamARN), StreamSettings: StreamSettings{StartingPosition: Latest, OnFailure: Destination{TopicARN: new(topicARN)}}},
			},
			Permissions: []Permission{{
				ID: "Call", Principal: new("s3.amazonaws.com"), SourceARN: new("arn:aws:s3:::a"), SourceAccount: new(accountID),
				PrincipalOrgID: new("o-1234567890"), EventSourceToken: new("a"),
			}},
			AsyncInvoke: &AsyncInvoke{OnSuccess: Destination{FunctionARN: new(functionARN)}, OnFailure: Destination{EventBusARN: new(busARN)}},
			Tags:        variables("a", "b"),
		}
	},
	"given": func() Props {
		return Props{
			FunctionName: "orders", Code: Image{URI: new("registry.example/orders:1")},
			ExistingRoleARN: new(roleARN), ExistingRoleName: new("orders"), ManagedPolicyARNs: []*string{new(policyARN)},
			ExistingLogGroupName: new("shared"), ExistingLogGroupARN: new(logGroupARN), LogPermission: LogPermissionScoped,
		}
	},
	"uploaded": func() Props {
		props := validProps()
		props.CodeBucket = new("packages")
		return props
	},
}

// leaf is one text of props that may hold a token.
type leaf struct {
	field string // "Props.CodeBucket"
	set   func(s *string)
}

// leaves finds the texts below v, which are set. A change of one inside an
// interface or a map is put back by done.
func leaves(v reflect.Value, field string) (list []leaf, done func()) {
	done = func() {}
	both := func(more []leaf, then func()) {
		before := done
		list, done = append(list, more...), func() { then(); before() }
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, done
		}
		if v.Type() == reflect.TypeFor[*string]() {
			return []leaf{{field, func(s *string) { v.Set(reflect.ValueOf(s)) }}}, done
		}
		return leaves(v.Elem(), field)
	case reflect.Interface:
		if v.IsNil() {
			return nil, done
		}
		inside := reflect.New(v.Elem().Type()).Elem()
		inside.Set(v.Elem())
		more, then := leaves(inside, field)
		both(more, func() { then(); v.Set(inside) })
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			more, then := leaves(value, field)
			both(more, func() { then(); v.SetMapIndex(key, value) })
		}
	case reflect.Slice:
		for i := range v.Len() {
			both(leaves(v.Index(i), field))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				both(leaves(v.Field(i), v.Type().Name()+"."+f.Name))
			}
		}
	}
	return list, done
}

// TestTokensAreNotJudged puts a token into each field that may hold one.
func TestTokensAreNotJudged(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for name, props := range everyField {
		base := props()
		list, _ := leaves(reflect.ValueOf(&base).Elem(), "")
		for i, l := range append([]leaf{{field: "no token"}}, list...) {
			found[l.field] = true
			t.Run(fmt.Sprintf("%s/%s", name, l.field), func(t *testing.T) {
				t.Parallel()
				p := props()
				if i > 0 {
					again, done := leaves(reflect.ValueOf(&p).Elem(), "")
					again[i-1].set(new(token))
					done()
				}
				var problems check.Problems
				s := resolve(p, path)
				validate(&problems, p, s)
				if _, local := p.Code.(ZipFile); !local {
					p.Code.prepare(&problems, s)
				}
				if diff := cmp.Diff([]string{}, problems.Strings()); diff != "" {
					t.Errorf("mistakes (-want +got):\n%s", diff)
				}
			})
		}
	}
	for _, field := range slices.Sorted(maps.Keys(tokenFields())) {
		if !found[field] {
			t.Errorf("%s may hold a token and is not in everyField", field)
		}
	}
}

// tokenFields are the fields of the types of Props that may hold a token.
func tokenFields() map[string]bool {
	fields := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for f := range t.Fields() {
			switch f.Type {
			case reflect.TypeFor[*string](), reflect.TypeFor[[]*string](), reflect.TypeFor[map[string]*string]():
				fields[t.Name()+"."+f.Name] = true
			default:
				walk(f.Type)
			}
		}
	}
	for _, t := range []any{
		Props{}, Directory{}, ZipFile{}, S3Object{}, GoPackage{}, Image{}, SQSSource{}, DynamoDBSource{}, KinesisSource{},
	} {
		walk(reflect.TypeOf(t))
	}
	delete(fields, "Principal.Identifiers") // a function's own policies have no principals
	return fields
}

// TestTokensInTexts: plain texts that only pass through may hold a token as well,
// the others have to be known.
func TestTokensInTexts(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "passed through", change: func(p *Props) {
			p.Description = token
			p.Alias = &Alias{Name: "live", Description: token}
			p.Schedules = []Schedule{{Expression: token, TimeZone: token, Description: token}}
			p.URL = &FunctionURL{CORS: &CORS{AllowOrigins: []string{token}, AllowHeaders: []string{token}, ExposeHeaders: []string{token}}}
			p.EventSources = []EventSource{SQSSource{QueueARN: new(queueARN), Filters: []string{token}}}
		}},
		{
			name: "to be known", change: func(p *Props) {
				p.Handler, p.Runtime = token, token
				p.RoleName, p.RolePath = token, token
				p.FileSystem = &FileSystem{AccessPointARN: new(accessPointARN), MountPath: token}
				p.VPC = &VPC{SubnetIDs: many(1, subnet), SecurityGroupIDs: many(1, group)}
				p.PolicyStatements = []iam.Statement{{Sid: token, Actions: []string{token}, Resources: []*string{new("*")}}}
				p.EventSources = []EventSource{SQSSource{Name: token, QueueARN: new(queueARN)}}
			},
			want: []string{
				"Handler: must be known at synth, got a Terraform token",
				"Runtime: must be known at synth, got a Terraform token",
				"FileSystem.MountPath: must be known at synth, got a Terraform token",
				"RoleName: must be known at synth, got a Terraform token",
				"RolePath: must be known at synth, got a Terraform token",
				"PolicyStatements[0].Sid: must be known at synth, got a Terraform token",
				"PolicyStatements[0].Actions[0]: must be known at synth, got a Terraform token",
				"EventSources[0].Name: must be known at synth, got a Terraform token",
			},
		},
	})
}
