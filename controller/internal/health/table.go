package health

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
)

// NotReady is the kind of a table that exists and cannot be used in its state.
// It is no client error, so awserr does not know it.
const NotReady awserr.Kind = "not_ready"

// tableDescriber is the part of *dynamodb.Client that the check uses.
type tableDescriber interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
}

func tableProbe(tables tableDescriber, table string) probe {
	t := target{
		noun: fmt.Sprintf("table %q", table), service: "DynamoDB",
		permission: "dynamodb:DescribeTable", setting: "STATE_TABLE",
	}
	retryer := newRetryer()
	return probe{name: "state-table", run: func(ctx context.Context) (*Problem, error) {
		out, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(table)},
			func(o *dynamodb.Options) { o.Retryer = retryer })
		if err != nil {
			return t.problem(err), err
		}
		if out.Table == nil {
			return statusProblem(t, ""), nil
		}
		return statusProblem(t, out.Table.TableStatus), nil
	}}
}

// statusProblem says what is wrong with a table in status, if anything.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
func statusProblem(t target, status types.TableStatus) *Problem {
	remedy := "find out in the DynamoDB console why the table has this status"
	switch status {
	case types.TableStatusActive, types.TableStatusUpdating: // an update does not stop reads and writes
		return nil
	case types.TableStatusCreating:
		remedy = "wait until the table is ACTIVE, usually less than a minute"
	case types.TableStatusDeleting, types.TableStatusArchiving, types.TableStatusArchived:
		remedy = "the table is going away: restore it from a backup, or deploy the stack again"
	case types.TableStatusInaccessibleEncryptionCredentials:
		remedy = "enable the table's KMS key again and let DynamoDB use it, before the table is archived"
	case "":
		status = "unknown"
	}
	return &Problem{
		Code:    NotReady,
		Message: fmt.Sprintf("%s must be ACTIVE or UPDATING, got %s", t.noun, status),
		Remedy:  remedy,
	}
}
