package agency

import (
	"context"
	"errors"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// SessionLength is how long a sign-in lasts, however busy the person is: one shift.
const SessionLength = 12 * time.Hour

// Lock-out: after lockAfter failures in a row a login is locked for a minute, then for twice as long each
// time, up to lockAtMost. The node never locks for good: that would let anyone lock out a shelter.
const (
	lockAfter  = 10
	lockAtMost = time.Hour
	// triesForgotten is after how long without another one failed tries no longer count.
	triesForgotten = 24 * time.Hour
)

var wrongSignIn = problem.New(problem.Unauthenticated, "agency.wrong-sign-in", "The name for sign-in, the password or the code is not right. Check them and try again.")

// SignedIn is a fresh session.
type SignedIn struct {
	Secret string // the cookie's value, told once
	EndsAt time.Time
	Person Person
}

// SignIn checks a login, a password and, where it is turned on, a one-time code, and starts a session.
// A wrong password, an unknown login and a person who has left look the same and take the same time.
func (d *Desk) SignIn(ctx context.Context, login, password, code string) (SignedIn, error) {
	row, err := d.checkPassword(ctx, login, password)
	if err != nil {
		return SignedIn{}, err
	}
	if row.CodeOn {
		if code == "" {
			return SignedIn{}, problem.New(problem.Unauthenticated, "agency.code-needed", "Type the six-digit code of your authenticator app.")
		}
		if err := d.checkCode(ctx, row, code); err != nil {
			return SignedIn{}, d.failed(ctx, row.mark, err)
		}
	}
	return d.startSession(ctx, row, "password")
}

// checkPassword is the first half of signing in; it counts failures and honours the lock.
func (d *Desk) checkPassword(ctx context.Context, login, password string) (personRow, error) {
	mark := d.mark(login)
	var row personRow
	var found bool
	var until time.Time
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		if _, until, err = lockOf(t, mark); err != nil {
			return err
		}
		row, found, err = personByMark(t, mark)
		return err
	})
	if err != nil {
		return row, err
	}
	if err := d.locked(until); err != nil {
		return row, err
	}
	hash := d.unknown
	if found && row.password != "" {
		hash = row.password
	}
	fits, err := passwordFits(ctx, password, hash)
	switch {
	case err != nil:
		return row, err
	case !fits || !found || row.State != "active":
		return row, d.failed(ctx, mark, wrongSignIn)
	}
	// Once more: of a thousand tries sent at once all have passed the first look before one has failed.
	if err := d.DB.Read(ctx, func(t *db.Tx) (err error) { _, until, err = lockOf(t, mark); return err }); err != nil {
		return row, err
	}
	return row, d.locked(until)
}

// locked is the refusal while a lock lasts. One that lasts longer than any does was made under a clock that was
// far ahead, and binds nobody.
func (d *Desk) locked(until time.Time) error {
	if left := until.Sub(d.Clock.Now()); left <= 0 || left > 2*lockAtMost {
		return nil
	}
	return problem.New(problem.TooMany, "agency.locked", "Too many wrong tries. Wait until %s, then try again.", until.UTC().Format(time.RFC3339))
}

// failed counts a failed try and returns why. Under a lock, which others of the same moment may have brought
// about, a wrong try is neither counted nor told from a right one.
func (d *Desk) failed(ctx context.Context, mark string, why error) error {
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		n, until, err := lockOf(t, mark)
		if err != nil {
			return err
		}
		if err := d.locked(until); err != nil {
			return err
		}
		n++
		until = d.Clock.Now()
		if n >= lockAfter {
			until = until.Add(min(time.Minute<<min(n-lockAfter, 10), lockAtMost))
		}
		return setLock(t, mark, n, until)
	})
	if err != nil {
		return err
	}
	return why
}

func (d *Desk) startSession(ctx context.Context, row personRow, how string) (SignedIn, error) {
	p, err := d.openPerson(ctx, row)
	if err != nil {
		return SignedIn{}, err
	}
	now := d.Clock.Now()
	s := sessionRow{ID: id.New(), Person: p.ID, EndsAt: now.Add(SessionLength)}
	secret := id.Secret()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := clearLock(t, row.mark); err != nil {
			return err
		}
		if err := insertSession(t, s, id.Fingerprint(secret), now); err != nil {
			return err
		}
		return audit.Append(t, now, actor.Actor{Person: p.ID}, audit.Entry{Verb: "agency.sign-in", Object: "session:" + s.ID, Subject: p.ID, Detail: map[string]any{"how": how}})
	})
	return SignedIn{Secret: secret, EndsAt: s.EndsAt, Person: p}, err
}

// SignOut ends the actor's session.
func (d *Desk) SignOut(ctx context.Context) error {
	who := actor.From(ctx)
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if err := deleteSession(t, who.Session); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: "agency.sign-out", Object: "session:" + who.Session, Subject: who.Person})
	})
}

