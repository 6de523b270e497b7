// Package agency is the desk of organisations, the people who work in them, their roles and devices, and
// how they sign in.
//
// The story: an administrator of an organisation adds a person with one or more roles; the person signs in
// with a password and a one-time code, or with a passkey, and works under a session of at most twelve
// hours. A device (a phone with ODK Collect or with the officer's app) is enrolled by a supervisor or an
// administrator and gets a token, shown once, that can be revoked, and can be ordered to wipe itself.
//
// Names and logins of staff are sealed like everybody's personal data. Ten wrong passwords in a row lock a
// login for a time that grows; an unknown login behaves exactly like a known one.
package agency

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/locale"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Deps is what the desk stands on.
type Deps struct {
	DB    *db.DB
	Keys  *keys.Ring
	Clock clock.Clock
	Log   *slog.Logger
	// PublicURL is where browsers and phones reach the node, e.g. https://node.example.org; passkeys and
	// enrolment codes are bound to it.
	PublicURL string
	// NodeName is shown to people at sign-in and in an authenticator app.
	NodeName string
	Country  string
	// DemoSignIns, on a node with invented people only, are shown to anyone at sign-in; nil on every other.
	DemoSignIns *DemoSignIns
	Version     string
}

// Desk holds the agency's verbs. It is safe for concurrent use.
type Desk struct {
	Deps
	ceremonies *ceremonies
	known      *knownPasswords
	unknown    string // a password hash that no one has, so that an unknown login costs the same time
}

// Open makes the desk's tables and the desk.
func Open(ctx context.Context, deps Deps) (*Desk, error) {
	if err := deps.DB.Migrate(ctx, "agency", migrations); err != nil {
		return nil, err
	}
	return &Desk{Deps: deps, ceremonies: newCeremonies(deps.Clock), known: newKnownPasswords(deps), unknown: nobodysHash()}, nil
}

// Organisation is a body that works with the node.
type Organisation struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
	Kind    string `json:"kind" enum:"state,international,civil-society,business"`
}

// Person is somebody who works in an organisation.
type Person struct {
	ID           string       `json:"id"`
	Login        string       `json:"login"`
	Name         string       `json:"name"`
	Roles        []actor.Role `json:"roles"`
	Organisation Organisation `json:"organisation"`
	Locale       string       `json:"locale"`
	State        string       `json:"state" enum:"active,left"`
	MustChange   bool         `json:"must_change_password"`
	CodeOn       bool         `json:"one_time_code_on"`
	MadeAt       time.Time    `json:"made_at"`
}

// normal is the one form of a login: case and width folded, no space around it.
func normal(login string) string {
	return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(login)))
}

func (d *Desk) mark(login string) string { return d.Keys.Index("agency.login", normal(login)) }

// AddOrganisation adds an organisation.
func (d *Desk) AddOrganisation(ctx context.Context, o Organisation) (Organisation, error) {
	o.Name, o.ID = strings.TrimSpace(o.Name), id.New()
	if o.Name == "" {
		return o, problem.New(problem.Invalid, "agency.name-missing", "Give the organisation a name.").With("body.name", "is empty")
	}
	now := d.Clock.Now()
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertOrganisation(t, o, now); err != nil {
			return err
		}
		return audit.Append(t, now, actor.From(ctx), audit.Entry{Verb: "agency.organisation-add", Object: "organisation:" + o.ID})
	})
	return o, err
}

// NewPerson is what is needed to add a person.
type NewPerson struct {
	Login        string       `json:"login" minLength:"2" maxLength:"200"`
	Name         string       `json:"name" minLength:"1" maxLength:"200"`
	Roles        []actor.Role `json:"roles" minItems:"1"`
	Organisation string       `json:"organisation,omitempty" doc:"Id; empty means your own organisation. Another one only for the first person of it, by an administrator of the node's own (its first) organisation"`
	Locale       string       `json:"locale,omitempty"`
}

// AddPerson adds a person and returns a password to hand over once, which must be changed at the first
// sign-in.
func (d *Desk) AddPerson(ctx context.Context, n NewPerson) (Person, string, error) {
	password := id.Secret()[:20]
	p, err := d.addPerson(ctx, n, password, true)
	return p, password, err
}

