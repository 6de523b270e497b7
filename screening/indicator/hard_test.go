package indicator

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Hard packs: every type of question, relevance behind relevance, negation and
// count inside each other, constants on either side, adulthood by several
// questions, values the form works out, rules of many clauses, outcomes that
// name outcomes. Drawn from a seed, so that a failure can be drawn again.

// hardQuestion is a question with answers enough to show whatever the drawn
// expressions can tell apart. The first real ones have a value.
type hardQuestion struct {
	Question
	answers []Answer
	real    int
}

type hardPack struct {
	pack      *Pack
	questions []hardQuestion
}

type hard struct {
	r  *rand.Rand
	qs []hardQuestion
}

func (h *hard) one(of ...string) string { return of[h.r.IntN(len(of))] }

func (h *hard) chance(percent int) bool { return h.r.IntN(100) < percent }

// drawHard draws a pack of at most so many questions and the age.
func drawHard(seed uint64, most int) (*hardPack, error) {
	h := &hard{r: rand.New(rand.NewPCG(seed, 99))}
	for i := range 2 + h.r.IntN(most-1) {
		h.qs = append(h.qs, h.question(fmt.Sprintf(h.one("q%d", "q-%d", "q.%d", "Q_%d"), i)))
		if q := &h.qs[i]; i > 0 && h.chance(35) {
			q.Relevant = h.expr(h.qs[max(0, i-2):i], 1+h.r.IntN(2), true)
		}
	}
	asked := h.qs
	adult := h.adult()
	if h.chance(20) {
		asked = h.qs // the age in indicators, too
	} else if h.chance(10) && len(asked) > 2 {
		asked[0].Derived = true
	}
	p := &Pack{ID: "hard", Version: fmt.Sprint(seed), Title: en("hard"), Sources: []Source{{ID: "s", Cite: "drawn"}}}
	p.Population.Adult = adult
	for _, q := range h.qs {
		p.Questions = append(p.Questions, q.Question)
	}
	dims := h.dimensions(p, asked)
	h.outcomes(p, dims)
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	loaded, err := LoadPack(b, nil)
	return &hardPack{loaded, h.qs}, err
}

func (h *hard) question(name string) hardQuestion {
	q := hardQuestion{Question: Question{Name: name}}
	value := func(texts ...string) {
		for _, s := range texts {
			q.answers = append(q.answers, Value(strings.Fields(s)...))
		}
	}
	switch h.r.IntN(10) {
	case 0, 1, 2, 3:
		q.Type = "yes_no"
		value("yes", "no")
	case 4:
		q.Type, q.Choices = "select_one", []string{"a", "b", "c", "not_known", "declined"}
		value("a", "b", "c")
	case 5, 6:
		q.Type, q.Choices = "select_multiple", []string{"a", "b", "declined"}
		value("a", "b", "a b")
	case 7:
		q.Type = "integer"
		value("-1", "0", "2", "3", "4", "5", "6")
	case 8:
		q.Type = h.one("decimal", "date")
		if q.Type == "decimal" {
			value("0.4", "0.5", "0.7", "1", "1.5")
		} else {
			value("2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02")
		}
	default:
		q.Type = "text"
		value("x", "y", "z")
	}
	q.real = len(q.answers)
	q.answers = append(q.answers, Answer{State: Declined})
	switch { // where a relevance can name a code, not known is not as good as declined
	case q.Type == "select_multiple":
		q.answers = append(q.answers, Answer{State: NotKnown})
		value("declined", "a declined", "b declined", "a b declined")
	case q.Type == "select_one":
		q.answers = append(q.answers, Answer{State: NotKnown})
		value("declined", "not_known")
	}
	return q
}

func (h *hard) adult() string {
	age := hardQuestion{Question: Question{Name: "age", Type: "integer"}, real: 5}
	age.answers = []Answer{Value("15"), Value("16"), Value("17"), Value("18"), Value("19"), {State: NotKnown}}
	if h.chance(30) {
		age.Relevant = h.expr(h.qs, 1, true)
	}
	first := h.qs[0]
	h.qs = append(h.qs, age)
	if h.chance(70) {
		return h.one("age >= 18", "18 <= age", "not (age < 18)", "not not age >= 18")
	}
	return h.one("age >= 18", "not (age < 18)") + h.one(" or ", " and ") + h.leaf(first, false)
}

// expr draws an expression; forRelevance allows what only a relevance may say.
func (h *hard) expr(of []hardQuestion, deep int, forRelevance bool) string {
	sub := func() string { return h.expr(of, deep-1, forRelevance) }
	if deep > 0 {
		switch h.r.IntN(7) {
		case 0:
			return "(" + sub() + " and " + sub() + ")"
		case 1:
			return "(" + sub() + " or " + sub() + " or " + sub() + ")"
		case 2:
			return "not (" + sub() + ")"
		case 3:
			return "not (" + sub() + h.one(" and ", " or ") + sub() + ")"
		case 4, 5:
			parts := make([]string, 1+h.r.IntN(4))
			for i := range parts {
				parts[i] = sub()
			}
			return h.turn("count("+strings.Join(parts, ", ")+")", h.comparison(), fmt.Sprint(h.r.IntN(len(parts)+2)))
		}
	}
	return h.leaf(of[h.r.IntN(len(of))], forRelevance)
}

