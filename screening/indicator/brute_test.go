package indicator

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// smallPack draws a pack small enough to try every completion of.
func smallPack(t *rapid.T) *Pack {
	nq := rapid.IntRange(2, 4).Draw(t, "questions")
	p := &Pack{ID: "small", Version: "1", Title: en("small"), Sources: []Source{{ID: "s", Cite: "drawn"}}}
	kinds := []string{"yes_no", "yes_no", "select_one", "select_multiple", "integer"}
	for i := range nq {
		q := Question{Name: fmt.Sprintf("q%d", i), Type: rapid.SampledFrom(kinds).Draw(t, "type")}
		switch q.Type {
		case "select_one":
			q.Choices = []string{"a", "b", "c", "not_known"}
		case "select_multiple":
			q.Choices = []string{"a", "b", "declined"}
		}
		p.Questions = append(p.Questions, q)
	}
	if rapid.Bool().Draw(t, "gated") {
		p.Questions[1].Relevant = drawExpr(t, p.Questions[:1], 1)
	}
	p.Questions = append(p.Questions, Question{Name: "age", Type: "integer"})
	p.Population.Adult = "age >= 18"
	if nq == 2 && rapid.Bool().Draw(t, "age by group, too") {
		p.Questions = append(p.Questions, Question{Name: "group", Type: "select_one", Choices: []string{"a", "b", "c", "not_known", "declined"}})
		p.Population.Adult = rapid.SampledFrom([]string{"age >= 18 or group = 'a'", "age >= 18 and group != 'b'", "not (age < 18 or group = 'b')"}).Draw(t, "adult")
	}
	rules := []string{"total >= 1", "S >= 1 and total >= 2 or M >= 2", "S >= 1 and M >= 1", "total >= 2"}
	asked := p.Questions[:nq]
	if rapid.IntRange(0, 4).Draw(t, "age in indicators") == 0 {
		asked = p.Questions
	}
	for d := range 2 {
		id := fmt.Sprintf("D%d", d)
		p.Rules = append(p.Rules, Rule{ID: "r" + id, When: rapid.SampledFrom(rules).Draw(t, "rule"), Text: en("r")})
		p.Dimensions = append(p.Dimensions, Dimension{ID: id, Title: en(id), Rule: "r" + id})
		for i := range rapid.IntRange(1, 3).Draw(t, "indicators") {
			strengths := []string{"S", "M", "W", "U"}
			ind := Indicator{ID: fmt.Sprintf("%s.i%d", id, i), Dimension: id, Source: "s", Text: en("i"), When: drawExpr(t, asked, 2)}
			ind.Strength.Adult = rapid.SampledFrom(append(strengths, "")).Draw(t, "adult")
			ind.Strength.Child = rapid.SampledFrom(strengths).Draw(t, "child")
			p.Indicators = append(p.Indicators, ind)
		}
	}
	whens := []string{"D0", "D0 and D1", "D0 and not D1", "not D0 or D1", "child and D0", "D0 and (D1 or child)", "count(D0, D1, adult) = 2", "not (D0 or D1)"}
	pr := Profile{ID: "p", Version: "1", Title: en("p")}
	for o := range 2 {
		when := rapid.SampledFrom(whens).Draw(t, "outcome")
		if o == 1 && rapid.Bool().Draw(t, "chained") {
			when = "D1 and not O0"
		}
		pr.Outcomes = append(pr.Outcomes, Outcome{ID: fmt.Sprintf("O%d", o), Kind: KindNeed, When: when, Positive: o == 0, Title: en("o")})
	}
	p.Profiles = []Profile{pr}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadPack(b, nil)
	if err != nil {
		t.Fatalf("the drawn pack does not load: %v", err)
	}
	return loaded
}

func en(s string) Text { return Text{"en": {Text: s}} }

