// Package dynamo is the port.Table on DynamoDB.
//
//	attribute   type   what
//	pk, sk      S      the primary key
//	gpk, gsk    S      the key in the index called index, of the items that are in it
//	version     N      the item's version, the condition of each write
//	write       S      a random id of the last write, see Table.Put
//	data        S      the item's content
//	expires_at  N      when it may be removed, in seconds since 1970
//
// What must not live here: what is in the items.
package dynamo
