package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"lintas/casework/clocks"
	"lintas/casework/hsds"
	"lintas/casework/htcds"
	"lintas/casework/matching"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
)

// Commands are `lintas casework ...`. The node fills Desk before it runs one
// and runs it as itself; commands without a Desk need no node.
type Commands struct {
	ImportDirectory ImportDirectoryCommand `cmd:"" help:"Bring services into the directory: HSDS 3.0 JSON, a zip or folder of its CSV files, or one of them."`
	ExportDirectory ExportDirectoryCommand `cmd:"" help:"Write the directory as HSDS 3.0."`
	Match           MatchCommand           `cmd:"" help:"Rank the directory's services for somebody, with the reasons for and against each."`
	CheckCases      CheckCasesCommand      `cmd:"" help:"Read a file of cases (HTCDS 2.0 as CSV, XLSX or JSON) and say what is wrong with it. Nothing is stored."`
	ImportCases     ImportCasesCommand     `cmd:"" help:"Say what a file of cases would change; with --store, change it."`
	ExportCases     ExportCasesCommand     `cmd:"" help:"Write cases as HTCDS 2.0, without personal data."`
	Schema          SchemaCommand          `cmd:"" help:"Print the JSON Schema of an HTCDS 2.0 case, derived from the standard's list of fields."`
	Clocks          ClocksCommand          `cmd:"" help:"Count a country's statutory terms from the events of a case."`
	Table           TableCommand           `cmd:"" help:"Print the life of a referral: every state, event, who may, what is needed, who is told."`
	Deadlines       DeadlinesCommand       `cmd:"" help:"Look at all deadlines and terms now, as the node does by itself."`
}

// asJSON is the flag that every command with an answer has.
type asJSON struct {
	JSON bool `help:"Answer as JSON."`
}

// ImportDirectoryCommand brings services in.
type ImportDirectoryCommand struct {
	File   string `arg:"" help:"File or folder to read; - reads standard input."`
	DryRun bool   `help:"Say what it would do; nothing is changed."`
	Mark   string `help:"Put this in front of every id of the file (kl makes 1 kl-1): for a directory whose ids mean something else here already. Use the same the next time."`
	asJSON
}

// Help shows how it is used.
func (ImportDirectoryCommand) Help() string {
	return "A row with a known id is replaced, none is taken out; a column that a CSV file does not have stays as it is. When a row cannot be read, nothing is imported and the rows are named.\n\nExamples:\n  lintas casework import-directory services.json --dry-run\n  lintas casework import-directory services.json\n  lintas casework import-directory hsds.zip --json\n  lintas casework import-directory folder-of-csv/\n  lintas casework import-directory services.csv\n  lintas casework import-directory other.zip --mark kl"
}

// Run implements the command.
func (c *ImportDirectoryCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	file, err := readDirectoryFile(c.File)
	if err != nil {
		return err
	}
	if !c.JSON {
		for _, name := range file.Left {
			fmt.Fprintf(out, "%s is no table of HSDS 3.0 and is left out\n", name)
		}
		for _, w := range file.Wrong {
			fmt.Fprintln(out, w.Error())
		}
	}
	if len(file.Wrong) > 0 {
		if c.JSON {
			if err := writeIndented(out, map[string]any{"wrong": file.Wrong}); err != nil {
				return err
			}
		}
		return problem.New(problem.Invalid, "casework.hsds-rows", "%d rows cannot be read. Nothing was imported. Correct them and send again.", len(file.Wrong))
	}
	done, err := d.ImportDirectory(ctx, file, Bringing{DryRun: c.DryRun, Mark: c.Mark})
	if err != nil {
		return err
	}
	if c.JSON {
		return writeIndented(out, done)
	}
	for _, n := range done.Notes {
		fmt.Fprintf(out, "note: %s\n", n.Error())
	}
	if more := done.Noted - len(done.Notes); more > 0 {
		fmt.Fprintf(out, "and %d more notes\n", more)
	}
	if done.Others > 0 {
		fmt.Fprintf(out, "%d rows have a known id and say something else: if this is another directory, give it a --mark\n", done.Others)
	}
	if done.Opened > 0 {
		fmt.Fprintf(out, "%d rows that are confidential here would be published: nothing will be brought in\n", done.Opened)
	}
	verb := ""
	if c.DryRun {
		verb = "would be "
	}
	fmt.Fprintf(out, "%d rows %sadded, %d changed\n", done.Added, verb, done.Changed)
	return nil
}

