package screening

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/screening/indicator"
	"lintas/screening/xlsform"
)

// Checked is what is known of a workbook before it is published: what is wrong, cell by cell, what is not
// translated, and what would change.
type Checked struct {
	OK        bool               `json:"ok"`
	FormID    string             `json:"form_id,omitempty"`
	Version   string             `json:"version,omitempty"`
	Title     string             `json:"title,omitempty"`
	Questions int                `json:"questions"`
	Errors    []*xlsform.Error   `json:"errors"`
	Warnings  []CheckedWarning   `json:"warnings"`
	Languages []Coverage         `json:"languages"`
	Media     []NeededFile       `json:"media"`
	Pack      *indicator.PackRef `json:"pack,omitempty"`
	Sheets    []SheetPicture     `json:"sheets"`
	Diff      *VersionDiff       `json:"diff,omitempty"`
	Preview   *Preview           `json:"preview,omitempty"`
	XForm     string             `json:"xform,omitempty"`
}

// CheckedWarning does not keep a form from being published.
type CheckedWarning struct {
	Sheet string `json:"sheet,omitempty"`
	Row   int    `json:"row,omitempty"`
	Cell  string `json:"cell,omitempty"`
	Text  string `json:"text"`
}

// Coverage is how much of a form is written in one language.
type Coverage struct {
	Code       string        `json:"code"`
	Name       string        `json:"name"`
	Texts      int           `json:"questions" doc:"Texts that there should be"`
	Translated int           `json:"translated"`
	Missing    []MissingText `json:"missing"`
}

// MissingText is a cell whose translation is missing.
type MissingText struct {
	Sheet string `json:"sheet"`
	Row   int    `json:"row,omitempty"`
	Cell  string `json:"cell,omitempty"`
	Name  string `json:"name,omitempty"`
	Text  string `json:"text"`
}

// NeededFile is a file that the form refers to.
type NeededFile struct {
	Name string `json:"name"`
	Here bool   `json:"here" doc:"Uploaded with the workbook, kept from the version before, or an entity list of the node"`
}

// SheetPicture is a sheet as it was read, with the places of the source, so that an error can be shown where
// it stands.
type SheetPicture struct {
	Name      string       `json:"name"`
	HeaderRow int          `json:"header_row"`
	Columns   []int        `json:"columns" doc:"Column numbers in the source, counted from 1"`
	Header    []string     `json:"header"`
	Rows      []RowPicture `json:"rows"`
	More      int          `json:"more,omitempty" doc:"Rows left out of the picture"`
}

// RowPicture is one row of a sheet.
type RowPicture struct {
	Number int      `json:"number"`
	Cells  []string `json:"cells"`
}

// VersionDiff compares a workbook with a published version.
type VersionDiff struct {
	Against  string           `json:"against"`
	Breaking int              `json:"breaking"`
	Changes  []xlsform.Change `json:"changes"`
	More     int              `json:"more,omitempty" doc:"Changes beyond those listed"`
}

func versionDiff(against string, d xlsform.Diff) VersionDiff {
	return VersionDiff{Against: against, Breaking: d.Breaking, Changes: append([]xlsform.Change{}, d.Changes...), More: d.More}
}

// Upload is a workbook with the files that go with it.
type Upload struct {
	Name     string // of the workbook's file; its ending helps to tell the kind
	Workbook []byte
	Media    []Medium
	Pack     string // id of a built-in pack (id or id@version), where the workbook carries none
	Language string // of the preview; the form's own default when empty
	Rules    []byte // an indicator pack as JSON, before any other
}

const (
	maxWorkbook  = 32 << 20
	pictureRows  = 2_000
	maxMediaFile = 50 << 20
)

// CheckWorkbook compiles an upload without publishing it.
func (d *Desk) CheckWorkbook(ctx context.Context, u Upload) (Checked, error) {
	c, _, err := d.check(ctx, u)
	return c, err
}

