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
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// verdict is how a doubt is answered. kept says that a copy goes to the quarantine: always, except where
// keeping it would undo an erasure.
type verdict struct {
	status int
	text   string
	kept   bool
	// refusal says the same with a code, for the officer's app; nil when nothing was refused.
	refusal *problem.Problem
}

func refused(p *problem.Problem) verdict { return verdict{p.Kind.Status(), p.Text, true, p} }

func refusedForGood(p *problem.Problem) verdict { return verdict{p.Kind.Status(), p.Text, false, p} }

const (
	andKept = " A copy is safe on the server. Keep the interview on the phone and tell your supervisor."
	andHeld = "The server has stored the interview, but could not read all of it. Your supervisor will look at it. You need not send it again."
)

// verdicts gives every doubt the status that ODK Central gives it, where Central knows it; what Central
// does not know is stored and answered 202.
var verdicts = map[Doubt]verdict{
	DoubtNoXML:       refused(problem.New(problem.Malformed, "screening.refused-no-xml", "The posting held no interview (xml_submission_file)."+andKept)),
	DoubtNotXML:      refused(problem.New(problem.Malformed, "screening.refused-not-xml", "The interview arrived damaged: it is not well-formed XML."+andKept)),
	DoubtNoForm:      refused(problem.New(problem.Malformed, "screening.refused-no-form", "The interview does not say which form it belongs to."+andKept)),
	DoubtMultipart:   refused(problem.New(problem.Malformed, "screening.refused-multipart", "The upload arrived damaged (multipart/form-data expected)."+andKept)),
	DoubtTwoXML:      {202, andHeld, true, nil},
	DoubtTooLarge:    {202, andHeld, true, nil},
	DoubtTooDeep:     {202, andHeld, true, nil},
	DoubtDoctype:     {202, andHeld, true, nil},
	DoubtEncoding:    {202, andHeld, true, nil},
	DoubtEncrypted:   {202, andHeld, true, nil},
	DoubtInstanceID:  {202, andHeld, true, nil},
	DoubtUnknownForm: refused(problem.New(problem.NotFound, "screening.refused-unknown-form", "This form is not on the server."+andKept)),
	DoubtVersion:     refused(problem.New(problem.NotFound, "screening.refused-version", "The server does not know this version of the form."+andKept)),
	DoubtClosed:      refused(problem.New(problem.Conflict, "screening.refused-closed", "This form is closed and takes no new interviews."+andKept)),
	DoubtConflict:    refused(problem.New(problem.Conflict, "screening.refused-conflict", "Another interview with the same number is on the server, and it differs from this one."+andKept)),
	DoubtEditUnknown: refused(problem.New(problem.NotFound, "screening.refused-edit-unknown", "The interview that this one corrects is not on the server."+andKept)),
	DoubtEditStale:   refused(problem.New(problem.Conflict, "screening.refused-edit-stale", "The interview that this one corrects was corrected by someone else meanwhile."+andKept)),
	DoubtIDReused:    refused(problem.New(problem.Conflict, "screening.refused-id-reused", "This correction carries the number of an interview that is on the server already."+andKept)),
	DoubtGone:        refusedForGood(problem.New(problem.Conflict, "screening.refused-gone", "This interview was erased on the server at the person's wish and is not taken again. Delete it from the phone.")),
}

func (v verdict) receipt(why Doubt) Receipt {
	return Receipt{Status: v.status, Message: v.text, Doubt: why, Refusal: v.refusal}
}

func refusal(why Doubt) Receipt {
	v := verdicts[why]
	return v.receipt(why)
}

// refuse keeps a copy of a posting that cannot become a record, and says how it is answered.
func (d *Desk) refuse(ctx context.Context, p *Posting, why Doubt, record string) (Receipt, error) {
	v, ok := verdicts[why]
	if !ok { // a doubt that nobody foresaw: keep it, do not lose it
		v = verdict{202, andHeld, true, nil}
	}
	r := v.receipt(why)
	if p.entry != "" {
		return r, nil
	}
	files, err := p.quarantined()
	if err != nil {
		return r, err
	}
	if len(files) == 0 {
		r.Message = errNothing.Text
		if r.Refusal != nil {
			r.Refusal = errNothing
		}
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
	r.Quarantine, err = d.hold(ctx, q, files, who)
	return r, err
}

var errNothing = problem.New(problem.Malformed, "screening.refused-empty", "The upload was empty. Send the interview again.")

// fingerprint is the same for a posting and its resend: it goes by what is inside, because each resend has
// another boundary between the parts.
func (p *Posting) fingerprint() string {
	sum := sha256.New()
	parts := 0
	add := func(kind string, f *incoming) {
		fmt.Fprintf(sum, "%s %q %s\n", kind, f.name, f.sum())
		parts++
	}
	for _, f := range p.files {
		add("file", f)
	}
	for _, f := range p.further {
		add("further", f)
	}
	if p.whole != nil {
		add("whole", p.whole)
	}
	if len(p.XML) > 0 {
		fmt.Fprintf(sum, "xml %x\n", sha256.Sum256(p.XML))
		parts++
	}
	if parts == 0 || p.Doubt == DoubtMultipart {
		fmt.Fprintf(sum, "body %x\n", sha256.Sum256(p.raw))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Parts of a posting in the quarantine, so that it can be put together again as it was sent. The names of files say
// nothing about it: a client may call an attachment "body".
const (
	partBody       = "body"        // the whole posting
	partXML        = "xml"         // the interview
	partFurther    = "xml-further" // another interview beside it, or one over the limit
	partAttachment = "attachment"
	partIncomplete = "incomplete" // the sign that more files follow
)

// heldPart is a part of a posting to be held.
type heldPart struct {
	*incoming
	part string
}

// quarantined lists what to keep of a posting: the whole body when it is held, else its parts.
func (p *Posting) quarantined() (out []heldPart, err error) {
	keep := func(part, name, typ string, data []byte) {
		if f, e := incomingBytes(name, typ, data); e == nil {
			out = append(out, heldPart{f, part})
		} else {
			err = e
		}
	}
	switch {
	case len(p.raw) > 0:
		keep(partBody, "body", p.rawType, p.raw)
		return out, err
	case p.whole != nil:
		return []heldPart{{p.whole, partBody}}, nil
	}
	for _, f := range p.files {
		out = append(out, heldPart{f, partAttachment})
	}
	if len(p.XML) > 0 {
		keep(partXML, "xml_submission_file", "text/xml", p.XML)
	}
	for _, f := range p.further {
		out = append(out, heldPart{f, partFurther})
	}
	if p.Incomplete && len(out) > 0 {
		keep(partIncomplete, "*isIncomplete*", "text/plain", []byte("yes"))
	}
	return out, err
}

// hold writes a quarantine entry; a body that is held already only counts up.
func (d *Desk) hold(ctx context.Context, q quarantineRow, parts []heldPart, who actor.Actor) (string, error) {
	defer d.holding.lock(q.mark)()
	again, err := d.heldAgain(ctx, q, who)
	if err != nil || again != "" {
		return again, err
	}
	if err := d.keys.Ensure(ctx, q.Person); err != nil {
		return "", err
	}
	var files []storedFile
	for _, f := range parts {
		sealed, err := d.sealFile(ctx, f.incoming, q.Person, q.ID, f.part, "", q.ReceivedAt)
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
