package displacement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

// as is somebody of an organisation with a role.
func as(ctx context.Context, person, organisation string, role actor.Role) context.Context {
	return actor.With(ctx, actor.Actor{Person: person, Organisation: organisation, Roles: []actor.Role{role}})
}

// people of the tests: the maker p1 and a colleague, their supervisor, a planner of another organisation.
type people struct{ maker, colleague, supervisor, abroad context.Context }

func peopleOf(t *testing.T) people {
	return people{planner(t.Context()), as(t.Context(), "p2", "o1", actor.Planner), as(t.Context(), "p3", "o1", actor.Supervisor), as(t.Context(), "p4", "o2", actor.Planner)}
}

func strait(t *testing.T, desk *Desk) Scenario {
	t.Helper()
	s, _, err := desk.AddScenario(planner(t.Context()), "Strait", "", tinyBundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sees reports whether somebody finds the scenario both by its id and in the list.
func sees(t *testing.T, desk *Desk, ctx context.Context, id string) bool {
	t.Helper()
	_, err := desk.Scenario(ctx, id)
	if err != nil {
		hasCode(t, err, "displacement.no-scenario")
	}
	all, listErr := desk.Scenarios(ctx)
	if listErr != nil {
		t.Fatal(listErr)
	}
	listed := slices.ContainsFunc(all, func(s Scenario) bool { return s.ID == id })
	if listed != (err == nil) {
		t.Errorf("listed is %v, but asking by id gives %v", listed, err)
	}
	return listed
}

func verbs(t *testing.T, desk *Desk, scenario string) (out []string) {
	t.Helper()
	if err := desk.DB.Read(t.Context(), func(tx *db.Tx) error {
		leaves, err := audit.List(tx, audit.Filter{Object: "displacement:" + scenario})
		for _, l := range leaves {
			out = append(out, l.Verb+" "+l.Actor)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestARenamedScenarioTellsItsHistoryAndIsInTheLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		s := strait(t, desk)
		desk.Names = func(_ context.Context, ids []string) (map[string]string, error) {
			return map[string]string{"p3": "Ratna"}, nil
		}
		got, err := desk.EditScenario(p.supervisor, s.ID, 1, " Strait, dry season ", SeenByOrganisation)
		if err != nil || got.Name != "Strait, dry season" || got.Revision != 2 {
			t.Fatalf("%+v %v", got, err)
		}
		v, err := desk.scenarioView(p.maker, s.ID)
		if err != nil || v.Scenario.Name != "Strait, dry season" || v.Scenario.SHA256 != s.SHA256 {
			t.Fatalf("%+v %v", v.Scenario, err)
		}
		if len(v.Edits) != 1 || v.Edits[0].What != "name" || v.Edits[0].Was != "Strait" || v.Edits[0].Became != "Strait, dry season" || v.Names[v.Edits[0].MadeBy] != "Ratna" {
			t.Errorf("the history is %+v, names %v", v.Edits, v.Names)
		}
		if got := verbs(t, desk, s.ID); got[0] != "displacement.edit person:p3" {
			t.Errorf("the log says %v", got)
		}
		if _, err := desk.EditScenario(p.maker, s.ID, 2, "Strait, dry season", SeenByOrganisation); err != nil {
			t.Error(err)
		}
		if v, _ := desk.scenarioView(p.maker, s.ID); v.Scenario.Revision != 2 || len(v.Edits) != 1 {
			t.Errorf("an edit that changes nothing was kept: %+v", v.Edits)
		}
	})
}

func TestOfManyWhoEditAtOnceExactlyOneWinsAndTheOthersAreTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		s := strait(t, desk)
		var won, told atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := desk.EditScenario(p.maker, s.ID, 1, fmt.Sprint("Name ", i), SeenByNode)
				var refused *problem.Problem
				switch {
				case err == nil:
					won.Add(1)
				case errors.As(err, &refused) && refused.Code == "displacement.edited-meanwhile":
					told.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || told.Load() != 7 {
			t.Errorf("%d won and %d were told", won.Load(), told.Load())
		}
		_, err := desk.RemoveScenario(p.supervisor, s.ID, 1)
		hasCode(t, err, "displacement.edited-meanwhile")
	})
}

func TestAScenarioIsSeenByWhomItWasSharedWithAndByNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		s := strait(t, desk)
		for i, level := range []struct {
			seenBy                               string
			maker, colleague, supervisor, abroad bool
		}{
			{SeenByOrganisation, true, true, true, false},
			{SeenByMaker, true, false, true, false},
			{SeenByNode, true, true, true, true},
		} {
			if _, err := desk.EditScenario(p.maker, s.ID, int64(max(1, i)), s.Name, level.seenBy); err != nil {
				t.Fatal(err)
			}
			for who, want := range map[string]struct {
				ctx context.Context
				may bool
			}{"maker": {p.maker, level.maker}, "colleague": {p.colleague, level.colleague}, "supervisor": {p.supervisor, level.supervisor}, "planner abroad": {p.abroad, level.abroad}} {
				if got := sees(t, desk, want.ctx, s.ID); got != want.may {
					t.Errorf("shared with %s: the %s sees it is %v", level.seenBy, who, got)
				}
			}
		}
		_, err := desk.EditScenario(p.maker, s.ID, 3, s.Name, "everybody")
		hasCode(t, err, "displacement.bad-seen-by")
	})
}

