package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

type querier interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Tx is one caller's view of the store: writable inside DB.Write, a consistent snapshot inside DB.Read.
type Tx struct {
	q        querier
	ctx      context.Context
	dialect  Dialect
	writable bool
	after    []func()
	later    []change
	failed   error // of what was handed in with Later
}

// change is a statement that waits to be sent.
type change struct {
	query string
	args  []any
}

// batcher sends several statements at once.
type batcher interface {
	sendAll(context.Context, []change) error
	number(context.Context, []change) (int64, error)
}

// Read runs fn on a consistent snapshot that cannot be written to.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: db.dialect == Postgres, Isolation: db.readIsolation()})
	if err != nil {
		return asProblem(fmt.Errorf("begin read: %w", err))
	}
	defer tx.Rollback()
	return asProblem(fn(&Tx{q: tx, ctx: ctx, dialect: db.dialect}))
}

func (db *DB) readIsolation() sql.IsolationLevel {
	if db.dialect == Postgres {
		return sql.LevelRepeatableRead // PostgreSQL's snapshot
	}
	return sql.LevelDefault // a SQLite read transaction is a snapshot already
}

// Dialect tells which database this is.
func (t *Tx) Dialect() Dialect { return t.dialect }

// Context is the context queries run under; inside Write it is not the caller's.
func (t *Tx) Context() context.Context { return t.ctx }

// After has f called once the transaction is durable, on the writer's goroutine: keep it short,
// e.g. a wake-up. It is not called when the transaction fails.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Later runs a statement whose result nobody needs. With PostgreSQL it is sent together with its neighbours, before
// the next question or at the end of the work; an error of it is then the error of the Write, and of every question
// after it. Use it where one thing is stored in several rows: each answer waited for costs as much as the change.
func (t *Tx) Later(query string, args ...any) error {
	if _, together := t.q.(batcher); !together || !t.writable {
		_, err := t.Exec(query, args...)
		return err
	}
	t.later = append(t.later, change{t.rebind(query), args})
	return t.failed
}

// flush sends what waits, the beginning of the transaction included.
func (t *Tx) flush() error {
	if t.failed != nil {
		return t.failed
	}
	if b, together := t.q.(batcher); together {
		t.failed = b.sendAll(t.ctx, t.later)
		t.later = nil
	}
	return t.failed
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(query string, args ...any) (int64, error) {
	if !t.writable {
		return 0, errors.New("db: Exec inside Read; use Write")
	}
	if err := t.flush(); err != nil {
		return 0, err
	}
	r, err := t.q.ExecContext(t.ctx, t.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Query runs a query; the caller closes the rows. Prefer All.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	return t.q.QueryContext(t.ctx, t.rebind(query), args...)
}

// Row runs a query for one row; Scan on it returns sql.ErrNoRows when there is none.
func (t *Tx) Row(query string, args ...any) *sql.Row {
	t.flush() // when it fails, the transaction has, and so does this question
	return t.q.QueryRowContext(t.ctx, t.rebind(query), args...)
}

// Number asks for one whole number, of a query that always has a row. With PostgreSQL the question goes together
// with what was handed in with Later.
func (t *Tx) Number(query string, args ...any) (n int64, err error) {
	b, together := t.q.(batcher)
	if !together || t.failed != nil {
		return n, t.Row(query, args...).Scan(&n)
	}
	n, t.failed = b.number(t.ctx, append(t.later, change{t.rebind(query), args}))
	t.later = nil
	return n, t.failed
}

// Scanner is what a row is read from.
type Scanner interface{ Scan(...any) error }

// All reads every row of a query with scan.
func All[T any](t *Tx, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// One reads one row with scan; found is false when there is none.
func One[T any](t *Tx, scan func(Scanner) (T, error), query string, args ...any) (v T, found bool, err error) {
	v, err = scan(t.Row(query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		var zero T
		return zero, false, nil
	}
	return v, err == nil, err
}

// ReadOne is One without a transaction around it: a single statement is a consistent snapshot by itself, and
// opening and closing one would cost two more questions to PostgreSQL.
func ReadOne[T any](ctx context.Context, db *DB, scan func(Scanner) (T, error), query string, args ...any) (v T, found bool, err error) {
	v, found, err = One(&Tx{q: db.readers, ctx: ctx, dialect: db.dialect}, scan, query, args...)
	return v, found, asProblem(err)
}

var rebound sync.Map // query -> query with $n; queries are constants of the program, so this stays small

// rebind writes `?` as $1, $2, ... for PostgreSQL, leaving quoted text alone.
func (t *Tx) rebind(query string) string {
	if t.dialect != Postgres {
		return query
	}
	if q, ok := rebound.Load(query); ok {
		return q.(string)
	}
	var b strings.Builder
	n, quote := 0, byte(0)
	for i := range len(query) {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteByte(c)
	}
	rebound.Store(query, b.String())
	return b.String()
}

// Marks returns n placeholders for an IN list: "?,?,?".
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// MarkRows returns placeholders for several rows of two values: "(?,?),(?,?)".
func MarkRows(n int) string { return strings.TrimSuffix(strings.Repeat("(?,?),", n), ",") }
