package casework

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

// read is a file of a directory that can be read.
func read(t *testing.T, tables map[string]string) hsds.File {
	t.Helper()
	file := must[hsds.File](t)(ReadDirectory(packageOf(t, tables)))
	if len(file.Wrong) > 0 {
		t.Fatal(file.Wrong)
	}
	return file
}

// whole is the directory as it stands in the store, as text.
func (w *world) whole(t *testing.T) string {
	t.Helper()
	w.directory = nil // as after a start
	text, err := json.MarshalIndent(must[hsds.Directory](t)(w.ExportDirectory(sari)), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (w *world) leaves(t *testing.T, object string) (verbs []string) {
	t.Helper()
	err := w.DB.Read(sari, func(tx *db.Tx) error {
		list, err := audit.List(tx, audit.Filter{Limit: 1000})
		for _, leaf := range list {
			if leaf.Object == object {
				verbs = append(verbs, leaf.Verb)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return verbs
}

func TestAnImportIsTakenBackAsOneAndCanBeBroughtAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		must[Imported](t)(w.ImportDirectory(sari, read(t, map[string]string{"services.csv": "id,name,status,alert\n1,Legal help,active,old\n"}), Bringing{}))
		before := w.whole(t)
		first := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{}))
		with := w.whole(t)
		done := must[DirectoryImport](t)(w.UndoImport(sari, first.ID))
		if diff := cmp.Diff(before, w.whole(t)); diff != "" {
			t.Errorf("what stands now is not what stood before (-before +now):\n%s", diff)
		}
		if done.Added != 5 || done.Changed != 1 || done.UndoneAt.IsZero() || !done.UndoUntil.IsZero() {
			t.Errorf("%+v", done)
		}
		if got := w.leaves(t, "directory-import:"+first.ID); !slices.Equal(got, []string{"casework.directory-undo", "casework.directory-import"}) {
			t.Errorf("the log has %v", got)
		}
		_, err := w.UndoImport(sari, first.ID)
		wantCode(t, err, "casework.directory-undone")
		again := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{}))
		if diff := cmp.Diff(with, w.whole(t)); again.Added != 5 || again.ID == first.ID || diff != "" {
			t.Errorf("brought again: %+v\n%s", again, diff)
		}
	})
}

func TestAnImportIsNotTakenBackOnceSomethingStandsOnIt(t *testing.T) {
	for name, one := range map[string]struct {
		build func(*testing.T, *world)
		says  string
	}{
		"the service confirmed its entry": {func(t *testing.T, w *world) {
			url := must[string](t)(w.AskAssurance(ana, "1"))
			_, secret, _ := strings.Cut(url, "#")
			if err := w.Assure(ana, Assurance{Secret: secret, Email: "a@b.example", Status: "active"}); err != nil {
				t.Fatal(err)
			}
		}, "services.csv:1 was changed since"},
		"a link to confirm is out": {func(t *testing.T, w *world) { must[string](t)(w.AskAssurance(ana, "1")) }, "services.csv:1 a link to confirm it is out"},
		"an organisation answers": {func(t *testing.T, w *world) {
			if err := w.AnswerFor(sari, "2", true); err != nil {
				t.Fatal(err)
			}
		}, "services.csv:2 an organisation answers for it here"},
		"a referral and a consent": {func(t *testing.T, w *world) {
			c := w.openMya(t)
			must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: "1", Priority: "normal", Needs: []string{"legal"}, Fields: []string{"language"}}))
			must[Receipt](t)(w.TakeConsent(ana, c.ID, NewReceipt{Purpose: "referral", Fields: []string{"language"}, Recipient: "1", Language: "my", How: "spoken", GivenBy: "person", Until: w.clock.Now().AddDate(0, 1, 0)}))
		}, "services.csv:1 a referral goes to it services.csv:1 a consent names it"},
		"a newer row belongs to it": {func(t *testing.T, w *world) {
			must[Imported](t)(w.ImportDirectory(sari, read(t, map[string]string{"services.csv": "id,organization_id,name,status\nnew,1,A third,active\n"}), Bringing{}))
		}, "services.csv:new belongs to a row of the import since"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, dbtest.SQLite(t))
			done := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{}))
			one.build(t, w)
			before := w.whole(t)
			_, err := w.UndoImport(sari, done.ID)
			wantCode(t, err, "casework.directory-built-on")
			if p := problemOf(t, err); p != one.says {
				t.Errorf("it says %q, want %q", p, one.says)
			}
			if w.whole(t) != before {
				t.Error("something was changed all the same")
			}
		})
	}
}

