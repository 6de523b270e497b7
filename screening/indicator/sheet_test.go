package indicator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var sheetHeader = []string{"kind", "id", "dimension", "adult", "child", "when", "source", "label::English (en)", "label::ไทย (th)", "rule", "version", "cite", "outcome_kind", "positive"}

// authored is a sound workbook; its rows are numbered from 2 as in a
// spreadsheet.
func authored() Workbook {
	return Workbook{
		Survey: Table{Header: []string{"type", "name", "label::English (en)", "relevant"}, Rows: [][]string{{"integer", "age", "Age?"}, {"select_one yn", "held", "Held?"},
			{"select_one yn", "guarded", "Guarded?", "${held} = 'yes'"}, {"select_multiple things", "taken", "Taken?"}}},
		Choices: Table{Header: []string{"list_name", "name", "label"}, Rows: [][]string{{"yn", "yes", "Yes"}, {"yn", "no", "No"}, {"yn", "declined", "No answer"}, {"things", "phone", "Phone"}, {"things", "papers", "Papers"}}},
		Indicators: Table{Header: sheetHeader, Rows: [][]string{
			{"pack", "own", "", "", "", "", "", "Own pack", "ชุดของเรา", "", "1.0.0"},
			{"population", "", "", "", "", "age >= 18"},
			{"source", "s", "", "", "", "", "", "", "", "", "", "made up"},
			{"rule", "r", "", "", "", "total >= 1", "", "one is enough", "ข้อเดียวพอ"},
			{"dimension", "D", "", "", "", "", "", "Dimension", "มิติ", "r"},
			{"profile", "p", "", "", "", "", "", "Profile", "แบบ", "", "1"},
			{"outcome", "o", "", "", "", "D", "", "Outcome", "ผล", "", "", "", "need", "yes"},
			{"indicator", "D.held", "D", "S", "S", "held = 'yes'", "s", "Held", "ถูกกัก"},
			{"indicator", "D.taken", "D", "M", "M", "selected(taken, 'papers')", "s", "Papers taken", "ถูกยึดเอกสาร"},
		}},
	}
}

func TestASoundSheetHasNeitherMistakesNorRemarks(t *testing.T) {
	if _, notes, err := PackFromSheets(authored(), nil); err != nil || len(notes) != 0 {
		t.Error(err, notes)
	}
}

