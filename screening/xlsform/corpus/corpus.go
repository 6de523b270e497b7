// Package corpus measures the compiler against a corpus of workbooks of which
// the right form, or the right error, is known.
//
// A corpus is a folder cases/ of JSON files; see ../../../docs/desks/screening-xlsform.md.
package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"lintas/screening/xlsform"
)

// Case is one workbook with what should come of it.
type Case struct {
	ID             string   `json:"id"`
	N              int      `json:"n"`
	File           string   `json:"file"`
	Features       []string `json:"features"`
	OrderUndefined bool     `json:"hash_order_dependent"`
	Expect         struct {
		XForm       *string  `json:"xform"`
		ItemsetsCSV *string  `json:"itemsets_csv"`
		Warnings    []string `json:"warnings"`
		Error       *struct {
			Class   string  `json:"class"`
			Code    *string `json:"code"`
			Message string  `json:"message"`
		} `json:"error"`
	} `json:"expect"`
	// Assertions are pyxform's own, AssertionsPass whether they hold for pyxform.
	Assertions     json.RawMessage `json:"pyxform_assertions"`
	AssertionsPass *bool           `json:"pyxform_assertions_pass"`

	raw    []byte
	folder fs.FS
}

// Grade is how near a result is to what was expected, best first.
type Grade int

// The grades.
const (
	Exact    Grade = iota // the same XML, or the same error sentence
	Asserted              // another form, for which pyxform's own assertions hold
	Outcome               // a form where a form was due, an error where an error was due
	Wrong                 // a form for an error or an error for a form
)

func (g Grade) String() string {
	return [...]string{"exact", "assertions hold", "outcome", "wrong"}[g]
}

// Result is what the compiler made of one case.
type Result struct {
	Case     *Case
	Grade    Grade
	Form     *xlsform.Form
	Err      error
	Warnings bool   // the same warnings in the same order
	Itemsets bool   // the same itemsets file
	Code     bool   // of an error: the same code
	Diff     string // first difference, for a case that is not exact
}

// Report is the measure of a whole corpus.
type Report struct {
	Results []Result
	Forms   int // cases that should give a form
	Errors  int // cases that should give an error

	ExactForms, ExactErrors, OutcomeForms, OutcomeErrors int
	WrongForms, WrongErrors                              int
	AssertedForms                                        int // not exact, but pyxform's own assertions hold
	SameWarnings, SameCodes, SameItemsets, Itemsets      int
}

