// Package instruments holds the workbooks that come with Lintas, as reviewable
// CSV, one file a sheet. The only one is "arrival-interview", a fictional
// demonstration: its texts are ours, its translations are machine drafts and
// marked so in the sheet indicators (column draft).
//
// Recordings are named in the sheet (media::audio) and are not here: an
// officer's app says "no audio in this language" where one is absent.
package instruments

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"sort"
	"strings"

	"github.com/xuri/excelize/v2"

	"lintas/screening/indicator"
	"lintas/screening/packs"
)

//go:embed arrival-interview/*.csv
var files embed.FS

// Arrival is the name of the demonstration workbook.
const Arrival = "arrival-interview"

// Sheet is one sheet of a workbook: the header is its first row.
type Sheet struct {
	Name string
	Rows [][]string
}

// sheetOrder is the order people expect; other sheets follow by name.
var sheetOrder = map[string]int{"survey": 1, "choices": 2, "settings": 3, "indicators": 4}

// IDs lists the workbooks.
func IDs() []string { return []string{Arrival} }

// Sheets reads a workbook's sheets.
func Sheets(id string) ([]Sheet, error) {
	entries, err := files.ReadDir(id)
	if err != nil {
		return nil, fmt.Errorf("there is no workbook %q; there is %s", id, strings.Join(IDs(), ", "))
	}
	var out []Sheet
	for _, e := range entries {
		b, err := files.ReadFile(id + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", id, e.Name(), err)
		}
		out = append(out, Sheet{strings.TrimSuffix(e.Name(), ".csv"), rows})
	}
	place := func(s Sheet) int {
		if n := sheetOrder[s.Name]; n > 0 {
			return n
		}
		return 99
	}
	sort.SliceStable(out, func(i, j int) bool { return place(out[i]) < place(out[j]) })
	return out, nil
}

// XLSX builds the workbook as a spreadsheet. The same CSV gives the same bytes.
func XLSX(id string) ([]byte, error) {
	sheets, err := Sheets(id)
	if err != nil {
		return nil, err
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i == 0 {
			err = f.SetSheetName("Sheet1", s.Name)
		} else {
			_, err = f.NewSheet(s.Name)
		}
		if err != nil {
			return nil, err
		}
		if err := fill(f, s); err != nil {
			return nil, fmt.Errorf("sheet %s: %w", s.Name, err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func fill(f *excelize.File, s Sheet) error {
	for r, row := range s.Rows {
		for c, text := range row {
			if text == "" {
				continue
			}
			cell, err := excelize.CoordinatesToCellName(c+1, r+1)
			if err != nil {
				return err
			}
			// Everything is text: a version of digits must not become a number.
			if err := f.SetCellStr(s.Name, cell, text); err != nil {
				return err
			}
		}
	}
	return f.SetPanes(s.Name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// Pack builds the indicator pack that the workbook carries.
func Pack(id string) (*indicator.Pack, error) {
	sheets, err := Sheets(id)
	if err != nil {
		return nil, err
	}
	w := indicator.Workbook{DefaultLanguage: "en"}
	for _, s := range sheets {
		t := indicator.Table{Name: s.Name, Header: s.Rows[0], Rows: s.Rows[1:]}
		switch s.Name {
		case "survey":
			w.Survey = t
		case "choices":
			w.Choices = t
		case "indicators":
			w.Indicators = t
		}
	}
	p, _, err := indicator.PackFromSheets(w, packs.Get)
	return p, err
}
