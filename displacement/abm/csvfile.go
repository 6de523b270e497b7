package abm

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
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

// csvFile is a CSV as Flee's folders have it: commas, optional quotes, CRLF or
// LF, a byte order mark now and then, empty lines anywhere.
type csvFile struct {
	name string
	rows []csvRow
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
	for i, line := range bytes.Split(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), []byte("\n")) {
		text := strings.TrimRight(string(line), "\r")
		if strings.TrimSpace(text) == "" {
			continue
		}
		if !utf8.ValidString(text) {
			s.found.add(SevWarning, name, i+1, 0, "the bytes are kept as they are", "the line is not UTF-8")
		}
		row := csvRow{line: i + 1, cells: splitCells(text)}
		if strings.HasPrefix(row.cells[0].text, "#") {
			row.comment = true
			row.cells[0].text = strings.TrimSpace(strings.TrimPrefix(row.cells[0].text, "#"))
		}
		f.rows = append(f.rows, row)
	}
	return f
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
// one quote.
func splitCells(line string) []cell {
	var cells []cell
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
		case ch == '"':
			quoted = !quoted
		case ch == ',' && !quoted:
			flush()
		default:
			b.WriteByte(ch)
		}
	}
	flush()
	return cells
}

// number reads a decimal; empty is fallback without complaint.
func (s *source) number(f *csvFile, r csvRow, i int, what string, fallback float64) float64 {
	text := r.get(i)
	if text == "" {
		return fallback
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		s.found.add(SevError, f.name, r.line, i+1, "taken as "+format(fallback), "%s is not a number: %q", what, clip(text))
		return fallback
	}
	return v
}

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

// date reads yyyy-mm-dd, and day-first and slashed forms with a warning.
func (s *source) date(f *csvFile, r csvRow, i int) (time.Time, bool) {
	text := r.get(i)
	if t, err := time.Parse("2006-01-02", text); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-1-2", "2006/1/2", "2/1/2006", "2-1-2006", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.Truncate(24 * time.Hour)
			s.found.add(SevWarning, f.name, r.line, i+1, "read as "+t.Format("2006-01-02"), "the date is not yyyy-mm-dd: %q", clip(text))
			return t, true
		}
	}
	return time.Time{}, false
}

func format(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
