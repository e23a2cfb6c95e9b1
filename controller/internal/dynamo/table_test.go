package dynamo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aegis-agents/aegis/controller/internal/dynamo"
	"github.com/aegis-agents/aegis/controller/internal/port"
	"github.com/aegis-agents/aegis/controller/internal/porttest"
	"github.com/aegis-agents/aegis/internal/awstest"
)

func TestTable(t *testing.T) {
	t.Parallel()
	client := dynamodb.NewFromConfig(awstest.Moto(t))
	porttest.Table(t, func(t *testing.T) port.Table {
		name := awstest.Name("state")
		create(t, client, name)
		return dynamo.New(client, name)
	})
}

// create makes a table as the stack does.
func create(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: schema("pk", "sk")}
	for _, attribute := range []string{"pk", "sk", "gpk", "gsk"} {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(attribute), AttributeType: types.ScalarAttributeTypeS})
	}
	in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
		IndexName: aws.String(dynamo.Index), KeySchema: schema("gpk", "gsk"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
	}}
	if _, err := client.CreateTable(t.Context(), in); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
}

func schema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}

var errAny = errors.New("any other error")

func TestPutErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply awstest.Reply
		want  error
	}{
		"conflict":  {awstest.Error(400, "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", ""), port.ErrConflict},
		"denied":    {awstest.Error(400, "AccessDeniedException", ""), port.ErrPermanent},
		"no table":  {awstest.Error(400, "ResourceNotFoundException", ""), port.ErrPermanent},
		"throttled": {awstest.Error(400, "ThrottlingException", ""), errAny},
		"fault":     {awstest.Error(500, "InternalServerError", ""), errAny},
		"dropped":   {awstest.Reply{Drop: true}, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := awstest.NewServer(t, map[string]awstest.Reply{putItem: tc.reply})
			client := dynamodb.NewFromConfig(server.Config(), func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
			_, err := dynamo.New(client, "state").Put(t.Context(), port.Item{Key: port.Key{PK: "a", SK: "b"}, Data: []byte("{}")})
			switch {
			case err == nil:
				t.Error("no error")
			case errors.Is(tc.want, errAny):
				if errors.Is(err, port.ErrConflict) || errors.Is(err, port.ErrPermanent) {
					t.Errorf("an error that may go away: %v", err)
				}
			case !errors.Is(err, tc.want):
				t.Errorf("got %v", err)
			}
		})
	}
}

const putItem = "DynamoDB_20120810.PutItem"

// The first answer gets lost, the SDK writes again, and is refused by its own write.
func TestPutKnowsItsOwnWrite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		version int64
		own     bool
	}{
		"new, own": {0, true}, "new, another's": {0, false}, "old, own": {4, true}, "old, another's": {4, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			server := awstest.NewServer(t, map[string]awstest.Reply{putItem: {Answer: func(body string) awstest.Reply {
				if calls++; calls == 1 {
					return awstest.Reply{Drop: true}
				}
				item := `{"pk":{"S":"a"},"sk":{"S":"b"},"version":{"N":"5"},"write":{"S":"another"}}`
				if tc.own {
					_, item, _ = strings.Cut(body, `"Item":`)
					item = item[:strings.Index(item, `}}`)+2]
				}
				return awstest.Reply{Status: 400, Body: `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"x","Item":` + item + `}`}
			}}})
			version, err := dynamo.New(dynamodb.NewFromConfig(server.Config()), "state").
				Put(t.Context(), port.Item{Key: port.Key{PK: "a", SK: "b"}, Version: tc.version, Data: []byte(`1`)})
			if calls != 2 {
				t.Errorf("%d calls", calls)
			}
			if tc.own && (err != nil || version != tc.version+1) {
				t.Errorf("got %d %v", version, err)
			}
			if !tc.own && !errors.Is(err, port.ErrConflict) {
				t.Errorf("got %d %v", version, err)
			}
		})
	}
}

func TestReadsAreConsistentAndNeverScan(t *testing.T) {
	t.Parallel()
	const getItem, query = "DynamoDB_20120810.GetItem", "DynamoDB_20120810.Query"
	server := awstest.NewServer(t, map[string]awstest.Reply{getItem: awstest.OK(`{}`), query: awstest.OK(`{"Items":[],"Count":0}`)})
	table := dynamo.New(dynamodb.NewFromConfig(server.Config()), "state")
	if _, found, err := table.Get(t.Context(), port.Key{PK: "a", SK: "b"}); err != nil || found {
		t.Errorf("Get: %t %v", found, err)
	}
	for _, index := range []bool{false, true} {
		if page, err := table.Query(t.Context(), port.Query{PK: "a", Limit: 1, Index: index}); err != nil || page.Next != "" {
			t.Errorf("Query: %+v %v", page, err)
		}
	}
	const consistent = `"ConsistentRead":true`
	queries := server.Requests(query)
	if gets := server.Requests(getItem); len(gets) != 1 || !strings.Contains(gets[0], consistent) {
		t.Errorf("GetItem: %v", gets)
	}
	// An index refuses consistent reads.
	if len(queries) != 2 || !strings.Contains(queries[0], consistent) || strings.Contains(queries[1], consistent) {
		t.Errorf("Query: %v", queries)
	}
}
