// Package jobs runs what the node does by itself, again and again: deadlines, clean-up, sending. A job must
// be safe to run twice: it looks at the store for what is due, it does not trust that it ran before. With
// several node processes on one database a lease lets one of them run each job at a time.
package jobs

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Job is one thing that the node does by itself.
type Job struct {
	Name  string        // "<desk>.<verb>", e.g. "casework.deadlines"
	Every time.Duration // at least a second
	Run   func(context.Context) error
}

// Runner runs jobs until its context ends.
type Runner struct {
	db     *db.DB
	clock  clock.Clock
	log    *slog.Logger
	holder string
}

// Open makes the lease table and a runner.
func Open(ctx context.Context, d *db.DB, c clock.Clock, log *slog.Logger) (*Runner, error) {
	if err := d.Migrate(ctx, "jobs", migrations); err != nil {
		return nil, err
	}
	return &Runner{db: d, clock: c, log: log, holder: id.New()}, nil
}

// Run runs all jobs, each at once and then at its pace, and returns when ctx has ended and the runs under
// way are done.
func (r *Runner) Run(ctx context.Context, all []Job) {
	var wg sync.WaitGroup
	for _, j := range all {
		wg.Go(func() { r.loop(ctx, j) })
	}
	wg.Wait()
}

func (r *Runner) loop(ctx context.Context, j Job) {
	tick := time.NewTicker(max(j.Every, time.Second))
	defer tick.Stop()
	for {
		if err := r.once(ctx, j); err != nil && ctx.Err() == nil {
			r.log.Error("job failed; it will be tried again", "job", j.Name, "error", err, "next", j.Every)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *Runner) once(ctx context.Context, j Job) (err error) {
	mine, err := r.lease(ctx, j)
	if err != nil || !mine {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return j.Run(actor.With(ctx, actor.Actor{System: j.Name}))
}

// lease takes the job for this process for twice its pace, at least a minute; another process takes over
// when this one has died. A lease that ends later than any taken now could (twice that term leaves room for
// clocks that differ) was taken under a clock far ahead: it binds nobody, or a laptop that once woke up in
// another year would rest until then.
func (r *Runner) lease(ctx context.Context, j Job) (mine bool, err error) {
	now, term := r.clock.Now(), max(2*j.Every, time.Minute)
	until, impossible := clock.Millis(now.Add(term)), clock.Millis(now.Add(2*term))
	err = r.db.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`INSERT INTO jobs_lease (name, holder, until, ran_at) VALUES (?,?,?,?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until, ran_at = excluded.ran_at
			WHERE jobs_lease.holder = excluded.holder OR jobs_lease.until < excluded.ran_at OR jobs_lease.until > ?`, j.Name, r.holder, until, clock.Millis(now), impossible)
		mine = n == 1
		return err
	})
	return mine, err
}