// TestWhatAClumsyOrHostileAuthorWritesIsNamedByItsCell sets one cell, by row
// and column of the spreadsheet, or does worse.
func TestWhatAClumsyOrHostileAuthorWritesIsNamedByItsCell(t *testing.T) {
	set := func(row int, column, text string) func(*Workbook) {
		return func(w *Workbook) {
			at := slices.Index(sheetHeader, column)
			for len(w.Indicators.Rows[row-2]) <= at {
				w.Indicators.Rows[row-2] = append(w.Indicators.Rows[row-2], "")
			}
			w.Indicators.Rows[row-2][at] = text
		}
	}
	add := func(cells ...string) func(*Workbook) {
		return func(w *Workbook) { w.Indicators.Rows = append(w.Indicators.Rows, cells) }
	}
	head := func(column string) func(*Workbook) {
		return func(w *Workbook) { w.Indicators.Header = append(slices.Clone(sheetHeader), column) }
	}
	for name, c := range map[string]struct {
		do          func(*Workbook)
		place, says string
	}{
		"an unknown question":            {set(9, "when", "hold = 'yes'"), "sheet indicators, row 9, column when", "did you mean held?"},
		"an unknown question further on": {set(9, "when", "held = 'yes' or he = 'yes'"), "sheet indicators, row 9, column when", "column 17: there is no question “he”"},
		"an unknown choice":              {set(10, "when", "selected(taken, 'paper')"), "sheet indicators, row 10, column when", "did you mean 'papers'?"},
		"a text where a number is asked": {set(9, "when", "age > 'eight'"), "sheet indicators, row 9, column when", "leave out the quotes"},
		"no expression":                  {set(9, "when", ""), "sheet indicators, row 9, column when", "no expression"},
		"a sentence for an expression":   {set(9, "when", "the person was held"), "sheet indicators, row 9, column when", "join two conditions"},
		"brackets ten thousand deep":     {set(9, "when", strings.Repeat("(", 10_000)), "sheet indicators, row 9, column when", "longer than 4000 bytes"},
		"brackets a hundred deep":        {set(9, "when", strings.Repeat("(", 100)), "sheet indicators, row 9, column when", "nested deeper than 50"},
		"conditions that exclude":        {set(9, "when", "held = 'yes' and held = 'no'"), "sheet indicators, row 9, column when", "no answers can make “D.held” present"},
		"a hidden question":              {set(9, "when", "guarded = 'yes' and held = 'no'"), "sheet indicators, row 9, column when", "no answers can make “D.held” present"},
		"an id twice":                    {set(10, "id", "D.held"), "sheet indicators, row 10, column id", "there twice"},
		"no id":                          {set(10, "id", ""), "sheet indicators, row 10, column id", "is not an id"},
		"an unknown strength":            {set(9, "adult", "strong"), "sheet indicators, row 9, column adult", "use S, M, W, U"},
		"an unknown strength of a child": {set(9, "child", "X"), "sheet indicators, row 9, column child", "use S, M, W, U"},
		"no dimension":                   {set(9, "dimension", "E"), "sheet indicators, row 9, column dimension", "no dimension “E”"},
		"no source":                      {set(9, "source", ""), "sheet indicators, row 9, column source", "source is missing"},
		"an unknown rule":                {set(6, "rule", "q"), "sheet indicators, row 6, column rule", "no rule “q”"},
		"a rule about answers":           {set(5, "when", "held = 'yes'"), "sheet indicators, row 5, column when", "a rule is made of"},
		"an outcome about itself":        {set(8, "when", "D or o"), "sheet indicators, row 8, column when", "no earlier outcome “o”"},
		"an unknown kind of outcome":     {set(8, "outcome_kind", "verdict"), "sheet indicators, row 8, column outcome_kind", "use case or need"},
		"perhaps for a yes":              {set(8, "positive", "perhaps"), "sheet indicators, row 8, column positive", "neither yes nor no"},
		"an unknown kind":                {set(9, "kind", "indicater"), "sheet indicators, row 9, column kind", "unknown kind"},
		"no version":                     {set(2, "version", ""), "sheet indicators, row 2, column version", "not a version"},
		"no title":                       {func(w *Workbook) { w.Indicators.Rows[0][7], w.Indicators.Rows[0][8] = "", "" }, "sheet indicators, row 2, column label", "no text"},
		"no texts":                       {func(w *Workbook) { w.Indicators.Rows[7][7], w.Indicators.Rows[7][8] = "", "" }, "sheet indicators, row 9, column label", "no text"},
		"nobody is an adult":             {set(3, "when", ""), "sheet indicators, row 3, column when", "nothing says who is an adult"},
		"adulthood that cannot be":       {set(3, "when", "age > 18 and age < 3"), "sheet indicators, row 3, column when", "no answers can make anybody an adult"},
		"two packs":                      {add("pack", "other", "", "", "", "", "", "Other", "", "", "1"), "sheet indicators, row 11, column kind", "a row of kind pack already: sheet indicators, row 2"},
		"two populations":                {add("population", "", "", "", "", "age >= 16"), "sheet indicators, row 11, column kind", "a row of kind population already"},
		"an outcome before a profile": {func(w *Workbook) {
			w.Indicators.Rows[5], w.Indicators.Rows[6] = w.Indicators.Rows[6], w.Indicators.Rows[5]
		}, "sheet indicators, row 7, column kind", "before any profile"},
		"a base that is not here":   {add("base", "palermo"), "sheet indicators, row 11, column id", "nowhere to find"},
		"an unknown column":         {head("weight"), "sheet indicators, header", "unknown column “weight”"},
		"a column twice":            {head("when"), "sheet indicators, header", "“when” is there twice"},
		"a language without a tag":  {head("label::Klingon"), "sheet indicators, header", "names no language tag"},
		"a condition in a language": {head("when::English (en)"), "sheet indicators, header", "holds no text in languages"},
		"a choice with a quote":     {func(w *Workbook) { w.Choices.Rows[4][1] = "papers'" }, "sheet choices, row 6, column name", "has a space or quote"},
		"ten thousand rows": {func(w *Workbook) {
			for i := range 10_000 {
				w.Indicators.Rows = append(w.Indicators.Rows, []string{"indicator", fmt.Sprintf("D.x%d", i), "D", "W", "W", "held = 'yes'", "s", "x", "x"})
			}
		}, "sheet indicators, row 3002", "10009 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			w := authored()
			c.do(&w)
			_, _, err := PackFromSheets(w, nil)
			var pe *PackError
			if !errors.As(err, &pe) {
				t.Fatalf("%v", err)
			}
			if p := pe.Problems[0]; p.Place != c.place || !strings.Contains(p.String(), c.says) || p.Remedy == "" {
				t.Errorf("%+v", pe.Problems)
			}
		})
	}
}

