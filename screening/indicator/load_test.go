package indicator

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const tiny = `{"format":"lintas-pack/1","id":"tiny","version":"1.0.0","title":{"en":"Tiny"},"validated":false,
"sources":[{"id":"s","cite":"made up","secondary":true}],"codes":{},"population":{"adult":"age >= 18"},
"questions":[{"name":"age","type":"integer"},{"name":"held","type":"yes_no","label":{"en":"Were you held?","id":{"draft":"Apakah ditahan?"}}},{"name":"pay","type":"select_one","choices":["full","none","not_known","declined"]}],
"rules":[{"id":"r","when":"S >= 1 or M >= 2","text":{"en":"one strong or two medium"}}],
"dimensions":[{"id":"D","title":{"en":"Dimension"},"rule":"r"}],
"indicators":[{"id":"D.held","dimension":"D","strength":{"adult":"S","child":"S"},"text":{"en":"held"},"when":"held = 'yes'","source":"s"},
{"id":"D.pay","dimension":"D","strength":{"adult":"M","child":"S"},"text":{"en":"unpaid"},"when":"pay = 'none'","source":"s"}],
"profiles":[{"id":"p","version":"1","title":{"en":"Profile"},"outcomes":[{"id":"help","kind":"need","when":"D","positive":true,"title":{"en":"Help"},"offer":{"en":"Offer help."}}]}]}`

