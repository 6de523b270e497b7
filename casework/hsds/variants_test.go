package hsds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
)

// files are a CSV package.
func files(tables map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range tables {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// table reads one CSV table without anything wrong in it.
func table(t *testing.T, name, text string) hsds.File {
	t.Helper()
	file, err := hsds.ReadCSV(files(map[string]string{name: text}))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, file.Wrong)
	}
	return file
}

// says is the list of problems as people read them.
func says(list []hsds.RowError) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Error())
	}
	return strings.Join(out, "\n")
}

func TestATableIsReadAsOfficesWriteIt(t *testing.T) {
	plain := "id,name,status,description\na,\"Rumah, aman\",active,\"two\nlines\"\n"
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.ReplaceAll(plain, ",", "\t")))
	if err != nil {
		t.Fatal(err)
	}
	for form, data := range map[string]string{
		"as it is": plain, "mark": "\uFEFF" + plain, "other case": strings.Replace(plain, "id,name,status,description", "ID,Name,Status,DESCRIPTION", 1),
		"other order and spaces": "status, name ,id,description\nactive,\"Rumah, aman\",a,\"two\nlines\"\n", "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"),
		"semicolons": "id;name;status;description\na;Rumah, aman;active;\"two\nlines\"\n", "UTF-16": string(wide), "empty lines": "\n" + plain + "\n,,,\n",
	} {
		file := table(t, "Services.CSV", data)
		if len(file.Services) != 1 {
			t.Errorf("%s: %d services", form, len(file.Services))
			continue
		}
		if s := file.Services[0]; s.ID != "a" || s.Status != "active" || s.Description != "two\nlines" || !strings.HasPrefix(s.Name, "Rumah") {
			t.Errorf("%s: %+v", form, s)
		}
	}
}

func TestTablesHaveTheNamesOfEveryVersion(t *testing.T) {
	for name, rows := range map[string]func(hsds.File) int{
		"service.csv": func(f hsds.File) int { return len(f.Services) }, "organization.csv": func(f hsds.File) int { return len(f.Organizations) },
		"services_at_location.csv": func(f hsds.File) int { return len(f.ServiceAtLocations) }, "address.csv": func(f hsds.File) int { return len(f.Addresses) },
		"accessibility_for_disabilities.csv": func(f hsds.File) int { return len(f.Accessibility) }, "url.csv": func(f hsds.File) int { return len(f.Urls) },
		"units.csv": func(f hsds.File) int { return len(f.Units) }, "service_capacity.csv": func(f hsds.File) int { return len(f.ServiceCapacities) }, "taxonomy.csv": func(f hsds.File) int { return len(f.Taxonomies) },
	} {
		if n := rows(table(t, name, "id,name\na,A\n")); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
	file, err := hsds.ReadJSON([]byte(`{"service":[{"id":"a","name":"A","status":"active"}],"phones":[{"id":"p","service_id":"a","number":"1"}],"buses":[{"id":"1"}]}`))
	if err != nil || len(file.Services) != 1 || len(file.Phones) != 1 || len(file.Left) != 1 {
		t.Errorf("tables by the names of their objects: %v %+v", err, file)
	}
}

func TestAPackageOfHSDS2IsReadAsHSDS3(t *testing.T) {
	file, err := hsds.ReadCSV(files(map[string]string{
		"organizations.csv": "id,name,url\no,Org,https://example.org\n", "services.csv": "id,organization_id,name,status\ns,o,Clinic,active\n", "locations.csv": "id,name\nl,House\n",
		"services_at_location.csv": "id,service_id,location_id\nx,s,l\n",
		"physical_addresses.csv":   "id,location_id,address_1,address_3,city,state_province,postal_code,country\n1,l,1 Road,Back door,Town,TH-10,10110,TH\n",
		"postal_addresses.csv":     "id,location_id,address_1,city,state_province,postal_code,country\n1,l,Box 9,Town,TH-10,10110,TH\n",
		"regular_schedules.csv":    "id,service_id,weekday,opens_at,closes_at\nr1,s,1,09:00,17:00\nr2,s,Sunday,10:00,12:00\n",
		"holiday_schedules.csv":    "id,service_id,closed,start_date,end_date\nr1,s,true,2026-04-13,2026-04-15\n",
		"languages.csv":            "id,service_id,language\n1,s,Thai\n2,s,my\n", "eligibility.csv": "id,service_id,eligibility\n1,s,adults\n2,s,teen\n",
		"taxonomy.csv": "id,name,parent_id,vocabulary\nt,Health,,AIRS\n", "services_taxonomy.csv": "id,service_id,taxonomy_id,taxonomy_detail\n1,s,t,more\n", "payments_accepted.csv": "id,service_id,payment\n1,s,cash\n",
	}))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, says(file.Wrong))
	}
	if diff := cmp.Diff([]string{"payments_accepted.csv"}, file.Left); diff != "" {
		t.Error(diff)
	}
	if a := file.Addresses; len(a) != 2 || a[0].AddressType != "physical" || a[1].AddressType != "postal" || a[0].ID != "1" || a[1].ID == "1" || string(a[0].Extra["address_3"]) != `"Back door"` {
		t.Errorf("addresses %+v", a)
	}
	byday := map[string]string{}
	for _, s := range file.Schedules {
		byday[s.Byday+s.ValidFrom] = s.Freq + s.OpensAt + s.Description
	}
	if diff := cmp.Diff(map[string]string{"MO": "WEEKLY09:00", "SU": "WEEKLY10:00", "2026-04-13": "closed"}, byday); diff != "" {
		t.Error(diff)
	}
	if l := file.Languages; l[0].Name != "Thai" || l[1].Code != "my" {
		t.Errorf("languages %+v", l)
	}
	if s := file.Services[0]; s.EligibilityDescription != "adults; teen" || file.Organizations[0].Website != "https://example.org" {
		t.Errorf("%+v", s)
	}
	if a := file.Attributes[0]; a.LinkID != "s" || a.LinkEntity != "service" || a.TaxonomyTermID != "t" || a.Value != "more" || file.TaxonomyTerms[0].Taxonomy != "AIRS" {
		t.Errorf("attribute %+v", a)
	}
	if !strings.Contains(says(file.Notes), "postal_addresses.csv, row 1: is a table of HSDS 1 or 2") {
		t.Error(says(file.Notes))
	}
}

