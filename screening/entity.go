package screening

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// Entities are rows that outlive an interview: a form creates them, later forms offer them in a select and change
// them (ODK XForms entities specification). They are served to clients as CSV and kept sealed, each under the key of
// the person whose screening created it, so that erasing the screening takes the entity along.
//
// Changes that a phone made without a network come with a branch, the version the branch began at (trunk) and the
// one they change (base). They may arrive in any order; one whose predecessor is missing is held. An odd entity never
// keeps an interview out: the interview is stored, and the log counts the fault.

// entityChange is what one interview wants of one entity.
type entityChange struct {
	List   string            `json:"list"`
	UUID   string            `json:"uuid"`
	Label  string            `json:"label,omitempty"`
	Create bool              `json:"create,omitempty"`
	Update bool              `json:"update,omitempty"`
	Base   int               `json:"base,omitempty"` // 0: not told
	Trunk  int               `json:"trunk,omitempty"`
	Branch string            `json:"branch,omitempty"`
	Props  map[string]string `json:"props,omitempty"` // only those that the form holds
}

// entityData is what is sealed of an entity.
type entityData struct {
	Label string            `json:"label"`
	Props map[string]string `json:"props"`
}

var entityUUID = regexp.MustCompile(`^(?i)(uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

const (
	maxEntities = 1_000 // of one interview
	entityLive  = "live"
	entityGone  = "deleted"
)

// entityChanges reads what a submission wants of entities; faults counts those that say it wrongly.
func (f *Form) entityChanges(root *Node) (changes []entityChange, faults int) {
	var walk func(n *Node, path string, scope *entityChange)
	walk = func(n *Node, path string, scope *entityChange) {
		if meta := n.Child("meta"); meta != nil {
			if e := meta.Child("entity"); e != nil {
				scope = changeOf(e)
				defer func() {
					if scope == nil {
						faults++
					} else if (scope.Create || scope.Update) && len(changes) < maxEntities {
						changes = append(changes, *scope)
					}
				}()
			}
		}
		for _, c := range n.Children {
			if c.Name == "meta" {
				continue
			}
			at := path + "/" + c.Name
			if i, ok := f.byPath[at]; ok && scope != nil && f.Fields[i].SaveTo != "" {
				scope.Props[f.Fields[i].SaveTo] = c.Text
			}
			walk(c, at, scope)
		}
	}
	walk(root, "/"+root.Name, nil)
	return changes, faults
}

// changeOf reads the element entity; nil when it wants something and does not say it rightly.
func changeOf(e *Node) *entityChange {
	yes := func(v string) bool { return v == "1" || v == "true" }
	number := func(v string) int { n, _ := strconv.Atoi(v); return max(0, n) }
	c := &entityChange{List: e.Attr("dataset"), UUID: strings.ToLower(e.Attr("id")), Create: yes(e.Attr("create")), Update: yes(e.Attr("update")),
		Base: number(e.Attr("baseVersion")), Trunk: number(e.Attr("trunkVersion")), Branch: cut(e.Attr("branchId"), 100), Props: map[string]string{}}
	if l := e.Child("label"); l != nil {
		c.Label = cut(l.Text, 1000)
	}
	if !c.Create && !c.Update {
		return c
	}
	if c.List == "" || len(c.List) > 255 || !entityUUID.MatchString(c.UUID) {
		return nil
	}
	return c
}

type entityRow struct {
	ID      string
	Person  string
	Version int
	State   string
	UUID    string
	sealed  []byte
}

const entityColumns = `id, person, version, state, uuid, sealed`

func scanEntity(s db.Scanner) (e entityRow, err error) {
	return e, s.Scan(&e.ID, &e.Person, &e.Version, &e.State, &e.UUID, &e.sealed)
}

func entityPlace(row string) keys.Place {
	return keys.Place{Table: "screening_entity", Row: row, Field: "sealed"}
}

func heldPlace(row string) keys.Place {
	return keys.Place{Table: "screening_entity_held", Row: row, Field: "sealed"}
}

// heldChange is a change that waits.
type heldChange struct {
	ID     string
	Person string
	Record string
	MadeAt time.Time
	sealed []byte
	change entityChange
}

// entityState is an entity with all that bears on it, as it is and as it shall be.
type entityState struct {
	list, uuid string
	row        entityRow
	before     int // version in the store; 0: not there
	data       entityData
	branches   map[string]int
	held       []heldChange
	newHeld    []heldChange
	done       []string // ids of held changes that were taken
	dirty      bool
}

func (s *entityState) exists() bool { return s.row.Version > 0 }

// take applies a change, holds it, or reports that it cannot be.
func (s *entityState) take(c entityChange, r recordRow, now time.Time, forced bool) (ok bool) {
	switch {
	case s.row.State == entityGone:
		return false
	case !s.exists() && (c.Create || forced && c.Label != ""):
		if c.Label == "" {
			return false
		}
		s.row = entityRow{ID: id.New(), Person: r.Person, State: entityLive, UUID: c.UUID}
		s.data = entityData{Props: map[string]string{}}
		s.apply(c, 1)
	case s.exists() && c.Create && !c.Update:
		return false
	case s.exists() && (forced || s.follows(c)):
		s.apply(c, c.Base+1)
	case c.Branch != "":
		s.newHeld = append(s.newHeld, heldChange{ID: id.New(), Person: r.Person, Record: r.ID, MadeAt: now, change: c})
		return true
	default:
		return false
	}
	s.drain(r, now)
	return true
}

// follows reports whether what a change builds on is here. Outside of a branch the client saw the server's list, and
// the last one to write is right, as in ODK Central.
func (s *entityState) follows(c entityChange) bool {
	local, begun := s.branches[c.Branch]
	return c.Branch == "" || begun && c.Base <= local || !begun && c.Trunk > 0 && c.Base == c.Trunk
}

func (s *entityState) apply(c entityChange, local int) {
	if c.Label != "" {
		s.data.Label = c.Label
	}
	for k, v := range c.Props {
		s.data.Props[k] = v
	}
	s.row.Version++
	if c.Branch != "" {
		s.branches[c.Branch] = max(local, s.branches[c.Branch])
	}
	s.dirty = true
}

// drain takes what waited for this very change.
func (s *entityState) drain(r recordRow, now time.Time) {
	for i, h := range s.held {
		if s.follows(h.change) {
			s.held = slices.Delete(s.held, i, i+1)
			s.done = append(s.done, h.ID)
			s.take(h.change, r, now, false)
			return // take drains again
		}
	}
}

// loadEntity reads an entity with its branches and what waits for it.
func (d *Desk) loadEntity(ctx context.Context, organisation, list, uuid string) (*entityState, error) {
	s := &entityState{list: list, uuid: uuid, branches: map[string]int{}}
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if s.row, _, err = db.One(t, scanEntity, `SELECT `+entityColumns+` FROM screening_entity WHERE organisation = ? AND list = ? AND uuid = ?`, organisation, list, uuid); err != nil {
			return err
		}
		_, err = db.All(t, func(r db.Scanner) (n int, err error) {
			var branch string
			err = r.Scan(&branch, &n)
			s.branches[branch] = n
			return n, err
		}, `SELECT branch, local FROM screening_entity_branch WHERE entity = ?`, s.row.ID)
		if err != nil {
			return err
		}
		s.held, err = db.All(t, scanHeldChange, `SELECT id, person, record, made_at, sealed FROM screening_entity_held WHERE organisation = ? AND list = ? AND uuid = ? ORDER BY id`, organisation, list, uuid)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.before = s.row.Version
	if s.row.sealed != nil {
		if s.data, err = d.openEntity(ctx, s.row); err != nil {
			return nil, err
		}
	}
	return s, d.openHeld(ctx, s)
}

func scanHeldChange(s db.Scanner) (h heldChange, err error) {
	var at int64
	err = s.Scan(&h.ID, &h.Person, &h.Record, &at, &h.sealed)
	h.MadeAt = clock.FromMillis(at)
	return h, err
}

func (d *Desk) openEntity(ctx context.Context, e entityRow) (data entityData, err error) {
	plain, err := d.keys.Open(ctx, e.Person, entityPlace(e.ID), e.sealed)
	if err != nil {
		return data, err
	}
	if err = json.Unmarshal(plain, &data); data.Props == nil {
		data.Props = map[string]string{}
	}
	return data, err
}

// openHeld opens what waits; what was erased meanwhile waits no longer.
func (d *Desk) openHeld(ctx context.Context, s *entityState) error {
	kept := s.held[:0]
	for _, h := range s.held {
		plain, err := d.keys.Open(ctx, h.Person, heldPlace(h.ID), h.sealed)
		if errors.Is(err, keys.ErrErased) {
			s.done = append(s.done, h.ID)
			continue
		}
		if err == nil {
			err = json.Unmarshal(plain, &h.change)
		}
		if err != nil {
			return err
		}
		kept = append(kept, h)
	}
	s.held = kept
	return nil
}

// planEntities works out what an interview does to entities; what comes back is sealed and ready to be written.
func (d *Desk) planEntities(ctx context.Context, f *Form, env *Envelope, r recordRow, now time.Time) (out []*entityState, faults int, err error) {
	changes, faults := f.entityChanges(env.Root)
	known := map[string]*entityState{}
	for _, c := range changes {
		s := known[c.List+"\x00"+c.UUID]
		if s == nil {
			if s, err = d.loadEntity(ctx, r.Organisation, c.List, c.UUID); err != nil {
				return nil, faults, err
			}
			known[c.List+"\x00"+c.UUID] = s
			out = append(out, s)
		}
		if !s.take(c, r, now, false) {
			faults++
		}
	}
	for _, s := range out {
		if err := d.sealEntity(ctx, s); err != nil {
			return nil, faults, err
		}
	}
	return out, faults, nil
}

func (d *Desk) sealEntity(ctx context.Context, s *entityState) (err error) {
	if s.dirty {
		text, err := json.Marshal(s.data)
		if err != nil {
			return err
		}
		if s.row.sealed, err = d.keys.Seal(ctx, s.row.Person, entityPlace(s.row.ID), text); err != nil {
			return err
		}
	}
	for i := range s.newHeld {
		h := &s.newHeld[i]
		text, err := json.Marshal(h.change)
		if err != nil {
			return err
		}
		if h.sealed, err = d.keys.Seal(ctx, h.Person, heldPlace(h.ID), text); err != nil {
			return err
		}
	}
	return nil
}

// writeEntity puts a planned state into the store. An entity that moved since it was read gives errMoved.
func writeEntity(t *db.Tx, s *entityState, organisation string, now time.Time, who actor.Actor) error {
	for _, h := range s.newHeld {
		if _, err := t.Exec(`INSERT INTO screening_entity_held (id, organisation, list, uuid, person, record, made_at, sealed) VALUES (?,?,?,?,?,?,?,?)`,
			h.ID, organisation, s.list, s.uuid, h.Person, h.Record, clock.Millis(h.MadeAt), h.sealed); err != nil {
			return err
		}
	}
	for _, done := range s.done {
		if _, err := t.Exec(`DELETE FROM screening_entity_held WHERE id = ?`, done); err != nil {
			return err
		}
	}
	if !s.dirty {
		return nil
	}
	if s.before == 0 {
		if _, err := t.Exec(`INSERT INTO screening_entity (id, organisation, list, uuid, person, version, state, changed_at, sealed) VALUES (?,?,?,?,?,?,?,?,?)`,
			s.row.ID, organisation, s.list, s.uuid, s.row.Person, s.row.Version, s.row.State, clock.Millis(now), s.row.sealed); err != nil {
			return err
		}
	} else if n, err := t.Exec(`UPDATE screening_entity SET version = ?, changed_at = ?, sealed = ? WHERE id = ? AND version = ? AND state = ?`,
		s.row.Version, clock.Millis(now), s.row.sealed, s.row.ID, s.before, entityLive); err != nil || n == 0 {
		return errors.Join(err, errMoved)
	}
	for branch, local := range s.branches {
		if _, err := t.Exec(`INSERT INTO screening_entity_branch (entity, branch, local) VALUES (?,?,?) ON CONFLICT (entity, branch) DO UPDATE SET local = excluded.local`, s.row.ID, branch, local); err != nil {
			return err
		}
	}
	return audit.Append(t, now, who, audit.Entry{Verb: "screening.entity", Object: "screening-entity:" + s.row.ID, Subject: s.row.Person, Detail: map[string]any{"version": s.row.Version}, Stored: s.row.sealed})
}

// StoredEntity gives the bytes that the audit log vouches for.
func StoredEntity(t *db.Tx, object string) ([]byte, bool, error) {
	name, is := strings.CutPrefix(object, "screening-entity:")
	if !is {
		return nil, false, nil
	}
	b, found, err := db.One(t, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }, `SELECT sealed FROM screening_entity WHERE id = ?`, name)
	return b, found && b != nil, err
}

// eraseEntities takes the entities of a person away: phones are told that they are gone.
func eraseEntities(t *db.Tx, person string, now time.Time) error {
	if _, err := t.Exec(`DELETE FROM screening_entity_held WHERE person = ?`, person); err != nil {
		return err
	}
	_, err := t.Exec(`UPDATE screening_entity SET state = ?, sealed = NULL, changed_at = ? WHERE person = ?`, entityGone, clock.Millis(now), person)
	return err
}

var errNoEntity = problem.New(problem.NotFound, "screening.no-entity", "There is no such row in this list.")

// DeleteEntity takes one row from a list, for good.
func (d *Desk) DeleteEntity(ctx context.Context, list, uuid string) error {
	who, now := actor.From(ctx), d.clock.Now()
	return d.db.Write(ctx, func(t *db.Tx) error {
		e, found, err := db.One(t, scanEntity, `SELECT `+entityColumns+` FROM screening_entity WHERE organisation = ? AND list = ? AND uuid = ? AND state = ?`, who.Organisation, list, strings.ToLower(uuid), entityLive)
		if err != nil || !found {
			return errors.Join(err, errNoEntity)
		}
		if _, err := t.Exec(`UPDATE screening_entity SET state = ?, sealed = NULL, changed_at = ? WHERE id = ?`, entityGone, clock.Millis(now), e.ID); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.entity-delete", Object: "screening-entity:" + e.ID, Subject: e.Person})
	})
}

// entityPatience is how long a change waits for its predecessor. Then it is taken as it stands, as in ODK Central: a
// phone that held the predecessor may be lost.
const entityPatience = 5 * 24 * time.Hour

// takeOverdueEntities ends the waiting of old changes.
func (d *Desk) takeOverdueEntities(ctx context.Context) error {
	type overdue struct{ organisation, list, uuid string }
	var all []overdue
	now := d.clock.Now()
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		all, err = db.All(t, func(s db.Scanner) (o overdue, err error) { return o, s.Scan(&o.organisation, &o.list, &o.uuid) },
			`SELECT DISTINCT organisation, list, uuid FROM screening_entity_held WHERE made_at < ?`, clock.Millis(now.Add(-entityPatience)))
		return err
	})
	for _, o := range all {
		if err != nil {
			return err
		}
		var s *entityState
		if s, err = d.loadEntity(ctx, o.organisation, o.list, o.uuid); err != nil {
			return err
		}
		slices.SortStableFunc(s.held, func(a, b heldChange) int { return a.change.Base - b.change.Base })
		waiting := s.held
		s.held = nil
		for _, h := range waiting {
			s.take(h.change, recordRow{ID: h.Record, Person: h.Person}, now, true)
			s.done = append(s.done, h.ID)
		}
		if err = d.sealEntity(ctx, s); err == nil {
			err = d.db.Write(ctx, func(t *db.Tx) error { return writeEntity(t, s, o.organisation, now, actor.Actor{System: "jobs"}) })
		}
		if errors.Is(err, errMoved) {
			err = nil // next time
		}
	}
	return err
}