func (d *Desk) check(ctx context.Context, u Upload) (Checked, *Publication, error) {
	out := Checked{Errors: []*xlsform.Error{}, Warnings: []CheckedWarning{}, Languages: []Coverage{}, Media: []NeededFile{}, Sheets: []SheetPicture{}}
	w, err := xlsform.Read(u.Name, u.Workbook, xlsform.Limits{MaxBytes: maxWorkbook})
	if err != nil {
		out.addErrors(err)
		return out, nil, nil
	}
	out.Sheets = pictures(w)
	report := xlsform.Check(w)
	out.addReport(report)
	if !report.OK() {
		return out, nil, nil
	}
	form := report.Form
	out.FormID, out.Version, out.Title, out.XForm = form.ID, form.Version, form.Title, string(form.XForm)
	p := &Publication{XForm: form.XForm, WorkbookName: path.Base(u.Name), Workbook: u.Workbook, Media: u.Media}
	read, err := ReadForm(form.XForm)
	if err != nil {
		return out, nil, err
	}
	out.Questions = read.questions()
	preview := read.preview(u.Language)
	out.Preview = &preview
	if form.ItemsetsCSV != nil {
		p.Media = append(p.Media, Medium{Name: "itemsets.csv", Type: "text/csv; charset=utf-8", Content: form.ItemsetsCSV})
	}
	pack, notes, err := packOf(w, form, u)
	if err != nil {
		out.addErrors(err)
		return out, nil, nil
	}
	for _, n := range notes {
		out.Warnings = append(out.Warnings, out.noteText(n))
	}
	if pack != nil {
		out.Warnings = append(out.Warnings, notAsked(pack, read)...)
		p.Pack = pack.Canonical()
		ref := pack.Ref()
		p.About.Pack = &ref
		out.Pack = p.About.Pack
	}
	if err := d.against(ctx, &out, p, form); err != nil {
		return out, nil, err
	}
	p.About.Workbook = true
	out.OK = len(out.Errors) == 0
	return out, p, nil
}

// against compares with the version published now and carries its media over.
func (d *Desk) against(ctx context.Context, out *Checked, p *Publication, form *xlsform.Form) error {
	var old []Revision
	var workbook []byte
	var name string
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if old, err = currentRevisions(t, form.ID); err != nil || len(old) == 0 {
			return err
		}
		if err = t.Row(`SELECT workbook, workbook_name FROM screening_revision WHERE id = ?`, old[0].ID).Scan(&workbook, &name); err != nil {
			return err
		}
		p.Media, err = carryOver(t, old[0], p.Media, form.MediaFiles)
		return err
	})
	if err != nil {
		return err
	}
	if len(old) > 0 {
		out.Warnings = append(out.Warnings, samePackName(old[0].About.Pack, p.About.Pack)...)
	}
	have := map[string]bool{}
	for _, m := range p.Media {
		have[m.Name] = true
	}
	lists, err := d.entityLists(ctx)
	if err != nil {
		return err
	}
	read, err := ReadForm(form.XForm)
	if err != nil {
		return err
	}
	for _, n := range form.MediaFiles {
		list := strings.TrimSuffix(n, ".csv")
		_, filled := lists[list]
		_, fills := read.Lists[list]
		out.Media = append(out.Media, NeededFile{n, have[n] || n != list && (filled || fills)})
	}
	if len(workbook) > 0 {
		if before, err := compileBytes(name, workbook); err == nil {
			diff := versionDiff(old[0].Version, xlsform.Compare(before, form))
			out.Diff = &diff
		}
	}
	return nil
}

// carryOver adds the media of the version before that the form still names and that were not sent again.
func carryOver(t *db.Tx, old Revision, media []Medium, wanted []string) ([]Medium, error) {
	have := map[string]bool{}
	for _, m := range media {
		have[m.Name] = true
	}
	for _, name := range wanted {
		if have[name] {
			continue
		}
		m, found, err := db.One(t, func(s db.Scanner) (m Medium, err error) { return m, s.Scan(&m.Name, &m.Type, &m.Content) },
			`SELECT name, type, content FROM screening_media WHERE revision = ? AND name = ?`, old.ID, name)
		if err != nil {
			return nil, err
		}
		if found {
			media = append(media, m)
		}
	}
	return media, nil
}

func compileBytes(name string, data []byte) (*xlsform.Form, error) {
	w, err := xlsform.Read(name, data, xlsform.Limits{MaxBytes: maxWorkbook})
	if err != nil {
		return nil, err
	}
	return xlsform.Compile(w, xlsform.Options{})
}

// addErrors takes the errors of the compiler or of the pack's sheet.
func (c *Checked) addErrors(err error) {
	var many xlsform.Errors
	var one *xlsform.Error
	var pack *indicator.PackError
	var said *problem.Problem
	switch {
	case errors.As(err, &many):
		c.Errors = append(c.Errors, many...)
	case errors.As(err, &one):
		c.Errors = append(c.Errors, one)
	case errors.As(err, &pack):
		for _, p := range pack.Problems {
			e := &xlsform.Error{Message: p.Message, Remedy: p.Remedy, Text: p.Place, Code: "screening.indicator.pack"}
			e.Sheet, e.Row, e.Column = sheetPlace(p.Place)
			if cell, text := c.cellOf(e.Sheet, e.Row, e.Column); cell != "" {
				e.Cell, e.Text = cell, text
			}
			c.Errors = append(c.Errors, e)
		}
	case errors.As(err, &said):
		c.Errors = append(c.Errors, &xlsform.Error{Message: said.Text, Code: said.Code})
	default:
		c.Errors = append(c.Errors, &xlsform.Error{Message: err.Error(), Code: "screening.workbook"})
	}
}

