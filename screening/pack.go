package screening

import (
	"fmt"
	"strings"

	"lintas/kernel/problem"
	"lintas/screening/indicator"
	"lintas/screening/packs"
	"lintas/screening/xlsform"
)

// packOf is the pack of an instrument: from the workbook's own sheet `indicators`, or a built-in one by name
// ("palermo", "palermo@1.2"), or none. notes are remarks that do not keep it from being used.
func packOf(w *xlsform.Workbook, form *xlsform.Form, builtIn string) (p *indicator.Pack, notes []indicator.Problem, err error) {
	if sheet, ok := w.Sheet("indicators"); ok {
		in := indicator.Workbook{Indicators: tableOf(sheet), DefaultLanguage: tagOf(form)}
		if s, ok := w.Sheet("survey"); ok {
			in.Survey = tableOf(s)
		}
		if s, ok := w.Sheet("choices"); ok {
			in.Choices = tableOf(s)
		}
		return indicator.PackFromSheets(in, packs.Get)
	}
	if builtIn == "" {
		return nil, nil, nil
	}
	name, version, _ := strings.Cut(builtIn, "@")
	if p, err = packs.Get(name, version); err != nil {
		return nil, nil, noSuchPack(builtIn, err)
	}
	return p, nil, nil
}

func noSuchPack(name string, err error) error {
	return problem.New(problem.Invalid, "screening.no-such-pack", "There is no built-in pack %q.", name).Because(err)
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
		v := PackView{Title: words(p.Title, lang), Note: words(p.Note, lang)}
		v.ID, v.Version, v.Hash, v.Validated = p.ID, p.Version, p.Hash(), p.Validated
		out = append(out, v)
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
func noteText(n indicator.Problem) CheckedWarning {
	sheet, row, _ := sheetPlace(n.Place)
	return CheckedWarning{Sheet: sheet, Row: row, Text: strings.TrimSpace(fmt.Sprintf("%s %s", n.Message, n.Remedy))}
}
