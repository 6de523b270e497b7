package screening

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
	"lintas/screening/indicator"
	"lintas/screening/packs"
)

var errNoScreening = problem.New(problem.NotFound, "screening.no-screening", "There is no such screening, or it is not one of your organisation.")

// sees is the policy over records: caseworkers and supervisors see those of their organisation, an officer
// those that the officer sent, the node's own commands all.
func sees(who actor.Actor, r recordRow) bool {
	switch {
	case who.System != "":
		return true
	case who.Person == "" || who.Organisation != r.Organisation:
		return false
	}
	return who.Has(actor.Caseworker, actor.Supervisor) || r.Officer == who.Person
}

// Query narrows a list of screenings; empty fields match everything.
type Query struct {
	Instrument string    // id
	State      string    // new, reviewed, incomplete, erased
	From, To   time.Time // received at or after From, before To
	Outcome    string    // id of an established outcome
	Place      string    // id of a device, or what was answered to the question border_post or place
	Spoken     string    // code answered to the question interview_language or language
	Text       string    // beginning of the screening's or the interview's id
	Limit      int       // 1..200; 0 = 50
	After      string    // Page.Next of the page before
	Language   string    // of the words in the answer
}

// Listed is a screening in a list. It holds no name and nothing to sort people by.
type Listed struct {
	ID           string     `json:"id"`
	InstanceID   string     `json:"instance_id"`
	InstrumentID string     `json:"instrument_id"`
	FormID       string     `json:"form_id"`
	Title        string     `json:"title"`
	Version      string     `json:"version"`
	ReceivedAt   time.Time  `json:"received_at"`
	DeviceID     string     `json:"device_id,omitempty"`
	OfficerID    string     `json:"officer_id,omitempty"`
	Officer      string     `json:"officer,omitempty" doc:"Display name of who sent it"`
	PersonID     string     `json:"person_id" doc:"Id of the person screened, for the audit log and for opening a case; no name"`
	Language     string     `json:"language,omitempty"`
	Place        string     `json:"place,omitempty"`
	Outcomes     []Outcome  `json:"outcomes" doc:"Established outcomes, in the pack's own order: offers of help, never a finding"`
	Open         bool       `json:"open" doc:"Some outcome was not settled by the answers"`
	State        string     `json:"state" enum:"received,erased"`
	Complete     bool       `json:"complete" doc:"false while files are still to come"`
	Reviewed     bool       `json:"reviewed"`
	ReviewedAt   *time.Time `json:"reviewed_at,omitempty"`
}

// Outcome is an outcome with its title in the language asked for.
type Outcome struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Title string `json:"title"`
	Draft bool   `json:"draft,omitempty" doc:"The wording was not checked by a speaker yet"`
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Give as after= for the next page; absent on the last"`
}

// List gives screenings, newest first. Seeing the list is a read of each record in it and is logged as one.
func (d *Desk) List(ctx context.Context, q Query) (Page[Listed], error) {
	who := actor.From(ctx)
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	where, args, err := d.where(who, q)
	if err != nil {
		return Page[Listed]{}, err
	}
	var rows []recordRow
	err = d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = db.All(t, scanRecord, `SELECT `+recordColumns+` FROM screening_record r WHERE `+where+` ORDER BY r.received_at DESC, r.id DESC LIMIT `+strconv.Itoa(q.Limit+1), args...)
		return err
	})
	if err != nil {
		return Page[Listed]{}, err
	}
	page := Page[Listed]{Items: []Listed{}}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		page.Next = cursor(rows[len(rows)-1])
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
		l, err := d.listed(ctx, r, q.Language)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, l)
	}
	if err := d.nameSenders(ctx, page.Items); err != nil || len(ids) == 0 {
		return page, err
	}
	return page, d.db.Write(ctx, func(t *db.Tx) error {
		return audit.Append(t, d.clock.Now(), who, audit.Entry{Verb: "screening.list", Object: "screening-list:" + ids[0], Detail: map[string]any{"screenings": ids}})
	})
}

