package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/jobs"
	"lintas/platform/spread"
)

const (
	// heartbeat is how often a run says that it is alive and hears whether it shall stop.
	heartbeat = time.Second
	// leftAlone is how long a run may be silent before another process takes it.
	leftAlone = 30 * time.Second
	// maxAttempts is how often a run is begun whose process dies each time.
	maxAttempts = 3
)

// Jobs is what the desk does by itself: run what was asked for, end what was
// removed thirty days ago.
func (d *Desk) Jobs() []jobs.Job {
	return []jobs.Job{
		{Name: "displacement.runs", Every: time.Second, Run: d.RunQueued},
		{Name: "displacement.removed", Every: time.Hour, Run: d.EraseRemoved},
	}
}

// RunQueued runs everything that waits, one after the other. A run that a dead
// process left is done again from the beginning and gives the same answer.
func (d *Desk) RunQueued(ctx context.Context) error {
	for ctx.Err() == nil {
		run, ok, err := d.takeRun(ctx, leftAlone)
		if err != nil || !ok {
			return err
		}
		if err := d.runOne(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// runOne runs a run that was taken and keeps how it ended.
func (d *Desk) runOne(ctx context.Context, run Run) error {
	if run.attempts > maxAttempts {
		return d.endRun(ctx, run.ID, "failed", "The node ended several times while it ran this; it may need more memory than there is.", 0, nil)
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done atomic.Int64
	var beating sync.WaitGroup
	hub := d.hub(ctx)
	beating.Go(func() { d.beat(running, stop, run.ID, &done, hub) })
	outcome, err := d.playGuarded(running, run, &done, hub)
	stopped := errors.Is(context.Cause(running), errStopAsked)
	stop(nil)
	beating.Wait()
	switch {
	case ctx.Err() != nil: // the node ends: the next process begins at once
		return d.giveBack(context.WithoutCancel(ctx), run.ID)
	case stopped:
		var view []byte
		if outcome != nil && outcome.Base.Members > 0 {
			if view, err = json.Marshal(outcome.View()); err != nil {
				return err
			}
		}
		return d.endRun(ctx, run.ID, "stopped", "", done.Load(), view)
	case err != nil:
		why := "The run failed; see the node's log."
		var p *problem.Problem
		if errors.As(err, &p) {
			why = p.Text
		} else {
			d.Log.Error("displacement run failed", "run", run.ID, "error", err)
		}
		return d.endRun(ctx, run.ID, "failed", why, done.Load(), nil)
	}
	view, err := json.Marshal(outcome.View())
	if err != nil {
		return err
	}
	return d.endRun(ctx, run.ID, "done", "", done.Load(), view)
}

var errStopAsked = errors.New("somebody asked the run to stop")

// hub is where workers join; nil where there is none. A run does not fail because nobody can help.
func (d *Desk) hub(ctx context.Context) *spread.Hub {
	if d.Hub == nil {
		return nil
	}
	hub, err := d.Hub(ctx)
	if err != nil {
		d.Log.Warn("no worker can join; the run is computed here alone", "error", err)
		return nil
	}
	return hub
}

// beat says that a run is alive until ctx ends, and ends it when it was asked to stop.
func (d *Desk) beat(ctx context.Context, stop context.CancelCauseFunc, run string, done *atomic.Int64, hub *spread.Hub) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		workers := 0
		if hub != nil {
			workers = hub.Workers()
		}
		goOn, err := d.moveRun(ctx, run, done.Load(), workers)
		if err != nil && ctx.Err() == nil {
			d.Log.Warn("displacement progress not kept", "run", run, "error", err)
		}
		if err == nil && !goOn {
			stop(errStopAsked)
			return
		}
	}
}

// playGuarded turns a panic into an error, so that one bad run does not stop those behind it.
func (d *Desk) playGuarded(ctx context.Context, run Run, done *atomic.Int64, hub *spread.Hub) (o *Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	w, err := d.prepared(ctx, run)
	if err != nil {
		return nil, err
	}
	progress := func(n int) { done.Store(int64(n)) }
	if hub == nil {
		return runLocally(ctx, w, 0, progress)
	}
	w.Plan.Program = programOf(d.Version)
	return runSpread(ctx, w, hub, runtime.GOMAXPROCS(0), progress)
}

// prepared is the work of a run: the case with the version's changes, and what
// came in since where the run is to know it.
func (d *Desk) prepared(ctx context.Context, run Run) (*Work, error) {
	s, v, err := d.scenarioVersion(ctx, run.Scenario, run.Version)
	if err != nil {
		return nil, err
	}
	if warm := run.Settings.Warm; warm != nil {
		c, _, err := readBundle(s.bundle)
		if err != nil {
			return nil, err
		}
		if warm.Day >= c.Days {
			return nil, problem.New(problem.Invalid, "displacement.warm-start-late", "The case has %d days; a warm start on day %d lies after its end.", c.Days, warm.Day).With("body.settings.warm.day", "is after the last day")
		}
		counts, err := d.Arrivals(ctx, run.Scenario)
		if err != nil {
			return nil, err
		}
		if s.bundle, err = withCounts(s.bundle, counts); err != nil {
			return nil, err
		}
	}
	if run.Settings.Series != "" {
		series, err := d.series(ctx, run.Scenario, run.Settings.Series)
		if err != nil {
			return nil, err
		}
		if s.bundle, err = withSeries(s.bundle, series); err != nil {
			return nil, err
		}
	}
	p, err := d.planned(s, v)
	if err != nil {
		return nil, err
	}
	if run.Settings.Series != "" {
		if err := p.followTotals(); err != nil {
			return nil, err
		}
	}
	p.Members, p.Seed, p.Warm, p.Inputs = run.Settings.Members, run.Settings.Seed, run.Settings.Warm, DefaultInputs()
	if p.Stride = run.Settings.Stride; p.Stride == 0 {
		p.Stride = strideFor(p)
	}
	return Prepare(p)
}

// followTotals makes the totals drive the run, where Flee's default is the sum of
// the camps.
func (p *Plan) followTotals() error {
	if p.Settings == nil {
		c, _, err := readBundle(p.Bundle)
		if err != nil {
			return err
		}
		p.Settings = &c.Settings
	}
	p.Settings.SumFromCamps = false
	return nil
}

// maxCells bounds what the answer of a run holds: places times days.
const maxCells = 60_000

// strideFor keeps every day of a case, or fewer when there are very many places.
func strideFor(p Plan) int {
	w, err := Prepare(p)
	if err != nil {
		return 1
	}
	return 1 + len(w.Camps)*len(w.kept)/maxCells
}

func (d *Desk) scenarioVersion(ctx context.Context, scenario string, version int64) (s Scenario, v Version, err error) {
	if s, err = d.Scenario(ctx, scenario); err != nil {
		return s, v, err
	}
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) { v, err = selectVersion(t, scenario, version); return err })
	return s, v, err
}