func TestAnotherOrganisationReadsASharedScenarioAndChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		desk.OrganisationName = func(context.Context, string) string { return "Border Service" }
		desk.Names = func(context.Context, []string) (map[string]string, error) {
			return map[string]string{"p1": "Arun"}, nil
		}
		s := strait(t, desk)
		run, err := desk.Ask(p.maker, s.ID, 1, RunSettings{Members: 3})
		if err != nil {
			t.Fatal(err)
		}
		_, err = desk.Run(p.abroad, run.ID)
		hasCode(t, err, "displacement.no-run")
		if _, err := desk.EditScenario(p.maker, s.ID, 1, s.Name, SeenByNode); err != nil {
			t.Fatal(err)
		}
		v, err := desk.scenarioView(p.abroad, s.ID)
		if err != nil || v.Scenario.Ours || v.Scenario.MayEdit || v.Scenario.Of != "Border Service" || len(v.Names) != 0 {
			t.Errorf("%+v, names %v, %v", v.Scenario, v.Names, err)
		}
		if _, err := desk.Run(p.abroad, run.ID); err != nil {
			t.Error(err)
		}
		if _, err := desk.flows(p.abroad, s.ID, 1); err != nil {
			t.Error(err)
		}
		tries := map[string]func() error{
			"a version": func() error { _, err := desk.AddVersion(p.abroad, s.ID, 1, Version{}); return err },
			"a run":     func() error { _, err := desk.Ask(p.abroad, s.ID, 1, RunSettings{Members: 3}); return err },
			"a count": func() error {
				return desk.AddArrival(p.abroad, s.ID, Arrival{Place: "Harbour", Date: "2031-03-12", People: 1})
			},
			"a series": func() error {
				_, err := desk.AddSeries(p.abroad, s.ID, DailySeries{Name: "s", Start: "2031-03-02", People: []int64{1}})
				return err
			},
			"an outlook": func() error { _, err := desk.FetchSeries(p.abroad, s.ID); return err },
			"a stop":     func() error { _, err := desk.Stop(p.abroad, run.ID); return err },
		}
		for what, try := range tries {
			t.Run(what, func(t *testing.T) { hasCode(t, try(), "displacement.read-only") })
		}
		supervisorAbroad := as(t.Context(), "p9", "o2", actor.Supervisor)
		_, err = desk.EditScenario(supervisorAbroad, s.ID, 2, "Ours now", SeenByNode)
		hasCode(t, err, "displacement.not-yours")
		_, err = desk.RemoveScenario(supervisorAbroad, s.ID, 2)
		hasCode(t, err, "displacement.not-yours")
	})
}

