// Package xlsformcmd is the command "lintas xlsform": convert a workbook to an
// ODK XForm, check it, compare two versions, measure the compiler on a corpus.
//
// Exit codes: 0 the form is good, 1 the form is invalid (or a corpus case is
// wrong), 2 the command was used wrongly or a file cannot be read or written.
package xlsformcmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"lintas/screening/xlsform"
	"lintas/screening/xlsform/corpus"
)

// Streams are where a command writes. Results go to Stdout, everything for the
// person at the terminal to Stderr.
type Streams struct {
	Stdout, Stderr io.Writer
}

// Commands are the sub-commands, to be mounted as "xlsform".
type Commands struct {
	Convert ConvertCommand `cmd:"" help:"Turn a workbook into an ODK XForm."`
	Check   CheckCommand   `cmd:"" help:"Say what is wrong, untranslated or never shown in a workbook."`
	Compare CompareCommand `cmd:"" help:"Say what changed between two versions of a workbook."`
	Corpus  CorpusCommand  `cmd:"" help:"Measure the compiler on a folder of workbooks whose right form is known."`
}

// Exit is an error that has been told already; only the exit code is left.
type Exit int

// Error is empty: there is nothing left to say.
func (e Exit) Error() string { return "" }

// ExitCode is what kong ends the program with.
func (e Exit) ExitCode() int { return int(e) }

// The exit codes.
const (
	invalid Exit = 1
	usage   Exit = 2
)

// ConvertCommand compiles one workbook.
type ConvertCommand struct {
	Input    string `arg:"" help:"Workbook: .xlsx, .md, .json, .csv, a folder of .csv files, or - for standard input."`
	Output   string `short:"o" help:"File for the XForm (standard output without it)." placeholder:"FILE"`
	Itemsets string `help:"File for itemsets.csv, where the form has external choices (beside the output without it)." placeholder:"FILE"`
	Name     string `help:"Name of the form's root element, where the settings sheet gives none." placeholder:"NAME"`
	Strict   bool   `help:"Refuse what works in some programs only: search(), osm, settings for SMS, flat."`
	JSON     bool   `name:"json" help:"Tell errors, warnings and advice as JSON on standard error."`
}

// Help shows examples.
func (ConvertCommand) Help() string {
	return "Warnings, advice and errors go to standard error. Exit code 1: the form is invalid. Advice names what compiles but works in some programs only, with the remedy; --strict makes it an error.\n\nWhere the form has external choices (select_one_external) it needs a second file, itemsets.csv: it is written beside the file of -o, or where --itemsets says. Without either, a note says that it is missing.\n\nExamples:\n  lintas xlsform convert survey.xlsx > survey.xml\n  lintas xlsform convert survey.xlsx -o survey.xml\n  lintas xlsform convert tables/ -o survey.xml   (a folder with survey.csv, choices.csv ...)\n  lintas xlsform convert - -o survey.xml < survey.xlsx\n  lintas xlsform convert survey.xlsx --json 2> problems.json"
}

// Run converts.
func (c ConvertCommand) Run(s *Streams) error {
	w, err := read(c.Input)
	if err != nil {
		return tell(s, c.JSON, problems{}, err)
	}
	form, warnings, err := xlsform.CompileWarn(w, xlsform.Options{FormName: c.Name})
	if err != nil {
		return tell(s, c.JSON, problems{Warnings: warnings}, err)
	}
	if c.Strict && len(form.Advice) > 0 {
		return tell(s, c.JSON, problems{Warnings: warnings}, xlsform.Errors(form.Advice))
	}
	if err := tell(s, c.JSON, problems{Warnings: warnings, Advice: form.Advice}, nil); err != nil {
		return err
	}
	if c.Output == "" {
		if _, err := s.Stdout.Write(append(form.XForm, '\n')); err != nil {
			return err
		}
	} else if err := write(s, c.Output, form.XForm); err != nil {
		return err
	}
	if form.ItemsetsCSV == nil {
		return nil
	}
	file := c.Itemsets
	if file == "" && c.Output != "" {
		file = filepath.Join(filepath.Dir(c.Output), "itemsets.csv")
	}
	if file == "" {
		fmt.Fprintln(s.Stderr, "note: the form needs a file itemsets.csv; write it with -o or --itemsets")
		return nil
	}
	return write(s, file, form.ItemsetsCSV)
}

