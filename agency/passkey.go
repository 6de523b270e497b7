package agency

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// ceremonies keeps what a passkey ceremony must remember between its two requests, for five minutes and in
// memory only: after a restart of the node the person begins again.
type ceremonies struct {
	clock clock.Clock
	mu    sync.Mutex
	open  map[string]ceremony
}

type ceremony struct {
	data   webauthn.SessionData
	person string
	until  time.Time
}

func newCeremonies(c clock.Clock) *ceremonies {
	return &ceremonies{clock: c, open: map[string]ceremony{}}
}

func (c *ceremonies) begin(data webauthn.SessionData, person string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	for k, v := range c.open {
		if now.After(v.until) || len(c.open) > 10_000 {
			delete(c.open, k)
		}
	}
	k := id.Secret()
	c.open[k] = ceremony{data, person, now.Add(5 * time.Minute)}
	return k
}

func (c *ceremonies) end(key, person string) (webauthn.SessionData, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.open[key]
	delete(c.open, key)
	if !ok || c.clock.Now().After(v.until) || v.person != person {
		return webauthn.SessionData{}, problem.New(problem.Conflict, "agency.passkey-late", "That took too long. Begin again.")
	}
	return v.data, nil
}

// relyingParty binds passkeys to the node's public address.
func (d *Desk) relyingParty() (*webauthn.WebAuthn, error) {
	u, err := url.Parse(d.PublicURL)
	if err != nil || u.Hostname() == "" {
		return nil, problem.New(problem.Unavailable, "agency.passkey-address", "Passkeys need the node's public address. Set --public-url.")
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Lintas " + d.NodeName, RPOrigins: []string{u.Scheme + "://" + u.Host}})
}

// holder is a person as the webauthn library wants to see them.
type holder struct {
	Person
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.ID) }
func (h holder) WebAuthnName() string                       { return h.Login }
func (h holder) WebAuthnDisplayName() string                { return h.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (d *Desk) holder(ctx context.Context, person string) (holder, personRow, error) {
	var row personRow
	var found bool
	var passkeys []passkeyRow
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		if row, found, err = personByID(t, person); err != nil || !found {
			return err
		}
		passkeys, err = passkeysOf(t, person)
		return err
	})
	if err != nil {
		return holder{}, row, err
	}
	if !found || row.State != "active" {
		return holder{}, row, wrongSignIn
	}
	p, err := d.openPerson(ctx, row)
	if err != nil {
		return holder{}, row, err
	}
	h := holder{Person: p}
	for _, k := range passkeys {
		plain, err := d.Keys.Open(ctx, person, passkeyPlace(k.ID), k.Credential)
		if err != nil {
			return h, row, err
		}
		var c webauthn.Credential
		if err := json.Unmarshal(plain, &c); err != nil {
			return h, row, err
		}
		h.keys = append(h.keys, c)
	}
	return h, row, nil
}

func (d *Desk) sealPasskey(ctx context.Context, person string, c *webauthn.Credential) (key string, sealed []byte, err error) {
	key = base64.RawURLEncoding.EncodeToString(c.ID)
	plain, err := json.Marshal(c)
	if err != nil {
		return key, nil, err
	}
	sealed, err = d.Keys.Seal(ctx, person, passkeyPlace(key), plain)
	return key, sealed, err
}

// BeginPasskey starts adding a passkey for the actor.
func (d *Desk) BeginPasskey(ctx context.Context) (ceremonyKey string, options *protocol.CredentialCreation, err error) {
	rp, err := d.relyingParty()
	if err != nil {
		return "", nil, err
	}
	h, _, err := d.holder(ctx, actor.From(ctx).Person)
	if err != nil {
		return "", nil, err
	}
	options, data, err := rp.BeginRegistration(h,
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired),
		webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return "", nil, err
	}
	return d.ceremonies.begin(*data, h.ID), options, nil
}