// where turns a query into SQL. Everything a person said is sealed and cannot be searched, on purpose.
func (d *Desk) where(who actor.Actor, q Query) (string, []any, error) {
	where, args := []string{"1=1"}, []any{}
	add := func(cond string, v ...any) { where, args = append(where, cond), append(args, v...) }
	if who.System == "" {
		add("r.organisation = ?", who.Organisation)
		if !who.Has(actor.Caseworker, actor.Supervisor) {
			add("r.officer = ?", who.Person)
		}
	}
	if q.Instrument != "" {
		add("r.instrument = ?", q.Instrument)
	}
	switch q.State {
	case "":
	case "new":
		add("r.state = 'received' AND r.reviewed_at = 0")
	case "reviewed":
		add("r.state = 'received' AND r.reviewed_at <> 0")
	case "incomplete":
		add("r.state = 'received' AND r.complete = 0")
	case "erased":
		add("r.state = 'erased'")
	default:
		return "", nil, problem.New(problem.Invalid, "screening.list-state", "The state must be new, reviewed, incomplete or erased.")
	}
	if !q.From.IsZero() {
		add("r.received_at >= ?", clock.Millis(q.From))
	}
	if !q.To.IsZero() {
		add("r.received_at < ?", clock.Millis(q.To))
	}
	if q.Outcome != "" {
		add("EXISTS (SELECT 1 FROM screening_outcome o WHERE o.record = r.id AND o.mark = ?)", d.outcomeMark(q.Outcome))
	}
	if place := strings.TrimSpace(q.Place); place != "" {
		add("(r.device = ? OR EXISTS (SELECT 1 FROM screening_outcome o WHERE o.record = r.id AND o.mark = ?))", place, d.placeMark(place))
	}
	if q.Spoken != "" {
		add("EXISTS (SELECT 1 FROM screening_outcome o WHERE o.record = r.id AND o.mark = ?)", d.languageMark(q.Spoken))
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
		add(`(r.id LIKE ? ESCAPE '\' OR r.instance_id LIKE ? ESCAPE '\' OR r.instance_id LIKE ? ESCAPE '\')`, like, like, "uuid:"+like)
	}
	if q.After != "" {
		at, id, err := readCursor(q.After)
		if err != nil {
			return "", nil, err
		}
		add("(r.received_at < ? OR r.received_at = ? AND r.id < ?)", at, at, id)
	}
	return strings.Join(where, " AND "), args, nil
}

func cursor(r recordRow) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", clock.Millis(r.ReceivedAt), r.ID))
}

func readCursor(s string) (at int64, id string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d %s", &at, &id)
	}
	if err != nil {
		return 0, "", problem.New(problem.Invalid, "screening.cursor", "The mark of the next page (after) is not one that the node gave. Begin at the first page.")
	}
	return at, id, nil
}

func (d *Desk) listed(ctx context.Context, r recordRow, lang string) (Listed, error) {
	l := Listed{ID: r.ID, InstanceID: r.InstanceID, InstrumentID: r.Instrument, ReceivedAt: r.ReceivedAt, DeviceID: r.Device, OfficerID: r.Officer, Officer: r.Officer,
		PersonID: r.Person, State: r.State, Complete: r.Complete, Reviewed: !r.ReviewedAt.IsZero(), ReviewedAt: instant(r.ReviewedAt), Outcomes: []Outcome{}}
	c, err := d.revision(ctx, r.Revision)
	if err != nil {
		return l, err
	}
	l.FormID, l.Title, l.Version = c.FormID, c.Title, c.Version
	if r.State == stateErased || r.Summary == nil {
		return l, nil
	}
	plain, err := d.keys.Open(ctx, r.Person, summaryPlace(r.ID), r.Summary)
	if errors.Is(err, keys.ErrErased) { // erased a moment ago, or the key database was restored from before
		l.State = stateErased
		return l, nil
	}
	var s summary
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	if err != nil {
		return l, err
	}
	l.Place, l.Language, l.Open = c.form.valueLabel("border_post", s.Place, lang), s.Language, s.Open
	for _, o := range s.Outcomes {
		l.Outcomes = append(l.Outcomes, outcomeTitle(c.pack, o, lang))
	}
	return l, nil
}