func TestAColleagueWorksOnAScenarioButDoesNotRenameShareOrRemoveIt(t *testing.T) {
	desk, p := openDesk(t, dbtest.SQLite(t)), peopleOf(t)
	s := strait(t, desk)
	if _, err := desk.Ask(p.colleague, s.ID, 1, RunSettings{Members: 1}); err != nil {
		t.Error(err)
	}
	_, err := desk.EditScenario(p.colleague, s.ID, 1, "Mine", SeenByMaker)
	hasCode(t, err, "displacement.not-yours")
	_, err = desk.RemoveScenario(p.colleague, s.ID, 1)
	hasCode(t, err, "displacement.not-yours")
	_, err = desk.EditScenario(as(t.Context(), "p1", "o2", actor.Planner), s.ID, 1, "Taken along", SeenByOrganisation)
	hasCode(t, err, "displacement.no-scenario") // the maker has gone to another organisation
}

// left counts the rows of a scenario in all tables.
func left(t *testing.T, desk *Desk, id string) (rows int) {
	t.Helper()
	if err := desk.DB.Read(t.Context(), func(tx *db.Tx) error {
		for table, column := range map[string]string{"scenario": "id", "version": "scenario", "run": "scenario", "arrival": "scenario", "series": "scenario", "edit": "scenario"} {
			var n int
			if err := tx.Row(`SELECT COUNT(*) FROM displacement_`+table+` WHERE `+column+` = ?`, id).Scan(&n); err != nil {
				return err
			}
			rows += n
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestARemovedScenarioIsGoneForEverybodyAndComesBackWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		runs := everyKindOfRun(t, desk, p.maker)
		if err := desk.RunQueued(system(t)); err != nil {
			t.Fatal(err)
		}
		s, err := desk.Scenario(p.maker, runs[0].Scenario)
		if err != nil {
			t.Fatal(err)
		}
		waits, err := desk.Ask(p.maker, s.ID, 1, RunSettings{Members: 5})
		if err != nil {
			t.Fatal(err)
		}
		before := answersOf(t, desk, p.maker, runs)
		gone, err := desk.RemoveScenario(p.maker, s.ID, 1)
		if err != nil || gone.GoneAt == nil || gone.GoneAt.Sub(*gone.RemovedAt) != 30*24*time.Hour {
			t.Fatalf("%+v %v", gone, err)
		}
		for who, ctx := range map[string]context.Context{"maker": p.maker, "colleague": p.colleague, "supervisor": p.supervisor} {
			if sees(t, desk, ctx, s.ID) {
				t.Errorf("the %s still sees it", who)
			}
		}
		_, err = desk.Run(p.maker, runs[0].ID)
		hasCode(t, err, "displacement.no-run")
		_, err = desk.Compare(p.maker, runs[0].ID)
		hasCode(t, err, "displacement.no-run")
		_, err = desk.flows(p.maker, s.ID, 1)
		hasCode(t, err, "displacement.no-scenario")
		_, err = desk.AddVersion(p.maker, s.ID, 2, Version{})
		hasCode(t, err, "displacement.no-scenario")
		if _, ok, err := desk.takeRun(system(t), leftAlone); ok || err != nil {
			t.Errorf("a run of a removed scenario was taken: %v", err)
		}
		for who, want := range map[string]struct {
			ctx context.Context
			n   int
		}{"maker": {p.maker, 1}, "supervisor": {p.supervisor, 1}, "colleague": {p.colleague, 0}, "planner abroad": {p.abroad, 0}} {
			if all, err := desk.Removed(want.ctx); err != nil || len(all) != want.n {
				t.Errorf("the %s may bring back %d scenarios, %v", who, len(all), err)
			}
		}
		_, err = desk.RestoreScenario(p.colleague, s.ID)
		hasCode(t, err, "displacement.no-scenario")

		if _, err := desk.RestoreScenario(p.supervisor, s.ID); err != nil {
			t.Fatal(err)
		}
		if after := answersOf(t, desk, p.colleague, runs); !slices.Equal(before, after) {
			t.Error("the answers came back otherwise")
		}
		if counts, err := desk.Arrivals(p.maker, s.ID); err != nil || len(counts) != 1 {
			t.Errorf("the counts came back as %v, %v", counts, err)
		}
		if r, err := desk.Run(p.maker, waits.ID); err != nil || r.State != "stopped" {
			t.Errorf("the run that waited is %s, %v", r.State, err)
		}
		if got := verbs(t, desk, s.ID); got[0] != "displacement.restore person:p3" || got[1] != "displacement.remove person:p1" {
			t.Errorf("the log says %v", got)
		}
		_, err = desk.RestoreScenario(p.maker, s.ID)
		hasCode(t, err, "displacement.no-scenario") // it is there
	})
}

func TestARunUnderWayIsToldToStopWhenItsScenarioIsRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		s := strait(t, desk)
		run, err := desk.Ask(p.maker, s.ID, 1, RunSettings{Members: 5})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := desk.takeRun(system(t), leftAlone); !ok || err != nil {
			t.Fatal("the run was not taken", err)
		}
		if _, err := desk.RemoveScenario(p.maker, s.ID, 1); err != nil {
			t.Fatal(err)
		}
		if goOn, err := desk.moveRun(system(t), run.ID, 2, 0); goOn || err != nil {
			t.Errorf("the run goes on: %v, %v", goOn, err)
		}
	})
}

