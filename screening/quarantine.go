package screening

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// verdict is how a doubt is answered. kept says that a copy goes to the quarantine: always, except where
// keeping it would undo an erasure.
type verdict struct {
	status int
	text   string
	kept   bool
}

const (
	andKept  = " A copy is safe on the server. Keep the interview on the phone and tell your supervisor."
	andHeld  = "The server has stored the interview, but could not read all of it. Your supervisor will look at it. You need not send it again."
	andAgain = " Keep the interview on the phone and tell your supervisor."
)

// verdicts gives every doubt the status that ODK Central gives it, where Central knows it; what Central
// does not know is stored and answered 202.
var verdicts = map[Doubt]verdict{
	DoubtNoXML:       {400, "The posting held no interview (xml_submission_file)." + andKept, true},
	DoubtNotXML:      {400, "The interview arrived damaged: it is not well-formed XML." + andKept, true},
	DoubtNoForm:      {400, "The interview does not say which form it belongs to." + andKept, true},
	DoubtMultipart:   {400, "The upload arrived damaged (multipart/form-data expected)." + andKept, true},
	DoubtTwoXML:      {202, andHeld, true},
	DoubtTooLarge:    {202, andHeld, true},
	DoubtTooDeep:     {202, andHeld, true},
	DoubtDoctype:     {202, andHeld, true},
	DoubtEncoding:    {202, andHeld, true},
	DoubtEncrypted:   {202, andHeld, true},
	DoubtInstanceID:  {202, andHeld, true},
	DoubtUnknownForm: {404, "This form is not on the server." + andKept, true},
	DoubtVersion:     {404, "The server does not know this version of the form." + andKept, true},
	DoubtClosed:      {409, "This form is closed and takes no new interviews." + andKept, true},
	DoubtConflict:    {409, "Another interview with the same number is on the server, and it differs from this one." + andKept, true},
	DoubtEditUnknown: {404, "The interview that this one corrects is not on the server." + andKept, true},
	DoubtEditStale:   {409, "The interview that this one corrects was corrected by someone else meanwhile." + andKept, true},
	DoubtIDReused:    {409, "This correction carries the number of an interview that is on the server already." + andKept, true},
	DoubtGone:        {409, "This interview was erased on the server at the person's wish and is not taken again. Delete it from the phone.", false},
}

func refusal(why Doubt) Receipt {
	v := verdicts[why]
	return Receipt{Status: v.status, Message: v.text, Doubt: why}
}

// refuse keeps a copy of a posting that cannot become a record, and says how it is answered.
func (d *Desk) refuse(ctx context.Context, p *Posting, why Doubt, record string) (Receipt, error) {
	v, ok := verdicts[why]
	if !ok { // a doubt that nobody foresaw: keep it, do not lose it
		v = verdict{202, andHeld, true}
	}
	r := Receipt{Status: v.status, Message: v.text, Doubt: why}
	files := p.quarantined()
	if len(files) == 0 {
		r.Message = textNothing
		return r, nil
	}
	q := quarantineRow{ID: id.New(), ReceivedAt: d.clock.Now(), Reason: why, Answered: v.status, Person: id.New(), State: "held", Record: record,
		ClientDevice: cut(p.ClientDevice, 255), UserAgent: cut(p.UserAgent, 255)}
	who := actor.From(ctx)
	q.Organisation, q.Sender = who.Organisation, who.Label()
	for _, f := range files {
		q.Size += f.size
	}
	q.mark = d.keys.Index("screening.quarantine", q.Organisation+" "+p.fingerprint())
	var err error
	r.Quarantine, err = d.hold(ctx, q, p, who)
	return r, err
}

const textNothing = "The upload was empty. Send the interview again."

