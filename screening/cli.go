package screening

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"lintas/kernel/problem"
)

// Commands are `lintas screening ...`. The node opens the Desk before it runs one.
type Commands struct {
	List        ListCommand        `cmd:"" help:"List screenings, newest first."`
	Show        ShowCommand        `cmd:"" help:"Show one screening with its explained result. It is logged as a read."`
	Rescore     RescoreCommand     `cmd:"" help:"Score a screening again with the pack its instrument carries now; results of before stay."`
	Export      ExportCommand      `cmd:"" help:"Write the answers of an instrument as CSV. Every screening in it is logged as read."`
	Instruments InstrumentsCommand `cmd:"" help:"List published instruments."`
	Publish     PublishCommand     `cmd:"" help:"Check a workbook and publish it."`
	Quarantine  QuarantineCommand  `cmd:"" help:"List what was sent and could not become a screening."`
}

// ListCommand lists screenings.
type ListCommand struct {
	Instrument string `help:"Only this instrument (its id, or its form id)." placeholder:"ID"`
	State      string `help:"new, reviewed, incomplete or erased." enum:",new,reviewed,incomplete,erased" default:""`
	Outcome    string `help:"Only where this outcome is established, e.g. offer." placeholder:"ID"`
	Limit      int    `help:"How many, at most 200." default:"50"`
	After      string `help:"Go on after the page before (its mark)." placeholder:"MARK"`
	JSON       bool   `name:"json" help:"Print JSON."`
}

// Validate refuses what would be read as something else in silence.
func (c ListCommand) Validate() error {
	if c.Limit < 1 || c.Limit > 200 {
		return errors.New("--limit is a number from 1 to 200; go on with --after")
	}
	return nil
}

// Help gives examples.
func (ListCommand) Help() string {
	return "Examples:\n  lintas screening list --state new\n  lintas screening list --outcome offer --json"
}

// Run implements the command.
func (c *ListCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	if c.Instrument != "" {
		in, err := d.instrumentNamed(ctx, c.Instrument)
		if err != nil {
			return err // an empty list would say that nobody was asked
		}
		c.Instrument = in.ID
	}
	p, err := d.List(ctx, Query{Instrument: c.Instrument, State: c.State, Outcome: c.Outcome, Limit: c.Limit, After: c.After, Language: "en"})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(p)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RECEIVED\tID\tINSTRUMENT\tVERSION\tPLACE\tSTATE\tOUTCOMES")
	for _, l := range p.Items {
		var outcomes []string
		for _, o := range l.Outcomes {
			outcomes = append(outcomes, o.ID)
		}
		state := "new"
		if l.Reviewed {
			state = "reviewed"
		}
		if l.State == stateErased {
			state = stateErased
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ReceivedAt.Format(time.RFC3339), l.ID, l.FormID, l.Version, l.Place, state, strings.Join(outcomes, ","))
	}
	if p.Next != "" {
		fmt.Fprintf(w, "more: --after %s\n", p.Next)
	}
	return w.Flush()
}

