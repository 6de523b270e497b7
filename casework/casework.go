// Package casework is the desk of cases: from somebody who was identified, or
// came by themselves, to services that really answer.
//
// The story: a caseworker opens a case (by hand or from a screening), sees
// possible duplicates first, agrees with the person what is needed, and finds
// services whose entries somebody still vouches for. A referral discloses only
// what a consent receipt names, has a deadline, and tells the referrer every
// step. The person may withdraw at any time, and the other end learns it.
//
// Personal fields stand in sheets, one per field class, each sealed under the
// person's key of that class; erasing a class destroys its key. Who may see a
// class is decided by the policies in policies/, which an auditor can read.
package casework

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cedar-policy/cedar-go"

	"lintas/casework/clocks"
	"lintas/casework/htcds"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed policies/casework.cedar
var policyText []byte

//go:embed profiles/*.json
var profileFiles embed.FS

//go:embed vocabulary/fields.json
var fieldsText []byte

// Deps is what the desk stands on.
type Deps struct {
	DB    *db.DB
	Keys  *keys.Ring
	Clock clock.Clock
	Log   *slog.Logger
	// Country chooses the profile of clocks for new cases; XX when there is
	// none for it.
	Country   string
	PublicURL string
	NodeName  string
	// PublicDirectory publishes the service directory's read API to everybody,
	// without confidential addresses.
	PublicDirectory bool
	// NameOf names a member of staff and their organisation; the node points
	// it at the agency.
	NameOf func(ctx context.Context, person string) (name, organisation string)
	// LocaleOf is the language that a member of staff reads; the node points it
	// at the agency. Nil: notices go out in English.
	LocaleOf func(ctx context.Context, person string) (string, error)
	// Staff lists who of an organisation may have a role now; the node points it
	// at the agency. Nil: notices to a group stay on the page.
	Staff func(ctx context.Context, organisation string, roles ...actor.Role) ([]string, error)
	// Ours is the node's own organisation, for what the command line stores;
	// optional.
	Ours func(ctx context.Context) (string, error)
	// OrganisationName names an organisation of this node; optional.
	OrganisationName func(ctx context.Context, organisation string) string
	// Screening hands over what a screening found, for whoever may see it; the
	// node points it at the screening desk. Nil: cases open by hand only.
	Screening func(ctx context.Context, submission string) (Screened, error)
	// Mail sends one notice to one address; nil keeps notices on the page only.
	Mail func(ctx context.Context, to, subject, text string) error
	// Push sends one web push to a stored subscription; optional.
	Push func(ctx context.Context, subscription []byte, text string) error
	// PushKey is the public key that a browser subscribes with; empty without
	// push.
	PushKey string
	// Peer hands a message for another node to the exchange desk, inside the
	// transaction of the step that it tells; nil: no referrals to other nodes.
	Peer func(t *db.Tx, peer string, m PeerMessage) error
}

// Screened is what a case takes over from a screening. Values are field names
// of the vocabulary; nothing else is taken.
type Screened struct {
	Values map[string]string
	Needs  []string
	Risks  []string
	Place  string
	At     time.Time
}

// Desk holds the verbs. It is safe for concurrent use.
type Desk struct {
	Deps
	policies *cedar.PolicySet
	profiles map[string]clocks.Profile

	mu        sync.Mutex
	directory *directory
}

// Open makes the desk's tables and the desk.
func Open(ctx context.Context, deps Deps) (*Desk, error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := deps.DB.Migrate(ctx, "casework", sub); err != nil {
		return nil, err
	}
	d := &Desk{Deps: deps}
	if d.policies, err = cedar.NewPolicySetFromBytes("policies/casework.cedar", policyText); err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	if d.profiles, err = readProfiles(); err != nil {
		return nil, err
	}
	return d, nil
}

// readProfiles reads the built-in country profiles.
func readProfiles() (map[string]clocks.Profile, error) {
	out := map[string]clocks.Profile{}
	files, err := fs.Glob(profileFiles, "profiles/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		data, err := profileFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := clocks.Read(data)
		if err != nil {
			return nil, err
		}
		out[p.Country] = p
	}
	return out, nil
}

//go:embed vocabulary/regions.json
var regionsText []byte

// regions are the time zone and weekend of countries that have no profile of
// their own: a term of the common profile still ends with their day.
var regions = func() (out map[string]struct {
	Zone    string
	Weekend []int
}) {
	if err := json.Unmarshal(regionsText, &out); err != nil {
		panic("casework: the built-in list of regions is broken: " + err.Error())
	}
	return out
}()

// profileOf is the profile of a country, or the one for every other in the
// country's own time.
func profileOf(profiles map[string]clocks.Profile, country string) clocks.Profile {
	if p, ok := profiles[country]; ok {
		return p
	}
	p := profiles["XX"]
	if r, ok := regions[country]; ok {
		if there, err := p.In(r.Zone, r.Weekend); err == nil {
			return there
		}
	}
	return p
}

func (d *Desk) profile(country string) clocks.Profile { return profileOf(d.profiles, country) }

