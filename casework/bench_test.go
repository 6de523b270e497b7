package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"lintas/casework/hsds"
	"lintas/casework/merge"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

// What an officer waits for on a node with 100,000 cases:
//
//	LINTAS_BENCH_CASES=100000 go test -run '^$' -bench ManyCases -benchtime 300x -timeout 60m ./casework
//
// and the same with LINTAS_TEST_POSTGRES for PostgreSQL. Each figure is the
// 95th (and 50th) percentile of single calls, one after the other; the case
// page writes its leaf of the audit log durably before it answers.
func BenchmarkManyCases(b *testing.B) {
	n, _ := strconv.Atoi(os.Getenv("LINTAS_BENCH_CASES"))
	if n == 0 {
		b.Skip("SKIPPED: set LINTAS_BENCH_CASES=100000")
	}
	open := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite}
	if os.Getenv(dbtest.EnvPostgres) != "" {
		open = map[string]func(testing.TB) *db.DB{"postgres": dbtest.Postgres}
	}
	for name, store := range open {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, store(b))
			begun := time.Now()
			ids := w.fill(b, n)
			b.Logf("%d cases made in %s", n, time.Since(begun).Round(time.Second))
			rng := rand.New(rand.NewPCG(1, 1))
			one := func() (string, context.Context) {
				i := rng.IntN(len(ids))
				return ids[i], worker(i)
			}
			measure(b, "search", func() error {
				_, err := w.Cases(as("sari", ours, actor.Supervisor), Search{Text: nameList[rng.IntN(len(nameList))] + " " + nameList[rng.IntN(len(nameList))]})
				return err
			})
			measure(b, "duplicates", func() error {
				_, err := w.Duplicates(as("sari", ours, actor.Supervisor), map[string]string{"given_name": nameList[rng.IntN(len(nameList))], "family_name": nameList[rng.IntN(len(nameList))], "birth_date": "1999-05-04"})
				return err
			})
			measure(b, "list", func() error { _, err := w.Cases(as("sari", ours, actor.Supervisor), Search{}); return err })
			measure(b, "work", func() error { _, who := one(); _, err := w.WorkToday(who); return err })
			measure(b, "board", func() error { _, err := w.SupervisorBoard(sari); return err })
			measure(b, "page", func() error { id, who := one(); _, err := w.CasePage(who, id); return err })
		})
	}
}

// measure times a call; what comes before it in the list is done and not timed.
func measure(b *testing.B, name string, calls ...func() error) {
	call := calls[len(calls)-1]
	b.Run(name, func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			for _, before := range calls[:len(calls)-1] {
				if err := before(); err != nil {
					b.Fatal(err)
				}
			}
			begun := time.Now()
			if err := call(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	})
}

const staffCount = 200

func worker(i int) context.Context {
	return as(fmt.Sprint("worker-", i%staffCount), ours, actor.Caseworker)
}

var nameList = func() (out []string) {
	a, z := []string{"Mya", "Thi", "Nguyen", "Siti", "Aung", "Somchai", "Dara", "Putri", "Linh", "Kyaw"}, []string{"ra", "wati", "anh", "mon", "lay", "chai", "ni", "da", "tun", "rot"}
	for _, x := range a {
		for _, y := range z {
			for k := range 10 {
				out = append(out, fmt.Sprintf("%s%s%c", x, y, 'a'+k))
			}
		}
	}
	return out
}()

