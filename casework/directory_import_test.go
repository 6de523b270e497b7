package casework

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"lintas/casework/hsds"
	"lintas/kernel/actor"
	"lintas/platform/db/dbtest"
)

// packageOf is a zip of CSV files.
func packageOf(t *testing.T, tables map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range tables {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bring imports a directory file and returns what the desk says.
func bring(t *testing.T, w *world, data []byte, query string) Imported {
	t.Helper()
	status, body := w.api(t)("POST", "/api/casework/directory"+query, data)
	if status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	var out Imported
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var twoServices = map[string]string{
	"export/organizations.csv": "id,name,description\n1,Rumah,d\n", "export/services.csv": "id,organization_id,name,status,description,minimum_age\n1,1,Legal help,active,<b>free</b>,๑๘\n2,1,Clinic,Active,,\n",
	"export/phones.csv": "id,service_id,number,extension\n1,1,+62 21 555,x 9\n", "export/attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,legal\n2,2,service,lintas:need,medical\n",
	"__MACOSX/export/._services.csv": "rubbish",
}

func TestADirectoryIsTriedThenBroughtAndTheSameFileChangesNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		before := must[hsds.Directory](t)(w.ExportDirectory(sari))
		data := packageOf(t, twoServices)
		dry := bring(t, w, data, "?dry_run=true")
		if flat := must[hsds.Directory](t)(w.ExportDirectory(sari)); len(flat.Keys()) != len(before.Keys()) || !dry.DryRun {
			t.Fatalf("a dry run stored %d rows", len(flat.Keys())-len(before.Keys()))
		}
		real := bring(t, w, data, "")
		if dry.Added != 6 || real.Added != dry.Added || real.Changed != 0 || dry.Noted != real.Noted || dry.Noted == 0 {
			t.Errorf("the dry run said %+v and then it was %+v", dry, real)
		}
		if again := bring(t, w, data, ""); again.Added != 0 || again.Changed != 0 || again.Unchanged != 6 {
			t.Errorf("the same file again: %+v", again)
		}
		flat := must[hsds.Directory](t)(w.ExportDirectory(sari))
		var own bytes.Buffer
		if err := flat.Zip(&own); err != nil {
			t.Fatal(err)
		}
		if back := bring(t, w, own.Bytes(), ""); back.Added != 0 || back.Changed != 0 {
			t.Errorf("the own export as CSV: %+v", back)
		}
		text, _ := json.Marshal(flat)
		if back := bring(t, w, text, ""); back.Added != 0 || back.Changed != 0 {
			t.Errorf("the own export as JSON: %+v", back)
		}
	})
}

func TestAnUpdateChangesWhatItSaysAndNothingElse(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	bring(t, w, packageOf(t, twoServices), "")
	out := bring(t, w, packageOf(t, map[string]string{"services.csv": "id,name,alert\n1,Legal help,Closed in April\n2,Clinic,\n"}), "")
	if out.Changed != 1 || out.Added != 0 || out.Unchanged != 1 {
		t.Errorf("%+v", out)
	}
	dir := must[*directory](t)(w.dir(sari))
	if s, _ := dir.row("1"); s.Alert != "Closed in April" || s.Status != "active" || s.Description != "<b>free</b>" || *s.MinimumAge != 18 || s.OrganizationID != "1" {
		t.Errorf("%+v", s)
	}
}

