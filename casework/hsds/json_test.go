package hsds_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
)

// Every example, of whatever kind, is brought in and nested again unchanged.
func TestEveryJSONExampleIsImportedAsTheKindItIs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(hsdstest.Folder(t), "examples", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data := readFile(t, "examples", name)
			file, err := hsds.ReadJSON(data)
			if err != nil || len(file.Wrong) > 0 || len(file.Left) > 0 {
				t.Fatal(err, file.Wrong, file.Left)
			}
			n := hsds.NewNester(file.Directory)
			var id struct {
				ID       string
				Contents []struct{ ID string }
			}
			if err := json.Unmarshal(data, &id); err != nil {
				t.Fatal(err)
			}
			for _, c := range id.Contents {
				id.ID = c.ID
			}
			kind, _, _ := strings.Cut(strings.NewReplacer("_full.json", "", "_list.json", "", ".json", "").Replace(name), ".")
			var got any
			found := true
			switch kind {
			case "service":
				got, found = n.Service(id.ID)
			case "organization":
				var o hsds.Organization
				o, found = n.Organization(id.ID)
				for _, s := range file.Services {
					nested, _ := n.Service(s.ID)
					nested.Organization, nested.OrganizationID = nil, ""
					o.Services = append(o.Services, nested)
				}
				got = o
			case "service_at_location":
				got, found = n.ServiceAtLocation(id.ID)
			case "location":
				got, found = n.Location(id.ID)
			case "taxonomy_term":
				got, found = n.TaxonomyTerm(id.ID)
			case "taxonomy":
				got = file.Taxonomies[0]
			default:
				return // tables and the API's description have tests of their own
			}
			if !found {
				t.Fatalf("%s was not read as a %s: %+v", name, kind, file.Directory)
			}
			want := hsdstest.Generic(t, data)
			if page, ok := want.(map[string]any)["contents"]; ok {
				want = page.([]any)[0]
			}
			if diff := cmp.Diff(want, hsdstest.Generic(t, got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestObjectsComeInListsPagesLinesAndWithMarks(t *testing.T) {
	one := `{"id":"a","name":"A","status":"active","phones":[{"number":"1"},{"number":"2"}]}`
	two := `{"id":"b","name":"B","status":"inactive","x_new":{"deep":[1]}}`
	for form, data := range map[string]string{
		"list": "[" + one + "," + two + "]", "page": `{"total_items":2,"contents":[` + one + "," + two + "]}",
		"lines": one + "\n" + two + "\n", "mark": "\uFEFF[" + one + "," + two + "]",
	} {
		file, err := hsds.ReadJSON([]byte(data))
		if err != nil || len(file.Wrong) > 0 || len(file.Services) != 2 || len(file.Phones) != 2 {
			t.Fatalf("%s: %v %v %+v", form, err, file.Wrong, file.Directory)
		}
		if file.Phones[0].ID == "" || file.Phones[0].ID == file.Phones[1].ID {
			t.Errorf("%s: phones without ids of their own were told apart as %q and %q", form, file.Phones[0].ID, file.Phones[1].ID)
		}
		if string(file.Services[1].Extra["x_new"]) != `{"deep":[1]}` {
			t.Errorf("%s: the extension is %s", form, file.Services[1].Extra["x_new"])
		}
		again, err := hsds.ReadJSON([]byte(data))
		if diff := cmp.Diff(file, again, cmpopts.IgnoreUnexported(hsds.File{})); err != nil || diff != "" {
			t.Errorf("%s read twice differs: %s", form, diff)
		}
	}
}

func TestWhatCannotBeReadIsNamedAndTheRestIsRead(t *testing.T) {
	file, err := hsds.ReadJSON([]byte(`[{"id":"a","name":"A","status":"active"},{"name":"no id","status":"active"},{"hello":1},{"id":"c","name":["not","text"],"status":"active"}]`))
	if err != nil || len(file.Services) != 1 || len(file.Wrong) != 3 {
		t.Fatalf("%v %+v", err, file)
	}
	for i, row := range []int{2, 3, 4} {
		if file.Wrong[i].Row != row {
			t.Errorf("error %d is about row %d", i, file.Wrong[i].Row)
		}
	}
	file, err = hsds.ReadJSON([]byte(`{"services.csv":[{"id":"a","name":"A","status":"active"},{"name":"B"}],"buses.csv":[{"id":"1"}]}`))
	if err != nil || len(file.Wrong) != 1 || file.Wrong[0].Row != 2 || len(file.Left) != 1 || file.Left[0] != "buses.csv" {
		t.Errorf("%v %+v", err, file)
	}
	for _, bad := range []string{"", "null", "7", `"text"`, "{", "[1]", `{"services.csv":7}`, "<html>", "[{\"id\":\"a\",\"x\":\"\xf1\"}]"} {
		if _, err := hsds.ReadJSON([]byte(bad)); !errors.Is(err, hsds.ErrShape) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAPackageMayLieInAFolderAndHoldOtherFiles(t *testing.T) {
	file, err := hsds.ReadCSV(fstest.MapFS{
		"export/services.csv": {Data: []byte("\uFEFFid,name,status\na,A,active\n")}, "export/buses.csv": {Data: []byte("id\n1\n")}, "export/datapackage.json": {Data: []byte("{}")},
	})
	if err != nil || len(file.Services) != 1 || len(file.Left) != 1 {
		t.Errorf("%v %+v", err, file)
	}
	if _, err := hsds.ReadCSV(fstest.MapFS{"readme.txt": {Data: []byte("hello")}}); !errors.Is(err, hsds.ErrShape) {
		t.Errorf("a package without a table: %v", err)
	}
	file, err = hsds.ReadCSV(fstest.MapFS{"services.csv": {Data: []byte("id,name,status\na,Caf\xe9,active\n")}})
	if err != nil || len(file.Wrong) != 1 || file.Wrong[0].Column != "name" {
		t.Errorf("an old code page: %v %v", err, file.Wrong)
	}
}

func TestRowsAreLaidOverADirectoryThatIsStillRead(t *testing.T) {
	base := hsds.Directory{Services: []hsds.Service{{ID: "b", Name: "B"}, {ID: "a", Name: "A"}, {ID: "d", Name: "D"}}}
	base.Sort()
	next := base.Overlay(hsds.Directory{Services: []hsds.Service{{ID: "c", Name: "C"}, {ID: "a", Name: "A2"}}}, []hsds.Key{{Table: "services.csv", ID: "d"}})
	names := func(d hsds.Directory) (out string) {
		for _, s := range d.Services {
			out += s.Name + " "
		}
		return out
	}
	if names(base) != "A B D " || names(next) != "A2 B C " {
		t.Errorf("%q became %q", names(base), names(next))
	}
}

func TestAnAreaHoldsAPostcodeByListOrByItsPlace(t *testing.T) {
	square := `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[100,10],[102,10],[102,12],[100,12],[100,10]],[[100.4,10.4],[100.6,10.4],[100.6,10.6],[100.4,10.6],[100.4,10.4]]]}}`
	for _, c := range []struct {
		area          hsds.ServiceArea
		lat, lon      float64
		covers, known bool
	}{
		{hsds.ServiceArea{ExtentType: "text", Extent: "AB1*, zz 9"}, 0, 0, true, true},
		{hsds.ServiceArea{ExtentType: "text", Extent: "AB2*"}, 0, 0, false, true},
		{hsds.ServiceArea{ExtentType: "geojson", Extent: square}, 11, 101, true, true},
		{hsds.ServiceArea{ExtentType: "geojson", Extent: square}, 10.5, 100.5, false, true}, // in the hole
		{hsds.ServiceArea{ExtentType: "geojson", Extent: square}, 13, 101, false, true},
		{hsds.ServiceArea{ExtentType: "geojson", Extent: "extent"}, 11, 101, false, false},
		{hsds.ServiceArea{Description: "the whole town"}, 11, 101, false, false},
	} {
		if covers, known := c.area.Covers("AB12CD", c.lat, c.lon, true); covers != c.covers || known != c.known {
			t.Errorf("%+v: %v %v", c.area, covers, known)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add(`{"id":"a","name":"A","status":"active","phones":[{"number":"1"}]}`)
	f.Add(`{"services.csv":[{"id":"a"}]}`)
	f.Add(`{"content":[{"id":"a","name":"A","status":"active","fundings":[{"source":"s"}],"eligibilitys":[{"eligibility":"teen"}],"minimum_age":"3"}]}`)
	f.Add(`{"service":[{"id":"a"}],"eligibility":[{"service_id":"a","eligibility":"teen"}],"postal_addresses":[{"id":"1","location_id":"l"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := hsds.ReadJSON([]byte(text))
		if err != nil {
			return
		}
		file.Check(hsds.Directory{})
		if len(file.Wrong) == 0 {
			keepsAll(t, file.Directory)
		}
		n := hsds.NewNester(file.Directory)
		for _, s := range file.Services {
			n.Service(s.ID)
		}
	})
}
