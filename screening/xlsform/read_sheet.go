package xlsform

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sheet reads one sheet. The first filled row is the header.
func (x *xlsxReader) sheet(name string, sh *Sheet, own bool) error {
	c := &sheetReader{x: x, sh: sh, own: own}
	if err := x.each(name, c.event); err != nil {
		return err
	}
	return c.endRow()
}

type sheetReader struct {
	x        *xlsxReader
	sh       *Sheet
	own      bool
	row, col int
	cells    []string // of the row, by column
	filled   bool
	cellType string
	style    int
	value    strings.Builder
	inValue  bool
	inCell   bool
	formula  bool
}

func (c *sheetReader) event(ev xmlEvent) error {
	switch string(ev.name) {
	case "row":
		if ev.kind == 's' {
			if err := c.endRow(); err != nil {
				return err
			}
			n := whole(ev.attr("r"))
			if n <= c.row {
				n = c.row + 1
			}
			c.row, c.col, c.inCell, c.inValue = n, 0, false, false
		}
	case "c":
		if ev.kind == 's' {
			c.startCell(ev)
		}
		if ev.kind == 'e' || ev.empty {
			return c.endCell()
		}
	case "v", "t":
		c.inValue = ev.kind == 's' && !ev.empty && c.inCell
	case "f":
		if ev.kind == 's' && c.inCell {
			c.formula = true
		}
		c.inValue = false
	case "rPh":
		c.inValue = false
	case "sheetData":
		if ev.kind == 'e' {
			return errStop
		}
	default:
		if ev.kind == 't' && c.inValue {
			if c.value.Len()+len(ev.text) > maxCell {
				return c.bad("cell-too-long", fmt.Sprintf("The cell holds more than %d bytes.", maxCell), "Shorten the text.")
			}
			c.value.WriteString(unescapeXML(ev.text, ev.cdata))
		}
	}
	return nil
}

// maxCell is four times what a spreadsheet program allows in characters.
const maxCell = 131_072

func (c *sheetReader) startCell(ev xmlEvent) {
	c.inCell, c.formula, c.inValue = true, false, false
	c.cellType = ev.attr("t")
	c.style = whole(ev.attr("s"))
	c.value.Reset()
	if n := columnNumber(ev.attr("r")); n > 0 {
		c.col = n
	} else {
		c.col++
	}
}

// whole reads a whole number; 0 where there is none.
func whole(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// columnNumber reads the letters of an address; 0 = none.
func columnNumber(address string) int {
	n := 0
	for i := 0; i < len(address) && i < 4; i++ {
		ch := address[i] &^ 0x20
		if ch < 'A' || ch > 'Z' {
			break
		}
		n = n*26 + int(ch-'A') + 1
	}
	return n
}

func (c *sheetReader) bad(code, text, remedy string) error {
	e := &Error{Sheet: c.sh.Name, Row: c.row, Cell: columnLetters(c.col) + strconv.Itoa(c.row), Message: text, Remedy: remedy, Code: codePrefix + code}
	return Errors{e}
}

func (c *sheetReader) endCell() error {
	if !c.inCell {
		return nil // an end without a beginning
	}
	c.inCell, c.inValue = false, false
	raw := c.value.String()
	if c.formula && raw == "" && c.own && c.cellType != "str" {
		return c.bad("formula", "The cell holds a formula whose result is not saved in the file.", "Open the workbook in a spreadsheet program and save it, or replace the formula by its value.")
	}
	s, err := c.cellText(raw)
	if err != nil {
		return err
	}
	if s == "" {
		return nil
	}
	if !utf8.ValidString(s) {
		return c.bad("encoding", "The text of the cell is damaged (it is not UTF-8).", "Type the text again.")
	}
	if c.col > c.x.limits.MaxColumns {
		return tooLarge(fmt.Sprintf("The sheet %q is filled beyond column %d.", c.sh.Name, c.x.limits.MaxColumns))
	}
	for len(c.cells) < c.col {
		c.cells = append(c.cells, "")
	}
	c.cells[c.col-1] = s
	c.filled = true
	return nil
}

func (c *sheetReader) cellText(raw string) (string, error) {
	switch c.cellType {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(raw))
		if err != nil || i < 0 || i >= len(c.x.strings) {
			if raw == "" {
				return "", nil
			}
			return "", c.bad("unreadable", "The cell refers to a text that the file does not hold.", "Open the workbook in a spreadsheet program and save it again.")
		}
		return cleanCell(c.x.strings[i]), nil
	case "b":
		if strings.TrimSpace(raw) == "1" {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "e":
		if c.own {
			return "", c.bad("cell-error", "The cell holds the error "+raw+".", "Correct its formula, or type the value.")
		}
		return raw, nil
	case "inlineStr", "str", "d":
		return cleanCell(raw), nil
	}
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", nil
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return cleanCell(raw), nil
	}
	switch c.x.dates[c.style] {
	case isDate:
		if s, ok := excelDate(v, c.x.epoch); ok {
			return s, nil
		}
	case isDuration:
		return excelDuration(v), nil
	}
	return numberText(v), nil
}