func TestATextThatIsMissingInALanguageOfTheSheetIsRemarkedOnByItsCell(t *testing.T) {
	w := authored()
	w.Indicators.Rows[8][8] = ""
	p, notes, err := PackFromSheets(w, nil)
	if err != nil || len(notes) != 1 || notes[0].Place != "sheet indicators, row 10, column label::ไทย (th)" || !strings.Contains(notes[0].Message, "missing in th") {
		t.Fatal(err, notes)
	}
	if w, lang := p.Indicators[1].Text.In("th"); w.Text != "Papers taken" || lang != "en" {
		t.Errorf("%v %s", w, lang)
	}
}

func TestARowThatTheBaseDoesNotHaveIsNotTakenForAnIndicatorOfItsOwn(t *testing.T) {
	base, err := LoadPack([]byte(tiny), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := authored()
	w.Indicators.Rows = [][]string{{"pack", "own", "", "", "", "", "", "Own pack", "", "", "1.0.0"}, {"base", "tiny"}, {"population", "", "", "", "", "age >= 18"}, {"indicator", "D.helt", "", "", "", "held = 'yes'"}}
	_, _, err = PackFromSheets(w, func(string, string) (*Pack, error) { return base, nil })
	if err == nil || !strings.Contains(err.Error(), "sheet indicators, row 5, column id: the base tiny has no indicator “D.helt”; did you mean D.held?") {
		t.Errorf("%v", err)
	}
}

// TestGroupsInGroupsDoNotMultiplyTheirRelevance: each question carries the
// relevance of all groups around it, which may be too much to say.
func TestGroupsInGroupsDoNotMultiplyTheirRelevance(t *testing.T) {
	w := authored()
	for range 150 {
		w.Survey.Rows = append(w.Survey.Rows, []string{"begin group", "g", "", "${held} = 'yes' and ${age} > 3 and ${age} < 99"})
	}
	for i := range 2_000 {
		w.Survey.Rows = append(w.Survey.Rows, []string{"text", fmt.Sprintf("t%d", i), "Text?"})
	}
	w.Indicators.Rows[7][5] = "t7 = 'x'"
	p, notes, err := PackFromSheets(w, nil)
	if err != nil || len(notes) != maxProblems || !strings.Contains(notes[0].Message, "with the relevance of the groups around it") {
		t.Fatal(err, len(notes))
	}
	if q := p.Questions[len(p.Questions)-1]; q.Name != "t7" || q.Relevant != "" {
		t.Errorf("%+v", q)
	}
}

// FuzzSheet: no cells make the reader of the sheet panic or run away, and what
// it takes comes back from its canonical form.
func FuzzSheet(f *testing.F) {
	f.Add("indicator", "D.x", "D", "S", "held = 'yes'", "s", "Held", "label::English (en)", "${held} = 'yes'", "no")
	f.Add("outcome", "q", "", "", "D and not o", "", "Outcome", "offer::ไทย (th)", "${age} >= 18 and selected(${taken}, 'phone')", "declined")
	f.Add("base", "tiny", "", "", "", "", "", "remark", "", "x y")
	f.Add("rule", "r2", "", "", "S >= 1 or total >= 2", "s", "two", "when::x", "not(${held} != 'no')", "'")
	base, err := LoadPack([]byte(tiny), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, id, dimension, strength, when, source, label, header, relevant, choice string) {
		w := authored()
		w.Indicators.Header = append(slices.Clone(sheetHeader), header)
		w.Indicators.Rows = append(w.Indicators.Rows, []string{kind, id, dimension, strength, strength, when, source, label, "", "r", "1", "cite", "need", "", label})
		w.Survey.Rows[3] = append(w.Survey.Rows[3], relevant)
		w.Choices.Rows[2][1] = choice
		p, _, err := PackFromSheets(w, func(string, string) (*Pack, error) { return base, nil })
		var pe *PackError
		switch {
		case err == nil:
			again, err := LoadPack(p.Canonical(), nil)
			if err != nil || again.Hash() != p.Hash() {
				t.Fatalf("does not come back: %v", err)
			}
			if _, err := Score(p, Answers{"held": Value("yes")}, Options{}); err != nil {
				t.Fatal(err)
			}
		case !errors.As(err, &pe):
			t.Fatalf("%v", err)
		}
	})
}