func TestTheSchemasOlderListsAndPagesAreRead(t *testing.T) {
	service := `{"id":"a","name":"A","status":"active","fundings":[{"id":"f","source":"city"}],"regular_schedules":[{"id":"r","weekday":"Monday","opens_at":"09:00"}],"eligibilitys":[{"id":"e","eligibility":"teen","minimum_age":12}],
		"service_at_locations":[{"id":"x","location":{"id":"l","name":"House","physical_addresses":[{"id":"p","address_1":"1 Road"}],"accessibility_for_disabilities":[{"id":"d","accessibility":"ramp"}]}}],
		"attributes":[{"id":"t","taxonomy_term":{"id":"tt","name":"Health","taxonomy":{"id":"tx","name":"AIRS"}}}],"additional_urls":[{"id":"u","label":"Chat","url":"https://example.org"}],"capacities":[{"id":"c","available":3,"updated":"2026-03-01","unit":{"id":"bed","name":"Bed"}}]}`
	for form, text := range map[string]string{"one": service, "page of another name": `{"totalElements":1,"number":1,"content":[` + service + `]}`, "items": `{"items":[` + service + `]}`} {
		file, err := hsds.ReadJSON([]byte(text))
		if err != nil || len(file.Wrong) > 0 {
			t.Fatal(form, err, says(file.Wrong))
		}
		d := file.Directory
		if len(d.Services) != 1 || len(d.Funding) != 1 || len(d.Schedules) != 1 || d.Schedules[0].Byday != "MO" || d.Services[0].EligibilityDescription != "teen" || *d.Services[0].MinimumAge != 12 {
			t.Errorf("%s: %+v", form, d)
		}
		if len(d.Addresses) != 1 || d.Addresses[0].AddressType != "physical" || len(d.Accessibility) != 1 || d.Accessibility[0].Description != "ramp" || len(d.Taxonomies) != 1 || len(d.Urls) != 1 || len(d.ServiceCapacities) != 1 || len(d.Units) != 1 {
			t.Errorf("%s: %+v", form, d)
		}
	}
}

func TestAnObjectWithoutWhatPublishersLeaveOutIsToldByItsFields(t *testing.T) {
	for text, rows := range map[string]func(hsds.File) int{
		`{"id":"o","name":"Org","website":"https://example.org","email":"a@example.org"}`: func(f hsds.File) int { return len(f.Organizations) },
		`{"id":"l","name":"House","latitude":1,"longitude":2}`:                            func(f hsds.File) int { return len(f.Locations) },
	} {
		file, err := hsds.ReadJSON([]byte(text))
		if err != nil || rows(file) != 1 {
			t.Errorf("%s: %v %+v %s", text, err, file.Directory, says(file.Wrong))
		}
	}
	if file, err := hsds.ReadJSON([]byte(`{"id":"x","name":"what is this"}`)); err != nil || len(file.Wrong) != 1 {
		t.Errorf("nobody can say what this is: %v %+v", err, file.Directory)
	}
}

