//go:build unix

package indicator_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lintas/screening/indicator"
)

// steepPack draws a pack of 150 indicators in a shape that is meant to be hard
// to search: what each shape does is said beside its name in steepShapes.
func steepPack(tb testing.TB, shape string) *indicator.Pack {
	tb.Helper()
	d := &steep{r: rand.New(rand.NewPCG(7, uint64(len(shape)))), shape: steepShapes[shape]}
	p, err := indicator.LoadPack(d.pack(tb), nil)
	if err != nil {
		tb.Fatalf("%s: %v", shape, err)
	}
	return p
}

type steepShape struct {
	questions int    // how many questions the indicators share
	deep      int    // how deep and, or, not and count are nested
	counted   int    // parts of each count
	choices   int    // of each select_multiple; 0: yes_no only
	gated     int    // how many questions hang on the one before
	numbers   bool   // every third question is a number
	rule      string // of every dimension
	outcome   string
}

const (
	ruleOfSource = "S >= 1 and total >= 2 or M >= 2 and total >= 3"
	ruleOfMany   = "S >= 3 and W >= 2 or M >= 5 and total >= 9 or W >= 7 and S >= 1 or total >= 12"
)

var steepShapes = map[string]steepShape{
	"one question each":        {questions: 150, rule: ruleOfSource, outcome: "(D1 or D2) and D4 and D5 or D3 and D6"},
	"many clauses":             {questions: 150, deep: 1, counted: 3, rule: ruleOfMany, outcome: "D1 and D2 and D3"},
	"deep and shared":          {questions: 60, deep: 4, counted: 3, rule: ruleOfSource, outcome: "(D1 or D2) and D4 and not D5 or D3 and D6"},
	"counts over many":         {questions: 100, deep: 1, counted: 25, rule: ruleOfSource, outcome: "count(D1, D2, D3, D4, D5, D6) >= 4"},
	"many choices":             {questions: 40, deep: 3, counted: 4, choices: 8, rule: ruleOfMany, outcome: "(D1 or D2) and D4 and not D5"},
	"shown one by the other":   {questions: 80, deep: 2, counted: 3, gated: 8, rule: ruleOfSource, outcome: "(D1 or D2) and D4 and not (D5 or D6)"},
	"numbers and many clauses": {questions: 60, deep: 3, counted: 3, numbers: true, rule: ruleOfMany, outcome: "count(D1, D2, D3, D4, D5, D6) = 3"},
}

type steep struct {
	r     *rand.Rand
	shape steepShape
	types []string
}

