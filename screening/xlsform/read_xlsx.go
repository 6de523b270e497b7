package xlsform

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// The reader of .xlsx works on the zip itself, so that nothing is unpacked that
// is not needed and every byte is counted: a spreadsheet library would unpack a
// bomb first and ask afterwards.

// maxEntries bounds the files of the zip.
const maxEntries = 4096

// maxStyles and maxStrings bound what cells refer to; a spreadsheet program writes
// at most 65,490 styles, and no text that no cell shows.
const (
	maxStyles  = 65_536
	maxStrings = 500_000
)

func (x *xlsxReader) tooManyParts() Errors {
	return tooLarge(fmt.Sprintf("The file holds more than %d parts.", maxEntries))
}

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
		return nil, (&xlsxReader{}).tooManyParts()
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
			if len(sheets) == maxSheets {
				return tooManySheets()
			}
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
			if targets[ev.attr("Id")] = path.Clean(t); len(targets) > maxEntries {
				return x.tooManyParts()
			}
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
			if custom[id] = dateFormat(ev.attr("formatCode")); len(custom) > maxStyles {
				return tooLarge(fmt.Sprintf("The workbook has more than %d number formats.", maxStyles))
			}
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
			if index++; index > maxStyles {
				return tooLarge(fmt.Sprintf("The workbook has more than %d cell styles.", maxStyles))
			}
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
				if len(x.strings) == maxStrings {
					return tooLarge(fmt.Sprintf("The workbook has more than %d texts.", maxStrings))
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