// A newer import that was taken back is nothing that stands on an older one.
func TestImportsAreTakenBackTheNewestFirst(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	before := w.whole(t)
	one := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{}))
	two := must[Imported](t)(w.ImportDirectory(sari, read(t, map[string]string{"services.csv": "id,name,status,alert\n1,Legal help,active,Closed\n"}), Bringing{}))
	_, err := w.UndoImport(sari, one.ID)
	wantCode(t, err, "casework.directory-built-on")
	must[DirectoryImport](t)(w.UndoImport(sari, two.ID))
	must[DirectoryImport](t)(w.UndoImport(sari, one.ID))
	if w.whole(t) != before {
		t.Error("the directory is not what it was")
	}
}

func TestWhatRowsWereIsKeptForNinetyDays(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		done := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{}))
		w.clock.Advance(90*24*time.Hour + time.Millisecond)
		_, err := w.UndoImport(sari, done.ID)
		wantCode(t, err, "casework.directory-import-old")
		if err := w.Retain(sari); err != nil {
			t.Fatal(err)
		}
		var kept []beforeRow
		if err := w.DB.Read(sari, func(tx *db.Tx) (err error) { kept, err = beforeOf(tx, done.ID); return err }); err != nil || len(kept) > 0 {
			t.Errorf("%d rows are kept, %v", len(kept), err)
		}
		list := must[[]DirectoryImport](t)(w.DirectoryImports(sari))
		if len(list) != 1 || list[0].Added != 6 || !list[0].UndoUntil.IsZero() {
			t.Errorf("%+v", list)
		}
	})
}

func TestAnImportWhoseAnswerWasLostCountsOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		id := "0123456789abcdef0123456789abcdef"
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				// One is stored; another at the same instant may find the directory moved, and is told so.
				if _, err := w.ImportDirectory(sari, read(t, twoServices), Bringing{ID: id}); err != nil && code(err) != "casework.directory-moved" {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		again := must[Imported](t)(w.ImportDirectory(sari, read(t, twoServices), Bringing{ID: id}))
		if list := must[[]DirectoryImport](t)(w.DirectoryImports(sari)); len(list) != 1 || again.Added != 6 || again.ID != id {
			t.Errorf("%+v, and the list is %+v", again, list)
		}
		if got := w.leaves(t, "directory-import:"+id); len(got) != 1 {
			t.Errorf("the log has %v", got)
		}
	})
}

