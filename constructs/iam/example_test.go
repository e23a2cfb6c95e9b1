package iam_test

import (
	"fmt"

	"github.com/aegis-agents/aegis/constructs/iam"
)

func ExampleDocument() {
	table := "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
	document, err := iam.Document(iam.Statement{
		Sid:       "ReadOrders",
		Actions:   []string{"dynamodb:Query", "dynamodb:GetItem"},
		Resources: []*string{&table},
	})
	fmt.Println(document, err)
	// Output:
	// {"Version":"2012-10-17","Statement":[{"Sid":"ReadOrders","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders"}]} <nil>
}

func ExampleDocument_mistakes() {
	_, err := iam.Document(
		iam.Statement{Actions: []string{"dynamodb"}},
		iam.Statement{Sid: "read-orders", Actions: []string{"*"}, Resources: []*string{new("orders")}},
	)
	fmt.Println(err)
	// Output:
	// Statements[0].Actions[0]: must be "service:Action" or "*", got "dynamodb"
	// Statements[0].Resources: must not be empty, got nothing
	// Statements[1].Sid: must be letters and digits, got "read-orders"
	// Statements[1].Resources[0]: must be an ARN or "*", got "orders"
}