func TestEachProblemNamesFileRowAndColumn(t *testing.T) {
	for _, c := range []struct{ table, says string }{
		{"id,name,status,minimum_age\n\na,A,active,NaN\n", `services.csv, row 3, column minimum_age: "NaN" is not a number`},
		{"id,name,status,minimum_age\na,\"two\nlines\",active,1\nb,B,active,Inf\n", `services.csv, row 3, column minimum_age`},
		{"id,name,status\na,A,active\na,B,active\n", `services.csv, row 3, column id: "a" is the id of row 2 of services.csv, too`},
		{"id,name,email,email\na,A,x@example.org,y@example.org\n", `services.csv, row 2, column email: two columns have this name`},
		{"id,name,\na,A,lost\n", `services.csv, row 2: a value stands in column 3, which has no heading`},
		{"id,name\na,A,lost\n", `services.csv, row 2: 3 cells under 2 headings`},
		{"id,name,status\na,A \"B\" C,active\nb,B,active\n", `services.csv, row 2, column id: a quotation mark`},
		{"id,name,status\na,\"A,active\nb,B,active\n", `services.csv, row 2`},
		{"id,na\xe9me\na,A\n", `services.csv, row 1: is not written in UTF-8`},
		{"name,status\nA,active\n", `services.csv, row 2, column id: every row needs an id`},
	} {
		file, err := hsds.ReadCSV(files(map[string]string{"services.csv": c.table}))
		if err != nil || !strings.Contains(says(file.Wrong), c.says) {
			t.Errorf("%q: %v\n%s", c.table, err, says(file.Wrong))
		}
	}
	for text, want := range map[string]string{
		`[{"id":"a","name":"A","status":"active"},{"id":"b","name":"B","status":"active","phones":[{"id":"p","number":"1"},{"id":"q","number":["2"]}]}]`: `service, row 2, column phones[2].number: is a list`,
		`{"services.csv":[{"id":"a","name":"A","status":"active","minimum_age":"twelve"}]}`:                                                              `services.csv, row 1, column minimum_age: "twelve" is not a number`,
		`[{"id":"a","name":"A","status":"active"},{"id":"a","name":"B","status":"active"}]`:                                                              `service, row 2, column name`,
	} {
		file, err := hsds.ReadJSON([]byte(text))
		if err != nil || !strings.Contains(says(file.Wrong), want) {
			t.Errorf("%s: %v\n%s", text, err, says(file.Wrong))
		}
	}
}

func TestWhatShouldBeLookedAtIsNotedAndKept(t *testing.T) {
	file, err := hsds.ReadCSV(files(map[string]string{
		"services.csv":      "id,organization_id,name,status,minimum_age,maximum_age,assured_date\na,gone,A,open,๑๘,12,01/02/2026\nb,o,B,active,,,2569-02-01\nb,o,B,active,,,2569-02-01\n",
		"organizations.csv": "id,name,parent_organization_id\no,O,q\nq,Q,o\nr,R,o\n", "locations.csv": "id,latitude,longitude\nl,200,10\n", "phones.csv": "id,number,extension,service_id\np,1,ext. 5,a\n",
	}))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, says(file.Wrong))
	}
	file.Check(hsds.Directory{})
	got := says(file.Notes)
	for _, want := range []string{
		`services.csv, row 2, column organization_id: there is no row "gone" in organizations.csv`, `services.csv, row 2, column status: "open" is not one of`, `services.csv, row 2, column minimum_age: 18 is above maximum_age`,
		`services.csv, row 2, column assured_date: "01/02/2026" could be two days`, `services.csv, row 3, column assured_date: "2569-02-01" was read in the Buddhist era`, `services.csv, row 4, column id: the same row stands in row 3`,
		`organizations.csv, row 2, column parent_organization_id: goes round in a circle`, `organizations.csv, row 3, column parent_organization_id: goes round`, `locations.csv, row 2, column latitude: 200 is not on the map`,
		`phones.csv, row 2, column extension: "ext. 5" is not what this field holds`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not noted: %s", want)
		}
	}
	if strings.Contains(got, "row 4, column parent_organization_id") {
		t.Errorf("R stands under a circle, not in it")
	}
	if s := file.Services[0]; s.Status != "open" || s.AssuredDate != "01/02/2026" || *s.MinimumAge != 18 || len(file.Services) != 2 {
		t.Errorf("%+v", file.Services)
	}
}

