// Package db is the store: SQLite in one file by default, PostgreSQL by a URL, SQL written once.
//
// All writes of a process go through one writer goroutine that gathers waiting callers into one
// transaction (group commit): each caller's work stands in its own savepoint, so that one that fails
// is undone alone, and nobody is answered before the commit is durable (SQLite: WAL with
// synchronous=FULL; PostgreSQL: synchronous_commit as the server has it, on by default).
//
// The dialect both databases share: ids TEXT, instants BIGINT (milliseconds UTC), booleans 0/1,
// JSON as TEXT parsed in Go, bytes BYTEA (SQLite keeps blobs as they are under that name),
// ON CONFLICT, CTEs, window functions. Placeholders are `?`. Where a dialect must differ, migrations
// mark blocks with `-- +only sqlite` / `-- +only postgres` ... `-- +end`, and code asks Dialect().
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"lintas/kernel/problem"
)

// Dialect is the kind of database behind a DB.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open store. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	readers *sql.DB
	writer  *sql.DB
	work    chan *job
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
	path    string      // of a SQLite file
	file    os.FileInfo // as it was when it was opened

	scrubbing atomic.Bool // the log is to be cut when its readers are done
}

// Open opens the store at where: a PostgreSQL URL (postgres://...) or the path of a SQLite file, which
// is made when absent, with its folder, readable by its owner only.
func Open(ctx context.Context, where string) (*DB, error) {
	// Reading SQLite is work for the processor and not waiting: more connections than that only hold memory.
	return open(ctx, where, max(4, 2*runtime.GOMAXPROCS(0)), 256)
}

// OpenSmall opens like Open a store from which single rows are read by their key: with SQLite few connections
// and little memory for pages.
func OpenSmall(ctx context.Context, where string) (*DB, error) {
	return open(ctx, where, 2, 128)
}

// open takes the number of connections for reading, and the KiB of pages that each connection keeps; both
// matter for SQLite only.
func open(ctx context.Context, where string, readers, pagesKiB int) (*DB, error) {
	path, ok := FileOf(where)
	if !ok {
		return openPostgres(ctx, where)
	}
	return openSQLite(ctx, path, readers, pagesKiB)
}

// FileOf is the path of the SQLite file that where names; ok is false for a PostgreSQL URL.
func FileOf(where string) (path string, ok bool) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return "", false
	}
	return strings.TrimPrefix(where, "sqlite:"), true
}

// busyTimeout is for how many milliseconds a SQLite statement waits for what another one holds.
const busyTimeout = 10_000

func openSQLite(ctx context.Context, path string, readers, pagesKiB int) (*DB, error) {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, problem.New(problem.Unavailable, "db.folder", "The folder %s for the database cannot be made (%s). Give another place with --data.", dir, reason(err))
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "db.open", "The database file %s cannot be opened (%s). Check its folder and owner.", path, reason(err))
	}
	file, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("look at the database file: %w", err)
	}
	dsn := func(extra ...string) string {
		q := url.Values{}
		for _, p := range append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout), "foreign_keys(1)", "synchronous(FULL)", "journal_mode(WAL)", "temp_store(MEMORY)", "secure_delete(1)", fmt.Sprintf("cache_size(-%d)", pagesKiB)}, extra...) {
			q.Add("_pragma", p)
		}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	w, err := openStatements(dsn() + "&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	if err := w.PingContext(ctx); err != nil {
		w.Close()
		return nil, problem.New(problem.Unavailable, "db.open", "The file %s is not a database Lintas can use: %v.", path, err)
	}
	r, err := openStatements(dsn("query_only(1)"))
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("open sqlite for reading: %w", err)
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	db := start(SQLite, r, w)
	db.path, db.file = path, file
	return db, nil
}

func openPostgres(ctx context.Context, where string) (*DB, error) {
	open := func(conns int) (*sql.DB, error) {
		d, err := sql.Open("pgx", where)
		if err != nil {
			return nil, fmt.Errorf("open postgres: %w", err)
		}
		d.SetMaxOpenConns(conns)
		d.SetMaxIdleConns(min(conns, 4))
		return d, nil
	}
	w, err := open(1)
	if err != nil {
		return nil, err
	}
	if err := w.PingContext(ctx); err != nil {
		w.Close()
		return nil, problem.New(problem.Unavailable, "db.postgres", "PostgreSQL does not answer: %s. Check the URL and that the server runs.", withoutPassword(err, where))
	}
	r, err := open(16)
	if err != nil {
		w.Close()
		return nil, err
	}
	return start(Postgres, r, w), nil
}

// withoutPassword keeps the password of the URL out of an error text.
func withoutPassword(err error, where string) string {
	text := err.Error()
	if u, e := url.Parse(where); e == nil {
		if p, ok := u.User.Password(); ok && p != "" {
			text = strings.ReplaceAll(text, p, "***")
		}
	}
	return text
}

func start(d Dialect, r, w *sql.DB) *DB {
	db := &DB{dialect: d, readers: r, writer: w, work: make(chan *job, 256), stop: make(chan struct{}), done: make(chan struct{})}
	go db.write()
	return db
}

// Dialect tells which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Close lets waiting writes finish, then closes the store.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.stop) })
	<-db.done
	return errors.Join(db.readers.Close(), db.writer.Close())
}

