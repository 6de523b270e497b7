package xlsform

import (
	"strconv"
	"strings"
)

// Workbook is a questionnaire as read from a file: tables of text, with the
// row and column numbers of the source, so that an error can name its cell.
type Workbook struct {
	// FormName becomes the root element of the answers. Empty: the name in the
	// settings sheet, or "data".
	FormName string
	// FallbackName is used as form id when the settings give none; usually the
	// file's name without its ending. Empty: "data".
	FallbackName string
	Sheets       []Sheet
	// Names are all the sheet names of the file, also of sheets that hold
	// nothing; they serve to say "did you mean".
	Names []string
}

// Sheet is one table: a header and the rows under it.
type Sheet struct {
	Name   string
	Header []string
	// HeaderRow is the row of the header in the source, counted from 1.
	HeaderRow int
	// Columns are the column numbers of Header in the source, counted from 1.
	// Nil: the columns are 1, 2, 3 ...
	Columns []int
	Rows    []Row
	// Stray are the addresses of cells that stand under no heading of a
	// spreadsheet; they are read by nobody. At most 20 are kept.
	Stray []string
	loose bool // cells under no heading are dropped, not refused
}

// Row is one row of a sheet. An empty cell is "".
type Row struct {
	Number int // in the source, counted from 1
	Cells  []string
}

// Sheet finds a sheet by name, in any case. The compiler reads survey, choices,
// settings, external_choices and entities; other sheets ("indicators", notes)
// are kept here for whoever knows them.
func (w *Workbook) Sheet(name string) (*Sheet, bool) {
	for i := range w.Sheets {
		if strings.EqualFold(w.Sheets[i].Name, name) {
			return &w.Sheets[i], true
		}
	}
	return nil, false
}

// Cell gives the text under a header; "" where the row is short.
func (s *Sheet) Cell(r Row, header string) string {
	for i, h := range s.Header {
		if h == header {
			return r.cell(i)
		}
	}
	return ""
}

// underHeadings drops what stands under no heading, as spreadsheets often hold
// remarks beside the table, and notes where it was.
func (s *Sheet) underHeadings(row int, cells []string) []string {
	for i, text := range cells {
		if text == "" || i < len(s.Header) && s.Header[i] != "" {
			continue
		}
		if len(s.Stray) < 20 {
			s.Stray = append(s.Stray, columnLetters(s.columnNumber(i))+strconv.Itoa(row))
		}
		cells[i] = ""
	}
	return trimRight(cells)
}

func (r Row) cell(i int) string {
	if i < len(r.Cells) {
		return r.Cells[i]
	}
	return ""
}

// columnNumber is the source column of the i-th header, counted from 1.
func (s *Sheet) columnNumber(i int) int {
	if i < len(s.Columns) {
		return s.Columns[i]
	}
	return i + 1
}

// columnLetters writes a column number as a spreadsheet does: 1 is A, 27 is AA.
func columnLetters(n int) string {
	var b []byte
	for ; n > 0; n = (n - 1) / 26 {
		b = append([]byte{byte('A' + (n-1)%26)}, b...)
	}
	return string(b)
}

// known sheet names, as the format fixes them.
const (
	sheetSurvey   = "survey"
	sheetChoices  = "choices"
	sheetSettings = "settings"
	sheetExternal = "external_choices"
	sheetEntities = "entities"
	sheetOSM      = "osm"
)

var sheetNames = []string{sheetSurvey, sheetChoices, sheetSettings, sheetExternal, sheetEntities, sheetOSM}
