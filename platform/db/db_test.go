package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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

func TestAnErrorThatAWriteOverlooksDoesNotMakeItAnswerStoredForWhatIsNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		err := d.Write(ctx, func(t *db.Tx) error {
			if _, err := t.Exec(`INSERT INTO trial_row (id, n) VALUES ('a', 1)`); err != nil {
				return err
			}
			t.Exec(`INSERT INTO trial_row (id, n) VALUES ('a', 2)`) // PostgreSQL undoes everything for this
			return nil
		})
		if there := count(t, d) == 1; there != (err == nil) {
			t.Errorf("the write was answered with %v; the row is there: %v", err, there)
		}
	})
}

func TestWhatIsHandedInForLaterIsSeenByTheNextQuestionAndStoredInItsOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		err := d.Write(ctx, func(t *db.Tx) error {
			if err := t.Later(`INSERT INTO trial_row (id, n, b) VALUES (?,?,?)`, "a", 1, []byte{0, 255}); err != nil {
				return err
			}
			if err := t.Later(`UPDATE trial_row SET n = n + ? WHERE id = ?`, int64(1), "a"); err != nil {
				return err
			}
			var n int
			if err := t.Row(`SELECT n FROM trial_row WHERE id = 'a'`).Scan(&n); err != nil || n != 2 {
				return fmt.Errorf("the question saw %d: %w", n, err)
			}
			return t.Later(`UPDATE trial_row SET n = n * ? WHERE id = ?`, 10, "a")
		})
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := db.ReadOne(ctx, d, func(s db.Scanner) (n int, err error) { return n, s.Scan(&n) }, `SELECT n FROM trial_row`)
		if n != 20 || err != nil {
			t.Errorf("stored %d, %v", n, err)
		}
	})
}

func TestAnErrorOfWhatWasHandedInForLaterIsTheErrorOfTheWriteAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		if err := d.Write(ctx, insert("there", 1)); err != nil {
			t.Fatal(err)
		}
		twice := func(asks bool) func(*db.Tx) error {
			return func(t *db.Tx) error {
				if err := t.Later(`INSERT INTO trial_row (id, n) VALUES ('new', 1)`); err != nil {
					return err
				}
				if err := t.Later(`INSERT INTO trial_row (id, n) VALUES ('there', 2)`); err != nil {
					return err
				}
				var n int
				if asks {
					return t.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&n)
				}
				return nil
			}
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := d.Write(ctx, twice(i%2 == 0)); !db.Unique(err) {
					t.Errorf("want a broken unique rule, got %v", err)
				}
			})
			wg.Go(func() {
				if err := d.Write(ctx, insert(fmt.Sprint("neighbour", i), 1)); err != nil {
					t.Errorf("a neighbour in the same commit failed: %v", err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d); n != 21 {
			t.Errorf("%d rows instead of 21", n)
		}
	})
}

