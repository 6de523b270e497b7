package web

import (
	"crypto/sha256"
	"encoding/hex"
)

// tag is a strong ETag of what is really sent: the compressed and the plain
// form of a file are different bytes and must not be taken for each other.
func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}
