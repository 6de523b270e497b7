package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/jobs"
)

// leftAlone is how long a run may stand still before another process takes it.
const leftAlone = 2 * time.Minute

// Jobs is what the desk does by itself: run what was asked for.
func (d *Desk) Jobs() []jobs.Job {
	return []jobs.Job{{Name: "displacement.runs", Every: time.Second, Run: d.RunQueued}}
}

// RunQueued runs everything that waits, one after the other. A run that a dead
// process left is done again from the beginning and gives the same answer.
func (d *Desk) RunQueued(ctx context.Context) error {
	for ctx.Err() == nil {
		run, ok, err := d.takeRun(ctx, leftAlone)
		if err != nil || !ok {
			return err
		}
		view, err := d.play(ctx, run)
		if ctx.Err() != nil {
			return nil // taken again after a restart
		}
		state, why := "done", ""
		if err != nil {
			state, why, view = "failed", "The run failed; see the node's log.", nil
			var p *problem.Problem
			if errors.As(err, &p) {
				why = p.Text
			} else {
				d.Log.Error("displacement run failed", "run", run.ID, "error", err)
			}
		}
		if err := d.endRun(ctx, run.ID, state, why, view); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) play(ctx context.Context, run Run) ([]byte, error) {
	s, err := d.Scenario(ctx, run.Scenario)
	if err != nil {
		return nil, err
	}
	var v Version
	if err := d.DB.Read(ctx, func(t *db.Tx) error { v, err = selectVersion(t, run.Scenario, run.Version); return err }); err != nil {
		return nil, err
	}
	p, err := d.planned(s, v)
	if err != nil {
		return nil, err
	}
	p.Members, p.Seed, p.Warm, p.Stride, p.Inputs = run.Settings.Members, run.Settings.Seed, run.Settings.Warm, run.Settings.Stride, DefaultInputs()
	w, err := Prepare(p)
	if err != nil {
		return nil, err
	}
	last := d.Clock.Now()
	o, err := runLocally(ctx, w, 0, func(done int) {
		if now := d.Clock.Now(); now.Sub(last) > time.Second {
			last = now
			if err := d.moveRun(ctx, run.ID, done); err != nil {
				d.Log.Warn("displacement progress not kept", "run", run.ID, "error", err)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(o.View())
}

// single plays a version once, for flows by day and gaps by week.
func (d *Desk) single(ctx context.Context, scenario string, version int64) (*abm.Case, *abm.Result, error) {
	s, err := d.Scenario(ctx, scenario)
	if err != nil {
		return nil, nil, err
	}
	var v Version
	if err := d.DB.Read(ctx, func(t *db.Tx) error { v, err = selectVersion(t, scenario, version); return err }); err != nil {
		return nil, nil, err
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
	return c, r, err
}
