package displacement

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lintas/displacement/abm"
	"lintas/platform/spread"
)

func tinyWork(t testing.TB, members int, changes ...abm.Intervention) *Work {
	t.Helper()
	w, err := Prepare(Plan{Bundle: tinyBundle(t), Name: "tiny", Seed: 11, Members: members, Inputs: DefaultInputs(), Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func viewJSON(t testing.TB, o *Outcome) string {
	t.Helper()
	b, err := json.Marshal(o.View())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// aloneAndHub is what the work gives on one machine, and a hub that will hand it out.
func aloneAndHub(t *testing.T, w *Work) (*Outcome, *spread.Hub) {
	t.Helper()
	w.Plan.Program = programOf("test")
	alone, err := runLocally(t.Context(), w, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	hub, err := spread.Start(t.Context(), spread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Close() })
	return alone, hub
}

func TestWorkersThatAreKilledLeaveNoTraceInTheResult(t *testing.T) {
	w := tinyWork(t, 300, abm.Intervention{Kind: abm.FillCamp, Place: "Hills", From: 5})
	alone, hub := aloneAndHub(t, w)
	// Two real processes; one is killed as soon as a member is in.
	worker := func() *exec.Cmd { return workerProcess(t, hub.URL(), 2) }
	doomed, steady := worker(), worker()
	defer func() { steady.Process.Kill(); steady.Wait() }()
	killed := false
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	spreadOut, err := runSpread(ctx, w, hub, 0, func(int) {
		if !killed {
			killed = true
			doomed.Process.Kill()
			doomed.Wait()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !killed || spreadOut.Base.Members != 300 {
		t.Fatalf("killed %v, %d members", killed, spreadOut.Base.Members)
	}
	if diff := cmp.Diff(viewJSON(t, alone), viewJSON(t, spreadOut)); diff != "" {
		t.Fatal(diff)
	}
}

// workerProcess is a real process that joined, as `lintas displacement worker` is.
func workerProcess(t *testing.T, address string, parallel int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "displacement", "worker", "--join", address, "--parallel", strconv.Itoa(parallel))
	cmd.Args[0] = "lintas"
	cmd.Env = append(os.Environ(), "LINTAS_TEST_AS_COMMAND=1")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestTheSameOnOneProcessorAndOnMany(t *testing.T) {
	w := tinyWork(t, 20)
	many, err := runLocally(t.Context(), w, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(old)
	one, err := runLocally(t.Context(), w, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(viewJSON(t, one), viewJSON(t, many)); diff != "" {
		t.Fatal(diff)
	}
}

func TestAChangeThatChangesNothingGivesNoDifference(t *testing.T) {
	// A closure after the last day: common random numbers leave nothing else.
	w := tinyWork(t, 10, abm.Intervention{Kind: abm.ShutPlace, Place: "Hills", From: 29})
	o, err := runLocally(t.Context(), w, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k := range o.Differences[:20] {
		for i, d := range o.Differences[k] {
			if b := d.Band(0.9); b.Low != 0 || b.High != 0 {
				t.Fatalf("day %d, place %d differ by %v before anything changed", k, i, b)
			}
		}
	}
}

func TestAMemberThatArrivesDamagedIsRefused(t *testing.T) {
	w := tinyWork(t, 1)
	good, err := w.Member(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, good[:10], good[:len(good)-1], append(append([]byte{}, good...), 0)} {
		if err := newOutcome(w).add(0, bad); err == nil {
			t.Errorf("%d bytes were taken for a member of %d", len(bad), len(good))
		}
	}
}

func TestStoppingKeepsWhatIsFinished(t *testing.T) {
	w := tinyWork(t, 5000)
	ctx, stop := context.WithCancel(t.Context())
	f := ensembleFlags{Members: 5000, Workers: 2}
	bar := func(done int) {
		if done == 7 {
			stop()
		}
	}
	o, err := runLocally(ctx, w, f.Workers, bar)
	if err == nil || o.Base.Members < 7 || o.Base.Members > 4000 {
		t.Fatalf("%d members are kept, error %v", o.Base.Members, err)
	}
	if v := o.View(); v.Members != o.Base.Members || len(v.Notes) == 0 {
		t.Fatal("the answer does not say that it was stopped")
	}
}

func TestEveryUsualInputChangesTheCaseItIsGivenTo(t *testing.T) {
	if err := checkInputs(DefaultInputs()); err != nil {
		t.Fatal(err)
	}
	w := tinyWork(t, 1)
	for _, in := range DefaultInputs() {
		if in.Name == inTotals || in.Name == inConflict {
			continue // totals change arrivals; this conflict holds from day 0
		}
		changed := vary(w.Case, 1, 0, map[string]float64{in.Name: in.At(.9)})
		if cmp.Equal(changed.Settings, w.Case.Settings, cmp.AllowUnexported(abm.Settings{})) && cmp.Equal(changed.Routes, w.Case.Routes) && cmp.Equal(changed.Places, w.Case.Places) {
			t.Errorf("%s changes nothing", in.Name)
		}
	}
	if got := reportedArrivals(w.Case, 2); sumInt(got.People) != 2*1200 {
		t.Errorf("twice the reported totals are %d, wanted 2400", sumInt(got.People))
	}
}

func sumInt(v []int64) (total int64) {
	for _, n := range v {
		total += n
	}
	return total
}

func TestAWarmStartReadsNothingOfTheCaseThatHappensLater(t *testing.T) {
	_, _, bundle, err := openCase("../demo/displacement/case")
	if err != nil {
		t.Fatal(err)
	}
	w, err := Prepare(Plan{Bundle: bundle, Name: "demo", Members: 1, Warm: &Warm{Day: 60, Horizon: 30}})
	if err != nil {
		t.Fatal(err)
	}
	c := w.Case.Clone()
	c.Flood = make([][]abm.Step, len(c.Places))
	c.IPC = make([][]abm.Step, len(c.Places))
	for _, table := range [][][]abm.Step{c.Conflict, c.Flood, c.IPC} {
		table[0] = []abm.Step{{Day: 10, Value: 1}, {Day: 70, Value: 2}}
	}
	c.PlaceChanges = []abm.PlaceChange{{Place: 1, Kind: abm.Camp, Day: 20}, {Place: 1, Kind: abm.Town, Day: 61}}
	c.Closures = []abm.Closure{{Kind: abm.ClosePlace, Name1: c.Places[0].Name, Start: 61, End: 80}}
	d, err := w.warm(c)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Conflict[0]) != 1 || len(d.Flood[0]) != 1 || len(d.IPC[0]) != 1 || len(d.PlaceChanges) != 1 || len(d.Closures) != 0 {
		t.Fatalf("later events are still there: conflict %v, flood %v, food crisis %v, places %v, closures %v", d.Conflict[0], d.Flood[0], d.IPC[0], d.PlaceChanges, d.Closures)
	}
	if len(c.Flood[0]) != 2 || len(c.PlaceChanges) != 2 {
		t.Fatal("the case itself was changed")
	}
}