// ShowCommand shows one screening.
type ShowCommand struct {
	ID       string `arg:"" help:"Id of the screening."`
	Language string `help:"Language of the words." default:"en" placeholder:"CODE"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help gives examples.
func (ShowCommand) Help() string {
	return "Example:\n  lintas screening show 0192f0c1-0000-7000-8000-000000000000 --language id"
}

// Run implements the command.
func (c *ShowCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	s, err := d.Read(ctx, c.ID, c.Language)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(s)
	}
	fmt.Fprintf(out, "%s, version %s, received %s\n\n", s.Screening.Title, s.Screening.Version, s.Screening.ReceivedAt.Format(time.RFC3339))
	for _, a := range s.Answers {
		fmt.Fprintf(out, "  %s\n      %s\n", a.Label, firstOf(a.ValueLabel, a.Value))
	}
	for _, r := range s.Results {
		fmt.Fprintf(out, "\nResult of %s (%s %s)\n", r.MadeAt.Format(time.RFC3339), r.Result.Pack.ID, r.Result.Pack.Version)
		if r.Explained == nil {
			fmt.Fprintln(out, "  "+Caution)
			continue
		}
		for _, l := range r.Explained.Lines {
			fmt.Fprintln(out, "  "+l.Text)
		}
	}
	return nil
}

// RescoreCommand scores again.
type RescoreCommand struct {
	ID string `arg:"" help:"Id of the screening."`
}

// Help shows examples.
func (RescoreCommand) Help() string {
	return "`lintas screening list` shows the ids.\n\nExample:\n  lintas screening rescore 0192f0c1-0000-7000-8000-000000000000"
}

// Run implements the command.
func (c *RescoreCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	if err := d.Rescore(ctx, c.ID, "", ""); err != nil {
		return err
	}
	fmt.Fprintln(out, "Scored again. Results of before stay; see `lintas screening show`.")
	return nil
}

// ExportCommand writes answers.
type ExportCommand struct {
	Instrument string `arg:"" help:"Id of the instrument, or its form id."`
	Output     string `short:"o" help:"File to write; standard output without it." placeholder:"FILE"`
}

// Help says what is dangerous.
func (ExportCommand) Help() string {
	return "The file holds what people said, in clear. Keep it sealed and delete it when it has served.\n\nExample:\n  lintas screening export arrival -o arrival.csv"
}

// Run implements the command.
func (c *ExportCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	instrument, err := d.instrumentNamed(ctx, c.Instrument)
	if err != nil {
		return err
	}
	if c.Output != "" {
		f, err := os.OpenFile(c.Output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return problem.New(problem.Invalid, "screening.export-file", "The file cannot be written: %v. Give one that does not exist yet.", err)
		}
		n, err := d.exportCSV(ctx, instrument, f)
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(c.Output) // half an export looks like a whole one
			return err
		}
		fmt.Fprintf(out, "Wrote %d screenings to %s. It holds what people said, in clear: keep it sealed and delete it when it has served.\n", n, c.Output)
		return nil
	}
	_, err = d.exportCSV(ctx, instrument, out)
	return err
}

// exportCSV writes one line per screening and one column per question of the current version, and tells how many.
func (d *Desk) exportCSV(ctx context.Context, in InstrumentView, out io.Writer) (n int, err error) {
	c, err := d.revision(ctx, in.Revision)
	if err != nil {
		return 0, err
	}
	head := []string{"screening", "instance_id", "received_at", "version"}
	var paths []string
	for _, f := range c.form.Fields {
		if !f.Group {
			head = append(head, f.Name)
			paths = append(paths, f.Path)
		}
	}
	w := csv.NewWriter(out)
	w.Write(head)
	for after := ""; ; {
		page, err := d.List(ctx, Query{Instrument: in.ID, Limit: 200, After: after})
		if err != nil {
			return n, err
		}
		for _, l := range page.Items {
			s, err := d.Read(ctx, l.ID, "en")
			if err != nil {
				return n, err
			}
			values := map[string]string{}
			for _, a := range s.Answers {
				values[a.Path] = strings.TrimPrefix(values[a.Path]+" | "+a.Value, " | ")
			}
			line := []string{l.ID, notAFormula(l.InstanceID), l.ReceivedAt.Format(time.RFC3339), l.Version}
			for _, p := range paths {
				line = append(line, notAFormula(values[p]))
			}
			w.Write(line)
			n++
		}
		if after = page.Next; after == "" {
			w.Flush()
			return n, w.Error()
		}
	}
}

// notAFormula keeps a spreadsheet from running what a person typed.
func notAFormula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (d *Desk) instrumentNamed(ctx context.Context, name string) (InstrumentView, error) {
	all, err := d.Instruments(ctx)
	if err != nil {
		return InstrumentView{}, err
	}
	for _, i := range all {
		if i.ID == name || i.FormID == name {
			return i, nil
		}
	}
	return InstrumentView{}, errNoInstrument
}

// InstrumentsCommand lists instruments.
type InstrumentsCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help shows examples.
func (InstrumentsCommand) Help() string {
	return "Examples:\n  lintas screening instruments\n  lintas screening instruments --json"
}

// Run implements the command.
func (c *InstrumentsCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	all, err := d.Instruments(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(all)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tFORM\tVERSION\tSTATE\tTITLE")
	for _, i := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", i.ID, i.FormID, i.Version, i.State, i.Title)
	}
	return w.Flush()
}

// PublishCommand publishes a workbook.
type PublishCommand struct {
	Workbook string   `arg:"" help:"The workbook."`
	Media    []string `help:"Files that go with it." placeholder:"FILE"`
	Pack     string   `help:"A built-in pack, where the workbook has no sheet indicators." placeholder:"ID"`
	Rules    string   `help:"An indicator pack as JSON, before any other: corrected rules need no new program." placeholder:"FILE"`
	Check    bool     `help:"Only check, publish nothing."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Help gives examples.
func (PublishCommand) Help() string {
	return "Examples:\n  lintas screening publish arrival.xlsx --check\n  lintas screening publish arrival.xlsx --media hello-th.mp3 --media hello-my.mp3"
}

// Run implements the command.
func (c *PublishCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	u, err := c.upload()
	if err != nil {
		return err
	}
	checked, err := d.CheckWorkbook(ctx, u)
	if err != nil {
		return err
	}
	switch {
	case c.JSON && (c.Check || !checked.OK):
		checked.Sheets, checked.XForm = nil, ""
		if err := json.NewEncoder(out).Encode(checked); err != nil {
			return err
		}
	case !c.JSON:
		checked.print(out)
	}
	if !checked.OK {
		return problem.New(problem.Invalid, "screening.workbook-invalid", "Mistakes in the workbook: %d. It was not published. Correct the cells named and upload it again.", len(checked.Errors))
	}
	if c.Check {
		if !c.JSON {
			fmt.Fprintf(out, "%s, version %s, can be published (questions: %d). Nothing was published.\n", checked.Title, firstOf(checked.Version, "(none)"), checked.Questions)
		}
		return nil
	}
	r, err := d.PublishWorkbook(ctx, u)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(viewOf(r))
	}
	fmt.Fprintf(out, "Published %s, version %s.\n", r.Title, firstOf(r.Version, "(none)"))
	return nil
}