// Load reads the cases of a corpus folder, in the order of their names.
func Load(folder fs.FS) ([]*Case, error) {
	names, err := fs.Glob(folder, "cases/*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if names, err = fs.Glob(folder, "*.json"); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, errors.New("the folder holds no cases/*.json")
	}
	sort.Strings(names)
	out := make([]*Case, 0, len(names))
	for _, n := range names {
		data, err := fs.ReadFile(folder, n)
		if err != nil {
			return nil, err
		}
		c := &Case{raw: data, folder: folder}
		if err := json.Unmarshal(data, c); err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		if c.ID == "" {
			c.ID = path.Base(n)
		}
		out = append(out, c)
	}
	return out, nil
}

// Run compiles every case; step is called after each, for a progress line.
func Run(cases []*Case, step func(done int)) *Report {
	r := &Report{}
	for i, c := range cases {
		r.add(RunCase(c))
		if step != nil {
			step(i + 1)
		}
	}
	return r
}

// Compile gives what the compiler makes of the tables of a case.
func (c *Case) Compile() (*xlsform.Form, []xlsform.Warning, error) {
	w, err := xlsform.Read("case.json", c.raw, xlsform.Limits{})
	if err != nil {
		// The tables of a file that could not be read are empty.
		if form, warnings, fileErr := c.CompileFile(); fileErr != nil || form != nil {
			return form, warnings, fileErr
		}
		return nil, nil, err
	}
	return xlsform.CompileWarn(w, xlsform.Options{})
}

// CompileFile gives what the compiler makes of the original file of a case, and
// nothing where the case has none.
func (c *Case) CompileFile() (*xlsform.Form, []xlsform.Warning, error) {
	if c.File == "" {
		return nil, nil, nil
	}
	data, err := fs.ReadFile(c.folder, c.File)
	if err != nil {
		return nil, nil, err
	}
	// The stored name is <folders>__<name>; the name alone is the fallback id.
	name := path.Base(c.File)
	if i := strings.LastIndex(name, "__"); i >= 0 {
		name = name[i+2:]
	}
	w, err := xlsform.Read(name, data, xlsform.Limits{})
	if err != nil {
		return nil, nil, err
	}
	return xlsform.CompileWarn(w, xlsform.Options{})
}

// RunCase measures one case.
func RunCase(c *Case) Result {
	form, warnings, err := c.Compile()
	r := Result{Case: c, Form: form, Err: err}
	r.Warnings = sameWarnings(c.Expect.Warnings, warnings)
	switch wantError := c.Expect.Error != nil; {
	case wantError && err == nil:
		r.Grade, r.Diff = Wrong, "should be refused: "+c.Expect.Error.Message
	case !wantError && err != nil:
		r.Grade, r.Diff = Wrong, "should compile: "+err.Error()
	case wantError:
		r.gradeError()
	default:
		r.gradeForm()
	}
	return r
}

func (r *Result) gradeError() {
	want := r.Case.Expect.Error
	r.Grade = Outcome
	var list xlsform.Errors
	if !errors.As(r.Err, &list) || len(list) == 0 {
		r.Diff = "not told as Errors: " + r.Err.Error()
		return
	}
	code := ""
	if want.Code != nil {
		code = *want.Code
	}
	r.Code = code == "" || list[0].Upstream == code
	same := list[0].Detail == want.Message
	if r.Case.OrderUndefined {
		same = sameWords(list[0].Detail, want.Message)
	}
	if same && r.Code {
		r.Grade = Exact
		return
	}
	r.Diff = fmt.Sprintf("want %q\n got %q", want.Message, list[0].Detail)
}

func (r *Result) gradeForm() {
	r.Grade = Outcome
	want := r.Case.Expect.ItemsetsCSV
	r.Itemsets = want == nil && r.Form.ItemsetsCSV == nil || want != nil && string(r.Form.ItemsetsCSV) == *want
	a, errA := Canonical([]byte(*r.Case.Expect.XForm))
	b, errB := Canonical(r.Form.XForm)
	switch {
	case errA != nil || errB != nil:
		r.Diff = fmt.Sprint("not XML: ", errors.Join(errA, errB))
	case a == b, r.Case.OrderUndefined && sameWords(a, b):
		r.Grade = Exact
	default:
		r.Diff = firstDifference(a, b)
	}
	if holds, checked, _ := r.Case.Hold(r.Form); r.Grade == Outcome && holds && checked {
		r.Grade = Asserted
	}
}

func (r *Report) add(x Result) {
	r.Results = append(r.Results, x)
	form := x.Case.Expect.Error == nil
	if x.Warnings {
		r.SameWarnings++
	}
	bump := func(forms, errs *int) {
		if form {
			*forms++
		} else {
			*errs++
		}
	}
	bump(&r.Forms, &r.Errors)
	switch x.Grade {
	case Exact:
		bump(&r.ExactForms, &r.ExactErrors)
	case Asserted:
		r.AssertedForms++
	case Outcome:
		bump(&r.OutcomeForms, &r.OutcomeErrors)
	case Wrong:
		bump(&r.WrongForms, &r.WrongErrors)
	}
	if form && x.Case.Expect.ItemsetsCSV != nil {
		r.Itemsets++
		if x.Itemsets {
			r.SameItemsets++
		}
	}
	if !form && x.Code {
		r.SameCodes++
	}
}

// RightOutcome counts the cases with a form where a form was due and an error
// where an error was due.
func (r *Report) RightOutcome() int {
	return r.ExactForms + r.AssertedForms + r.OutcomeForms + r.ExactErrors + r.OutcomeErrors
}

// Summary is the report in figures.
type Summary struct {
	Cases         int     `json:"cases"`
	Forms         int     `json:"forms"`
	Errors        int     `json:"errors"`
	ExactForms    int     `json:"exact_forms"`
	AssertedForms int     `json:"asserted_forms"`
	ExactErrors   int     `json:"exact_errors"`
	Wrong         int     `json:"wrong"`
	ExactShare    float64 `json:"exact_share"`   // of the forms
	OutcomeShare  float64 `json:"outcome_share"` // of all cases
	SameWarnings  int     `json:"same_warnings"`
	Itemsets      int     `json:"itemsets"`
	SameItemsets  int     `json:"same_itemsets"`
}

// Summary gives the figures of the report.
func (r *Report) Summary() Summary {
	s := Summary{Cases: len(r.Results), Forms: r.Forms, Errors: r.Errors, ExactForms: r.ExactForms, AssertedForms: r.AssertedForms,
		ExactErrors: r.ExactErrors, Wrong: r.WrongForms + r.WrongErrors, SameWarnings: r.SameWarnings,
		Itemsets: r.Itemsets, SameItemsets: r.SameItemsets}
	s.ExactShare = share(r.ExactForms, r.Forms)
	s.OutcomeShare = share(r.RightOutcome(), s.Cases)
	return s
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func sameWarnings(want []string, got []xlsform.Warning) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i].Text {
			return false
		}
	}
	return true
}

// sameWords compares what may stand in any order.
func sameWords(a, b string) bool {
	x, y := strings.FieldsFunc(a, separator), strings.FieldsFunc(b, separator)
	sort.Strings(x)
	sort.Strings(y)
	return strings.Join(x, " ") == strings.Join(y, " ")
}

func separator(r rune) bool { return r == ' ' || r == ',' || r == '\n' }

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := 0; i < len(x) || i < len(y); i++ {
		l, r := "(nothing)", "(nothing)"
		if i < len(x) {
			l = x[i]
		}
		if i < len(y) {
			r = y[i]
		}
		if l != r {
			return "want " + l + "\n got " + r
		}
	}
	return ""
}

// FeatureLine is the measure of the cases that share a feature.
type FeatureLine struct {
	Feature                                string
	Cases, Exact, Asserted, Outcome, Wrong int
}

// ByFeature groups the results by the features of the cases, worst first.
func (r *Report) ByFeature() []FeatureLine {
	m := map[string]*FeatureLine{}
	for _, x := range r.Results {
		for _, f := range x.Case.Features {
			l := m[f]
			if l == nil {
				l = &FeatureLine{Feature: f}
				m[f] = l
			}
			l.Cases++
			switch x.Grade {
			case Exact:
				l.Exact++
			case Asserted:
				l.Asserted++
			case Outcome:
				l.Outcome++
			case Wrong:
				l.Wrong++
			}
		}
	}
	out := make([]FeatureLine, 0, len(m))
	for _, l := range m {
		out = append(out, *l)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if x, y := a.Cases-a.Exact, b.Cases-b.Exact; x != y {
			return x > y
		}
		return a.Feature < b.Feature
	})
	return out
}
