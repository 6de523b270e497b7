package indicator

import (
	"strings"
	"testing"
)

// TestARelevanceIsReadAsTheFormReadsIt: where the form showed a question and
// the engine holds that it does not apply, what was answered would be lost.
func TestARelevanceIsReadAsTheFormReadsIt(t *testing.T) {
	blank := Answer{}
	for _, c := range []struct {
		relevant string
		lies     Answer
		age      Answer
		shown    bool
	}{
		{"count_selected(lies) > 0", Value("declined"), blank, true},
		{"count_selected(lies) > 0", Answer{State: Declined}, blank, true},
		{"count_selected(lies) > 0", blank, blank, false},
		{"count_selected(lies) = 2", Value("pay", "declined"), blank, true},
		{"count_selected(lies) = 1", Value("pay", "declined"), blank, false},
		{"selected(lies, 'declined')", Value("pay", "declined"), blank, true},
		{"not selected(lies, 'declined')", Answer{State: Declined}, blank, true},
		{"not selected(lies, 'declined')", Value("declined"), blank, false},
		{"selected(lies, 'declined')", Value("not_known"), blank, false},
		{"not (age < 18)", blank, blank, true},
		{"not (age < 18)", blank, Answer{State: Declined}, true},
		{"not (age < 18)", blank, Value("17"), false},
		{"not (age >= 18)", blank, blank, true},
		{"not (age > 17 or age <= 3)", blank, blank, true},
		{"age >= 18", blank, blank, false},
		{"age != 18", blank, blank, true},
		{"hidden != 'yes'", blank, blank, true},
		{"not (hidden = 'yes')", blank, blank, true},
		{"count_selected(hidden_lies) = 0", blank, blank, true},
		{"count_selected(hidden_lies) != 2", blank, blank, true},
		{"count_selected(hidden_lies) >= 1", blank, blank, false},
		{"count(age < 18, hidden = 'yes') = 0", blank, blank, true},
	} {
		p, err := LoadPack([]byte(listed([]string{
			`{"name":"lies","type":"select_multiple","choices":["pay","job","not_known","declined"]}`,
			`{"name":"hidden","type":"yes_no","relevant":"age = 99"}`,
			`{"name":"hidden_lies","type":"select_multiple","choices":["pay","job"],"relevant":"age = 99"}`,
			`{"name":"held","type":"yes_no","relevant":"` + c.relevant + `"}`,
		}, "age >= 18", "held = 'yes'")), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := mustScore(t, p, Answers{"lies": c.lies, "age": c.age, "held": Value("yes")}, Options{Finished: true})
		if shown := len(r.Present) == 1; shown != c.shown {
			t.Errorf("%s with lies %+v, age %+v: counted as shown %v, the form says %v", c.relevant, c.lies, c.age, shown, c.shown)
		}
	}
}

// TestAPartOfAYearIsNoWholeNumber: an answer that the search for what is
// possible never thinks of could make present what was called impossible.
func TestAPartOfAYearIsNoWholeNumber(t *testing.T) {
	p, err := LoadPack([]byte(listed(nil, "age >= 18", "age > 16 and age < 17")), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := mustScore(t, p, Answers{"age": Value("16.5")}, Options{})
	if len(r.Present) != 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Message, "whole number") {
		t.Errorf("%+v", r)
	}
	if r = mustScore(t, p, Answers{"age": Value("16.0")}, Options{}); len(r.Warnings) != 0 {
		t.Errorf("%+v", r.Warnings)
	}
}