func drawExpr(t *rapid.T, qs []Question, depth int) string {
	kind := "leaf"
	if depth > 0 {
		kind = rapid.SampledFrom([]string{"leaf", "leaf", "and", "or", "not", "count"}).Draw(t, "node")
	}
	sub := func() string { return drawExpr(t, qs, depth-1) }
	switch kind {
	case "and", "or":
		return "(" + sub() + " " + kind + " " + sub() + ")"
	case "not":
		return "not (" + sub() + ")"
	case "count":
		return fmt.Sprintf("count(%s, %s) %s %d", sub(), sub(), rapid.SampledFrom([]string{">=", "=", "<", "!="}).Draw(t, "cmp"), rapid.IntRange(0, 2).Draw(t, "n"))
	}
	q := rapid.SampledFrom(qs).Draw(t, "q")
	switch q.Type {
	case "yes_no":
		return q.Name + rapid.SampledFrom([]string{" = 'yes'", " = 'yes'", " != 'yes'", " = 'no'"}).Draw(t, "is")
	case "select_one":
		return q.Name + rapid.SampledFrom([]string{" = ", " != "}).Draw(t, "cmp") + "'" + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "choice") + "'"
	case "select_multiple":
		if rapid.IntRange(0, 2).Draw(t, "counted") == 0 {
			return fmt.Sprintf("count_selected(%s) %s %d", q.Name, rapid.SampledFrom([]string{">=", "=", "<", "!="}).Draw(t, "cmp"), rapid.IntRange(1, 2).Draw(t, "chosen"))
		}
		return "selected(" + q.Name + ", '" + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "choice") + "')"
	}
	return q.Name + rapid.SampledFrom([]string{" < ", " >= ", " = ", " <= "}).Draw(t, "cmp") + rapid.SampledFrom([]string{"16", "18"}).Draw(t, "limit")
}

// realAnswers are enough different answers to show whatever an expression of
// a drawn pack can tell apart.
func realAnswers(q Question) []Answer {
	switch q.Type {
	case "yes_no":
		return []Answer{Value("yes"), Value("no")}
	case "select_one":
		return []Answer{Value("a"), Value("b"), Value("c")}
	case "select_multiple":
		return []Answer{Value("a"), Value("b"), Value("a", "b")}
	}
	return []Answer{Value("15"), Value("16"), Value("17"), Value("18"), Value("19")}
}

// partly are answers with a choice and a code beside it: what is chosen is so,
// what is not chosen is unanswered.
var partly = []Answer{Value("a", "declined"), Value("b", "not_known"), Value("a", "b", "declined")}

func drawAnswers(t *rapid.T, p *Pack) Answers {
	out := Answers{}
	for _, q := range p.Questions {
		switch rapid.IntRange(0, 5).Draw(t, "answered "+q.Name) {
		case 0, 1:
			out[q.Name] = rapid.SampledFrom(realAnswers(q)).Draw(t, "answer")
		case 2:
			none := []Answer{{State: NotKnown}, {State: Declined}}
			if q.Type == "select_multiple" {
				none = append(none, partly...)
			}
			out[q.Name] = rapid.SampledFrom(none).Draw(t, "no answer")
		}
	}
	return out
}

func copyAnswers(a Answers) Answers {
	out := Answers{}
	for k, v := range a {
		out[k] = v
	}
	return out
}

// completions calls visit with every way to answer what is not asked yet.
func completions(p *Pack, a Answers, visit func(Answers)) {
	for _, q := range p.Questions {
		if _, ok := a[q.Name]; ok {
			continue
		}
		all := append(realAnswers(q), Answer{State: Declined}) // not known is no different
		if q.Type == "select_multiple" {
			all = append(all, partly...)
		}
		for _, v := range all {
			a[q.Name] = v
			completions(p, a, visit)
		}
		delete(a, q.Name)
		return
	}
	visit(a)
}

