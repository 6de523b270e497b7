// Package xlsform compiles XLSForm workbooks to ODK XForms.
//
// A workbook is read (Read, ReadFolder) into tables that remember the cells they
// come from, compiled (Compile) into a Form, and checked (Check) for what a form
// may hold and still be wrong: missing translations, questions that nobody
// reaches, names that occur twice. Two forms are compared with Compare.
//
// The behaviour is that of pyxform 4.5, measured by its own test-suite as a
// corpus (package xlsform/corpus). Nothing here reads a file, a clock or a random
// number: the same workbook gives the same bytes.
package xlsform

import (
	"errors"
	"strings"
)

// Options change how a workbook is compiled. The zero value is right for most.
type Options struct {
	// FormName replaces the root element's name of the workbook; the settings
	// sheet still wins.
	FormName string
}

// Form is a compiled workbook.
type Form struct {
	ID      string
	Version string
	Title   string
	// XForm is the form as ODK XForms XML.
	XForm []byte
	// ItemsetsCSV is the file itemsets.csv that selects from external choices
	// need beside the form; nil where there are none.
	ItemsetsCSV []byte
	Warnings    []Warning
	// Advice names what compiles as the format says but works in some programs
	// only, with the remedy. pyxform is silent about it.
	Advice          []*Error
	Languages       []Language
	DefaultLanguage string // "" where no text names a language
	Questions       []Question
	// MediaFiles are the names of all files that the form refers to: media,
	// attached lists, in order of first use.
	MediaFiles []string
}

// Language is one language of the form. The texts without a language are those
// of the default language; where none is named at all, Name is "".
type Language struct {
	Name string `json:"name"`          // as in the column heading, such as "Bahasa Indonesia (id)"
	Tag  string `json:"tag,omitempty"` // the code in brackets, "id"; "" where there is none
}

// Question is one row of the survey that a person sees or that holds data.
// Groups and repeats are listed too, with Type "group" or "repeat".
type Question struct {
	Name     string
	Path     string // in the answers, such as /data/household/age
	Type     string // as written in the type column
	Kind     string // text, int, select1, select, odk:rank, group, repeat, note, calculate ...
	Row      int    // in the survey sheet, 0 for what the compiler adds
	Labels   map[string]string
	Hints    map[string]string
	Guidance map[string]string
	Media    []Media
	List     string // name of the choice list
	Choices  []Choice
	// The expressions as written in the sheet.
	Relevant, Constraint, Calculation, Default, ChoiceFilter, Appearance string

	Required bool
	Visible  bool // a control is shown for it
	Repeated bool // stands in a repeat
}

// Choice is one entry of a choice list.
type Choice struct {
	Name   string
	Labels map[string]string
	Media  []Media
	Row    int
}

// Media is a file that goes with a text.
type Media struct {
	Form     string // image, big-image, audio, video
	Language string // "" for the texts without a language
	File     string
}

// Compile turns a workbook into a form. The error, where there is one, is an
// Errors: everything found wrong, the first being the one that pyxform gives.
// Warnings are in Form.Warnings; with an error the form is nil.
func Compile(w *Workbook, o Options) (*Form, error) {
	form, _, err := CompileWarn(w, o)
	return form, err
}

// CompileWarn is Compile for callers who want the warnings also where the form
// is refused.
func CompileWarn(w *Workbook, o Options) (*Form, []Warning, error) {
	if w == nil {
		return nil, nil, errors.New("xlsform: no workbook")
	}
	c := newCompiler(w, o)
	c.parse()
	if len(c.errs) > 0 {
		return nil, c.warnings, c.errs
	}
	c.resolve()
	c.refuseCycles()
	if len(c.errs) > 0 {
		return nil, c.warnings, c.errs
	}
	xml := c.write()
	if len(c.errs) > 0 {
		return nil, c.warnings, c.errs
	}
	c.warnLanguageCodes()
	return c.form(xml), c.warnings, nil
}

// compiler holds one compilation.
type compiler struct {
	book     *Workbook
	errs     Errors
	warnings []Warning
	advice   []*Error
	cols     map[string][]column

	settings        settings
	rootName        string
	id, title       string
	defaultLanguage string

	lists       formLists
	external    *externalChoices
	osmLists    *formLists // nil without a sheet osm
	survey      *element
	meta        []*element // questions that belong in the meta group
	surveyRows  []dataRow  // of the survey sheet
	choiceRows  []dataRow
	settingRows []dataRow
	entityRows  []dataRow
	entities    []*entity

	byName map[string][]*element

	geometry     []geometryRef
	otherSeen    bool // a select with or_other
	looped       bool // a loop was written out
	written      int  // elements that loops have made
	filled       int  // bytes of text that loops have made
	expanded     int  // bytes of paths written for references
	mentioned    map[string][]*entity
	nestedEntity bool // an entity stands in a repeat
	itext        *itext
	files        []string // URIs of attached files, in order
	described    map[*choiceList][]Choice
}

func newCompiler(w *Workbook, o Options) *compiler {
	if o.FormName != "" {
		copied := *w
		copied.FormName = o.FormName
		w = &copied
	}
	return &compiler{book: w, survey: &element{kind: kindSurvey}}
}

// parse reads the sheets into the tree of the form.
func (c *compiler) parse() {
	sh, ok := c.surveySheet()
	if !ok {
		return
	}
	for _, step := range []func(){c.checkHeadings, c.readSettings, c.readNames, c.readExternalChoices, c.readChoices, c.readEntities, c.readOSM} {
		if step(); len(c.errs) > 0 {
			return
		}
	}
	c.readSurvey(sh)
}

// surveySheet finds the survey. A workbook of one sheet is its survey, whatever
// the sheet is called.
func (c *compiler) surveySheet() (*Sheet, bool) {
	if sh, ok := c.book.Sheet(sheetSurvey); ok {
		if len(sh.Header) > 0 || len(sh.Rows) > 0 {
			return sh, true
		}
		c.fail(place{sheet: sh.Name}, msg{code: "no-survey", text: "The sheet survey is empty.", remedy: "Write the headings type, name and label into its first row, and the questions below them.",
			detail: "You must have a sheet named 'survey'. "})
		return nil, false
	}
	if len(c.book.Sheets) == 1 && len(c.book.names()) == 1 && !isSheetName(strings.ToLower(c.book.Sheets[0].Name)) {
		copied := *c.book
		copied.Sheets = []Sheet{c.book.Sheets[0]}
		copied.Sheets[0].Name = sheetSurvey
		c.book = &copied
		return &c.book.Sheets[0], true
	}
	found := c.misspelled(sheetSurvey)
	c.fail(place{}, msg{code: "no-survey", text: "There is no sheet named survey.",
		remedy:  "Name the sheet with the questions \"survey\".",
		suggest: first(found),
		detail:  "You must have a sheet named 'survey'. " + lookingFor(sheetSurvey, found)})
	return nil, false
}
