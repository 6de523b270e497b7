package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

var ctx = context.Background()

func withTable(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Migrate(ctx, "trial", fstest.MapFS{"0001_trial.sql": {Data: []byte(`-- +goose Up
CREATE TABLE trial_row (id TEXT PRIMARY KEY, n BIGINT NOT NULL, b BYTEA);
-- +only sqlite
CREATE TABLE trial_dialect AS SELECT 'sqlite' AS name;
-- +end
-- +only postgres
CREATE TABLE trial_dialect AS SELECT 'postgres'::TEXT AS name;
-- +end
`)}})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read(ctx, func(t *db.Tx) error { return t.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

func insert(id string, n int) func(*db.Tx) error {
	return func(t *db.Tx) error {
		_, err := t.Exec(`INSERT INTO trial_row (id, n) VALUES (?,?)`, id, n)
		return err
	}
}

func TestMigrationsKeepOnlyTheBlocksOfTheDialect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		var name string
		if err := d.Read(ctx, func(t *db.Tx) error { return t.Row(`SELECT name FROM trial_dialect`).Scan(&name) }); err != nil {
			t.Fatal(err)
		}
		if name != string(d.Dialect()) {
			t.Errorf("the block of %s ran on %s", name, d.Dialect())
		}
	})
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { withTable(t, d); withTable(t, d) })
}

func TestAWriteThatFailsIsUndoneAloneWhateverSharesItsCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		refused := errors.New("refused")
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					if err := insert(fmt.Sprint(i), i)(tx); err != nil {
						return err
					}
					if i%3 == 0 {
						return refused
					}
					return nil
				})
				if (i%3 == 0) != errors.Is(err, refused) {
					t.Errorf("write %d answered %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d); n != 133 {
			t.Errorf("%d rows are there, want the 133 that did not fail", n)
		}
	})
}

func TestAStatementThatBreaksARuleDoesNotSpoilTheOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 64 {
			wg.Go(func() {
				err := d.Write(ctx, insert("same", 1))
				if err == nil {
					mu.Lock()
					done++
					mu.Unlock()
				} else if !db.Unique(err) {
					t.Errorf("want a broken unique rule, got %v", err)
				}
			})
		}
		wg.Wait()
		if done != 1 || count(t, d) != 1 {
			t.Errorf("%d writes of the same row were answered as done, %d rows are there", done, count(t, d))
		}
	})
}

func TestAPanicInAWriteIsUndoneAndTheStoreGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := insert("a", 1)(tx); err != nil {
				return err
			}
			panic("broken")
		})
		if err == nil || !strings.Contains(err.Error(), "panic") {
			t.Errorf("got %v", err)
		}
		if err := d.Write(ctx, insert("b", 1)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%d rows, want only the second", n)
		}
	})
}

func TestACallerWhoLeftBeforeTheWorkBeganStoresNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		gone, leave := context.WithCancel(ctx)
		leave()
		if err := d.Write(gone, insert("a", 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if n := count(t, d); n != 0 {
			t.Errorf("%d rows are there", n)
		}
	})
}

func TestAWriteInsideAWriteIsRefusedInsteadOfWaitingForItself(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	err := d.Write(ctx, func(tx *db.Tx) error { return d.Write(tx.Context(), insert("a", 1)) })
	if err == nil || !strings.Contains(err.Error(), "wait for itself") {
		t.Errorf("got %v", err)
	}
}

func TestAReadCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		if err := d.Read(ctx, insert("a", 1)); err == nil {
			t.Error("a read wrote")
		}
	})
}

func TestAReadSeesOneSnapshot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		err := d.Read(ctx, func(r *db.Tx) error {
			var before, after int
			if err := r.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&before); err != nil {
				return err
			}
			if err := d.Write(ctx, insert("a", 1)); err != nil {
				return err
			}
			if err := r.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&after); err != nil {
				return err
			}
			if before != after {
				t.Errorf("the same read saw %d rows, then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestBytesComeBackAsTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		want := []byte{0, 255, '\'', '?', 10, 0}
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO trial_row (id, n, b) VALUES ('?', ?, ?)`, 1, want)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		if err := d.Read(ctx, func(tx *db.Tx) error { return tx.Row(`SELECT b FROM trial_row WHERE id = '?'`).Scan(&got) }); err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestAFullDiskIsSaidAndNothingIsHalfStored(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	// The bound on pages makes SQLite answer as on a full disk.
	if err := d.Write(ctx, func(tx *db.Tx) error {
		var pages int
		if err := tx.Row(`PRAGMA page_count`).Scan(&pages); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+2))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 200_000)
	err := d.Write(ctx, func(tx *db.Tx) error {
		if err := insert("small", 1)(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO trial_row (id, n) VALUES (?, 1)`, big)
		return err
	})
	if p, ok := problem.As(err); !ok || p.Code != "db.disk-full" {
		t.Errorf("got %v", err)
	}
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows of the failed write are there", n)
	}
}

func TestAClosedStoreRefusesWritesWithAWordToTheUser(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	d.Close()
	if err := d.Write(ctx, insert("a", 1)); !problem.HasCode(err, "db.closing") {
		t.Errorf("got %v", err)
	}
}

func TestABackupIsWholeAndTheStoreGoesOn(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	if err := d.Write(ctx, insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir() + "/copy.db"
	if err := d.Backup(ctx, to); err != nil {
		t.Fatal(err)
	}
	copied, err := db.Open(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if n := count(t, copied); n != 1 {
		t.Errorf("%d rows in the copy", n)
	}
}