// fingerprint is the same for a posting and its resend: it goes by what is inside, because each resend has
// another boundary between the parts.
func (p *Posting) fingerprint() string {
	sum := sha256.New()
	parts := 0
	add := func(kind string, f *incoming) {
		if f != nil {
			fmt.Fprintf(sum, "%s %q %s\n", kind, f.name, f.sum())
			parts++
		}
	}
	for _, f := range p.files {
		add("file", f)
	}
	add("second", p.second)
	add("large", p.large)
	if len(p.XML) > 0 {
		fmt.Fprintf(sum, "xml %x\n", sha256.Sum256(p.XML))
		parts++
	}
	if parts == 0 || p.Doubt == DoubtMultipart {
		fmt.Fprintf(sum, "body %x\n", sha256.Sum256(p.raw))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// quarantined lists what to keep of a posting: the whole body when it is held, else its parts.
func (p *Posting) quarantined() []*incoming {
	if len(p.raw) > 0 {
		if f, err := incomingBytes("body", p.rawType, p.raw); err == nil {
			return []*incoming{f}
		}
	}
	out := append([]*incoming(nil), p.files...)
	if len(p.XML) > 0 {
		if f, err := incomingBytes("xml_submission_file", "text/xml", p.XML); err == nil {
			out = append(out, f)
		}
	}
	for _, f := range []*incoming{p.second, p.large} {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// hold writes a quarantine entry; a body that is held already only counts up.
func (d *Desk) hold(ctx context.Context, q quarantineRow, p *Posting, who actor.Actor) (string, error) {
	defer d.holding.lock(q.mark)()
	again, err := d.heldAgain(ctx, q, who)
	if err != nil || again != "" {
		return again, err
	}
	if err := d.keys.Ensure(ctx, q.Person); err != nil {
		return "", err
	}
	var files []storedFile
	for _, f := range p.quarantined() {
		part := "attachment"
		switch f.name {
		case "body":
			part = "body"
		case "xml_submission_file":
			part = "xml"
		}
		sealed, err := d.sealFile(ctx, f, q.Person, q.ID, part, "", q.ReceivedAt)
		if err != nil {
			return "", err
		}
		files = append(files, sealed)
	}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		if err := insertQuarantine(t, q); err != nil {
			return err
		}
		for _, f := range files {
			if err := insertFile(t, f); err != nil {
				return err
			}
		}
		return audit.Append(t, q.ReceivedAt, who, audit.Entry{Verb: "screening.quarantine", Object: "screening-quarantine:" + q.ID, Subject: q.Person,
			Detail: map[string]any{"reason": q.Reason, "answered": q.Answered, "size": q.Size}})
	})
	if db.Unique(err) { // another process of the node was faster
		return d.heldAgain(ctx, q, who)
	}
	return q.ID, err
}

// heldAgain counts a body that is in the quarantine already and gives its id, or empty.
func (d *Desk) heldAgain(ctx context.Context, q quarantineRow, who actor.Actor) (string, error) {
	var old quarantineRow
	var found bool
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { old, found, err = quarantineByMark(t, q.mark); return err })
	if err != nil || !found {
		return "", err
	}
	return old.ID, d.db.Write(ctx, func(t *db.Tx) error { return countQuarantine(t, old.ID, q) })
}

// quarantineRow is an entry of the quarantine.
type quarantineRow struct {
	ID           string
	ReceivedAt   time.Time
	LastAt       time.Time
	Times        int64
	Reason       Doubt
	Answered     int
	Person       string
	Organisation string
	Sender       string
	ClientDevice string
	UserAgent    string
	Size         int64
	State        string
	Record       string
	mark         string
}

const quarantineColumns = `id, received_at, last_at, times, reason, answered, person, organisation, sender, client_device, user_agent, size, mark, state, record`

func scanQuarantine(s db.Scanner) (q quarantineRow, err error) {
	var at, last int64
	err = s.Scan(&q.ID, &at, &last, &q.Times, &q.Reason, &q.Answered, &q.Person, &q.Organisation, &q.Sender, &q.ClientDevice, &q.UserAgent, &q.Size, &q.mark, &q.State, &q.Record)
	q.ReceivedAt, q.LastAt = clock.FromMillis(at), clock.FromMillis(last)
	return q, err
}
