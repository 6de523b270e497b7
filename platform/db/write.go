package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"lintas/kernel/problem"
)

// maxBatch bounds how many callers share one commit, so that the first is not kept waiting for long.
const maxBatch = 64

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
			j.err = asProblem(err)
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
	// Not a caller's context: database/sql would roll back everybody's work when that caller leaves. A server may
	// fall silent; SQLite's driver would start a goroutine for each statement to watch a context that can end.
	ctx, end := context.Background(), context.CancelFunc(func() {})
	if db.dialect == Postgres {
		ctx, end = context.WithTimeout(ctx, time.Minute)
		defer end()
	}
	alone := len(batch) == 1
	tx, err := db.begin(ctx, end, alone)
	if err != nil {
		return err
	}
	var last []change
	for _, j := range batch {
		if last, err = db.one(ctx, tx, j, alone); err != nil {
			tx.Rollback()
			return err
		}
	}
	if alone && batch[0].err != nil {
		tx.Rollback()
		return nil
	}
	if err := tx.commit(last); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// one runs a job in its savepoint (none when it is alone: the transaction itself will do, and what it has still to
// change, last, is sent with the commit). The error it returns is the transaction's; the job's own stands in j.err.
func (db *DB) one(ctx context.Context, tx transaction, j *job, alone bool) (last []change, err error) {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil, nil
	}
	t := &Tx{q: tx, ctx: context.WithValue(ctx, inWrite{}, true), dialect: db.dialect, writable: true}
	if alone {
		j.err = asProblem(run(j.fn, t))
		j.after = t.after
		return t.later, nil
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT job"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	if j.err = asProblem(run(j.fn, t)); j.err == nil {
		j.err = asProblem(t.flush())
	}
	j.after = t.after
	if j.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT job"); err != nil {
			return nil, fmt.Errorf("rollback to savepoint after %v: %w", j.err, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT job"); err != nil {
		return nil, fmt.Errorf("release savepoint: %w", err)
	}
	return nil, nil
}

func run(fn func(*Tx) error, t *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v", p)
		}
	}()
	if err := fn(t); err != nil {
		return cmp.Or(t.failed, err) // what came after a failed statement only says that one had failed
	}
	return t.failed
}
