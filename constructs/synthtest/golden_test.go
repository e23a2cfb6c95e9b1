package synthtest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormalised(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"construct metadata goes":    {`{"//": {"version": "0.20.12"}, "a": [{"//": 1, "b": 2}]}`, `{"a":[{"b":2}]}`},
		"versions of tools go":       {`{"version": "5.99.1", "function_version": "7"}`, `{"function_version":"7","version":"<version>"}`},
		"hashes of assets go":        {`{"filename": "assets/Orders_Code_1A2B3C4D/` + hex64 + `/orders.zip"}`, `{"filename":"assets/Orders_Code_1A2B3C4D/<hash>/orders.zip"}`},
		"hashes of objects go":       {`{"key": "lambda/orders/` + hex64 + `.zip"}`, `{"key":"lambda/orders/<hash>.zip"}`},
		"hashes of packages go":      {`{"source_code_hash": "` + base64SHA256 + `"}`, `{"source_code_hash":"<sha256>"}`},
		"hashes of images go":        {`{"a": "sha256:` + hex64 + `", "b": "x:0123456789ab"}`, `{"a":"sha256:<content hash>","b":"x:<content tag>"}`},
		"keys are sorted":            {`{"b": 1, "a": 2}`, `{"a":2,"b":1}`},
		"expressions stay":           {`{"a": "${aws_sqs_queue.q.arn}", "b": "x && y"}`, `{"a":"${aws_sqs_queue.q.arn}","b":"x && y"}`},
		"a list keeps its order":     {`{"a": ["c", "b"]}`, `{"a":["c","b"]}`},
		"an id of hex digits is not": {`{"id": "0123456789abcdef"}`, `{"id":"0123456789abcdef"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Template{t: t}
			if err := json.Unmarshal([]byte(tc.in), &s.JSON); err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(s.Normalised(), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const (
	hex64        = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	base64SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	s := &Template{t: t, JSON: map[string]any{"resource": map[string]any{
		"aws_sqs_queue": map[string]any{
			"Tasks":       map[string]any{"name": "tasks"},
			"DeadLetters": map[string]any{"name": "dead", "policy": []any{map[string]any{"x": "y"}}},
		},
		"aws_iam_role": map[string]any{"Role": map[string]any{"name": "role"}},
	}}}
	if diff := cmp.Diff(map[string]int{"aws_sqs_queue": 2, "aws_iam_role": 1}, s.Kinds()); diff != "" {
		t.Errorf("Kinds (-want +got):\n%s", diff)
	}
	if got := s.Only("aws_iam_role")["name"]; got != "role" {
		t.Errorf("Only: got %v", got)
	}
	if got := Get(s.Named("aws_sqs_queue", "Dead"), "policy", "x"); got != "y" {
		t.Errorf("Named, Get: got %v", got)
	}
	if got := Get(s.JSON, "resource", "aws_s3_bucket", "name"); got != nil {
		t.Errorf("Get of what is not there: got %v", got)
	}
}
