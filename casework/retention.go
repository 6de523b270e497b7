package casework

import (
	"context"
	"errors"
	"slices"
	"strings"
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
		if err := d.eraseOpen(t, ctx, c.ID, classes, e.At); err != nil {
			return err
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

// erasedCase is the reason for the state of a case of which everything was
// erased: nobody can work on it, so it is on nobody's list.
const erasedCase = "erased"

// takesNothing says why nothing new is written on a case; nil while it is open.
func (c Case) takesNothing() error {
	switch {
	case c.State == Closed && c.Reason == erasedCase:
		return errErased
	case c.State == Closed:
		return errClosed
	}
	return nil
}

// eraseOpen takes away what of the erased classes stands beside the sealed
// values: the place, codes that somebody may have typed, and, when nothing is
// left of the person, a partner's own number of the case and the notices. The
// state, the dates and the codes of events stay for counts and terms.
func (d *Desk) eraseOpen(t *db.Tx, ctx context.Context, caseID string, classes []string, now time.Time) error {
	c, found, err := caseByID(t, caseID)
	if err != nil || !found {
		return err
	}
	if err := d.eraseCodes(t, ctx, c, classes); err != nil {
		return err
	}
	if slices.Contains(classes, Location) {
		c.Place = ""
	}
	if whole, err := d.whollyErased(ctx, c); err != nil {
		return err
	} else if !whole {
		c.ChangedAt = now
		return d.storeErased(t, ctx, c)
	}
	if err := erasePerson(t, c.Person, now); err != nil {
		return err
	}
	if err := deleteNotices(t, c.ID); err != nil {
		return err
	}
	if c.SourceRef != "" && !strings.HasPrefix(c.SourceRef, erasedRef) {
		c.SourceRef = d.erasedSource(c.SourceRef)
	}
	if c.State != Closed {
		c.State, c.Reason, c.ClosedAt = Closed, erasedCase, now
	}
	c.ChangedAt = now
	if err := d.storeErased(t, ctx, c); err != nil {
		return err
	}
	return d.windDues(t, ctx, c)
}

// storeErased stores a case after an erasure, with the leaf that vouches for it.
func (d *Desk) storeErased(t *db.Tx, ctx context.Context, c Case) error {
	c.Revision++
	if err := updateErased(t, c); err != nil {
		return err
	}
	return d.leaf(t, ctx, "erase-open", "case:"+c.ID, c.Person, nil, c.stored())
}

func (d *Desk) eraseCodes(t *db.Tx, ctx context.Context, c Case, classes []string) error {
	entries, err := entriesOf(t, c.ID)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Code == "" || e.Kind == "event" || !slices.Contains(classes, e.Class) {
			continue
		}
		e.Code = ""
		if err := eraseCode(t, e.ID); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "erase-open", "entry:"+e.ID, c.Person, map[string]any{"case": c.ID}, e.stored()); err != nil {
			return err
		}
	}
	return nil
}

// whollyErased says whether nothing is left of a person: erased now, before, or
// one class after the other as their terms ended. A class that never held
// anything has no key.
func (d *Desk) whollyErased(ctx context.Context, c Case) (bool, error) {
	for _, class := range Classes {
		if there, err := d.Keys.Exists(ctx, keyOf(c.Person, class)); err != nil || there {
			return false, err
		}
	}
	return true, nil
}

// erasedRef begins what stands for a partner's own number of an erased case: a
// file that brings it again finds the case and is refused, and nobody can read
// the number.
const erasedRef = "erased:"

func (d *Desk) erasedSource(ref string) string {
	return erasedRef + d.Keys.Index("casework.source", ref)
}

// Retain erases what has been kept long enough: for every closed case without
// legal hold, each field class whose term in the case's profile has run out.
func (d *Desk) Retain(ctx context.Context) error {
	if err := d.endOldExercises(ctx, d.Clock.Now()); err != nil {
		return err
	}
	if err := d.DB.Write(ctx, func(t *db.Tx) error { return forgetBefore(t, d.Clock.Now().AddDate(0, 0, -undoDays)) }); err != nil {
		return err
	}
	const page = 500
	var failed []error
	for after := ""; ; {
		var closed []Case
		err := d.DB.Read(ctx, func(t *db.Tx) (err error) { closed, err = closedCases(t, after, page); return err })
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, c := range closed {
			if err := d.retain(ctx, c); err != nil {
				failed = append(failed, err) // the terms of the others run out all the same
			}
			after = c.ID
		}
		if len(closed) < page {
			return errors.Join(failed...)
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
