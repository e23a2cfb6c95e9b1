package iam

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// head is the beginning of every document.
const head = `{"Version":"2012-10-17","Statement":[`

func texts(values ...string) []*string {
	list := make([]*string, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

func TestDocument(t *testing.T) {
	t.Parallel()
	read := Statement{Actions: []string{"s3:GetObject"}, Resources: texts("arn:aws:s3:::a/*")}
	const rendered = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/*"}`
	for _, tc := range []struct {
		name string
		list []Statement
		want string // without the head
	}{
		{name: "one", list: []Statement{read}, want: rendered + `]}`},
		{name: "again", list: []Statement{read, read}, want: rendered + `]}`},
		{
			name: "in the order given", list: []Statement{{Actions: []string{"z:Z"}, Resources: texts("*")}, read},
			want: `{"Effect":"Allow","Action":"z:Z","Resource":"*"},` + rendered + `]}`,
		},
		{
			name: "actions sorted, each once; resources as given", list: []Statement{{
				Sid: "Use", Effect: Deny, Actions: []string{"s3:PutObject", "s3:GetObject", "s3:PutObject"}, Resources: texts("arn:aws:s3:::b", "arn:aws:s3:::a"),
			}},
			want: `{"Sid":"Use","Effect":"Deny","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::a"]}]}`,
		},
		{
			name: "conditions sorted, one key's values together", list: []Statement{{
				Actions: []string{"s3:*"}, Resources: texts("*"),
				Conditions: []Condition{
					{Operator: "StringLike", Key: "z", Values: texts("1")},
					{Operator: "Bool", Key: "aws:SecureTransport", Values: texts("true")},
					{Operator: "StringLike", Key: "a", Values: texts("2")},
					{Operator: "StringLike", Key: "z", Values: texts("3", "4")},
				},
			}},
			want: `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":` +
				`{"Bool":{"aws:SecureTransport":"true"},"StringLike":{"a":"2","z":["1","3","4"]}}}]}`,
		},
		{
			name: "tokens and signs as they are", list: []Statement{{Actions: []string{"s3:*"}, Resources: texts(`${a && b}<>`)}},
			want: `{"Effect":"Allow","Action":"s3:*","Resource":"${a && b}<>"}]}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := Document(tc.list...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+tc.want, got); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResourceDocument(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		principals []Principal
		want       string
	}{
		{name: "service", principals: []Principal{{Type: "Service", Identifiers: texts("lambda.amazonaws.com")}}, want: `{"Service":"lambda.amazonaws.com"}`},
		{
			name: "several", principals: []Principal{
				{Type: "Service", Identifiers: texts("a.amazonaws.com")}, {Type: "AWS", Identifiers: texts("123456789012")},
				{Type: "Service", Identifiers: texts("b.amazonaws.com")},
			},
			want: `{"AWS":"123456789012","Service":["a.amazonaws.com","b.amazonaws.com"]}`,
		},
		{name: "everybody", principals: []Principal{{Type: "*"}}, want: `"*"`},
		{name: "everybody and one", principals: []Principal{{Type: "AWS", Identifiers: texts("1")}, {Type: "*"}}, want: `"*"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := ResourceDocument(Statement{Actions: []string{"sts:AssumeRole"}, Principals: tc.principals})
			if err != nil {
				t.Fatal(err)
			}
			want := head + `{"Effect":"Allow","Principal":` + tc.want + `,"Action":"sts:AssumeRole"}]}`
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDocumentLeavesItsInput(t *testing.T) {
	t.Parallel()
	s := Statement{Actions: []string{"b:B", "a:A", "b:B"}, Resources: texts("*")}
	Render(s)
	if diff := cmp.Diff([]string{"b:B", "a:A", "b:B"}, s.Actions); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}
