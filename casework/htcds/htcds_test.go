package htcds

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

func shared(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("LINTAS_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(root, "data", "htcds", name))
	if err != nil {
		t.Skipf("SKIPPED: the published HTCDS files are not here (%v); set LINTAS_SHARED", err)
	}
	return data
}

func TestTheFieldsAreThoseOfTheStandard(t *testing.T) {
	r := csv.NewReader(bytes.NewReader(shared(t, "fields.csv")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var published, core []string
	values := map[string][]string{}
	for _, row := range rows[1:] {
		if len(row) < 5 || row[3] == "N/A" || row[3] == "" {
			continue
		}
		name := row[3] + row[4]
		published = append(published, name)
		if row[2] == "Core" {
			core = append(core, name)
		}
		if len(row) > 9 && !strings.Contains(row[9], "ISO") {
			values[name] = strings.Fields(row[9])
		}
	}
	var ours, oursCore []string
	for _, f := range Fields {
		ours = append(ours, f.Name)
		if f.Core {
			oursCore = append(oursCore, f.Name)
		}
		var names []string
		for _, v := range f.Values {
			names = append(names, v.Name)
		}
		if diff := cmp.Diff(values[f.Name], names, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", f.Name, diff)
		}
	}
	if diff := cmp.Diff(published, ours); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(core, oursCore); diff != "" {
		t.Error(diff)
	}
	if len(ours) != 84 || len(core) != 40 {
		t.Errorf("%d fields, %d core", len(ours), len(core))
	}
}

func TestEverySpellingOfTheFormIsKnown(t *testing.T) {
	form := string(shared(t, "htcds_xlsform.xml"))
	for _, prefix := range []string{"org_", "prs_", "vic_", "per_", "cas_", "con_"} {
		rest := form
		for {
			_, after, ok := strings.Cut(rest, "<"+prefix)
			if !ok {
				break
			}
			name := prefix + after[:strings.IndexAny(after, "/> ")]
			if _, ok := Lookup(name); !ok {
				t.Errorf("the form's %s is not known", name)
			}
			rest = after
		}
	}
}

func TestBothSpellingsAreReadAndOneIsWritten(t *testing.T) {
	in := "prs_First_Name,prs_Second_Name,vic_Methods_of_Control,vic_TraffickinStatusDecisionMakingOrg\nMya,Hla,DebtBondage WithholdsDocuments,Police\n"
	records, issues, err := ReadCSV(strings.NewReader(in))
	if err != nil || len(issues) > 0 {
		t.Fatal(err, issues)
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, records); err != nil {
		t.Fatal(err)
	}
	want := "prs_FirstName,prs_SecondName,vic_TraffickingStatusDecisionMakingOrg,vic_MethodsOfControl\nMya,Hla,Police,DebtBondage;WithholdsDocuments\n"
	if out.String() != want {
		t.Errorf("wrote\n%s", out.String())
	}
}

func TestTwoSpellingsThatDisagreeAreAnErrorNotAChoice(t *testing.T) {
	_, issues, err := ReadCSV(strings.NewReader("prs_FirstName,prs_First_Name\nMya,Aye\n"))
	if err != nil || len(issues) != 1 || issues[0].Warning {
		t.Error(err, issues)
	}
}

func TestValuesAreReadAsPartnersWriteThem(t *testing.T) {
	for _, c := range []struct {
		field, in, want string
		warn, fail      bool
	}{
		{"vic_TraffickingStatus", "Actual victim of trafficking", "ActualVictimOfTrafficking", false, false},
		{"vic_TraffickingStatus", "NotA", "NotAVictimOfTrafficking", false, false},
		{"vic_RelationshipToTrafficker", "Unacquainted", "Unaquainted", false, false},
		{"vic_ForcedLabourIndustry", "a", "A_AgricultureForestryAndFishing", false, false},
		{"vic_MethodsOfControl", "Isolation", "Isolation", true, false},
		{"prs_Birthdate", "46082", "2026-03-01", false, false},
		{"prs_Birthdate", "2026-03-01T00:00:00Z", "2026-03-01", false, false},
		{"prs_Birthdate", "3/4/2026", "", false, true},
		{"prs_Citizenship", "MMR", "MM", false, false},
		{"prs_Citizenship", "Burma", "Burma", true, false},
		{"prs_PrimaryLanguage", "my", "mya", false, false},
		{"prs_MobilePhone", "+62 812-345 6789", "+628123456789", false, false},
		{"con_Consent", "TRUE", "true", false, false},
		{"con_Consent", "perhaps", "", false, true},
		{"hte_Latitude", "106.8", "", false, true},
		{"prs_NumberOfChildren", "3", "3", false, false},
		{"vic_AgeWhenTrafficked", "-1", "", false, true},
	} {
		f, ok := Lookup(c.field)
		if !ok {
			t.Fatal(c.field)
		}
		got, warn, err := f.Normalise([]string{c.in})
		if (err != nil) != c.fail || (warn != "") != c.warn || strings.Join(got, ";") != c.want {
			t.Errorf("%s %q: %v, warning %q, error %v", c.field, c.in, got, warn, err)
		}
	}
}

// Whatever stands in a record, JSON and CSV bring back the same.
func TestRecordsSurviveJSONAndCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Record{Values: map[string][]string{}}
		for _, f := range Fields {
			if rapid.IntRange(0, 3).Draw(t, f.Name) > 0 {
				continue
			}
			r.Values[f.Name] = sample(t, f)
		}
		if len(r.Values) == 0 {
			return
		}
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, issues, err := ReadJSON(raw)
		check(t, "JSON", r, back, issues, err)
		var table bytes.Buffer
		if err := WriteCSV(&table, []Record{r}); err != nil {
			t.Fatal(err)
		}
		back, issues, err = ReadCSV(&table)
		check(t, "CSV", r, back, issues, err)
	})
}