// ChangePassword changes the actor's own password and ends all the person's other sessions.
func (d *Desk) ChangePassword(ctx context.Context, old, fresh string) error {
	who := actor.From(ctx)
	p, err := d.me(ctx)
	if err != nil {
		return err
	}
	if err := acceptable(fresh, p.Login); err != nil {
		return err
	}
	if _, err := d.checkPassword(ctx, p.Login, old); err != nil {
		return err
	}
	if norm.NFKC.String(fresh) == norm.NFKC.String(old) { // a password that somebody else has seen would stay in use
		return problem.New(problem.Invalid, "agency.password-same", "Choose a password that differs from the one you have now.")
	}
	hash, err := hashPassword(ctx, fresh)
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if err := setPassword(t, who.Person, hash, false); err != nil {
			return err
		}
		if _, err := t.Exec(`DELETE FROM agency_session WHERE person = ? AND id <> ?`, who.Person, who.Session); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: "agency.password-change", Object: "person:" + who.Person, Subject: who.Person})
	})
}

// ResetPassword gives a person a new password to hand over, ends their sessions and takes the lock off. Passkeys
// go, too: the phone that was lost holds them, or somebody who had the password added one.
func (d *Desk) ResetPassword(ctx context.Context, person string) (string, error) {
	p, err := d.Person(ctx, person)
	if err != nil {
		return "", err
	}
	password := id.Secret()[:20]
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return "", err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := setPassword(t, person, hash, true); err != nil {
			return err
		}
		if err := setCode(t, person, nil, false, 0); err != nil { // whoever lost the phone needs a way back in
			return err
		}
		if err := deletePasskeys(t, person); err != nil {
			return err
		}
		if err := deleteSessions(t, person); err != nil {
			return err
		}
		if err := clearLock(t, d.mark(p.Login)); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), actor.From(ctx), audit.Entry{Verb: "agency.password-reset", Object: "person:" + person, Subject: person})
	})
	return password, err
}

// me is the person of the actor.
func (d *Desk) me(ctx context.Context) (Person, error) {
	who := actor.From(ctx)
	var row personRow
	var found bool
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { row, found, err = personByID(t, who.Person); return err })
	if err != nil {
		return Person{}, err
	}
	if !found {
		return Person{}, problem.New(problem.Unauthenticated, "agency.session-ended", "Your session has ended. Sign in again; what you typed is kept on this device.")
	}
	return d.openPerson(ctx, row)
}

// sessionEnds is when the actor's session ends; the zero time when the actor has none (basic authentication).
func (d *Desk) sessionEnds(ctx context.Context) (ends time.Time, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) { ends, err = sessionEndsAt(t, actor.From(ctx).Session); return err })
	return ends, err
}

// One-time codes (TOTP, RFC 6238: SHA-1, six digits, 30 seconds, as authenticator apps expect).

// BeginCode makes a secret for the actor's authenticator app. It is in force once ConfirmCode has seen a code.
func (d *Desk) BeginCode(ctx context.Context) (*otp.Key, error) {
	p, err := d.me(ctx)
	if err != nil {
		return nil, err
	}
	if p.CodeOn {
		return nil, problem.New(problem.Conflict, "agency.code-on", "One-time codes are on already. Ask an administrator to reset your sign-in if you lost the app.")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Lintas " + d.NodeName, AccountName: p.Login})
	if err != nil {
		return nil, err
	}
	sealed, err := d.Keys.Seal(ctx, p.ID, place(p.ID, "totp"), []byte(key.Secret()))
	if err != nil {
		return nil, err
	}
	return key, d.DB.Write(ctx, func(t *db.Tx) error { return setCode(t, p.ID, sealed, false, 0) })
}

// ConfirmCode turns one-time codes on once the actor shows that the app has the secret.
func (d *Desk) ConfirmCode(ctx context.Context, code string) error {
	who := actor.From(ctx)
	var row personRow
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { row, _, err = personByID(t, who.Person); return err })
	if err != nil {
		return err
	}
	if row.totp == nil {
		return problem.New(problem.Conflict, "agency.code-not-begun", "Begin by scanning the code with your authenticator app.")
	}
	if err := d.checkCode(ctx, row, code); err != nil {
		return problem.New(problem.Invalid, "agency.code-wrong", "This code is not right. Check that the clock of your phone is right, and type the newest code.").With("body.code", "is not right")
	}
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if _, err := t.Exec(`UPDATE agency_person SET totp_on = 1 WHERE id = ?`, who.Person); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: "agency.code-on", Object: "person:" + who.Person, Subject: who.Person})
	})
}

const codeSeconds = 30

// checkCode accepts the code of now and of one step before and after, each once.
func (d *Desk) checkCode(ctx context.Context, row personRow, code string) error {
	secret, err := d.Keys.Open(ctx, row.ID, place(row.ID, "totp"), row.totp)
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	for _, shift := range []int64{0, -1, 1} {
		at := now.Add(time.Duration(shift) * codeSeconds * time.Second)
		ok, err := totp.ValidateCustom(code, string(secret), at, totp.ValidateOpts{Period: codeSeconds, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return err
		}
		if ok {
			return d.spendCode(ctx, row.ID, at.Unix()/codeSeconds)
		}
	}
	return wrongSignIn
}

// spendCode makes sure that a code works once, even when two requests bring it at the same moment.
func (d *Desk) spendCode(ctx context.Context, person string, step int64) error {
	fresh := false
	err := d.DB.Write(ctx, func(t *db.Tx) (err error) { fresh, err = useCode(t, person, step); return err })
	if err == nil && !fresh {
		return wrongSignIn
	}
	return err
}
