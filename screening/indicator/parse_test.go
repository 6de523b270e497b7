package indicator

import (
	"errors"
	"strings"
	"testing"
)

func TestAMistakeInAnExpressionIsNamedWithItsColumnAndRemedy(t *testing.T) {
	for _, c := range []struct {
		src    string
		column int
		says   string
	}{
		{"", 1, "empty"},
		{"a == 'yes'", 3, "write ="},
		{"a <> 'yes'", 3, "write !="},
		{"a = ‘yes’", 5, "typographic quote"},
		{"a = 'yes", 5, "no closing quote"},
		{"a = 'yes' b = 'no'", 11, "and / or"},
		{"a = b", 3, "constant"},
		{"1 = 2", 3, "constant"},
		{"/data/a = 'yes'", 1, "not XPath"},
		{"concat(a, b) = 'x'", 1, "no function"},
		{"selected(a)", 11, "choice"},
		{"selected(a, b)", 13, "quotes"},
		{"count(a = 'yes') >= 'x'", 21, "number"},
		{"1 < a < 3", 7, "two comparisons"},
		{"(a = 'yes'", 11, "close the bracket"},
		{"${a b} = 1", 1, "question name"},
		{"ก = 'yes'", 1, "not a sign"},
		{"a = 'ใช่' and", 14, "expected a question"},
		{strings.Repeat("(", 60) + "a", 51, "nested"},
		{"a = 1.2.3", 5, "neither a number nor a name"},
		{"a = 1e999", 5, "neither a number nor a name"},
		{"a > 9999999999999999", 5, "more than 15 digits"},
		{"a > NaN", 3, "constant"},
		{"count() >= 1", 7, "expected a question"},
		{"count_selected(1) >= 1", 16, "needs a question"},
		{"a = and", 5, "expected a question"},
	} {
		_, err := parse(c.src)
		var se *SyntaxError
		if !errors.As(err, &se) || se.Column != c.column || !strings.Contains(err.Error(), c.says) || se.Remedy == "" {
			t.Errorf("%q: %v; want column %d, %q and a remedy", c.src, err, c.column, c.says)
		}
	}
}

func TestGroundsOfPrecedence(t *testing.T) {
	for src, want := range map[string]string{
		"a = 'y' or b = 'y' and c = 'y'":  "or(a,and(b,c))",
		"not a = 'y' and b = 'y'":         "and(not(a),b)",
		"not (a = 'y' and b = 'y')":       "not(and(a,b))",
		"3 <= a":                          "a",
		"${a} = \"it's\"":                 "a",
		"count(a = 'y', not b = 'y') > 1": "count(a,not(b))",
	} {
		e, err := parse(src)
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		if got := shape(e); got != want {
			t.Errorf("%q is read as %s, want %s", src, got, want)
		}
	}
}

func shape(e *expr) string {
	var kids []string
	for _, kid := range e.kids {
		kids = append(kids, shape(kid))
	}
	in := "(" + strings.Join(kids, ",") + ")"
	switch e.op {
	case opAnd:
		return "and" + in
	case opOr:
		return "or" + in
	case opNot:
		return "not" + in
	case opCount:
		return "count" + in
	}
	return e.name
}

// FuzzExpression: no text makes the parser or the compiler panic or run away.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"a = 'yes'", "count(a='yes', not (b != 'x' or c < 18)) >= 2", "selected(c, 'x')", "not not a='yes'", "count(count(count(a='yes')=1)=1)!=0", "${a} = \"x\"", "((((", "a = 1.5", "d >= '2026-01-31'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := parse(src)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Column < 1 {
				t.Fatalf("%q: %v", src, err)
			}
			return
		}
		p := &Pack{ID: "f", Version: "1", Title: en("f"), Sources: []Source{{ID: "s", Cite: "c"}}, Population: Population{Adult: "age >= 18"},
			Questions:  []Question{{Name: "a", Type: "yes_no"}, {Name: "b", Type: "text"}, {Name: "c", Type: "select_multiple", Choices: []string{"x", "y"}}, {Name: "d", Type: "date"}, {Name: "age", Type: "integer"}},
			Rules:      []Rule{{ID: "r", When: "total >= 1", Text: en("r")}},
			Dimensions: []Dimension{{ID: "D", Title: en("d"), Rule: "r"}},
			Indicators: []Indicator{{ID: "D.i", Dimension: "D", Strength: Strength{Adult: "S"}, Text: en("i"), When: src, Source: "s"}},
			Profiles:   []Profile{{ID: "p", Version: "1", Title: en("p"), Outcomes: []Outcome{{ID: "o", Kind: KindCase, When: "D", Title: en("o")}}}}}
		loaded, err := p.finish(nil, nil)
		if err != nil {
			return
		}
		if _, err := Score(loaded, Answers{"a": Value("yes")}, Options{}); err != nil {
			t.Fatalf("%q (%s): %v", src, shape(e), err)
		}
	})
}
