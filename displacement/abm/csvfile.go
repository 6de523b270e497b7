package abm

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// cell is one trimmed value of a CSV file and where it stood.
type cell struct {
	text string
	col  int // from 1
}

// csvRow is one line. Comment rows (starting with #) keep their cells, since
// Flee's headers are comments.
type csvRow struct {
	line    int
	comment bool
	cells   []cell
}

func (r csvRow) get(i int) string {
	if i < len(r.cells) {
		return r.cells[i].text
	}
	return ""
}

// maxFileBytes bounds what one input file may hold.
const maxFileBytes = 256 << 20

// csvFile is a CSV as Flee's folders have it: commas, optional quotes, line ends
// of any system, a byte order mark now and then, empty lines anywhere.
type csvFile struct {
	name       string
	rows       []csvRow
	monthFirst bool // its slashed dates are month/day/year: some could be nothing else
}

// source reads files of a case folder and collects what is wrong with them.
type source struct {
	fs    fs.FS
	found findings
}

// open returns nil when the file is absent.
func (s *source) open(name string) *csvFile {
	raw, ok := s.bytes(name)
	if !ok {
		return nil
	}
	f := &csvFile{name: name}
	lines := splitLines(raw)
	comma := separator(lines)
	if comma != ',' {
		s.found.add(SevWarning, name, 0, 0, "read so (Flee reads commas only)", "the cells are separated by %q", string(comma))
	}
	for i := 0; i < len(lines); i++ {
		at, text := i, lines[i]
		if strings.TrimSpace(text) == "" {
			continue
		}
		if !utf8.ValidString(text) {
			s.found.add(SevWarning, name, at+1, 0, "the bytes are kept as they are", "the line is not UTF-8")
		}
		cells, closed := splitCells(text, comma)
		for more := 1; !closed && more <= maxQuotedLines && at+more < len(lines); more++ {
			// A quoted cell may run over line ends, as spreadsheets write them.
			if cells, closed = splitCells(strings.Join(lines[at:at+more+1], " "), comma); closed {
				i = at + more
			}
		}
		if !closed {
			s.found.add(SevWarning, name, at+1, 0, "quotes in it are letters like any other", "a quote is never closed")
			cells = splitPlain(text, comma)
		}
		row := csvRow{line: at + 1, cells: cells}
		if strings.HasPrefix(row.cells[0].text, "#") {
			row.comment = true
			row.cells[0].text = strings.Trim(strings.TrimPrefix(row.cells[0].text, "#"), ` "`)
		}
		f.rows = append(f.rows, row)
	}
	return f
}

// maxQuotedLines is over how many further lines a quoted cell may run.
const maxQuotedLines = 8

// splitLines cuts at line ends of Unix, Windows and old Macs.
func splitLines(raw []byte) []string {
	text := string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Split(text, "\n")
}

// separator is the comma, unless the first line that says anything has none and
// has semicolons or tabs, as spreadsheets write them in some countries.
func separator(lines []string) byte {
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !strings.Contains(line, ",") {
			for _, other := range []byte{';', '\t'} {
				if strings.IndexByte(strings.TrimSpace(line), other) > 0 {
					return other
				}
			}
		}
		break
	}
	return ','
}

func (s *source) bytes(name string) ([]byte, bool) {
	if !fs.ValidPath(name) {
		return nil, false
	}
	info, err := fs.Stat(s.fs, name)
	if err != nil || info.IsDir() {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.found.add(SevError, name, 0, 0, "the file is taken as absent", "cannot be read: %v", err)
		}
		return nil, false
	}
	if info.Size() > maxFileBytes {
		s.found.add(SevError, name, 0, 0, "the file is taken as absent", "is larger than %d MiB", maxFileBytes>>20)
		return nil, false
	}
	raw, err := fs.ReadFile(s.fs, name)
	if err != nil {
		s.found.add(SevError, name, 0, 0, "the file is taken as absent", "cannot be read: %v", err)
		return nil, false
	}
	return raw, true
}