func check(t *rapid.T, form string, want Record, got []Record, issues []Issue, err error) {
	if err != nil || len(issues) > 0 || len(got) != 1 {
		t.Fatal(form, err, issues, got)
	}
	if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(Record{}, "Row")); diff != "" {
		t.Fatal(form, diff)
	}
}

func sample(t *rapid.T, f Field) []string {
	switch f.Type {
	case Choice:
		return []string{rapid.SampledFrom(f.Values).Draw(t, "choice").Name}
	case Choices:
		var out []string
		for _, v := range f.Values {
			if len(out) == 0 || rapid.Bool().Draw(t, "in") {
				out = append(out, v.Name)
			}
		}
		return out
	case Date:
		return []string{"2026-03-01"}
	case Number:
		return []string{rapid.SampledFrom([]string{"0", "7", "12.5"}).Draw(t, "number")}
	case Boolean:
		return []string{rapid.SampledFrom([]string{"true", "false"}).Draw(t, "boolean")}
	case Country:
		return []string{"MM"}
	case Countries:
		return []string{"MM", "TH"}
	case Language:
		return []string{"mya"}
	case Phone:
		return []string{"+628123456789"}
	}
	return []string{rapid.SampledFrom([]string{"ကျော်", "a, \"b\"; c", "=HYPERLINK(1)", "'quoted", "-5 to go", "line\nline", "@name"}).Draw(t, "text")}
}

func TestASpreadsheetNeverRunsAText(t *testing.T) {
	var out bytes.Buffer
	if err := WriteCSV(&out, []Record{{Values: map[string][]string{"cco_CaseComment": {"=cmd()"}}}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "'=cmd()") {
		t.Error(out.String())
	}
}

func TestRecordsObeyTheDerivedSchema(t *testing.T) {
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("htcds.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("htcds.json")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := Record{Values: map[string][]string{}}
		for _, f := range Fields {
			r.Values[f.Name] = sample(t, f)
		}
		out, _ := json.Marshal(r)
		v, _ := jsonschema.UnmarshalJSON(bytes.NewReader(out))
		if err := schema.Validate(v); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAWorkbookIsReadLikeATable(t *testing.T) {
	book := excelize.NewFile()
	defer book.Close()
	for cell, v := range map[string]any{"A1": "prs_FirstName", "B1": "prs_Birthdate", "C1": "local_id", "A2": "Mya", "B2": 46082, "C2": "K-7"} {
		if err := book.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	data, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	records, issues, err := ReadXLSX(data.Bytes())
	if err != nil || len(issues) > 0 {
		t.Fatal(err, issues)
	}
	want := []Record{{Values: map[string][]string{"prs_FirstName": {"Mya"}, "prs_Birthdate": {"2026-03-01"}}, Other: map[string]string{"local_id": "K-7"}, Row: 1}}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Error(diff)
	}
}

func TestAnExportHoldsNoPersonalDataByDefault(t *testing.T) {
	r := Record{Values: map[string][]string{}, Other: map[string]string{"name_of_brother": "Aung"}}
	for _, f := range Fields {
		r.Values[f.Name] = []string{"value"}
	}
	out := r.WithoutPersonalData()
	for _, name := range []string{"prs_FirstName", "prs_Birthdate", "prs_IdentityNumber", "prs_MobilePhone", "hte_Latitude", "cco_CaseComment", "per_RoleInProcess", "vic_LocationOfExploitation", "cas_CaseOwner", "spl_Objectives"} {
		if _, ok := out.Values[name]; ok {
			t.Errorf("%s is exported", name)
		}
	}
	if out.Other != nil {
		t.Error("unknown columns are exported")
	}
	if _, ok := out.Values["vic_TypeOfExploitation"]; !ok {
		t.Error("nothing is left to count")
	}
}

func TestDiffNamesOnlyWhatWouldChange(t *testing.T) {
	old := Record{Values: map[string][]string{"prs_FirstName": {"Mya"}, "prs_Gender": {"Feminine"}}}
	next := Record{Values: map[string][]string{"prs_FirstName": {"Mya Mya"}}}
	changes := Diff(old, next)
	if len(changes) != 1 || changes[0].Field != "prs_FirstName" || !slices.Equal(changes[0].Old, []string{"Mya"}) {
		t.Error(changes)
	}
}

func TestAFileThatIsNoTableOfCasesSaysSo(t *testing.T) {
	for _, in := range []string{"", "a,b\n1,2\n"} {
		if _, _, err := ReadCSV(strings.NewReader(in)); !errors.Is(err, ErrShape) {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, _, err := ReadXLSX([]byte("not a workbook")); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, _, err := ReadJSON([]byte(`[1]`)); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("prs_FirstName,vic_MethodsOfControl\nMya,DebtBondage;Other\n")
	f.Fuzz(func(t *testing.T, text string) {
		if records, issues, err := ReadCSV(strings.NewReader(text)); err == nil {
			comesBack(t, records, issues)
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`[{"prs_FirstName":"Mya","vic_MethodsOfControl":["DebtBondage"],"con_Consent":true}]`))
	f.Add([]byte(`{"value":[{"person":{"prs_FirstName":"Mya","vic_MethodsOfControl":"DebtBondage Other"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, issues, err := ReadJSON(data)
		if err != nil {
			return
		}
		if _, err := json.Marshal(records); err != nil {
			t.Fatal(err)
		}
		comesBack(t, records, issues)
	})
}