func TestALinkIntoTheDirectoryThatIsThereIsNoneToNothing(t *testing.T) {
	file := table(t, "phones.csv", "id,number,service_id\np,1,a\n")
	file.Check(hsds.Directory{Services: []hsds.Service{{ID: "a"}}})
	if len(file.Notes) > 0 {
		t.Error(says(file.Notes))
	}
}

// roundTrip writes a directory as CSV and reads it again.
func roundTrip(t *testing.T, d hsds.Directory) hsds.File {
	t.Helper()
	out := map[string]*bytes.Buffer{}
	if err := d.WriteCSV(func(name string) (io.Writer, error) {
		out[name] = &bytes.Buffer{}
		return out[name], nil
	}); err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{}
	for name, b := range out {
		tables[name] = b.String()
	}
	file, err := hsds.ReadCSV(files(tables))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, says(file.Wrong))
	}
	return file
}

func TestWhatAFieldCannotHoldSurvivesBothForms(t *testing.T) {
	in := `{"services.csv":[{"id":"a","name":"=A()","status":"active","description":"<p>Açık &amp; မြ</p>\r\n- one","x_beds":{"free":3},"x_note":"-1 day","phones":[{"id":"p","number":"+66 2 123-4567","extension":"x 12"}],
		"schedules":[{"id":"r","count":"2005-01-01","opens_at":"20:20","x_rrule":"FREQ=WEEKLY;BYDAY=MO,TU"}],"service_areas":[{"id":"z","extent":{"type":"Point","coordinates":[1,2]},"extent_type":"GeoJSON"}]}]}`
	file, err := hsds.ReadJSON([]byte(in))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, says(file.Wrong))
	}
	back := roundTrip(t, file.Directory)
	want, got := hsdstest.Generic(t, file.Directory), hsdstest.Generic(t, back.Directory)
	// CSV has one kind of line end.
	want.(map[string]any)["services.csv"].([]any)[0].(map[string]any)["description"] = "<p>Açık &amp; မြ</p>\n- one"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := back.Schedules[0]; s.Count != nil || string(s.Extra["count"]) != `"2005-01-01"` {
		t.Errorf("%+v", s)
	}
	var again hsds.Directory
	text, _ := json.Marshal(back.Directory)
	if err := json.Unmarshal(text, &again); err != nil {
		t.Errorf("what was written cannot be read: %v", err)
	}
}

func TestARowThatAnotherTableCountsTheSameIsAnother(t *testing.T) {
	file, err := hsds.ReadCSV(files(map[string]string{
		"organizations.csv": "id,name,description\n1,Org,d\n", "services.csv": "id,organization_id,name,status\n1,1,Clinic,active\n", "locations.csv": "id,organization_id,location_type\n1,1,physical\n",
		"service_at_location.csv": "id,service_id,location_id\n1,1,1\n", "attributes.csv": "id,link_id,link_entity,value\n1,1,service,of the service\n2,1,location,of the place\n",
	}))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, says(file.Wrong))
	}
	s, _ := hsds.NewNester(file.Directory).Service("1")
	if len(s.Attributes) != 1 || s.Attributes[0].Value != "of the service" {
		t.Errorf("the service has %+v", s.Attributes)
	}
	if l := s.ServiceAtLocations[0].Location; len(l.Attributes) != 1 || l.Attributes[0].Value != "of the place" {
		t.Errorf("the place has %+v", l.Attributes)
	}
}

func TestAContactOfTwoServicesGetsARowForEach(t *testing.T) {
	text := `[{"id":"a","name":"A","status":"active","contacts":[{"id":"c","name":"Dao"}]},{"id":"b","name":"B","status":"active","contacts":[{"id":"c","name":"Dao"}]}]`
	file, err := hsds.ReadJSON([]byte(text))
	if err != nil || len(file.Wrong) > 0 || len(file.Contacts) != 2 {
		t.Fatal(err, says(file.Wrong), file.Contacts)
	}
	n := hsds.NewNester(file.Directory)
	for _, id := range []string{"a", "b"} {
		if s, _ := n.Service(id); len(s.Contacts) != 1 || s.Contacts[0].Name != "Dao" {
			t.Errorf("service %s: %+v", id, s.Contacts)
		}
	}
	if again, _ := hsds.ReadJSON([]byte(text)); again.Contacts[1].ID != file.Contacts[1].ID {
		t.Error("read again, the second row has another id")
	}
}

