package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lintas/kernel/actor"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

var (
	ctx = context.Background()
	now = time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	who = actor.Actor{Person: "p1"}
)

func logOf(t testing.TB, d *db.DB, leaves int) {
	t.Helper()
	if err := audit.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	for i := range leaves {
		err := d.Write(ctx, func(tx *db.Tx) error {
			return audit.Append(tx, now, who, audit.Entry{Verb: "trial.write", Object: fmt.Sprintf("trial:%d", i), Subject: "s", Stored: []byte{byte(i)}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func stored(rows map[string]byte) map[string]audit.Stored {
	return map[string]audit.Stored{"trial": func(_ *db.Tx, object string) ([]byte, bool, error) {
		b, ok := rows[object]
		return []byte{b}, ok, nil
	}}
}

func verify(t *testing.T, d *db.DB, kinds map[string]audit.Stored) audit.Report {
	t.Helper()
	r, err := audit.Verify(ctx, d, kinds, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func change(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			t.Fatal("the change met no row")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAnUntouchedLogIsProved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		logOf(t, d, 37)
		if r := verify(t, d, nil); !r.OK() || r.Leaves != 37 {
			t.Errorf("got %+v", r)
		}
	})
}

func TestAnEmptyLogIsProved(t *testing.T) {
	d := dbtest.SQLite(t)
	logOf(t, d, 0)
	if r := verify(t, d, nil); !r.OK() {
		t.Errorf("got %+v", r)
	}
}

func TestAnyChangedColumnOfALeafIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		logOf(t, d, 20)
		for _, set := range []string{"at = at + 1", "actor = 'person:p2'", "verb = 'trial.read'", "object = 'trial:99'", "subject = ''", "detail = '{\"x\":1}'", "hash = ''"} {
			var before audit.Leaf
			if err := d.Read(ctx, func(tx *db.Tx) error {
				l, err := audit.List(tx, audit.Filter{Before: 8, Limit: 1})
				before = l[0]
				return err
			}); err != nil {
				t.Fatal(err)
			}
			change(t, d, `UPDATE audit_leaf SET `+set+` WHERE n = 7`)
			if r := verify(t, d, nil); r.OK() || !strings.Contains(strings.Join(r.Problems, " "), "leaf 7 ") {
				t.Errorf("%s was not found at leaf 7: %v", set, r.Problems)
			}
			change(t, d, `UPDATE audit_leaf SET at = ?, actor = ?, verb = ?, object = ?, subject = ?, detail = ?, hash = ? WHERE n = 7`,
				before.At.UnixMilli(), before.Actor, before.Verb, before.Object, before.Subject, string(before.Detail), before.Hash)
		}
	})
}

func TestAFlippedByteOfAnyStoredHashIsFound(t *testing.T) {
	d := dbtest.SQLite(t)
	logOf(t, d, 20)
	rapid.Check(t, func(r *rapid.T) {
		i := rapid.IntRange(0, 37).Draw(r, "hash") // 20 leaves store 38 hashes
		var was []byte
		if err := d.Read(ctx, func(tx *db.Tx) error { return tx.Row(`SELECT hash FROM audit_hash WHERE i = ?`, i).Scan(&was) }); err != nil {
			r.Fatal(err)
		}
		flipped := append([]byte(nil), was...)
		flipped[rapid.IntRange(0, 31).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		change(t, d, `UPDATE audit_hash SET hash = ? WHERE i = ?`, flipped, i)
		found := !verify(t, d, nil).OK()
		change(t, d, `UPDATE audit_hash SET hash = ? WHERE i = ?`, was, i)
		if !found {
			r.Errorf("hash %d was changed unseen", i)
		}
	})
}

func TestAMissingLeafIsFound(t *testing.T) {
	d := dbtest.SQLite(t)
	logOf(t, d, 20)
	change(t, d, `DELETE FROM audit_leaf WHERE n = 5`)
	if r := verify(t, d, nil); r.OK() {
		t.Error("a missing leaf was not found")
	}
}

func TestARowChangedOutsideIsFoundByTheLeafThatVouchesForIt(t *testing.T) {
	d := dbtest.SQLite(t)
	logOf(t, d, 3)
	rows := map[string]byte{"trial:0": 0, "trial:1": 1, "trial:2": 77}
	r := verify(t, d, stored(rows))
	if r.OK() || !strings.Contains(r.Problems[0], "trial:2") || r.Stored != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestAnErasedRowIsNoProblem(t *testing.T) {
	d := dbtest.SQLite(t)
	logOf(t, d, 2)
	if r := verify(t, d, stored(map[string]byte{"trial:0": 0})); !r.OK() || r.Stored != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestARowRemovedOutsideIsFoundUnlessTheLogSaysThatItWasTakenAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		logOf(t, d, 3) // all of the subject s
		append := func(verb, object, subject string) {
			if err := d.Write(ctx, func(tx *db.Tx) error {
				return audit.Append(tx, now, who, audit.Entry{Verb: verb, Object: object, Subject: subject})
			}); err != nil {
				t.Fatal(err)
			}
		}
		gone := func() string {
			r, err := audit.Verify(ctx, d, stored(map[string]byte{"trial:0": 0}), nil, "trial.erase")
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(r.Problems, "; ")
		}
		append("trial.read", "trial:1", "s")
		if got := gone(); !strings.Contains(got, "trial:1 was removed") || !strings.Contains(got, "trial:2 was removed") {
			t.Errorf("got %q", got)
		}
		append("trial.erase", "trial:1", "")
		if got := gone(); strings.Contains(got, "trial:1") || !strings.Contains(got, "trial:2 was removed") {
			t.Errorf("after the erasure of one: %q", got)
		}
		append("trial.erase", "trial:elsewhere", "s")
		if got := gone(); got != "" {
			t.Errorf("after the erasure of the person: %q", got)
		}
	})
}

func TestALeafIsUndoneWithItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		logOf(t, d, 4)
		d.Write(ctx, func(tx *db.Tx) error {
			if err := audit.Append(tx, now, who, audit.Entry{Verb: "trial.write", Object: "trial:x"}); err != nil {
				t.Error(err)
			}
			return fmt.Errorf("undo")
		})
		if r := verify(t, d, nil); !r.OK() || r.Leaves != 4 {
			t.Errorf("got %+v", r)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	d, err := db.Open(ctx, b.TempDir()+"/log.db")
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if err := audit.Migrate(ctx, d); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := d.Write(ctx, func(tx *db.Tx) error {
				return audit.Append(tx, now, who, audit.Entry{Verb: "trial.write", Object: "trial:1"})
			}); err != nil {
				b.Error(err)
			}
		}
	})
}
