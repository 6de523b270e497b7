package casework

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Receipt is one person's consent: who, for what, which fields, to whom, until
// when, in which language it was explained, how it was given. An override is
// a supervisor's decision to disclose without consent; it is written in the
// same place so that nobody has to look in two.
type Receipt struct {
	ID        string   `json:"id"`
	Case      string   `json:"case"`
	Person    string   `json:"-"`
	Kind      string   `json:"kind" enum:"consent,override"`
	Purpose   string   `json:"purpose"`
	Fields    []string `json:"fields"`
	Recipient string   `json:"recipient" doc:"Service"`
	Language  string   `json:"language"`
	How       string   `json:"how" enum:"spoken,written,signed"`
	GivenBy   string   `json:"given_by" enum:"person,guardian,supervisor"`
	Assent    bool     `json:"assent" doc:"A child's own yes"`
	// Words of a guardian's name, best-interests note and override's reason.
	Text        map[string]string `json:"text,omitempty"`
	Until       time.Time         `json:"until"`
	GivenAt     time.Time         `json:"given_at"`
	TakenBy     string            `json:"taken_by"`
	WithdrawnAt time.Time         `json:"withdrawn_at"`
	WithdrawnBy string            `json:"withdrawn_by"`

	sealed []byte
}

// NewReceipt is what is needed to record consent.
type NewReceipt struct {
	Purpose   string            `json:"purpose" enum:"referral"`
	Fields    []string          `json:"fields" minItems:"1"`
	Recipient string            `json:"recipient"`
	Language  string            `json:"language" minLength:"2"`
	How       string            `json:"how" enum:"spoken,written,signed"`
	GivenBy   string            `json:"given_by" enum:"person,guardian,supervisor"`
	Assent    bool              `json:"assent,omitempty"`
	Until     time.Time         `json:"until,omitempty"`
	UntilDay  string            `json:"until_day,omitempty" doc:"Instead of until: the last day, which ends in the case's own time zone"`
	Text      map[string]string `json:"text,omitempty" doc:"guardian, best_interests, reason"`
}

// TakeConsent records a consent, or (given by a supervisor) an override.
func (d *Desk) TakeConsent(ctx context.Context, caseID string, n NewReceipt) (r Receipt, err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return r, err
	}
	if _, ok := dir.service(n.Recipient); !ok {
		return r, errNoService
	}
	c, err := d.GetCase(ctx, caseID)
	if err != nil {
		return r, err
	}
	if err := d.endOfDay(c, n.UntilDay, "body.until_day", &n.Until); err != nil {
		return r, err
	}
	if err := n.check(c, d.Clock.Now()); err != nil {
		return r, err
	}
	if err := d.ensureOpen(ctx, c, Narrative); err != nil {
		return r, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		do := Refer
		if n.GivenBy == "supervisor" {
			do = Override
		}
		if c, _, err = d.allowed(t, ctx, caseID, do, Administrative); err != nil {
			return err
		}
		r, err = d.storeReceipt(t, ctx, c, n)
		return err
	})
	return r, err
}

func (d *Desk) storeReceipt(t *db.Tx, ctx context.Context, c Case, n NewReceipt) (Receipt, error) {
	r := Receipt{
		ID: id.New(), Case: c.ID, Person: c.Person, Kind: "consent", Purpose: n.Purpose, Fields: n.Fields, Recipient: n.Recipient,
		Language: n.Language, How: n.How, GivenBy: n.GivenBy, Assent: n.Assent, Text: n.Text, Until: n.Until, GivenAt: d.Clock.Now(), TakenBy: actor.From(ctx).Label(),
	}
	if n.GivenBy == "supervisor" {
		r.Kind = "override"
		if err := d.notify(t, Notice{Organisation: c.Organisation, Kind: "consent_overridden", Case: c.ID, Key: "override:" + r.ID}); err != nil {
			return r, err
		}
	}
	plain, err := json.Marshal(n.Text)
	if err != nil {
		return r, err
	}
	if r.sealed, err = d.seal(ctx, c.Person, Narrative, place("receipt", r.ID, "text"), plain); err != nil {
		return r, err
	}
	if err := insertReceipt(t, r); err != nil {
		return r, err
	}
	return r, d.leaf(t, ctx, r.Kind, "receipt:"+r.ID, c.Person, map[string]any{"case": c.ID, "fields": r.Fields, "recipient": r.Recipient}, r.stored())
}