// Each level with something unknown in it was once read twice: ninety levels
// would have taken longer than anybody waits.
func TestDeepFilesAreReadOnceAndDeeperOnesRefused(t *testing.T) {
	deep := func(levels int) []byte {
		return []byte(strings.Repeat(`{"id":"a","name":"A","status":"active","x":1,"minimum_age":"3","service_at_locations":[{"id":"x","x":1,"service":`, levels) + "null" + strings.Repeat("}]}", levels))
	}
	if file, err := hsds.ReadJSON(deep(30)); err != nil || len(file.Services) != 1 {
		t.Errorf("%v %+v", err, file.Wrong)
	}
	if _, err := hsds.ReadJSON(deep(50)); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Error(err)
	}
}

func TestAColumnThatAFileDoesNotHaveStays(t *testing.T) {
	old := []byte(`{"id":"a","name":"A","description":"long","status":"active","alert":"Closed on Monday","x_beds":{"free":3},"x_n":4}`)
	file := table(t, "services.csv", "id,name,status,alert,x_beds,x_n\na,A2,active,,\"{\"\"free\"\":3}\",4\n")
	next, _ := json.Marshal(file.Services[0])
	got, err := file.Keep("services.csv", old, next)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"a","name":"A2","description":"long","status":"active","x_beds":{"free":3},"x_n":4}`
	if diff := cmp.Diff(hsdstest.Generic(t, []byte(want)), hsdstest.Generic(t, got)); diff != "" {
		t.Error(diff)
	}
}

func TestAHundredThousandRowsAreReadAndChecked(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,service_id,number,extension\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "p%d,gone,%d,x\n", i, i)
	}
	file := table(t, "phones.csv", b.String())
	file.Check(hsds.Directory{})
	if len(file.Phones) != 100_000 || len(file.Notes) != 200_000 {
		t.Errorf("%d rows, %d notes", len(file.Phones), len(file.Notes))
	}
}

func TestAMarkGoesThroughIdsAndTheLinksBetweenThem(t *testing.T) {
	f, err := hsds.ReadJSON([]byte(`{"services.csv":[{"id":"1","organization_id":"7","program_id":"p","name":"A","status":"active"}],"organizations.csv":[{"id":"7","name":"O","description":"d","parent_organization_id":"8"},{"id":"8","name":"P","description":"d"}],
		"attributes.csv":[{"id":"1","link_id":"1","link_entity":"service","link_type":"x","taxonomy_term_id":"theirs"}],"service_at_location.csv":[{"id":"1","service_id":"1","location_id":"nowhere"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f.Mark("kl")
	s, a, at := f.Services[0], f.Attributes[0], f.ServiceAtLocations[0]
	if s.ID != "kl-1" || s.OrganizationID != "kl-7" || s.ProgramID != "p" || f.Organizations[0].ParentOrganizationID != "kl-8" {
		t.Errorf("%+v under %+v", s, f.Organizations)
	}
	if a.ID != "kl-1" || a.LinkID != "kl-1" || a.TaxonomyTermID != "theirs" || at.ServiceID != "kl-1" || at.LocationID != "nowhere" {
		t.Errorf("%+v %+v", a, at)
	}
	f.Check(hsds.Directory{})
	for _, n := range f.Notes {
		if n.Row == 0 {
			t.Errorf("%v has lost where it stood", n)
		}
	}
	if left := f.Leading([]hsds.Key{{"services.csv", "kl-1"}}); len(left) != 2 {
		t.Errorf("to the service lead %v", left)
	}
}

func TestAMistakeCanBeToldWithoutTheCell(t *testing.T) {
	var f hsds.File
	f.ReadTable("physical_addresses.csv", strings.NewReader("id,location_id,address_1,address_1\n1,1,Hidden Street,Other Street\n,1,,\n"))
	f.ReadTable("services.csv", strings.NewReader("id,name,name\n1,A,B\n"))
	var told []string
	for _, e := range f.Wrong {
		told = append(told, e.Veiled().Message)
	}
	want := []string{"two columns have this name and hold … and …; keep one", "every row needs an id", `two columns have this name and hold "A" and "B"; keep one`}
	if !cmp.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

func TestMoreRowsThanANodeCanHoldAreRefusedBeforeTheyAreRead(t *testing.T) {
	if _, err := hsds.ReadJSON([]byte("[" + strings.Repeat("{},", hsds.MaxRows) + "{}]")); !errors.Is(err, hsds.ErrShape) || !strings.Contains(err.Error(), "more than 500000 rows") {
		t.Error(err)
	}
	var f hsds.File
	f.ReadTable("services.csv", strings.NewReader("id,name,status\n"+strings.Repeat(",", 20*hsds.MaxRows+1)))
	if len(f.Wrong) != 1 || !strings.Contains(f.Wrong[0].Message, "more than 500000 rows") {
		t.Error(f.Wrong)
	}
}
