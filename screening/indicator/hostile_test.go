package indicator

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// listed writes the tiny pack with other questions, adulthood and expressions.
func listed(questions []string, adult string, whens ...string) string {
	rows := make([]string, len(whens))
	for i, w := range whens {
		rows[i] = fmt.Sprintf(`{"id":"D.i%d","dimension":"D","strength":{"adult":"S","child":"S"},"text":{"en":"sign"},"when":"%s","source":"s"}`, i, w)
	}
	return `{"format":"lintas-pack/1","id":"hostile","version":"1","title":{"en":"Hostile"},"validated":false,"sources":[{"id":"s","cite":"made up"}],"codes":{},"population":{"adult":"` + adult + `"},
"questions":[{"name":"age","type":"integer"}` + strings.Join(append([]string{""}, questions...), ",") + `],"rules":[{"id":"r","when":"S >= 1","text":{"en":"one"}}],
"dimensions":[{"id":"D","title":{"en":"Dimension"},"rule":"r"}],"indicators":[` + strings.Join(rows, ",") + `],
"profiles":[{"id":"p","version":"1","title":{"en":"Profile"},"outcomes":[{"id":"help","kind":"need","when":"D","positive":true,"title":{"en":"Help"}}]}]}`
}

func question1(name, relevant string) string {
	if relevant != "" {
		relevant = `,"relevant":"` + relevant + `"`
	}
	return `{"name":"` + name + `","type":"select_one","choices":["a","b","c"]` + relevant + `}`
}

// refused wants exactly one sentence about one place, among at most 201.
func refused(t *testing.T, name, src, place, says string) {
	t.Helper()
	_, err := LoadPack([]byte(src), nil)
	var pe *PackError
	if !errors.As(err, &pe) {
		t.Errorf("%s: %v", name, err)
		return
	}
	if len(pe.Problems) > maxProblems+1 || len(err.Error()) > 400_000 {
		t.Errorf("%s: a report of %d mistakes, %d bytes", name, len(pe.Problems), len(err.Error()))
	}
	if p := pe.Problems[0]; p.Place != place || !strings.Contains(p.Message, says) || p.Remedy == "" {
		t.Errorf("%s: %+v; want %s and %q with a remedy", name, p, place, says)
	}
}

// TestAPackThatWouldTakeForEverIsRefused: each of these once took minutes, or
// the memory of the machine.
func TestAPackThatWouldTakeForEverIsRefused(t *testing.T) {
	var chain, long, many, whens []string
	for i := range 60 {
		relevant := ""
		if i > 0 {
			relevant = fmt.Sprintf("q%d = 'a' or q%d = 'b'", i-1, i-1)
		}
		chain = append(chain, question1(fmt.Sprintf("q%d", i), relevant))
	}
	for i := range 400 {
		relevant := ""
		if i > 0 {
			relevant = fmt.Sprintf("l%d = 'a'", i-1)
		}
		long = append(long, question1(fmt.Sprintf("l%d", i), relevant))
	}
	for i := range maxIndicators + 1 {
		many = append(many, fmt.Sprintf(`{"name":"m%d","type":"yes_no"}`, i))
		whens = append(whens, "age < 3")
	}
	refused(t, "a chain of relevance that doubles at each step", listed(chain, "age >= 18", "q59 = 'a'"), "indicators[0].when", "20000 parts")
	refused(t, "adulthood behind such a chain", listed(chain, "q59 = 'a'", "age < 3"), "population.adult", "20000 parts")
	refused(t, "a chain too long for a phone's stack", listed(long, "age >= 18", "l399 = 'a'"), "indicators[0].when", "deeper than 200")
	refused(t, "too many indicators", listed(nil, "age >= 18", whens...), "indicators", "at most 2000")
	refused(t, "too many questions", listed(many, "age >= 18", "age < 3"), "questions", "at most 2000")
	refused(t, "a million empty objects", `{"indicators":[`+strings.Repeat("{},", 1_000_000)+`{}]}`, "pack", "1000002 objects")
	refused(t, "lists in lists", `{"indicators":`+strings.Repeat("[", 100_000)+`}`, "pack", "depth")
	refused(t, "a hundred thousand includes", `{"include":[`+strings.Repeat(`"palermo",`, 100_000)+`"palermo"]}`, "include", "at most 50")
	refused(t, "half of a count", listed(nil, "age >= 18", "count(age < 3) >= 1.5"), "indicators[0].when", "whole number from 0 to 1000")
	refused(t, "brackets ten thousand deep", listed(nil, "age >= 18", strings.Repeat("(", 10_000)+"age < 3"), "indicators[0].when", "longer than 4000 bytes")
	refused(t, "not, a thousand times", listed(nil, "age >= 18", strings.Repeat("not ", 900)+"age < 3"), "indicators[0].when", "nested deeper")
}