func mustScore(t interface{ Fatal(...any) }, p *Pack, a Answers, o Options) Result {
	r, err := Score(p, a, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// truths evaluates a whole interview with a second, naive evaluator that knows
// nothing of spans: three truth values over the parsed expressions.
type naive struct {
	p *Pack
	a Answers
}

func (n naive) question(name string) Question {
	for _, q := range n.p.Questions {
		if q.Name == name {
			return q
		}
	}
	panic(name)
}

// value is +1 true, -1 false, 0 unanswered.
func (n naive) value(e *expr, negate bool) int {
	switch e.op {
	case opNot:
		return n.value(e.kids[0], !negate)
	case opAnd, opOr:
		conj := (e.op == opAnd) != negate
		out := -1
		if conj {
			out = 1
		}
		for _, kid := range e.kids {
			v := n.value(kid, negate)
			if conj && v < out || !conj && v > out {
				out = v
			}
		}
		return out
	case opCount:
		return n.count(e, negate, n.value)
	}
	q := n.question(e.name)
	if q.Relevant != "" {
		rel, _ := parse(q.Relevant)
		return min(n.applies(rel, false), n.literal(q, e, negate))
	}
	return n.literal(q, e, negate)
}

// applies says whether a question applies: +1 where the form shows it, -1 where
// answers with a value keep it away, 0 where it is only skipped because somebody
// did not know, declined or was never asked.
func (n naive) applies(e *expr, negate bool) int {
	switch e.op {
	case opNot:
		return n.applies(e.kids[0], !negate)
	case opAnd, opOr:
		a, b := n.applies(e.kids[0], negate), n.applies(e.kids[1], negate)
		if (e.op == opAnd) != negate {
			return min(a, b)
		}
		return max(a, b)
	case opCount:
		return n.count(e, negate, n.applies)
	}
	q := n.question(e.name)
	a := n.a[q.Name]
	out := -1
	if _, coded := chosen(a); a.State != Given || coded {
		out = 0
	}
	values := a.Values
	if a.State == NotKnown || a.State == Declined {
		values = []string{string(a.State)}
	}
	if n.shownLeaf(values, e) != negate || a.State != Given && n.shownLeaf(nil, e) != negate {
		out = 1
	}
	return out // the drawn packs have no relevance behind a relevance
}

func (n naive) shownLeaf(values []string, e *expr) bool {
	switch {
	case e.op == opSelected:
		return contains(values, e.str)
	case e.op == opCountSelected:
		return compareNumbers(float64(len(values)), e.cmp, e.num)
	case len(values) == 0:
		return e.cmp == "!="
	case e.isNum:
		x, ok := parseNumber(values[0])
		return ok && compareNumbers(x, e.cmp, e.num) || !ok && e.cmp == "!="
	}
	return (values[0] == e.str) == (e.cmp == "=")
}

// chosen takes the codes out of an answer and says whether there were any.
func chosen(a Answer) (values []string, coded bool) {
	for _, v := range a.Values {
		if v == "declined" || v == "not_known" {
			coded = true
		} else {
			values = append(values, v)
		}
	}
	return values, coded
}

func (n naive) literal(q Question, e *expr, negate bool) int {
	a := n.a[q.Name]
	if a.State != Given {
		return 0
	}
	values, coded := chosen(a)
	holds := false
	switch e.op {
	case opSelected:
		if !contains(values, e.str) && coded {
			return 0
		}
		holds = contains(values, e.str)
	case opCountSelected:
		if coded {
			return atLeastSoMany(len(values), negated(e.cmp, negate), int(e.num))
		}
		holds = compareNumbers(float64(len(values)), e.cmp, e.num)
	default:
		if e.isNum {
			x, _ := parseNumber(a.Values[0])
			holds = compareNumbers(x, e.cmp, e.num)
		} else {
			holds = (a.Values[0] == e.str) == (e.cmp == "=")
		}
	}
	if holds != negate {
		return 1
	}
	return -1
}

// atLeastSoMany compares a number of which only the least is known.
func atLeastSoMany(least int, cmp string, k int) int {
	reached := func(k int) int { return threeWay(least >= k, true) }
	switch cmp {
	case ">=":
		return reached(k)
	case ">":
		return reached(k + 1)
	case "<":
		return -reached(k)
	case "<=":
		return -reached(k + 1)
	case "=":
		return min(reached(k), -reached(k+1))
	}
	return max(-reached(k), reached(k+1))
}

func compareNumbers(x float64, cmp string, y float64) bool {
	return map[string]bool{"=": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[cmp]
}

// count tries every way the unanswered parts could be, each for itself; a
// negative count asks how many parts are refuted.
func (n naive) count(e *expr, negate bool, value func(*expr, bool) int) int {
	cmp := negated(e.cmp, negate)
	yes, maybe, noOrMaybe := 0, 0, 0
	refuted := 0
	for _, kid := range e.kids {
		switch value(kid, false) {
		case 1:
			yes++
		case 0:
			maybe++
		}
		switch value(kid, true) {
		case 1:
			refuted++
		case 0:
			noOrMaybe++
		}
	}
	ge := func(k int) int { return threeWay(yes >= k, yes+maybe >= k) }
	lt := func(k int) int {
		need := len(e.kids) - k + 1
		return threeWay(refuted >= need, refuted+noOrMaybe >= need)
	}
	k := int(e.num)
	switch cmp {
	case ">=":
		return ge(k)
	case ">":
		return ge(k + 1)
	case "<":
		return lt(k)
	case "<=":
		return lt(k + 1)
	case "=":
		return min(ge(k), lt(k+1))
	}
	return max(ge(k+1), lt(k))
}

func threeWay(sure, maybe bool) int {
	switch {
	case sure:
		return 1
	case maybe:
		return 0
	}
	return -1
}

func (n naive) isAdult() bool {
	e, _ := parse(n.p.Population.Adult)
	return n.value(e, false) == 1
}

// outcomes gives each outcome and dimension of a complete interview.
func (n naive) outcomes() map[string]int { return n.outcomesOf(n.isAdult()) }

func (n naive) outcomesOf(isAdult bool) map[string]int {
	out := map[string]int{}
	for _, d := range n.p.Dimensions {
		sure, maybe := map[string]int{}, map[string]int{}
		for _, ind := range n.p.Indicators {
			s := ind.Strength.Child
			if isAdult {
				s = ind.Strength.Adult
			}
			if ind.Dimension != d.ID || s == "" {
				continue
			}
			e, _ := parse(ind.When)
			v := n.value(e, false)
			if v == 1 {
				sure[s]++
				sure["total"]++
			}
			if v >= 0 {
				maybe[s]++
				maybe["total"]++
			}
		}
		for _, r := range n.p.Rules {
			if r.ID == d.Rule {
				e, _ := parse(r.When)
				out[d.ID] = threeWay(naiveRule(e, sure), naiveRule(e, maybe))
			}
		}
	}
	out["adult"], out["child"] = -1, 1
	if isAdult {
		out["adult"], out["child"] = 1, -1
	}
	for _, o := range n.p.Profiles[0].Outcomes {
		e, _ := parse(o.When)
		out[o.ID] = naiveOutcome(e, out)
	}
	return out
}

func naiveRule(e *expr, n map[string]int) bool {
	switch e.op {
	case opAnd:
		return naiveRule(e.kids[0], n) && naiveRule(e.kids[1], n)
	case opOr:
		return naiveRule(e.kids[0], n) || naiveRule(e.kids[1], n)
	}
	return n[e.name] >= int(e.num)
}

func naiveOutcome(e *expr, at map[string]int) int {
	switch e.op {
	case opNot:
		return -naiveOutcome(e.kids[0], at)
	case opAnd:
		return min(naiveOutcome(e.kids[0], at), naiveOutcome(e.kids[1], at))
	case opOr:
		return max(naiveOutcome(e.kids[0], at), naiveOutcome(e.kids[1], at))
	case opCount:
		sure, maybe := 0, 0
		for _, kid := range e.kids {
			if v := naiveOutcome(kid, at); v == 1 {
				sure++
			} else if v == 0 {
				maybe++
			}
		}
		k := int(e.num)
		return min(threeWay(sure >= k, sure+maybe >= k), threeWay(sure+maybe <= k, sure <= k))
	}
	return at[e.name]
}

// interval is what brute force says: true in all, true in some.
func interval(p *Pack, a Answers) (certain, possible map[string]bool) {
	return intervalOf(p, a, naive.outcomes)
}

// intervalOf folds what `outcomes` says of every completion; one of which it says nil is left out.
func intervalOf(p *Pack, a Answers, outcomes func(naive) map[string]int) (certain, possible map[string]bool) {
	certain, possible = map[string]bool{}, map[string]bool{}
	first := true
	completions(p, copyAnswers(a), func(full Answers) {
		of := outcomes(naive{p, full})
		if of == nil {
			return
		}
		for id, v := range of {
			certain[id] = (first || certain[id]) && v == 1
			possible[id] = possible[id] || v == 1
		}
		first = false
	})
	return certain, possible
}

func TestTheIntervalAgreesWithEveryCompletion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		r := mustScore(t, p, a, Options{})
		if !r.Exact {
			t.Fatal("a small pack was not solved exactly")
		}
		certain, possible := interval(p, a)
		for _, f := range append(append([]Finding(nil), r.Outcomes...), r.Dimensions...) {
			if f.Certain != certain[f.ID] || f.Possible != possible[f.ID] {
				t.Fatalf("%s: scored [%v,%v], brute force [%v,%v]\n%s\n%v", f.ID, f.Certain, f.Possible, certain[f.ID], possible[f.ID], p.Canonical(), a)
			}
		}
	})
}

