package lambda

import (
	"fmt"
	"testing"
	"time"
)

func TestValidateName(t *testing.T) {
	t.Parallel()
	const characters = "FunctionName: must be letters, digits, - and _, got "
	runChanges(t, []change{
		{name: "one character", change: func(p *Props) { p.FunctionName = "a" }},
		{name: "64 characters", change: func(p *Props) { p.FunctionName = times("a", 64) }},
		{
			name: "65 characters", change: func(p *Props) { p.FunctionName = times("a", 65) },
			want: []string{`FunctionName: must have 1 to 64 characters, got 65 in "` + times("a", 60) + `"…`},
		},
		{name: "every kind of character", change: func(p *Props) { p.FunctionName = "Az09-_" }},
		{name: "dot", change: func(p *Props) { p.FunctionName = "a.b" }, want: []string{characters + `"a.b"`}},
		{name: "slash", change: func(p *Props) { p.FunctionName = "a/b" }, want: []string{characters + `"a/b"`}},
		{name: "space", change: func(p *Props) { p.FunctionName = "a b" }, want: []string{characters + `"a b"`}},
		{name: "new line", change: func(p *Props) { p.FunctionName = "a\n" }, want: []string{characters + `"a\n"`}},
		{name: "other letters", change: func(p *Props) { p.FunctionName = "größe" }, want: []string{characters + `"größe"`}},
		{
			name: "token", change: func(p *Props) { p.FunctionName = token },
			want: []string{"FunctionName: must be known at synth, got a Terraform token"},
		},
		{name: "generated", change: func(p *Props) { p.FunctionName = "" }},
	})
}