func (h *hard) comparison() string { return h.one("=", "!=", "<", "<=", ">", ">=") }

// turn writes a comparison, now and then with the constant on the left.
func (h *hard) turn(left, cmp, right string) string {
	if h.chance(20) {
		return right + " " + turned[cmp] + " " + left
	}
	return left + " " + cmp + " " + right
}

func (h *hard) leaf(q hardQuestion, forRelevance bool) string {
	name := q.Name
	if h.chance(20) {
		name = "${" + name + "}"
	}
	code := ""
	if forRelevance && h.chance(25) {
		code = "declined"
	}
	text := func(s string) string {
		if code != "" {
			s = code
		}
		if h.chance(30) {
			return `"` + s + `"`
		}
		return "'" + s + "'"
	}
	is := h.one("=", "=", "!=")
	switch q.Type {
	case "yes_no":
		code = ""
		return h.turn(name, is, text(h.one("yes", "yes", "no")))
	case "select_one":
		if h.chance(20) {
			return "selected(" + name + ", " + text(h.one("a", "b")) + ")"
		}
		return h.turn(name, is, text(h.one("a", "b", "c")))
	case "select_multiple":
		if h.chance(40) {
			return h.turn("count_selected("+name+")", h.comparison(), fmt.Sprint(h.r.IntN(4)))
		}
		return "selected(" + name + ", " + text(h.one("a", "b")) + ")"
	case "integer":
		if q.Name == "age" {
			return h.turn(name, h.comparison(), h.one("16", "18"))
		}
		return h.turn(name, h.comparison(), h.one("0", "3", "5"))
	case "decimal":
		return h.turn(name, h.comparison(), h.one("0.5", "1"))
	case "date":
		return h.turn(name, h.comparison(), h.one("'2026-01-31'", "'2026-02-01'"))
	}
	code = ""
	return h.turn(name, is, text(h.one("x", "y")))
}

func (h *hard) dimensions(p *Pack, asked []hardQuestion) (ids []string) {
	rules := []string{"total >= 1", "S >= 1 and total >= 2 or M >= 2 and total >= 3", "S >= 1 and M >= 1 or U >= 2", "total >= 2", "W >= 2 or S >= 2 or M >= 1 and U >= 1", "S >= 1 and W >= 1 and total >= 3 or M >= 3 or total >= 4"}
	for d := range 1 + h.r.IntN(3) {
		id := fmt.Sprintf("D%d", d)
		ids = append(ids, id)
		p.Rules = append(p.Rules, Rule{ID: "r" + id, When: rules[h.r.IntN(len(rules))], Text: en("r")})
		p.Dimensions = append(p.Dimensions, Dimension{ID: id, Title: en(id), Rule: "r" + id})
		for i := range 1 + h.r.IntN(5) {
			s := Strength{Adult: h.one("S", "M", "W", "U", ""), Child: h.one("S", "M", "W", "U")}
			p.Indicators = append(p.Indicators, Indicator{ID: fmt.Sprintf("%s.i%d", id, i), Dimension: id, Source: "s", Text: en("i"), Strength: s, When: h.expr(asked, h.r.IntN(4), false)})
		}
	}
	return ids
}

func (h *hard) outcomes(p *Pack, names []string) {
	names = append(append([]string(nil), names...), "adult", "child")
	pr := Profile{ID: "p", Version: "1", Title: en("p")}
	for o := range 1 + h.r.IntN(3) {
		id := fmt.Sprintf("O%d", o)
		pr.Outcomes = append(pr.Outcomes, Outcome{ID: id, Kind: KindNeed, When: h.combination(names, 1+h.r.IntN(2)), Positive: o != 1, Title: en("o"), Flags: []string{"f" + id}})
		names = append(names, id)
	}
	p.Profiles = []Profile{pr}
}

func (h *hard) combination(names []string, deep int) string {
	sub := func() string { return h.combination(names, deep-1) }
	if deep > 0 {
		switch h.r.IntN(5) {
		case 0:
			return "(" + sub() + h.one(" and ", " or ") + sub() + ")"
		case 1:
			return "not (" + sub() + h.one(" and ", " or ") + sub() + ")"
		case 2:
			return sub() + " and not " + names[0]
		case 3:
			return h.turn("count("+sub()+", "+sub()+", "+sub()+")", h.comparison(), fmt.Sprint(h.r.IntN(4)))
		}
	}
	return h.one(names...)
}
