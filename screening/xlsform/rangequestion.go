package xlsform

import (
	"math/big"
	"regexp"
)

// A range question is a slider. Its numbers are compared as exact fractions: 0.6
// is a multiple of 0.1, which it is not in floating point.

var decimalPattern = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$`)

func exact(s string) (*big.Rat, bool) {
	if !decimalPattern.MatchString(s) || len(s) > 40 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

type rangeCheck struct {
	*surveyReader
	row dataRow
	e   *element
	num map[string]*big.Rat
}

func (r *surveyReader) rangeQuestion(row dataRow, e *element) bool {
	if e.params == nil {
		e.params = params{}
	}
	p := e.params
	if !r.allowParams(row, p, "start", "end", "step", "tick_interval", "placeholder", "tick_labelset") {
		return false
	}
	x := &rangeCheck{r, row, e, map[string]*big.Rat{}}
	for _, d := range [...]attr{{"start", "1"}, {"end", "10"}, {"step", "1"}} {
		if p[d.name] == "" {
			p[d.name] = d.value
		}
	}
	if !x.appearance() || !x.numbers() || !x.ticks() || !x.labels() {
		return false
	}
	for _, k := range [...]string{"start", "end", "step"} {
		e.control.set(k, p[k])
		if !x.num[k].IsInt() && !e.bind.has("type") {
			e.bind.set("type", "decimal")
		}
	}
	if v := p["tick_interval"]; v != "" {
		e.control.set("odk:tick-interval", v)
	}
	if v := p["placeholder"]; v != "" {
		e.control.set("odk:placeholder", v)
	}
	e.list = p["tick_labelset"]
	return true
}

func (x *rangeCheck) bad(text, sentence string) bool {
	x.badParam(x.row, text, "Correct the parameters of the range question.",
		invalid(x.row.number, sheetSurvey, "parameters", "For the 'range' question type, "+sentence), "")
	return false
}

var rangeNumbers = []string{"start", "end", "step", "tick_interval", "placeholder"}

func (x *rangeCheck) numbers() bool {
	for _, k := range rangeNumbers {
		v := x.e.params[k]
		if v == "" {
			continue
		}
		n, ok := exact(v)
		if !ok {
			return x.bad(k+" is not a number: "+quote(v)+".", "the parameter '"+k+"' must be a number.")
		}
		x.num[k] = n
	}
	width := new(big.Rat).Sub(x.num["end"], x.num["start"])
	width.Abs(width)
	for _, k := range [...]string{"step", "tick_interval"} {
		n := x.num[k]
		if n == nil {
			continue
		}
		if n.Sign() == 0 {
			return x.bad(k+" must not be 0.", "the parameter '"+k+"' must not be '0' (zero).")
		}
		if new(big.Rat).Abs(n).Cmp(width) > 0 {
			return x.bad(k+" is larger than the whole range.", "the parameter '"+k+"' must not be larger than the range (the difference between 'start' and 'end').")
		}
	}
	return true
}

func (x *rangeCheck) appearance() bool {
	p := x.e.params
	if p["tick_interval"] == "" && p["placeholder"] == "" && p["tick_labelset"] == "" {
		return true
	}
	switch x.e.control.get("appearance") {
	case "", "vertical", "no-ticks", "vertical no-ticks", "no-ticks vertical":
		return true
	}
	return x.bad("tick_interval, placeholder and tick_labelset do not work with this appearance.",
		"the parameters 'tick_interval', 'placeholder', and 'tick_labelset' are only supported for the appearances 'vertical', 'no-ticks', 'vertical no-ticks', and the default (empty) horizontal.")
}

// multiple tells whether a is a whole number of times b.
func multiple(a, b *big.Rat) bool {
	return b.Sign() != 0 && new(big.Rat).Quo(a, b).IsInt()
}

func (x *rangeCheck) inside(n *big.Rat) bool {
	low, high := x.num["start"], x.num["end"]
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	return n.Cmp(low) >= 0 && n.Cmp(high) <= 0
}

func (x *rangeCheck) ticks() bool {
	if n := x.num["tick_interval"]; n != nil && !multiple(n, x.num["step"]) {
		return x.bad("tick_interval is not a multiple of step.", "the parameter 'tick_interval' must be a multiple of 'step'.")
	}
	n := x.num["placeholder"]
	if n == nil {
		return true
	}
	if !multiple(new(big.Rat).Sub(n, x.num["start"]), x.num["step"]) {
		return x.bad("placeholder cannot be reached from start in steps.", "the parameter 'placeholder' must be a multiple of 'step'.")
	}
	if !x.inside(n) {
		return x.bad("placeholder lies outside the range.", "the parameter 'placeholder' must be between the 'start' and 'end' values, inclusive).")
	}
	return true
}

// tickSet is a choice list read as numbers, each once.
type tickSet struct {
	order []*big.Rat
	bad   *choice // the first that is none
}

// maxTicks bounds the labels of all range questions together; each is compared
// with its range.
const maxTicks = 100_000

func readTicks(l *choiceList) *tickSet {
	t := &tickSet{}
	seen := map[string]bool{}
	for _, ch := range l.choices {
		n, ok := exact(ch.name)
		if !ok {
			t.bad = ch
			return t
		}
		if !seen[n.RatString()] {
			seen[n.RatString()] = true
			t.order = append(t.order, n)
		}
	}
	return t
}

// labels checks the choice list that names ticks.
func (x *rangeCheck) labels() bool {
	name := x.e.params["tick_labelset"]
	if name == "" {
		return true
	}
	l := x.lists.get(name)
	if l == nil {
		return x.bad("There is no choice list "+quote(name)+" for tick_labelset.", "the parameter 'tick_labelset' must be a choice list name from the 'list_name' column on the choices sheet.")
	}
	if l.ticks == nil {
		l.ticks = readTicks(l)
	}
	order := l.ticks.order
	if x.ticked += len(order); x.ticked > maxTicks {
		x.fail(x.at(sheetSurvey, x.row, "parameters"), msg{code: "too-large", text: "The range questions have too many labels.", remedy: "Use a shorter list for tick_labelset."})
		return false
	}
	step, stepName := x.num["step"], "step"
	if n := x.num["tick_interval"]; n != nil {
		step, stepName = n, "tick_interval"
	}
	for _, n := range order {
		if !x.inside(n) {
			return x.bad("A choice of tick_labelset lies outside the range.", "the parameter 'tick_labelset' choices must be between the 'start' and 'end' values, inclusive.")
		}
		if !multiple(new(big.Rat).Sub(n, x.num["start"]), step) {
			return x.bad("A choice of tick_labelset is no tick.", "the parameter 'tick_labelset' choices' values must be equal to the start of the range plus a multiple of '"+stepName+"'.")
		}
	}
	if bad := l.ticks.bad; bad != nil {
		return x.bad("The choice "+quote(bad.name)+" of "+quote(name)+" is not a number.", "the parameter 'unknown' choice values must all be numbers.")
	}
	switch x.e.control.get("appearance") {
	case "no-ticks", "vertical no-ticks", "no-ticks vertical":
		return x.ends(order)
	}
	return true
}

// ends holds the labels of a slider without ticks to its two ends.
func (x *rangeCheck) ends(order []*big.Rat) bool {
	if len(order) > 2 {
		return x.bad("With no-ticks, tick_labelset may name only the two ends.", "the parameter 'tick_labelset' choice list must have only 2 items when the 'appearance' is 'no-ticks'.")
	}
	start, end := false, false
	for _, n := range order {
		start = start || n.Cmp(x.num["start"]) == 0
		end = end || n.Cmp(x.num["end"]) == 0
	}
	if !start || !end {
		return x.bad("With no-ticks, tick_labelset must name start and end.", "the parameter 'tick_labelset' choice list values may onlymatch the range 'start' and 'end' values when the 'appearance' is 'no-ticks'.")
	}
	return true
}