func TestTheStoreGoesOnAfterPostgreSQLEndedItsConnections(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Dialect() != db.Postgres {
			t.Skip("SQLite has no connections that somebody else could end")
		}
		withTable(t, d)
		end := func(t *db.Tx) error {
			_, err := t.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()`)
			return err
		}
		if err := d.Write(ctx, end); err == nil {
			t.Error("a write whose connection was ended is answered as stored")
		}
		if err := d.Write(ctx, insert("a", 1)); err != nil { // the first to come may meet the ended connection
			if err := d.Write(ctx, insert("a", 1)); err != nil {
				t.Fatalf("the store does not come back: %v", err)
			}
		}
		if n := count(t, d); n != 1 {
			t.Errorf("%d rows instead of 1", n)
		}
	})
}

func TestOneRowIsReadWithoutATransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		if err := d.Write(ctx, insert("a", 7)); err != nil {
			t.Fatal(err)
		}
		number := func(s db.Scanner) (n int, err error) { return n, s.Scan(&n) }
		if n, found, err := db.ReadOne(ctx, d, number, `SELECT n FROM trial_row WHERE id = ?`, "a"); n != 7 || !found || err != nil {
			t.Errorf("got %d, %v, %v", n, found, err)
		}
		if _, found, err := db.ReadOne(ctx, d, number, `SELECT n FROM trial_row WHERE id = ?`, "b"); found || err != nil {
			t.Errorf("a row that is not there: got %v, %v", found, err)
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

func TestAnUnfinishedBackupIsTakenAwayAgainAndSaysWhy(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	gone := filepath.Join(t.TempDir(), "no-such-folder", "copy.db")
	if err := d.Backup(ctx, gone); !problem.HasCode(err, "db.backup-file") {
		t.Errorf("a folder that is not there: %v", err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := d.Backup(stopped, to); err == nil {
		t.Error("a backup that was stopped says nothing")
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what looks like a backup is left behind: %v", err)
	}
}

func TestABackupIsForItsOwnerOnlyAndReplacesNothing(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := d.Backup(ctx, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the copy can be read with mode %o", mode)
	}
	if err := d.Backup(ctx, to); !problem.HasCode(err, "db.backup-there") {
		t.Errorf("a second backup to the same file: %v", err)
	}
}

func TestTablesOfANewerProgramAreNotOpenedByAnOlderOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE trial_first (id TEXT);\n")}
		second := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE trial_second (id TEXT);\n")}
		if err := d.Migrate(ctx, "trial", fstest.MapFS{"0001_a.sql": first, "0002_b.sql": second}); err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(ctx, "trial", fstest.MapFS{"0001_a.sql": first}); !problem.HasCode(err, "db.newer") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAStoreWhoseFileWasTakenAwayDoesNotAnswerThatItIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lintas.db")
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(ctx); err == nil {
		t.Error("the file is gone and the store says that it answers")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Ping(ctx); err == nil {
		t.Error("another file is there and the store says that it answers")
	}
}

func TestTextThatNoDatabaseShouldHoldIsNeverAnErrorOfTheNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		for _, text := range []string{"a\x00b", "a\xffb"} {
			number := func(s db.Scanner) (n int, err error) { err = s.Scan(&n); return n, err }
			const query = `SELECT n FROM trial_row WHERE id = ?`
			written := d.Write(ctx, insert(text, 1))
			read := d.Read(ctx, func(t *db.Tx) error { _, err := db.All(t, number, query, text); return err })
			_, _, one := db.ReadOne(ctx, d, number, query, text)
			for _, err := range []error{written, read, one} {
				if p, ok := problem.As(err); err != nil && (!ok || p.Code != "db.text") {
					t.Errorf("%q: %v", text, err)
				}
			}
			if d.Dialect() == db.Postgres && (written == nil || read == nil || one == nil) {
				t.Errorf("%q was taken, so this test shows nothing: %v %v %v", text, written, read, one)
			}
		}
	})
}

func TestRowsThatAWriteLeavesOpenHoldUpNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		withTable(t, d)
		for _, n := range []int{1, 2} {
			if err := d.Write(ctx, insert(fmt.Sprint(n), n)); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Write(ctx, func(t *db.Tx) error {
				_, err := t.Query(`SELECT id FROM trial_row`) // and never closed, as by a panic
				return err
			})
			if err := d.Write(ctx, insert("after", 3)); err != nil {
				t.Errorf("the next write: %v", err)
			}
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second): // a server that falls silent is waited for for a minute
			t.Error("the store stands still")
			<-done
		}
	})
}

func TestWhatWasErasedLeavesTheLogOfASQLiteFileWhenItsReadersAreDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lintas.db")
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	withTable(t, d)
	const secret = "a name that must go"
	if err := d.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`INSERT INTO trial_row (id, n) VALUES (?, 1)`, secret)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	reading, done := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		d.Read(ctx, func(t *db.Tx) error {
			var n int
			err := t.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&n)
			close(reading)
			<-done
			return err
		})
	})
	<-reading
	if err := d.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`DELETE FROM trial_row`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Scrub(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(ctx, insert("meanwhile", 1)); err != nil { // nobody is kept waiting for the reader
		t.Fatal(err)
	}
	close(done)
	wg.Wait()
	for range 100 {
		if there := holds(t, path, secret) || holds(t, path+"-wal", secret); !there {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("what was erased is still in the store's files")
}

func holds(t *testing.T, path, text string) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), text)
}

// relay stands between a store and its PostgreSQL, and can go away.
type relay struct {
	net.Listener
	to   string
	mu   sync.Mutex
	open []net.Conn
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: to}
	t.Cleanup(r.leave)
	go r.serve()
	return r
}

func (r *relay) serve() {
	for {
		in, err := r.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", r.to)
		if err != nil {
			in.Close()
			continue
		}
		r.mu.Lock()
		r.open = append(r.open, in, out)
		r.mu.Unlock()
		go io.Copy(in, out)
		go io.Copy(out, in)
	}
}

func (r *relay) leave() {
	r.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.open {
		c.Close()
	}
	r.open = nil
}

func TestAStoreThatIsAwayIsSaidToBeAway(t *testing.T) {
	where, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	r := startRelay(t, where.Host)
	where.Host = r.Addr().String()
	d, err := db.Open(ctx, where.String())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	withTable(t, d)
	r.leave()
	count := func(t *db.Tx) error {
		var n int
		return t.Row(`SELECT COUNT(*) FROM trial_row`).Scan(&n)
	}
	for name, try := range map[string]func() error{
		"read":  func() error { return d.Read(ctx, count) },
		"write": func() error { return d.Write(ctx, insert("a", 1)) },
		"read one": func() error {
			_, _, err := db.ReadOne(ctx, d, func(s db.Scanner) (n int, err error) { return n, s.Scan(&n) }, `SELECT COUNT(*) FROM trial_row`)
			return err
		},
	} {
		for range 3 { // the first may meet a connection that was open, the later ones none
			if err := try(); !problem.HasCode(err, "db.away") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestNothingIsKeptOfAWriteThatCouldNotBegin(t *testing.T) {
	where, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	other, err := pgx.Connect(ctx, where.String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(ctx)
	options := where.Query()
	options.Set("lock_timeout", "100ms")
	where.RawQuery = options.Encode()
	d, err := db.Open(ctx, where.String())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	withTable(t, d)
	const row = `INSERT INTO trial_row (id, n) VALUES (?, 1)`
	ways := map[string]func(*db.Tx) error{
		"exec":   func(t *db.Tx) error { _, err := t.Exec(row, "exec"); return err },
		"later":  func(t *db.Tx) error { return t.Later(row, "later") },
		"row":    func(t *db.Tx) error { var n int; return t.Row(row+` RETURNING n`, "row").Scan(&n) },
		"number": func(t *db.Tx) error { _, err := t.Number(row+` RETURNING n`, "number"); return err },
		"carries on": func(t *db.Tx) error {
			t.Exec(row, "first")
			var n int
			return t.Row(row+` RETURNING n`, "carries on").Scan(&n)
		},
	}
	if _, err := other.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(0x6c696e746173)); err != nil { // another process writes
		t.Fatal(err)
	}
	for name, write := range ways {
		var pg *pgconn.PgError
		if err := d.Write(ctx, write); !errors.As(err, &pg) || pg.Code != "55P03" {
			t.Errorf("%s while another process writes: %v", name, err)
		}
	}
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
	if _, err := other.Exec(ctx, "SELECT pg_advisory_unlock_all()"); err != nil {
		t.Fatal(err)
	}
	for name, write := range ways {
		if err := d.Write(ctx, write); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
	if n := count(t, d); n != len(ways)+1 {
		t.Errorf("%d rows afterwards", n)
	}
}
