// Package awserr says what an error from an AWS client means, as one of a few kinds.
//
// Names of services, wording and remedies must not live here: the caller knows what it asked for.
package awserr