// FinishPasskey stores the passkey that the actor's device made.
func (d *Desk) FinishPasskey(ctx context.Context, ceremonyKey, name string, response []byte) error {
	who := actor.From(ctx)
	rp, err := d.relyingParty()
	if err != nil {
		return err
	}
	data, err := d.ceremonies.end(ceremonyKey, who.Person)
	if err != nil {
		return err
	}
	h, _, err := d.holder(ctx, who.Person)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(response))
	if err != nil {
		return passkeyRefused(err)
	}
	c, err := rp.CreateCredential(h, data, parsed)
	if err != nil {
		return passkeyRefused(err)
	}
	key, sealed, err := d.sealPasskey(ctx, h.ID, c)
	if err != nil {
		return err
	}
	if name = strings.TrimSpace(name); name == "" {
		name = "passkey"
	}
	now := d.Clock.Now()
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertPasskey(t, passkeyRow{ID: key, Person: h.ID, Name: name, Credential: sealed, MadeAt: now}); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "agency.passkey-add", Object: "person:" + h.ID, Subject: h.ID})
	})
}

func passkeyPlace(key string) keys.Place {
	return keys.Place{Table: "agency_passkey", Row: key, Field: "credential"}
}

func passkeyRefused(err error) error {
	return problem.New(problem.Invalid, "agency.passkey-refused", "The passkey was not accepted. Begin again, or use another device.").Because(err)
}

// BeginPasskeySignIn starts a sign-in without a login: the device offers the passkeys it holds.
func (d *Desk) BeginPasskeySignIn() (ceremonyKey string, options *protocol.CredentialAssertion, err error) {
	rp, err := d.relyingParty()
	if err != nil {
		return "", nil, err
	}
	options, data, err := rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", nil, err
	}
	return d.ceremonies.begin(*data, ""), options, nil
}

// FinishPasskeySignIn starts a session for the person whose passkey signed. A passkey with user
// verification is two factors by itself, so no one-time code is asked.
func (d *Desk) FinishPasskeySignIn(ctx context.Context, ceremonyKey string, response []byte) (SignedIn, error) {
	rp, err := d.relyingParty()
	if err != nil {
		return SignedIn{}, err
	}
	data, err := d.ceremonies.end(ceremonyKey, "")
	if err != nil {
		return SignedIn{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(response))
	if err != nil {
		return SignedIn{}, passkeyRefused(err)
	}
	var row personRow
	find := func(_, handle []byte) (webauthn.User, error) {
		h, r, err := d.holder(ctx, string(handle))
		row = r
		return h, err
	}
	c, err := rp.ValidateDiscoverableLogin(find, data, parsed)
	if err != nil {
		return SignedIn{}, passkeyRefused(err)
	}
	if c.Authenticator.CloneWarning {
		return SignedIn{}, problem.New(problem.Forbidden, "agency.passkey-copied", "This passkey seems to have been copied. Sign in with your password and remove it.")
	}
	key, sealed, err := d.sealPasskey(ctx, row.ID, c)
	if err != nil {
		return SignedIn{}, err
	}
	if err := d.DB.Write(ctx, func(t *db.Tx) error { return usedPasskey(t, key, sealed, d.Clock.Now()) }); err != nil {
		return SignedIn{}, err
	}
	return d.startSession(ctx, row, "passkey")
}

// Passkey is a passkey as listed to its owner.
type Passkey struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	MadeAt time.Time  `json:"made_at"`
	UsedAt *time.Time `json:"used_at,omitempty"`
}

// Passkeys lists the actor's passkeys.
func (d *Desk) Passkeys(ctx context.Context) ([]Passkey, error) {
	var rows []passkeyRow
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { rows, err = passkeysOf(t, actor.From(ctx).Person); return err })
	out := make([]Passkey, len(rows))
	for i, r := range rows {
		out[i] = Passkey{ID: r.ID, Name: r.Name, MadeAt: r.MadeAt, UsedAt: instant(clock.Millis(r.UsedAt))}
	}
	return out, err
}

// RemovePasskey removes one of the actor's passkeys.
func (d *Desk) RemovePasskey(ctx context.Context, key string) error {
	who := actor.From(ctx)
	return d.DB.Write(ctx, func(t *db.Tx) error {
		n, err := deletePasskey(t, key, who.Person)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "agency.passkey-unknown", "There is no such passkey.")
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: "agency.passkey-remove", Object: "person:" + who.Person, Subject: who.Person})
	})
}
