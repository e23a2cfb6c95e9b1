package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aegis-agents/aegis/controller/internal/cursor"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

// Index is the name of the one index, which holds whole items.
const Index = "index"

var _ port.Table = (*Table)(nil)

// Table is a port.Table.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New returns the Table called name.
func New(client *dynamodb.Client, name string) *Table {
	return &Table{client: client, name: name}
}

// Get is port.Table's.
func (t *Table) Get(ctx context.Context, key port.Key) (port.Item, bool, error) {
	if err := (port.Item{Key: key}).Check(); err != nil {
		return port.Item{}, false, err
	}
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Key: attributes{"pk": text(key.PK), "sk": text(key.SK)},
	})
	if err != nil {
		return port.Item{}, false, failed(err)
	}
	if len(out.Item) == 0 {
		return port.Item{}, false, nil
	}
	item, err := decode(out.Item)
	return item, err == nil, err
}

// Put is port.Table's. The SDK repeats a write whose answer got lost; that one then
// meets its own version and is refused. So each write has an id, and a refusal by
// an item that carries it is the success that got lost.
func (t *Table) Put(ctx context.Context, item port.Item) (int64, error) {
	if err := item.Check(); err != nil {
		return 0, err
	}
	write := rand.Text()
	in := &dynamodb.PutItemInput{
		TableName: &t.name, Item: encode(item, write),
		ConditionExpression: aws.String("attribute_not_exists(pk)"),
		// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if item.Version > 0 {
		in.ConditionExpression = aws.String("version = :version")
		in.ExpressionAttributeValues = attributes{":version": number(item.Version)}
	}
	_, err := t.client.PutItem(ctx, in)
	if refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if textOf(refused.Item, "write") == write {
			return item.Version + 1, nil
		}
		return 0, fmt.Errorf("%s %s: %w", item.PK, item.SK, port.ErrConflict)
	}
	if err != nil {
		return 0, failed(err)
	}
	return item.Version + 1, nil
}

// Query is port.Table's.
func (t *Table) Query(ctx context.Context, q port.Query) (port.Page, error) {
	if err := q.Check(); err != nil {
		return port.Page{}, err
	}
	after, found, err := cursor.Decode(q)
	if err != nil {
		return port.Page{}, err
	}
	in := t.query(q)
	if found {
		in.ExclusiveStartKey = attributes{"pk": text(after.PK), "sk": text(after.SK)}
		if q.Index {
			in.ExclusiveStartKey["gpk"], in.ExclusiveStartKey["gsk"] = text(q.PK), text(after.Sort)
		}
	}
	out, err := t.client.Query(ctx, in)
	if err != nil {
		return port.Page{}, failed(err)
	}
	var page port.Page
	for _, a := range out.Items[:min(len(out.Items), q.Limit)] {
		item, err := decode(a)
		if err != nil {
			return port.Page{}, err
		}
		page.Items = append(page.Items, item)
	}
	// An answer has 1 MB at most: it may end before its limit, too.
	if n := len(page.Items); n > 0 && (len(out.Items) > q.Limit || len(out.LastEvaluatedKey) > 0) {
		page.Next = cursor.Encode(q, cursor.Of(q, page.Items[n-1]))
	}
	return page, nil
}

// query asks for one item more than the page has, which tells whether there is
// another page: DynamoDB itself says so only when it has looked.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
func (t *Table) query(q port.Query) *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName: &t.name, Limit: aws.Int32(int32(q.Limit) + 1), ScanIndexForward: aws.Bool(!q.Descending),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk"},
		ExpressionAttributeValues: attributes{":pk": text(q.PK)},
	}
	sk := "sk"
	if q.Index {
		// An index has no consistent reads.
		in.IndexName = aws.String(Index)
		in.ExpressionAttributeNames["#pk"], sk = "gpk", "gsk"
	} else {
		in.ConsistentRead = aws.Bool(true)
	}
	condition := func(expression, value string) {
		*in.KeyConditionExpression += " AND " + expression
		in.ExpressionAttributeNames["#sk"] = sk
		in.ExpressionAttributeValues[":sk"] = text(value)
	}
	switch {
	case q.Prefix != "":
		condition("begins_with(#sk, :sk)", q.Prefix)
	case q.Until != "":
		condition("#sk <= :sk", q.Until)
	}
	return in
}

// failed marks what another attempt would meet again.
func failed(err error) error {
	if permanent(err) {
		return fmt.Errorf("%w: %w", port.ErrPermanent, err)
	}
	return err
}
