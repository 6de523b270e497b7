// Package id makes identifiers and secrets.
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
)

// New returns a new identifier: a UUID version 7 (RFC 9562) in lower case. Identifiers sort by the
// millisecond they were made in, which keeps B-trees compact; they say nothing about a person.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Secret returns 256 random bits as 43 URL-safe characters: a token to hand out once.
// Store only Fingerprint(secret).
func Secret() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("id: the system's random source failed: " + err.Error()) // crypto/rand never fails on supported systems
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Fingerprint is the SHA-256 of a secret in hexadecimal. A plain hash is enough because the secrets
// of this package hold 256 random bits; never use it for something a person chose.
func Fingerprint(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}
