package screening

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// Held is an entry of the quarantine: something that was sent and could not become a screening.
type Held struct {
	ID           string       `json:"id"`
	ReceivedAt   time.Time    `json:"received_at"`
	LastAt       time.Time    `json:"last_at" doc:"When the same came last"`
	Times        int64        `json:"times"`
	Reason       Doubt        `json:"reason"`
	Explanation  string       `json:"explanation"`
	Answered     int          `json:"answered" doc:"What the client was told: 202 = it will not send again"`
	Sender       string       `json:"sender"`
	From         string       `json:"from,omitempty" doc:"Name of the device or the person who sent it"`
	ClientDevice string       `json:"client_device,omitempty"`
	UserAgent    string       `json:"user_agent,omitempty"`
	Size         int64        `json:"size"`
	State        string       `json:"state" enum:"held,released,discarded"`
	ScreeningID  string       `json:"screening_id,omitempty" doc:"The screening it became, or argues with"`
	Files        []Attachment `json:"files,omitempty"`
}

var explanations = map[Doubt]string{
	DoubtNoXML:       "It holds files but no interview.",
	DoubtNotXML:      "The interview is damaged: it is not well-formed XML.",
	DoubtTwoXML:      "It holds two different interviews at once.",
	DoubtTooLarge:    "The interview's XML is over 8 MiB or over 100,000 elements.",
	DoubtTooDeep:     "The interview's XML is nested over 200 levels deep.",
	DoubtDoctype:     "The interview declares a document type, as attacks do. It was not read.",
	DoubtEncoding:    "The interview is not written in UTF-8.",
	DoubtEncrypted:   "The interview is encrypted with a key that this node does not hold. Open it with ODK Briefcase and the form's private key.",
	DoubtInstanceID:  "The interview's number is too long or holds control characters.",
	DoubtNoForm:      "The interview does not say which form it belongs to.",
	DoubtMultipart:   "The upload is damaged.",
	DoubtUnknownForm: "No form of this name is published here. Publish it, then release.",
	DoubtVersion:     "This version of the form is not published here. Publish it, then release.",
	DoubtClosed:      "The form was closed. Open it, then release.",
	DoubtConflict:    "Another interview with the same number is here, and it differs.",
	DoubtEditUnknown: "It corrects an interview that is not here.",
	DoubtEditStale:   "It corrects a version that was corrected already.",
	DoubtIDReused:    "It is a correction under a number that is in use.",
	DoubtGone:        "The interview was erased here. Destroy this entry, too.",
}

var errNotHeld = problem.New(problem.NotFound, "screening.not-held", "There is no such entry in the quarantine, or it was dealt with already.")

// Quarantine lists what is held for the actor's organisation, newest first.
func (d *Desk) Quarantine(ctx context.Context, state, after string, limit int) (Page[Held], error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	who := actor.From(ctx)
	page := Page[Held]{Items: []Held{}}
	var rows []quarantineRow
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = db.All(t, scanQuarantine, `SELECT `+quarantineColumns+` FROM screening_quarantine WHERE (? = '' OR state = ?) AND (? = '' OR id < ?) AND (? = 1 OR organisation = ?) ORDER BY id DESC LIMIT ?`,
			state, state, after, after, flag(who.System != ""), who.Organisation, limit+1)
		return err
	})
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = rows[limit-1].ID
	}
	for _, q := range rows {
		page.Items = append(page.Items, q.held())
	}
	if err != nil {
		return page, err
	}
	return page, d.nameHeld(ctx, page.Items)
}

// nameHeld fills in who sent what is held, so that a supervisor knows which phone to ask for.
func (d *Desk) nameHeld(ctx context.Context, items []Held) error {
	people, err := namesOf(ctx, d.deps.PersonNames, items, func(h Held) string { return labelled(h.Sender).Person })
	if err != nil {
		return err
	}
	devices, err := namesOf(ctx, d.deps.DeviceNames, items, func(h Held) string { return labelled(h.Sender).Device })
	for i := range items {
		who := labelled(items[i].Sender)
		items[i].From = firstOf(people[who.Person], devices[who.Device])
	}
	return err
}

func (q quarantineRow) held() Held {
	return Held{ID: q.ID, ReceivedAt: q.ReceivedAt, LastAt: q.LastAt, Times: q.Times, Reason: q.Reason, Explanation: explanations[q.Reason], Answered: q.Answered,
		Sender: q.Sender, ClientDevice: q.ClientDevice, UserAgent: q.UserAgent, Size: q.Size, State: q.State, ScreeningID: q.Record}
}

func (d *Desk) findHeld(ctx context.Context, entry string) (q quarantineRow, err error) {
	var found bool
	err = d.db.Read(ctx, func(t *db.Tx) error {
		q, found, err = db.One(t, scanQuarantine, `SELECT `+quarantineColumns+` FROM screening_quarantine WHERE id = ?`, entry)
		return err
	})
	who := actor.From(ctx)
	if err == nil && (!found || who.System == "" && q.Organisation != who.Organisation) {
		err = errNotHeld
	}
	return q, err
}