// check holds the rules of a valid consent.
func (n NewReceipt) check(c Case, now time.Time) error {
	p := problem.New(problem.Invalid, "casework.receipt", "This is not yet a consent that somebody could rely on. Nothing was recorded.")
	for _, name := range n.Fields {
		if _, ok := fieldByName[name]; !ok {
			p.With("body.fields", "%s is not a field of a case", name)
		}
	}
	if len(n.Fields) == 0 {
		p.With("body.fields", "names nothing: consent to nothing discloses nothing")
	}
	if !n.Until.After(now) || n.Until.After(now.AddDate(2, 0, 0)) {
		p.With("body.until", "must lie ahead, at most two years")
	}
	if n.GivenBy == "supervisor" && len([]rune(strings.TrimSpace(n.Text["reason"]))) < 20 {
		p.With("body.text.reason", "must say why this is done without consent")
	}
	if n.GivenBy == "person" && c.Child && n.Text["best_interests"] == "" {
		p.With("body.text.best_interests", "must say why a child decides without a guardian")
	}
	if n.GivenBy == "guardian" {
		if !c.Child {
			p.With("body.given_by", "an adult decides for themselves")
		}
		if n.Text["guardian"] == "" {
			p.With("body.text.guardian", "must name the guardian and how they are related")
		}
		if !n.Assent {
			p.With("body.assent", "the child must agree, too")
		}
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

func (d *Desk) openReceipt(ctx context.Context, r *Receipt) {
	if plain, err := d.unseal(ctx, r.Person, Narrative, place("receipt", r.ID, "text"), r.sealed); err == nil {
		json.Unmarshal(plain, &r.Text)
	}
}

// covers says whether a receipt is in force now for these fields to this
// service.
func (r Receipt) covers(fields []string, service string, now time.Time) bool {
	return r.WithdrawnAt.IsZero() && now.Before(r.Until) && r.Purpose == "referral" && r.Recipient == service &&
		!slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(r.Fields, f) })
}

// WithdrawConsent ends a receipt and, in the same transaction, every referral
// that stands on it; the receivers are told and their view closes. by is who
// said so: the person, or a guardian.
func (d *Desk) WithdrawConsent(ctx context.Context, caseID, receipt, by string) (r Receipt, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		c, _, err := d.allowed(t, ctx, caseID, Refer, Administrative)
		if err != nil {
			return err
		}
		var found bool
		if r, found, err = receiptByID(t, receipt); err != nil || !found || r.Case != caseID {
			return orProblem(err, problem.New(problem.NotFound, "casework.receipt-unknown", "There is no such consent on this case."))
		}
		if !r.WithdrawnAt.IsZero() {
			return nil // said twice
		}
		r.WithdrawnAt, r.WithdrawnBy = d.Clock.Now(), by
		if err := withdrawReceipt(t, r); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "withdraw-consent", "receipt:"+r.ID, c.Person, map[string]any{"case": c.ID, "by": by}, r.stored()); err != nil {
			return err
		}
		return d.withdrawReferrals(t, ctx, c, r)
	})
	return r, err
}

func (d *Desk) withdrawReferrals(t *db.Tx, ctx context.Context, c Case, r Receipt) error {
	refs, err := referralsOfReceipt(t, r.ID)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if _, ok := referral.Find(ref.State, referral.Withdraw); !ok {
			continue
		}
		if _, err := d.step(t, ctx, ref, StepIn{Event: referral.Withdraw, Reason: "consent_withdrawn"}, referral.Person); err != nil {
			return err
		}
	}
	return d.windDues(t, ctx, c)
}