// Field classes: who may see a field, and how long it is kept.
const (
	Identity       = "identity"
	Contact        = "contact"
	Location       = "location"
	Medical        = "medical"
	Legal          = "legal"
	Narrative      = "narrative"
	Offender       = "offender"
	Administrative = "administrative"
)

// Classes lists the field classes in the order of the page.
var Classes = []string{Administrative, Identity, Contact, Location, Medical, Legal, Narrative, Offender}

// SheetField is one field of a case's sheets.
type SheetField struct {
	Name  string `json:"name"`
	Class string `json:"class"`
	// Label is the English word; the web translates by name.
	Label  string   `json:"label"`
	Kind   string   `json:"kind"`
	HTCDS  string   `json:"htcds,omitempty"`
	Mark   string   `json:"mark,omitempty"` // kind of exact-search mark
	Values []string `json:"values,omitempty"`

	standard bool // its values are checked as HTCDS has them
}

// MoreFields are the fields of HTCDS that Fields has no own word for: what a
// partner's file brings in them is kept, sealed by class like the rest, shown
// where it has a value, and goes out as it came.
var MoreFields = func() (list []SheetField) {
	for _, h := range htcds.Fields {
		if slices.ContainsFunc(Fields, func(f SheetField) bool { return f.HTCDS == h.Name }) {
			continue
		}
		f := SheetField{Name: h.Name, Class: string(h.Class), Label: h.Label, Kind: "text", HTCDS: h.Name, standard: true}
		if h.Type == htcds.LongText {
			f.Kind = "long_text"
		}
		list = append(list, f)
	}
	return list
}()

// AllFields are both, in this order.
var AllFields = slices.Concat(Fields, MoreFields)

// Fields is the vocabulary of sheet fields.
var Fields = func() []SheetField {
	var list []SheetField
	if err := json.Unmarshal(fieldsText, &list); err != nil {
		panic("casework: the built-in list of fields is broken: " + err.Error())
	}
	return list
}()

var fieldByName = func() map[string]SheetField {
	out := map[string]SheetField{}
	for _, f := range AllFields {
		out[f.Name] = f
	}
	return out
}()

// place is where a sealed value of the desk stands.
func place(table, row, field string) keys.Place {
	return keys.Place{Table: "casework_" + table, Row: row, Field: field}
}

// keyOf is the name of a person's key for a field class. A key per class lets
// one class end while the others are still needed.
func keyOf(person, class string) string { return person + "." + class }

// seal seals a text for a person and class; the key must exist.
func (d *Desk) seal(ctx context.Context, person, class string, at keys.Place, plain []byte) ([]byte, error) {
	return d.Keys.Seal(ctx, keyOf(person, class), at, plain)
}

// unseal opens what seal made.
func (d *Desk) unseal(ctx context.Context, person, class string, at keys.Place, sealed []byte) ([]byte, error) {
	return d.Keys.Open(ctx, keyOf(person, class), at, sealed)
}

// ensure makes a person's keys of the classes. It is called before the
// transaction: a key without data harms nobody.
func (d *Desk) ensure(ctx context.Context, person string, classes ...string) error {
	for _, c := range classes {
		if err := d.Keys.Ensure(ctx, keyOf(person, c)); err != nil {
			return err
		}
	}
	return nil
}

// ensureOpen is ensure for a case that exists: a class that was erased takes
// nothing new, and its key is not made again.
func (d *Desk) ensureOpen(ctx context.Context, c Case, classes ...string) error {
	var erased []string
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { erased, err = erasedOf(t, c.ID); return err })
	if err != nil {
		return err
	}
	for _, class := range classes {
		if slices.Contains(erased, class) {
			return errErased
		}
	}
	return d.ensure(ctx, c.Person, classes...)
}

// leaf appends to the audit log what was done to, or seen of, a case.
func (d *Desk) leaf(t *db.Tx, ctx context.Context, verb, object, subject string, detail map[string]any, stored []byte) error {
	return audit.Append(t, d.Clock.Now(), actor.From(ctx), audit.Entry{
		Verb: "casework." + verb, Object: object, Subject: subject, Detail: detail, Stored: stored,
	})
}

// Problems that several verbs have in common. A foreign record and one that
// does not exist look the same.
var (
	errNoCase        = problem.New(problem.NotFound, "casework.case-unknown", "There is no such case, or it is not yours to see.")
	errNoReferral    = problem.New(problem.NotFound, "casework.referral-unknown", "There is no such referral, or it is not yours to see.")
	errErased        = problem.New(problem.Gone, "casework.erased", "This part of the case was erased and takes nothing new. Open a new case if the person has come back.")
	errClosed        = problem.New(problem.Conflict, "casework.closed", "The case is closed. Open it again first.")
	errScreeningUsed = problem.New(problem.Conflict, "casework.screening-used", "A case was opened from this screening already.")
	errNoService     = problem.New(problem.NotFound, "casework.service-unknown", "There is no such service in the directory.")
)