// cleanCell takes away what a person does not see: hard spaces, spaces at the
// ends, the carriage returns of Windows.
func cleanCell(s string) string {
	if strings.Contains(s, "\u00a0") {
		s = strings.ReplaceAll(s, "\u00a0", " ")
	}
	if strings.Contains(s, "_x000D_") {
		s = strings.ReplaceAll(s, "_x000D_", "")
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return strings.TrimSpace(s)
}

// numberText writes a number as a person would type it: 3, not 3.0.
func numberText(v float64) string {
	if a := math.Abs(v); a >= 1e16 || a != 0 && a < 1e-4 {
		if v == math.Trunc(v) && a < 1e300 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// excelDate turns a day number into the text that the field's tools read: a time
// for fractions of a day, else date and time.
func excelDate(v float64, epoch int) (string, bool) {
	if v < 0 || v > 2_958_466 {
		return "", false
	}
	ms := int64(math.Round((v - math.Floor(v)) * 86_400_000))
	days := int64(math.Floor(v))
	if ms >= 86_400_000 {
		ms -= 86_400_000
		days++
	}
	seconds := ms / 1000
	clock := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if ms%1000 != 0 {
		clock += fmt.Sprintf(".%06d", ms%1000*1000)
	}
	if days == 0 && epoch == 0 {
		return clock, true
	}
	if days < 60 && epoch == 0 {
		days++ // the spreadsheet's 29 February 1900, which never was
	}
	y, m, d := civil(days + int64(epoch) - 25569)
	return fmt.Sprintf("%04d-%02d-%02d %s", y, m, d, clock), true
}

func excelDuration(v float64) string {
	seconds := int64(math.Round(v * 86400))
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// civil turns days since 1970-01-01 into a date. Source: Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms".
func civil(z int64) (y, m, d int64) {
	z += 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

// endRow files the row away.
func (c *sheetReader) endRow() error {
	if !c.filled {
		c.cells = c.cells[:0]
		return nil
	}
	cells := append([]string(nil), c.cells...)
	c.cells, c.filled = c.cells[:0], false
	if c.sh.HeaderRow == 0 {
		c.sh.HeaderRow = c.row
		for i, h := range cells {
			cells[i] = strings.Join(strings.Fields(h), " ")
		}
		c.sh.Header = cells
		return c.x.budget.row(c.sh.Name, 1, cells)
	}
	if cells = c.sh.underHeadings(c.row, cells); len(cells) == 0 {
		return nil
	}
	if err := c.x.budget.row(c.sh.Name, len(c.sh.Rows)+2, cells); err != nil {
		return err
	}
	c.sh.Rows = append(c.sh.Rows, Row{Number: c.row, Cells: cells})
	return nil
}
