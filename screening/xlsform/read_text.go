package xlsform

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// readMarkdown reads tables as the field writes them in forums and tests: the
// name of the sheet in the first column, its rows under it with that column
// empty.
//
//	| survey |      |      |       |
//	|        | type | name | label |
//	|        | text | q1   | Who?  |
//
// A table that begins with the survey's own headings is the survey alone.
func readMarkdown(text []byte, limits Limits) (*Workbook, error) {
	w := &Workbook{}
	b := newBudget(limits)
	var sh *Sheet
	alone := false
	for raw := range bytes.Lines(text) {
		if len(raw) > maxLine {
			return nil, tooLarge("A line of the markdown is too long.")
		}
		line := strings.TrimSpace(string(raw))
		if !strings.HasPrefix(line, "|") || rule(line) {
			continue
		}
		cells := markdownCells(line)
		if len(cells) == 0 {
			continue
		}
		if sh == nil && plainTable(cells) {
			alone = true
			w.Sheets = []Sheet{{Name: sheetSurvey}}
			sh = &w.Sheets[0]
		}
		if alone {
			if err := addLine(sh, b, cells); err != nil {
				return nil, err
			}
			continue
		}
		if cells[0] != "" {
			if len(w.Sheets) == maxSheets {
				return nil, tooManySheets()
			}
			w.Sheets = append(w.Sheets, Sheet{Name: cells[0]})
			sh = &w.Sheets[len(w.Sheets)-1]
			continue
		}
		if sh == nil {
			return nil, unreadable("The first row of the markdown must name the sheet: | survey |.")
		}
		if err := addLine(sh, b, cells[1:]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// No row of a questionnaire is longer, or has more commas.
const (
	maxLine   = 1 << 20
	maxCommas = 20_000
)

// plainTable tells whether a first line is the header of a survey rather than
// the name of a sheet.
func plainTable(cells []string) bool {
	if len(cells) < 2 {
		return false
	}
	for _, c := range cells[:2] {
		if s := snake(c); s == "type" || s == "name" {
			return cells[0] != ""
		}
	}
	return false
}

// addLine takes the first line of a sheet as its header.
func addLine(sh *Sheet, b *budget, cells []string) error {
	if sh.HeaderRow == 0 {
		if len(trimRight(cells)) == 0 {
			return nil
		}
		sh.HeaderRow = 1
		sh.Header = trimRight(cells)
		return b.row(sh.Name, 1, cells)
	}
	number := 2
	if n := len(sh.Rows); n > 0 {
		number = sh.Rows[n-1].Number + 1
	}
	if err := b.row(sh.Name, number, cells); err != nil {
		return err
	}
	cells = trimRight(cells)
	if sh.loose {
		cells = sh.underHeadings(number, cells)
	}
	sh.Rows = append(sh.Rows, Row{Number: number, Cells: cells})
	return nil
}

func trimRight(cells []string) []string {
	n := len(cells)
	for n > 0 && cells[n-1] == "" {
		n--
	}
	return cells[:n]
}

// rule tells the line of dashes under a markdown header.
func rule(line string) bool {
	return strings.Trim(line, "|-: \t") == "" && strings.Contains(line, "-")
}

// markdownCells cuts at bars that are not escaped.
func markdownCells(line string) []string {
	line = strings.TrimPrefix(line, "|")
	var cells []string
	var cell strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == '|':
			cell.WriteByte('|')
			i++
		case line[i] == '|':
			cells = append(cells, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	if rest := strings.TrimSpace(cell.String()); rest != "" {
		cells = append(cells, rest)
	}
	return cells
}

// readBlockCSV reads one .csv file that holds all sheets, each begun by a line
// with its name in the first column, as pyxform does.
func readBlockCSV(text []byte, limits Limits) (*Workbook, error) {
	w := &Workbook{}
	b := newBudget(limits)
	var sh *Sheet
	alone := false
	err := eachLine(text, func(cells []string) error {
		if sh == nil && plainTable(cells) {
			alone = true
			w.Sheets = []Sheet{{Name: sheetSurvey}}
			sh = &w.Sheets[0]
		}
		if alone {
			return addLine(sh, b, cells)
		}
		if len(cells) > 0 && cells[0] != "" {
			if len(w.Sheets) == maxSheets {
				return tooManySheets()
			}
			w.Sheets = append(w.Sheets, Sheet{Name: cells[0]})
			sh = &w.Sheets[len(w.Sheets)-1]
			return nil
		}
		if sh == nil || len(trimRight(cells)) == 0 {
			return nil
		}
		return addLine(sh, b, cells[1:])
	})
	return w, err
}

// readSheetCSVs reads one file for each sheet.
func readSheetCSVs(files []namedText, limits Limits) (*Workbook, error) {
	w := &Workbook{}
	b := newBudget(limits)
	for _, f := range files {
		text, ok := decodeText(f.data)
		if !ok {
			return nil, unreadable("The file " + f.name + ".csv is not written in UTF-8. Save it as \"CSV UTF-8\".")
		}
		sh := Sheet{Name: f.name, loose: true}
		if err := eachLine(text, func(cells []string) error { return addLine(&sh, b, cells) }); err != nil {
			return nil, err
		}
		if sh.HeaderRow > 0 {
			w.Sheets = append(w.Sheets, sh)
		}
	}
	if len(w.Sheets) == 0 {
		return nil, unreadable("There is no .csv file with a sheet in it.")
	}
	return w, nil
}

// delimiter sees what parts the cells. Spreadsheet programs write semicolons where
// the comma is the decimal sign, as in Indonesia and Viet Nam.
func delimiter(text []byte) rune {
	for line := range bytes.Lines(text[:min(len(text), 1<<16)]) {
		best, most := ',', 0
		for _, c := range [...]byte{',', ';', '\t'} {
			if n := bytes.Count(line, []byte{c}); n > most {
				best, most = rune(c), n
			}
		}
		if most > 0 {
			return best
		}
	}
	return ','
}

func eachLine(text []byte, f func([]string) error) error {
	for line := range bytes.Lines(text) {
		if len(line) > maxLine || bytes.Count(line, []byte(",")) > maxCommas {
			return tooLarge("A line of the .csv is too long; perhaps a quotation mark is never closed.")
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = delimiter(text)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	next := 1 // line at which the next record begins if no line is empty
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadable("The .csv cannot be read: " + err.Error() + ".")
		}
		// The package skips empty lines; a spreadsheet counts them as rows.
		line, _ := r.FieldPos(0)
		for ; next < line; next++ {
			if err := f(nil); err != nil {
				return err
			}
		}
		next = line + 1
		cells := make([]string, len(rec))
		for i, s := range rec {
			next += strings.Count(s, "\n")
			cells[i] = strings.TrimSpace(s)
		}
		if err := f(cells); err != nil {
			return err
		}
	}
}
