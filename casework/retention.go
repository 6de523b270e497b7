package casework

import (
	"context"
	"time"

	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Erased is the proof of an erasure: what was erased, when, and that every
// sealed value of it that is still stored does not open.
type Erased struct {
	Case    string    `json:"case"`
	Classes []string  `json:"classes"`
	At      time.Time `json:"at"`
	Sealed  int       `json:"sealed" doc:"Sealed values still stored, all of them unreadable"`
}

// EraseCase erases the given field classes of a case (none = all) for good: the
// keys are destroyed, so that no backup of the store can be read either, once
// the key database's own backups have expired. The case stays as a row without
// a person, so that counts stay right.
func (d *Desk) EraseCase(ctx context.Context, caseID string, classes []string) (e Erased, err error) {
	if len(classes) == 0 {
		classes = Classes
	}
	var c Case
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Erase, Administrative); err != nil {
			return err
		}
		if c.Hold {
			return problem.New(problem.Conflict, "casework.legal-hold", "A court or another authority holds this case: nothing of it may be erased. Lift the hold first.")
		}
		return noReferralUnderWay(t, c.ID)
	})
	if err != nil {
		return e, err
	}
	return d.erase(ctx, c, classes)
}

// erase destroys keys first: after that nothing can be read, whatever happens
// to the rest.
func (d *Desk) erase(ctx context.Context, c Case, classes []string) (e Erased, err error) {
	for _, class := range classes {
		if err := d.Keys.Destroy(ctx, keyOf(c.Person, class)); err != nil {
			return e, err
		}
	}
	e = Erased{Case: c.ID, Classes: classes, At: d.Clock.Now()}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		for _, class := range classes {
			if err := deleteMarks(t, c.ID, class); err != nil {
				return err
			}
			if err := insertErased(t, c.ID, class, e.At); err != nil {
				return err
			}
		}
		if len(classes) == len(Classes) {
			if err := erasePerson(t, c.Person, e.At); err != nil {
				return err
			}
		}
		sealed, err := sealedOf(t, c.ID, classes)
		if err != nil {
			return err
		}
		for _, s := range sealed {
			if _, err := d.unseal(ctx, c.Person, s.Class, s.Place, s.Sealed); err == nil {
				return problem.New(problem.Internal, "casework.erasure-failed", "A value could still be read after its key was destroyed. Nothing more was changed; call your administrator.")
			}
		}
		e.Sealed = len(sealed)
		return d.leaf(t, ctx, "erase", "case:"+c.ID, c.Person, map[string]any{"classes": classes, "sealed": len(sealed)}, nil)
	})
	return e, err
}

// Retain erases what has been kept long enough: for every closed case without
// legal hold, each field class whose term in the case's profile has run out.
func (d *Desk) Retain(ctx context.Context) error {
	const page = 500
	for after := ""; ; {
		var closed []Case
		err := d.DB.Read(ctx, func(t *db.Tx) (err error) { closed, err = closedCases(t, after, page); return err })
		if err != nil {
			return err
		}
		for _, c := range closed {
			if err := d.retain(ctx, c); err != nil {
				return err
			}
			after = c.ID
		}
		if len(closed) < page {
			return nil
		}
	}
}

// retain erases the classes of one closed case whose terms have run out.
func (d *Desk) retain(ctx context.Context, c Case) error {
	var over []string
	for _, class := range Classes {
		until, limited := d.profile(c.Profile).Kept(class, c.ClosedAt)
		if !limited || d.Clock.Now().Before(until) {
			continue
		}
		there, err := d.Keys.Exists(ctx, keyOf(c.Person, class))
		if err != nil {
			return err
		}
		if there {
			over = append(over, class)
		}
	}
	if len(over) == 0 {
		return nil
	}
	_, err := d.erase(ctx, c, over)
	return err
}
