package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

var errNoScenario = problem.New(problem.NotFound, "displacement.no-scenario", "There is no such scenario.")

func insertScenario(t *db.Tx, s Scenario) error {
	_, err := t.Exec(`INSERT INTO displacement_scenario (id, name, organisation, source, bundle, sha256, made_at, made_by, seen_by, revision) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		s.ID, s.Name, s.Organisation, s.Source, s.bundle, s.SHA256, clock.Millis(s.MadeAt), s.MadeBy, s.SeenBy, s.Revision)
	return err
}

func insertVersion(t *db.Tx, scenario string, v Version) error {
	changes, err := json.Marshal(v.Changes)
	if err != nil {
		return err
	}
	_, err = t.Exec(`INSERT INTO displacement_version (scenario, version, ruleset, changes, note, made_at, made_by) VALUES (?,?,?,?,?,?,?)`,
		scenario, v.Version, v.Ruleset, string(changes), v.Note, clock.Millis(v.MadeAt), v.MadeBy)
	return err
}

// Scenario is one with its bundle, if the actor may see it: else it is not there.
func (d *Desk) Scenario(ctx context.Context, id string) (Scenario, error) {
	s, err := d.anyScenario(ctx, id)
	if err == nil && !s.visibleTo(actor.From(ctx)) {
		return Scenario{}, errNoScenario
	}
	d.seenFrom(ctx, &s)
	return s, err
}

// anyScenario is one whoever asks, removed or not.
func (d *Desk) anyScenario(ctx context.Context, id string) (s Scenario, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		all, err := db.All(t, func(r db.Scanner) (s Scenario, err error) {
			var bundle []byte
			s, err = scanScenario(r, &bundle)
			s.bundle = bundle
			return s, err
		}, `SELECT `+scenarioColumns+`, bundle FROM displacement_scenario WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return errNoScenario
		}
		s = all[0]
		return nil
	})
	return s, err
}

func scanVersion(r db.Scanner) (v Version, err error) {
	var at int64
	var changes string
	if err = r.Scan(&v.Version, &v.Ruleset, &changes, &v.Note, &at, &v.MadeBy); err != nil {
		return v, err
	}
	v.MadeAt = clock.FromMillis(at)
	return v, json.Unmarshal([]byte(changes), &v.Changes)
}

const versionColumns = `version, ruleset, changes, note, made_at, made_by`

// Versions of a scenario, newest first.
func (d *Desk) Versions(ctx context.Context, scenario string) (out []Version, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, scanVersion, `SELECT `+versionColumns+` FROM displacement_version WHERE scenario = ? ORDER BY version DESC`, scenario)
		return err
	})
	return out, err
}

func selectVersion(t *db.Tx, scenario string, version int64) (Version, error) {
	all, err := db.All(t, scanVersion, `SELECT `+versionColumns+` FROM displacement_version WHERE scenario = ? AND version = ?`, scenario, version)
	if err == nil && len(all) == 0 {
		return Version{}, problem.New(problem.NotFound, "displacement.no-version", "The scenario has no version %d.", version)
	}
	if err != nil {
		return Version{}, err
	}
	return all[0], nil
}

func newestVersion(t *db.Tx, scenario string) (n int64, err error) {
	return n, t.Row(`SELECT COALESCE(MAX(version), 0) FROM displacement_version WHERE scenario = ?`, scenario).Scan(&n)
}

func insertRun(t *db.Tx, r Run) error {
	settings, err := json.Marshal(r.Settings)
	if err != nil {
		return err
	}
	at := clock.Millis(r.AskedAt)
	_, err = t.Exec(`INSERT INTO displacement_run (id, scenario, version, settings, state, done, problem, view, program, asked_at, asked_by, changed_at) VALUES (?,?,?,?,?,0,'','',?,?,?,?)`,
		r.ID, r.Scenario, r.Version, string(settings), r.State, r.Program, at, r.AskedBy, at)
	return err
}

const runColumns = `id, scenario, version, settings, state, done, problem, program, asked_at, asked_by, started_at, attempts, workers`

