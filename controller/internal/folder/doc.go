// Package folder is the port.Blob in a folder: an object is a file whose path is its key.
//
// What must not live here: what objects are called and what is in them.
package folder