func TestARemovedScenarioIsErasedAfterThirtyDaysWithAllThatHangsOnIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, p := openDesk(t, d), peopleOf(t)
		runs := everyKindOfRun(t, desk, p.maker)
		id, stays := runs[0].Scenario, strait(t, desk)
		if _, err := desk.RemoveScenario(p.maker, id, 1); err != nil {
			t.Fatal(err)
		}
		day := func(n int) {
			t.Helper()
			desk.Clock.(*clock.Manual).Advance(time.Duration(n) * 24 * time.Hour)
			if err := desk.EraseRemoved(system(t)); err != nil {
				t.Fatal(err)
			}
		}
		day(30)
		if n := left(t, desk, id); n != 1+2+4+1+1+1 { // scenario, versions, runs, count, series, edit
			t.Errorf("%d rows are left on the thirtieth day", n)
		}
		day(1)
		if n := left(t, desk, id); n != 0 {
			t.Errorf("%d rows are left after it", n)
		}
		if !sees(t, desk, p.maker, stays.ID) {
			t.Error("another scenario went with it")
		}
		_, err := desk.RestoreScenario(p.maker, id)
		hasCode(t, err, "displacement.no-scenario")
		if got := verbs(t, desk, id); got[0] != "displacement.erase system:displacement.runs" {
			t.Errorf("the log says %v", got)
		}
		r, err := audit.Verify(t.Context(), d, map[string]audit.Stored{"displacement": Stored}, nil)
		if err != nil || !r.OK() {
			t.Errorf("the log is not in order after the erasure: %v %v", r.Problems, err)
		}
	})
}

func TestAScenarioBroughtBackIsNotErased(t *testing.T) {
	desk, p := openDesk(t, dbtest.SQLite(t)), peopleOf(t)
	s := strait(t, desk)
	if _, err := desk.RemoveScenario(p.maker, s.ID, 1); err != nil {
		t.Fatal(err)
	}
	then := desk.Clock.Now().Add(keptRemoved)
	if _, err := desk.RestoreScenario(p.maker, s.ID); err != nil {
		t.Fatal(err)
	}
	desk.Clock.(*clock.Manual).Advance(2 * keptRemoved)
	if err := desk.EraseRemoved(system(t)); err != nil {
		t.Fatal(err)
	}
	// Nor when it comes back between the look and the deed.
	if err := desk.DB.Write(t.Context(), func(tx *db.Tx) error {
		erased, err := eraseScenario(tx, s.ID, then)
		if erased {
			t.Error("it was erased")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.AddVersion(p.maker, s.ID, 1, Version{Changes: []abm.Intervention{{Kind: abm.ShutPlace, Place: "Hills"}}}); err != nil {
		t.Error(err)
	}
}
