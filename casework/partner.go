package casework

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// A partner without an account gets a link (by e-mail, say) and a one-time code
// by another channel (by telephone). Neither opens anything alone. The secret
// stands behind the # of the link, which browsers do not send to servers, so
// it reaches no log.

// codeAttempts is how many wrong codes end a link.
const codeAttempts = 5

// partnerSession is how long a partner may look and answer after the code.
const partnerSession = 30 * time.Minute

// Link is a partner's way in.
type Link struct {
	ID         string
	Referral   string
	Code       string // keyed mark; empty once used
	Attempts   int64
	SessionEnd time.Time
	EndsAt     time.Time
	MadeBy     string
	MadeAt     time.Time
}

// LinkOut is handed out once; the node keeps only fingerprints.
type LinkOut struct {
	URL    string    `json:"url"`
	Code   string    `json:"code" doc:"Tell it by another channel than the link"`
	EndsAt time.Time `json:"ends_at"`
}

// MakeLink makes a link for a referral that was sent to a partner without an
// account. An earlier link of the referral ends.
func (d *Desk) MakeLink(ctx context.Context, referralID string) (out LinkOut, err error) {
	secret, code := id.Secret(), oneTimeCode()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		r, sides, err := d.referralFor(t, ctx, referralID)
		if err != nil {
			return err
		}
		if !slices.Contains(sides, referral.Sender) {
			return errNoReferral
		}
		if !r.State.Disclosed() {
			return problem.New(problem.Conflict, "casework.not-sent", "A link is made once the referral is sent.")
		}
		now := d.Clock.Now()
		l := Link{ID: id.New(), Referral: r.ID, EndsAt: linkEnd(r, now), MadeBy: actor.From(ctx).Person, MadeAt: now}
		l.Code = d.codeMark(l.ID, code)
		if err := deleteLinks(t, r.ID); err != nil {
			return err
		}
		if err := insertLink(t, l, id.Fingerprint(secret)); err != nil {
			return err
		}
		out = LinkOut{URL: d.PublicURL + "/casework/partner#" + secret, Code: code, EndsAt: l.EndsAt}
		return d.leaf(t, ctx, "link", "referral:"+r.ID, r.Person, nil, nil)
	})
	return out, err
}

// linkEnd: a link lives until the answer is due, and for an accepted referral
// until the outcome is; never longer than thirty days.
func linkEnd(r Referral, now time.Time) time.Time {
	end := now.AddDate(0, 0, 30)
	for _, due := range []time.Time{r.Deadline, r.OutcomeDue} {
		if !due.IsZero() && due.Before(end) {
			end = due
		}
	}
	return end
}

func (d *Desk) codeMark(link, code string) string {
	return d.Keys.Index("casework.code", link+":"+plainCode(code))
}

// plainCode is a code as it was made: it is told over the telephone and typed
// with spaces, hyphens or in the digits of the reader's own script.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Nd, r):
			for zero := r; ; zero-- { // each script's ten digits stand in a row, zero first
				if !unicode.Is(unicode.Nd, zero-1) || r-zero == 9 {
					return '0' + (r-zero)%10
				}
			}
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			return -1
		}
		return r
	}, code)
}

// EndLink ends a referral's link and whatever session was opened by it: it was
// sent to the wrong address, or the partner's telephone is lost. The referral
// itself stands.
func (d *Desk) EndLink(ctx context.Context, referralID string) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		r, sides, err := d.referralFor(t, ctx, referralID)
		if err != nil {
			return err
		}
		if !slices.Contains(sides, referral.Sender) {
			return errNoReferral
		}
		if err := deleteLinks(t, r.ID); err != nil {
			return err
		}
		return d.leaf(t, ctx, "link-end", "referral:"+r.ID, r.Person, nil, nil)
	})
}

// oneTimeCode is eight digits: with five attempts a guess succeeds once in
// twenty million links.
func oneTimeCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic("casework: the system's random source failed: " + err.Error())
	}
	return fmt.Sprintf("%08d", n.Int64())
}