func TestADirectoryThatChangedSinceItWasLookedAtIsLookedAtAgain(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	dry := bring(t, w, packageOf(t, twoServices), "?dry_run=true")
	must[hsds.Service](t)(w.PutService(sari, hsds.Service{ID: "1", Name: "Somebody else's", Status: "active"}))
	status, body := w.api(t)("POST", fmt.Sprintf("/api/casework/directory?seen=%d", dry.Version), packageOf(t, twoServices))
	if status != 409 || !strings.Contains(string(body), "casework.directory-moved") {
		t.Errorf("%d %s", status, body)
	}
	if list := must[[]DirectoryImport](t)(w.DirectoryImports(sari)); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func TestAnotherDirectoryWithTheSameIdsStandsBesideByItsMark(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	bring(t, w, packageOf(t, twoServices), "")
	other := map[string]string{
		"organizations.csv": "id,name,description\n1,Klinik,d\n", "services.csv": "id,organization_id,name,status\n1,1,Dentist,active\n",
		"phones.csv": "id,service_id,number\n1,1,+60 3 555\n", "attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,medical\n",
	}
	dry := bring(t, w, packageOf(t, other), "?dry_run=true")
	if dry.Others != 2 || dry.Rows[0].Name != "Klinik" || dry.Rows[0].Was != "Rumah" || !dry.Rows[0].Other || dry.Rows[1].Name != "Dentist" || dry.Rows[1].Was != "Legal help" {
		t.Errorf("the other directory would %+v", dry.Rows)
	}
	marked := bring(t, w, packageOf(t, other), "?mark=kl")
	again := bring(t, w, packageOf(t, other), "?mark=kl")
	if marked.Added != 4 || marked.Changed != 0 || again.Added+again.Changed != 0 || again.Unchanged != 4 {
		t.Errorf("with a mark %+v, and again %+v", marked, again)
	}
	dir := must[*directory](t)(w.dir(sari))
	s, _ := dir.service("kl-1")
	if old, _ := dir.service("1"); old.Name != "Legal help" || s.Name != "Dentist" || s.Organization.Name != "Klinik" || s.Phones[0].Number != "+60 3 555" || s.Attributes[0].Value != "medical" {
		t.Errorf("beside %+v stands %+v", old, s)
	}
	_, err := w.ImportDirectory(sari, read(t, other), Bringing{Mark: "Kuala Lumpur"})
	wantCode(t, err, "casework.directory-mark")
}

var secretTables = map[string]string{
	"organizations.csv": "id,name,description\n1,Rumah,d\n2,Klinik,d\n", "services.csv": "id,organization_id,name,status\n1,1,Safe house,active\n2,2,Clinic,active\n",
	"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,shelter\n", "service_at_location.csv": "id,service_id,location_id\n1,1,1\n2,2,2\n",
	"locations.csv": "id,location_type,latitude,longitude\n1,physical,1.5,2.5\n2,physical,3,4\n", "addresses.csv": "id,location_id,address_1,city,state_province,postal_code,country,address_type\n1,1,Jalan Rahasia 7,T,P,1,ID,physical\n2,2,Jalan Terang 1,T,P,1,ID,physical\n",
}

func TestNoImportPublishesWhatIsHidden(t *testing.T) {
	for how, tables := range map[string]map[string]string{
		"the need is taken for another":             {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,legal\n"},
		"the attribute goes to another service":     {"attributes.csv": "id,link_id,link_entity,link_type,value\n1,2,service,lintas:need,shelter\n"},
		"it is said not to be confidential":         {"attributes.csv": "id,link_id,link_entity,link_type,value\n9,1,service,lintas:confidential,no\n"},
		"the address goes to a place that is shown": {"addresses.csv": "id,location_id\n1,2\n"},
		"the organisation gives it away":            {"services.csv": "id,organization_id,name,status\n1,2,Safe house,active\n", "service_at_location.csv": "id,service_id,location_id\n1,2,1\n"},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, dbtest.SQLite(t))
			bring(t, w, packageOf(t, secretTables), "")
			before := w.whole(t)
			dry := bring(t, w, packageOf(t, tables), "?dry_run=true")
			if dry.Opened == 0 || len(dry.Opens) == 0 {
				t.Errorf("the look says nothing: %+v", dry)
			}
			status, body := w.api(t)("POST", "/api/casework/directory", packageOf(t, tables))
			if status != 409 || !strings.Contains(string(body), "casework.directory-opens") || w.whole(t) != before {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func TestTakingBackPublishesNothing(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	open := map[string]string{"attributes.csv": "id,link_id,link_entity,link_type,value\n1,1,service,lintas:need,legal\n"}
	for name, text := range secretTables {
		if open[name] == "" {
			open[name] = text
		}
	}
	bring(t, w, packageOf(t, open), "")
	hides := bring(t, w, packageOf(t, secretTables), "")
	_, err := w.UndoImport(sari, hides.ID)
	wantCode(t, err, "casework.directory-built-on")
	if said := problemOf(t, err); !strings.Contains(said, "addresses.csv:1 would be published") {
		t.Error(said)
	}
}

// What a look answers may be printed and lie about.
func TestALookQuotesNothingThatLeadsToADoor(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	bring(t, w, packageOf(t, secretTables), "")
	bad := map[string]string{
		"services.csv":      "id,organization_id,name,status,minimum_age\n1,1,Safe house,active,old\n",
		"locations.csv":     "id,location_type,latitude,longitude\n1,Jalan Rahasia 7,Jalan Rahasia 7,181.25\n3,physical,181.25,2\n",
		"addresses.csv":     "id,location_id,address_1,city,state_province,postal_code,country,address_type,address_1\n1,1,Jalan Rahasia 8,T,P,1,ID,Jalan Rahasia,Jalan Rahasia 9\n5,1,Jalan Rahasia 8,T,P,1,ID,Jalan Rahasia,\n",
		"phones.csv":        "id,service_id,number,extension\n1,1,+62 811,Jalan Rahasia\n",
		"other/rubbish.csv": "x\n",
	}
	whole := strings.Builder{}
	for _, data := range [][]byte{
		packageOf(t, bad),
		[]byte(`[{"id":"1","name":"Safe house","status":"active","service_at_locations":[{"id":"1","location":{"id":"1","location_type":"Jalan Rahasia 7","latitude":181.25,"addresses":[{"id":"1","address_1":"Jalan Rahasia 7","city":"T","address_type":"Jalan Rahasia 7"},{"id":"1","address_1":"Jalan Rahasia 8"}],"phones":[{"id":"5","number":["Jalan Rahasia 7"]}]}}]}]`),
	} {
		status, body := w.api(t)("POST", "/api/casework/directory?dry_run=true", data)
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		whole.Write(body)
		_, body = w.api(t)("POST", "/api/casework/directory", data) // refused: the refusal is shown, too
		whole.Write(body)
	}
	for _, secret := range []string{"Rahasia", "181.25", "811"} {
		if strings.Contains(whole.String(), secret) {
			t.Errorf("%q is told:\n%s", secret, whole.String())
		}
	}
	if !strings.Contains(whole.String(), `\"old\" is not a number`) && !strings.Contains(whole.String(), `is not what this field holds`) {
		t.Errorf("what is wrong with a service is not told:\n%s", whole.String())
	}
}

func TestALookNamesEveryRowThatCannotBeReadAndStoresNothing(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	before := w.whole(t)
	data := packageOf(t, map[string]string{"services.csv": "id,name,status\n1,A,active\n,B,active\n1,C,active\n", "phones.csv": "id,service_id,number\n1,9,55\n", "notes.csv": "x\n"})
	dry := bring(t, w, data, "?dry_run=true")
	if dry.Wrongs != 2 || dry.Wrong[0].Row != 3 || dry.Wrong[0].Column != "id" || dry.Wrong[1].Row != 4 || dry.Noted != 1 || dry.Notes[0].File != "phones.csv" || !slices.Equal(dry.Left, []string{"notes.csv"}) || dry.Added != 2 {
		t.Errorf("%+v", dry)
	}
	if status, body := w.api(t)("POST", "/api/casework/directory", data); status != 422 || w.whole(t) != before {
		t.Errorf("%d %s", status, body)
	}
}

func TestHostileZipsAreRefusedWhole(t *testing.T) {
	pack := func(write func(z *zip.Writer)) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		f, err := z.Create("services.csv")
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte("id,name,status\n1,A,active\n"))
		write(z)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	add := func(name string) func(*zip.Writer) {
		return func(z *zip.Writer) {
			if _, err := z.CreateHeader(&zip.FileHeader{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	locked := pack(func(*zip.Writer) {})
	for _, sign := range []string{"PK\x03\x04", "PK\x01\x02"} { // the bit that says so, in both headers
		at := bytes.Index(locked, []byte(sign)) + map[string]int{"PK\x03\x04": 6, "PK\x01\x02": 8}[sign]
		locked[at] |= 1
	}
	endless := func(z *zip.Writer) {
		f, err := z.Create("phones.csv")
		if err != nil {
			t.Fatal(err)
		}
		row := bytes.Repeat([]byte("a\n"), 1<<20)
		for range 31 {
			f.Write(row)
		}
	}
	for name, one := range map[string]struct {
		data []byte
		want string
	}{
		"a path upwards":      {pack(add("../../etc/services.csv")), "casework.hsds-zip-path"},
		"a path from the top": {pack(add("/etc/passwd")), "casework.hsds-zip-path"},
		"a path of Windows":   {pack(add(`..\services.csv`)), "casework.hsds-zip-path"},
		"a drive of Windows":  {pack(add(`C:/services.csv`)), "casework.hsds-zip-path"},
		"two of one name":     {pack(add("services.csv")), "casework.hsds-zip-twice"},
		"a password":          {locked, "casework.hsds-zip-locked"},
		"cut in the middle":   {pack(add("x.csv"))[:150], "casework.hsds-zip"},
		"a thousand and one files": {pack(func(z *zip.Writer) {
			for i := range hsds.MaxFiles {
				add(fmt.Sprintf("%d.csv", i))(z)
			}
		}), "casework.hsds-zip-files"},
		"thirty million rows": {pack(endless), "rows"},
	} {
		file, err := ReadDirectory(one.data)
		if one.want == "rows" {
			if err != nil || len(file.Wrong) != 1 || !strings.Contains(file.Wrong[0].Message, "more than 500000 rows") {
				t.Errorf("%s: %v %v", name, err, file.Wrong)
			}
			continue
		}
		if code(err) != one.want || len(file.Keys()) > 0 {
			t.Errorf("%s: %q and %d rows, want %q", name, code(err), len(file.Keys()), one.want)
		}
	}
}

func TestTheSpecificationsOwnExamplesAreBroughtOnceAndTakenBack(t *testing.T) {
	folder := filepath.Join(hsdstest.Folder(t), "examples")
	var tables bytes.Buffer
	z := zip.NewWriter(&tables)
	if err := z.AddFS(os.DirFS(filepath.Join(folder, "csv"))); err != nil { // with its datapackage.json
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tabular.json", "service_full.json", "organization_full.json", "service_list.json", "csv"} {
		data := tables.Bytes()
		if name != "csv" {
			var err error
			if data, err = os.ReadFile(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		w := newWorld(t, dbtest.SQLite(t))
		before := w.whole(t)
		dry := bring(t, w, data, "?dry_run=true")
		if dry.Wrongs > 0 {
			t.Errorf("%s: %v", name, dry.Wrong)
			continue
		}
		done := bring(t, w, data, fmt.Sprintf("?seen=%d", dry.Version))
		if done.Added != dry.Added || done.Added == 0 || len(dry.Rows) != done.Added {
			t.Errorf("%s: the look said %d, %d rows were added", name, dry.Added, done.Added)
		}
		if again := bring(t, w, data, ""); again.Added+again.Changed != 0 || again.ID != "" {
			t.Errorf("%s again: %+v", name, again)
		}
		must[DirectoryImport](t)(w.UndoImport(sari, done.ID))
		if w.whole(t) != before {
			t.Errorf("%s is not taken back whole", name)
		}
	}
}

// LINTAS_SLOW=1 takes ten thousand, as large as a country's directory.
func TestManyServicesAreBroughtBesideOthersAndTakenBack(t *testing.T) {
	most := 1500
	if os.Getenv("LINTAS_SLOW") != "" {
		most = 10_000
	}
	w := newWorld(t, dbtest.SQLite(t))
	before := w.whole(t)
	first := must[Imported](t)(w.ImportDirectory(sari, hsds.File{Directory: manyServices(most)}, Bringing{}))
	dry := must[Imported](t)(w.ImportDirectory(sari, hsds.File{Directory: manyServices(most)}, Bringing{DryRun: true, Mark: "b"}))
	if first.Added < most || dry.Added != first.Added || len(dry.Rows) != mostRows {
		t.Errorf("%d were added, beside them %d would be, %d are shown", first.Added, dry.Added, len(dry.Rows))
	}
	second := must[Imported](t)(w.ImportDirectory(sari, hsds.File{Directory: manyServices(most)}, Bringing{Mark: "b"}))
	must[DirectoryImport](t)(w.UndoImport(sari, second.ID))
	must[DirectoryImport](t)(w.UndoImport(sari, first.ID))
	if w.whole(t) != before {
		t.Error("the directory is not what it was")
	}
}

// problemOf is what a refusal says of each row.
func problemOf(t *testing.T, err error) string {
	t.Helper()
	p, ok := problem.As(err)
	if !ok {
		t.Fatal(err)
	}
	var out []string
	for _, f := range p.Fields {
		out = append(out, f.Location+" "+f.Message)
	}
	return strings.Join(out, " ")
}
