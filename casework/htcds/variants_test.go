package htcds

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// read reads a table and fails when it is no table at all.
func read(t *testing.T, text string) ([]Record, []Issue) {
	t.Helper()
	records, issues, err := ReadCSV(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return records, issues
}

func TestHeadingsAreFoundAsTemplatesAndFormsHaveThem(t *testing.T) {
	for form, text := range map[string]string{
		"groups of a form":         "person/prs_FirstName,person/prs_Gender\nMya,Feminine\n",
		"groups with a dash":       "g1-person-prs_FirstName,g1-person-prs_Gender\nMya,Feminine\n",
		"case and spaces":          " PRS_FIRSTNAME ,prs gender\nMya,feminine\n",
		"labels":                   "First Name,Gender,Citizenship\nMya,Feminine,\n",
		"a title above":            "Human Trafficking Case Data Standard,,\n\nprs_FirstName,prs_Gender,prs_Citizenship\nMya,Feminine,\n",
		"labels in a second row":   "prs_FirstName,prs_Gender\nFirst Name,Gender\nMya,Feminine\n",
		"empty rows and cells":     "prs_FirstName,prs_Gender\n,\n\nMya,Feminine,,,\n,\n",
		"quotation marks within":   "prs_FirstName,prs_Gender,other\nMya,Feminine,called \"May\" here\n",
		"semicolons below a title": "Cases; 2026\nprs_FirstName;prs_Gender;prs_Citizenship\nMya;Feminine;\n",
	} {
		records, issues := read(t, text)
		if len(records) != 1 || len(issues) > 0 {
			t.Errorf("%s: %d records, %v", form, len(records), issues)
			continue
		}
		if v := records[0].Values; v["prs_FirstName"][0] != "Mya" || v["prs_Gender"][0] != "Feminine" {
			t.Errorf("%s: %v", form, v)
		}
	}
}

func TestARowIsNamedAsTheSpreadsheetCountsIt(t *testing.T) {
	_, issues := read(t, "Title,,\nprs_FirstName,prs_Birthdate,cco_CaseComment\nMya,1999-05-04,\"two\nlines\"\n\nHla,1990,\n")
	if len(issues) != 1 || issues[0].Cell != "B5" || issues[0].Row != 3 || !strings.Contains(issues[0].Error(), "(cell B5)") {
		t.Errorf("%+v", issues)
	}
}

func TestACellThatNothingClosesDoesNotSwallowTheRowsBelow(t *testing.T) {
	for _, text := range []string{"prs_FirstName,prs_SecondName\n\"Mya,Hla\nNwe,Oo\n", "prs_FirstName,prs_SecondName\nNwe,Oo\n\"Mya\" x,Hla\n"} {
		_, _, err := ReadCSV(strings.NewReader(text))
		if !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "quotation mark") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAListMayHaveAColumnForEachValue(t *testing.T) {
	want := []string{"DebtBondage", "WithholdsDocuments"}
	for _, text := range []string{
		"prs_FirstName,vic_MethodsOfControl/DebtBondage,vic_MethodsOfControl/Other,vic_MethodsOfControl/WithholdsDocuments\nMya,1,0,TRUE\n",
		"prs_FirstName,vic_MethodsOfControl,g/vic_MethodsOfControl/DebtBondage,g/vic_MethodsOfControl/WithholdsDocuments\nMya,DebtBondage WithholdsDocuments,1,1\n",
	} {
		records, issues := read(t, text)
		if diff := cmp.Diff(want, records[0].Values["vic_MethodsOfControl"]); diff != "" || len(issues) > 0 {
			t.Error(diff, issues)
		}
	}
	if _, issues := read(t, "vic_MethodsOfControl/DebtBondage\nsometimes\n"); len(issues) != 1 || issues[0].Warning {
		t.Error(issues)
	}
}

func TestListsAreTakenApartHoweverTheyAreWritten(t *testing.T) {
	f, _ := Lookup("vic_MethodsOfControl")
	for _, cell := range []string{"DebtBondage;WithholdsDocuments", "DebtBondage, WithholdsDocuments", "debt bondage | withholds documents", "DebtBondage/WithholdsDocuments", "DebtBondage WithholdsDocuments", "DebtBondage\nWithholdsDocuments", "DebtBondage،WithholdsDocuments"} {
		got, warn, err := f.Normalise(f.split(cell))
		if strings.Join(got, "+") != "DebtBondage+WithholdsDocuments" || warn != "" || err != nil {
			t.Errorf("%q: %v %q %v", cell, got, warn, err)
		}
	}
	// One value that the list does not know must not hide the one it knows.
	if got, warn, _ := f.Normalise(f.split("DebtBondage, Hypnosis")); len(got) != 2 || warn == "" {
		t.Error(got, warn)
	}
}

func TestDaysAndNumbersOfTheRegionAreReadOrRefusedInWords(t *testing.T) {
	for _, c := range []struct{ field, in, want, says string }{
		{"prs_Birthdate", "2542-05-04", "1999-05-04", "Buddhist"}, {"prs_Birthdate", "๔/๕/๒๕๔๒", "1999-05-04", "Buddhist"}, {"prs_Birthdate", "၁၉၉၉-၀၅-၀၄", "1999-05-04", ""}, {"prs_Birthdate", "4 May 1999", "1999-05-04", ""},
		{"prs_Birthdate", "1999", "", "no whole day"}, {"prs_Birthdate", "1999-05", "", "no whole day"}, {"prs_Birthdate", "2542", "", "no whole day"}, {"prs_Birthdate", "1999-05-03T17:00:00Z", "1999-05-03", "UTC"},
		{"vic_AgeWhenTrafficked", "๑๗", "17", ""}, {"vic_AgeWhenTrafficked", "15-17", "", "not a number"}, {"vic_AgeWhenTrafficked", "NaN", "", "not a number"}, {"vic_AgeWhenTrafficked", "2569", "", "0 to 120"},
		{"prs_MobilePhone", "+๖๖ ๘๑ ๒๓๔ ๕๖๗๘", "+66812345678", ""}, {"prs_MobilePhone", "6.6812345678E+10", "66812345678", ""}, {"prs_MobilePhone", "6.68123E+10", "", "shortened"},
		{"prs_IdentityNumber", "1.23457E+12", "", "shortened"}, {"prs_IdentityNumber", "1,234567890123E+12", "1234567890123", ""}, {"prs_FirstName", "#REF!", "", "error of the spreadsheet"},
		{"prs_Gender", "F", "Feminine", ""}, {"prs_Citizenship", "THA", "TH", ""},
	} {
		f, _ := Lookup(c.field)
		got, warn, err := f.Normalise([]string{c.in})
		if strings.Join(got, ";") != c.want || !strings.Contains(warn+fmt.Sprint(err), c.says) || c.says == "" && warn != "" || (c.want == "") != (err != nil) {
			t.Errorf("%s %q: %v, %q, %v", c.field, c.in, got, warn, err)
		}
	}
}

func TestJSONIsReadInEveryWrappingAndNoCaseIsLost(t *testing.T) {
	one, two := `{"prs_FirstName":"Mya","vic_MethodsOfControl":"DebtBondage Other"}`, `{"person":{"prs_FirstName":"Hla","more":{"vic_MethodsOfControl":["DebtBondage","Other"]}}}`
	for form, text := range map[string]string{
		"list": "[" + one + "," + two + "]", "lines": one + "\n" + two + "\n", "records": `{"records":[` + one + "," + two + "]}", "OData": `{"@odata.context":"x","value":[` + one + "," + two + "]}", "results": `{"count":2,"results":[` + one + "," + two + "]}",
	} {
		records, issues, err := ReadJSON([]byte(text))
		if err != nil || len(issues) > 0 || len(records) != 2 {
			t.Errorf("%s: %v %v %v", form, records, issues, err)
			continue
		}
		for i, name := range []string{"Mya", "Hla"} {
			if v := records[i].Values; v["prs_FirstName"][0] != name || len(v["vic_MethodsOfControl"]) != 2 {
				t.Errorf("%s: %v", form, records[i])
			}
		}
	}
	for _, text := range []string{`{"hello":1}`, `[{"name":"Mya"}]`, one + "\n{", `{"records":"none"}`} {
		if _, _, err := ReadJSON([]byte(text)); !errors.Is(err, ErrShape) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTheSheetWithTheCasesIsFoundAndTheOthersAreNamed(t *testing.T) {
	book := excelize.NewFile()
	defer book.Close()
	book.SetSheetName("Sheet1", "Read me")
	book.SetCellValue("Read me", "A1", "Fill in one row for each case. prs_FirstName is the given name.")
	for _, name := range []string{"Cases", "Old cases"} {
		book.NewSheet(name)
		for cell, v := range map[string]any{"A3": "prs_FirstName", "B3": "prs_Birthdate", "C3": "prs_IdentityNumber", "A4": "Mya", "B4": 46082 - 1462, "C4": 1234567890123, "A6": "Hla", "B6": "soon"} {
			book.SetCellValue(name, cell, v)
		}
	}
	yes := true
	book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
	data, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	records, issues, err := ReadXLSX(data.Bytes())
	if err != nil || len(records) != 2 {
		t.Fatal(records, issues, err)
	}
	if v := records[0].Values; v["prs_Birthdate"][0] != "2026-03-01" || v["prs_IdentityNumber"][0] != "1234567890123" {
		t.Errorf("%v", v)
	}
	var says []string
	for _, i := range issues {
		says = append(says, i.Error())
	}
	if all := strings.Join(says, "\n"); len(issues) != 2 || !strings.Contains(all, "row 3, prs_Birthdate (cell B6)") || !strings.Contains(all, `"Cases" was read; Old cases`) {
		t.Error(all)
	}
}

func TestAPartnersOwnNumberIsKnownHoweverItIsHeaded(t *testing.T) {
	for _, heading := range []string{"case_id", "Case ID", "caseId", "CASE-ID"} {
		records, _ := read(t, heading+",prs_FirstName\nK-1,Mya\n")
		if records[0].Other["case_id"] != "K-1" {
			t.Errorf("%s: %v", heading, records[0].Other)
		}
	}
}

// comesBack fails when records that were read without an error are not the same
// after they went out as a table.
func comesBack(t *testing.T, records []Record, issues []Issue) {
	for _, i := range issues {
		if !i.Warning {
			return
		}
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, records); err != nil {
		t.Fatal(err)
	}
	written := out.String()
	again, _, err := ReadCSV(&out)
	full := 0
	for _, r := range records {
		if len(r.Values) > 0 {
			full++
		}
	}
	if full == 0 {
		return
	}
	if err != nil {
		t.Fatalf("the own table cannot be read: %v\n%s", err, written)
	}
	back := map[string]int{}
	for _, r := range again {
		back[key(r)]++
	}
	for _, r := range records {
		if k := key(r); k != "" && back[k] == 0 {
			t.Errorf("%q was lost in\n%s", k, written)
		}
	}
}

// key is what a record says in fields of the standard.
func key(r Record) string {
	var b strings.Builder
	for _, f := range Fields {
		if v := r.Values[f.Name]; len(v) > 0 {
			fmt.Fprintf(&b, "%s=%s\n", f.Name, strings.Join(v, ";"))
		}
	}
	return b.String()
}