// viewInterval is what brute force says of one population: over the completions
// that lead to it, or over all where none does.
func viewInterval(p *Pack, a Answers, isAdult bool) (certain, possible map[string]bool) {
	some := false
	completions(p, copyAnswers(a), func(full Answers) { some = some || (naive{p, full}).isAdult() == isAdult })
	return intervalOf(p, a, func(n naive) map[string]int {
		if some && n.isAdult() != isAdult {
			return nil
		}
		return n.outcomesOf(isAdult)
	})
}

// TestAnUnknownAgeShowsBothRulesAsEveryCompletionHasThem: while the age is
// open, not known or declined, each view says what holds under its rule.
func TestAnUnknownAgeShowsBothRulesAsEveryCompletionHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		delete(a, "group")
		switch rapid.IntRange(0, 2).Draw(t, "age") {
		case 0:
			delete(a, "age")
		case 1:
			a["age"] = Answer{State: NotKnown}
		default:
			a["age"] = Answer{State: Declined}
		}
		r := mustScore(t, p, a, Options{})
		if len(r.Views) != 2 {
			t.Fatalf("the age is not settled, and %d rules are shown", len(r.Views))
		}
		for _, v := range r.Views {
			certain, possible := viewInterval(p, a, v.Population == "adult")
			for _, f := range append(append([]Finding(nil), v.Outcomes...), v.Dimensions...) {
				if f.Certain != certain[f.ID] || f.Possible != possible[f.ID] {
					t.Fatalf("%s for %s: scored [%v,%v], brute force [%v,%v]\n%s\n%v", f.ID, v.Population, f.Certain, f.Possible, certain[f.ID], possible[f.ID], p.Canonical(), a)
				}
			}
		}
	})
}

