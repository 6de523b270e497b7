package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lintas/displacement/abm"
	"lintas/kernel/clock"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/spread"
)

// withHub gives a desk a hub, as a node that was started with an address for workers has it.
func withHub(t *testing.T, desk *Desk) *spread.Hub {
	t.Helper()
	hub, err := spread.Start(t.Context(), spread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Close() })
	desk.Hub = func(context.Context) (*spread.Hub, error) { return hub, nil }
	return hub
}

// everyKindOfRun asks for one run of each kind that the pages offer: as it came, with a what-if under other
// settings, from counts, and with a series.
func everyKindOfRun(t *testing.T, desk *Desk, ctx context.Context) (runs []Run) {
	t.Helper()
	s, _, err := desk.AddScenario(ctx, "Strait", "", tinyBundle(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.AddVersion(ctx, s.ID, 1, Version{Ruleset: "setA", Changes: []abm.Intervention{{Kind: abm.FillCamp, Place: "Hills", From: 5}}}); err != nil {
		t.Fatal(err)
	}
	if err := desk.AddArrival(ctx, s.ID, Arrival{Place: "Harbour", Date: "2031-03-15", People: 333}); err != nil {
		t.Fatal(err)
	}
	series, err := desk.AddSeries(ctx, s.ID, DailySeries{Name: "s", Start: "2031-03-02", People: []int64{10, 200, 3}})
	if err != nil {
		t.Fatal(err)
	}
	for _, ask := range []struct {
		version  int64
		settings RunSettings
	}{{1, RunSettings{Members: 40}}, {2, RunSettings{Members: 40, Seed: 9}}, {1, RunSettings{Members: 40, Warm: &Warm{Day: 14, Horizon: 10}}}, {1, RunSettings{Members: 40, Series: series.ID}}} {
		desk.Clock.(*clock.Manual).Advance(time.Second) // their order
		r, err := desk.Ask(ctx, s.ID, ask.version, ask.settings)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	return runs
}

func answersOf(t *testing.T, desk *Desk, ctx context.Context, runs []Run) (out []string) {
	t.Helper()
	for _, r := range runs {
		done, err := desk.Run(ctx, r.ID)
		if err != nil || done.State != "done" {
			t.Fatalf("state %q %q, error %v", done.State, done.Problem, err)
		}
		out = append(out, string(done.View))
	}
	return out
}

func TestRunsThatWorkersHelpWithGiveTheSameBytesEvenWhenOneIsKilled(t *testing.T) {
	alone, far := openDesk(t, dbtest.SQLite(t)), openDesk(t, dbtest.SQLite(t))
	ctx := planner(t.Context())
	here := everyKindOfRun(t, alone, ctx)
	if err := alone.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	there := everyKindOfRun(t, far, ctx)
	hub := withHub(t, far)
	doomed, steady := workerProcess(t, hub.URL(), 2), workerProcess(t, hub.URL(), 2)
	defer func() { steady.Process.Kill(); steady.Wait() }()
	for hub.Workers() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	go func() {
		for { // until the second run is under way
			if r, err := far.Run(ctx, there[0].ID); err != nil || r.State == "done" {
				break
			}
			time.Sleep(time.Millisecond)
		}
		doomed.Process.Kill()
		doomed.Wait()
	}()
	if err := far.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answersOf(t, alone, ctx, here), answersOf(t, far, ctx, there)); diff != "" {
		t.Fatal(diff)
	}
}

func TestARunSaysHowManyWorkersHelpWhileItRuns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, ctx := openDesk(t, d), planner(t.Context())
		run := everyKindOfRun(t, desk, ctx)[0]
		taken, ok, err := desk.takeRun(system(t), leftAlone)
		if err != nil || !ok || taken.ID != run.ID {
			t.Fatal("the run was not taken", err)
		}
		if _, err := desk.moveRun(system(t), run.ID, 3, 2); err != nil {
			t.Fatal(err)
		}
		if r, err := desk.Run(ctx, run.ID); err != nil || r.Workers != 2 || r.Done != 3 {
			t.Fatalf("%+v %v", r, err)
		}
		if err := desk.endRun(system(t), run.ID, "done", "", 40, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if r, err := desk.Run(ctx, run.ID); err != nil || r.Workers != 0 {
			t.Fatalf("a run that is done is helped by %d, %v", r.Workers, err)
		}
	})
}

func TestARunThatIsHandedOutCanBeStoppedAndKeepsWhatIsFinished(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	hub := withHub(t, desk)
	worker := workerProcess(t, hub.URL(), 1)
	defer func() { worker.Process.Kill(); worker.Wait() }()
	bundle, err := packCase(os.DirFS("../demo/displacement/case")) // large enough to be under way
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := desk.AddScenario(ctx, "Strait", "", bundle)
	if err != nil {
		t.Fatal(err)
	}
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 2000})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			if r, err := desk.Run(ctx, run.ID); err != nil || r.Done > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		desk.Stop(ctx, run.ID)
	}()
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	stopped, err := desk.Run(ctx, run.ID)
	if err != nil || stopped.State != "stopped" || stopped.Done == 0 || stopped.Done == 2000 {
		t.Fatalf("the run is %s with %d members, %v", stopped.State, stopped.Done, err)
	}
	var v View
	if err := json.Unmarshal(stopped.View, &v); err != nil || int64(v.Members) != stopped.Done {
		t.Fatalf("%d members are in the answer, %d were done, %v", v.Members, stopped.Done, err)
	}
}

func TestARunIsComputedHereWhenWorkersCannotJoin(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	runs := everyKindOfRun(t, desk, ctx)
	desk.Hub = func(context.Context) (*spread.Hub, error) { return nil, errors.New("the address is taken") }
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	answersOf(t, desk, ctx, runs)
}

func TestAWorkerThatIsAnotherProgramLeavesThePlanAlone(t *testing.T) {
	w := tinyWork(t, 1)
	w.Plan.Program = programOf("2.0")
	job, err := w.Plan.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&jobCache{program: programOf("1.9")}).work(job); !errors.Is(err, spread.ErrUnfit) {
		t.Errorf("another version took the plan: %v", err)
	}
	if _, err := (&jobCache{program: programOf("2.0")}).work(job); err != nil {
		t.Errorf("the same version refused it: %v", err)
	}
}
