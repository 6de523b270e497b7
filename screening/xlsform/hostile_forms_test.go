package xlsform_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"lintas/screening/xlsform"
)

// Tables that are small enough to be read and would grow beyond measure when they
// become a form: each row refers to a long list, each question stands under long
// names, each reference is a short word for a long path.

func made(name string, header []string, n int, row func(i int) []string) xlsform.Sheet {
	s := xlsform.Sheet{Name: name, Header: header, HeaderRow: 1, Rows: make([]xlsform.Row, n)}
	for i := range s.Rows {
		s.Rows[i] = xlsform.Row{Number: i + 2, Cells: row(i)}
	}
	return s
}

func manyChoices(n int, choice func(i int) []string) xlsform.Sheet {
	return made("choices", []string{"list_name", "name", "label"}, n, choice)
}

func TestTablesThatGrowBeyondMeasureAreRefused(t *testing.T) {
	survey := []string{"type", "name", "label", "appearance", "parameters"}
	plain := func(i int) []string { return []string{"l", fmt.Sprint("c", i), "Choice"} }
	questions := func(n int, typ, appearance, parameters string) xlsform.Sheet {
		return made("survey", survey, n, func(i int) []string { return []string{typ, fmt.Sprint("q", i), "Q", appearance, parameters} })
	}
	long := strings.Repeat("n", 60_000)
	for _, c := range []struct {
		name, code string
		sheets     []xlsform.Sheet
	}{
		{"a list that every question holds", "too-large", []xlsform.Sheet{questions(15_000, "select_one l", "search('f')", ""), manyChoices(40_000, plain)}},
		{"tags that every question holds", "too-large", []xlsform.Sheet{questions(15_000, "osm l", "", ""), made("osm", []string{"list_name", "name", "label::Thai (th)"}, 40_000, plain)}},
		{"labels of a slider that every question looks at", "too-large", []xlsform.Sheet{questions(15_000, "range", "", "start=0 end=50000 step=1 tick_labelset=l"), manyChoices(40_000, func(i int) []string { return []string{"l", fmt.Sprint(i), "Choice"} })}},
		{"a loop over a long list with a long text", "too-large", []xlsform.Sheet{made("survey", survey, 3, func(i int) []string {
			return [][]string{{"begin_loop over l", "g", "G"}, {"note", "q", "%(name)s" + strings.Repeat(" and so on", 10_000)}, {"end_loop"}}[i]
		}), manyChoices(40_000, plain)}},
		{"long names in each other", "too-large", []xlsform.Sheet{made("survey", survey, 15_000, func(i int) []string {
			if i < 60 {
				return []string{"begin_group", long, "G"}
			}
			if i >= 15_000-60 {
				return []string{"end_group"}
			}
			return []string{"text", fmt.Sprint("q", i), "Q"}
		})}},
		{"a long name that everything refers to", "too-large", []xlsform.Sheet{made("survey", survey, 400, func(i int) []string {
			if i == 0 {
				return []string{"text", long[:1000], "Q"}
			}
			return []string{"note", fmt.Sprint("q", i), strings.Repeat("${"+long[:1000]+"}", 25)}
		}), {Name: "settings", Header: []string{"name"}, HeaderRow: 1, Rows: []xlsform.Row{{Number: 2, Cells: []string{long}}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			begin := time.Now()
			_, err := xlsform.Compile(&xlsform.Workbook{Sheets: c.sheets}, xlsform.Options{})
			runtime.ReadMemStats(&after)
			used := after.TotalAlloc - before.TotalAlloc
			t.Logf("answered in %v, %d MiB allocated in all", time.Since(begin).Round(time.Millisecond), used>>20)
			var list xlsform.Errors
			if !errors.As(err, &list) || list[0].Code != "screening.xlsform."+c.code || list[0].Remedy == "" {
				t.Fatalf("want %s, got %.300v", c.code, err)
			}
			if used > 600<<20 {
				t.Errorf("%d MiB were allocated in all", used>>20)
			}
		})
	}
}

// What is large and honest compiles, is checked and compared: no question reads a
// list more often than it must. (A test that reads it once for each question and
// choice does not end.)
func TestLongListsAreReadOnce(t *testing.T) {
	const questions, choices = 9_000, 45_000
	for _, typ := range []string{"select_multiple l", "select_one l or_other"} {
		w := func(more string) *xlsform.Workbook {
			return &xlsform.Workbook{Sheets: []xlsform.Sheet{
				made("survey", []string{"type", "name", "label", "relevant"}, questions, func(i int) []string {
					if i == 0 {
						return []string{typ, "q0", "Q"}
					}
					return []string{typ, fmt.Sprint("q", i), "Q", fmt.Sprintf("selected(${q%d}, 'c1')", i-1)}
				}),
				manyChoices(choices, func(i int) []string { return []string{"l", fmt.Sprint("c", i, more), "Choice"} })}}
		}
		older, err := xlsform.Compile(w(""), xlsform.Options{})
		if err != nil {
			t.Fatalf("%s: %.300v", typ, err)
		}
		if report := xlsform.Check(w("")); !report.OK() {
			t.Errorf("%s: %.300v", typ, report.Errors)
		}
		if d := xlsform.Compare(older, older); len(d.Changes) > 0 {
			t.Errorf("%s differs from itself: %v", typ, d.Changes[0])
		}
		newer, err := xlsform.Compile(w("x"), xlsform.Options{})
		if err != nil {
			t.Fatalf("%s: %.300v", typ, err)
		}
		// Every choice is gone and a new one there, for every question.
		if d := xlsform.Compare(older, newer); len(d.Changes)+d.More != 2*questions*choices || d.Breaking != questions*choices || len(d.Changes) > 10_000 {
			t.Errorf("%s: %d changes, %d more, %d breaking", typ, len(d.Changes), d.More, d.Breaking)
		}
	}
}
