package db

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// writerLock is the key of the advisory lock that keeps several node processes on one PostgreSQL
// database from writing the audit log at once.
const writerLock = 0x6c696e746173

// transaction is what the writer works in. One of commit and Rollback ends it; last is what is still to be changed.
type transaction interface {
	querier
	commit(last []change) error
	Rollback() error
}

// fileTransaction is SQLite's, where nothing waits to be sent.
type fileTransaction struct{ *sql.Tx }

func (t fileTransaction) commit([]change) error { return t.Commit() }

// begin starts a transaction of the writer; end, with PostgreSQL, ends ctx. When it may wait, PostgreSQL is told
// together with the first statement.
func (db *DB) begin(ctx context.Context, end context.CancelFunc, mayWait bool) (transaction, error) {
	if db.dialect == Postgres {
		return beginPostgres(ctx, end, db.writer, mayWait)
	}
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	return fileTransaction{tx}, nil
}

// pgTransaction is a transaction that begins together with the writer's lock and the first changes, and ends
// together with the last, in one message to the server each: asked for one after the other they were a fifth of
// what storing an interview cost.
type pgTransaction struct {
	*sql.Conn
	ctx   context.Context
	end   context.CancelFunc
	begun bool
}

func beginPostgres(ctx context.Context, end context.CancelFunc, writer *sql.DB, mayWait bool) (transaction, error) {
	c, err := writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	t := &pgTransaction{Conn: c, ctx: ctx, end: end}
	if mayWait {
		return t, nil
	}
	if err := t.sendAll(ctx, nil); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return t, nil
}

// sendAll sends the statements in one message, before them the beginning where nothing has begun, and waits for all
// answers; the first error is returned.
func (t *pgTransaction) sendAll(ctx context.Context, all []change) error {
	_, err := t.send(ctx, all, nil)
	return err
}

// number is sendAll, where the last statement asks for one whole number.
func (t *pgTransaction) number(ctx context.Context, all []change) (n int64, err error) {
	_, err = t.send(ctx, all, &n)
	return n, err
}

// send is both, and tells what the server says of the last of them.
func (t *pgTransaction) send(ctx context.Context, all []change, number *int64) (last pgconn.CommandTag, err error) {
	var b pgx.Batch
	if !t.begun {
		b.Queue("BEGIN")
		b.Queue("SELECT pg_advisory_xact_lock($1)", int64(writerLock))
	}
	opening := b.Len()
	for _, s := range all {
		args := make([]any, len(s.args))
		for i, a := range s.args {
			v, err := driver.DefaultParameterConverter.ConvertValue(a) // as database/sql does for Exec
			if err != nil {
				return last, fmt.Errorf("value %d of a statement: %w", i+1, err)
			}
			args[i] = v
		}
		b.Queue(s.query, args...)
	}
	if b.Len() == 0 {
		return last, nil
	}
	t.begun = true
	err = t.Raw(func(c any) (err error) {
		answers := c.(*stdlib.Conn).Conn().SendBatch(ctx, &b)
		answered := 0
		for ; answered < b.Len() && err == nil; answered++ {
			if number != nil && answered == b.Len()-1 {
				err = answers.QueryRow().Scan(number)
			} else {
				last, err = answers.Exec()
			}
		}
		err = cmp.Or(answers.Close(), err) // the first error either way
		if err != nil && answered <= opening {
			// Nothing has begun, and whatever came next would be kept at once: the connection is closed.
			err = fmt.Errorf("begin with the writer's lock: %w", errors.Join(err, driver.ErrBadConn))
		}
		return err
	})
	return last, err
}

// commit makes the work durable, sent together with what is still to be changed. PostgreSQL answers ROLLBACK,
// without an error, to the COMMIT of a transaction in which a statement failed. A connection that is given back
// inside a transaction, after an error, is closed by the driver before anybody else gets it.
func (t *pgTransaction) commit(last []change) error {
	if !t.begun && len(last) == 0 {
		return t.giveBack()
	}
	tag, err := t.send(t.ctx, append(last[:len(last):len(last)], change{query: "COMMIT"}), nil)
	switch {
	case err != nil:
		t.Rollback()
		return err
	case tag.String() != "COMMIT":
		err = pgx.ErrTxCommitRollback
	}
	return errors.Join(err, t.giveBack())
}

// Rollback undoes the work.
func (t *pgTransaction) Rollback() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 5*time.Second)
	defer cancel()
	var err error
	if t.begun { // not ExecContext, which waits for rows that were left open
		err = t.Raw(func(c any) error {
			_, err := c.(*stdlib.Conn).Conn().Exec(ctx, "ROLLBACK", pgx.QueryExecModeSimpleProtocol)
			return err
		})
	}
	return errors.Join(err, t.giveBack())
}

// giveBack gives the connection back. Close waits for rows that were left open, by a panic, say; ending their
// context closes them, and the connection with them.
func (t *pgTransaction) giveBack() error {
	t.end()
	return t.Close()
}
