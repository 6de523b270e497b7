package screening

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/platform/audit"
)

const registry = `| survey |
|  | type | name | label | save_to |
|  | select_one_from_file people.csv | person | Who? | |
|  | text | full_name | Name | full_name |
|  | integer | age | Age | age |

| entities |
|  | list_name | label | entity_id | create_if | update_if |
|  | people | ${full_name} | ${person} | ${person} = '' | ${person} != '' |

| settings |
|  | form_title | form_id | version |
|  | Registry | registry | 1 |
`

const anEntity = "aaaaaaaa-0000-4000-8000-000000000001"

// person is an interview of the registry; entity holds the attributes of its entity.
func person(instance, entity, name, age string) string {
	return `<data id="registry" version="1" xmlns:e="http://www.opendatakit.org/xforms/entities"><full_name>` + name + `</full_name><age>` + age + `</age><meta><instanceID>uuid:` + instance +
		`</instanceID><entity dataset="people" ` + entity + `><label>` + name + `</label></entity></meta></data>`
}

func created(id string) string { return `id="` + id + `" create="1"` }

func (w *world) publishRegistry() (revision string) {
	w.t.Helper()
	var in InstrumentView
	if status := w.sendForm("super", "/api/screening/instruments", map[string]string{"publish": "true"}, map[string]string{"file": "registry.md\n" + registry}, &in); status != 201 {
		w.t.Fatal(status)
	}
	return in.Revision
}

func (w *world) people() string {
	w.t.Helper()
	r := w.get("/key/good/lists/people/entities.csv")
	if r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "text/csv") {
		w.t.Fatalf("%d %s", r.status, r.body)
	}
	return strings.TrimPrefix(r.body, "name,label,__version,full_name,age\n")
}

func TestAFormThatChoosesFromAnEntityListFindsItInItsManifest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		revision := w.publishRegistry()
		if list := w.get("/key/good/formList"); !strings.Contains(list.body, "/manifest</manifestUrl>") {
			t.Errorf("the form's only file is a list, and the manifest is not named: %s", list.body)
		}
		r := w.get("/key/good/forms/" + revision + "/manifest")
		w.wantStatus(r, 200)
		for _, part := range []string{`<mediaFile type="entityList">`, `<filename>people.csv</filename>`, `<hash>md5:`, `/key/good/lists/people/entities.csv</downloadUrl>`, `/key/good/lists/people/integrity</integrityUrl>`} {
			if !strings.Contains(r.body, part) {
				t.Errorf("the manifest lacks %s: %s", part, r.body)
			}
		}
		if got := w.people(); got != "" {
			t.Errorf("an empty list holds %q", got)
		}
		before := r.body
		w.wantStatus(w.send(withXML(person("1", created(anEntity), "Aye, Aye", "31"))...), 201)
		if got := w.people(); got != anEntity+",\"Aye, Aye\",1,\"Aye, Aye\",31\n" {
			t.Errorf("%q", got)
		}
		if w.get("/key/good/forms/"+revision+"/manifest").body == before {
			t.Error("the hash stayed though the list changed: phones would keep the old one")
		}
	})
}

func TestAnUploadedFileStandsBeforeAListOfItsName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var in InstrumentView
		w.sendForm("super", "/api/screening/instruments", map[string]string{"publish": "true"}, map[string]string{"file": "registry.md\n" + registry, "media": "people.csv\nname,label\na,A\n"}, &in)
		r := w.get("/key/good/forms/" + in.Revision + "/manifest")
		if strings.Contains(r.body, "entityList") || !strings.Contains(r.body, "/media/people.csv") {
			t.Errorf("%s", r.body)
		}
	})
}

func TestAChangeOfAnEntityRaisesItsVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Aye", "31"))...)
		w.wantStatus(w.send(withXML(person("2", `id="`+anEntity+`" update="true" baseVersion="1" trunkVersion="" branchId=""`, "Aye Aye", "32"))...), 201)
		if got := w.people(); got != anEntity+",Aye Aye,2,Aye Aye,32\n" {
			t.Errorf("%q", got)
		}
		w.send(withXML(`<data id="registry" version="1"><age>33</age><meta><instanceID>uuid:3</instanceID><entity dataset="people" id="` + anEntity + `" update="1" baseVersion="1"><label/></entity></meta></data>`)...)
		if got := w.people(); got != anEntity+",Aye Aye,3,Aye Aye,33\n" {
			t.Errorf("what the form does not hold must stay: %q", got)
		}
	})
}

func TestChangesMadeWithoutANetworkMayArriveInAnyOrder(t *testing.T) {
	offline := []string{
		`id="` + anEntity + `" create="1" branchId="phone-1" trunkVersion="" baseVersion=""`,
		`id="` + anEntity + `" update="1" branchId="phone-1" trunkVersion="" baseVersion="1"`,
		`id="` + anEntity + `" update="1" branchId="phone-1" trunkVersion="" baseVersion="2"`,
	}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.publishRegistry()
				for _, i := range order {
					w.wantStatus(w.send(withXML(person(fmt.Sprint("o", i), offline[i], fmt.Sprint("Name ", i), fmt.Sprint(30+i)))...), 201)
				}
				if got := w.people(); got != anEntity+",Name 2,3,Name 2,32\n" {
					t.Errorf("%q", got)
				}
				if n := w.count(`SELECT COUNT(*) FROM screening_entity_held`); n != 0 {
					t.Errorf("%d changes still wait", n)
				}
			})
		})
	}
}

