package agent

import "github.com/aegis-agents/aegis/constructs/internal/check"

// RetainForever as LogRetentionDays keeps logs until they are deleted.
const RetainForever = check.RetentionForever

// Platform is an operating system and a processor.
type Platform string

const (
	LinuxAMD64 Platform = "linux/amd64"
	LinuxARM64 Platform = "linux/arm64"
)

// TagMutability says whether a tag can move to another image.
type TagMutability string

const (
	Immutable TagMutability = "IMMUTABLE"
	Mutable   TagMutability = "MUTABLE"
)

// EncryptionType is how the images of a repository are encrypted at rest.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
type EncryptionType string

const (
	AES256  EncryptionType = "AES256"
	KMS     EncryptionType = "KMS"
	KMSDSSE EncryptionType = "KMS_DSSE" // two layers of encryption
)

// TagStatus is which images a lifecycle rule selects.
type TagStatus string

const (
	Tagged   TagStatus = "tagged"
	Untagged TagStatus = "untagged"
	Any      TagStatus = "any"
)
