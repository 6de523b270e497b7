package agency_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"lintas/agency"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/keys"
)

const password = "a lamp above the harbour"

type desk struct {
	*agency.Desk
	t     *testing.T
	clock *clock.Manual
	org   agency.Organisation
	admin agency.Person
}

func each(t *testing.T, fn func(d desk)) {
	dbtest.Each(t, func(t *testing.T, store *db.DB) { fn(open(t, store)) })
}

func open(t *testing.T, store *db.DB) desk {
	t.Helper()
	ctx := context.Background()
	c := clock.NewManual(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	ring, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ring.Close() })
	if err := audit.Migrate(ctx, store); err != nil {
		t.Fatal(err)
	}
	d, err := agency.Open(ctx, agency.Deps{DB: store, Keys: ring, Clock: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), PublicURL: "https://node.example", NodeName: "trial"})
	if err != nil {
		t.Fatal(err)
	}
	out := desk{Desk: d, t: t, clock: c}
	system := actor.With(ctx, actor.Actor{System: "test"})
	if out.org, err = d.AddOrganisation(system, agency.Organisation{Name: "Trial", Country: "XS", Kind: "state"}); err != nil {
		t.Fatal(err)
	}
	out.admin = out.add("admin", actor.Administrator)
	return out
}

func (d desk) add(login string, roles ...actor.Role) agency.Person {
	d.t.Helper()
	p, err := d.AddDemoPerson(actor.With(context.Background(), actor.Actor{System: "test"}), agency.NewPerson{Login: login, Name: "Name of " + login, Roles: roles, Organisation: d.org.ID}, password)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// as is the context of a person acting.
func as(p agency.Person) context.Context {
	return actor.With(context.Background(), actor.Actor{Person: p.ID, Organisation: p.Organisation.ID, Roles: p.Roles})
}

func (d desk) signIn(login, pass, code string) (agency.SignedIn, error) {
	return d.SignIn(context.Background(), login, pass, code)
}

func (d desk) mustFail(err error, code string) {
	d.t.Helper()
	if !problem.HasCode(err, code) {
		d.t.Errorf("want the problem %s, got %v", code, err)
	}
}

func (d desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// cookie asks who a browser with this session cookie is.
func (d desk) cookie(secret string) (actor.Actor, error) {
	r := httptest.NewRequest("GET", "/api/agency/me", nil)
	r.Header.Set("Cookie", agency.Cookie+"="+secret)
	return d.Authenticate(r)
}

func TestARightPasswordOpensASessionThatNamesThePerson(t *testing.T) {
	each(t, func(d desk) {
		s, err := d.signIn(" ADMIN ", password, "")
		d.must(err)
		a, err := d.cookie(s.Secret)
		d.must(err)
		if a.Person != d.admin.ID || !a.Has(actor.Administrator) {
			d.t.Errorf("the session is of %+v", a)
		}
	})
}

func TestAWrongPasswordAnUnknownLoginAndSomeoneWhoLeftLookTheSame(t *testing.T) {
	each(t, func(d desk) {
		left := d.add("left", actor.Officer)
		gone := "left"
		_, err := d.ChangePerson(as(d.admin), left.ID, agency.PersonChange{State: &gone})
		d.must(err)
		for login, pass := range map[string]string{"admin": "not the password", "nobody": password, "left": password} {
			_, err := d.signIn(login, pass, "")
			d.mustFail(err, "agency.wrong-sign-in")
		}
	})
}

func TestTenWrongPasswordsLockTheLoginForAWhileAndThenItOpensAgain(t *testing.T) {
	each(t, func(d desk) {
		for range 10 {
			_, err := d.signIn("admin", "wrong", "")
			d.mustFail(err, "agency.wrong-sign-in")
		}
		_, err := d.signIn("admin", password, "")
		d.mustFail(err, "agency.locked")
		locked, _ := problem.As(err)
		if until, err := time.Parse(time.RFC3339, locked.Values[0]); err != nil || until.Before(d.clock.Now()) {
			t.Errorf("locked until %v: a reader cannot tell it in the own zone (%v)", locked.Values, err)
		}
		d.clock.Advance(61 * time.Second)
		_, err = d.signIn("admin", password, "")
		d.must(err)
	})
}

func TestAnUnknownLoginIsLockedLikeAKnownOne(t *testing.T) {
	each(t, func(d desk) {
		for range 10 {
			d.signIn("nobody", "wrong", "")
		}
		_, err := d.signIn("nobody", "wrong", "")
		d.mustFail(err, "agency.locked")
	})
}

func TestASessionEndsAfterTwelveHours(t *testing.T) {
	each(t, func(d desk) {
		s, err := d.signIn("admin", password, "")
		d.must(err)
		d.clock.Advance(agency.SessionLength + time.Second)
		_, err = d.cookie(s.Secret)
		d.mustFail(err, "agency.session-ended")
		d.must(d.EndSessions(context.Background()))
	})
}

func TestSigningOutEndsTheSession(t *testing.T) {
	each(t, func(d desk) {
		s, err := d.signIn("admin", password, "")
		d.must(err)
		a, err := d.cookie(s.Secret)
		d.must(err)
		d.must(d.SignOut(actor.With(context.Background(), a)))
		_, err = d.cookie(s.Secret)
		d.mustFail(err, "agency.session-ended")
	})
}

func TestAChangeOfRolesEndsThePersonsSessions(t *testing.T) {
	each(t, func(d desk) {
		p := d.add("officer", actor.Officer)
		s, err := d.signIn("officer", password, "")
		d.must(err)
		roles := []actor.Role{actor.Analyst}
		_, err = d.ChangePerson(as(d.admin), p.ID, agency.PersonChange{Roles: &roles})
		d.must(err)
		_, err = d.cookie(s.Secret)
		d.mustFail(err, "agency.session-ended")
	})
}

func TestAPasswordThatSomebodyElseHasSeenOpensOnlyItsOwnChange(t *testing.T) {
	each(t, func(d desk) {
		_, given, err := d.AddPerson(as(d.admin), agency.NewPerson{Login: "new", Name: "New", Roles: []actor.Role{actor.Supervisor}})
		d.must(err)
		s, err := d.signIn("new", given, "")
		d.must(err)
		a, err := d.cookie(s.Secret)
		d.must(err)
		if len(a.Roles) != 0 {
			d.t.Errorf("roles %v before the change", a.Roles)
		}
		d.must(d.ChangePassword(actor.With(context.Background(), a), given, "quiet water under the pier"))
		a, err = d.cookie(s.Secret)
		d.must(err)
		if !a.Has(actor.Supervisor) {
			d.t.Error("no role after the change")
		}
	})
}

func TestWeakPasswordsAreRefusedWithAReason(t *testing.T) {
	each(t, func(d desk) {
		for weak, code := range map[string]string{"short": "agency.password-short", "xadminxadminx": "agency.password-login", "aaaaaaaaaaaaaaa": "agency.password-simple"} {
			d.mustFail(d.ChangePassword(as(d.admin), password, weak), code)
		}
	})
}

func TestAOneTimeCodeIsNeededOnceItIsOnAndWorksOnce(t *testing.T) {
	each(t, func(d desk) {
		key, err := d.BeginCode(as(d.admin))
		d.must(err)
		code := func() string {
			c, err := totp.GenerateCode(key.Secret(), d.clock.Now())
			d.must(err)
			return c
		}
		d.must(d.ConfirmCode(as(d.admin), code()))
		_, err = d.signIn("admin", password, "")
		d.mustFail(err, "agency.code-needed")
		_, err = d.signIn("admin", password, code())
		d.mustFail(err, "agency.wrong-sign-in") // used by the confirmation
		d.clock.Advance(30 * time.Second)
		_, err = d.signIn("admin", password, code())
		d.must(err)
		_, err = d.signIn("admin", password, code())
		d.mustFail(err, "agency.wrong-sign-in")
	})
}

func TestAResetGivesAWayBackInWithoutTheLostPhone(t *testing.T) {
	each(t, func(d desk) {
		p := d.add("officer", actor.Officer)
		key, err := d.BeginCode(as(p))
		d.must(err)
		code, err := totp.GenerateCode(key.Secret(), d.clock.Now())
		d.must(err)
		d.must(d.ConfirmCode(as(p), code))
		fresh, err := d.ResetPassword(as(d.admin), p.ID)
		d.must(err)
		_, err = d.signIn("officer", fresh, "")
		d.must(err)
	})
}

func TestAPersonChoosesTheLanguageOfWhatTheNodeSends(t *testing.T) {
	each(t, func(d desk) {
		p, _, err := d.AddPerson(as(d.admin), agency.NewPerson{Login: "htun", Name: "Htun", Roles: []actor.Role{actor.Officer}, Organisation: d.org.ID, Locale: "th"})
		if err != nil {
			t.Fatal(err)
		}
		reads := func(person, want string) {
			t.Helper()
			if got, err := d.LocaleOf(context.Background(), person); err != nil || got != want {
				t.Errorf("reads %q (%v), want %q", got, err, want)
			}
		}
		reads(p.ID, "th")
		burmese := "my"
		if _, err := d.ChangePerson(as(p), p.ID, agency.PersonChange{Locale: &burmese}); err != nil {
			t.Fatal(err)
		}
		reads(p.ID, "my")
		reads("nobody", "en")
	})
}

func TestAPersonOfAnotherOrganisationIsNotFound(t *testing.T) {
	each(t, func(d desk) {
		other, err := d.AddOrganisation(as(d.admin), agency.Organisation{Name: "Other", Country: "XT", Kind: "civil-society"})
		d.must(err)
		stranger := agency.Person{ID: "x", Organisation: other, Roles: []actor.Role{actor.Administrator}}
		_, err = d.Person(as(stranger), d.admin.ID)
		d.mustFail(err, "agency.person-unknown")
		_, err = d.ResetPassword(as(stranger), d.admin.ID)
		d.mustFail(err, "agency.person-unknown")
	})
}

func TestAnAdministratorCannotLockThemselvesOut(t *testing.T) {
	each(t, func(d desk) {
		gone, none := "left", []actor.Role{actor.Officer}
		_, err := d.ChangePerson(as(d.admin), d.admin.ID, agency.PersonChange{State: &gone})
		d.mustFail(err, "agency.not-yourself")
		_, err = d.ChangePerson(as(d.admin), d.admin.ID, agency.PersonChange{Roles: &none})
		d.mustFail(err, "agency.not-yourself")
	})
}

func TestALoginIsTakenWhateverItsCaseAndWidth(t *testing.T) {
	each(t, func(d desk) {
		_, _, err := d.AddPerson(as(d.admin), agency.NewPerson{Login: "ＡDmin", Name: "Twin", Roles: []actor.Role{actor.Officer}})
		d.mustFail(err, "agency.login-taken")
	})
}

func TestNamesAndLoginsAreNotReadableInTheStore(t *testing.T) {
	each(t, func(d desk) {
		var login, name []byte
		d.must(d.DB.Read(context.Background(), func(tx *db.Tx) error {
			return tx.Row(`SELECT login, name FROM agency_person WHERE id = ?`, d.admin.ID).Scan(&login, &name)
		}))
		if strings.Contains(string(login), "admin") || strings.Contains(string(name), "Name") {
			d.t.Error("a name or login is stored in clear")
		}
	})
}

func (d desk) withToken(token string) (actor.Actor, error) {
	return d.Authenticate(httptest.NewRequest("GET", "/key/"+token+"/formList", nil))
}

func TestADeviceTokenOpensUntilItIsRevokedOrRunsOut(t *testing.T) {
	each(t, func(d desk) {
		e, err := d.EnrolDevice(as(d.admin), "jetty phone", 0)
		d.must(err)
		a, err := d.withToken(e.Token)
		d.must(err)
		if a.Device != e.Device.ID || a.Person != "" || a.Organisation != d.org.ID {
			d.t.Errorf("the token is of %+v", a)
		}
		d.must(d.RevokeDevice(as(d.admin), e.Device.ID))
		_, err = d.withToken(e.Token)
		d.mustFail(err, "agency.token-revoked")

		short, err := d.EnrolDevice(as(d.admin), "lent phone", time.Hour)
		d.must(err)
		d.clock.Advance(2 * time.Hour)
		_, err = d.withToken(short.Token)
		d.mustFail(err, "agency.token-expired")
		_, err = d.withToken("made-up")
		d.mustFail(err, "agency.token-unknown")
	})
}

func TestAWipeOrderStandsUntilTheDeviceSaysItIsDone(t *testing.T) {
	each(t, func(d desk) {
		e, err := d.EnrolDevice(as(d.admin), "jetty phone", 0)
		d.must(err)
		device := actor.With(context.Background(), actor.Actor{Device: e.Device.ID, Organisation: d.org.ID})
		d.must(d.WipeDevice(as(d.admin), e.Device.ID))
		orders, err := d.Orders(device)
		d.must(err)
		if len(orders) != 1 || orders[0].Kind != "wipe" {
			d.t.Errorf("orders %+v", orders)
		}
		d.must(d.Wiped(device))
		orders, err = d.Orders(device)
		d.must(err)
		if len(orders) != 0 {
			d.t.Errorf("orders after the wipe: %+v", orders)
		}
	})
}

func TestARevokedDeviceCanStillHearThatItMustWipeItselfAndNothingElse(t *testing.T) {
	each(t, func(d desk) {
		e, err := d.EnrolDevice(as(d.admin), "lost phone", 0)
		d.must(err)
		d.must(d.RevokeDevice(as(d.admin), e.Device.ID))
		ask := func(path string) (actor.Actor, error) {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+e.Token)
			return d.Authenticate(r)
		}
		a, err := ask("/api/agency/device-orders")
		d.must(err)
		if a.Device != e.Device.ID {
			d.t.Errorf("got %+v", a)
		}
		_, err = ask("/api/screening/bundle")
		d.mustFail(err, "agency.token-revoked")
	})
}

func TestADeviceOfAnotherOrganisationIsNotFound(t *testing.T) {
	each(t, func(d desk) {
		e, err := d.EnrolDevice(as(d.admin), "jetty phone", 0)
		d.must(err)
		stranger := actor.With(context.Background(), actor.Actor{Person: "x", Organisation: "elsewhere"})
		d.mustFail(d.RevokeDevice(stranger, e.Device.ID), "agency.device-unknown")
	})
}

func TestAPasswordGoesOnlyOverTLSOrFromThisMachine(t *testing.T) {
	each(t, func(d desk) {
		r := httptest.NewRequest("GET", "/openrosa/formList", nil)
		r.SetBasicAuth("admin", password)
		r.RemoteAddr = "192.0.2.7:1000"
		_, err := d.Authenticate(r)
		d.mustFail(err, "agency.basic-needs-tls")
		r.RemoteAddr = "127.0.0.1:1000"
		a, err := d.Authenticate(r)
		d.must(err)
		if a.Person != d.admin.ID {
			d.t.Errorf("got %+v", a)
		}
	})
}

func TestAPasskeySignsInWithoutALogin(t *testing.T) {
	each(t, func(d desk) {
		rp := virtualwebauthn.RelyingParty{Name: "Lintas trial", ID: "node.example", Origin: "https://node.example"}
		phone := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(d.admin.ID)})
		// RSA: the library writes the coordinates of about one elliptic key in a hundred without their leading zero.
		credential := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)

		ceremony, creation, err := d.BeginPasskey(as(d.admin))
		d.must(err)
		options, err := virtualwebauthn.ParseAttestationOptions(asJSON(d, creation))
		d.must(err)
		d.must(d.FinishPasskey(as(d.admin), ceremony, "phone", []byte(virtualwebauthn.CreateAttestationResponse(rp, phone, credential, *options))))
		phone.AddCredential(credential)

		ceremony, assertion, err := d.BeginPasskeySignIn()
		d.must(err)
		wanted, err := virtualwebauthn.ParseAssertionOptions(asJSON(d, assertion))
		d.must(err)
		response := virtualwebauthn.CreateAssertionResponse(rp, phone, credential, *wanted)
		s, err := d.FinishPasskeySignIn(context.Background(), ceremony, []byte(response))
		d.must(err)
		if s.Person.ID != d.admin.ID {
			d.t.Errorf("signed in as %s", s.Person.ID)
		}
		_, err = d.FinishPasskeySignIn(context.Background(), ceremony, []byte(response))
		d.mustFail(err, "agency.passkey-late") // a ceremony works once
	})
}

func asJSON(d desk, v any) string {
	b, err := json.Marshal(v)
	d.must(err)
	return string(b)
}

func TestTheEnrolmentCodeIsWhatCollectReads(t *testing.T) {
	each(t, func(d desk) {
		e, err := d.EnrolDevice(as(d.admin), "jetty phone", 0)
		d.must(err)
		if _, err := base64.StdEncoding.DecodeString(e.QRText); err != nil {
			d.t.Error(err)
		}
		if e.ServerURL != "https://node.example/key/"+e.Token || !strings.HasPrefix(e.QRSVG, "<svg") {
			d.t.Errorf("got %q", e.ServerURL)
		}
	})
}
