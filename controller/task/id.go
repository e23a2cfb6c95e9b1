package task

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
)

// ID is a task's id: one attempt at one task of one step of one workflow. It
// is the idempotency key of everything done for the task.
type ID string

// idLength is that of an ID: SHA-256 in base32. ECS takes up to 64 as a client token.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
const idLength = 52

// Lower case and no padding: it goes into keys, file names and URLs as it is.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID derives the id from the four parts that make a task. The parts are
// hashed with their lengths, so that no two tasks give the same text; the first
// part keeps the ids apart from other hashes of the same parts.
func NewID(workflow, step string, index, attempt int) ID {
	h := sha256.New()
	for _, part := range []string{"aegis task id 1", workflow, step, strconv.Itoa(index), strconv.Itoa(attempt)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return ID(idEncoding.EncodeToString(h.Sum(nil)))
}

// ParseID refuses what NewID cannot have made.
func ParseID(text string) (ID, error) {
	return ID(text), asError(checkID(ID(text)))
}

func checkID(id ID) *Error {
	if sum, err := idEncoding.DecodeString(string(id)); err != nil || len(id) != idLength || idEncoding.EncodeToString(sum) != string(id) {
		return invalid("task_id", "must be a task id of %d lower-case letters and digits, got %d characters", idLength, len(id))
	}
	return nil
}