// CheckCommand checks one workbook.
type CheckCommand struct {
	Input string `arg:"" help:"Workbook: .xlsx, .md, .json, .csv, a folder of .csv files, or - for standard input."`
	JSON  bool   `name:"json" help:"Print the whole report as JSON."`
	All   bool   `help:"List every missing translation, not only the first ten of a language."`
}

// Help shows examples.
func (CheckCommand) Help() string {
	return "Exit code 1: the form is invalid. Findings that do not stop a form leave the exit code at 0.\n\nExamples:\n  lintas xlsform check survey.xlsx\n  lintas xlsform check survey.xlsx --all\n  lintas xlsform check survey.xlsx --json | jq .languages"
}

// Run checks.
func (c CheckCommand) Run(s *Streams) error {
	w, err := read(c.Input)
	if err != nil {
		return tell(s, c.JSON, problems{}, err)
	}
	r := xlsform.Check(w)
	if c.JSON {
		if err := printJSON(s.Stdout, r); err != nil {
			return err
		}
	} else {
		c.print(s.Stdout, r)
	}
	if !r.OK() {
		return invalid
	}
	return nil
}

func (c CheckCommand) print(w io.Writer, r xlsform.Report) {
	printAll(w, problems{Errors: r.Errors, Warnings: r.Warnings, Advice: r.Advice})
	for _, group := range [...]struct {
		title string
		list  []xlsform.Finding
	}{{"never shown", r.Unreachable}, {"twice", r.Duplicates}, {"not read", r.Stray}} {
		for _, f := range group.list {
			fmt.Fprintf(w, "%s: %s: %s\n", group.title, place(f), strings.TrimPrefix(f.Text, "Never shown: "))
		}
	}
	for _, l := range r.Languages {
		name := l.Language.Name
		if name == "" {
			name = "(texts without a language)"
		}
		fmt.Fprintf(w, "language %s: %d of %d texts (%d %%)\n", name, l.Done, l.Texts, int(l.Share()*100))
		for i, f := range l.Missing {
			if i == 10 && !c.All {
				fmt.Fprintf(w, "  and %d more (--all shows them)\n", len(l.Missing)-i)
				break
			}
			fmt.Fprintf(w, "  %s %s: %s\n", place(f), f.Name, f.Text)
		}
	}
	if r.OK() {
		fmt.Fprintf(w, "the form %s is valid: %d questions\n", r.Form.ID, visible(r.Form))
	}
}

func visible(f *xlsform.Form) int {
	n := 0
	for _, q := range f.Questions {
		if q.Visible && q.Kind != "group" && q.Kind != "repeat" {
			n++
		}
	}
	return n
}

func place(f xlsform.Finding) string {
	switch {
	case f.Cell != "":
		return f.Sheet + "!" + f.Cell
	case f.Row > 0:
		return fmt.Sprintf("%s row %d", f.Sheet, f.Row)
	}
	return f.Sheet
}

// CompareCommand compares two versions.
type CompareCommand struct {
	Old  string `arg:"" help:"The older workbook."`
	New  string `arg:"" help:"The newer workbook."`
	JSON bool   `name:"json" help:"Print the changes as JSON."`
}

// Help shows examples.
func (CompareCommand) Help() string {
	return "A change marked with ! keeps old and new answers from being read as one table.\n\nExamples:\n  lintas xlsform compare survey-v1.xlsx survey-v2.xlsx\n  lintas xlsform compare survey-v1.xlsx survey-v2.xlsx --json"
}

// Run compares.
func (c CompareCommand) Run(s *Streams) error {
	forms := make([]*xlsform.Form, 2)
	for i, name := range [...]string{c.Old, c.New} {
		w, err := read(name)
		if err == nil {
			forms[i], err = xlsform.Compile(w, xlsform.Options{})
		}
		if err != nil {
			if !c.JSON {
				fmt.Fprintf(s.Stderr, "%s:\n", name)
			}
			return tell(s, c.JSON, problems{File: name}, err)
		}
	}
	d := xlsform.Compare(forms[0], forms[1])
	if c.JSON {
		return printJSON(s.Stdout, d)
	}
	for _, x := range d.Changes {
		mark := " "
		if x.Breaking {
			mark = "!"
		}
		fmt.Fprintln(s.Stdout, mark, x)
	}
	if d.More > 0 {
		fmt.Fprintf(s.Stdout, "  and %d more\n", d.More)
	}
	fmt.Fprintf(s.Stdout, "%d changes, %d of them breaking\n", len(d.Changes)+d.More, d.Breaking)
	return nil
}

