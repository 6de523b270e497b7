package instruments

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"lintas/screening/indicator"
	"lintas/screening/packs"
	"lintas/screening/xlsform"
)

func TestTheWorkbookCompiles(t *testing.T) {
	folder, err := fs.Sub(files, Arrival)
	if err != nil {
		t.Fatal(err)
	}
	w, err := xlsform.ReadFolder(folder, xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if form.ID != Arrival || len(form.Languages) != 6 {
		t.Errorf("form %s with languages %v", form.ID, form.Languages)
	}
	for _, w := range form.Warnings {
		t.Errorf("the compiler warns: %+v", w)
	}
	asked := 0
	for _, q := range form.Questions {
		if !q.Visible || q.Kind == "group" {
			continue
		}
		if q.Kind != "note" {
			asked++
		}
		for _, lang := range form.Languages {
			if q.Labels[lang.Name] == "" {
				t.Errorf("%s has no label in %s", q.Name, lang.Name)
			}
		}
	}
	if asked < 35 || asked > 50 {
		t.Errorf("%d questions; about ten minutes hold 35 to 50", asked)
	}
}

func TestTheSpreadsheetIsTheSameEveryTimeAndReadsBack(t *testing.T) {
	a, err := XLSX(Arrival)
	if err != nil {
		t.Fatal(err)
	}
	b, err := XLSX(Arrival)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two runs gave different bytes")
	}
	w, err := xlsform.Read("arrival-interview.xlsx", a, xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if form.ID != Arrival || form.Version != "2026112401" {
		t.Errorf("read back as %s version %s", form.ID, form.Version)
	}
	if s, ok := w.Sheet("indicators"); !ok || len(s.Rows) < 80 {
		t.Error("the sheet indicators did not come through")
	}
}

func pack(t *testing.T) *indicator.Pack {
	t.Helper()
	p, err := Pack(Arrival)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestThePackOfTheWorkbookLoads also shows that every expression asks about
// questions and choices that exist: the loader refuses any other.
func TestThePackOfTheWorkbookLoads(t *testing.T) {
	p := pack(t)
	base, err := packs.Get("mixed-arrival", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Origin) != 1 || p.Origin[0].Hash != base.Hash() {
		t.Errorf("origin %+v", p.Origin)
	}
	if len(p.Indicators) != len(base.Indicators) {
		t.Errorf("%d indicators, the base has %d", len(p.Indicators), len(base.Indicators))
	}
	if p.Questions[0].Label["th"].Draft != true || p.Questions[0].Label["en"].Draft {
		t.Error("translations are not marked as drafts, or English is")
	}
}

// TestTheResultOfTheDemonstrationReadsInEveryLanguageOfThePages: what a result shows of the pack and the questions.
func TestTheResultOfTheDemonstrationReadsInEveryLanguageOfThePages(t *testing.T) {
	p := pack(t)
	texts := map[string]indicator.Text{"title": p.Title, "note": p.Note}
	for _, d := range p.Dimensions {
		texts["dimension "+d.ID] = d.Title
	}
	for _, r := range p.Rules {
		texts["rule "+r.ID] = r.Text
	}
	for _, i := range p.Indicators {
		texts["indicator "+i.ID] = i.Text
	}
	for _, pr := range p.Profiles {
		texts["profile "+pr.ID] = pr.Title
		for _, o := range pr.Outcomes {
			texts["outcome "+pr.ID+" "+o.ID] = o.Title
		}
	}
	for _, q := range p.Questions {
		texts["question "+q.Name] = q.Label
		for choice, label := range q.ChoiceLabels {
			texts["choice "+q.Name+" "+choice] = label
		}
	}
	for place, text := range texts {
		for _, lang := range []string{"en", "id", "th", "vi", "my", "ar"} {
			if w, ok := text[lang]; !ok || w.Draft != (lang != "en") {
				t.Errorf("%s in %s: there %v, a draft %v", place, lang, ok, w.Draft)
			}
		}
	}
}

func TestNoRelevanceIsLost(t *testing.T) {
	sheets, err := Sheets(Arrival)
	if err != nil {
		t.Fatal(err)
	}
	w := indicator.Workbook{DefaultLanguage: "en"}
	for _, s := range sheets {
		t := indicator.Table{Name: s.Name, Header: s.Rows[0], Rows: s.Rows[1:]}
		switch s.Name {
		case "survey":
			w.Survey = t
		case "choices":
			w.Choices = t
		case "indicators":
			w.Indicators = t
		}
	}
	_, notes, err := indicator.PackFromSheets(w, packs.Get)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		t.Error(n)
	}
}

func state(t *testing.T, answers map[string]string, id string) indicator.FindingState {
	t.Helper()
	p := pack(t)
	r, err := indicator.Score(p, p.AnswersFromForm(answers), indicator.Options{Finished: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Outcomes {
		if f.ID == id {
			return f.State
		}
	}
	t.Fatalf("no outcome %s", id)
	return ""
}

func TestOfWhoeverDoesNotConsentNothingIsSaidThatWasNotAsked(t *testing.T) {
	p := pack(t)
	r, err := indicator.Score(p, p.AnswersFromForm(map[string]string{"urgent": "none", "private": "yes", "consent": "declined"}), indicator.Options{Finished: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Outcomes {
		if f.State == indicator.Established || f.Kind == "need" && f.State != indicator.LeftUnanswered {
			t.Errorf("%s is %s", f.ID, f.State)
		}
	}
}

// interview answers every question "no" or "none", with changes.
func interview(changes map[string]string) map[string]string {
	a := map[string]string{"urgent": "none", "private": "yes", "consent": "yes", "interpreter": "device", "age_known": "yes", "age": "27",
		"offered": "no", "arranged": "no", "handed_over": "no", "housed": "no", "journey_force": "none", "used_need": "no", "worked": "no",
		"sexual": "no", "papers_with": "me", "could_leave": "yes", "watched": "no", "debt": "no", "stay_force": "none", "forced_tasks": "no",
		"depended": "no", "lost": "no", "fear_return": "no", "asks_protection": "no", "special": "none", "safe_now": "yes", "talk_more": "no"}
	for k, v := range changes {
		if v == "" {
			delete(a, k)
		} else {
			a[k] = v
		}
	}
	return a
}

func worked(more map[string]string) map[string]string {
	a := map[string]string{"worked": "yes", "lies": "none", "long_hours": "no", "paid": "full", "pay_cut": "no", "bad_living": "no",
		"dangerous_work": "no", "contract": "yes", "forced_fraud": "no"}
	for k, v := range more {
		a[k] = v
	}
	return interview(a)
}

func TestTheDemonstrationSortsAMixedArrival(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		id      string
		want    indicator.FindingState
	}{
		{"a traveller without any sign", interview(nil), "none_seen", indicator.Established},
		{"a person afraid to go back", interview(map[string]string{"fear_return": "yes"}), "asylum", indicator.Established},
		{"a child without a guardian", interview(map[string]string{"age": "14", "guardian_here": "no"}), "unaccompanied_child", indicator.Established},
		{"a child with a guardian", interview(map[string]string{"age": "14", "guardian_here": "yes"}), "unaccompanied_child", indicator.NotSeen},
		{"a person whose age is unknown and who is alone", interview(map[string]string{"age_known": "not_known", "age": "", "age_group": "declined", "guardian_here": "no"}), "unaccompanied_child", indicator.Established},
		{"an ill person", interview(map[string]string{"special": "illness"}), "special_need", indicator.Established},
		{"an exploited worker", worked(map[string]string{"long_hours": "yes", "paid": "little"}), "exploited_worker", indicator.Established},
		{"a worker deceived, exploited and held", worked(map[string]string{"offered": "yes", "offered_online": "no", "lies": "job pay", "long_hours": "yes", "paid": "nothing", "papers_with": "employer", "could_leave": "no"}), "indicated_adult", indicator.Established},
		{"the same is a possible victim", worked(map[string]string{"offered": "yes", "offered_online": "no", "lies": "job pay", "long_hours": "yes", "paid": "nothing", "papers_with": "employer", "could_leave": "no"}), "trafficking", indicator.Established},
		{"a person forced to cheat others", worked(map[string]string{"forced_fraud": "yes", "compound": "yes", "quotas": "yes", "punished": "no", "ransom": "no"}), "forced_criminality", indicator.Established},
		{"a traveller who declined two questions", interview(map[string]string{"debt": "declined", "fear_return": "declined"}), "none_seen", indicator.LeftUnanswered},
	} {
		if got := state(t, c.answers, c.id); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.id, got, c.want)
		}
	}
}

func TestThePackNamesTheQuestionsThatCouldSettleIt(t *testing.T) {
	p := pack(t)
	r, err := indicator.Score(p, p.AnswersFromForm(interview(map[string]string{"fear_return": "", "asks_protection": ""})), indicator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Next {
		if n.Target == "asylum" && strings.Join(n.Questions, ",") == "fear_return" && n.Shortest {
			return
		}
	}
	t.Errorf("next questions: %+v", r.Next)
}

var update = flag.Bool("update", false, "write the pack of the workbook for the engine's vectors")

// TestTheVectorsUseThisPack keeps the copy that the engine's shared vectors
// are made from. After -update, run go test -run Vectors -update in indicator.
func TestTheVectorsUseThisPack(t *testing.T) {
	const copyAt = "../indicator/testdata/arrival-interview.json"
	want := pack(t).Canonical()
	if *update {
		if err := os.WriteFile(copyAt, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(copyAt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("the workbook changed: run go test -run TestTheVectorsUseThisPack -update here, then go test -run Vectors -update in ../indicator")
	}
}