// readDirectoryFile reads a file, a folder of CSV files, or one CSV file.
func readDirectoryFile(name string) (file hsds.File, err error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		file, err = hsds.ReadCSV(os.DirFS(name))
		return file, asHSDS(err)
	}
	data, err := readFile(name)
	if err != nil {
		return file, err
	}
	if !strings.EqualFold(filepath.Ext(name), ".csv") {
		return ReadDirectory(data)
	}
	if data, err = plainText(data); err == nil {
		file.ReadTable(filepath.Base(name), bytes.NewReader(data))
		if len(file.Keys())+len(file.Wrong)+len(file.Notes) == 0 {
			err = problem.New(problem.Malformed, "casework.hsds-table", "The file holds no rows, or %q is no table of HSDS 3.0 such as services.csv.", filepath.Base(name))
		}
	}
	return file, err
}

// ExportDirectoryCommand writes the directory.
type ExportDirectoryCommand struct {
	Format string `enum:"json,csv" default:"json" help:"json, or csv for a zip of CSV files."`
}

// Help shows how it is used.
func (ExportDirectoryCommand) Help() string {
	return "Examples:\n  lintas casework export-directory > directory.json\n  lintas casework export-directory --format csv > directory.zip"
}

// Run implements the command.
func (c *ExportDirectoryCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	flat, err := d.ExportDirectory(ctx)
	if err != nil {
		return err
	}
	if c.Format == "csv" {
		return flat.Zip(out)
	}
	return writeIndented(out, flat)
}

// MatchCommand ranks services.
type MatchCommand struct {
	Need     []string `help:"What is needed, such as shelter (can be repeated)." required:"" placeholder:"CODE"`
	Language []string `help:"Language the person speaks, best first (can be repeated)." placeholder:"CODE"`
	Age      int      `default:"-1" help:"Age in years; leave out when not known."`
	Gender   string   `help:"Such as Feminine." placeholder:"CODE"`
	Status   string   `help:"Legal status, such as irregular." placeholder:"CODE"`
	Trait    []string `help:"Something that services ask about, such as with_children." placeholder:"CODE"`
	Place    string   `help:"Code of the place, such as TH-63." placeholder:"CODE"`
	At       string   `help:"Where the person is: latitude,longitude." placeholder:"LAT,LON"`
	Most     int      `default:"10" help:"How many to show."`
	asJSON
}

// Help shows how it is used.
func (MatchCommand) Help() string {
	return "Each point stands beside its reason. A service that does not accept the person is not offered, and says why with --json.\n\nExamples:\n  lintas casework match --need shelter --language my --age 26\n  lintas casework match --need shelter --need medical --gender Feminine --at 5.1,94.3 --json"
}

// Run implements the command.
func (c *MatchCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	q := matching.Query{Needs: c.Need, Languages: c.Language, Age: c.Age, Gender: c.Gender, Status: c.Status, Traits: c.Trait, Place: c.Place}
	if c.At != "" {
		if n, err := fmt.Sscanf(c.At, "%g,%g", &q.Latitude, &q.Longitude); n != 2 || err != nil || q.Latitude < -90 || q.Latitude > 90 || q.Longitude < -180 || q.Longitude > 180 {
			return problem.New(problem.Invalid, "casework.place", "%q is no place on the map; write it as latitude,longitude, like 13.75,100.5.", c.At)
		}
		q.Placed = true
	}
	if c.Most < 1 || c.Most > 500 {
		return problem.New(problem.Invalid, "casework.most", "--most is a number from 1 to 500.")
	}
	found, err := d.Match(ctx, q, c.Most)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeIndented(out, found)
	}
	for i, o := range found.Offered {
		fmt.Fprintf(out, "%d. %s (%d points)%s\n", i+1, o.Name, o.Points, away(o.Metres))
		for _, r := range o.Reasons {
			fmt.Fprintf(out, "   %+d  %s %s\n", r.Points, strings.ReplaceAll(string(r.Code), "_", " "), r.Value)
		}
	}
	fmt.Fprintf(out, "Services that can be offered: %d; that cannot: %d\n", found.Total, found.Refused)
	return nil
}

func away(metres int) string {
	if metres < 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f km away", float64(metres)/1000)
}

// CheckCasesCommand reads a file of cases. It needs no store.
type CheckCasesCommand struct {
	File string `arg:"" help:"File to read; - reads standard input."`
	asJSON
}

// Help shows how it is used.
func (CheckCasesCommand) Help() string {
	return "Examples:\n  lintas casework check-cases cases.xlsx\n  lintas casework check-cases - --json < cases.csv"
}

