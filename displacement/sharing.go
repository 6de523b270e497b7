package displacement

import (
	"context"
	"slices"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// Who sees a scenario. Its organisation's supervisors always do, so that nothing
// is out of sight when its maker has left.
const (
	SeenByMaker        = "maker"        // who brought it
	SeenByOrganisation = "organisation" // the organisation's readers; its planners and analysts write
	SeenByNode         = "node"         // readers of every organisation on the node, too; they write nothing
)

// keptRemoved is how long a removed scenario can be brought back.
const keptRemoved = 30 * 24 * time.Hour

// Edit is what somebody changed about a scenario itself: never its case, its
// versions or its answers.
type Edit struct {
	Revision int64     `json:"revision"`
	What     string    `json:"what" enum:"name,seen_by,removed,restored"`
	Was      string    `json:"was"`
	Became   string    `json:"became"`
	MadeAt   time.Time `json:"made_at"`
	MadeBy   string    `json:"made_by"`
}

// visibleTo reports whether a reader may know of the scenario.
func (s Scenario) visibleTo(who actor.Actor) bool {
	switch {
	case who.System != "":
		return true
	case s.RemovedAt != nil:
		return false
	case s.SeenBy == SeenByNode:
		return true
	case s.SeenBy == SeenByOrganisation && s.Organisation == who.Organisation:
		return true
	}
	return s.editableBy(who)
}

// editableBy reports whether somebody may rename, share and remove the scenario:
// its maker, as long as they are of its organisation, and its supervisors.
func (s Scenario) editableBy(who actor.Actor) bool {
	return who.Person != "" && s.Organisation == who.Organisation && (s.MadeBy == who.Label() || who.Has(actor.Supervisor))
}

// seenFrom fills in what depends on who looks.
func (d *Desk) seenFrom(ctx context.Context, s *Scenario) {
	who := actor.From(ctx)
	s.Ours, s.MayEdit = s.Organisation == who.Organisation, s.editableBy(who)
	if !s.Ours && d.OrganisationName != nil {
		s.Of = d.OrganisationName(ctx, s.Organisation)
	}
	if s.RemovedAt != nil {
		until := s.RemovedAt.Add(keptRemoved)
		s.GoneAt = &until
	}
}

// ours is a scenario that the actor's organisation may work on.
func (d *Desk) ours(ctx context.Context, id string) (Scenario, error) {
	s, err := d.Scenario(ctx, id)
	if who := actor.From(ctx); err == nil && who.System == "" && s.Organisation != who.Organisation {
		return Scenario{}, problem.New(problem.Forbidden, "displacement.read-only", "The scenario belongs to another organisation: it can be read, not changed. Download its case to make one of your own.")
	}
	return s, err
}

// editable is a scenario that the actor may rename, share and remove. removed
// chooses between one that is there and one that was removed.
func (d *Desk) editable(ctx context.Context, id string, removed bool) (Scenario, error) {
	s, err := d.anyScenario(ctx, id)
	who := actor.From(ctx)
	switch {
	case err != nil:
		return Scenario{}, err
	case (s.RemovedAt != nil) != removed, removed && !s.editableBy(who), !removed && !s.visibleTo(who):
		return Scenario{}, errNoScenario
	case !s.editableBy(who):
		return Scenario{}, problem.New(problem.Forbidden, "displacement.not-yours", "Who brought the scenario, or a supervisor of their organisation, can do this.")
	}
	return s, nil
}

var errEdited = problem.New(problem.Conflict, "displacement.edited-meanwhile", "Somebody has renamed, shared or removed the scenario meanwhile. Load it again, then decide.")

// EditScenario renames a scenario and says who sees it. expected is the revision
// the editor saw; another edit since then is a conflict.
func (d *Desk) EditScenario(ctx context.Context, id string, expected int64, name, seenBy string) (Scenario, error) {
	s, err := d.editable(ctx, id, false)
	if err != nil {
		return Scenario{}, err
	}
	if name = strings.TrimSpace(name); name == "" {
		return Scenario{}, errNoName
	}
	if !slices.Contains([]string{SeenByMaker, SeenByOrganisation, SeenByNode}, seenBy) {
		return Scenario{}, problem.New(problem.Invalid, "displacement.bad-seen-by", "A scenario is seen by its maker, the organisation or the node.").With("body.seen_by", "should be maker, organisation or node")
	}
	if s.Revision != expected {
		return Scenario{}, errEdited
	}
	var edits []Edit
	if s.Name != name {
		edits = append(edits, Edit{What: "name", Was: s.Name, Became: name})
	}
	if s.SeenBy != seenBy {
		edits = append(edits, Edit{What: "seen_by", Was: s.SeenBy, Became: seenBy})
	}
	if len(edits) == 0 {
		d.seenFrom(ctx, &s)
		return s, nil
	}
	s.Name, s.SeenBy = name, seenBy
	return d.keepEdits(ctx, s, "displacement.edit", edits, nil)
}

// RemoveScenario takes a scenario out of everybody's sight, with its versions,
// runs and comparisons, and ends its runs. It can be brought back for 30 days.
func (d *Desk) RemoveScenario(ctx context.Context, id string, expected int64) (Scenario, error) {
	s, err := d.editable(ctx, id, false)
	if err != nil {
		return Scenario{}, err
	}
	if s.Revision != expected {
		return Scenario{}, errEdited
	}
	now := d.Clock.Now()
	s.RemovedAt = &now
	return d.keepEdits(ctx, s, "displacement.remove", []Edit{{What: "removed"}}, func(t *db.Tx) error { return stopRunsOf(t, id) })
}

// RestoreScenario brings a removed scenario back as it was.
func (d *Desk) RestoreScenario(ctx context.Context, id string) (Scenario, error) {
	s, err := d.editable(ctx, id, true)
	if err != nil {
		return Scenario{}, err
	}
	s.RemovedAt = nil
	return d.keepEdits(ctx, s, "displacement.restore", []Edit{{What: "restored"}}, nil)
}

// keepEdits writes what the scenario is now over the revision that it was, its
// history and the leaf.
func (d *Desk) keepEdits(ctx context.Context, s Scenario, verb string, edits []Edit, also func(*db.Tx) error) (Scenario, error) {
	who, now := actor.From(ctx), d.Clock.Now()
	s.Revision++
	var what []string
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		written, err := updateScenario(t, s)
		if err != nil {
			return err
		}
		if !written {
			return errEdited
		}
		for _, e := range edits {
			e.Revision, e.MadeAt, e.MadeBy = s.Revision, now, who.Label()
			if err := insertEdit(t, s.ID, e); err != nil {
				return err
			}
			what = append(what, e.What)
		}
		if also != nil {
			if err := also(t); err != nil {
				return err
			}
		}
		return audit.Append(t, now, who, audit.Entry{Verb: verb, Object: "displacement:" + s.ID, Detail: map[string]any{"revision": s.Revision, "what": what, "seen_by": s.SeenBy}})
	})
	if err != nil {
		return Scenario{}, err
	}
	d.seenFrom(ctx, &s)
	return s, nil
}

// EraseRemoved ends scenarios that were removed thirty days ago, with everything
// that hangs on them; the node runs it every hour.
func (d *Desk) EraseRemoved(ctx context.Context) error {
	now := d.Clock.Now()
	due, err := d.removedBefore(ctx, now.Add(-keptRemoved))
	if err != nil {
		return err
	}
	for _, id := range due {
		err := d.DB.Write(ctx, func(t *db.Tx) error {
			erased, err := eraseScenario(t, id, now.Add(-keptRemoved)) // not one brought back meanwhile
			if err != nil || !erased {
				return err
			}
			return audit.Append(t, now, actor.From(ctx), audit.Entry{Verb: "displacement.erase", Object: "displacement:" + id})
		})
		if err != nil {
			return err
		}
		d.played.forget(id)
	}
	if len(due) > 0 {
		return d.DB.Scrub(ctx)
	}
	return nil
}
