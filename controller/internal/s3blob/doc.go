// Package s3blob is the port.Blob on S3.
//
// What must not live here: what objects are called and what is in them.
package s3blob