func (c *Checked) addReport(r xlsform.Report) {
	c.Errors = append(c.Errors, r.Errors...)
	for _, w := range r.Warnings {
		c.Warnings = append(c.Warnings, CheckedWarning{Sheet: w.Sheet, Row: w.Row, Text: w.Text})
	}
	for _, a := range r.Advice {
		c.Warnings = append(c.Warnings, CheckedWarning{Sheet: a.Sheet, Row: a.Row, Cell: a.Cell, Text: a.Message + " " + a.Remedy})
	}
	for _, list := range [][]xlsform.Finding{r.Unreachable, r.Duplicates, r.Stray} {
		for _, f := range list {
			c.Warnings = append(c.Warnings, CheckedWarning{Sheet: f.Sheet, Row: f.Row, Cell: f.Cell, Text: f.Text})
		}
	}
	for _, l := range r.Languages {
		code, name := languageOf(l.Language.Name)
		missing := []MissingText{}
		for _, f := range l.Missing {
			missing = append(missing, MissingText{f.Sheet, f.Row, f.Cell, f.Name, f.Text})
		}
		c.Languages = append(c.Languages, Coverage{firstOf(l.Language.Tag, code), name, l.Texts, l.Done, missing})
	}
}

func pictures(w *xlsform.Workbook) []SheetPicture {
	var out []SheetPicture
	for _, s := range w.Sheets {
		p := SheetPicture{Name: s.Name, HeaderRow: s.HeaderRow, Header: s.Header, Columns: s.Columns, Rows: []RowPicture{}}
		if p.Columns == nil {
			for i := range s.Header {
				p.Columns = append(p.Columns, i+1)
			}
		}
		for i, r := range s.Rows {
			if i == pictureRows {
				p.More = len(s.Rows) - i
				break
			}
			p.Rows = append(p.Rows, RowPicture{r.Number, r.Cells})
		}
		out = append(out, p)
	}
	return out
}

// PublishWorkbook compiles an upload and puts it up. A workbook with errors is refused with each of them.
func (d *Desk) PublishWorkbook(ctx context.Context, u Upload) (Revision, error) {
	c, p, err := d.check(ctx, u)
	if err != nil {
		return Revision{}, err
	}
	if p == nil || !c.OK {
		refusal := problem.New(problem.Invalid, "screening.workbook-invalid", "Mistakes in the workbook: %d. It was not published. Correct the cells named and upload it again.", len(c.Errors))
		for _, e := range c.Errors {
			place := e.Place()
			if e.Sheet == "" && e.Text != "" { // rules as a file have paths, no cells
				place = e.Text
			}
			refusal.With(place, strings.TrimSpace(e.Message+" "+e.Remedy))
		}
		return Revision{}, refusal
	}
	for i := range p.Media {
		m := &p.Media[i]
		m.Name = cleanName(m.Name)
		m.Type = typeOf(m.Name)
		if len(m.Content) > maxMediaFile {
			return Revision{}, problem.New(problem.TooLarge, "screening.media-too-large", "The file %s is over 50 MB, too large for phones. Make it smaller.", m.Name)
		}
	}
	return d.Publish(ctx, *p)
}

// InstrumentView is an instrument in a list, with the version that it offers.
type InstrumentView struct {
	ID          string             `json:"id"`
	FormID      string             `json:"form_id"`
	Title       string             `json:"title"`
	Version     string             `json:"version"`
	Revision    string             `json:"revision" doc:"Id of this version, as used in OpenRosa addresses"`
	State       State              `json:"state" enum:"open,closing,closed"`
	Languages   []Language         `json:"languages"`
	Default     string             `json:"default_language"`
	Questions   int                `json:"questions"`
	Pack        *indicator.PackRef `json:"pack,omitempty"`
	PublishedAt string             `json:"published_at"`
	Media       []Medium           `json:"media"`
	Hash        string             `json:"hash"`
	Workbook    bool               `json:"workbook" doc:"The workbook can be downloaded"`
}

