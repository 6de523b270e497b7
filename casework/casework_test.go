package casework

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"lintas/casework/hsds"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/keys"
)

// The cast: two caseworkers and a supervisor of one agency, an officer of the
// same, and a caseworker of another agency.
const (
	ours, theirs = "org-shelter", "org-clinic"
	shelterID    = "5f0e4c9a-0000-4000-8000-000000000001"
	clinicID     = "5f0e4c9a-0000-4000-8000-000000000002"
)

func as(person, organisation string, roles ...actor.Role) context.Context {
	return actor.With(context.Background(), actor.Actor{Person: person, Organisation: organisation, Roles: roles})
}

var (
	ana   = as("ana", ours, actor.Caseworker)
	budi  = as("budi", ours, actor.Caseworker)
	sari  = as("sari", ours, actor.Supervisor)
	polda = as("polda", ours, actor.Officer)
	mai   = as("mai", theirs, actor.Caseworker)
)

// world is a desk on a fresh store with a clock that a test moves.
type world struct {
	*Desk
	clock  *clock.Manual
	folder string
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := context.Background()
	c := clock.NewManual(time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	ring, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ring.Close() })
	if err := audit.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	desk, err := Open(ctx, Deps{DB: d, Keys: ring, Clock: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Country: "TH", PublicURL: "https://node.test", NodeName: "Test node"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{desk, c, dir}
	w.seed(t)
	return w
}

// seed puts two services into the directory.
func (w *world) seed(t testing.TB) {
	t.Helper()
	lat, lon := 13.75, 100.5
	attr := func(id, kind, value string) hsds.Attribute {
		return hsds.Attribute{ID: id, LinkType: kind, Value: value}
	}
	for _, s := range []hsds.Service{
		{ID: shelterID, Name: "River shelter", Status: "active", AssuredDate: "2026-02-20", AssurerEmail: "desk@river.test",
			Organization: &hsds.Organization{ID: "5f0e4c9a-0000-4000-8000-000000000011", Name: "River", Description: "A shelter"},
			Languages:    []hsds.Language{{ID: "5f0e4c9a-0000-4000-8000-000000000021", Code: "my"}},
			ServiceAtLocations: []hsds.ServiceAtLocation{{ID: "5f0e4c9a-0000-4000-8000-000000000031", Location: &hsds.Location{
				ID: "5f0e4c9a-0000-4000-8000-000000000041", LocationType: "physical", Latitude: &lat, Longitude: &lon}}},
			Attributes: []hsds.Attribute{attr("5f0e4c9a-0000-4000-8000-000000000051", attrNeed, "shelter"), attr("5f0e4c9a-0000-4000-8000-000000000052", attrFree, "4@2026-02-20")}},
		{ID: clinicID, Name: "Hill clinic", Status: "active",
			Attributes: []hsds.Attribute{attr("5f0e4c9a-0000-4000-8000-000000000053", attrNeed, "medical"), attr("5f0e4c9a-0000-4000-8000-000000000054", attrNeed, "shelter")}},
	} {
		if _, err := w.PutService(sari, s); err != nil {
			t.Fatal(err)
		}
	}
}

// eachWorld runs a test on every database.
func eachWorld(t *testing.T, fn func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// code is the stable code of a problem, or the error's text.
func code(err error) string {
	if p, ok := problem.As(err); ok {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func wantCode(t testing.TB, err error, want string) {
	t.Helper()
	if code(err) != want {
		t.Errorf("got %q, want %q", code(err), want)
	}
}

var mya = map[string]string{"given_name": "Mya", "family_name": "Hla", "birth_date": "1999-05-04", "phone": "+66 81 234 5678", "language": "my", "gender": "Feminine", "medical_needs": "diabetes", "story": "a long one"}

func (w *world) openMya(t testing.TB) Case {
	t.Helper()
	return must[Case](t)(w.OpenCase(ana, NewCase{Values: mya, Needs: []string{"shelter"}}))
}

// consent is a receipt for name and language to the shelter.
func (w *world) consent(t testing.TB, c Case, fields ...string) Receipt {
	t.Helper()
	return must[Receipt](t)(w.TakeConsent(ana, c.ID, NewReceipt{
		Purpose: "referral", Fields: fields, Recipient: shelterID, Language: "my", How: "spoken", GivenBy: "person", Until: w.clock.Now().AddDate(0, 3, 0),
	}))
}

func TestACodeThatIsInUseIsDrawnAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, err := w.OpenCase(sari, NewCase{Values: map[string]string{"given_name": "Mya"}})
		if err != nil {
			t.Fatal(err)
		}
		draws := []string{c.Code, c.Code, "AAA-2222"}
		err = w.DB.Write(context.Background(), func(tx *db.Tx) error {
			free, err := freeCode(tx, func() string { next := draws[0]; draws = draws[1:]; return next })
			if err == nil && free != "AAA-2222" {
				t.Errorf("the code %s is given out a second time", free)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