// played is a version played once.
type played struct {
	c *abm.Case
	r *abm.Result
}

// playedCases keeps the newest few, since a page asks for the flows, the gaps
// and the files of one version one after the other.
type playedCases struct {
	mu   sync.Mutex
	keys []string
	runs map[string]played
}

const maxPlayed = 4

// single plays a version once, for flows by day, gaps by week and who the
// people are. One at a time: they are short, and a page asks for several.
func (d *Desk) single(ctx context.Context, scenario string, version int64) (*abm.Case, *abm.Result, error) {
	s, v, err := d.scenarioVersion(ctx, scenario, version)
	if err != nil {
		return nil, nil, err
	}
	d.played.mu.Lock()
	defer d.played.mu.Unlock()
	key := fmt.Sprintf("%s %d", scenario, version)
	if p, ok := d.played.runs[key]; ok {
		return p.c, p.r, nil
	}
	p, err := d.planned(s, v)
	if err != nil {
		return nil, nil, err
	}
	w, err := Prepare(p)
	if err != nil {
		return nil, nil, err
	}
	c := w.Case
	if w.WhatIf != nil {
		c = w.WhatIf
	}
	r, err := abm.Run(ctx, c, abm.Options{Seed: 1, Flows: true})
	if err != nil {
		return nil, nil, err
	}
	d.played.keep(key, played{c, r})
	return c, r, nil
}

// forget drops the versions of a scenario.
func (k *playedCases) forget(scenario string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = slices.DeleteFunc(k.keys, func(key string) bool {
		of := strings.HasPrefix(key, scenario+" ")
		if of {
			delete(k.runs, key)
		}
		return of
	})
}

func (k *playedCases) keep(key string, p played) {
	if k.runs == nil {
		k.runs = map[string]played{}
	}
	if len(k.keys) == maxPlayed {
		delete(k.runs, k.keys[0])
		k.keys = k.keys[1:]
	}
	k.keys, k.runs[key] = append(k.keys, key), p
}