func TestGeneratedName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, path, want string }{
		{name: "short", path: "app/Orders", want: "app-Orders-3ad777c7"},
		{name: "other characters", path: "app/größe.x", want: "app-gr-e-x-68119971"},
		{name: "no usable character", path: "ü/ß", want: "b52ae4f1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			props := validProps()
			props.FunctionName = ""
			if got := resolve(props, tc.path).name; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("length", func(t *testing.T) {
		t.Parallel()
		seen := map[string]string{}
		for _, n := range []int{1, 54, 55, 56, 64, 65, 500} {
			for _, end := range []string{"a", "b", "-"} {
				props := validProps()
				props.FunctionName = ""
				from := times("x", n) + end
				got := resolve(props, from).name
				if len(got) > maxFunctionName || !functionName.MatchString(got) {
					t.Errorf("%d characters: got %q, want a function's name", n+1, got)
				}
				if other, again := seen[got]; again {
					t.Errorf("got %q for %q and %q", got, other, from)
				}
				seen[got] = from
			}
		}
	})
}

func TestValidateEntryPoint(t *testing.T) {
	t.Parallel()
	image := Image{URI: new("123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:1")}
	runChanges(t, []change{
		{name: "description of 256 characters", change: func(p *Props) { p.Description = times("ä", 256*2) }},
		{
			name: "description of 257 characters", change: func(p *Props) { p.Description = times("ä", 257*2) },
			want: []string{"Description: must have 0 to 256 characters, got 257"},
		},
		{name: "handler of 128 characters", change: func(p *Props) { p.Handler = times("a", 128) }},
		{
			name: "handler of 129 characters", change: func(p *Props) { p.Handler = times("a", 129) },
			want: []string{`Handler: must have 1 to 128 characters, got 129 in "` + times("a", 60) + `"…`},
		},
		{
			name: "handler with a space", change: func(p *Props) { p.Handler = "main handler" },
			want: []string{`Handler: must be without white space, got "main handler"`},
		},
		{
			name: "no handler", change: func(p *Props) { p.Handler = "" },
			want: []string{"Handler: must be set, got nothing"},
		},
		{
			name: "no handler and no runtime", change: func(p *Props) { p.Handler, p.Runtime = "", "" },
			want: []string{"Handler: must be set, got nothing", "Runtime: must be set, got nothing"},
		},
		{
			name: "runtime that is none", change: func(p *Props) { p.Runtime = "Python 3" },
			want: []string{`Runtime: must be an identifier such as "python3.12", got "Python 3"`},
		},
		{name: "runtime not heard of", change: func(p *Props) { p.Runtime = "cobol2026" }},
		{
			name: "no code", change: func(p *Props) { p.Code = nil },
			want: []string{"Code: must be Directory, ZipFile, S3Object, GoPackage or Image, got nothing"},
		},
		{name: "Go package alone", change: func(p *Props) { p.Code, p.Handler, p.Runtime = GoPackage{Path: "."}, "", "" }},
		{name: "Go package on provided.al2", change: func(p *Props) { p.Code, p.Runtime = GoPackage{Path: "."}, ProvidedAL2 }},
		{
			name: "Go package on Python", change: func(p *Props) { p.Code = GoPackage{Path: "."} },
			want: []string{`Runtime: must be provided.al2023 or provided.al2 for a Go package, got "python3.12"`},
		},
		{
			name: "Go package, all wrong", change: func(p *Props) { p.Code, p.Handler, p.Runtime = GoPackage{}, "a b", "Go" },
			want: []string{
				`Handler: must be without white space, got "a b"`,
				`Runtime: must be an identifier such as "python3.12", got "Go"`,
			},
		},
		{name: "image alone", change: func(p *Props) { p.Code, p.Handler, p.Runtime = image, "", "" }},
		{
			name: "image with what is a package's", change: func(p *Props) {
				p.Code = image
				p.Layers = many(1, layer)
				p.CodeSigningConfigARN = new("arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0")
			},
			want: []string{
				`Handler: must not be set for a container image, got "main.handler"`,
				`Runtime: must not be set for a container image, got "python3.12"`,
				`Layers: must not be set for a container image, got 1`,
				`CodeSigningConfigARN: must not be set for a container image, got "arn:aws:lambda:eu-central-1:123456789012:code-signing-config"…`,
			},
		},
		{name: "bucket of 3 characters", change: func(p *Props) { p.CodeBucket = new("a.b") }},
		{name: "bucket of 63 characters", change: func(p *Props) { p.CodeBucket = new(times("a", 63)) }},
		{
			name: "bucket of 2 characters", change: func(p *Props) { p.CodeBucket = new("ab") },
			want: []string{`CodeBucket: must have 3 to 63 characters, got 2 in "ab"`},
		},
		{
			name: "bucket of 64 characters", change: func(p *Props) { p.CodeBucket = new(times("a", 64)) },
			want: []string{`CodeBucket: must have 3 to 63 characters, got 64 in "` + times("a", 60) + `"…`},
		},
		{
			name: "bucket's ARN", change: func(p *Props) { p.CodeBucket = new("arn:aws:s3:::packages") },
			want: []string{`CodeBucket: must be the name of a bucket: letters, digits and ._-, got "arn:aws:s3:::packages"`},
		},
	})
}

func TestValidateSizes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		field string
		set   func(p *Props, n int)
		good  []int // 0 is the default
		bad   []int
		want  string
	}{
		{
			field: "MemoryMiB", set: func(p *Props, n int) { p.MemoryMiB = n },
			good: []int{0, 128, 129, 10239, 10240}, bad: []int{-1, 1, 127, 10241}, want: "must be from 128 to 10240, got %d",
		},
		{
			field: "EphemeralStorageMiB", set: func(p *Props, n int) { p.EphemeralStorageMiB = n },
			good: []int{0, 512, 513, 10239, 10240}, bad: []int{-1, 1, 511, 10241}, want: "must be from 512 to 10240, got %d",
		},
		{
			field: "ReservedConcurrency", set: func(p *Props, n int) { p.ReservedConcurrency = &n },
			good: []int{-1, 0, 1, 1000}, bad: []int{-2}, want: "must be 0 or more, or -1 for unreserved, got %d",
		},
		{
			field: "LogRetentionDays", set: func(p *Props, n int) { p.LogRetentionDays = n },
			good: []int{
				0, RetainForever, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545,
				731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
			},
			bad: []int{-2, 2, 4, 6, 8, 13, 15, 29, 31, 59, 61, 364, 366, 730, 732, 1095, 1097, 2191, 2193, 2556, 2558, 2921, 2923, 3287, 3289, 3652, 3654},
			want: "must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 " +
				"or RetainForever, got %d",
		},
	} {
		var cases []change
		for _, n := range tc.good {
			cases = append(cases, change{name: fmt.Sprint(tc.field, " ", n), change: func(p *Props) { tc.set(p, n) }})
		}
		for _, n := range tc.bad {
			cases = append(cases, change{
				name: fmt.Sprint(tc.field, " ", n), change: func(p *Props) { tc.set(p, n) },
				want: []string{tc.field + ": " + fmt.Sprintf(tc.want, n)},
			})
		}
		runChanges(t, cases)
	}
}