// TestAnIndicatorIsCalledUnreachableWhenNoCompletionShowsIt compares with
// brute force over all interviews.
func TestAnIndicatorIsCalledUnreachableWhenNoCompletionShowsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		never, _ := p.Unreachable()
		called := map[string]bool{}
		for _, n := range never {
			called[n.Place] = true
		}
		seen := map[string]bool{}
		completions(p, Answers{}, func(full Answers) {
			for i, ind := range p.Indicators {
				e, _ := parse(ind.When)
				place := fmt.Sprintf("indicators[%d].when", i)
				seen[place] = seen[place] || (naive{p, full}).value(e, false) == 1
			}
		})
		for i, ind := range p.Indicators {
			if place := fmt.Sprintf("indicators[%d].when", i); called[place] == seen[place] {
				t.Fatalf("%s (%s): called unreachable %v, some interview shows it %v\n%s", place, ind.When, called[place], seen[place], p.Canonical())
			}
		}
	})
}

func TestAnAddedAnswerNeverWidensTheInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		before := mustScore(t, p, a, Options{})
		for _, q := range p.Questions {
			if _, ok := a[q.Name]; !ok {
				a[q.Name] = rapid.SampledFrom(append(realAnswers(q), Answer{State: NotKnown}, Answer{State: Declined})).Draw(t, "added")
				break
			}
		}
		after := mustScore(t, p, a, Options{})
		for i, f := range after.Outcomes {
			if b := before.Outcomes[i]; b.Certain && !f.Certain || f.Possible && !b.Possible {
				t.Fatalf("%s widened from %+v to %+v", f.ID, b, f)
			}
		}
		for i, f := range after.Dimensions {
			if b := before.Dimensions[i]; b.Certain && !f.Certain || f.Possible && !b.Possible {
				t.Fatalf("%s widened from %+v to %+v", f.ID, b, f)
			}
		}
	})
}

func TestAFullInterviewGivesAPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		for _, q := range p.Questions {
			if _, ok := a[q.Name]; !ok {
				a[q.Name] = rapid.SampledFrom(append(realAnswers(q), Answer{State: Declined})).Draw(t, "rest")
			}
		}
		r := mustScore(t, p, a, Options{})
		if !r.Decided || len(r.Next) > 0 {
			t.Fatalf("a full interview is still open: %+v", r)
		}
		for _, f := range append(r.Outcomes, r.Dimensions...) {
			if f.Certain != f.Possible {
				t.Fatalf("%s is no point", f.ID)
			}
		}
	})
}

func TestAFinishedInterviewGivesAPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		r := mustScore(t, p, drawAnswers(t, p), Options{Finished: true})
		if !r.Decided || len(r.Next) > 0 {
			t.Fatalf("a finished interview is still open: %+v", r)
		}
	})
}

func TestAnAnswerNotKnownOrDeclinedNeverEstablishesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		without := copyAnswers(a)
		for name, v := range a {
			// The age itself is left alone: an unknown age brings in the
			// child's rule, which is meant.
			if v.State != Given && name != "age" {
				delete(without, name)
			}
		}
		with, bare := mustScore(t, p, a, Options{Finished: true}), mustScore(t, p, without, Options{Finished: true})
		for i, f := range with.Outcomes {
			if f.Certain && !bare.Outcomes[i].Certain {
				t.Fatalf("%s is established by an answer that was not given", f.ID)
			}
		}
	})
}

// TestTheOrderOfAnswersNeverMatters adds the answers one by one in a drawn
// order, rescoring each time, and compares with scoring all at once.
func TestTheOrderOfAnswersNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		var names []string
		for _, q := range p.Questions {
			if _, ok := a[q.Name]; ok {
				names = append(names, q.Name)
			}
		}
		built := Answers{}
		var last Result
		for _, name := range rapid.Permutation(names).Draw(t, "order") {
			built[name] = a[name]
			last = mustScore(t, p, built, Options{})
		}
		if len(names) > 0 && !reflect.DeepEqual(last, mustScore(t, p, a, Options{})) {
			t.Fatal("another order of answers gave another result")
		}
	})
}

// bruteFewest finds the smallest set by trying all of them.
func bruteFewest(p *Pack, a Answers, id string, limit int) int {
	var open []Question
	for _, q := range p.Questions {
		if _, ok := a[q.Name]; !ok {
			open = append(open, q)
		}
	}
	var settle func(from, size int) bool
	settle = func(from, size int) bool {
		if size == 0 {
			certain, possible := interval(p, a)
			return certain[id] || !possible[id]
		}
		for i := from; i < len(open); i++ {
			for _, v := range realAnswers(open[i]) {
				a[open[i].Name] = v
				ok := settle(i+1, size-1)
				delete(a, open[i].Name)
				if ok {
					return true
				}
			}
		}
		return false
	}
	for size := 1; size <= limit; size++ {
		if settle(0, size) {
			return size
		}
	}
	return 0
}

func TestTheNextQuestionsAreTheFewestThatCouldSettleIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		a := drawAnswers(t, p)
		// Leave at most four open, or trying all takes too long.
		for i, q := range p.Questions {
			if _, ok := a[q.Name]; !ok && i > 3 {
				a[q.Name] = realAnswers(q)[0]
			}
		}
		r := mustScore(t, p, a, Options{})
		for _, n := range r.Next {
			if n.Target == "offer" {
				continue
			}
			if want := bruteFewest(p, copyAnswers(a), n.Target, len(p.Questions)); len(n.Questions) != want || !n.Shortest {
				t.Fatalf("%s: proposed %v (shortest %v), brute force needs %d\n%s\n%v", n.Target, n.Questions, n.Shortest, want, p.Canonical(), a)
			}
		}
		for _, f := range r.Outcomes {
			if f.State == Open && !strings.Contains(fmt.Sprint(r.Next), f.ID) {
				t.Fatalf("%s is open and nothing is proposed", f.ID)
			}
		}
	})
}