func TestAReportOfManyMistakesSaysHowManyMoreThereAre(t *testing.T) {
	whens := make([]string, 1500)
	for i := range whens {
		whens[i] = "nobody = 'asks'"
	}
	_, err := LoadPack([]byte(listed(nil, "age >= 18", whens...)), nil)
	var pe *PackError
	if !errors.As(err, &pe) || len(pe.Problems) != maxProblems+1 || pe.Problems[maxProblems].Message != "there are 1300 more mistakes" {
		t.Errorf("%v", err)
	}
}

func TestAMistakeDoesNotRepeatAWholeCell(t *testing.T) {
	_, err := LoadPack([]byte(strings.Replace(tiny, `"id":"D.pay"`, `"id":"`+strings.Repeat("ยาว", 10_000)+`"`, 1)), nil)
	if err == nil || len([]rune(err.Error())) > 3*maxSaid {
		t.Errorf("%d characters", len([]rune(fmt.Sprint(err))))
	}
}

// TestAdulthoodBehindManyQuestionsIsStillDecided: four answers to each of 32
// questions are 2 to the 64 ways, which once came out as none.
func TestAdulthoodBehindManyQuestionsIsStillDecided(t *testing.T) {
	var questions, parts []string
	for i := range 32 {
		questions = append(questions, question1(fmt.Sprintf("q%d", i), ""))
		parts = append(parts, fmt.Sprintf("q%d = 'a' or q%d = 'b'", i, i))
	}
	p, err := LoadPack([]byte(listed(questions, strings.Join(parts, " or "), "age < 3")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := mustScore(t, p, Answers{}, Options{}); r.Population.Rule != "both" || r.Exact {
		t.Errorf("%+v, exact %v", r.Population, r.Exact)
	}
	if r := mustScore(t, p, Answers{"q7": Value("a")}, Options{}); r.Population.Rule == "child" {
		t.Errorf("%+v", r.Population)
	}
}

// TestCountingAThousandChoicesTellsEveryNumberApart: one fewer, exactly, and
// all of a thousand.
func TestCountingAThousandChoicesTellsEveryNumberApart(t *testing.T) {
	choices := make([]string, 1000)
	for i := range choices {
		choices[i] = fmt.Sprintf("c%d", i)
	}
	parts := []string{"count_selected(m) = 999"}
	for i := range 10 {
		parts = append(parts, fmt.Sprintf("selected(m, 'c%d')", i))
	}
	p, err := LoadPack([]byte(listed([]string{`{"name":"m","type":"select_multiple","choices":["` + strings.Join(choices, `","`) + `"]}`}, "age >= 18", strings.Join(parts, " and "), "count_selected(m) >= 1000")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if never, _ := p.Unreachable(); len(never) != 0 {
		t.Errorf("%v", never)
	}
	for _, c := range []struct {
		chosen []string
		want   string
	}{{choices[:998], ""}, {choices[:999], "D.i0"}, {choices[1:], ""}, {choices, "D.i1"}} {
		var ids []string
		for _, present := range mustScore(t, p, Answers{"m": Value(c.chosen...)}, Options{}).Present {
			ids = append(ids, present.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%d chosen from %s: present %q, want %q", len(c.chosen), c.chosen[0], got, c.want)
		}
	}
}

// TestAMillionValuesFromAPhoneAreReadAtOnce: the answer of a select_multiple
// is text that a phone sends.
func TestAMillionValuesFromAPhoneAreReadAtOnce(t *testing.T) {
	p, err := LoadPack([]byte(listed([]string{`{"name":"m","type":"select_multiple","choices":["a","b"]}`}, "age >= 18", "selected(m, 'a')")), nil)
	if err != nil {
		t.Fatal(err)
	}
	var sent strings.Builder
	for i := range 500_000 {
		fmt.Fprintf(&sent, "a%d ", i)
	}
	r := mustScore(t, p, p.AnswersFromForm(map[string]string{"age": "30", "m": sent.String()}), Options{Finished: true})
	if len(r.Warnings) != 1 || r.Outcomes[0].State != LeftUnanswered {
		t.Errorf("%+v", r)
	}
}

func TestAnIndicatorThatNobodyCouldEverSeeIsNamed(t *testing.T) {
	questions := []string{question1("a", ""), question1("b", "a = 'b'"), `{"name":"m","type":"select_multiple","choices":["x","y"]}`, `{"name":"born","type":"date"}`}
	for when, possible := range map[string]bool{
		"a = 'a' and a = 'b'":                         false,
		"a = 'a' and a != 'a'":                        false,
		"age < 10 and age > 20":                       false,
		"age < 10 and age > 8":                        true,
		"age > 8 and age < 9":                         false, // a whole number
		"b = 'a' and a = 'a'":                         false, // b is shown only where a = 'b'
		"b = 'a' and a = 'b'":                         true,
		"count(a = 'a', a = 'b') >= 2":                false,
		"count(a = 'a') >= 2":                         false,
		"count(a = 'a', age < 3) >= 2":                true,
		"count_selected(m) >= 3":                      false,
		"count_selected(m) >= 2 and selected(m, 'x')": true,
		"count_selected(m) = 1 and selected(m,'x') and selected(m,'y')": false,
		"born < '2000-01-01' and born > '2000-01-01'":                   false,
		"not (a = 'a' or a = 'b' or a = 'c')":                           false,
		"not (a = 'a' or a = 'b')":                                      true,
	} {
		p, err := LoadPack([]byte(listed(questions, "age >= 18", when)), nil)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		never, _ := p.Unreachable()
		if (len(never) == 0) != possible {
			t.Errorf("%s: %v", when, never)
		}
	}
}

func TestRulesOutcomesAndAdulthoodThatCanNeverHoldAreNamed(t *testing.T) {
	for _, c := range []struct{ old, new, place string }{
		{`"S >= 1 or M >= 2"`, `"W >= 1"`, "dimensions[0].rule"},
		{`"S >= 1 or M >= 2"`, `"total >= 3"`, "dimensions[0].rule"},
		{`"when":"D","positive"`, `"when":"D and not D","positive"`, "profiles[0].outcomes[0].when"},
		{`"when":"D","positive"`, `"when":"D and adult and child","positive"`, "profiles[0].outcomes[0].when"},
		{`"when":"D","positive"`, `"when":"count(D, child) >= 3","positive"`, "profiles[0].outcomes[0].when"},
	} {
		p, err := LoadPack([]byte(strings.Replace(tiny, c.old, c.new, 1)), nil)
		if err != nil {
			t.Fatal(err)
		}
		never, doubts := p.Unreachable()
		if len(never) != 0 || len(doubts) != 1 || doubts[0].Place != c.place {
			t.Errorf("%s: %v %v", c.new, never, doubts)
		}
	}
	p, err := LoadPack([]byte(strings.Replace(tiny, "age >= 18", "age >= 18 and age < 3", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if never, _ := p.Unreachable(); len(never) != 1 || never[0].Place != "population.adult" {
		t.Errorf("%v", never)
	}
	if never, doubts := tinyPack(t).Unreachable(); len(never)+len(doubts) != 0 {
		t.Errorf("a sound pack is doubted: %v %v", never, doubts)
	}
}