// upload reads the files that were named, none further than the desk takes them: a device or a pipe never ends.
func (c *PublishCommand) upload() (u Upload, err error) {
	u = Upload{Name: filepath.Base(c.Workbook), Pack: c.Pack}
	if u.Workbook, err = readFile(c.Workbook, maxWorkbook); err != nil {
		return u, err
	}
	if c.Rules != "" {
		if u.Rules, err = readFile(c.Rules, maxRules); err != nil {
			return u, err
		}
	}
	for _, name := range c.Media {
		content, err := readFile(name, maxMediaFile)
		if err != nil {
			return u, err
		}
		u.Media = append(u.Media, Medium{Name: filepath.Base(name), Content: content})
	}
	return u, nil
}

const maxRules = 4 << 20

func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.Invalid, "screening.file-unreadable", "The file cannot be read: %v. Give one that is there and that you may read.", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, problem.New(problem.Invalid, "screening.file-unreadable", "The file cannot be read: %v. Give one that is there and that you may read.", err)
	}
	if int64(len(b)) > most {
		return nil, problem.New(problem.TooLarge, "screening.file-too-large", "The file %s is larger than %d MB, more than is taken. Make it smaller.", filepath.Base(name), most>>20)
	}
	return b, nil
}

// print says what is wrong and what could be better, one place a line.
func (c *Checked) print(out io.Writer) {
	for _, e := range c.Errors {
		place := e.Place()
		if e.Sheet == "" && e.Text != "" { // rules as a file have paths, no cells
			place = e.Text
		}
		fmt.Fprintf(out, "%s: %s\n", place, joined(e.Message, e.Remedy))
	}
	for _, w := range c.Warnings {
		place := w.Sheet
		switch {
		case w.Cell != "":
			place += "!" + w.Cell
		case w.Row > 0:
			place += fmt.Sprintf(" row %d", w.Row)
		}
		fmt.Fprintf(out, "remark: %s\n", strings.TrimPrefix(place+": "+w.Text, ": "))
	}
	for _, l := range c.Languages {
		if len(l.Missing) > 0 {
			fmt.Fprintf(out, "remark: %s: %d of %d texts are written\n", firstOf(l.Name, l.Code), l.Translated, l.Texts)
		}
	}
}

// joined puts a remedy behind a sentence, or behind a part of one.
func joined(message, remedy string) string {
	switch {
	case remedy == "":
		return message
	case strings.HasSuffix(message, ".") || strings.HasSuffix(message, "?"):
		return message + " " + remedy
	}
	return message + "; " + remedy
}

// QuarantineCommand lists the quarantine.
type QuarantineCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help shows examples.
func (QuarantineCommand) Help() string {
	return "Nothing that was sent is lost: a supervisor reads and releases it in the pages.\n\nExamples:\n  lintas screening quarantine\n  lintas screening quarantine --json"
}

// Run implements the command.
func (c *QuarantineCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	p, err := d.Quarantine(ctx, "held", "", 200)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(p)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RECEIVED\tID\tANSWERED\tREASON")
	for _, h := range p.Items {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", h.ReceivedAt.Format(time.RFC3339), h.ID, h.Answered, h.Explanation)
	}
	if p.Next != "" {
		fmt.Fprintln(w, "There are more than these 200; the page Quarantine shows them all.")
	}
	return w.Flush()
}