// Run implements the command.
func (c *CheckCasesCommand) Run(out io.Writer) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	return CheckCases(data, c.JSON, out)
}

// CheckCases says what is wrong with a file of cases, row by row.
func CheckCases(data []byte, asJSON bool, out io.Writer) error {
	records, issues, err := ReadCases(data)
	if err != nil {
		return err
	}
	wrong := 0
	for _, i := range issues {
		kind := "error"
		if i.Warning {
			kind = "warning"
		} else {
			wrong++
		}
		if !asJSON {
			fmt.Fprintf(out, "%s: %s\n", kind, i.Error())
		}
	}
	if asJSON {
		if issues == nil {
			issues = []htcds.Issue{}
		}
		if err := writeIndented(out, map[string]any{"cases": len(records), "errors": wrong, "issues": issues}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "%d cases, %d errors, %d warnings\n", len(records), wrong, len(issues)-wrong)
	}
	if wrong > 0 {
		return problem.New(problem.Invalid, "casework.htcds-rows", "%d values cannot be read.", wrong)
	}
	return nil
}

// ImportCasesCommand brings cases in.
type ImportCasesCommand struct {
	File  string `arg:"" help:"File to read (HTCDS 2.0 as CSV, XLSX or JSON); - reads standard input."`
	Store bool   `help:"Store it. Without this nothing is changed."`
	asJSON
}

// Help shows how it is used.
func (ImportCasesCommand) Help() string {
	return "A column case_id lets the same file be brought again: what differs is changed, the rest left. A row that resembles another case, or that cannot be read, is named and left out; the others go in. Cases come in without an owner; a supervisor hands them out.\n\nExamples:\n  lintas casework import-cases cases.csv\n  lintas casework import-cases cases.csv --store\n  lintas casework import-cases cases.xlsx --json"
}

// Run implements the command.
func (c *ImportCasesCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	records, issues, err := ReadCases(data)
	if err != nil {
		return err
	}
	if ctx, err = d.asOurs(ctx); err != nil {
		return err
	}
	done, err := d.ImportHTCDS(ctx, records, issues, !c.Store)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeIndented(out, done)
	}
	for _, r := range done.Rows {
		r.print(out)
	}
	verb := "would be "
	if c.Store {
		verb = "were "
	}
	fmt.Fprintf(out, "%d cases %sadded, %d changed, %d left out\n", done.Added, verb, done.Change, done.Wrong)
	return nil
}

// print says what happens to a row that is more than simply added.
func (r RowResult) print(out io.Writer) {
	for _, i := range r.Issues {
		i.Row = r.Row
		fmt.Fprintf(out, "%s: %s\n", map[bool]string{true: "warning", false: "error"}[i.Warning], i.Error())
	}
	for _, l := range r.Duplicates {
		fmt.Fprintf(out, "row %d: may be the person of %s (same %s); left out\n", r.Row, l.Code, strings.Join(l.Same, ", "))
	}
	for _, c := range r.Changes {
		fmt.Fprintf(out, "row %d, %s: %s changes\n", r.Row, r.Code, c.Field) // values are personal and stay out of terminals' histories
	}
	if len(r.Unmapped) > 0 {
		fmt.Fprintf(out, "row %d: columns that the standard does not know are left out: %s\n", r.Row, strings.Join(r.Unmapped, ", "))
	}
}

// asOurs is the command line acting for the node's own organisation.
func (d *Desk) asOurs(ctx context.Context) (context.Context, error) {
	who := actor.From(ctx)
	if d.Ours == nil || who.Organisation != "" {
		return ctx, nil
	}
	var err error
	who.Organisation, err = d.Ours(ctx)
	return actor.With(ctx, who), err
}

// ExportCasesCommand writes cases without personal data.
type ExportCasesCommand struct {
	Format string `enum:"json,csv" default:"csv" help:"csv or json."`
}

// Help shows how it is used.
func (ExportCasesCommand) Help() string {
	return "Names, contacts, places, health, free text and unknown columns are left out. An export with personal data is made in the pages, by a supervisor, and logged for each person.\n\nExamples:\n  lintas casework export-cases > cases.csv\n  lintas casework export-cases --format json"
}

// Run implements the command.
func (c *ExportCasesCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	records, err := d.ExportHTCDS(ctx, false)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeIndented(out, map[string]any{"records": records})
	}
	var table bytes.Buffer
	if err := htcds.WriteCSV(&table, records); err != nil {
		return err
	}
	_, err = table.WriteTo(out)
	return err
}

// SchemaCommand prints the derived schema. It needs no store.
type SchemaCommand struct{}

