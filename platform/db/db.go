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
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
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
}

// Open opens the store at where: a PostgreSQL URL (postgres://...) or the path of a SQLite file, which
// is made when absent, with its folder, readable by its owner only.
func Open(ctx context.Context, where string) (*DB, error) {
	// Reading SQLite is work for the processor and not waiting: more connections than that only hold memory.
	return open(ctx, where, max(4, 2*runtime.GOMAXPROCS(0)), 512)
}

// OpenSmall opens like Open a store from which single rows are read by their key: with SQLite few connections
// and little memory for pages.
func OpenSmall(ctx context.Context, where string) (*DB, error) {
	return open(ctx, where, 2, 256)
}

// open takes the number of connections for reading, and the KiB of pages that each connection keeps; both
// matter for SQLite only.
func open(ctx context.Context, where string, readers, pagesKiB int) (*DB, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return openPostgres(ctx, where)
	}
	return openSQLite(ctx, strings.TrimPrefix(where, "sqlite:"), readers, pagesKiB)
}

func openSQLite(ctx context.Context, path string, readers, pagesKiB int) (*DB, error) {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, problem.New(problem.Unavailable, "db.folder", "The folder for the database cannot be made: %v. Give another place with --data.", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "db.open", "The database file %s cannot be opened: %v. Check its folder and owner.", path, err)
	}
	f.Close()
	dsn := func(extra ...string) string {
		q := url.Values{}
		for _, p := range append([]string{"busy_timeout(10000)", "foreign_keys(1)", "synchronous(FULL)", "journal_mode(WAL)", "temp_store(MEMORY)", "secure_delete(1)", fmt.Sprintf("cache_size(-%d)", pagesKiB)}, extra...) {
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
	return start(SQLite, r, w), nil
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

// Ping reports whether the store answers a read.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var one int
	return db.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Backup writes a consistent copy of a SQLite store to path, which must not exist.
func (db *DB) Backup(ctx context.Context, path string) error {
	if db.dialect != SQLite {
		return problem.New(problem.Invalid, "db.backup-postgres", "Use pg_dump to back up a PostgreSQL store.")
	}
	c, err := db.readers.Conn(ctx)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = c.ExecContext(ctx, "VACUUM INTO ?", path)
	if _, e := c.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1"); e != nil {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	return nil
}

// Scrub makes deleted rows vanish from the write-ahead log of a SQLite store, too; with secure_delete they
// are already overwritten in the file. PostgreSQL does this in its own time (vacuum).
func (db *DB) Scrub(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	var busy, pages, moved int
	if err := db.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}

// Unique reports whether err is a broken UNIQUE or PRIMARY KEY rule.
func Unique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	return err != nil && (strings.Contains(err.Error(), "UNIQUE constraint failed") || strings.Contains(err.Error(), "PRIMARY KEY constraint failed"))
}

// asFull turns "no room on the disk" into a problem that says so; other errors pass unchanged.
func asFull(err error) error {
	var pg *pgconn.PgError
	text := ""
	if err != nil {
		text = err.Error()
	}
	if strings.Contains(text, "database or disk is full") || strings.Contains(text, "SQLITE_FULL") || strings.Contains(text, "no space left") || (errors.As(err, &pg) && pg.Code == "53100") {
		return problem.New(problem.Full, "db.disk-full", "The disk is full. Nothing of this request was stored. Make room, then send again.").Because(err)
	}
	return err
}
