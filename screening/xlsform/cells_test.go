package xlsform_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"lintas/screening/xlsform"
)

// office makes a workbook as a spreadsheet program does, with a table of texts to
// begin with.
func office(t *testing.T, fill func(f *excelize.File)) *xlsform.Workbook {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	w, err := xlsform.Read("form.xlsx", b.Bytes(), xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCellsOfEveryKindBecomeTheTextThatIsSeen(t *testing.T) {
	w := office(t, func(f *excelize.File) {
		day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		clock, err := f.NewStyle(&excelize.Style{NumFmt: 21})
		must(t, err)
		own := "dd/mm/yyyy hh:mm"
		both, err := f.NewStyle(&excelize.Style{CustomNumFmt: &own})
		must(t, err)
		must(t, f.SetSheetName("Sheet1", "SURVEY"),
			f.SetSheetRow("SURVEY", "A1", &[]any{"type", "name", "label", "default", "required"}),
			f.SetSheetRow("SURVEY", "A2", &[]any{"integer", "a", 1.0, 1.0, true}),
			f.SetSheetRow("SURVEY", "A3", &[]any{"decimal", "b", "B", 1.5, false}),
			f.SetSheetRow("SURVEY", "A4", &[]any{"text", "c", "C", 1e15}),
			f.SetSheetRow("SURVEY", "A5", &[]any{"date", "d", "D"}), f.SetCellValue("SURVEY", "D5", time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)), f.SetCellStyle("SURVEY", "D5", "D5", day),
			f.SetSheetRow("SURVEY", "A6", &[]any{"time", "e", "E"}), f.SetCellFloat("SURVEY", "D6", 0.5, -1, 64), f.SetCellStyle("SURVEY", "D6", "D6", clock),
			f.SetSheetRow("SURVEY", "A7", &[]any{"dateTime", "f", "F"}), f.SetCellFloat("SURVEY", "D7", 43000.25, -1, 64), f.SetCellStyle("SURVEY", "D7", "D7", both),
			f.SetSheetRow("SURVEY", "A8", &[]any{"text", "g"}),
			f.SetCellRichText("SURVEY", "C8", []excelize.RichTextRun{{Text: "Are you "}, {Text: "safe", Font: &excelize.Font{Bold: true}}, {Text: "?"}}),
			f.SetSheetRow("SURVEY", "A9", &[]any{"note", "h", "See https://example.org"}), f.SetCellHyperLink("SURVEY", "C9", "https://example.org", "External"),
			f.SetSheetRow("SURVEY", "A10", &[]any{"text", "i", "non\u00a0breaking  and\ttab \u201cquoted\u201d"}))
	})
	sh, ok := w.Sheet("survey")
	if !ok {
		t.Fatal("no survey")
	}
	for cell, want := range map[string]string{"2 label": "1", "2 default": "1", "2 required": "TRUE", "3 default": "1.5", "3 required": "FALSE", "4 default": "1000000000000000",
		"5 default": "2026-02-03 00:00:00", "6 default": "12:00:00", "7 default": "2017-09-22 06:00:00", "8 label": "Are you safe?", "9 label": "See https://example.org"} {
		row, heading, _ := strings.Cut(cell, " ")
		found := false
		for _, r := range sh.Rows {
			if row == strconv.Itoa(r.Number) {
				found = true
				if got := sh.Cell(r, heading); got != want {
					t.Errorf("%s: %q, want %q", cell, got, want)
				}
			}
		}
		if !found {
			t.Errorf("no row %s", row)
		}
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(form.XForm); !strings.Contains(s, `required="true()"`) || !strings.Contains(s, "<label>non breaking and\ttab &quot;quoted&quot;</label>") && !strings.Contains(s, "<label>non breaking and\ttab \"quoted\"</label>") {
		t.Error(s)
	}
}

func TestASpreadsheetsDressDoesNotChangeTheForm(t *testing.T) {
	plain := func(f *excelize.File) {
		must(t, f.SetSheetName("Sheet1", "survey"),
			f.SetSheetRow("survey", "A1", &[]any{"type", "name", "label"}),
			f.SetSheetRow("survey", "A2", &[]any{"select_one l", "q", "Q"}),
			f.SetSheetRow("survey", "A5", &[]any{"text", "r", "R"}))
		_, err := f.NewSheet("choices")
		must(t, err, f.SetSheetRow("choices", "A1", &[]any{"list_name", "name", "label"}), f.SetSheetRow("choices", "A2", &[]any{"l", "a", "A"}))
	}
	want, err := xlsform.Compile(office(t, plain), xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, dress := range map[string]func(f *excelize.File){
		"merged cells":    func(f *excelize.File) { must(t, f.MergeCell("survey", "C5", "F5")) },
		"a hidden sheet":  func(f *excelize.File) { must(t, f.SetSheetVisible("choices", false)) },
		"a hidden column": func(f *excelize.File) { must(t, f.SetColVisible("survey", "B", false)) },
		"a frozen header": func(f *excelize.File) {
			must(t, f.SetPanes("survey", &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
		},
		"comments": func(f *excelize.File) {
			must(t, f.AddComment("survey", excelize.Comment{Cell: "A2", Author: "x", Text: "why"}))
		},
		"a table": func(f *excelize.File) { must(t, f.AddTable("survey", &excelize.Table{Range: "A1:C5", Name: "t"})) },
		"a list to pick from": func(f *excelize.File) {
			v := excelize.NewDataValidation(true)
			v.Sqref = "A2:A100"
			must(t, v.SetDropList([]string{"text", "integer"}), f.AddDataValidation("survey", v))
		},
		"a sheet of notes": func(f *excelize.File) {
			_, err := f.NewSheet("My notes")
			must(t, err, f.SetCellStr("My notes", "A1", "type"))
		},
		"columns of other tools": func(f *excelize.File) {
			must(t, f.SetCellStr("survey", "D1", "$kuid"), f.SetCellStr("survey", "D2", "abc"), f.SetCellStr("choices", "D1", "$kuid"), f.SetCellStr("choices", "D2", "xyz"), f.SetCellStr("survey", "E1", "bind::esri:fieldType"), f.SetCellStr("survey", "F1", "kobo--score-choices"))
		},
		"a remark beside the table": func(f *excelize.File) { must(t, f.SetCellStr("survey", "H3", "ask Mya")) },
	} {
		got, err := xlsform.Compile(office(t, func(f *excelize.File) { plain(f); dress(f) }), xlsform.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(got.XForm, want.XForm) {
			t.Errorf("%s: another form\n%s\nwant\n%s", name, got.XForm, want.XForm)
		}
	}
}