func roleNames() string {
	var names []string
	for _, r := range actor.Roles {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// RoleUnknown refuses a role that there is not.
func RoleUnknown(r actor.Role) error {
	return problem.New(problem.Invalid, "agency.role-unknown", "There is no role %q. The roles are: %s.", r, roleNames()).With("body.roles", "holds an unknown role")
}

func (d *Desk) addPerson(ctx context.Context, n NewPerson, password string, mustChange bool) (Person, error) {
	for _, r := range n.Roles {
		if !r.Valid() {
			return Person{}, RoleUnknown(r)
		}
	}
	if n.Organisation == "" {
		n.Organisation = actor.From(ctx).Organisation
	}
	p := Person{ID: id.New(), Login: strings.TrimSpace(n.Login), Name: strings.TrimSpace(n.Name), Roles: n.Roles, Organisation: Organisation{ID: n.Organisation},
		Locale: locale.Match(n.Locale).Code, State: "active", MustChange: mustChange, MadeAt: d.Clock.Now()}
	row, err := d.sealPerson(ctx, p)
	if err != nil {
		return p, err
	}
	if row.password, err = hashPassword(ctx, password); err != nil {
		return p, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		o, found, err := organisationByID(t, n.Organisation)
		if err != nil {
			return err
		}
		if found && o.ID != actor.From(ctx).Organisation {
			found, err = mayBegin(t, actor.From(ctx), o.ID)
		}
		if err != nil {
			return err
		}
		if !found {
			return problem.New(problem.NotFound, "agency.organisation-unknown", "There is no such organisation.")
		}
		p.Organisation = o
		if err := insertPerson(t, row); db.Unique(err) {
			return problem.New(problem.Conflict, "agency.login-taken", "Somebody has this name for sign-in already. Choose another.").With("body.login", "is taken")
		} else if err != nil {
			return err
		}
		return audit.Append(t, p.MadeAt, actor.From(ctx), audit.Entry{Verb: "agency.person-add", Object: "person:" + p.ID, Subject: p.ID, Detail: map[string]any{"roles": p.Roles}, Stored: row.stored()})
	})
	return p, err
}

// mayBegin reports whether the actor may add somebody to an organisation that is not their own: only the first
// person of it, and only an administrator of the node's own organisation. Anything wider would let each
// administrator make themselves a login among the cases of the others.
func mayBegin(t *db.Tx, who actor.Actor, organisation string) (bool, error) {
	if who.System != "" {
		return true, nil
	}
	all, err := organisations(t)
	if err != nil || len(all) == 0 || all[0].ID != who.Organisation {
		return false, err
	}
	there, err := peopleOf(t, organisation)
	return len(there) == 0, err
}

// PersonChange is what an administrator may change; nil leaves a field as it is.
type PersonChange struct {
	Name   *string       `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Roles  *[]actor.Role `json:"roles,omitempty"`
	Locale *string       `json:"locale,omitempty"`
	State  *string       `json:"state,omitempty" enum:"active,left"`
}

// ChangePerson changes a person. Leaving, and any change of roles, ends the person's sessions.
func (d *Desk) ChangePerson(ctx context.Context, person string, c PersonChange) (Person, error) {
	for {
		p, err := d.changePerson(ctx, person, c)
		if !errors.Is(err, errChangedMeanwhile) {
			return p, err
		}
	}
}

// errChangedMeanwhile says that a change was made on what is no longer so. Written all the same it would bring
// back a role that was just taken away.
var errChangedMeanwhile = errors.New("the person was changed meanwhile")

func (d *Desk) changePerson(ctx context.Context, person string, c PersonChange) (Person, error) {
	before, err := d.personRow(ctx, person)
	if err != nil {
		return Person{}, err
	}
	p, err := d.openPerson(ctx, before)
	if err != nil {
		return p, err
	}
	who := actor.From(ctx)
	if who.Person == person && (c.State != nil && *c.State == "left" || c.Roles != nil && !holds(*c.Roles, actor.Administrator) && who.Has(actor.Administrator)) {
		return p, problem.New(problem.Conflict, "agency.not-yourself", "You cannot take away your own right to administer. Ask another administrator.")
	}
	if c.Name != nil {
		p.Name = strings.TrimSpace(*c.Name)
	}
	if c.Roles != nil {
		for _, r := range *c.Roles {
			if !r.Valid() {
				return p, RoleUnknown(r)
			}
		}
		p.Roles = *c.Roles
	}
	if c.Locale != nil {
		p.Locale = locale.Match(*c.Locale).Code
	}
	if c.State != nil {
		p.State = *c.State
	}
	row, err := d.sealPerson(ctx, p)
	if err != nil {
		return p, err
	}
	now := d.Clock.Now()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := updatePerson(t, row, before); err != nil {
			return err
		}
		if c.Roles != nil || p.State == "left" {
			if err := deleteSessions(t, person); err != nil {
				return err
			}
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "agency.person-change", Object: "person:" + person, Subject: person, Detail: map[string]any{"roles": p.Roles, "state": p.State}, Stored: row.stored()})
	})
	return p, err
}

func holds(roles []actor.Role, r actor.Role) bool { return actor.Actor{Roles: roles}.Has(r) }

// Person reads one person; a person of a foreign organisation is not found (administrators of the node's
// own first organisation see their own staff only, too).
func (d *Desk) Person(ctx context.Context, person string) (Person, error) {
	row, err := d.personRow(ctx, person)
	if err != nil {
		return Person{}, err
	}
	return d.openPerson(ctx, row)
}

func (d *Desk) personRow(ctx context.Context, person string) (row personRow, err error) {
	var found bool
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) {
		row, found, err = personByID(t, person)
		return err
	})
	if err != nil {
		return row, err
	}
	who := actor.From(ctx)
	if !found || who.System == "" && row.Organisation.ID != who.Organisation {
		return row, problem.New(problem.NotFound, "agency.person-unknown", "There is no such person.")
	}
	return row, nil
}

// People lists the persons of the actor's organisation, by the time they were added.
func (d *Desk) People(ctx context.Context) ([]Person, error) {
	var rows []personRow
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = peopleOf(t, actor.From(ctx).Organisation)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Person, 0, len(rows))
	for _, r := range rows {
		p, err := d.openPerson(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Organisations lists all organisations; their names are public.
func (d *Desk) Organisations(ctx context.Context) (out []Organisation, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) { out, err = organisations(t); return err })
	return out, err
}

// NamesOf are the names of persons by id, for other desks; an id that is not known is left out.
func (d *Desk) NamesOf(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	for _, person := range ids {
		if _, done := out[person]; done {
			continue
		}
		if name, _ := d.NameOf(ctx, person); name != "" {
			out[person] = name
		}
	}
	return out, ctx.Err()
}

// NameOf is the name and the organisation's id of a person, for other desks; empty when not known.
func (d *Desk) NameOf(ctx context.Context, person string) (name, organisation string) {
	var row personRow
	var found bool
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { row, found, err = personByID(t, person); return err })
	if err != nil || !found {
		return "", ""
	}
	p, err := d.openPerson(ctx, row)
	if err != nil {
		return "", row.Organisation.ID
	}
	return p.Name, row.Organisation.ID
}

// LocaleOf is the language that a person reads, for what the node sends them; the first of the interface when
// the person is not known.
func (d *Desk) LocaleOf(ctx context.Context, person string) (string, error) {
	var row personRow
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { row, _, err = personByID(t, person); return err })
	return locale.Match(row.Locale).Code, err
}

// OrganisationName is the name of an organisation; empty when not known.
func (d *Desk) OrganisationName(ctx context.Context, organisation string) string {
	var o Organisation
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { o, _, err = organisationByID(t, organisation); return err })
	if err != nil {
		return ""
	}
	return o.Name
}

// OrganisationCountry is the country of an organisation; empty when not known.
func (d *Desk) OrganisationCountry(ctx context.Context, organisation string) string {
	var o Organisation
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { o, _, err = organisationByID(t, organisation); return err })
	if err != nil {
		return ""
	}
	return o.Country
}

func rolesJSON(roles []actor.Role) string {
	b, _ := json.Marshal(roles) // strings cannot fail
	return string(b)
}

// EndSessions removes sessions that have run out and failed tries that are a day old; the node runs it every hour.
func (d *Desk) EndSessions(ctx context.Context) error {
	now := d.Clock.Now()
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if _, err := deleteEndedSessions(t, now); err != nil {
			return err
		}
		return deleteLocks(t, now.Add(-triesForgotten))
	})
}

// Stored is what the newest audit leaf of a person ("person:<id>") vouches for.
func (d *Desk) Stored(t *db.Tx, object string) ([]byte, bool, error) {
	row, found, err := personByID(t, strings.TrimPrefix(object, "person:"))
	return row.stored(), found, err
}

// AddDemoPerson adds an invented person with a password that is known to everybody. Only for demo nodes.
func (d *Desk) AddDemoPerson(ctx context.Context, n NewPerson, password string) (Person, error) {
	return d.addPerson(ctx, n, password, false)
}