// CorpusCommand measures the compiler.
type CorpusCommand struct {
	Dir       string `arg:"" help:"Folder with cases/*.json."`
	ByFeature bool   `help:"Print the measure of every feature, worst first."`
	Failures  bool   `help:"Print what differs in each case that is not exact."`
	Dump      string `help:"Write every compiled form into this folder, as NNNN.xml." placeholder:"OUT"`
	JSON      bool   `name:"json" help:"Print the measure as JSON."`
}

// Help shows examples.
func (CorpusCommand) Help() string {
	return "Exit code 1: a form came where an error was due, or an error where a form was due.\n\nExamples:\n  lintas xlsform corpus shared/data/xlsform-corpus\n  lintas xlsform corpus shared/data/xlsform-corpus --by-feature\n  lintas xlsform corpus shared/data/xlsform-corpus --dump forms/"
}

// Run measures.
func (c CorpusCommand) Run(s *Streams) error {
	cases, err := corpus.Load(os.DirFS(c.Dir))
	if err != nil {
		fmt.Fprintf(s.Stderr, "error: %s: %v. Name the folder in which cases/ lies\n", c.Dir, err)
		return usage
	}
	r := corpus.Run(cases, progress(s.Stderr, len(cases)))
	if c.Dump != "" {
		if err := dump(s, c.Dump, r); err != nil {
			return err
		}
	}
	if c.JSON {
		if err := printJSON(s.Stdout, r.Summary()); err != nil {
			return err
		}
	} else {
		c.print(s.Stdout, r)
	}
	if r.WrongForms+r.WrongErrors > 0 {
		return invalid
	}
	return nil
}

func (c CorpusCommand) print(w io.Writer, r *corpus.Report) {
	if c.Failures {
		for _, x := range r.Results {
			if x.Grade != corpus.Exact {
				fmt.Fprintf(w, "%04d %s %s\n  %s\n", x.Case.N, x.Grade, x.Case.ID, strings.ReplaceAll(x.Diff, "\n", "\n  "))
			}
		}
	}
	if c.ByFeature {
		fmt.Fprintf(w, "%6s %6s %8s %8s %6s  %s\n", "cases", "exact", "asserted", "outcome", "wrong", "feature")
		for _, l := range r.ByFeature() {
			fmt.Fprintf(w, "%6d %6d %8d %8d %6d  %s\n", l.Cases, l.Exact, l.Asserted, l.Outcome, l.Wrong, l.Feature)
		}
	}
	x := r.Summary()
	fmt.Fprintf(w, "forms:  %4d; exact %d (%.1f %%), assertions hold %d, other form %d, wrong %d\n",
		r.Forms, r.ExactForms, 100*x.ExactShare, r.AssertedForms, r.OutcomeForms, r.WrongForms)
	fmt.Fprintf(w, "errors: %4d; same sentence %d, other sentence %d, wrong %d\n",
		r.Errors, r.ExactErrors, r.OutcomeErrors, r.WrongErrors)
	fmt.Fprintf(w, "right outcome: %d of %d (%.1f %%)\n", r.RightOutcome(), len(r.Results), 100*x.OutcomeShare)
	fmt.Fprintf(w, "warnings the same in %d of %d, itemsets in %d of %d\n", r.SameWarnings, len(r.Results), r.SameItemsets, r.Itemsets)
}

func dump(s *Streams, dir string, r *corpus.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		fmt.Fprintf(s.Stderr, "error: %v\n", err)
		return usage
	}
	for _, x := range r.Results {
		if x.Form == nil {
			continue
		}
		if err := write(s, filepath.Join(dir, fmt.Sprintf("%04d.xml", x.Case.N)), x.Form.XForm); err != nil {
			return err
		}
	}
	return nil
}

