package indicator

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// State says what kind of answer a question has.
type State string

// The states of an answer.
const (
	NotAsked State = "not_asked" // nothing yet: every answer may still come
	Given    State = "given"     // a value: yes, no, a choice, a number, a date, a text
	NotKnown State = "not_known" // asked; the person does not know, or it cannot be told
	Declined State = "declined"  // asked; the person would rather not say
)

// Answer is what one question got. The zero Answer is "not asked".
//
// In JSON: "yes" or ["a","b"] for a value, {"state":"declined"} or
// {"state":"not_known"} for the others, null for not asked. A value that the
// pack's codes name ("not_known", "declined") counts as that state.
type Answer struct {
	State  State
	Values []string
}

// Answers maps a question's name to its answer. Names the pack does not know
// are ignored: a workbook asks more than a pack needs.
type Answers map[string]Answer

// Value is a given answer: one value, or the chosen ones of a select_multiple.
func Value(values ...string) Answer { return Answer{State: Given, Values: values} }

// MarshalJSON writes the form documented at Answer.
func (a Answer) MarshalJSON() ([]byte, error) {
	switch {
	case a.State == Given && len(a.Values) == 1:
		return json.Marshal(a.Values[0])
	case a.State == Given:
		return json.Marshal(a.Values)
	case a.State == NotKnown || a.State == Declined:
		return json.Marshal(map[string]State{"state": a.State})
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads the form documented at Answer; numbers and true/false
// are taken as their text (true is yes, false is no).
func (a *Answer) UnmarshalJSON(b []byte) error {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		*a = Answer{}
	case string:
		*a = Value(v)
	case json.Number:
		*a = Value(v.String())
	case bool:
		*a = Value(map[bool]string{true: "yes", false: "no"}[v])
	case []any:
		*a = Answer{State: Given}
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("an answer's list holds texts only, found %v", e)
			}
			a.Values = append(a.Values, s)
		}
	case map[string]any:
		s, _ := v["state"].(string)
		switch State(s) {
		case NotKnown, Declined, NotAsked:
			*a = Answer{State: State(s)}
		default:
			return fmt.Errorf("an answer's state is not_known, declined or not_asked, found %q", s)
		}
	}
	return nil
}

// AnswersFromForm builds answers from a form's leaves as XForms write them:
// one text per question, choices of a select_multiple joined by spaces, blank
// for what was not asked or not relevant.
func (p *Pack) AnswersFromForm(leaves map[string]string) Answers {
	out := Answers{}
	for name, text := range leaves {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if q := p.prog.question(name); q != nil && q.kind == kindMultiple {
			out[name] = Value(strings.Fields(text)...)
		} else {
			out[name] = Value(text)
		}
	}
	return out
}

// tri is a truth value of the chain false < unanswered < true.
type tri uint8

const (
	triFalse tri = iota
	triUnanswered
	triTrue
)

// span is what a truth value may still become: lo when everything goes one
// way, hi when everything goes the other.
type span struct{ lo, hi tri }

var openSpan = span{triFalse, triTrue}

func point(t tri) span { return span{t, t} }

func (s span) not() span { return span{triTrue - s.hi, triTrue - s.lo} }

type atomKind uint8

const (
	atomIs       atomKind = iota // the answer is this text
	atomIsNum                    // the answer is this number (a date counts days)
	atomBelow                    // the answer is less than this number
	atomAtMost                   // the answer is at most this number
	atomAbove                    // in a relevance only: more than this number
	atomAtLeast                  // in a relevance only: at least this number
	atomChosen                   // this choice is among the chosen
	atomChosenGE                 // at least this many choices are chosen
)

// atom is one yes-or-no fact about one question's answer.
type atom struct {
	kind atomKind
	str  string
	num  float64
	// form: asked by a relevance, so read as the form reads it; not: the form
	// asks whether it is not so.
	form, not bool
}

// read is the truth of the atom, by the rules of where it is asked.
func (a atom) read(p *program, r reading) tri {
	if a.form {
		return a.inForm(p, r)
	}
	return a.truth(r)
}

// inForm is the truth of an atom of a relevance: true where the form says so.
// To a form "not known" and "declined" are choices like any other, which can be
// named and are counted; a question without a value equals nothing, and no
// number compares with it. Where the form says no and the question has no
// value, the atom is unanswered: what the form skips because somebody declined
// was not denied.
func (a atom) inForm(p *program, r reading) tri {
	switch {
	case a.holdsInForm(p, r) != a.not, a.not && r.bare():
		return triTrue
	case r.state != Given || r.partial:
		return triUnanswered
	}
	return triFalse
}

func (a atom) holdsInForm(p *program, r reading) bool {
	switch {
	case a.kind == atomIs:
		return len(r.values) == 0 && r.hasCode(p, a.str) || len(r.values) == 1 && r.values[0] == a.str
	case a.kind == atomChosen:
		return contains(r.values, a.str) || r.hasCode(p, a.str)
	case a.kind == atomChosenGE:
		return float64(len(r.values)+r.unnamed+r.countCodes()) >= a.num
	}
	return r.state == Given && a.truth(r) == triTrue
}

// bare: a state that came without its code. In the form it is blank, or may
// have been any of the codes: the question counts as shown if either shows it.
func (r *reading) bare() bool {
	return len(r.codes) == 0 && (r.state == NotKnown || r.state == Declined)
}

