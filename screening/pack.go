package screening

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"lintas/kernel/problem"
	"lintas/screening/indicator"
	"lintas/screening/packs"
	"lintas/screening/xlsform"
)

// packOf is the pack of an instrument: a file of its own, or the workbook's sheet `indicators`, or a built-in one
// by name ("palermo", "palermo@1.2"), or none. notes are remarks that do not keep it from being used.
func packOf(w *xlsform.Workbook, form *xlsform.Form, u Upload) (p *indicator.Pack, notes []indicator.Problem, err error) {
	if len(u.Rules) > 0 {
		return rulesOf(u.Rules)
	}
	if sheet, ok := w.Sheet(indicatorSheet); ok {
		in := indicator.Workbook{Indicators: tableOf(sheet), DefaultLanguage: tagOf(form)}
		if s, ok := w.Sheet("survey"); ok {
			in.Survey = tableOf(s)
		}
		if s, ok := w.Sheet("choices"); ok {
			in.Choices = tableOf(s)
		}
		return indicator.PackFromSheets(in, packs.Get)
	}
	if u.Pack == "" {
		return nil, nil, nil
	}
	name, version, _ := strings.Cut(u.Pack, "@")
	if p, err = packs.Get(name, version); err != nil {
		return nil, nil, noSuchPack(u.Pack, err)
	}
	return p, nil, nil
}

// rulesOf reads rules as a file. What nobody could ever see is refused here, where they are written, and not when a
// stored pack is read.
func rulesOf(b []byte) (*indicator.Pack, []indicator.Problem, error) {
	p, err := indicator.LoadPack(b, packs.Get)
	if err != nil {
		return nil, nil, err
	}
	never, doubts := p.Unreachable()
	if len(never) > 0 {
		return nil, nil, &indicator.PackError{Problems: never}
	}
	return p, doubts, nil
}

const indicatorSheet = "indicators"

// notAsked remarks on questions of a pack that the form does not ask: indicators behind them can never be seen.
func notAsked(p *indicator.Pack, f *Form) (notes []CheckedWarning) {
	var missing []string
	for _, q := range p.Questions {
		if f.named(q.Name) == nil {
			missing = append(missing, q.Name)
		}
	}
	if len(missing) > 0 {
		notes = append(notes, CheckedWarning{Text: fmt.Sprintf("The form does not ask %d of the %d questions that the rules read: %s. What hangs on them stays unanswered.", len(missing), len(p.Questions), strings.Join(missing, ", "))})
	}
	return notes
}

// samePackName remarks on rules that changed and kept their version: a person who reads two results would take them for
// the same, though their hashes differ.
func samePackName(before, now *indicator.PackRef) []CheckedWarning {
	if before == nil || now == nil || before.ID != now.ID || before.Version != now.Version || before.Hash == now.Hash {
		return nil
	}
	return []CheckedWarning{{Text: fmt.Sprintf("The rules differ from those in force but call themselves %s %s, too. Give them another version, so that results tell them apart.", now.ID, now.Version)}}
}

// Replaced says what corrected rules did.
type Replaced struct {
	Checked   Checked         `json:"checked"`
	Published *InstrumentView `json:"published,omitempty"`
}

// ReplacePack puts corrected rules under an instrument, as a new version of it: a pack is data, and a row that
// was confirmed against its source, or found wrong, needs no new program. Without a version they are only checked.
// The workbook's own sheet of indicators, which they replace, is left out of the new version.
func (d *Desk) ReplacePack(ctx context.Context, instrument, version string, rules []byte) (out Replaced, err error) {
	t, err := d.translatable(ctx, instrument, "")
	if err != nil {
		return out, err
	}
	t.book.Sheets = slices.DeleteFunc(t.book.Sheets, func(s xlsform.Sheet) bool { return strings.EqualFold(s.Name, indicatorSheet) })
	if version != "" {
		setSetting(t.book, "version", version)
	}
	u := Upload{Name: path.Base(t.current.FormID) + ".xlsx", Rules: rules}
	if u.Workbook, err = writeWorkbook(t.book); err != nil {
		return out, err
	}
	if out.Checked, err = d.CheckWorkbook(ctx, u); err != nil {
		return out, err
	}
	out.Checked.Sheets, out.Checked.Preview, out.Checked.XForm = []SheetPicture{}, nil, ""
	if version == "" || !out.Checked.OK {
		return out, nil
	}
	r, err := d.PublishWorkbook(ctx, u)
	v := viewOf(r)
	out.Published = &v
	return out, err
}

func noSuchPack(name string, err error) error {
	return problem.New(problem.Invalid, "screening.no-such-pack", "There is no built-in pack %q. There are %s.", name, strings.Join(packs.IDs(), ", ")).Because(err)
}

// PackView is a built-in pack.
type PackView struct {
	indicator.PackRef
	Title Words `json:"title"`
	Note  Words `json:"note"`
}

// Packs lists the built-in packs.
func (d *Desk) Packs(lang string) ([]PackView, error) {
	out := []PackView{}
	for _, id := range packs.IDs() {
		p, err := packs.Get(id, "")
		if err != nil {
			return nil, err
		}
		out = append(out, PackView{PackRef: p.Ref(), Title: words(p.Title, lang), Note: words(p.Note, lang)})
	}
	return out, nil
}

func tableOf(s *xlsform.Sheet) indicator.Table {
	t := indicator.Table{Name: s.Name, Header: s.Header}
	for _, r := range s.Rows {
		t.Rows = append(t.Rows, r.Cells)
		t.Numbers = append(t.Numbers, r.Number)
	}
	return t
}

// tagOf is the language of columns that name none.
func tagOf(form *xlsform.Form) string {
	for _, l := range form.Languages {
		if l.Name == form.DefaultLanguage {
			return l.Tag
		}
	}
	return ""
}

// noteText says a pack's remark as a warning of the workbook.
func (c *Checked) noteText(n indicator.Problem) CheckedWarning {
	sheet, row, column := sheetPlace(n.Place)
	text := strings.TrimSpace(fmt.Sprintf("%s; %s", n.Message, n.Remedy))
	if sheet == "" { // rules as a file have paths, no cells
		text = n.Place + ": " + text
	}
	cell, _ := c.cellOf(sheet, row, column)
	return CheckedWarning{Sheet: sheet, Row: row, Cell: cell, Text: text}
}