// InstrumentDetail is an instrument with every version of it.
type InstrumentDetail struct {
	InstrumentView
	Versions []InstrumentView `json:"versions"`
}

func viewOf(r Revision) InstrumentView {
	return InstrumentView{ID: r.Instrument, FormID: r.FormID, Title: r.Title, Version: r.Version, Revision: r.ID, State: r.State, Languages: append([]Language{}, r.About.Languages...),
		Default: r.About.Default, Questions: r.About.Questions, Pack: r.About.Pack, PublishedAt: r.PublishedAt.UTC().Format("2006-01-02T15:04:05.000Z"), Media: r.Media, Hash: "md5:" + r.MD5, Workbook: r.About.Workbook}
}

// Instruments lists what is published; devices and officers see open instruments only.
func (d *Desk) Instruments(ctx context.Context) ([]InstrumentView, error) {
	who := actor.From(ctx)
	all := who.System != "" || who.Has(actor.Supervisor, actor.Administrator, actor.Caseworker, actor.Trainer)
	out := []InstrumentView{}
	err := d.db.Read(ctx, func(t *db.Tx) error {
		rs, err := currentRevisions(t, "")
		for _, r := range rs {
			if all || r.State == StateOpen {
				out = append(out, viewOf(r))
			}
		}
		return err
	})
	return out, err
}

// Instrument gives one instrument with every version.
func (d *Desk) Instrument(ctx context.Context, instrument string) (out InstrumentDetail, err error) {
	err = d.db.Read(ctx, func(t *db.Tx) error {
		in, found, err := instrumentByID(t, instrument)
		if err != nil {
			return err
		}
		if !found {
			return errNoInstrument
		}
		rs, err := revisionsOf(t, instrument)
		for _, r := range rs {
			v := viewOf(r)
			out.Versions = append(out.Versions, v)
			if r.ID == in.Current {
				out.InstrumentView = v
			}
		}
		return err
	})
	return out, err
}

// revisionOf finds a version of an instrument by its name or by its revision id.
func (d *Desk) revisionOf(ctx context.Context, instrument, version string) (revision string, err error) {
	err = d.db.Read(ctx, func(t *db.Tx) error {
		var found bool
		if revision, found, err = revisionByVersion(t, instrument, version); err != nil || found {
			return err
		}
		r, found, err := revisionByID(t, version)
		if err == nil && (!found || r.Instrument != instrument) {
			return errNoInstrument
		}
		revision = version
		return err
	})
	return revision, err
}

// CompareVersions tells what changed between two published versions.
func (d *Desk) CompareVersions(ctx context.Context, instrument, from, to string) (VersionDiff, error) {
	var forms [2]*xlsform.Form
	for i, v := range []string{from, to} {
		revision, err := d.revisionOf(ctx, instrument, v)
		if err != nil {
			return VersionDiff{}, err
		}
		data, _, err := d.RevisionFile(ctx, revision, "workbook")
		if err != nil {
			return VersionDiff{}, problem.New(problem.NotFound, "screening.not-comparable", "Version %q was published without its workbook, so it cannot be compared.", v)
		}
		if forms[i], err = compileBytes("workbook", data); err != nil {
			return VersionDiff{}, err
		}
	}
	return versionDiff(from, xlsform.Compare(forms[0], forms[1])), nil
}

// sheetPlace reads a place such as "sheet indicators, row 5, column when" of a pack's problem.
func sheetPlace(place string) (sheet string, row int, column string) {
	rest, ok := strings.CutPrefix(place, "sheet ")
	if !ok {
		return "", 0, ""
	}
	rest, column, _ = strings.Cut(rest, ", column ")
	sheet, rest, _ = strings.Cut(rest, ", ")
	row, _ = strconv.Atoi(strings.TrimPrefix(rest, "row "))
	return sheet, row, column
}

// cellOf names the cell of a column in a row as the spreadsheet does, G5, with what stands in it.
func (c *Checked) cellOf(sheet string, row int, column string) (cell, text string) {
	for _, s := range c.Sheets {
		if s.Name != sheet || row == 0 {
			continue
		}
		for i, h := range s.Header {
			if strings.TrimSpace(h) == column && i < len(s.Columns) {
				cell, _ = excelize.CoordinatesToCellName(s.Columns[i], row)
				return cell, s.text(row, i)
			}
		}
	}
	return "", ""
}

// text is what stands in a cell, by the row's number and the column's index.
func (s *SheetPicture) text(row, column int) string {
	for _, r := range s.Rows {
		if r.Number == row && column < len(r.Cells) {
			return r.Cells[column]
		}
	}
	return ""
}