// Ping reports whether the store answers a read. A SQLite file that was moved away goes on being read by those who
// have it open, so that its name is looked at, too: what is written to it is lost with the process.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if db.file != nil {
		now, err := os.Stat(db.path)
		if err != nil {
			return fmt.Errorf("the database file: %w", err)
		}
		if !os.SameFile(now, db.file) {
			return fmt.Errorf("%s is not the file that was opened any more", db.path)
		}
	}
	var one int
	return db.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Backup writes a consistent copy of a SQLite store to path, which must not exist; the copy is for its owner only.
// Nothing is left behind when it fails.
func (db *DB) Backup(ctx context.Context, path string) error {
	if db.dialect != SQLite {
		return problem.New(problem.Invalid, "db.backup-postgres", "Use pg_dump to back up a PostgreSQL store.")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return problem.New(problem.Conflict, "db.backup-there", "%s is there already and is not overwritten; name another file.", path)
	}
	if err != nil {
		return problem.New(problem.Invalid, "db.backup-file", "%s cannot be written (%s). Name a file in a folder that is there and can be written to.", path, reason(err))
	}
	if err = errors.Join(f.Close(), db.copyTo(ctx, path), synced(path)); err != nil {
		for _, left := range []string{path, path + "-journal"} {
			os.Remove(left) // half a copy must not be taken for a backup
		}
		if full := asProblem(err); problem.HasCode(full, "db.disk-full") {
			return problem.New(problem.Full, "db.backup-full", "There is no room for %s. The unfinished copy was removed. Make room, or name a file on another disk.", path)
		}
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	return nil
}

// copyTo writes the copy into an empty file.
func (db *DB) copyTo(ctx context.Context, path string) error {
	c, err := db.readers.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "VACUUM INTO ?", path)
	_, e := c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
	return errors.Join(err, e)
}

// synced brings a file to the disk: SQLite does not wait for that when it copies.
func synced(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// reason is what the system said, without the path, which the sentence around it names.
func reason(err error) string {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// Scrub makes deleted rows vanish from the write-ahead log of a SQLite store, too; with secure_delete they
// are already overwritten in the file. While somebody reads an older state the log cannot be cut: then it is tried
// again, as long as the store is open. PostgreSQL does this in its own time (vacuum).
func (db *DB) Scrub(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	cut, err := db.cutLog(ctx)
	if err == nil && !cut && db.scrubbing.CompareAndSwap(false, true) {
		go db.cutLogLater()
	}
	return err
}

// scrubPause is how long is waited between two tries to cut the log.
const scrubPause = time.Second

func (db *DB) cutLogLater() {
	for {
		select {
		case <-db.stop: // the last connection that closes takes the log away
			return
		case <-time.After(scrubPause):
		}
		db.scrubbing.Store(false) // before the try: a Scrub that comes after it must not rely on it
		cut, err := db.cutLog(context.Background())
		if cut && err == nil || !db.scrubbing.CompareAndSwap(false, true) {
			return
		}
	}
}

// cutLog brings the log into the file and empties it; false when a reader still needs it. It waits for readers for
// a moment only: nobody can write meanwhile.
func (db *DB) cutLog(ctx context.Context) (cut bool, err error) {
	c, err := db.writer.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("scrub: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "PRAGMA busy_timeout = 100"); err != nil {
		return false, fmt.Errorf("scrub: %w", err)
	}
	var busy, pages, moved int
	err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	_, e := c.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout))
	if err = errors.Join(err, e); err != nil {
		return false, fmt.Errorf("scrub: %w", err)
	}
	return busy == 0, nil
}

// Unique reports whether err is a broken UNIQUE or PRIMARY KEY rule.
func Unique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return err != nil && (strings.Contains(err.Error(), "UNIQUE constraint failed") || strings.Contains(err.Error(), "PRIMARY KEY constraint failed"))
}

// asProblem turns what a user can do something about into a problem that says so: no room on the disk, text that
// PostgreSQL cannot hold (SQLite holds it; a NUL or broken UTF-8 is nobody's name), and a server that is away for the
// moment. Other errors pass unchanged.
func asProblem(err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	errors.As(err, &pg)
	text := err.Error()
	if strings.Contains(text, "database or disk is full") || strings.Contains(text, "SQLITE_FULL") || strings.Contains(text, "no space left") || pg != nil && pg.Code == "53100" {
		return problem.New(problem.Full, "db.disk-full", "The disk is full. Nothing of this request was stored. Make room, then send again.").Because(err)
	}
	if pg != nil && pg.Code == "22021" {
		return problem.New(problem.Malformed, "db.text", "What was sent holds a character that is none: a NUL or broken UTF-8. Nothing was stored. Take it out, then send again.").Because(err)
	}
	if away(err, pg) {
		// A commit may have come through before the line was cut: not said to be undone.
		return problem.New(problem.Unavailable, "db.away", "The node's store does not answer just now. Wait a minute, then look whether it was stored, and try again.").Because(err)
	}
	return err
}

// away: PostgreSQL cannot be reached, ends, starts, or takes no more connections; or it hung up in the middle. A
// caller who left is not that.
func away(err error, pg *pgconn.PgError) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if pg != nil {
		return strings.HasPrefix(pg.Code, "08") || slices.Contains([]string{"57P01", "57P02", "57P03", "53300"}, pg.Code)
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)
}
