package casework

import (
	"context"
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
		{Name: "casework.retention", Every: 24 * time.Hour, Run: d.Retain},
	}
}

// Deadlines looks at every referral whose term is running: tells when three
// quarters have passed, expires those whose deadline has come, and asks again
// for the outcome of those accepted. It may run twice: an alarm has a key.
func (d *Desk) Deadlines(ctx context.Context) error {
	now, after := d.Clock.Now(), ""
	const page = 500
	for {
		var list []Referral
		err := d.DB.Read(ctx, func(t *db.Tx) (err error) { list, err = ticking(t, now, after, page); return err })
		if err != nil {
			return err
		}
		for _, r := range list {
			if err := d.ring(ctx, r.ID, now); err != nil {
				return err
			}
			after = r.ID
		}
		if len(list) < page {
			return nil
		}
	}
}

// ring does what the clock has to do to one referral.
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
		}
		return nil
	})
}

func (d *Desk) alarm(t *db.Tx, ctx context.Context, r Referral, a referral.Alarm, now time.Time) error {
	key := "alarm:" + r.ID + ":" + string(a.Kind) + ":" + itoa(ms(a.At))
	switch a.Kind {
	case referral.Due:
		_, err := d.step(t, ctx, r, StepIn{Event: referral.Expire}, referral.Clock)
		return err
	case referral.Outcomes:
		// Once every term until somebody says how it goes.
		for late := a.At; !now.Before(late.AddDate(0, 0, referral.OutcomeDays)); late = late.AddDate(0, 0, referral.OutcomeDays) {
			key = "alarm:" + r.ID + ":" + string(a.Kind) + ":" + itoa(ms(late))
		}
		to := a.To
		if now.After(a.At.AddDate(0, 0, 7)) { // a week late: the supervisor, too
			key, to = key+":late", append(to, referral.Supervisor)
		}
		return d.tell(t, r, "referral_outcome", key, to)
	}
	return d.tell(t, r, "referral_soon", key, a.To)
}

// Terms tells of statutory clocks and tasks: when to be warned, and when a term
// has run out, the owner; at its end the supervisors, too.
func (d *Desk) Terms(ctx context.Context) error {
	now := d.Clock.Now()
	var list []Due
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		list, err = db.All(t, scanDue, `SELECT `+dueColumns+` WHERE u.kind IN ('clock','task') AND u.at <= ? ORDER BY u.at LIMIT 5000`, ms(now.AddDate(0, 0, 14)))
		return err
	})
	if err != nil {
		return err
	}
	for _, due := range list {
		if err := d.DB.Write(ctx, func(t *db.Tx) error { return d.term(t, due, now) }); err != nil {
			return err
		}
	}
	return nil
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
			if r.Clock.Code == due.Ref {
				warn, minimum = r.Warn, r.Clock.Minimum
			}
		}
	}
	key := "term:" + due.Case + ":" + due.Kind + ":" + due.Ref + ":" + itoa(ms(due.At))
	tell := func(kind, person string) error {
		return d.notify(t, Notice{Organisation: c.Organisation, Person: person, Kind: kind, Case: c.ID, Key: key + ":" + kind + ":" + person})
	}
	if !now.Before(warn) && due.Owner != "" {
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