// hasCode says whether this code was chosen, or may have been.
func (r *reading) hasCode(p *program, code string) bool {
	if len(r.codes) > 0 {
		return contains(r.codes, code)
	}
	return r.state == NotKnown && p.notKnown[code] || r.state == Declined && p.declined[code]
}

func (r *reading) countCodes() int {
	if r.bare() {
		return 1
	}
	return len(r.codes)
}

// reading is an answer as the atoms see it.
type reading struct {
	state  State
	values []string
	// codes are the codes for not known and declined among what was chosen.
	// Only the relevance of another question asks for them.
	codes []string
	num   float64
	// partial: a select_multiple that holds a real choice and also "not known"
	// or "declined". What is chosen is so; what is not chosen is unanswered.
	partial bool
	// unnamed counts chosen choices whose names do not matter. Only a domain
	// is made of such readings.
	unnamed int
}

func (a atom) truth(r reading) tri {
	if r.state != Given {
		return triUnanswered
	}
	holds := false
	switch a.kind {
	case atomIs:
		holds = len(r.values) == 1 && r.values[0] == a.str
	case atomIsNum:
		holds = r.num == a.num
	case atomBelow:
		holds = r.num < a.num
	case atomAtMost:
		holds = r.num <= a.num
	case atomAbove:
		holds = r.num > a.num
	case atomAtLeast:
		holds = r.num >= a.num
	case atomChosen:
		for _, v := range r.values {
			holds = holds || v == a.str
		}
	case atomChosenGE:
		holds = float64(len(r.values)+r.unnamed) >= a.num
	}
	switch {
	case holds:
		return triTrue
	case r.partial:
		return triUnanswered
	}
	return triFalse
}

// read turns an answer into a reading. A value the question cannot have is
// kept from deciding anything: it reads as not known, with a warning.
func (p *program) read(q *question, a Answer) (reading, string) {
	if a.State != Given {
		if a.State == "" {
			a.State = NotAsked
		}
		return reading{state: a.State}, ""
	}
	r := reading{state: Given}
	coded := State("")
	repeated := repeats(a.Values)
	for _, v := range a.Values {
		v = strings.TrimSpace(v)
		switch declined := p.declined[v]; {
		case v == "" || repeated(v):
		case declined || p.notKnown[v]:
			r.codes = append(r.codes, v)
			if declined {
				coded = Declined
			} else if coded == "" {
				coded = NotKnown
			}
		case len(a.Values) == 1 && v == a.Values[0]:
			r.values = a.Values[:1:1] // the usual case, without a copy
		default:
			r.values = append(r.values, v)
		}
	}
	if len(r.values) == 0 {
		if coded == "" {
			coded = NotAsked
		}
		return reading{state: coded, codes: r.codes}, ""
	}
	r.partial = coded != ""
	return q.check(r)
}

// repeats tells which values came before. A phone can send a million of them:
// looked up, not compared one by one.
func repeats(values []string) func(v string) bool {
	if len(values) == 1 {
		return func(string) bool { return false }
	}
	seen := make(map[string]bool, min(len(values), 16))
	return func(v string) bool {
		before := seen[v]
		seen[v] = true
		return before
	}
}

func (q *question) check(r reading) (reading, string) {
	unusable := reading{state: NotKnown}
	if q.kind != kindMultiple && len(r.values) > 1 {
		return unusable, "several values where one is expected"
	}
	ok := true
	switch q.kind {
	case kindInteger, kindDecimal:
		r.num, ok = parseNumber(r.values[0])
		if !ok {
			return unusable, "not a number"
		}
		if q.kind == kindInteger && r.num != math.Trunc(r.num) {
			return unusable, "not a whole number"
		}
	case kindDate:
		r.num, ok = parseDate(r.values[0])
		if !ok {
			return unusable, "not a date written YYYY-MM-DD"
		}
	case kindOne, kindMultiple:
		if len(r.values) > len(q.choices) && len(q.choices) > 0 {
			return unusable, "not one of the question's choices"
		}
		for _, v := range r.values {
			if len(q.choices) > 0 && !contains(q.choices, v) {
				return unusable, "not one of the question's choices"
			}
		}
	}
	return r, ""
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// parseNumber reads -12 or 12.5: digits, at most 15, no exponent, so that
// every reader of the same text gets the same number.
func parseNumber(s string) (float64, bool) {
	digits, dot := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c == '-' && i == 0:
		case c == '.' && !dot && digits > 0 && i+1 < len(s):
			dot = true
		default:
			return 0, false
		}
	}
	if digits == 0 || digits > 15 {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// parseDate reads YYYY-MM-DD, with or without a time after T, as days since
// 1970-01-01 in the Gregorian calendar.
func parseDate(s string) (float64, bool) {
	if len(s) > 10 && s[10] == 'T' {
		s = s[:10]
	}
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	for i := 0; i < 10; i++ {
		if i != 4 && i != 7 && !isDigit(s[i]) {
			return 0, false
		}
	}
	y, _ := strconv.Atoi(s[:4])
	m, _ := strconv.Atoi(s[5:7])
	d, _ := strconv.Atoi(s[8:])
	if y < 1 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, false
	}
	return float64(dayNumber(y, m, d)), true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// dayNumber counts days from 1970-01-01, years starting in March so that the
// leap day is a year's last.
func dayNumber(y, m, d int) int {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468
}
