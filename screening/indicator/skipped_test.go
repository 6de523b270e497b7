package indicator_test

import (
	"testing"

	"lintas/screening/indicator"
	"lintas/screening/instruments"
)

// TestWhatIsSkippedBecauseSomebodyDeclinedIsNotDenied: the arrival interview
// asks nothing about work of whoever would not say whether they worked, and
// nothing at all without consent.
func TestWhatIsSkippedBecauseSomebodyDeclinedIsNotDenied(t *testing.T) {
	p, err := instruments.Pack(instruments.Arrival)
	if err != nil {
		t.Fatal(err)
	}
	declined, yes := indicator.Value("declined"), indicator.Value("yes")
	for name, answers := range map[string]indicator.Answers{
		"whether they worked": {"consent": yes, "age_known": yes, "age": indicator.Value("30"), "worked": declined, "offered": declined},
		"consent":             {"consent": declined},
	} {
		r, err := indicator.Score(p, answers, indicator.Options{Finished: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Dimensions {
			if f.ID == "D4" && f.State != indicator.LeftUnanswered {
				t.Errorf("declined %s: exploitation is %s", name, f.State)
			}
		}
		for _, f := range r.Outcomes {
			if f.State == indicator.Established {
				t.Errorf("declined %s: %s is established", name, f.ID)
			}
			if f.ID == "exploited" && f.State != indicator.LeftUnanswered {
				t.Errorf("declined %s: exploited is %s", name, f.State)
			}
		}
	}
}

// TestNobodyIsCalledAChildBecauseTheAgeWasNotAsked: without consent the age is
// kept away with everything else. Then the child's rule is presumed, and both
// are shown.
func TestNobodyIsCalledAChildBecauseTheAgeWasNotAsked(t *testing.T) {
	p, err := instruments.Pack(instruments.Arrival)
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"no", "declined"} {
		r, err := indicator.Score(p, indicator.Answers{"consent": indicator.Value(answer)}, indicator.Options{Finished: true})
		if err != nil {
			t.Fatal(err)
		}
		if want := (indicator.PopulationResult{Rule: "child", PresumedChild: true}); r.Population != want || len(r.Views) != 2 {
			t.Errorf("consent %s: %+v, %d views", answer, r.Population, len(r.Views))
		}
	}
}
