package indicator_test

import (
	"strings"
	"testing"

	"lintas/screening/indicator"
	"lintas/screening/instruments"
)

// said is every sentence about an outcome.
func said(lines []indicator.Line, about string) (out []string) {
	for _, l := range lines {
		if l.About == about && (l.Kind == indicator.KindNeed || l.Kind == indicator.KindCase) {
			out = append(out, l.Text)
		}
	}
	return out
}

func TestThatNothingWasSeenIsSaidOnlyWhereItIsSoAndProvesNothing(t *testing.T) {
	p, err := instruments.Pack(instruments.Arrival)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answers indicator.Answers
		want    string
	}{
		"something was seen": {indicator.Answers{"asks_protection": indicator.Value("yes")}, ""},
		"nothing was seen":   {nothingSeen(p), "None of these seen. That proves nothing."},
	} {
		r, err := indicator.Score(p, c.answers, indicator.Options{Finished: true, NoNext: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(said(indicator.Explain(p, r, "en"), "none_seen"), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheWeightOfAnIndicatorIsAWordOfTheReadersLanguage(t *testing.T) {
	both := indicator.Strength{Adult: "S", Child: "M"}
	for _, c := range []struct {
		s                indicator.Strength
		rule, lang, want string
	}{
		{both, "adult", "en", "strong"}, {both, "child", "en", "medium"}, {both, "both", "en", "strong / medium"}, {both, "both", "ar", "قوي / متوسط"},
		{indicator.Strength{Adult: "U", Child: "U"}, "both", "my", "အလေးချိန်မသတ်မှတ်"}, {indicator.Strength{Child: "W"}, "both", "id", "lemah"}, {indicator.Strength{Adult: "W"}, "child", "en", ""},
	} {
		if got := indicator.StrengthWord(c.s, c.rule, c.lang); got.Text != c.want || got.Draft != (c.lang != "en" && c.want != "") {
			t.Errorf("%+v for %s in %s: %+v, want %q", c.s, c.rule, c.lang, got, c.want)
		}
	}
}

// nothingSeen answers every question so that no indicator is present.
func nothingSeen(p *indicator.Pack) indicator.Answers {
	a := indicator.Answers{}
	for _, q := range p.Questions {
		switch q.Type {
		case "yes_no":
			a[q.Name] = indicator.Value("no")
		case "select_multiple":
			a[q.Name] = indicator.Value("none")
		}
	}
	for name, value := range map[string]string{"age_known": "yes", "age": "34", "consent": "yes", "private": "yes", "papers_with": "me", "could_leave": "yes", "safe_now": "yes", "contract": "yes", "paid": "yes", "interpreter": "not_needed"} {
		a[name] = indicator.Value(value)
	}
	return a
}