func scanRun(r db.Scanner) (run Run, err error) {
	var at, started int64
	var settings string
	if err = r.Scan(&run.ID, &run.Scenario, &run.Version, &settings, &run.State, &run.Done, &run.Problem, &run.Program, &at, &run.AskedBy, &started, &run.attempts, &run.Workers); err != nil {
		return run, err
	}
	run.AskedAt = clock.FromMillis(at)
	if started > 0 {
		run.startedAt = clock.FromMillis(started)
	}
	if run.State != "running" {
		run.Workers = 0
	}
	return run, json.Unmarshal([]byte(settings), &run.Settings)
}

// Runs of a scenario, newest first, without their answers.
func (d *Desk) Runs(ctx context.Context, scenario string) (out []Run, err error) {
	if _, err := d.Scenario(ctx, scenario); err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, scanRun, `SELECT `+runColumns+` FROM displacement_run WHERE scenario = ? ORDER BY asked_at DESC, id DESC`, scenario)
		return err
	})
	for i := range out {
		out[i].SecondsLeft = d.secondsLeft(out[i])
	}
	return out, err
}

var errNoRun = problem.New(problem.NotFound, "displacement.no-run", "There is no such run.")

// Run is one with its answer. One of another organisation is not there.
func (d *Desk) Run(ctx context.Context, id string) (run Run, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		all, err := db.All(t, scanRun, `SELECT `+runColumns+` FROM displacement_run WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return errNoRun
		}
		run = all[0]
		var view string
		if err := t.Row(`SELECT view FROM displacement_run WHERE id = ?`, id).Scan(&view); err != nil {
			return err
		}
		if view != "" {
			run.View = json.RawMessage(view)
		}
		return nil
	})
	if err != nil {
		return Run{}, err
	}
	if _, err := d.Scenario(ctx, run.Scenario); errors.Is(err, errNoScenario) {
		return Run{}, errNoRun
	} else if err != nil {
		return Run{}, err
	}
	run.SecondsLeft = d.secondsLeft(run)
	return run, nil
}

// secondsLeft takes what is left to go as fast as what is done.
func (d *Desk) secondsLeft(r Run) *int64 {
	if r.State != "running" || r.Done == 0 || r.startedAt.IsZero() {
		return nil
	}
	each := d.Clock.Now().Sub(r.startedAt).Seconds() / float64(r.Done)
	left := int64(math.Ceil(each * float64(int64(r.Settings.Members)-r.Done)))
	return &left
}

// takeRun marks the oldest run that waits, or that was left by a process that
// died: one whose row did not move for stale.
func (d *Desk) takeRun(ctx context.Context, stale time.Duration) (run Run, ok bool, err error) {
	now := clock.Millis(d.Clock.Now())
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		all, err := db.All(t, scanRun, `SELECT `+runColumns+` FROM displacement_run WHERE state = 'queued' OR (state IN ('running', 'stopping') AND changed_at < ?) ORDER BY asked_at, id LIMIT 1`, now-stale.Milliseconds())
		if err != nil || len(all) == 0 {
			return err
		}
		run, ok = all[0], true
		if run.State == "stopping" { // its process died before it heard
			ok = false
			_, err = t.Exec(`UPDATE displacement_run SET state = 'stopped', changed_at = ? WHERE id = ?`, now, run.ID)
			return err
		}
		run.attempts++
		_, err = t.Exec(`UPDATE displacement_run SET state = 'running', done = 0, workers = 0, attempts = ?, started_at = ?, changed_at = ? WHERE id = ?`, run.attempts, now, now, run.ID)
		return err
	})
	return run, ok, err
}

// moveRun says that a run is alive, how far it is and who helps; it answers whether the run shall go on.
func (d *Desk) moveRun(ctx context.Context, id string, done int64, workers int) (goOn bool, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`UPDATE displacement_run SET done = ?, workers = ?, changed_at = ? WHERE id = ? AND state = 'running'`, done, workers, clock.Millis(d.Clock.Now()), id)
		goOn = n == 1
		return err
	})
	return goOn, err
}

// giveBack puts a run that this process cannot finish back in the queue.
func (d *Desk) giveBack(ctx context.Context, id string) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`UPDATE displacement_run SET state = 'queued', done = 0, attempts = attempts - 1, changed_at = ? WHERE id = ? AND state = 'running'`, clock.Millis(d.Clock.Now()), id)
		return err
	})
}

func (d *Desk) endRun(ctx context.Context, id, state, why string, done int64, view []byte) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`UPDATE displacement_run SET state = ?, problem = ?, done = ?, view = ?, changed_at = ? WHERE id = ? AND state IN ('running', 'stopping')`,
			state, why, done, string(view), clock.Millis(d.Clock.Now()), id)
		return err
	})
}

// askToStop ends a run that waits at once and tells one that runs; it answers
// whether there was anything to stop.
func askToStop(t *db.Tx, id string) (bool, error) {
	n, err := t.Exec(`UPDATE displacement_run SET state = CASE state WHEN 'queued' THEN 'stopped' ELSE 'stopping' END WHERE id = ? AND state IN ('queued', 'running')`, id)
	return n == 1, err
}

func insertArrival(t *db.Tx, scenario string, a Arrival, who string) error {
	_, err := t.Exec(`INSERT INTO displacement_arrival (scenario, place, date, people, source, made_at, made_by) VALUES (?,?,?,?,?,?,?)`,
		scenario, a.Place, a.Date, a.People, a.Source, clock.Millis(a.MadeAt), who)
	return err
}

// Arrivals are the newest counts per place and day, oldest day first.
func (d *Desk) Arrivals(ctx context.Context, scenario string) (out []Arrival, err error) {
	if _, err := d.Scenario(ctx, scenario); err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, func(r db.Scanner) (a Arrival, err error) {
			var at int64
			err = r.Scan(&a.Place, &a.Date, &a.People, &a.Source, &at, &a.by)
			a.MadeAt = clock.FromMillis(at)
			return a, err
		}, `SELECT place, date, people, source, made_at, made_by FROM displacement_arrival a WHERE scenario = ?
			AND made_at = (SELECT MAX(made_at) FROM displacement_arrival b WHERE b.scenario = a.scenario AND b.place = a.place AND b.date = a.date)
			ORDER BY date, place`, scenario)
		return err
	})
	return out, err
}

func insertSeries(t *db.Tx, scenario string, v DailySeries, people []byte) error {
	_, err := t.Exec(`INSERT INTO displacement_series (id, scenario, name, source, start, people, sha256, made_at, made_by) VALUES (?,?,?,?,?,?,?,?,?)`,
		v.ID, scenario, v.Name, v.Source, v.Start, string(people), v.SHA256, clock.Millis(v.MadeAt), v.MadeBy)
	return err
}

func scanSeries(r db.Scanner) (v DailySeries, err error) {
	var at int64
	var people string
	if err = r.Scan(&v.ID, &v.Name, &v.Source, &v.Start, &people, &v.SHA256, &at, &v.MadeBy); err != nil {
		return v, err
	}
	v.MadeAt = clock.FromMillis(at)
	return v, json.Unmarshal([]byte(people), &v.People)
}

// allSeries are those kept for a scenario, newest first.
func (d *Desk) allSeries(ctx context.Context, scenario string) (out []DailySeries, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, scanSeries, `SELECT id, name, source, start, people, sha256, made_at, made_by FROM displacement_series WHERE scenario = ? ORDER BY made_at DESC, id`, scenario)
		return err
	})
	return out, err
}

func (d *Desk) series(ctx context.Context, scenario, id string) (DailySeries, error) {
	all, err := d.allSeries(ctx, scenario)
	if err != nil {
		return DailySeries{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return DailySeries{}, problem.New(problem.NotFound, "displacement.no-series", "The scenario has no such series.")
}

// Stored reads the bytes that the audit log's leaf of a scenario vouches for.
func Stored(t *db.Tx, object string) (stored []byte, ok bool, err error) {
	id, is := strings.CutPrefix(object, "displacement:")
	if !is {
		return nil, false, nil
	}
	rows, err := db.All(t, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }, `SELECT bundle FROM displacement_scenario WHERE id = ?`, id)
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	return rows[0], true, nil
}
