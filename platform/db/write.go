package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"lintas/kernel/problem"
)

// maxBatch bounds how many callers share one commit, so that the first is not kept waiting for long.
const maxBatch = 64

// writerLock is the key of the advisory lock that keeps several node processes on one PostgreSQL
// database from writing the audit log at once.
const writerLock = 0x6c696e746173

type job struct {
	ctx    context.Context
	fn     func(*Tx) error
	err    error
	after  []func()
	answer chan struct{}
}

type inWrite struct{}

// Write runs fn in a transaction and returns once it is durable. fn must only touch the Tx it is given:
// no network, no waiting, no second Write (that would wait for itself; it is refused). fn may run while
// other callers' work stands in the same transaction, each in its own savepoint; an error from fn undoes
// fn's work alone and is returned. A panic in fn undoes it, too, and is returned as an error.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Value(inWrite{}) != nil {
		return errors.New("db: Write inside Write would wait for itself; hand the Tx on instead")
	}
	j := &job{ctx: ctx, fn: fn, answer: make(chan struct{})}
	select {
	case db.work <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return problem.New(problem.Unavailable, "db.closing", "The node is shutting down. Nothing was stored. Send again in a moment.")
	}
	// From here on the work may be committed at any moment: leaving early would tell the caller "not
	// stored" about something that is. So wait for the answer whatever the context says.
	select {
	case <-j.answer:
	case <-db.done:
		select {
		case <-j.answer:
		default:
			return problem.New(problem.Unavailable, "db.closing", "The node is shutting down. Nothing was stored. Send again in a moment.")
		}
	}
	return j.err
}

// write is the single writer. It ends when the store closes, after the work already handed in.
func (db *DB) write() {
	defer close(db.done)
	for {
		var first *job
		select {
		case first = <-db.work:
		case <-db.stop:
			select {
			case first = <-db.work:
			default:
				return
			}
		}
		db.commit(db.gather(first))
	}
}

func (db *DB) gather(first *job) []*job {
	batch := []*job{first}
	for len(batch) < maxBatch {
		select {
		case j := <-db.work:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

func (db *DB) commit(batch []*job) {
	err := db.transact(batch)
	for _, j := range batch {
		if err != nil && j.err == nil {
			j.err = asFull(err)
		}
		if j.err == nil {
			for _, f := range j.after {
				f()
			}
		}
		close(j.answer)
	}
}

func (db *DB) transact(batch []*job) error {
	// Not a caller's context: database/sql would roll back everybody's work when that caller leaves.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if db.dialect == Postgres {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(writerLock)); err != nil {
			tx.Rollback()
			return fmt.Errorf("writer lock: %w", err)
		}
	}
	for _, j := range batch {
		if err := db.one(ctx, tx, j, len(batch) == 1); err != nil {
			tx.Rollback()
			return err
		}
	}
	if len(batch) == 1 && batch[0].err != nil {
		tx.Rollback()
		return nil
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// one runs a job in its savepoint (none when it is alone: the transaction itself will do).
// The error it returns is the transaction's; the job's own stands in j.err.
func (db *DB) one(ctx context.Context, tx *sql.Tx, j *job, alone bool) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	t := &Tx{q: tx, ctx: context.WithValue(ctx, inWrite{}, true), dialect: db.dialect, writable: true}
	if alone {
		j.err = asFull(run(j.fn, t))
		j.after = t.after
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT job"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	j.err = asFull(run(j.fn, t))
	j.after = t.after
	if j.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT job"); err != nil {
			return fmt.Errorf("rollback to savepoint after %v: %w", j.err, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT job"); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	return nil
}

func run(fn func(*Tx) error, t *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v", p)
		}
	}()
	return fn(t)
}