func outcomeTitle(p *indicator.Pack, outcome, lang string) Outcome {
	out := Outcome{ID: outcome, Title: outcome}
	if outcome == "offer" {
		out.Kind, out.Title = "offer", "Offer a longer talk"
		return out
	}
	if p == nil {
		return out
	}
	for _, profile := range p.Profiles {
		for _, o := range profile.Outcomes {
			if o.ID == outcome {
				w, _ := o.Title.In(lang)
				return Outcome{ID: outcome, Kind: o.Kind, Title: w.Text, Draft: w.Draft}
			}
		}
	}
	return out
}

// nameSenders fills in who sent each screening, and from which post where the interview itself does not say.
func (d *Desk) nameSenders(ctx context.Context, items []Listed) error {
	officers, err := namesOf(ctx, d.deps.PersonNames, items, func(l Listed) string { return l.OfficerID })
	if err != nil {
		return err
	}
	devices, err := namesOf(ctx, d.deps.DeviceNames, items, func(l Listed) string { return l.DeviceID })
	for i := range items {
		l := &items[i]
		l.Officer = firstOf(officers[l.OfficerID], l.Officer, devices[l.DeviceID])
		l.Place = firstOf(l.Place, devices[l.DeviceID])
	}
	return err
}

func namesOf[T any](ctx context.Context, ask func(context.Context, []string) (map[string]string, error), items []T, idOf func(T) string) (map[string]string, error) {
	var ids []string
	seen := map[string]bool{}
	for _, l := range items {
		if v := idOf(l); v != "" && !seen[v] {
			seen[v] = true
			ids = append(ids, v)
		}
	}
	if ask == nil || len(ids) == 0 {
		return nil, nil
	}
	return ask(ctx, ids)
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// find gives a record that the actor may see.
func (d *Desk) find(ctx context.Context, screening string) (r recordRow, err error) {
	var found bool
	err = d.db.Read(ctx, func(t *db.Tx) error { r, found, err = recordByID(t, screening); return err })
	if err == nil && (!found || !sees(actor.From(ctx), r)) {
		err = errNoScreening
	}
	return r, err
}

// Review marks a screening as looked at by the actor.
func (d *Desk) Review(ctx context.Context, screening string) error {
	r, err := d.find(ctx, screening)
	if err != nil {
		return err
	}
	now, who := d.clock.Now(), actor.From(ctx)
	return d.db.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`UPDATE screening_record SET reviewed_at = ?, reviewed_by = ? WHERE id = ? AND state = ?`, clock.Millis(now), who.Label(), r.ID, stateReceived)
		if err != nil {
			return err
		}
		if n == 0 {
			return keys.ErrErased
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.review", Object: "screening:" + r.ID, Subject: r.Person})
	})
}

// Rescore scores the current answers again: with the pack that the instrument carries now, with that of another
// revision, or with a built-in one (id or id@version). The results of before stay.
func (d *Desk) Rescore(ctx context.Context, screening, revision, builtIn string) error {
	r, err := d.find(ctx, screening)
	if err != nil {
		return err
	}
	if revision == "" {
		err = d.db.Read(ctx, func(t *db.Tx) error {
			in, _, err := instrumentByID(t, r.Instrument)
			revision = in.Current
			return err
		})
		if err != nil {
			return err
		}
	}
	c, err := d.revision(ctx, revision)
	if err != nil {
		return err
	}
	pack := c.pack
	if builtIn != "" {
		name, version, _ := strings.Cut(builtIn, "@")
		if pack, err = packs.Get(name, version); err != nil {
			return noSuchPack(builtIn, err)
		}
	}
	if pack == nil || c.Instrument != r.Instrument {
		return errNoPack
	}
	sub, err := d.openSubmission(ctx, r)
	if err != nil {
		return err
	}
	result, err := score(pack, sub.env.Root, indicator.Options{Finished: true, NoNext: true})
	if err != nil {
		return err
	}
	return d.addResult(ctx, r, sub.row.ID, sub.env, result)
}

