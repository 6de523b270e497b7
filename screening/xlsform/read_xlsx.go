package xlsform

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The reader of .xlsx works on the zip itself, so that nothing is unpacked that
// is not needed and every byte is counted: a spreadsheet library would unpack a
// bomb first and ask afterwards.

// maxEntries bounds the files of the zip.
const maxEntries = 4096

type xlsxReader struct {
	limits  Limits
	left    int64 // bytes that may still be unpacked
	files   map[string]*zip.File
	budget  *budget
	strings []string
	dates   map[int]dateKind // by cell style
	epoch   int              // days to add for the 1904 calendar
}

type dateKind uint8

const (
	noDate dateKind = iota
	isDate
	isDuration
)

func readZip(data []byte, limits Limits) (*Workbook, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, unreadable("The file is damaged: it cannot be unpacked.")
	}
	if len(z.File) > maxEntries {
		return nil, tooLarge(fmt.Sprintf("The file holds more than %d parts.", maxEntries))
	}
	x := &xlsxReader{limits: limits, left: limits.MaxUnzipped, files: map[string]*zip.File{}, budget: newBudget(limits)}
	var csvs []*zip.File
	for _, f := range z.File {
		x.files[strings.TrimPrefix(path.Clean("/"+f.Name), "/")] = f
		if strings.EqualFold(path.Ext(f.Name), ".csv") && !strings.HasPrefix(path.Base(f.Name), ".") {
			csvs = append(csvs, f)
		}
	}
	if x.files["xl/workbook.xml"] != nil {
		return x.workbook()
	}
	if len(csvs) == 0 {
		return nil, unreadable("This zip is neither an Excel workbook nor a folder of .csv files.")
	}
	var named []namedText
	for _, f := range csvs {
		b, err := x.all(f)
		if err != nil {
			return nil, err
		}
		named = append(named, namedText{strings.TrimSuffix(path.Base(f.Name), path.Ext(f.Name)), b})
	}
	return readSheetCSVs(named, limits)
}

// counted counts what is unpacked.
type counted struct {
	r io.Reader
	x *xlsxReader
}

var errTooMuch = errors.New("too much to unpack")

func (c counted) Read(p []byte) (int, error) {
	if c.x.left <= 0 {
		return 0, errTooMuch
	}
	if int64(len(p)) > c.x.left {
		p = p[:c.x.left]
	}
	n, err := c.r.Read(p)
	c.x.left -= int64(n)
	return n, err
}

// open refuses at once what declares to be too large.
func (x *xlsxReader) open(f *zip.File) (io.ReadCloser, error) {
	if f.UncompressedSize64 > uint64(max(x.left, 0)) {
		return nil, x.tooMuch()
	}
	r, err := f.Open()
	if err != nil {
		return nil, unreadable("The file is damaged: a part of it cannot be unpacked.")
	}
	return r, nil
}

func (x *xlsxReader) tooMuch() error {
	return tooLarge(fmt.Sprintf("The workbook unpacks to more than %d MiB.", x.limits.MaxUnzipped>>20))
}

func (x *xlsxReader) all(f *zip.File) ([]byte, error) {
	r, err := x.open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(counted{r, x})
	if err != nil {
		return nil, x.failed(err)
	}
	return b, nil
}

func (x *xlsxReader) failed(err error) error {
	var known Errors
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, errTooMuch):
		return x.tooMuch()
	case errors.Is(err, errDoctype):
		return unreadable("A part of the workbook has a document type, which no spreadsheet program writes.")
	}
	return unreadable("A part of the workbook is damaged.")
}

// each goes through the events of one part.
func (x *xlsxReader) each(name string, f func(xmlEvent) error) error {
	file := x.files[name]
	if file == nil {
		return nil
	}
	r, err := x.open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	s := newXMLScan(counted{r, x})
	for {
		ev := s.next()
		if ev.kind == 0 {
			if s.err != nil {
				return x.failed(s.err)
			}
			return nil
		}
		if err := f(ev); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return x.failed(err)
		}
	}
}

var errStop = errors.New("stop")

