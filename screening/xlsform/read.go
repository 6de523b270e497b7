package xlsform

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits bound what reading a workbook may cost. A zero field means the default.
type Limits struct {
	MaxBytes    int64 // of the file as given; default 32 MiB
	MaxPlain    int   // of a file that is a text (.md, .csv, .json); default 8 MiB
	MaxUnzipped int64 // of everything unpacked; default 48 MiB
	MaxRows     int   // of one sheet; default 50,000
	MaxColumns  int   // of one sheet; default 500
	MaxCells    int   // filled cells of all sheets; default 300,000
	MaxText     int   // bytes of text of all cells; default 12 MiB
}

func (l Limits) filled() Limits {
	if l.MaxBytes == 0 {
		l.MaxBytes = 32 << 20
	}
	if l.MaxPlain == 0 {
		l.MaxPlain = 8 << 20
	}
	if l.MaxUnzipped == 0 {
		l.MaxUnzipped = 48 << 20
	}
	if l.MaxRows == 0 {
		l.MaxRows = 50_000
	}
	if l.MaxColumns == 0 {
		l.MaxColumns = 500
	}
	if l.MaxCells == 0 {
		l.MaxCells = 300_000
	}
	if l.MaxText == 0 {
		l.MaxText = 12 << 20
	}
	return l
}

// Read reads a workbook from the bytes of a file. The kind is seen from the
// bytes, and from the name where they do not tell: .xlsx (.xlsm), a zip of .csv
// files, .md, .csv, .json. The stem of the name becomes the fallback form id.
func Read(name string, data []byte, limits Limits) (*Workbook, error) {
	limits = limits.filled()
	if int64(len(data)) > limits.MaxBytes {
		return nil, TooLarge(int64(len(data)), limits.MaxBytes)
	}
	var w *Workbook
	var err error
	ending := strings.ToLower(path.Ext(name))
	switch {
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, oldExcel()
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		w, err = readZip(data, limits)
	case ending == ".xls":
		return nil, oldExcel()
	case ending == ".xlsx" || ending == ".xlsm":
		return nil, unreadable("The file is named as an Excel workbook but is none.")
	default:
		// A text that is too large is not even looked at.
		if len(data) > limits.MaxPlain {
			return nil, tooLarge(fmt.Sprintf("The file has %d bytes; a workbook that is a text may have %d.", len(data), limits.MaxPlain))
		}
		text, ok := decodeText(data)
		if !ok {
			return nil, unreadable("The text is not written in UTF-8. Save it as UTF-8 and try again.")
		}
		trimmed := bytes.TrimSpace(text)
		switch {
		case bytes.HasPrefix(trimmed, []byte("{")):
			w, err = readJSON(trimmed, limits)
		case ending == ".md" || ending == ".markdown" || ending != ".csv" && bytes.HasPrefix(trimmed, []byte("|")):
			w, err = readMarkdown(text, limits)
		case ending == ".csv":
			w, err = readBlockCSV(text, limits)
		default:
			return nil, unreadable("This is not a workbook: use .xlsx, .csv, .md or .json.")
		}
	}
	if err != nil {
		return nil, err
	}
	if len(w.Sheets) == 0 {
		return nil, unreadable("The workbook holds no filled sheet.")
	}
	if w.FallbackName == "" && name != "" && ending != ".json" {
		w.FallbackName = strings.TrimSuffix(path.Base(name), path.Ext(name))
	}
	return w, nil
}

// ReadFolder reads the .csv files of a folder, one sheet each, named as the
// files: survey.csv, choices.csv ...
func ReadFolder(folder fs.FS, limits Limits) (*Workbook, error) {
	limits = limits.filled()
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.EqualFold(path.Ext(e.Name()), ".csv") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	files := make([]namedText, 0, len(names))
	var total int64
	for _, n := range names {
		info, err := fs.Stat(folder, n)
		if err != nil {
			return nil, err
		}
		if total += info.Size(); total > int64(limits.MaxPlain) {
			return nil, tooLarge(fmt.Sprintf("The .csv files of the folder have more than %d bytes.", limits.MaxPlain))
		}
		data, err := fs.ReadFile(folder, n)
		if err != nil {
			return nil, err
		}
		files = append(files, namedText{strings.TrimSuffix(path.Base(n), path.Ext(n)), data})
	}
	return readSheetCSVs(files, limits)
}

type namedText struct {
	name string
	data []byte
}

// decodeText takes UTF-8 with or without a byte order mark.
func decodeText(data []byte) ([]byte, bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return data, utf8.Valid(data)
}

func unreadable(text string) Errors {
	return Errors{{Code: codePrefix + "unreadable", Message: text, Remedy: "Open the file in a spreadsheet program and save it again."}}
}

// TooLarge is the error of a file with more bytes than may be read, for callers
// who know the size before they read.
func TooLarge(size, limit int64) Errors {
	return tooLarge(fmt.Sprintf("The file has %d bytes; %d are allowed.", size, limit))
}

func tooLarge(text string) Errors {
	return Errors{{Code: codePrefix + "too-large", Message: text, Remedy: "Remove what is not part of the questionnaire: pictures, empty rows, other sheets. Long lists belong into an attached .csv file."}}
}

func oldExcel() Errors {
	return Errors{{Code: codePrefix + "left-out.xls", Message: "This is a workbook in the old Excel format (.xls), which is not supported.", Remedy: "Open it in a spreadsheet program and save it as .xlsx."}}
}

// maxSheets is more than any questionnaire has.
const maxSheets = 200

func tooManySheets() Errors {
	return tooLarge(fmt.Sprintf("The workbook has more than %d sheets.", maxSheets))
}

// budget counts what has been read and refuses what is too much.
type budget struct {
	limits Limits
	cells  int
	text   int
}

func newBudget(l Limits) *budget { return &budget{limits: l.filled()} }

func (b *budget) row(sheet string, number int, cells []string) error {
	if number > b.limits.MaxRows {
		return tooLarge(fmt.Sprintf("The sheet %q has more than %d rows.", sheet, b.limits.MaxRows))
	}
	if len(cells) > b.limits.MaxColumns {
		return tooLarge(fmt.Sprintf("The sheet %q has more than %d columns.", sheet, b.limits.MaxColumns))
	}
	for i, s := range cells {
		if len(s) > maxCell {
			return Errors{{Sheet: sheet, Row: number, Cell: columnLetters(i+1) + strconv.Itoa(number), Code: codePrefix + "cell-too-long",
				Message: fmt.Sprintf("The cell holds more than %d bytes.", maxCell), Remedy: "Shorten the text; perhaps a quotation mark is never closed."}}
		}
		if s != "" {
			b.cells++
			b.text += len(s)
		}
	}
	if b.cells > b.limits.MaxCells {
		return tooLarge(fmt.Sprintf("The workbook has more than %d filled cells.", b.limits.MaxCells))
	}
	if b.text > b.limits.MaxText {
		return tooLarge(fmt.Sprintf("The workbook has more than %d bytes of text.", b.limits.MaxText))
	}
	return nil
}