// A row that can be stored and not read again would take the whole directory
// away from everybody.
func TestWhateverIsBroughtTheDirectoryCanBeReadAgain(t *testing.T) {
	for _, data := range []string{
		"id,name,status,phones,languages,organization\n1,A,active,555,th,Rumah\n", "id,name,status,\"a \"\"b\"\"\"\n1,A,active,y\n", "id,name,status,year_incorporated,minimum_age\n1,A,active,NaN,1e3\n",
	} {
		w := newWorld(t, dbtest.SQLite(t))
		file, err := ReadDirectory(packageOf(t, map[string]string{"services.csv": data}))
		if err != nil || len(file.Wrong) > 0 {
			t.Errorf("%q: %v %v", data, err, file.Wrong)
			continue
		}
		must[Imported](t)(w.ImportDirectory(sari, file, Bringing{}))
		w.directory = nil // as after a start
		if flat, err := w.ExportDirectory(sari); err != nil || flat.Services[0].ID != "1" {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestAnAddressThatIsSaidToBeConfidentialInAnyWayStaysInside(t *testing.T) {
	base := map[string]string{
		"organizations.csv": "id,name,description\n1,Rumah,d\n2,Klinik,d\n", "services.csv": "id,organization_id,name,status\n1,1,Legal help,active\n2,2,Clinic,active\n", "locations.csv": "id,location_type,latitude,longitude\n1,physical,1.5,2.5\n2,physical,3,4\n",
		"addresses.csv": "id,location_id,address_1,city,state_province,postal_code,country,address_type\n1,1,Jalan Rahasia 7,T,P,1,ID,physical\n2,2,Jalan Terang 1,T,P,1,ID,physical\n", "service_at_location.csv": "id,service_id,location_id\n1,1,1\n2,2,2\n",
	}
	for how, change := range map[string]map[string]string{
		"a need by its term":        {"attributes.csv": "id,link_id,link_entity,link_type,taxonomy_term_id\n1,1,service,lintas:need,t\n", "taxonomy_terms.csv": "id,code,name,description\nt,shelter,Shelter,d\n"},
		"no for another table's 1":  {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,shelter\n2,1,organization,lintas:confidential,no\n"},
		"two words":                 {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:confidential,address\n2,1,service,lintas:confidential,no\n"},
		"the place's own word":      {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,location,lintas:confidential,yes\n"},
		"a column of the service":   {"services.csv": "id,organization_id,name,status,is_confidential\n1,1,Legal help,active,TRUE\n2,2,Clinic,active,false\n"},
		"a column of the place":     {"locations.csv": "id,location_type,latitude,longitude,Confidential\n1,physical,1.5,2.5,Y\n2,physical,3,4,no\n"},
		"a word in the street":      {"addresses.csv": "id,location_id,address_1,address_2,city,state_province,postal_code,country,address_type\n1,1,CONFIDENTIAL,Jalan Rahasia 7,T,P,1,ID,physical\n2,2,Jalan Terang 1,,T,P,1,ID,physical\n"},
		"a shelter without a place": {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,shelter\n", "service_at_location.csv": "id,service_id,location_id\n1,1,1\n2,2,2\n3,1,\n"},
	} {
		w := newWorld(t, dbtest.SQLite(t))
		tables := map[string]string{}
		for _, from := range []map[string]string{base, change} {
			for name, text := range from {
				tables[name] = text
			}
		}
		bring(t, w, packageOf(t, tables), "")
		bring(t, w, packageOf(t, map[string]string{"services.csv": "id,organization_id,name,status\n1,1,Legal help,active\n2,2,Clinic,active\n"}), "") // an update without the column
		w.PublicDirectory = true
		ask := w.apiOf(t, actor.Actor{})
		var all strings.Builder
		for _, path := range []string{"/hsds/services?full=true", "/hsds/service_at_locations?full=true", "/hsds/organizations?full=true&full_service=true"} {
			status, body := ask("GET", path, nil)
			if status != 200 {
				t.Fatal(how, path, status, string(body))
			}
			all.Write(body)
		}
		if strings.Contains(all.String(), "Rahasia") || strings.Contains(all.String(), "2.5") {
			t.Errorf("%s: the address is public", how)
		}
		if !strings.Contains(all.String(), "Terang") {
			t.Errorf("%s: the clinic's address is gone, too", how)
		}
	}
}

func TestADayInAnotherCalendarIsNoConfirmationForEver(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	bring(t, w, []byte(`{"services.csv":[{"id":"a","name":"A","status":"active","assured_date":"2568-01-15"},{"id":"b","name":"B","status":"active","assured_date":"2025-01-15T09:00:00+07:00"},{"id":"c","name":"C","status":"active","assured_date":"15/01/2025"}]}`), "")
	dir := must[*directory](t)(w.dir(sari))
	got := map[string]string{}
	for _, s := range dir.matching {
		got[s.ID] = s.Assured.Format("2006-01-02")
	}
	if got["a"] != "2025-01-15" || got["b"] != "2025-01-15" || got["c"] != "0001-01-01" {
		t.Errorf("confirmed on %v", got)
	}
}

func TestAHundredThousandRowsAreBrought(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	var b strings.Builder
	b.WriteString("id,name,status\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "s%d,Service %d,active\n", i, i)
	}
	data := packageOf(t, map[string]string{"services.csv": b.String()})
	for _, changed := range []int{100_000, 0} {
		if out := bring(t, w, data, ""); out.Added != changed || out.Unchanged != 100_000-changed {
			t.Errorf("%+v", out)
		}
	}
}
