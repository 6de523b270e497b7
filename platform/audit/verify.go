package audit

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"lintas/platform/db"
)

// Report is what Verify found.
type Report struct {
	Leaves   int64    `json:"leaves"`
	Root     string   `json:"root"`     // base64 of the tree's root hash
	Stored   int64    `json:"stored"`   // stored rows compared with the hash their leaf vouches for
	Problems []string `json:"problems"` // empty when the whole log is proved
}

// OK reports whether the whole log is proved.
func (r Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) bad(format string, args ...any) {
	const enough = 100
	if len(r.Problems) < enough {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Stored looks up the bytes that are stored for an object now. ok is false when the row is gone (erased,
// which has a leaf of its own, see Verify) and the leaf can no longer be compared.
type Stored func(t *db.Tx, object string) (stored []byte, ok bool, err error)

// Verify proves the log: every leaf hashes to its stored hash, every inner hash follows from those below
// it, no leaf is missing, and the newest leaf with a hash of every object agrees with the row stored now
// (kinds: prefix of the object, e.g. "screening", to its Stored). A row may be gone only where a later leaf of the
// object, or of the person it is about, has one of the verbs that take rows away; without such verbs this is not
// looked at. progress, when not nil, is called now and then with the leaves done.
func Verify(ctx context.Context, d *db.DB, kinds map[string]Stored, progress func(done, of int64), takeAway ...string) (Report, error) {
	var r Report
	err := d.Read(ctx, func(t *db.Tx) error {
		n, err := size(t)
		if err != nil {
			return err
		}
		r.Leaves = n
		if err := r.leaves(t, n, progress); err != nil {
			return err
		}
		if n > 0 && r.OK() {
			root, err := tlog.TreeHash(n, reader{t})
			if err != nil {
				r.bad("the root cannot be computed: %v", err)
			}
			r.Root = root.String()
		}
		return r.rows(t, kinds, takeAway)
	})
	return r, err
}

func (r *Report) leaves(t *db.Tx, n int64, progress func(done, of int64)) error {
	rows, err := t.Query(`SELECT n, at, actor, verb, object, subject, detail, hash FROM audit_leaf ORDER BY n`)
	if err != nil {
		return err
	}
	defer rows.Close()
	computed := memory{}
	for want := int64(0); rows.Next(); want++ {
		l, err := scan(rows)
		if err != nil {
			return err
		}
		if l.N != want {
			r.bad("leaf %d is missing", want)
			return nil
		}
		hashes, err := tlog.StoredHashes(l.N, l.bytes(), computed)
		if err != nil {
			return err
		}
		first := tlog.StoredHashIndex(0, l.N)
		for i, h := range hashes {
			computed[first+int64(i)] = h
		}
		if progress != nil && want%10_000 == 0 {
			progress(want, n)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.compare(t, computed, n)
}

// compare checks the stored hashes against those computed from the leaves.
func (r *Report) compare(t *db.Tx, computed memory, n int64) error {
	rows, err := t.Query(`SELECT i, hash FROM audit_hash ORDER BY i`)
	if err != nil {
		return err
	}
	defer rows.Close()
	seen := int64(0)
	for rows.Next() {
		var i int64
		var b []byte
		if err := rows.Scan(&i, &b); err != nil {
			return err
		}
		h, ok := computed[i]
		if !ok {
			r.bad("stored hash %d belongs to no leaf", i)
			continue
		}
		if !bytes.Equal(h[:], b) {
			level, at := tlog.SplitStoredHashIndex(i)
			if level == 0 {
				r.bad("leaf %d was changed after it was written", at)
			} else {
				r.bad("inner hash %d of level %d was changed", at, level)
			}
		}
		seen++
	}
	if seen != int64(len(computed)) {
		r.bad("%d stored hashes are missing", int64(len(computed))-seen)
	}
	return rows.Err()
}

// rows compares what is stored now with what the newest leaf of each object vouches for.
func (r *Report) rows(t *db.Tx, kinds map[string]Stored, takeAway []string) error {
	vouched, err := db.All(t, func(s db.Scanner) (v vouch, err error) { return v, s.Scan(&v.n, &v.object, &v.subject, &v.hash) },
		`SELECT n, object, subject, hash FROM audit_leaf WHERE n IN (SELECT MAX(n) FROM audit_leaf WHERE hash <> '' GROUP BY object) ORDER BY n`)
	if err != nil {
		return err
	}
	for _, v := range vouched {
		kind, _, _ := strings.Cut(v.object, ":")
		look, ok := kinds[kind]
		if !ok {
			continue
		}
		stored, ok, err := look(t, v.object)
		if err != nil {
			return err
		}
		if !ok {
			if taken, err := v.takenAway(t, takeAway); err != nil {
				return err
			} else if !taken {
				r.bad("the stored row of %s was removed outside Lintas", v.object)
			}
			continue
		}
		r.Stored++
		if HashOf(stored) != v.hash {
			r.bad("the stored row of %s was changed outside Lintas", v.object)
		}
	}
	return nil
}

// vouch is what a leaf says of a stored row.
type vouch struct {
	n                     int64
	object, subject, hash string
}

// takenAway reports whether the log says that the row was taken away since.
func (v vouch) takenAway(t *db.Tx, verbs []string) (bool, error) {
	if len(verbs) == 0 {
		return true, nil
	}
	args := []any{v.n, v.object, v.subject, v.subject}
	for _, verb := range verbs {
		args = append(args, verb)
	}
	var n int
	err := t.Row(`SELECT COUNT(*) FROM audit_leaf WHERE n > ? AND (object = ? OR subject = ? AND ? <> '') AND verb IN (`+db.Marks(len(verbs))+`)`, args...).Scan(&n)
	return n > 0, err
}

// memory holds hashes computed so far. Only the right edge is read again, but keeping all costs 40 bytes
// a hash and lets compare find the exact place.
type memory map[int64]tlog.Hash

// ReadHashes implements tlog.HashReader.
func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, ix := range indexes {
		out[i] = m[ix]
	}
	return out, nil
}

// Checkpoint signs the present head of the log in the C2SP tlog-checkpoint form, so that a log cut short
// later is found by whoever keeps the note.
func Checkpoint(ctx context.Context, d *db.DB, origin string, signer note.Signer) ([]byte, error) {
	var text string
	err := d.Read(ctx, func(t *db.Tx) error {
		n, err := size(t)
		if err != nil || n == 0 {
			return err
		}
		root, err := tlog.TreeHash(n, reader{t})
		text = fmt.Sprintf("%s\n%d\n%s\n", origin, n, root)
		return err
	})
	if err != nil || text == "" {
		return nil, err
	}
	return note.Sign(&note.Note{Text: text}, signer)
}

// CheckCheckpoint proves that the log still holds what a checkpoint, taken earlier, says.
func CheckCheckpoint(ctx context.Context, d *db.DB, origin string, signed []byte, verifier note.Verifier) error {
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return fmt.Errorf("the checkpoint's signature does not hold: %w", err)
	}
	var size int64
	var root string
	if _, err := fmt.Sscanf(n.Text, origin+"\n%d\n%s\n", &size, &root); err != nil {
		return fmt.Errorf("the checkpoint is not of this log: %w", err)
	}
	return d.Read(ctx, func(t *db.Tx) error {
		h, err := tlog.TreeHash(size, reader{t})
		if err != nil {
			return fmt.Errorf("the log no longer holds the %d leaves of the checkpoint: %w", size, err)
		}
		if h.String() != root {
			return fmt.Errorf("the first %d leaves are not those of the checkpoint", size)
		}
		return nil
	})
}