func (d *steep) pack(tb testing.TB) []byte {
	en := indicator.Text{"en": {Text: "x"}}
	p := indicator.Pack{ID: "steep", Version: "1", Title: en, Sources: []indicator.Source{{ID: "s", Cite: "drawn"}}}
	p.Population.Adult = "age >= 18 or older = 'yes'"
	p.Questions = []indicator.Question{{Name: "age", Type: "integer"}, {Name: "older", Type: "yes_no"}}
	for i := range d.shape.questions {
		q := indicator.Question{Name: fmt.Sprintf("q%d", i), Type: "yes_no"}
		switch {
		case d.shape.numbers && i%3 == 0:
			q.Type = "integer"
		case d.shape.choices > 0 && i%2 == 0:
			q.Type = "select_multiple"
			for c := range d.shape.choices {
				q.Choices = append(q.Choices, fmt.Sprintf("c%d", c))
			}
		}
		d.types = append(d.types, q.Type)
		if i > 0 && i <= d.shape.gated {
			q.Relevant = fmt.Sprintf("q%d = 'yes'", i-1)
		}
		p.Questions = append(p.Questions, q)
	}
	p.Rules = []indicator.Rule{{ID: "r", When: d.shape.rule, Text: en}}
	for i := range 6 {
		p.Dimensions = append(p.Dimensions, indicator.Dimension{ID: fmt.Sprintf("D%d", i+1), Title: en, Rule: "r"})
	}
	for i := range 150 {
		when := d.expr(d.shape.deep)
		for len(when) > 3900 {
			when = d.expr(d.shape.deep)
		}
		if d.shape.deep == 0 {
			when = fmt.Sprintf("q%d = 'yes'", i)
		}
		s := indicator.Strength{Adult: "SMMWW"[i%5 : i%5+1], Child: "SSMMW"[i%5 : i%5+1]}
		p.Indicators = append(p.Indicators, indicator.Indicator{ID: fmt.Sprintf("i%d", i), Dimension: fmt.Sprintf("D%d", 1+i%6), Strength: s, Text: en, When: when, Source: "s"})
	}
	p.Profiles = []indicator.Profile{{ID: "p", Version: "1", Title: en, Outcomes: []indicator.Outcome{
		{ID: "held", Kind: indicator.KindNeed, When: d.shape.outcome, Positive: true, Title: en},
		{ID: "child_alone", Kind: indicator.KindNeed, When: "child and D6 or count(D1, D2, D3) >= 2", Positive: true, Title: en},
		{ID: "neither", Kind: indicator.KindNeed, When: "not (held or child_alone)", Title: en},
	}}}
	b, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func (d *steep) expr(deep int) string {
	if deep == 0 {
		q := d.r.IntN(len(d.types))
		switch d.types[q] {
		case "integer":
			return fmt.Sprintf("q%d %s %d", q, []string{"<", ">=", "=", "!="}[d.r.IntN(4)], d.r.IntN(6))
		case "select_multiple":
			return fmt.Sprintf("selected(q%d, 'c%d')", q, d.r.IntN(d.shape.choices))
		}
		return fmt.Sprintf("q%d %s 'yes'", q, []string{"=", "=", "!="}[d.r.IntN(3)])
	}
	switch d.r.IntN(4) {
	case 0:
		return "(" + d.expr(deep-1) + " and " + d.expr(deep-1) + ")"
	case 1:
		return "(" + d.expr(deep-1) + " or " + d.expr(deep-1) + ")"
	case 2:
		return "not (" + d.expr(deep-1) + " and " + d.expr(deep-1) + ")"
	}
	parts := make([]string, d.shape.counted)
	for i := range parts {
		parts[i] = d.expr(deep - 1)
	}
	return fmt.Sprintf("count(%s) %s %d", strings.Join(parts, ", "), []string{">=", "<", "=", "!="}[d.r.IntN(4)], 1+d.r.IntN(d.shape.counted))
}

// BenchmarkSteep searches the next questions of packs that are meant to be
// hard, one target at a time.
func BenchmarkSteep(b *testing.B) {
	for _, shape := range []string{"one question each", "many clauses", "deep and shared", "counts over many", "many choices", "shown one by the other", "numbers and many clauses"} {
		p := steepPack(b, shape)
		for _, share := range []int{0, 30, 60} {
			a := indicator.Answers{}
			r := rand.New(rand.NewPCG(1, 1))
			for _, q := range p.Questions {
				switch {
				case r.IntN(100) >= share:
				case q.Type == "integer":
					a[q.Name] = indicator.Value(fmt.Sprint(r.IntN(30)))
				case q.Type == "yes_no":
					a[q.Name] = indicator.Value([]string{"no", "no", "yes", "declined"}[r.IntN(4)])
				default:
					a[q.Name] = indicator.Value(q.Choices[r.IntN(len(q.Choices))])
				}
			}
			for _, target := range []string{"offer", "held", "neither"} {
				b.Run(fmt.Sprintf("%s/answered=%d%%/%s", shape, share, target), func(b *testing.B) {
					done := cpuTime(b)
					var res indicator.Result
					var err error
					for b.Loop() {
						if res, err = indicator.Score(p, a, indicator.Options{Targets: []string{target}}); err != nil {
							b.Fatal(err)
						}
					}
					done()
					if len(res.Next) > 0 {
						b.ReportMetric(float64(len(res.Next[0].Questions)), "questions")
						if !res.Next[0].Shortest {
							b.ReportMetric(1, "unproved")
						}
					}
					if !res.Exact {
						b.ReportMetric(1, "inexact")
					}
				})
			}
		}
	}
}