func (x *xlsxReader) workbook() (*Workbook, error) {
	type entry struct{ name, id string }
	var sheets []entry
	err := x.each("xl/workbook.xml", func(ev xmlEvent) error {
		if ev.kind != 's' {
			return nil
		}
		switch string(ev.name) {
		case "sheet":
			sheets = append(sheets, entry{ev.attr("name"), ev.attr("id")})
		case "workbookPr":
			if v := ev.attr("date1904"); v == "1" || v == "true" {
				x.epoch = 1462
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	targets := map[string]string{}
	err = x.each("xl/_rels/workbook.xml.rels", func(ev xmlEvent) error {
		if ev.kind == 's' && string(ev.name) == "Relationship" && strings.HasSuffix(ev.attr("Type"), "/worksheet") {
			t := ev.attr("Target")
			if strings.HasPrefix(t, "/") {
				t = strings.TrimPrefix(t, "/")
			} else {
				t = "xl/" + t
			}
			targets[ev.attr("Id")] = path.Clean(t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := x.styles(); err != nil {
		return nil, err
	}
	if err := x.sharedStrings(); err != nil {
		return nil, err
	}
	w := &Workbook{}
	for _, s := range sheets {
		if len(w.Names) > 200 {
			return nil, tooLarge("The workbook has more than 200 sheets.")
		}
		w.Names = append(w.Names, s.name)
	}
	// The sheets of the form first: others must not use up what may be read.
	read := map[int]*Sheet{}
	for _, own := range [...]bool{true, false} {
		for i, s := range sheets {
			if targets[s.id] == "" || ownSheet(s.name, len(sheets)) != own {
				continue
			}
			sh := &Sheet{Name: s.name}
			if err := x.sheet(targets[s.id], sh, own); err != nil {
				if own {
					return nil, err
				}
				continue // a sheet of the author's own that cannot be read is not ours to refuse
			}
			if sh.HeaderRow > 0 {
				read[i] = sh
			}
		}
	}
	for i := range sheets {
		if read[i] != nil {
			w.Sheets = append(w.Sheets, *read[i])
		}
	}
	return w, nil
}

// ownSheet tells the sheets that the compiler or its callers read.
func ownSheet(name string, sheets int) bool {
	l := strings.ToLower(name)
	return sheets == 1 || isSheetName(l) || l == "indicators"
}

// styles finds the cell styles that show numbers as dates.
func (x *xlsxReader) styles() error {
	custom := map[int]dateKind{}
	x.dates = map[int]dateKind{}
	inXfs, index := false, 0
	return x.each("xl/styles.xml", func(ev xmlEvent) error {
		name := string(ev.name)
		switch {
		case ev.kind == 's' && name == "numFmt":
			id, _ := strconv.Atoi(ev.attr("numFmtId"))
			custom[id] = dateFormat(ev.attr("formatCode"))
		case name == "cellXfs" && ev.kind == 's':
			inXfs = !ev.empty
		case name == "cellXfs" && ev.kind == 'e':
			inXfs = false
		case ev.kind == 's' && name == "xf" && inXfs:
			id, _ := strconv.Atoi(ev.attr("numFmtId"))
			k, own := custom[id]
			switch {
			case own:
			case id >= 14 && id <= 22, id >= 27 && id <= 36, id >= 50 && id <= 58:
				k = isDate
			case id >= 45 && id <= 47:
				k = isDuration
			}
			if k != noDate {
				x.dates[index] = k
			}
			index++
		}
		return nil
	})
}

// dateFormat tells whether a number format shows a date or time.
func dateFormat(code string) dateKind {
	if i := strings.IndexByte(code, ';'); i >= 0 {
		code = code[:i]
	}
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return noDate
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return noDate
			}
			switch strings.ToLower(code[i+1 : i+end]) {
			case "h", "hh", "m", "mm", "s", "ss":
				return isDuration
			}
			i += end
		case 'd', 'm', 'h', 'y', 's', 'D', 'M', 'H', 'Y', 'S':
			return isDate
		}
	}
	return noDate
}

// sharedStrings reads the texts that cells refer to. Reading aids in small print
// (rPh) are no part of the text.
func (x *xlsxReader) sharedStrings() error {
	var text strings.Builder
	inT, inPh, size := false, false, 0
	return x.each("xl/sharedStrings.xml", func(ev xmlEvent) error {
		switch string(ev.name) {
		case "si":
			if ev.kind == 'e' || ev.empty {
				size += text.Len()
				if size > x.limits.MaxText*2 {
					return tooLarge(fmt.Sprintf("The workbook has more than %d bytes of text.", x.limits.MaxText*2))
				}
				x.strings = append(x.strings, text.String())
			}
			text.Reset()
		case "t":
			inT = ev.kind == 's' && !ev.empty
		case "rPh":
			inPh = ev.kind == 's' && !ev.empty
		default:
			if ev.kind == 't' && inT && !inPh {
				text.WriteString(unescapeXML(ev.text, ev.cdata))
			}
		}
		return nil
	})
}

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
	width    int // columns of the header
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
