package xlsform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readJSON reads tables written as JSON:
//
//	{"form_name": "...", "sheets": {"survey": {"header": ["type"], "rows": [["text"]]}}}
//
// Other fields are ignored, so that a case of the corpus is itself a workbook.
// The order of the sheets is kept.
//
// The rows are read one by one, so that a file of nothing but rows is refused
// before it has filled the memory.
func readJSON(data []byte, limits Limits) (*Workbook, error) {
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), w: &Workbook{}, budget: newBudget(limits)}
	err := r.object("the JSON", r.field)
	if err == nil {
		if _, end := r.dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("something follows after its end")
		}
	}
	var told Errors
	switch {
	case errors.As(err, &told):
		return nil, told
	case err != nil:
		return nil, unreadable("The JSON cannot be read: " + err.Error() + ".")
	case !r.sheets:
		return nil, unreadable("The JSON has no field \"sheets\".")
	}
	return r.w, nil
}

type jsonReader struct {
	dec    *json.Decoder
	w      *Workbook
	budget *budget
	sheets bool
}

// object reads an object, handing over each of its names.
func (r *jsonReader) object(what string, field func(name string) error) error {
	tok, err := r.dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return errors.New(what + " must be an object")
	}
	for r.dec.More() {
		tok, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, _ := tok.(string)
		if err := field(name); err != nil {
			return err
		}
	}
	_, err = r.dec.Token()
	return err
}

// field reads one field of the workbook.
func (r *jsonReader) field(name string) error {
	switch name {
	case "form_name":
		return r.optional(&r.w.FormName)
	case "fallback_form_name":
		return r.optional(&r.w.FallbackName)
	case "sheet_names":
		return r.dec.Decode(&r.w.Names)
	case "sheets":
		r.sheets = true
		return r.object("the field \"sheets\"", r.sheet)
	}
	var ignored json.RawMessage
	return r.dec.Decode(&ignored)
}

func (r *jsonReader) optional(to *string) error {
	var s *string
	err := r.dec.Decode(&s)
	if s != nil {
		*to = *s
	}
	return err
}

func (r *jsonReader) sheet(name string) error {
	if len(r.w.Sheets) == maxSheets {
		return tooManySheets()
	}
	sh := Sheet{Name: name, HeaderRow: 1}
	err := r.object("the sheet "+quote(name), func(field string) error {
		switch field {
		case "header":
			var err error
			if sh.Header, err = r.cells(name); err != nil {
				return err
			}
			return r.budget.row(name, 1, sh.Header)
		case "rows":
			return r.rows(&sh)
		}
		var ignored json.RawMessage
		return r.dec.Decode(&ignored)
	})
	r.w.Sheets = append(r.w.Sheets, sh)
	return err
}

func (r *jsonReader) rows(sh *Sheet) error {
	tok, err := r.dec.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('[') {
		return errors.New("the rows of the sheet " + quote(sh.Name) + " must be a list")
	}
	for r.dec.More() {
		cells, err := r.cells(sh.Name)
		if err != nil {
			return fmt.Errorf("sheet %q, row %d: %w", sh.Name, len(sh.Rows)+2, err)
		}
		row := Row{Number: len(sh.Rows) + 2, Cells: cells}
		if err := r.budget.row(sh.Name, row.Number, row.Cells); err != nil {
			return err
		}
		sh.Rows = append(sh.Rows, row)
	}
	_, err = r.dec.Token()
	return err
}

// cellText takes a string, number or truth value as the text of a cell.
type cellText string

func (c *cellText) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case len(b) > 0 && b[0] == '"':
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	case string(b) == "true":
		s = "TRUE"
	case string(b) == "false":
		s = "FALSE"
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		return fmt.Errorf("a cell must be a text, not %.20s", b)
	default:
		s = string(b)
	}
	*c = cellText(s)
	return nil
}

// cells reads the cells of one row, one by one: a row of nothing but commas must
// not fill memory before it is refused.
func (r *jsonReader) cells(sheet string) ([]string, error) {
	tok, err := r.dec.Token()
	if err != nil || tok == nil {
		return nil, err
	}
	if tok != json.Delim('[') {
		return nil, errors.New("a row must be a list")
	}
	var out []string
	for r.dec.More() {
		if len(out) > r.budget.limits.MaxColumns {
			return nil, tooLarge(fmt.Sprintf("The sheet %q has more than %d columns.", sheet, r.budget.limits.MaxColumns))
		}
		var cell *cellText
		if err := r.dec.Decode(&cell); err != nil {
			return nil, err
		}
		text := ""
		if cell != nil {
			text = string(*cell)
		}
		out = append(out, text)
	}
	_, err = r.dec.Token()
	return out, err
}