func (d *Desk) addResult(ctx context.Context, r recordRow, submission string, env *Envelope, result indicator.Result) error {
	now, who := d.clock.Now(), actor.From(ctx)
	row, err := d.sealResult(ctx, r, submission, result)
	if err != nil {
		return err
	}
	row.MadeAt, row.MadeBy = now, who.Label()
	sum := summaryOf(env)
	sum.Outcomes, sum.Open = outcomesOf(result)
	text, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	sealed, err := d.keys.Seal(ctx, r.Person, summaryPlace(r.ID), text)
	if err != nil {
		return err
	}
	return d.db.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`UPDATE screening_record SET summary = ?, changed_at = ? WHERE id = ? AND submission = ? AND state = ?`, sealed, clock.Millis(now), r.ID, submission, stateReceived)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.Conflict, "screening.changed", "The screening was changed meanwhile. Open it again.")
		}
		if err := insertResult(t, row); err != nil {
			return err
		}
		if err := clearOutcomes(t, r.ID); err != nil {
			return err
		}
		if err := insertOutcomes(t, r.ID, d.listMarks(sum)); err != nil {
			return err
		}
		return d.leaf(t, now, who, "screening.rescore", r, map[string]any{"pack": result.Pack.ID, "pack_version": result.Pack.Version, "pack_hash": result.Pack.Hash})
	})
}

// Erase makes a screening unreadable for good: its rows are emptied, then the person's key is destroyed. What
// stays is that it was here, so that a phone that sends it again is told so.
func (d *Desk) Erase(ctx context.Context, screening, reason string) error {
	r, err := d.find(ctx, screening)
	if err != nil {
		return err
	}
	now, who := d.clock.Now(), actor.From(ctx)
	err = d.db.Write(ctx, func(t *db.Tx) error {
		if err := eraseRecord(t, r.ID, now); err != nil {
			return err
		}
		if err := eraseEntities(t, r.Person, now); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.erase", Object: "screening:" + r.ID, Subject: r.Person, Detail: map[string]any{"reason": reason}})
	})
	if err != nil {
		return err
	}
	return d.destroyKey(ctx, r)
}

func (d *Desk) destroyKey(ctx context.Context, r recordRow) error {
	if err := d.keys.Destroy(ctx, r.Person); err != nil {
		return err
	}
	if err := d.db.Scrub(ctx); err != nil {
		return err
	}
	return d.db.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`UPDATE screening_record SET key_gone = 1 WHERE id = ?`, r.ID)
		return err
	})
}

func eraseRecord(t *db.Tx, record string, now time.Time) error {
	if err := deleteFiles(t, record); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE screening_submission SET xml = NULL, xml_mark = '' WHERE record = ?`,
		`DELETE FROM screening_outcome WHERE record = ?`,
		`UPDATE screening_result SET sealed = NULL WHERE record = ?`,
	} {
		if _, err := t.Exec(q, record); err != nil {
			return err
		}
	}
	_, err := t.Exec(`UPDATE screening_record SET state = ?, summary = NULL, changed_at = ? WHERE id = ?`, stateErased, clock.Millis(now), record)
	return err
}

// opened is a submission in clear.
type opened struct {
	row submissionRow
	all []submissionRow // every version, newest first
	env *Envelope
	xml []byte
}

func (d *Desk) openSubmission(ctx context.Context, r recordRow) (o opened, err error) {
	if r.State == stateErased {
		return o, keys.ErrErased
	}
	if err = d.db.Read(ctx, func(t *db.Tx) (err error) { o.all, err = submissionsOf(t, r.ID); return err }); err != nil {
		return o, err
	}
	for _, s := range o.all {
		if s.ID == r.Submission {
			o.row = s
		}
	}
	if o.xml, err = d.keys.Open(ctx, r.Person, xmlPlace(o.row.ID), o.row.xml); err != nil {
		return o, err
	}
	o.env, err = ReadEnvelope(o.xml)
	return o, err
}
