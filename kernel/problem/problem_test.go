package problem_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lintas/kernel/problem"
)

func TestASentenceKeepsTheValuesThatStandInIt(t *testing.T) {
	p := problem.New(problem.Invalid, "t.code", "Line %d of %q is %5.1f %% wrong: %v.", 7, "cases.csv", 12.345, errors.New("no comma"))
	if want := `Line 7 of "cases.csv" is  12.3 % wrong: no comma.`; p.Text != want {
		t.Errorf("the sentence is %q, not %q", p.Text, want)
	}
	if want := []string{"7", "cases.csv", " 12.3", "no comma"}; !slices.Equal(p.Values, want) {
		t.Errorf("the values are %q, not %q", p.Values, want)
	}
}

func TestASentenceWithoutValuesIsTakenAsItIs(t *testing.T) {
	p := problem.New(problem.Full, "t.code", "The disk is 100 % full.").With("body.size", "is over 90 %")
	if p.Text != "The disk is 100 % full." || p.Values != nil || p.Fields[0].Message != "is over 90 %" || p.Fields[0].Template != "" || p.Fields[0].Values != nil {
		t.Errorf("it became %+v", p)
	}
}

func TestATemplateHasPlacesInTheOrderOfTheVerbs(t *testing.T) {
	for text, want := range map[string]string{
		"Wait until %s (UTC).":           "Wait until {0} (UTC).",
		"%q is %d %% of %.2f":            "{0} is {1} % of {2}",
		"nothing in it":                  "nothing in it",
		"%s has the same name":           "{0} has the same name",
		"is not one of %v; %+v was sent": "is not one of {0}; {1} was sent",
	} {
		if got := problem.Template(text); got != want {
			t.Errorf("the template of %q is %q, not %q", text, got, want)
		}
	}
}

func TestAFieldWithValuesNamesItsTemplate(t *testing.T) {
	f := problem.New(problem.Invalid, "t.code", "Wrong.").With("body.kind", "is not one of %s; wait until %s", "a, b", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Format(time.TimeOnly)).Fields[0]
	if f.Message != "is not one of a, b; wait until 03:04:05" || f.Template != "is not one of {0}; wait until {1}" || !slices.Equal(f.Values, []string{"a, b", "03:04:05"}) {
		t.Errorf("the field is %+v", f)
	}
}