// ReadHeld opens one entry with its files, and logs it.
func (d *Desk) ReadHeld(ctx context.Context, entry string) (Held, error) {
	q, err := d.findHeld(ctx, entry)
	if err != nil {
		return Held{}, err
	}
	one := []Held{q.held()}
	if err := d.nameHeld(ctx, one); err != nil {
		return Held{}, err
	}
	h := one[0]
	if q.State == "held" {
		if h.Files, err = d.attachments(ctx, q.Person, q.ID); err != nil {
			return h, err
		}
	}
	return h, d.db.Write(ctx, func(t *db.Tx) error { return d.heldLeaf(ctx, t, "screening.quarantine-read", q, nil) })
}

func (d *Desk) heldLeaf(ctx context.Context, t *db.Tx, verb string, q quarantineRow, detail map[string]any) error {
	return audit.Append(t, d.clock.Now(), actor.From(ctx), audit.Entry{Verb: verb, Object: "screening-quarantine:" + q.ID, Subject: q.Person, Detail: detail})
}

// WriteHeldFile copies a file of an entry to w.
func (d *Desk) WriteHeldFile(ctx context.Context, entry, fileID string, w io.Writer, begin func(Attachment)) error {
	q, err := d.findHeld(ctx, entry)
	if err != nil {
		return err
	}
	return d.writeOwned(ctx, q.Person, q.ID, fileID, w, func(a Attachment) error {
		err := d.db.Write(ctx, func(t *db.Tx) error {
			return d.heldLeaf(ctx, t, "screening.quarantine-file", q, map[string]any{"file": fileID})
		})
		if err == nil {
			begin(a)
		}
		return err
	})
}

// Release sends an entry through the door again, as it came: after the missing form was published, say. When
// it becomes a screening, the entry is closed; else the receipt says what still stands against it, and the
// entry stays.
func (d *Desk) Release(ctx context.Context, entry string) (Receipt, error) {
	q, err := d.findHeld(ctx, entry)
	if err != nil {
		return Receipt{}, err
	}
	if q.State != "held" {
		return Receipt{}, errNotHeld
	}
	p, err := d.posting(ctx, q)
	if err != nil {
		return Receipt{}, err
	}
	r, err := d.Receive(ctx, p)
	if err != nil || r.Status != 201 {
		return r, err
	}
	return r, d.close(ctx, q, "released", r.Record, nil)
}

// posting rebuilds what was sent from what is held.
func (d *Desk) posting(ctx context.Context, q quarantineRow) (*Posting, error) {
	var files []storedFile
	if err := d.db.Read(ctx, func(t *db.Tx) (err error) { files, err = filesOf(t, q.ID); return err }); err != nil {
		return nil, err
	}
	p := &Posting{}
	for _, f := range files {
		m, err := d.openMeta(ctx, q.Person, f)
		if err != nil {
			return nil, err
		}
		if f.Part == partFurther { // which of them is the interview, the node cannot know
			p.Doubt = q.Reason
			continue
		}
		var content bytes.Buffer
		if err := d.writeFile(ctx, &content, f, m); err != nil {
			return nil, err
		}
		switch f.Part {
		case partBody:
			if p, err = d.ReadPosting(ctx, m.Type, &content); err != nil {
				return nil, err
			}
		case partXML:
			p.XML = content.Bytes()
		case partIncomplete:
			p.Incomplete = true
		default:
			in, err := incomingBytes(m.Name, m.Type, content.Bytes())
			if err != nil {
				return nil, err
			}
			p.files = append(p.files, in)
		}
	}
	p.entry = q.ID
	p.ClientDevice, p.UserAgent, p.Sender = q.ClientDevice, q.UserAgent, labelled(q.Sender)
	if p.XML == nil && p.Doubt == "" {
		p.Doubt = DoubtNoXML
	}
	return p, nil
}

// labelled is the actor behind a label of the audit log.
func labelled(label string) actor.Actor {
	kind, id, _ := strings.Cut(label, ":")
	switch kind {
	case "person":
		return actor.Actor{Person: id}
	case "device":
		return actor.Actor{Device: id}
	}
	return actor.Actor{}
}

// Discard closes an entry for good: what it held is destroyed.
func (d *Desk) Discard(ctx context.Context, entry, reason string) error {
	q, err := d.findHeld(ctx, entry)
	if err != nil {
		return err
	}
	if q.State != "held" {
		return errNotHeld
	}
	return d.close(ctx, q, "discarded", q.Record, map[string]any{"reason": reason})
}

// close empties an entry. Its mark is freed, so that the same body is held again should it come again.
func (d *Desk) close(ctx context.Context, q quarantineRow, state, record string, detail map[string]any) error {
	err := d.db.Write(ctx, func(t *db.Tx) error {
		if err := deleteFiles(t, q.ID); err != nil {
			return err
		}
		n, err := t.Exec(`UPDATE screening_quarantine SET state = ?, record = ?, mark = id WHERE id = ? AND state = 'held'`, state, record, q.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNotHeld
		}
		return d.heldLeaf(ctx, t, "screening.quarantine-"+state, q, detail)
	})
	if err != nil {
		return err
	}
	return d.keys.Destroy(ctx, q.Person)
}
