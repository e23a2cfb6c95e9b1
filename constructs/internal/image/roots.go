package image

import (
	"bytes"
	"encoding/pem"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// rootsPath is the first place where Go, and OpenSSL on Debian, look.
// https://go.dev/src/crypto/x509/root_linux.go
const rootsPath = "etc/ssl/certs/ca-certificates.crt"

// roots returns Mozilla's root certificates as the Go team keeps them, from a
// module that go.mod pins. A root with a condition, such as a date after which its
// certificates do not count, is left out: a PEM file cannot carry the condition.
func roots() ([]byte, error) {
	var buf bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}
