package lambda

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
)

const (
	secretARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:api-AbCdEf"
	keyARN    = "arn:aws:kms:eu-central-1:123456789012:key/1"
)

func variables(keyAndValues ...string) map[string]*string {
	m := map[string]*string{}
	for i := 0; i < len(keyAndValues); i += 2 {
		m[keyAndValues[i]] = jsii.String(keyAndValues[i+1])
	}
	return m
}

func TestValidateEnvironmentKeys(t *testing.T) {
	t.Parallel()
	const pattern = "must be letters, digits and _, beginning with a letter, got "
	var cases []change
	for _, key := range []string{"AB", "a1", "A_", "Aa09_z", "TZ", "PATH", "AWS_LAMBDA_EXEC_WRAPPER", times("A", 200)} {
		cases = append(cases, change{name: key, change: func(p *Props) { p.Environment = variables(key, "x") }})
	}
	for key, want := range map[string]string{
		"":       "must be set, got nothing",
		"A":      `must have 2 to 4096 characters, got 1 in "A"`,
		"_AB":    pattern + `"_AB"`,
		"1AB":    pattern + `"1AB"`,
		"A-B":    pattern + `"A-B"`,
		"A.B":    pattern + `"A.B"`,
		"A B":    pattern + `"A B"`,
		"AÄ":     pattern + `"AÄ"`,
		token:    "must be known at synth, got a Terraform token",
		"AB=1":   pattern + `"AB=1"`,
		"AB\n":   pattern + `"AB\n"`,
		"__INIT": pattern + `"__INIT"`,
	} {
		cases = append(cases, change{
			name: "bad " + key, change: func(p *Props) { p.Environment = variables(key, "x") },
			want: []string{"Environment[" + quote(key) + "]: " + want},
		})
	}
	runChanges(t, cases)
}

func TestValidateEnvironmentReserved(t *testing.T) {
	t.Parallel()
	names := []string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
		"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
	}
	if got := slices.Sorted(maps.Keys(reserved)); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		t.Errorf("the test has other names than the code: %q", got)
	}
	var cases []change
	for _, name := range names {
		const why = "]: must not be a variable that Lambda sets itself, got "
		cases = append(cases,
			change{
				name: name, change: func(p *Props) { p.Environment = variables(name, "x") },
				want: []string{"Environment[" + quote(name) + why + quote(name)},
			},
			change{
				name: name + " as a secret", change: func(p *Props) { p.Secrets = variables(name, secretARN) },
				want: []string{"Secrets[" + quote(name) + why + quote(name)},
			})
		if !strings.HasPrefix(name, "_") {
			cases = append(cases, change{name: name + "_2", change: func(p *Props) { p.Environment = variables(name+"_2", "x") }})
		}
	}
	runChanges(t, cases)
}

// TestValidateEnvironmentSize: {"AB":"…"} has 9 bytes besides the value.
func TestValidateEnvironmentSize(t *testing.T) {
	t.Parallel()
	const around = len(`{"AB":""}`)
	runChanges(t, []change{
		{name: "4096 bytes", change: func(p *Props) { p.Environment = variables("AB", times("x", 4096-around)) }},
		{
			name: "4097 bytes", change: func(p *Props) { p.Environment = variables("AB", times("x", 4097-around)) },
			want: []string{"Environment: must take at most 4096 bytes as JSON, got 4097"},
		},
		{name: "4096 bytes in letters of two", change: func(p *Props) { p.Environment = variables("AB", times("ä", 4086)+"x") }},
		{
			name: "a quotation mark takes two bytes", change: func(p *Props) { p.Environment = variables("AB", times("x", 4095-around)+`"`) },
			want: []string{"Environment: must take at most 4096 bytes as JSON, got 4097"},
		},
		{name: "an ampersand takes one", change: func(p *Props) { p.Environment = variables("AB", times("x", 4095-around)+`&`) }},
		{
			name: "a token counts as empty", change: func(p *Props) {
				p.Environment = variables("AB", times("x", 4096-len(`{"AB":"","CD":""}`)), "CD", token)
			},
		},
		{
			name: "its key does not", change: func(p *Props) {
				p.Environment = variables("AB", times("x", 4097-len(`{"AB":"","CD":""}`)), "CD", token)
			},
			want: []string{"Environment: must take at most 4096 bytes as JSON, got 4097"},
		},
		{
			name: "secrets count", change: func(p *Props) {
				p.Environment = variables("AB", times("x", 4096-len(`{"AB":"","CD":""}`)-len(secretARN)))
				p.Secrets = variables("CD", secretARN)
			},
		},
		{
			name: "secrets count, one more", change: func(p *Props) {
				p.Environment = variables("AB", times("x", 4097-len(`{"AB":"","CD":""}`)-len(secretARN)))
				p.Secrets = variables("CD", secretARN)
			},
			want: []string{"Environment: must take at most 4096 bytes as JSON, got 4097"},
		},
	})
}

func TestValidateEnvironmentCombinations(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "an empty value is one", change: func(p *Props) { p.Environment = variables("AB", "") }},
		{
			name: "no value", change: func(p *Props) { p.Environment = map[string]*string{"AB": nil} },
			want: []string{`Environment["AB"]: must have a value, got nothing`},
		},
		{name: "secret", change: func(p *Props) { p.Secrets = variables("AB", secretARN) }},
		{
			name: "no secret", change: func(p *Props) { p.Secrets = map[string]*string{"AB": nil} },
			want: []string{`Secrets["AB"]: must have a value, got nothing`},
		},
		{
			name: "a secret's value instead of its ARN", change: func(p *Props) { p.Secrets = variables("AB", "hunter2") },
			want: []string{`Secrets["AB"]: must be an ARN of secretsmanager, got "hunter2"`},
		},
		{
			name: "one key in both", change: func(p *Props) {
				p.Environment, p.Secrets = variables("AB", "x", "CD", "x"), variables("AB", secretARN)
			},
			want: []string{`Secrets["AB"]: must not be set in Environment too, got both`},
		},
		{name: "key with environment", change: func(p *Props) { p.Environment, p.EnvironmentKMSKeyARN = variables("AB", "x"), new(keyARN) }},
		{name: "key with secrets", change: func(p *Props) { p.Secrets, p.EnvironmentKMSKeyARN = variables("AB", secretARN), new(keyARN) }},
		{
			name: "key alone", change: func(p *Props) { p.EnvironmentKMSKeyARN = new(keyARN) },
			want: []string{"EnvironmentKMSKeyARN: must go with Environment or Secrets, got a key alone"},
		},
		{
			name: "key's id", change: func(p *Props) { p.Environment, p.EnvironmentKMSKeyARN = variables("AB", "x"), new("1") },
			want: []string{`EnvironmentKMSKeyARN: must be an ARN of kms, got "1"`},
		},
		{
			name: "all mistakes, in order", change: func(p *Props) {
				p.Environment, p.Secrets = variables("B-", "x", "A", "x"), variables("A", "x")
			},
			want: []string{
				`Environment["A"]: must have 2 to 4096 characters, got 1 in "A"`,
				`Environment["B-"]: must be letters, digits and _, beginning with a letter, got "B-"`,
				`Secrets["A"]: must have 2 to 4096 characters, got 1 in "A"`,
				`Secrets["A"]: must not be set in Environment too, got both`,
				`Secrets["A"]: must be an ARN of secretsmanager, got "x"`,
			},
		},
	})
}
