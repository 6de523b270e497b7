package casework

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lintas/casework/referral"
	"lintas/platform/db"
	"lintas/platform/jobs"
)

// Jobs lists what the desk does by itself.
func (d *Desk) Jobs() []jobs.Job {
	return []jobs.Job{
		{Name: "casework.deadlines", Every: time.Minute, Run: d.Deadlines},
		{Name: "casework.terms", Every: time.Hour, Run: d.Terms},
		{Name: "casework.notices", Every: time.Minute, Run: d.SendNotices},
		{Name: "casework.directory", Every: time.Minute, Run: d.ReadDirectoryNow},
		{Name: "casework.retention", Every: 24 * time.Hour, Run: d.Retain},
	}
}

// Deadlines looks at the referrals whose clock rings: tells when three quarters
// of the term have passed, expires those whose deadline has come, and asks
// again for the outcome of those accepted. It may run twice: an alarm has a key
// and is told once.
func (d *Desk) Deadlines(ctx context.Context) error {
	now := d.Clock.Now()
	const page = 500
	var failed []error
	for {
		var list []Referral
		err := d.DB.Read(ctx, func(t *db.Tx) (err error) { list, err = ringing(t, now, page); return err })
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		before := len(failed)
		for _, r := range list {
			if err := d.ring(ctx, r.ID, now); err != nil {
				failed = append(failed, err) // one that cannot be read must not keep the others waiting
			}
		}
		if len(list) < page || len(failed) > before {
			return errors.Join(failed...)
		}
	}
}

// ring does what the clock has to do to one referral, and sets when it rings
// next: always later than now, so that Deadlines comes to an end.
func (d *Desk) ring(ctx context.Context, referralID string, now time.Time) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		r, found, err := referralByID(t, referralID)
		if err != nil || !found {
			return err
		}
		life, err := r.life()
		if err != nil {
			return err
		}
		for _, a := range life.Alarms() {
			if now.Before(a.At) {
				continue
			}
			if err := d.alarm(t, ctx, r, a, now); err != nil {
				return err
			}
			if a.Kind == referral.Due {
				return nil // the step has set the clock
			}
		}
		return setRing(t, r.ID, nextRing(life, now))
	})
}

// lateDays after an outcome was asked for, the supervisor is told, too.
const lateDays = 7

// nextRing is the first instant after now at which the clock has something to
// do; zero when there is none.
func nextRing(life referral.Referral, now time.Time) time.Time {
	for _, a := range life.Alarms() {
		if a.At.After(now) {
			return a.At
		}
	}
	if life.OutcomeDue.IsZero() {
		return time.Time{}
	}
	for asked := life.OutcomeDue; ; asked = asked.AddDate(0, 0, referral.OutcomeDays) {
		for _, at := range []time.Time{asked, asked.AddDate(0, 0, lateDays)} {
			if at.After(now) {
				return at
			}
		}
	}
}

func (d *Desk) alarm(t *db.Tx, ctx context.Context, r Referral, a referral.Alarm, now time.Time) error {
	key := "alarm:" + r.ID + ":" + string(a.Kind) + ":" + itoa(ms(a.At))
	switch a.Kind {
	case referral.Due:
		_, err := d.step(t, ctx, r, StepIn{Event: referral.Expire}, referral.Clock)
		return err
	case referral.Outcomes:
		// Once every term until somebody says how it goes.
		asked, to := a.At, a.To
		for next := asked; !now.Before(next); next = next.AddDate(0, 0, referral.OutcomeDays) {
			asked = next
		}
		key = "alarm:" + r.ID + ":" + string(a.Kind) + ":" + itoa(ms(asked))
		if !now.Before(asked.AddDate(0, 0, lateDays)) {
			key, to = key+":late", append(slices.Clone(to), referral.Supervisor)
		}
		return d.tell(t, r, "referral_outcome", key, to)
	}
	return d.tell(t, r, "referral_soon", key, a.To)
}

// Terms tells of statutory clocks and tasks: when to be warned, and when a term
// has run out, the owner; at its end the supervisors, too.
func (d *Desk) Terms(ctx context.Context) error {
	now := d.Clock.Now()
	const page = 500
	for from := 0; ; from += page {
		var list []Due
		err := d.DB.Read(ctx, func(t *db.Tx) (err error) { list, err = termsUntil(t, now.AddDate(0, 0, 14), from, page); return err })
		if err != nil {
			return err
		}
		err = d.DB.Write(ctx, func(t *db.Tx) error {
			for _, due := range list {
				if err := d.term(t, due, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(list) < page {
			return err
		}
	}
}

func (d *Desk) term(t *db.Tx, due Due, now time.Time) error {
	c, found, err := caseByID(t, due.Case)
	if err != nil || !found {
		return err
	}
	warn, minimum := due.At, false
	if due.Kind == "clock" {
		running, err := d.running(t, c)
		if err != nil {
			return err
		}
		for _, r := range running {
			if r.Clock.Code == strings.TrimPrefix(due.Ref, floor) {
				warn, minimum = r.Warn, r.Clock.Minimum
			}
		}
	}
	key := "term:" + due.Case + ":" + due.Kind + ":" + due.Ref + ":" + itoa(ms(due.At))
	tell := func(kind, person string) error {
		return d.notify(t, Notice{Organisation: c.Organisation, Person: person, Kind: kind, Case: c.ID, Key: key + ":" + kind + ":" + person})
	}
	if !now.Before(warn) && now.Before(due.At) && due.Owner != "" {
		if err := tell(due.Kind+"_soon", due.Owner); err != nil {
			return err
		}
	}
	if now.Before(due.At) {
		return nil
	}
	if due.Owner != "" {
		if err := tell(due.Kind+"_due", due.Owner); err != nil {
			return err
		}
	}
	if minimum {
		return nil
	}
	return tell(due.Kind+"_due", "")
}
