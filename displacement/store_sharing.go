package displacement

import (
	"context"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
)

const scenarioColumns = `id, name, organisation, source, sha256, made_at, made_by, seen_by, revision, removed_at`

func scanScenario(r db.Scanner, more ...any) (s Scenario, err error) {
	var at, removed int64
	err = r.Scan(append([]any{&s.ID, &s.Name, &s.Organisation, &s.Source, &s.SHA256, &at, &s.MadeBy, &s.SeenBy, &s.Revision, &removed}, more...)...)
	s.MadeAt = clock.FromMillis(at)
	if removed > 0 {
		when := clock.FromMillis(removed)
		s.RemovedAt = &when
	}
	return s, err
}

// Scenarios lists those that the actor may see, newest first, without their
// bundles.
func (d *Desk) Scenarios(ctx context.Context) ([]Scenario, error) {
	return d.listScenarios(ctx, func(s Scenario) bool { return s.visibleTo(actor.From(ctx)) },
		`SELECT `+scenarioColumns+` FROM displacement_scenario WHERE removed_at = 0 AND (organisation = ? OR seen_by = 'node') ORDER BY made_at DESC, id`, actor.From(ctx).Organisation)
}

// Removed lists the removed scenarios that the actor may bring back, the one
// removed last first.
func (d *Desk) Removed(ctx context.Context) ([]Scenario, error) {
	return d.listScenarios(ctx, func(s Scenario) bool { return s.editableBy(actor.From(ctx)) },
		`SELECT `+scenarioColumns+` FROM displacement_scenario WHERE removed_at > 0 AND organisation = ? ORDER BY removed_at DESC, id`, actor.From(ctx).Organisation)
}

func (d *Desk) listScenarios(ctx context.Context, may func(Scenario) bool, query string, args ...any) (out []Scenario, err error) {
	var all []Scenario
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		all, err = db.All(t, func(r db.Scanner) (Scenario, error) { return scanScenario(r) }, query, args...)
		return err
	})
	for _, s := range all {
		if may(s) {
			d.seenFrom(ctx, &s)
			out = append(out, s)
		}
	}
	return out, err
}

// mustBeThere refuses a write on a scenario that was removed since it was read.
func mustBeThere(t *db.Tx, id string) error {
	var removed int64
	if err := t.Row(`SELECT removed_at FROM displacement_scenario WHERE id = ?`, id).Scan(&removed); err != nil {
		return err
	}
	if removed > 0 {
		return errNoScenario
	}
	return nil
}

// updateScenario writes what an edit may change over the revision before; false
// when that is no longer what is there.
func updateScenario(t *db.Tx, s Scenario) (bool, error) {
	removed := int64(0)
	if s.RemovedAt != nil {
		removed = clock.Millis(*s.RemovedAt)
	}
	n, err := t.Exec(`UPDATE displacement_scenario SET name = ?, seen_by = ?, removed_at = ?, revision = ? WHERE id = ? AND revision = ?`, s.Name, s.SeenBy, removed, s.Revision, s.ID, s.Revision-1)
	return n == 1, err
}

func insertEdit(t *db.Tx, scenario string, e Edit) error {
	_, err := t.Exec(`INSERT INTO displacement_edit (scenario, revision, what, was, became, made_at, made_by) VALUES (?,?,?,?,?,?,?)`,
		scenario, e.Revision, e.What, e.Was, e.Became, clock.Millis(e.MadeAt), e.MadeBy)
	return err
}

// edits of a scenario, newest first.
func (d *Desk) edits(ctx context.Context, scenario string) (out []Edit, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, func(r db.Scanner) (e Edit, err error) {
			var at int64
			err = r.Scan(&e.Revision, &e.What, &e.Was, &e.Became, &at, &e.MadeBy)
			e.MadeAt = clock.FromMillis(at)
			return e, err
		}, `SELECT revision, what, was, became, made_at, made_by FROM displacement_edit WHERE scenario = ? ORDER BY revision DESC, what`, scenario)
		return err
	})
	return out, err
}

// stopRunsOf ends the runs of a scenario that wait, and tells those that run.
func stopRunsOf(t *db.Tx, scenario string) error {
	_, err := t.Exec(`UPDATE displacement_run SET state = CASE state WHEN 'queued' THEN 'stopped' ELSE 'stopping' END WHERE scenario = ? AND state IN ('queued', 'running')`, scenario)
	return err
}

func (d *Desk) removedBefore(ctx context.Context, then time.Time) (out []string, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = db.All(t, func(r db.Scanner) (id string, err error) { return id, r.Scan(&id) },
			`SELECT id FROM displacement_scenario WHERE removed_at > 0 AND removed_at < ? ORDER BY removed_at`, clock.Millis(then))
		return err
	})
	return out, err
}

// eraseScenario ends a scenario that was removed before then, with all that
// hangs on it; false when it was brought back or is gone.
func eraseScenario(t *db.Tx, id string, then time.Time) (bool, error) {
	all, err := db.All(t, func(r db.Scanner) (removed int64, err error) { return removed, r.Scan(&removed) }, `SELECT removed_at FROM displacement_scenario WHERE id = ?`, id)
	if err != nil || len(all) == 0 || all[0] == 0 || all[0] >= clock.Millis(then) {
		return false, err
	}
	for _, of := range []string{"displacement_edit", "displacement_series", "displacement_arrival", "displacement_run", "displacement_version"} {
		if _, err := t.Exec(`DELETE FROM `+of+` WHERE scenario = ?`, id); err != nil {
			return false, err
		}
	}
	n, err := t.Exec(`DELETE FROM displacement_scenario WHERE id = ?`, id)
	return n == 1, err
}
