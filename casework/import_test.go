package casework

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"

	"lintas/casework/htcds"
	"lintas/platform/db/dbtest"
)

// sample is a value that a field of the standard may hold.
func sample(f htcds.Field) []string {
	switch f.Type {
	case htcds.Choice:
		if len(f.Values) > 0 {
			return []string{f.Values[0].Name}
		}
	case htcds.Choices:
		if len(f.Values) > 1 {
			return []string{f.Values[0].Name, f.Values[1].Name}
		}
	case htcds.Date:
		return []string{"1999-05-04"}
	case htcds.Number:
		return []string{"7"}
	case htcds.Boolean:
		return []string{"true"}
	case htcds.Country:
		return []string{"MM"}
	case htcds.Countries:
		return []string{"MM", "TH"}
	case htcds.Language:
		return []string{"mya"}
	case htcds.Phone:
		return []string{"+66812345678"}
	}
	return []string{"Text of " + f.Name}
}

// Whatever the standard has a field for goes through the desk: in as a file,
// sealed by class, out again, as JSON and as CSV.
func TestEveryFieldOfTheStandardGoesThroughTheDesk(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		want := htcds.Record{Values: map[string][]string{}, Other: map[string]string{caseIDColumn: "K-1"}}
		for _, f := range htcds.Fields {
			want.Values[f.Name] = sample(f)
		}
		file, err := json.Marshal([]htcds.Record{want})
		if err != nil {
			t.Fatal(err)
		}
		records, issues, err := ReadCases(file)
		if err != nil || len(issues) > 0 {
			t.Fatal(err, issues)
		}
		done := must[Import](t)(w.ImportHTCDS(ana, records, issues, false))
		if done.Added != 1 || len(done.Rows[0].Unmapped) > 0 {
			t.Fatalf("%+v", done)
		}
		out := must[[]htcds.Record](t)(w.ExportHTCDS(sari, true))
		if diff := cmp.Diff(want.Values, out[0].Values); diff != "" {
			t.Error(diff)
		}
		var table bytes.Buffer
		if err := htcds.WriteCSV(&table, out); err != nil {
			t.Fatal(err)
		}
		again, issues, err := ReadCases(table.Bytes())
		if err != nil || len(issues) > 0 {
			t.Fatal(err, issues)
		}
		if diff := cmp.Diff(out[0].Values, again[0].Values); diff != "" {
			t.Error(diff)
		}
		if same := must[Import](t)(w.ImportHTCDS(ana, records, nil, true)); same.Rows[0].Do != "same" {
			t.Errorf("the same file again would %+v", same.Rows[0])
		}
	})
}

func TestADryRunFindsTheSamePersonTwiceInOneFile(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	file := []byte("case_id,prs_FirstName,prs_SecondName,prs_Birthdate\n1,Mya,Hla,1999-05-04\n2,Hla,MYA,1999-05-04\n3,Nwe,Oo,1990-01-01\n")
	records, issues, err := ReadCases(file)
	if err != nil {
		t.Fatal(err)
	}
	dry := must[Import](t)(w.ImportHTCDS(ana, records, issues, true))
	real := must[Import](t)(w.ImportHTCDS(ana, records, issues, false))
	for i := range dry.Rows {
		if dry.Rows[i].Do != real.Rows[i].Do {
			t.Errorf("row %d: the dry run said %s and then it was %s", i+1, dry.Rows[i].Do, real.Rows[i].Do)
		}
	}
	if dry.Rows[1].Do != "duplicate" || dry.Rows[1].Duplicates[0].Code != "row 1" {
		t.Errorf("%+v", dry.Rows[1])
	}
}

func TestTablesAreReadAsOfficesWriteThem(t *testing.T) {
	table := "prs_FirstName;prs_Citizenship;prs_Birthdate\r\nမြ;MM;1999-05-04\r\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.ReplaceAll(table, ";", "\t")))
	if err != nil {
		t.Fatal(err)
	}
	book := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "prs_FirstName", "B1": "prs_Citizenship", "C1": "prs_Birthdate", "A2": "မြ", "B2": "MM", "C2": "1999-05-04"} {
		book.SetCellValue("Sheet1", cell, v)
	}
	xlsx, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	for form, data := range map[string][]byte{
		"semicolons": []byte(table), "commas and a mark": []byte("\uFEFF" + strings.ReplaceAll(table, ";", ",")), "UTF-16 with tabs": utf16, "a workbook": xlsx.Bytes(),
	} {
		records, issues, err := ReadCases(data)
		if err != nil || len(issues) > 0 || len(records) != 1 || records[0].Values["prs_FirstName"][0] != "မြ" || records[0].Values["prs_Birthdate"][0] != "1999-05-04" {
			t.Errorf("%s: %v %v %v", form, records, issues, err)
		}
	}
	_, _, err = ReadCases([]byte("prs_FirstName\nok\nCaf\xe9\n"))
	wantCode(t, err, "casework.encoding")
	if err == nil || !strings.Contains(err.Error(), "Line 3") {
		t.Errorf("it says %v", err)
	}
}