// fill makes cases as an agency has them: a fifth with a task, a tenth with a
// referral. It writes rows straight, five hundred to a transaction, with one
// set of keys for each hundred cases and without audit leaves: filling through
// the verbs takes an hour and is not what is measured.
func (w *world) fill(b testing.TB, n int) []string {
	ids := make([]string, n)
	const chunk = 500
	for from := 0; from < n; from += chunk {
		persons := make([]string, chunk/100)
		for i := range persons {
			persons[i] = id.New()
			if err := w.ensure(context.Background(), persons[i], Administrative, Identity, Contact, Narrative); err != nil {
				b.Fatal(err)
			}
		}
		err := w.DB.Write(context.Background(), func(t *db.Tx) error {
			for _, p := range persons {
				if err := insertPerson(t, p, ours, w.clock.Now()); err != nil {
					return err
				}
			}
			for i := from; i < min(from+chunk, n); i++ {
				var err error
				if ids[i], err = w.fillOne(t, i, persons[i/100%len(persons)]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return ids
}

func (w *world) fillOne(t *db.Tx, i int, person string) (string, error) {
	rng, who := rand.New(rand.NewPCG(uint64(i), 3)), worker(i)
	values := map[string]string{"given_name": nameList[rng.IntN(len(nameList))], "family_name": nameList[rng.IntN(len(nameList))], "phone": fmt.Sprintf("+6681%07d", i), "language": "my", "gender": "Feminine", "story": "what happened, in a few sentences that somebody wrote down"}
	c := w.freshCase(NewCase{Values: values}, actor.From(who))
	c.Person, c.ChangedAt, c.Source = person, c.ChangedAt.Add(-time.Duration(rng.IntN(3e7))*time.Second), "hand"
	var err error
	if c.Code, err = freeCode(t, caseCode); err != nil {
		return "", err
	}
	if err := insertCase(t, c); err != nil {
		return "", err
	}
	for class, part := range byClass(values) {
		fields, _, _ := merge.Apply(nil, part, 0, 1, "fill")
		plain, err := json.Marshal(fields)
		if err != nil {
			return "", err
		}
		sealed, err := w.seal(who, person, class, place("sheet", c.ID, class), plain)
		if err != nil {
			return "", err
		}
		if err := putSheet(t, sheetRow{c.ID, class, sealed, 1}); err != nil {
			return "", err
		}
		if err := putMarks(t, c.ID, class, w.marks(class, fields)); err != nil {
			return "", err
		}
	}
	return c.ID, w.fillWork(t, who, c, i, rng)
}

func (w *world) fillWork(t *db.Tx, who context.Context, c Case, i int, rng *rand.Rand) error {
	entry := func(kind, code string, due time.Time) error {
		e := Entry{ID: id.New(), Case: c.ID, Kind: kind, Class: EntryKinds[kind].Class, State: "open", Code: code, Owner: c.Owner, At: c.OpenedAt, DueAt: due, MadeAt: c.OpenedAt, ChangedAt: c.OpenedAt}
		if err := w.sealEntry(who, c.Person, &e); err != nil {
			return err
		}
		return insertEntry(t, e, nil)
	}
	if err := entry("need", "shelter", time.Time{}); err != nil {
		return err
	}
	if i%5 == 0 {
		if err := entry("task", "call", w.clock.Now().Add(time.Duration(rng.IntN(60)-20)*24*time.Hour)); err != nil {
			return err
		}
	}
	if i%10 == 0 {
		r := Referral{ID: id.New(), Case: c.ID, Person: c.Person, Organisation: ours, Sender: c.Owner, Service: shelterID, State: referral.Offered, Priority: referral.Normal, Zone: "UTC", Round: 1, Began: w.clock.Now(), Deadline: w.clock.Now().AddDate(0, 0, 14), MadeAt: c.OpenedAt, ChangedAt: c.OpenedAt}
		if err := w.sealAsked(who, &r, Asked{}); err != nil {
			return err
		}
		if err := insertReferral(t, r); err != nil {
			return err
		}
	}
	return w.windDues(t, who, c)
}

// What a caseworker waits for when they look for services in a directory of
// 10,000: through the route, with the body read and the answer written.
// "after a change" is the first question after somebody changed an entry;
// "read from the store" the first of a node that has just started.
//
//	go test -run '^$' -bench MatchThroughTheRoute -benchtime 100x ./casework
func BenchmarkMatchThroughTheRoute(b *testing.B) {
	w := newWorld(b, dbtest.SQLite(b))
	if _, err := w.ImportDirectory(sari, hsds.File{Directory: manyServices(10_000)}, Bringing{}); err != nil {
		b.Fatal(err)
	}
	ask := w.api(b)
	question := []byte(`{"needs":["shelter","medical"],"languages":["my"],"age":26,"gender":"Feminine","latitude":13.7,"longitude":100.5,"placed":true}`)
	match := func() error {
		if status, out := ask("POST", "/api/casework/match", question); status != 200 {
			return fmt.Errorf("%d %s", status, out)
		}
		return nil
	}
	measure(b, "warm", match)
	measure(b, "after a change", func() error {
		dir, err := w.dir(sari)
		if err != nil {
			return err
		}
		s, _ := dir.service(dir.flat.Services[0].ID)
		_, err = w.PutService(sari, s)
		return err
	}, match)
	measure(b, "read from the store", func() error { w.directory = nil; return match() })
}

// manyServices is a directory of n services with what a real one has: an
// organisation, a place, languages, needs, a price.
func manyServices(n int) hsds.Directory {
	needs, langs := []string{"shelter", "medical", "legal_aid", "food", "psychosocial"}, []string{"my", "th", "km", "lo", "vi", "id"}
	services := make([]any, n)
	free := 0.0
	for i := range services {
		key := func(kind string) string { return fmt.Sprintf("%s-%06d", kind, i) }
		lat, lon := 10+float64(i%97)/20, 98+float64(i%89)/20
		services[i] = hsds.Service{
			ID: key("service"), Name: "Service " + key("n"), Status: "active", AssuredDate: "2026-02-01", LastModified: "2026-02-01T00:00:00Z",
			Organization:       &hsds.Organization{ID: fmt.Sprintf("org-%d", i/10), Name: "Organisation", Description: "of ten services"},
			Languages:          []hsds.Language{{ID: key("la"), Code: langs[i%6]}, {ID: key("lb"), Code: langs[(i+1)%6]}},
			CostOptions:        []hsds.CostOption{{ID: key("cost"), Amount: &free}},
			ServiceAtLocations: []hsds.ServiceAtLocation{{ID: key("at"), Location: &hsds.Location{ID: key("place"), LocationType: "physical", Latitude: &lat, Longitude: &lon}}},
			Attributes: []hsds.Attribute{{ID: key("a1"), LinkType: attrNeed, Value: needs[i%5]}, {ID: key("a2"), LinkType: attrNeed, Value: needs[(i+2)%5]},
				{ID: key("a3"), LinkType: attrFree, Value: "3@2026-02-01"}},
		}
	}
	flat, _ := hsds.Flatten(services...)
	return flat
}
