package hsds

import (
	"bytes"
	"fmt"
)

// MaxFiles bounds the files of a zip; MaxRows the rows of a file with all its
// tables: a small file can hold very many empty rows, and each becomes an
// object many times its size.
const (
	MaxFiles = 1000
	MaxRows  = 500_000

	maxCells = 20 * MaxRows // of one table or JSON file; also bounds one endless row
)

// tooMany counts before anything is read: sign separates cells, or opens an
// object of JSON. It answers what to do, or nothing.
func (f *File) tooMany(data []byte, sign rune) string {
	rows, cells := bytes.Count(data, []byte("\n")), bytes.Count(data, []byte(string(sign)))
	if sign == '{' {
		rows, cells = cells, bytes.Count(data, []byte(","))
	}
	if f.lines+rows > MaxRows || cells > maxCells {
		return fmt.Sprintf("there are more than %d rows; bring it in parts", MaxRows)
	}
	f.lines += rows
	return ""
}