func tinyPack(t *testing.T) *Pack {
	t.Helper()
	p, err := LoadPack([]byte(tiny), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryMistakeOfAPackIsNamedWithPlaceAndRemedy(t *testing.T) {
	for _, c := range []struct{ old, new, place, says string }{
		{`"held = 'yes'"`, `"heldd = 'yes'"`, "indicators[0].when", "did you mean held?"},
		{`"held = 'yes'"`, `"held"`, "indicators[0].when", "held = 'yes'"},
		{`"held = 'yes'"`, `"age = 'x'"`, "indicators[0].when", "leave out the quotes"},
		{`pay = 'none'`, `pay = 'nnoe'`, "indicators[1].when", "did you mean 'none'?"},
		{`pay = 'none'`, `pay = 'declined'`, "indicators[1].when", "never counts"},
		{`pay = 'none'`, `selected(age, 'none')`, "indicators[1].when", "no choices"},
		{`S >= 1 or M >= 2`, `S > 1`, "rules[0].when", "whole number"},
		{`S >= 1 or M >= 2`, `X >= 1`, "rules[0].when", "not a count"},
		{`"when":"D","positive"`, `"when":"E","positive"`, "profiles[0].outcomes[0].when", "no dimension"},
		{`"when":"D","positive"`, `"when":"held = 'yes'","positive"`, "profiles[0].outcomes[0].when", "not about answers"},
		{`"adult":"S","child":"S"`, `"adult":"X"`, "indicators[0].strength.adult", "use S, M, W, U"},
		{`"adult":"S","child":"S"`, ``, "indicators[0].strength", "counts for nobody"},
		{`"dimension":"D","strength":{"adult":"M"`, `"dimension":"Q","strength":{"adult":"M"`, "indicators[1].dimension", "no dimension"},
		{`"source":"s"}]`, `"source":"z"}]`, "indicators[1].source", "no source"},
		{`"id":"D.pay"`, `"id":"D.held"`, "indicators[1].id", "there twice"},
		{`"type":"yes_no"`, `"type":"yesno"`, "questions[1].type", "unknown type"},
		{`"age >= 18"`, `""`, "population.adult", "adult"},
		{`{"en":"Tiny"}`, `{"english":"Tiny"}`, "title", "language tag"},
		{`lintas-pack/1`, `lintas-pack/9`, "format", "unknown format"},
		{`"validated":false`, `"validated":false,"surprise":1`, "pack", "surprise"},
		{`"codes":{}`, `"codes":{"declined":["no"]}`, "codes", "cannot stand"},
	} {
		src := strings.Replace(tiny, c.old, c.new, 1)
		_, err := LoadPack([]byte(src), nil)
		var pe *PackError
		if !errors.As(err, &pe) {
			t.Errorf("%s -> %s: %v", c.old, c.new, err)
			continue
		}
		if got := pe.Problems[0]; !strings.HasPrefix(got.Place, c.place) || !strings.Contains(got.String(), c.says) {
			t.Errorf("%s -> %s: %v", c.old, c.new, got)
		}
	}
}

func TestARelevanceThatAsksAboutItselfIsRefused(t *testing.T) {
	src := strings.Replace(tiny, `{"name":"held","type":"yes_no",`, `{"name":"held","type":"yes_no","relevant":"pay = 'full'",`, 1)
	src = strings.Replace(src, `{"name":"pay",`, `{"name":"pay","relevant":"held = 'yes'",`, 1)
	if _, err := LoadPack([]byte(src), nil); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Errorf("%v", err)
	}
}

func TestTheHashNamesTheContentAndNothingElse(t *testing.T) {
	p := tinyPack(t)
	var tree map[string]any
	if err := json.Unmarshal([]byte(tiny), &tree); err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(tree, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadPack(indented, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Hash() != p.Hash() || !bytes.Equal(again.Canonical(), p.Canonical()) {
		t.Error("white space and the order of members changed the hash")
	}
	other, err := LoadPack([]byte(strings.Replace(tiny, "S >= 1", "S >= 2", 1)), nil)
	if err != nil || other.Hash() == p.Hash() {
		t.Errorf("another rule has the same hash (%v)", err)
	}
}

func TestALoadedPackComesBackFromItsCanonicalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := smallPack(t)
		again, err := LoadPack(p.Canonical(), nil)
		if err != nil || again.Hash() != p.Hash() {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzLoadPack: no bytes make the loader panic.
func FuzzLoadPack(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(`{"questions":[{"name":"a","type":"select_multiple","choices":[]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := LoadPack(b, nil); err == nil {
			if _, err := Score(p, nil, Options{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnAnswerThatCannotBeReadCountsAsNotKnownAndIsNamed(t *testing.T) {
	r := mustScore(t, tinyPack(t), Answers{"age": Value("forty"), "pay": Value("gold"), "held": Value("no")}, Options{})
	if len(r.Warnings) != 2 || r.Outcomes[0].State != LeftUnanswered || !r.Population.PresumedChild {
		t.Errorf("%+v", r)
	}
}

func TestDeclinedNeverShowsAsNo(t *testing.T) {
	r := mustScore(t, tinyPack(t), Answers{"age": Value("30"), "held": Value("declined"), "pay": Value("full")}, Options{})
	if r.Outcomes[0].State != LeftUnanswered || len(r.Unanswered) != 1 || r.Unanswered[0] != (Unanswered{"held", Declined}) {
		t.Errorf("%+v", r)
	}
	if r = mustScore(t, tinyPack(t), Answers{"age": Value("30"), "held": Value("no"), "pay": Value("full")}, Options{}); r.Outcomes[0].State != NotSeen {
		t.Errorf("%+v", r.Outcomes)
	}
}

// TestACountThatAlwaysHoldsIsNotSeenWhereSomebodyDeclined: "none or more
// chosen" of a question that was declined, or not asked yet, is no answer.
func TestACountThatAlwaysHoldsIsNotSeenWhereSomebodyDeclined(t *testing.T) {
	for _, when := range []string{"count_selected(debt) >= 0", "not (count_selected(debt) < 0)", "count_selected(debt) != 0 or count_selected(debt) <= 0"} {
		p, err := LoadPack([]byte(strings.NewReplacer(`"pay = 'none'"`, `"`+when+`"`,
			`"name":"pay","type":"select_one","choices":["full","none"`, `"name":"debt","type":"select_multiple","choices":["agent","family"`).Replace(tiny)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for answer, want := range map[string]FindingState{"": Open, "declined": LeftUnanswered, "agent": Established} {
			a := Answers{"age": Value("12"), "held": Value("no")}
			if answer != "" {
				a["debt"] = Value(answer)
			}
			if r := mustScore(t, p, a, Options{}); r.Outcomes[0].State != want {
				t.Errorf("%s, answered %q: %s", when, answer, r.Outcomes[0].State)
			}
		}
	}
}

func TestTheExplanationSaysWhatFiredByWhichAnswerAndThatItIsNoFinding(t *testing.T) {
	p := tinyPack(t)
	r := mustScore(t, p, Answers{"age": Value("30"), "held": Value("yes")}, Options{})
	var all []string
	for _, l := range Explain(p, r, "id") {
		all = append(all, l.Kind+": "+l.Text)
		if l.Kind == "answer" && (!l.Draft || l.About != "held") {
			t.Errorf("%+v", l)
		}
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{"offer: Offer help.", "Ini bukan kesimpulan", "Apakah ditahan?: ya", "one strong or two medium", p.Hash(), "belum divalidasi", "kompilasi"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// slotsOf lists the {places} of a sentence that something is put into.
func slotsOf(sentence string) string {
	found := regexp.MustCompile(`\{[^}]*\}`).FindAllString(sentence, -1)
	slices.Sort(found)
	return strings.Join(found, " ")
}

func TestEverySentenceIsThereInEveryLanguage(t *testing.T) {
	for key, text := range wording {
		for _, lang := range []string{"en", "id", "th", "vi", "my", "ar"} {
			if text[lang].Text == "" {
				t.Errorf("%s has no %s", key, lang)
			}
			if got, want := slotsOf(text[lang].Text), slotsOf(text["en"].Text); got != want {
				t.Errorf("%s in %s has the places %s, want %s", key, lang, got, want)
			}
		}
	}
}

func TestRescoringKeepsBothResultsAndNamesWhatChanged(t *testing.T) {
	p := tinyPack(t)
	stricter, err := LoadPack([]byte(strings.Replace(tiny, "S >= 1 or", "S >= 2 or", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := Answers{"age": Value("30"), "held": Value("yes"), "pay": Value("full")}
	before := mustScore(t, p, a, Options{})
	got, err := Rescore(before, stricter, a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Before.Pack.Hash != p.Hash() || got.After.Pack.Hash != stricter.Hash() || len(got.Changes) != 2 || got.Changes[1] != (Change{"help", KindNeed, Established, NotSeen}) {
		t.Errorf("%+v", got.Changes)
	}
}

func TestNoResultHoldsANumber(t *testing.T) {
	p := tinyPack(t)
	r := mustScore(t, p, Answers{"held": Value("yes")}, Options{})
	if _, err := canonicalJSON(r); err != nil {
		t.Errorf("the canonical form takes no numbers, and a result has one: %v", err)
	}
}

func TestASheetReportsItsMistakesByCell(t *testing.T) {
	w := Workbook{
		Survey:  Table{Header: []string{"type", "name", "label::English (en)", "relevant"}, Rows: [][]string{{"integer", "age", "Age?"}, {"begin group", "g", "", "${age} > 3"}, {"select_one yn", "held", "Held?"}, {"end group"}, {"begin repeat", "rep"}, {"text", "inside", "x"}, {"end repeat"}}},
		Choices: Table{Header: []string{"list_name", "name", "label"}, Rows: [][]string{{"yn", "yes", "Yes"}, {"yn", "no", "No"}, {"yn", "declined", "No answer"}}},
	}
	header := []string{"kind", "id", "dimension", "adult", "child", "when", "source", "label", "rule", "version", "cite", "outcome_kind", "positive"}
	rows := [][]string{
		{"pack", "own", "", "", "", "", "", "Own pack", "", "1.0.0"},
		{"population", "", "", "", "", "age >= 18"},
		{"source", "s", "", "", "", "", "", "", "", "", "made up"},
		{"rule", "r", "", "", "", "total >= 1", "", "one is enough"},
		{"dimension", "D", "", "", "", "", "", "Dimension", "r"},
		{"profile", "p", "", "", "", "", "", "Profile", "", "1"},
		{"outcome", "o", "", "", "", "D", "", "Outcome", "", "", "", "need", "yes"},
		{"indicator", "D.held", "D", "S", "S", "held = 'yes'", "s", "Held"},
	}
	w.Indicators = Table{Header: header, Rows: rows}
	p, notes, err := PackFromSheets(w, nil)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	if q := p.Questions[1]; q.Relevant != "age > 3" || q.Type != "yes_no" {
		t.Errorf("%+v", q)
	}
	rows[7][5] = "heldd = 'yes'"
	if _, _, err := PackFromSheets(w, nil); err == nil || !strings.Contains(err.Error(), "sheet indicators, row 9, column when: column 1: there is no question “heldd”; did you mean held?") {
		t.Errorf("%v", err)
	}
	rows[7][5] = "inside = 'x'"
	if _, _, err := PackFromSheets(w, nil); err == nil || !strings.Contains(err.Error(), "repeat") {
		t.Errorf("%v", err)
	}
	rows[7][5], rows[6][5] = "held = 'yes'", "E"
	if _, _, err := PackFromSheets(w, nil); err == nil || !strings.Contains(err.Error(), "row 8, column when") {
		t.Errorf("%v", err)
	}
}