// A workbook of a hundred kilobytes can unpack to gigabytes, be cut off, or be
// no workbook at all. Each is refused in words; none takes the node down.
func TestHostileWorkbooksAreRefused(t *testing.T) {
	bomb := func(name string, size int) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for n, text := range map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"} {
			f, _ := z.Create(n)
			f.Write([]byte(text))
		}
		f, _ := z.Create(name)
		zeros := make([]byte, 1<<20)
		for range size {
			f.Write(zeros)
		}
		z.Close()
		return out.Bytes()
	}
	book := excelize.NewFile()
	book.SetCellValue("Sheet1", "A1", "prs_FirstName")
	whole, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{
		"a bomb": bomb("xl/worksheets/sheet1.xml", 300), "a bomb of strings": bomb("xl/sharedStrings.xml", 300), "cut off": whole.Bytes()[:len(whole.Bytes())/2],
		"not a workbook": []byte("PK\x03\x04 hello"), "an archive of something": bomb("readme.txt", 0),
	} {
		_, _, err := ReadCases(data)
		if code(err) != "casework.htcds" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Ten thousand rows in one file: dry and stored.
//
//	LINTAS_SLOW=1 go test -v -run TenThousandRows ./casework
func TestTenThousandRowsComeInAndOneBadRowStaysOut(t *testing.T) {
	rows := 300
	if os.Getenv("LINTAS_SLOW") != "" {
		rows = 10_000
	}
	w := newWorld(t, dbtest.SQLite(t))
	var b strings.Builder
	b.WriteString("case_id,prs_FirstName,prs_SecondName,prs_Birthdate\n")
	for i := range rows {
		day := fmt.Sprintf("%d-%02d-%02d", 1950+i%50, 1+i%12, 1+i%28)
		if i == rows/2 {
			day = "31/12/1999"
		}
		fmt.Fprintf(&b, "R-%d,%s%d,Family%d,%s\n", i, nameList[i%len(nameList)], i, i, day)
	}
	records, issues, err := ReadCases([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		out := must[Import](t)(w.ImportHTCDS(ana, records, issues, dry))
		if out.Added != rows-1 || out.Wrong != 1 || out.Rows[rows/2].Do != "wrong" {
			t.Errorf("dry %v: %d added, %d wrong", dry, out.Added, out.Wrong)
		}
	}
}

// brought imports a table of cases.
func brought(t *testing.T, w *world, table string, dry bool) Import {
	t.Helper()
	records, issues, err := ReadCases([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	return must[Import](t)(w.ImportHTCDS(ana, records, issues, dry))
}

// Two rows of one number are two persons: the second must not overwrite the
// first, and a dry run must not promise two cases.
func TestANumberThatStandsTwiceInAFileMakesNoCaseOfTwoPersons(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	table := "Case ID,prs_FirstName,prs_SecondName,prs_Birthdate\n7,Mya,Hla,1999-05-04\n\n7,Nwe,Oo,1990-01-01\n"
	for _, dry := range []bool{true, false} {
		out := brought(t, w, table, dry)
		if out.Added != 1 || out.Wrong != 1 || out.Rows[1].Row != 3 || !strings.Contains(out.Rows[1].Issues[0].Message, "row 1") {
			t.Errorf("dry %v: %+v", dry, out)
		}
	}
}

func TestEmptyRowsMakeNoCases(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	if out := brought(t, w, "prs_FirstName,prs_Birthdate\n,\nMya,1999-05-04\n\n , \n", true); out.Added != 1 || len(out.Rows) != 1 {
		t.Errorf("%+v", out)
	}
}

func TestTheOwnExportComesBackToItsCases(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	brought(t, w, "case_id,prs_FirstName,prs_SecondName,prs_Birthdate\n1,Mya,Hla,1999-05-04\n2,Nwe,Oo,1990-01-01\n", false)
	var table bytes.Buffer
	if err := htcds.WriteCSV(&table, must[[]htcds.Record](t)(w.ExportHTCDS(sari, true))); err != nil {
		t.Fatal(err)
	}
	for _, r := range brought(t, w, table.String(), true).Rows {
		if r.Do != "same" {
			t.Errorf("row %d would %s: %+v", r.Row, r.Do, r)
		}
	}
	changed := brought(t, w, strings.Replace(table.String(), "Nwe", "New", 1), false)
	if changed.Change != 1 || changed.Added+changed.Wrong != 0 {
		t.Errorf("%+v", changed)
	}
}

func TestABirthdayOfThisCenturyInAnotherCalendarIsReadAndOneToComeIsRefused(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	out := brought(t, w, "case_id,prs_FirstName,prs_Birthdate\n1,Mya,๔/๕/๒๕๔๒\n2,Nwe,2031-01-01\n3,Hla,1990\n", false)
	if out.Added != 1 || out.Wrong != 2 || !out.Rows[0].Issues[0].Warning {
		t.Fatalf("%+v", out)
	}
	if r := must[[]htcds.Record](t)(w.ExportHTCDS(sari, true)); r[0].Values["prs_Birthdate"][0] != "1999-05-04" {
		t.Error(r)
	}
	for i, says := range []string{"Buddhist", "future", "no whole day"} {
		if !strings.Contains(out.Rows[i].Issues[0].Message, says) {
			t.Errorf("row %d says %v", i+1, out.Rows[i].Issues)
		}
	}
}
