package ensemble

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// leaveOneOut calls f for each public case with the other three.
func leaveOneOut(t *testing.T, f func(c Observed, others []Observed)) {
	t.Helper()
	var all []Observed
	for _, n := range caseNames {
		all = append(all, loadCase(t, n).Observed)
	}
	for i, c := range all {
		var others []Observed
		for j, o := range all {
			if j != i {
				others = append(others, o)
			}
		}
		f(c, others)
	}
}

func TestForecastBeatsPersistenceOnEveryCaseLeftOut(t *testing.T) {
	ratios, n := 0.0, 0
	leaveOneOut(t, func(c Observed, others []Observed) {
		f := Learn(others)
		for _, h := range Horizons {
			ours, held := PointErrors(c, f, h)
			t.Logf("%s %d days: %.3f, persistence %.3f", c.Name, h, ours, held)
			if ours >= held {
				t.Errorf("%s %d days ahead: error %.3f is not below persistence's %.3f", c.Name, h, ours, held)
			}
			ratios += ours / held
			n++
		}
	})
	if mean := ratios / float64(n); mean > 0.9 {
		t.Errorf("mean ratio to persistence is %.3f, wanted 10 %% better", mean)
	}
}

func TestBandsHoldWhatTheyPromiseOnCasesLeftOut(t *testing.T) {
	var total, held Score
	leaveOneOut(t, func(c Observed, others []Observed) {
		f, p := Learn(others), Held(others)
		for _, h := range Horizons {
			s, sp := Judge(c, f, h), Judge(c, p, h)
			t.Logf("%s %d days: n %d coverage %.2f width %.2f CRPS %.4f; banded persistence %.2f %.2f %.4f, its width at our coverage %.2f; its CRPS as a point %.4f",
				c.Name, h, s.N, s.Coverage(), s.RelativeWidth(), s.RelativeCRPS(), sp.Coverage(), sp.RelativeWidth(), sp.RelativeCRPS(),
				WidthAtCoverage(c, p, h, s.Coverage()), sp.RelativeError())
			if s.Coverage() < .80 {
				t.Errorf("%s %d days ahead: a 90 %% band holds only %.2f", c.Name, h, s.Coverage())
			}
			if s.RelativeCRPS() >= sp.RelativeError() {
				t.Errorf("%s %d days ahead: CRPS %.4f is not below persistence's %.4f", c.Name, h, s.RelativeCRPS(), sp.RelativeError())
			}
			total.Merge(s)
			held.Merge(sp)
		}
	})
	t.Logf("all: coverage %.3f width %.3f CRPS %.4f; banded persistence %.3f %.3f %.4f",
		total.Coverage(), total.RelativeWidth(), total.RelativeCRPS(), held.Coverage(), held.RelativeWidth(), held.RelativeCRPS())
	if c := total.Coverage(); c < .80 || c > .97 {
		t.Errorf("over all cases the 90 %% bands hold %.3f", c)
	}
	if total.RelativeCRPS() >= held.RelativeCRPS() {
		t.Errorf("CRPS %.4f is not below banded persistence's %.4f", total.RelativeCRPS(), held.RelativeCRPS())
	}
}

func TestAForecastReadsNothingPublishedLater(t *testing.T) {
	f := Forecaster{Growth: .37, Scale: defaultScale, Residual: [][]float64{{-1, 0, 1}, {-1, 0, 1}, {-1, 0, 1}}}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.IntRange(0, 200).Draw(t, "day")
		var past, future Series
		for d := 0; d < 300; d += rapid.IntRange(1, 40).Draw(t, "gap") {
			r := Report{d, float64(rapid.IntRange(0, 50000).Draw(t, "count"))}
			if d <= day {
				past = append(past, r)
			} else {
				future = append(future, r)
			}
		}
		whole := Observed{Days: 300, Places: make([]Place, 1), Series: []Series{append(append(Series{}, past...), future...)},
			Corrections: []Correction{{0, rapid.IntRange(day+1, 300).Draw(t, "registration")}}}
		short := Observed{Days: 300, Places: make([]Place, 1), Series: []Series{past}}
		a, b := f.Forecast(whole.Known(day), day, 30)[0], f.Forecast(short.Known(day), day, 30)[0]
		if a.Mid != b.Mid || a.Band(.9) != b.Band(.9) {
			t.Fatalf("reports after day %d changed the forecast from %v to %v", day, b.Band(.9), a.Band(.9))
		}
	})
}

func TestBandsOpenWithTheHorizonAndNeverGoBelowNobody(t *testing.T) {
	f := Default()
	rapid.Check(t, func(t *rapid.T) {
		s := Series{{0, 0}, {40, float64(rapid.IntRange(0, 1_000_000).Draw(t, "count"))}}
		known := Observed{Days: 60, Places: make([]Place, 1), Series: []Series{s}}
		last := -1.0
		for _, h := range Horizons {
			b := f.Forecast(known, 60, h)[0].Band(.9)
			if b.Low < 0 || b.Low > b.Mid || b.Mid > b.High || math.IsNaN(b.High) {
				t.Fatalf("a band out of order: %v", b)
			}
			if b.Width() < last {
				t.Fatalf("the band %d days ahead is narrower than a nearer one", h)
			}
			last = b.Width()
		}
	})
}

func TestTheLearntFigureInTheProgramIsWhatTheCasesTeach(t *testing.T) {
	var all []Observed
	for _, n := range caseNames {
		all = append(all, loadCase(t, n).Observed)
	}
	same := func(got, want Forecaster) {
		t.Helper()
		if math.Abs(got.Growth-want.Growth) > 1e-9 || got.Scale != want.Scale || !slices.Equal(got.Learnt, want.Learnt) {
			t.Fatalf("learnt.json holds growth %v and scale %v of %v; the cases give %v and %v of %v: run LINTAS_WRITE_LEARNT=1 go test -run Writes",
				got.Growth, got.Scale, got.Learnt, want.Growth, want.Scale, want.Learnt)
		}
		for k := range want.Residual {
			for q := range want.Residual[k] {
				if math.Abs(got.Residual[k][q]-want.Residual[k][q]) > 1e-6 {
					t.Fatalf("learnt.json differs at horizon %d quantile %d", Horizons[k], q)
				}
			}
		}
	}
	same(Default(), Learn(all))
	for name, want := range withoutEach(all, Learn) {
		same(ForCase(name), want)
	}
	for name, want := range withoutEach(all, HeldPlain) {
		same(HeldForCase(name), want)
	}
}
