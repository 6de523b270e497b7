package xlsform

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// readJSON reads tables written as JSON:
//
//	{"form_name": "...", "sheets": {"survey": {"header": ["type"], "rows": [["text"]]}}}
//
// Other fields are ignored, so that a case of the corpus is itself a workbook.
// The order of the sheets is kept.
func readJSON(data []byte, limits Limits) (*Workbook, error) {
	var in struct {
		FormName     *string         `json:"form_name"`
		FallbackName *string         `json:"fallback_form_name"`
		SheetNames   []string        `json:"sheet_names"`
		Sheets       json.RawMessage `json:"sheets"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, unreadable("The JSON cannot be read: " + err.Error() + ".")
	}
	if len(in.Sheets) == 0 {
		return nil, unreadable("The JSON has no field \"sheets\".")
	}
	w := &Workbook{Names: in.SheetNames}
	if in.FormName != nil {
		w.FormName = *in.FormName
	}
	if in.FallbackName != nil {
		w.FallbackName = *in.FallbackName
	}
	dec := json.NewDecoder(bytes.NewReader(in.Sheets))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, unreadable("The field \"sheets\" of the JSON must be an object.")
	}
	budget := newBudget(limits)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, unreadable("The JSON cannot be read: " + err.Error() + ".")
		}
		name, _ := tok.(string)
		var table struct {
			Header []*cellText   `json:"header"`
			Rows   [][]*cellText `json:"rows"`
		}
		if err := dec.Decode(&table); err != nil {
			return nil, unreadable("The sheet " + quote(name) + " of the JSON cannot be read: " + err.Error() + ".")
		}
		sh := Sheet{Name: name, HeaderRow: 1, Header: texts(table.Header)}
		for i, r := range table.Rows {
			row := Row{Number: i + 2, Cells: texts(r)}
			if err := budget.row(name, i+2, row.Cells); err != nil {
				return nil, err
			}
			sh.Rows = append(sh.Rows, row)
		}
		w.Sheets = append(w.Sheets, sh)
	}
	return w, nil
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

func texts(in []*cellText) []string {
	out := make([]string, len(in))
	for i, s := range in {
		if s != nil {
			out[i] = string(*s)
		}
	}
	return out
}
