package dynamo

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/aegis-agents/aegis/controller/internal/awserr"
	"github.com/aegis-agents/aegis/controller/internal/port"
)

type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func encode(item port.Item, write string) attributes {
	a := attributes{
		"pk": text(item.PK), "sk": text(item.SK), "version": number(item.Version + 1),
		"write": text(write), "data": text(string(item.Data)),
	}
	if item.IndexPK != "" {
		a["gpk"], a["gsk"] = text(item.IndexPK), text(item.IndexSK)
	}
	if !item.Expires.IsZero() {
		a["expires_at"] = number(item.Expires.Unix())
	}
	return a
}

func decode(a attributes) (port.Item, error) {
	version, err := numberOf(a, "version")
	if err != nil {
		return port.Item{}, err
	}
	item := port.Item{
		Key: port.Key{PK: textOf(a, "pk"), SK: textOf(a, "sk")}, Version: version,
		IndexPK: textOf(a, "gpk"), IndexSK: textOf(a, "gsk"), Data: []byte(textOf(a, "data")),
	}
	if _, found := a["expires_at"]; found {
		seconds, err := numberOf(a, "expires_at")
		if err != nil {
			return port.Item{}, err
		}
		item.Expires = time.Unix(seconds, 0).UTC()
	}
	return item, nil
}

func textOf(a attributes, name string) string {
	if s, ok := a[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func numberOf(a attributes, name string) (int64, error) {
	n, ok := a[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("the item %s %s is not one of this table's: it has no number %s", textOf(a, "pk"), textOf(a, "sk"), name)
	}
	return strconv.ParseInt(n.Value, 10, 64)
}

func permanent(err error) bool {
	if _, ok := errors.AsType[*types.ItemCollectionSizeLimitExceededException](err); ok {
		return true
	}
	kind := awserr.KindOf(err)
	return kind == awserr.AccessDenied || kind == awserr.NotFound
}
