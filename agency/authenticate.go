package agency

import (
	"context"
	"net"
	"net/http"
	"strings"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Cookie is the name of the session cookie.
const Cookie = "lintas_session"

// Authenticate finds out who makes a request: by a device token in the path (/key/{token}/...), in ?st=,
// or as a bearer token; by basic authentication (only over TLS or from this machine); or by the session
// cookie. Nobody is not an error; a credential that does not hold is.
func (d *Desk) Authenticate(r *http.Request) (actor.Actor, error) {
	ctx := r.Context()
	if rest, ok := strings.CutPrefix(r.URL.Path, "/key/"); ok {
		token, _, _ := strings.Cut(rest, "/")
		return d.deviceActor(ctx, token)
	}
	if token := r.URL.Query().Get("st"); token != "" {
		return d.deviceActor(ctx, token)
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		a, err := d.deviceActor(ctx, token)
		if problem.HasCode(err, "agency.token-revoked") && mayStillAsk[r.URL.Path] {
			return d.revokedDevice(ctx, token)
		}
		return a, err
	}
	if login, password, ok := r.BasicAuth(); ok {
		if !Secure(r) {
			return actor.Actor{}, problem.New(problem.Forbidden, "agency.basic-needs-tls", "A password may only be sent over https.")
		}
		return d.basicActor(ctx, login, password)
	}
	if c, err := r.Cookie(Cookie); err == nil {
		return d.sessionActor(ctx, c.Value)
	}
	return actor.Actor{}, nil
}

// Secure reports whether a request came over TLS (here or at a proxy on this machine) or from this machine.
func Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return false // a header from elsewhere proves nothing
	}
	proto := r.Header.Get("X-Forwarded-Proto")
	return proto == "https" || proto == ""
}

var unknownToken = problem.New(problem.Forbidden, "agency.token-unknown", "This device is not known here. Ask your supervisor to enrol it again.")

func (d *Desk) deviceActor(ctx context.Context, token string) (actor.Actor, error) {
	dev, found, err := d.deviceBy(ctx, "secret", id.Fingerprint(token))
	now := d.Clock.Now()
	switch {
	case err != nil:
		return actor.Actor{}, err
	case !found:
		return actor.Actor{}, unknownToken
	case dev.RevokedAt != nil:
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-revoked", "The access of this device was ended. What it holds is still there; give it to your supervisor.")
	case dev.EndsAt != nil && now.After(*dev.EndsAt):
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-expired", "The access of this device has run out. What it holds is still there; ask your supervisor to enrol it again.")
	}
	if dev.SeenAt == nil || now.Sub(*dev.SeenAt).Abs() > seenEvery {
		err = d.DB.Write(ctx, func(t *db.Tx) error {
			_, err := t.Exec(`UPDATE agency_device SET seen_at = ? WHERE id = ?`, clock.Millis(now), dev.ID)
			return err
		})
	}
	return actor.Actor{Device: dev.ID, Organisation: dev.Organisation}, err
}

// mayStillAsk is all that is left to a revoked device: to hear that it must wipe itself, and to say that it did.
var mayStillAsk = map[string]bool{"/api/agency/device-orders": true, "/api/agency/device-wiped": true}

func (d *Desk) revokedDevice(ctx context.Context, token string) (actor.Actor, error) {
	dev, found, err := d.deviceBy(ctx, "secret", id.Fingerprint(token))
	if err != nil || !found {
		return actor.Actor{}, err
	}
	return actor.Actor{Device: dev.ID, Organisation: dev.Organisation}, nil
}

// seenEvery keeps "last seen" from costing a write at each request.
const seenEvery = 15 * 60 * 1e9 // nanoseconds

func (d *Desk) basicActor(ctx context.Context, login, password string) (actor.Actor, error) {
	row, err := d.knownPerson(ctx, login, password)
	if err != nil {
		return actor.Actor{}, err
	}
	if row.CodeOn { // a password alone must not open what a code protects
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.basic-with-code", "This login uses one-time codes. Enrol the phone as a device instead.")
	}
	if row.MustChange {
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.password-must-change", "Sign in with a browser once and choose your own password.")
	}
	return actor.Actor{Person: row.ID, Organisation: row.Organisation.ID, Roles: row.Roles}, nil
}

// knownPerson is checkPassword that remembers which password fits which stored hash. Everything else about the
// person is read each time: a role just taken away, here or by another process of the node, is gone.
func (d *Desk) knownPerson(ctx context.Context, login, password string) (personRow, error) {
	mark := d.known.mark(login, password)
	row, found, err := db.ReadOne(ctx, d.DB, scanPerson, personByMarkSQL, d.mark(login))
	if err != nil || found && row.State == "active" && d.known.fits(mark, row.password) {
		return row, err
	}
	if row, err = d.checkPassword(ctx, login, password); err == nil {
		d.known.put(mark, row.password)
	}
	return row, err
}

func (d *Desk) sessionActor(ctx context.Context, secret string) (actor.Actor, error) {
	var s sessionRow
	var row personRow
	var found bool
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		if s, found, err = sessionBySecret(t, id.Fingerprint(secret)); err != nil || !found {
			return err
		}
		row, found, err = personByID(t, s.Person)
		return err
	})
	if err != nil {
		return actor.Actor{}, err
	}
	if now := d.Clock.Now(); !found || row.State != "active" || now.After(s.EndsAt) || s.EndsAt.Sub(now) > 2*SessionLength { // a clock once far ahead
		return actor.Actor{}, problem.New(problem.Unauthenticated, "agency.session-ended", "Your session has ended. Sign in again; what you typed is kept on this device.")
	}
	a := actor.Actor{Person: row.ID, Organisation: row.Organisation.ID, Roles: row.Roles, Session: s.ID}
	if row.MustChange { // a password that somebody else has seen opens only the page that changes it
		a.Roles, a.MustChange = nil, true
	}
	return a, nil
}