// errLink says the same for an unknown, expired and exhausted link: whoever
// guesses learns nothing.
var errLink = problem.New(problem.NotFound, "casework.link", "This link or code does not work (any more). Ask the agency that sent it for a new one.")

// PartnerOpen exchanges the link's secret and the one-time code for a session
// of half an hour. The code works once.
func (d *Desk) PartnerOpen(ctx context.Context, secret, code string) (session string, v Disclosed, err error) {
	session = id.Secret()
	var refused error
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		now := d.Clock.Now()
		l, found, err := linkBySecret(t, id.Fingerprint(secret))
		if err != nil || !found || !now.Before(l.EndsAt) || l.Code == "" || l.Attempts >= codeAttempts {
			return orProblem(err, errLink)
		}
		if subtle.ConstantTimeCompare([]byte(d.codeMark(l.ID, code)), []byte(l.Code)) != 1 {
			refused = errLink // the attempt must be counted, so the transaction stands
			return countAttempt(t, l.ID)
		}
		r, found, err := referralByID(t, l.Referral)
		if err != nil || !found {
			return orProblem(err, errLink)
		}
		if err := startSession(t, l.ID, id.Fingerprint(session), minTime(now.Add(partnerSession), l.EndsAt)); err != nil {
			return err
		}
		v, err = d.partnerView(t, ctx, r, l)
		return err
	})
	if err == nil && refused != nil {
		err = refused
	}
	if err != nil {
		return "", Disclosed{}, err
	}
	return session, v, d.nameService(ctx, &v.Referral)
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// partnerView is what the partner sees. Their reading is logged under the
// link's id.
func (d *Desk) partnerView(t *db.Tx, ctx context.Context, r Referral, l Link) (Disclosed, error) {
	v, err := d.disclose(t, partner(ctx, l), r)
	if err != nil {
		return v, err
	}
	for _, e := range referral.Allowed(v.Referral.State, referral.Receiver) {
		if e != referral.See {
			v.Events = append(v.Events, string(e))
		}
	}
	v.From = d.NodeName
	if d.OrganisationName != nil {
		v.From = d.OrganisationName(t.Context(), r.Organisation)
	}
	v.Referral.Organisation = ""
	return v, nil
}

// partner puts the link's holder into the context, for the log.
func partner(ctx context.Context, l Link) context.Context {
	return actor.With(ctx, actor.Actor{Device: "casework-link-" + l.ID})
}

// PartnerAnswer takes a step for the holder of a session.
func (d *Desk) PartnerAnswer(ctx context.Context, session string, in StepIn) (v Disclosed, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		l, r, err := d.partnerSession(t, session)
		if err != nil {
			return err
		}
		in.Fields, in.Needs, in.Receipt = nil, nil, nil
		if r, err = d.step(t, partner(ctx, l), r, in, referral.Receiver); err != nil {
			return err
		}
		v, err = d.partnerView(t, ctx, r, l)
		return err
	})
	if err != nil {
		return v, err
	}
	return v, d.nameService(ctx, &v.Referral)
}

// PartnerLook reads the referral again within a session.
func (d *Desk) PartnerLook(ctx context.Context, session string) (v Disclosed, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		l, r, err := d.partnerSession(t, session)
		if err != nil {
			return err
		}
		v, err = d.partnerView(t, ctx, r, l)
		return err
	})
	if err != nil {
		return v, err
	}
	return v, d.nameService(ctx, &v.Referral)
}

func (d *Desk) partnerSession(t *db.Tx, session string) (Link, Referral, error) {
	l, found, err := linkBySession(t, id.Fingerprint(session))
	if err != nil || !found || session == "" || !d.Clock.Now().Before(l.SessionEnd) {
		return l, Referral{}, orProblem(err, errLink)
	}
	r, found, err := referralByID(t, l.Referral)
	if err != nil || !found {
		return l, r, orProblem(err, errLink)
	}
	return l, r, nil
}