func TestABranchThatBeganAtTheServersListWaitsForItsFirstChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Aye", "31"))...)
		second := `id="` + anEntity + `" update="1" branchId="phone-2" trunkVersion="1" baseVersion="2"`
		w.send(withXML(person("3", second, "Third", "33"))...)
		if got := w.people(); !strings.Contains(got, ",Aye,1,") {
			t.Errorf("taken before its predecessor: %q", got)
		}
		w.send(withXML(person("2", `id="`+anEntity+`" update="1" branchId="phone-2" trunkVersion="1" baseVersion="1"`, "Second", "32"))...)
		if got := w.people(); !strings.Contains(got, ",Third,3,") {
			t.Errorf("%q", got)
		}
	})
}

func TestAChangeThatWaitsTooLongIsTakenAsItStands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("2", `id="`+anEntity+`" update="1" branchId="lost-phone" trunkVersion="" baseVersion="4"`, "Aye", "35"))...)
		w.clock.Advance(entityPatience + time.Hour)
		if err := w.desk.takeOverdueEntities(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := w.people(); !strings.Contains(got, ",Aye,1,Aye,35") {
			t.Errorf("%q", got)
		}
	})
}

func TestAnOddEntityNeverKeepsAnInterviewOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Aye", "31"))...)
		for n, odd := range []string{`create="1"`, `id="not a uuid" create="1"`, created(anEntity), `id="aaaaaaaa-0000-4000-8000-00000000000f" update="1"`, `id="` + anEntity + `" update="1" baseVersion="many"`} {
			w.wantStatus(w.send(withXML(person(fmt.Sprint("odd", n), odd, "Other", "1"))...), 201)
		}
		w.wantStatus(w.send(withXML(strings.Replace(person("empty", created("aaaaaaaa-0000-4000-8000-00000000000e"), "", "1"), "<label></label>", "", 1))...), 201)
		if n := w.count(`SELECT COUNT(*) FROM screening_entity`); n != 1 {
			t.Errorf("%d entities, want one", n)
		}
	})
}

func TestErasingAPersonTakesTheirEntityAndPhonesAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Aye", "31"))...)
		unsent := "bbbbbbbb-0000-4000-8000-000000000002"
		ask := "/key/good/lists/people/integrity?id=" + anEntity + "," + unsent
		r := w.get(ask)
		w.wantStatus(r, 200)
		if !strings.Contains(r.body, `<data><entities><entity id="`+anEntity+`"><deleted>false</deleted></entity></entities></data>`) {
			t.Errorf("%s", r.body)
		}
		if status := w.call("super", "POST", "/api/screening/screenings/"+w.only("super")+"/erase", map[string]string{"reason": "person-asked"}, nil); status != 204 {
			t.Fatal(status)
		}
		if got := w.people(); got != "" {
			t.Errorf("an erased person is still in the list: %q", got)
		}
		if r = w.get(ask); !strings.Contains(r.body, `<deleted>true</deleted>`) || strings.Contains(r.body, unsent) {
			t.Errorf("%s", r.body)
		}
		w.wantStatus(w.send(withXML(person("9", created(anEntity), "Aye", "31"))...), 201)
		if got := w.people(); got != "" {
			t.Errorf("what was erased came back: %q", got)
		}
	})
}

func TestAnEntityLiesSealedAndTheLogVouchesForIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Daw Khin Khin", "31"))...)
		if n := w.count(`SELECT COUNT(*) FROM screening_entity WHERE CAST(sealed AS TEXT) LIKE '%Khin%'`); w.db.Dialect() != "postgres" && n != 0 {
			t.Error("a name lies in clear")
		}
		kinds := map[string]audit.Stored{"screening": Stored, "screening-entity": StoredEntity}
		if r, err := audit.Verify(context.Background(), w.db, kinds, nil); err != nil || !r.OK() || r.Stored != 2 {
			t.Errorf("%v %+v", err, r)
		}
	})
}

func TestAListIsTheOrganisationsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishRegistry()
		w.send(withXML(person("1", created(anEntity), "Aye", "31"))...)
		content, err := w.desk.EntityCSV(actor.With(context.Background(), elsewhere), "people")
		if err != nil || strings.Contains(string(content), "Aye") {
			t.Errorf("%v %s", err, content)
		}
		if status := w.call("elsewhere", "DELETE", "/api/screening/entities/people/"+anEntity, nil, nil); status != 404 {
			t.Errorf("another organisation deleted it: %d", status)
		}
		if status := w.call("super", "DELETE", "/api/screening/entities/people/"+anEntity, nil, nil); status != 204 || w.people() != "" {
			t.Errorf("%d %q", status, w.people())
		}
	})
}