// Help shows examples.
func (SchemaCommand) Help() string {
	return "Always JSON; needs no node.\n\nExample:\n  lintas casework schema > htcds-case.json"
}

// Run implements the command.
func (SchemaCommand) Run(out io.Writer) error {
	schema, err := htcds.Schema()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", schema)
	return err
}

// ClocksCommand counts terms. It needs no store.
type ClocksCommand struct {
	Country string   `arg:"" help:"ISO 3166-1 alpha-2, such as TH."`
	Event   []string `help:"An event of the case and when it was: presumed=2026-03-01T09:00 in the country's time (can be repeated)." placeholder:"CODE=TIME"`
	asJSON
}

// Help shows how it is used.
func (ClocksCommand) Help() string {
	return "Without events it lists the terms and what starts and stops each. Every profile is a draft: each term names its source.\n\nExamples:\n  lintas casework clocks TH\n  lintas casework clocks TH --event presumed=2026-03-01T09:00\n  lintas casework clocks GB --event presumed=2026-03-01T09:00 --event clock_extended:reflection=2026-03-20T09:00 --json"
}

// Run implements the command.
func (c *ClocksCommand) Run(out io.Writer) error {
	profiles, err := readProfiles()
	if err != nil {
		return err
	}
	country := strings.ToUpper(c.Country)
	if len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return problem.New(problem.Invalid, "casework.country", "%q is no country; write it as two letters, like TH.", c.Country)
	}
	p := profileOf(profiles, country)
	var events []clocks.Event
	for _, text := range c.Event {
		e, err := eventOf(text, p.Location())
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return listTerms(out, p, c.JSON)
	}
	running := p.Start(events)
	if c.JSON {
		return writeIndented(out, map[string]any{"country": country, "profile": p.Country, "zone": p.Zone, "draft": p.Draft, "clocks": running})
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "term\tfrom\twarn\tend\t\n")
	for _, r := range running {
		show := func(t time.Time) string { return t.In(p.Location()).Format("2006-01-02 15:04") }
		note := ""
		if r.Clock.Minimum {
			note = "at least"
		}
		if !r.Stopped.IsZero() {
			note = "ended on " + show(r.Stopped)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Clock.Code, show(r.Start), show(r.Warn), show(r.End), note)
	}
	return w.Flush()
}

func listTerms(out io.Writer, p clocks.Profile, asJSON bool) error {
	if asJSON {
		return writeIndented(out, p)
	}
	fmt.Fprintf(out, "Profile %s, %s (a draft: %v)\n", p.Country, p.Zone, p.Draft)
	for _, c := range p.Clocks {
		fmt.Fprintf(out, "%s: %s\n  from %s until %s; %s\n  source: %s\n", c.Code, c.Name["en"], c.Starts, strings.Join(c.Stops, ", "), c.Length, c.Source)
	}
	return nil
}

// eventOf reads "presumed=2026-03-01T09:00".
func eventOf(text string, zone *time.Location) (e clocks.Event, err error) {
	code, when, ok := strings.Cut(text, "=")
	code, clock, _ := strings.Cut(code, ":")
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if e.At, err = time.ParseInLocation(form, when, zone); err == nil {
			break
		}
	}
	if !ok || code == "" || err != nil {
		return e, problem.New(problem.Invalid, "casework.event", "%q is no event; write it as presumed=2026-03-01T09:00.", text)
	}
	e.Code, e.Clock = code, clock
	return e, nil
}

// TableCommand prints the referral's life. It needs no store.
type TableCommand struct {
	asJSON
}

// Help shows examples.
func (TableCommand) Help() string {
	return "Needs no node.\n\nExamples:\n  lintas casework table\n  lintas casework table --json"
}

// Run implements the command.
func (c *TableCommand) Run(out io.Writer) error {
	if c.JSON {
		return writeIndented(out, referral.Table)
	}
	_, err := io.WriteString(out, referral.Prose())
	return err
}

// DeadlinesCommand looks at all deadlines.
type DeadlinesCommand struct{}

// Help shows examples.
func (DeadlinesCommand) Help() string {
	return "Only for whoever cannot wait for the node, which looks by itself.\n\nExample:\n  lintas casework deadlines"
}

// Run implements the command.
func (c *DeadlinesCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	if err := d.Deadlines(ctx); err != nil {
		return err
	}
	if err := d.Terms(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "All deadlines and terms were looked at.")
	return err
}

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, problem.New(problem.Invalid, "casework.file", "The file cannot be read: %v.", err)
	}
	return data, nil
}

func writeIndented(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