func TestValidateTimeout(t *testing.T) {
	t.Parallel()
	var cases []change
	for _, d := range []time.Duration{0, time.Second, 2 * time.Second, 899 * time.Second, 15 * time.Minute} {
		cases = append(cases, change{name: d.String(), change: func(p *Props) { p.Timeout = d }})
	}
	for d, want := range map[time.Duration]string{
		-time.Second:                 "must be from 1s to 15m0s, got -1s",
		time.Nanosecond:              "must be from 1s to 15m0s, got 1ns",
		30:                           "must be from 1s to 15m0s, got 30ns", // seconds taken for a Duration
		999 * time.Millisecond:       "must be from 1s to 15m0s, got 999ms",
		1500 * time.Millisecond:      "must be a whole number of seconds, got 1.5s",
		15*time.Minute - 1:           "must be a whole number of seconds, got 14m59.999999999s",
		15*time.Minute + 1:           "must be from 1s to 15m0s, got 15m0.000000001s",
		15*time.Minute + time.Second: "must be from 1s to 15m0s, got 15m1s",
	} {
		cases = append(cases, change{name: d.String(), change: func(p *Props) { p.Timeout = d }, want: []string{"Timeout: " + want}})
	}
	runChanges(t, cases)
}

func TestValidateChoices(t *testing.T) {
	t.Parallel()
	runChanges(t, []change{
		{name: "x86_64", change: func(p *Props) { p.Architecture = X8664 }},
		{name: "arm64", change: func(p *Props) { p.Architecture = ARM64 }},
		{
			name: "Go's name", change: func(p *Props) { p.Architecture = "amd64" },
			want: []string{`Architecture: must be "x86_64" or "arm64", got "amd64"`},
		},
		{
			name: "token", change: func(p *Props) { p.Architecture = token },
			want: []string{"Architecture: must be known at synth, got a Terraform token"},
		},
		{name: "active tracing", change: func(p *Props) { p.TracingMode = Active }},
		{name: "passed tracing", change: func(p *Props) { p.TracingMode = PassThrough }},
		{
			name: "other tracing", change: func(p *Props) { p.TracingMode = "active" },
			want: []string{`TracingMode: must be "PassThrough" or "Active", got "active"`},
		},
	})
}

func TestRuntimeWarning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		runtime Runtime
		want    string
	}{
		{runtime: Python313}, {runtime: NodeJS22}, {runtime: ProvidedAL2023}, {runtime: ""},
		{runtime: "python3.14", want: `Runtime: AWS provider 5.99.1 may not know "python3.14" and refuse it at plan; ` +
			"a container image or provided.al2023 works with every provider"},
	} {
		t.Run(string(tc.runtime), func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, w := range warnings(settings{runtime: tc.runtime}) {
				got += w
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
