// Package audit keeps the log of who did and who saw what: every write and every read of a person's
// record is a leaf of a transparent log (a Merkle tree as in RFC 6962, golang.org/x/mod/sumdb/tlog),
// appended in the same transaction as the row it speaks of.
//
// A leaf holds ids, a verb and the hash of the ciphertext that was written. It holds no personal data:
// erasing a person must not need the log to be rewritten, and the log must be fit to hand to an auditor.
package audit

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the log's tables.
func Migrate(ctx context.Context, d *db.DB) error { return d.Migrate(ctx, "audit", migrations) }

// Leaf is one thing that was done or seen.
type Leaf struct {
	N       int64           `json:"n"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor"`   // actor.Label(): ids only
	Verb    string          `json:"verb"`    // "<desk>.<verb>", e.g. "screening.read"
	Object  string          `json:"object"`  // "<kind>:<id>"
	Subject string          `json:"subject"` // id of the person the record is about, or empty
	Detail  json.RawMessage `json:"detail"`  // no personal data
	Hash    string          `json:"hash"`    // HashOf the stored bytes, or empty
}

// HashOf is the SHA-256 in hexadecimal of what was stored (ciphertext, not plain text).
func HashOf(stored ...[]byte) string {
	h := sha256.New()
	for _, b := range stored {
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Entry is what a desk declares beside its write or read.
type Entry struct {
	Verb    string
	Object  string
	Subject string
	Detail  map[string]any // ids, counts, codes; never what a person said or is called
	Stored  []byte         // the stored bytes this leaf vouches for; nil when there are none
}

// Append adds a leaf to the log inside the business transaction.
func Append(t *db.Tx, now time.Time, who actor.Actor, e Entry) error {
	if e.Verb == "" || e.Object == "" {
		return fmt.Errorf("audit: a leaf needs a verb and an object, got %q and %q", e.Verb, e.Object)
	}
	n, err := size(t)
	if err != nil {
		return err
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("audit detail: %w", err)
	}
	if e.Detail == nil {
		detail = []byte("{}")
	}
	l := Leaf{N: n, At: now, Actor: who.Label(), Verb: e.Verb, Object: e.Object, Subject: e.Subject, Detail: detail}
	if e.Stored != nil {
		l.Hash = HashOf(e.Stored)
	}
	hashes, err := tlog.StoredHashes(n, l.bytes(), reader{t})
	if err != nil {
		return fmt.Errorf("audit hashes: %w", err)
	}
	if err := t.Later(`INSERT INTO audit_leaf (n, at, actor, verb, object, subject, detail, hash) VALUES (?,?,?,?,?,?,?,?)`,
		l.N, clock.Millis(l.At), l.Actor, l.Verb, l.Object, l.Subject, string(l.Detail), l.Hash); err != nil {
		return fmt.Errorf("audit leaf: %w", err)
	}
	return storeHashes(t, n, hashes)
}

func storeHashes(t *db.Tx, n int64, hashes []tlog.Hash) error {
	first, values := tlog.StoredHashIndex(0, n), make([]any, 0, 2*len(hashes))
	for i, h := range hashes {
		values = append(values, first+int64(i), h[:])
	}
	if err := t.Later(`INSERT INTO audit_hash (i, hash) VALUES `+db.MarkRows(len(hashes)), values...); err != nil {
		return fmt.Errorf("audit hashes: %w", err)
	}
	return nil
}

// bytes is the record that is hashed: one line per column, in a fixed order, each with its length so
// that no two leaves share a form. This form never changes.
func (l Leaf) bytes() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "lintas audit 1\n%d %d\n", l.N, clock.Millis(l.At))
	for _, s := range []string{l.Actor, l.Verb, l.Object, l.Subject, string(l.Detail), l.Hash} {
		fmt.Fprintf(&b, "%d:%s\n", len(s), s)
	}
	return []byte(b.String())
}

func size(t *db.Tx) (int64, error) {
	return t.Number(`SELECT COALESCE(MAX(n), -1) + 1 FROM audit_leaf`)
}

// Size is how many leaves the log has.
func Size(ctx context.Context, d *db.DB) (n int64, err error) {
	err = d.Read(ctx, func(t *db.Tx) (err error) {
		n, err = size(t)
		return err
	})
	return n, err
}

type reader struct{ t *db.Tx }

// ReadHashes implements tlog.HashReader.
func (r reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, len(indexes))
	for part := range slices.Chunk(indexes, maxHashes) {
		stored, err := r.part(part)
		if err != nil {
			return nil, err
		}
		for _, i := range part {
			h, ok := stored[i]
			if !ok {
				return nil, fmt.Errorf("stored hash %d is missing", i)
			}
			out = append(out, h)
		}
	}
	return out, nil
}

// maxHashes bounds what one query asks for; an Append needs fewer than 64.
const maxHashes = 500

func (r reader) part(indexes []int64) (map[int64]tlog.Hash, error) {
	wanted := make([]any, len(indexes))
	for i, ix := range indexes {
		wanted[i] = ix
	}
	found := make(map[int64]tlog.Hash, len(indexes))
	rows, err := r.t.Query(`SELECT i, hash FROM audit_hash WHERE i IN (`+db.Marks(len(wanted))+`)`, wanted...)
	if err != nil {
		return nil, fmt.Errorf("stored hashes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i int64
		var b []byte
		if err := rows.Scan(&i, &b); err != nil {
			return nil, fmt.Errorf("stored hashes: %w", err)
		}
		if len(b) != tlog.HashSize {
			return nil, fmt.Errorf("stored hash %d has %d bytes instead of %d", i, len(b), tlog.HashSize)
		}
		found[i] = tlog.Hash(b)
	}
	return found, rows.Err()
}

// Filter chooses leaves to list; empty fields match everything.
type Filter struct {
	Object  string
	Subject string
	Actor   string
	Before  int64 // only leaves with n below this; 0 = from the newest
	Limit   int   // 1..500; 0 = 50
}

// List returns leaves, newest first.
func List(t *db.Tx, f Filter) ([]Leaf, error) {
	where, args := []string{"1=1"}, []any{}
	add := func(cond string, v any) { where = append(where, cond); args = append(args, v) }
	if f.Object != "" {
		add("object = ?", f.Object)
	}
	if f.Subject != "" {
		add("subject = ?", f.Subject)
	}
	if f.Actor != "" {
		add("actor = ?", f.Actor)
	}
	if f.Before > 0 {
		add("n < ?", f.Before)
	}
	limit := f.Limit
	if limit <= 0 || limit > 500 {
		limit = 50
	}
	return db.All(t, scan, fmt.Sprintf(`SELECT n, at, actor, verb, object, subject, detail, hash FROM audit_leaf WHERE %s ORDER BY n DESC LIMIT %d`, strings.Join(where, " AND "), limit), args...)
}

func scan(s db.Scanner) (Leaf, error) {
	var l Leaf
	var at int64
	var detail string
	err := s.Scan(&l.N, &at, &l.Actor, &l.Verb, &l.Object, &l.Subject, &detail, &l.Hash)
	l.At, l.Detail = clock.FromMillis(at), json.RawMessage(detail)
	return l, err
}