// progress writes a line to a terminal when the work takes more than two seconds.
func progress(w io.Writer, total int) func(int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	begin, last := time.Now(), time.Now()
	shown := false
	return func(done int) {
		now := time.Now()
		if now.Sub(begin) > 2*time.Second && now.Sub(last) > 200*time.Millisecond {
			fmt.Fprintf(w, "\r%d of %d cases", done, total)
			last, shown = now, true
		}
		if done == total && shown {
			fmt.Fprint(w, "\r\033[K")
		}
	}
}

// read reads a workbook from a file, a folder or standard input.
func read(name string) (*xlsform.Workbook, error) {
	if name == "-" {
		data, err := readStream(os.Stdin)
		if err != nil {
			return nil, err
		}
		return xlsform.Read("", data, xlsform.Limits{})
	}
	info, err := os.Stat(name)
	var at *os.PathError
	if errors.As(err, &at) {
		return nil, fmt.Errorf("%s cannot be read (%w). Check its name and folder", name, at.Err)
	}
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		w, err := xlsform.ReadFolder(os.DirFS(name), xlsform.Limits{})
		if err == nil && w.FallbackName == "" {
			if abs, err := filepath.Abs(name); err == nil {
				w.FallbackName = filepath.Base(abs)
			}
		}
		return w, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// A file that is too large is refused by its size, before it fills the memory.
	if info.Size() > maxFile {
		return nil, xlsform.TooLarge(info.Size(), maxFile)
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	return xlsform.Read(name, data.Bytes(), xlsform.Limits{})
}

// readStream reads what has no size beforehand, piece by piece: a buffer that
// doubles would take twice the memory of a hostile file.
func readStream(r io.Reader) ([]byte, error) {
	var pieces [][]byte
	total := 0
	for {
		piece := make([]byte, 1<<20)
		n, err := io.ReadFull(r, piece)
		pieces = append(pieces, piece[:n])
		if total += n; total > maxFile {
			return nil, xlsform.TooLarge(int64(total), maxFile)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return bytes.Join(pieces, nil), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// maxFile is the largest file that is looked at; the reader refuses it.
const maxFile = 32 << 20

func write(s *Streams, name string, data []byte) error {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		fmt.Fprintf(s.Stderr, "error: %v\n", err)
		return usage
	}
	return nil
}

// problems are what is said of a workbook.
type problems struct {
	File     string            `json:"file,omitempty"` // where there are two
	Errors   xlsform.Errors    `json:"errors"`
	Warnings []xlsform.Warning `json:"warnings"`
	Advice   []*xlsform.Error  `json:"advice,omitempty"`
}

// tell writes errors, warnings and advice for a person or as JSON, and gives the
// exit code that belongs to them.
func tell(s *Streams, asJSON bool, p problems, err error) error {
	if err != nil && !errors.As(err, &p.Errors) {
		if asJSON {
			p.Errors = xlsform.Errors{{Message: err.Error(), Remedy: "Give a file that is there and that you may read.", Code: "screening.xlsform.file"}}
			return errors.Join(printJSON(s.Stderr, p), usage)
		}
		fmt.Fprintf(s.Stderr, "error: %v\n", err)
		return usage
	}
	if asJSON {
		if len(p.Warnings)+len(p.Errors)+len(p.Advice) > 0 {
			if err := printJSON(s.Stderr, p); err != nil {
				return err
			}
		}
	} else {
		printAll(s.Stderr, p)
	}
	if len(p.Errors) > 0 {
		return invalid
	}
	return nil
}

// printAll prints what stops the form first.
func printAll(w io.Writer, p problems) {
	for _, e := range p.Errors {
		printError(w, "error", e)
	}
	for _, x := range p.Warnings {
		fmt.Fprintln(w, "warning:", x.Text)
	}
	for _, e := range p.Advice {
		printError(w, "advice", e)
	}
}

func printError(w io.Writer, word string, e *xlsform.Error) {
	fmt.Fprintf(w, "%s: %s\n", word, e.Error())
	if e.Text != "" {
		fmt.Fprintf(w, "  the cell says: %s\n", e.Text)
	}
	if e.Detail != "" {
		fmt.Fprintf(w, "  pyxform says: %s\n", strings.ReplaceAll(e.Detail, "\n", "\n    "))
	}
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
