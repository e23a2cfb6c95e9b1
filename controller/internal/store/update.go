package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aegis-agents/aegis/controller/internal/port"
)

// maxConflicts is how often a write is tried anew when others came first. Each
// time one of them got through: more than this is no coincidence.
const maxConflicts = 32

// kind is how one kind of record is read and written.
type kind[T any] struct {
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
	index  func(T) (pk, sk string)
}

var (
	workflows = kind[Workflow]{encodeWorkflow, decodeWorkflow, workflowIndex}
	tasks     = kind[Task]{encodeTask, decodeTask, taskIndex}
	approvals = kind[Approval]{encodeApproval, decodeApproval, approvalIndex}
)

// change says what becomes of a record: it changes the item's expiry and the record, and
// returns whether there is anything to write.
type change[T any] func(record *T, expires *time.Time) bool

func (k kind[T]) get(ctx context.Context, table port.Table, key port.Key) (T, error) {
	record, _, err := k.load(ctx, table, key)
	return record, err
}

func (k kind[T]) load(ctx context.Context, table port.Table, key port.Key) (record T, item port.Item, err error) {
	item, found, err := table.Get(ctx, key)
	if err != nil {
		return record, item, err
	}
	if !found {
		return record, item, ErrNotFound
	}
	record, err = k.decode(item.Data)
	return record, item, err
}

// create writes a record that must not be there yet: port.ErrConflict.
func (k kind[T]) create(ctx context.Context, table port.Table, key port.Key, record T, expires time.Time) error {
	return k.put(ctx, table, port.Item{Key: key, Expires: expires}, record)
}

func (k kind[T]) put(ctx context.Context, table port.Table, item port.Item, record T) error {
	data, err := k.encode(record)
	if err != nil {
		return err
	}
	item.Data = data
	item.IndexPK, item.IndexSK = k.index(record)
	_, err = table.Put(ctx, item)
	return err
}

// getOrCreate returns the record that is there, or creates it.
func (k kind[T]) getOrCreate(ctx context.Context, table port.Table, key port.Key, record T, expires time.Time) (T, bool, error) {
	for range maxConflicts {
		err := k.create(ctx, table, key, record, expires)
		if !errors.Is(err, port.ErrConflict) {
			return record, err == nil, err
		}
		stored, err := k.get(ctx, table, key)
		if !errors.Is(err, ErrNotFound) { // otherwise it expired in between
			return stored, false, err
		}
	}
	return record, false, tooMany(key)
}

// update changes a record, reading it anew when another writer came first.
// changed is whether this call wrote it.
func (k kind[T]) update(ctx context.Context, table port.Table, key port.Key, decide change[T]) (record T, changed bool, err error) {
	for range maxConflicts {
		record, item, err := k.load(ctx, table, key)
		if err != nil {
			return record, false, err
		}
		if !decide(&record, &item.Expires) {
			return record, false, nil
		}
		if err = k.put(ctx, table, item, record); !errors.Is(err, port.ErrConflict) {
			return record, err == nil, err
		}
	}
	return record, false, tooMany(key)
}

// list returns a page of records.
func (k kind[T]) list(ctx context.Context, table port.Table, q port.Query) (records []T, next string, err error) {
	page, err := table.Query(ctx, q)
	if err != nil {
		return nil, "", err
	}
	for _, item := range page.Items {
		record, err := k.decode(item.Data)
		if err != nil {
			return nil, "", fmt.Errorf("%s %s: %w", item.PK, item.SK, err)
		}
		records = append(records, record)
	}
	return records, page.Next, nil
}

// all returns all of a workflow's records of a kind, by the prefix of their keys.
func (k kind[T]) all(ctx context.Context, table port.Table, workflow, prefix string) (records []T, err error) {
	q := port.Query{PK: workflowPrefix + workflow, Prefix: prefix, Limit: port.MaxLimit}
	for {
		page, next, err := k.list(ctx, table, q)
		if err != nil {
			return nil, err
		}
		records = append(records, page...)
		if next == "" {
			return records, nil
		}
		q.From = next
	}
}

func tooMany(key port.Key) error {
	return fmt.Errorf("%s %s: %w, %d times in a row", key.PK, key.SK, port.ErrConflict, maxConflicts)
}