// splitCells splits a line at commas outside double quotes; "" inside quotes is
// one quote. A quote opens only where a cell begins, as in Flee's reader: one in
// the middle of a name is a letter. closed is false when the last never closes.
func splitCells(line string, comma byte) (cells []cell, closed bool) {
	var b strings.Builder
	quoted := false
	flush := func() {
		cells = append(cells, cell{strings.TrimSpace(b.String()), len(cells) + 1})
		b.Reset()
	}
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == '"' && quoted && i+1 < len(line) && line[i+1] == '"':
			b.WriteByte('"')
			i++
		case ch == '"' && quoted:
			quoted = false
		case ch == '"' && strings.TrimSpace(b.String()) == "":
			quoted = true
		case ch == comma && !quoted:
			flush()
		default:
			b.WriteByte(ch)
		}
	}
	flush()
	return cells, !quoted
}

func splitPlain(line string, comma byte) []cell {
	var cells []cell
	for _, text := range strings.Split(line, string(comma)) {
		cells = append(cells, cell{strings.TrimSpace(text), len(cells) + 1})
	}
	return cells
}

// number reads a decimal; empty is fallback without complaint.
func (s *source) number(f *csvFile, r csvRow, i int, what string, fallback float64) float64 {
	text := r.get(i)
	if text == "" {
		return fallback
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && thousands.MatchString(text) {
		if v, err = strconv.ParseFloat(strings.NewReplacer(",", "", " ", "", "'", "").Replace(text), 64); err == nil {
			s.found.add(SevWarning, f.name, r.line, i+1, "read as "+format(v), "%s is written with separators: %q", what, clip(text))
		}
	}
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		s.found.add(SevError, f.name, r.line, i+1, "taken as "+format(fallback), "%s is not a number: %q", what, clip(text))
		return fallback
	}
	return v
}

// thousands is a number with its thousands set apart: 12,345 or 12 345.5.
var thousands = regexp.MustCompile(`^-?[0-9]{1,3}([, '][0-9]{3})+([.][0-9]+)?$`)

// whole reads an integer; a decimal is cut with a warning.
func (s *source) whole(f *csvFile, r csvRow, i int, what string, fallback int64) int64 {
	v := s.number(f, r, i, what, float64(fallback))
	if v != math.Trunc(v) {
		s.found.add(SevWarning, f.name, r.line, i+1, "cut to "+format(math.Trunc(v)), "%s is not a whole number: %s", what, clip(r.get(i)))
	}
	if math.Abs(v) > 1e12 {
		s.found.add(SevError, f.name, r.line, i+1, "taken as "+format(float64(fallback)), "%s is beyond any population: %s", what, clip(r.get(i)))
		return fallback
	}
	return int64(v)
}

// date reads yyyy-mm-dd, and other forms with a warning.
func (s *source) date(f *csvFile, r csvRow, i int) (time.Time, bool) {
	text := r.get(i)
	if t, err := time.Parse("2006-01-02", text); err == nil {
		return t, true
	}
	if t, ok := otherDate(text, f.monthFirst); ok {
		s.found.add(SevWarning, f.name, r.line, i+1, "read as "+t.Format("2006-01-02"), "the date is not yyyy-mm-dd: %q", clip(text))
		return t, true
	}
	return time.Time{}, false
}

// otherDate reads a day in a form that is not yyyy-mm-dd. Of slashed days the
// day comes first, unless the file shows that the month does.
func otherDate(text string, monthFirst bool) (time.Time, bool) {
	slashed := []string{"2/1/2006", "2-1-2006", "2.1.2006"}
	if monthFirst {
		slashed = []string{"1/2/2006", "1-2-2006"}
	}
	for _, layout := range append(slashed, "2006-1-2", "2006/1/2", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", time.RFC3339,
		"2-Jan-2006", "2-Jan-06", "2 Jan 2006", "2 January 2006", "January 2, 2006", "Jan 2, 2006", "20060102") {
		if t, err := time.Parse(layout, text); err == nil {
			return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), true
		}
	}
	return time.Time{}, false
}

// orderOfDates looks whether slashed days of a file can only be month first.
func (f *csvFile) orderOfDates(column int) {
	for _, row := range f.rows {
		if _, ok := otherDate(row.get(column), false); !ok {
			if _, ok := otherDate(row.get(column), true); ok {
				f.monthFirst = true
				return
			}
		}
	}
}

func format(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
