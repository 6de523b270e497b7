package agency_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"lintas/agency"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/gate"
)

func TestAnAdministratorCannotMakeALoginInAnotherOrganisation(t *testing.T) {
	each(t, func(d desk) {
		other, err := d.AddOrganisation(as(d.admin), agency.Organisation{Name: "Other", Country: "XT", Kind: "civil-society"})
		d.must(err)
		add := func(by agency.Person, login, organisation string) error {
			_, _, err := d.AddPerson(as(by), agency.NewPerson{Login: login, Name: "N", Roles: []actor.Role{actor.Administrator}, Organisation: organisation})
			return err
		}
		d.must(add(d.admin, "first of the other", other.ID)) // the node's own administrator lets an organisation begin
		d.mustFail(add(d.admin, "second of the other", other.ID), "agency.organisation-unknown")
		stranger := agency.Person{ID: "x", Organisation: other, Roles: []actor.Role{actor.Administrator}}
		d.mustFail(add(stranger, "spy", d.org.ID), "agency.organisation-unknown")
		empty, err := d.AddOrganisation(as(d.admin), agency.Organisation{Name: "Third", Country: "XT", Kind: "civil-society"})
		d.must(err)
		d.mustFail(add(stranger, "usurper", empty.ID), "agency.organisation-unknown")
		d.must(add(stranger, "colleague", ""))
	})
}

func TestTriesSentAtOnceAreLockedAfterTenAndARightOneIsNotTold(t *testing.T) {
	each(t, func(d desk) {
		key, err := d.BeginCode(as(d.admin))
		d.must(err)
		code, err := totp.GenerateCode(key.Secret(), d.clock.Now())
		d.must(err)
		d.must(d.ConfirmCode(as(d.admin), code)) // spent: from here on it is wrong
		for what, try := range map[string]func() error{
			"wrong passwords":              func() error { _, err := d.signIn("officer", "not the password", ""); return err },
			"right passwords, wrong codes": func() error { _, err := d.signIn("admin", password, code); return err },
		} {
			var wrong, locked atomic.Int64
			var wg sync.WaitGroup
			for range 24 {
				wg.Go(func() {
					switch err := try(); {
					case problem.HasCode(err, "agency.wrong-sign-in"):
						wrong.Add(1)
					case problem.HasCode(err, "agency.locked"):
						locked.Add(1)
					}
				})
			}
			wg.Wait()
			if wrong.Load() != 10 || locked.Load() != 14 {
				d.t.Errorf("%s: %d of 24 tries were answered, %d locked", what, wrong.Load(), locked.Load())
			}
		}
	})
}

func TestFailedTriesOfADayAgoNoLongerCountAndLeaveNothing(t *testing.T) {
	each(t, func(d desk) {
		for range 9 {
			_, err := d.signIn("nobody", "wrong", "")
			d.mustFail(err, "agency.wrong-sign-in")
		}
		d.clock.Advance(25 * time.Hour)
		d.must(d.EndSessions(context.Background()))
		var n int
		d.must(d.DB.Read(context.Background(), func(t *db.Tx) error { return t.Row(`SELECT COUNT(*) FROM agency_lock`).Scan(&n) }))
		if n != 0 {
			d.t.Errorf("%d rows of tries are kept", n)
		}
	})
}

func TestAClockThatWasFarAheadLocksNobodyOutAndKeepsNoSessionOpen(t *testing.T) {
	each(t, func(d desk) {
		d.clock.Advance(365 * 24 * time.Hour)
		s, err := d.signIn("admin", password, "")
		d.must(err)
		for range 12 {
			d.signIn("admin", "wrong", "")
		}
		d.clock.Advance(-365 * 24 * time.Hour)
		_, err = d.signIn("admin", password, "")
		d.must(err)
		_, err = d.cookie(s.Secret)
		d.mustFail(err, "agency.session-ended")
	})
}

func TestASessionOutlivesAClockThatGoesBackAnHour(t *testing.T) {
	each(t, func(d desk) {
		s, err := d.signIn("admin", password, "")
		d.must(err)
		d.clock.Advance(-time.Hour)
		_, err = d.cookie(s.Secret)
		d.must(err)
	})
}

func TestAGivenPasswordOpensNothingThatOutlastsItsChange(t *testing.T) {
	each(t, func(d desk) {
		_, given, err := d.AddPerson(as(d.admin), agency.NewPerson{Login: "new", Name: "New", Roles: []actor.Role{actor.Supervisor}})
		d.must(err)
		s, err := d.signIn("new", given, "")
		d.must(err)
		who, err := d.cookie(s.Secret)
		d.must(err)
		g := gate.New("test", func(*http.Request) (actor.Actor, error) { return who, nil }, slog.New(slog.DiscardHandler))
		d.Routes(g)
		d.must(g.Settle())
		opened := []string{}
		for _, route := range g.Routes() {
			if strings.HasPrefix(route.Who.String(), "anyone") {
				continue
			}
			r := httptest.NewRequest(route.Method, strings.ReplaceAll(route.Path, "{id}", "none"), strings.NewReader("{}"))
			r.Header.Set(gate.HeaderRequest, "1")
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), "gate.password-first") {
				opened = append(opened, route.Method+" "+route.Path)
			}
		}
		want := []string{"GET /api/agency/me", "POST /api/agency/password", "POST /api/agency/sign-out"}
		if !slices.Equal(opened, want) {
			d.t.Errorf("it opens %v, want %v", opened, want)
		}
	})
}

func TestAGivenPasswordCannotBeChosenAsOnesOwn(t *testing.T) {
	each(t, func(d desk) {
		d.mustFail(d.ChangePassword(as(d.admin), password, password), "agency.password-same")
	})
}

func TestAResetTakesThePasskeysOff(t *testing.T) {
	each(t, func(d desk) {
		p := d.add("officer", actor.Officer)
		rp := virtualwebauthn.RelyingParty{Name: "Lintas trial", ID: "node.example", Origin: "https://node.example"}
		phone := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(p.ID)})
		ceremony, creation, err := d.BeginPasskey(as(p))
		d.must(err)
		options, err := virtualwebauthn.ParseAttestationOptions(asJSON(d, creation))
		d.must(err)
		d.must(d.FinishPasskey(as(p), ceremony, "phone", []byte(virtualwebauthn.CreateAttestationResponse(rp, phone, virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA), *options))))
		_, err = d.ResetPassword(as(d.admin), p.ID)
		d.must(err)
		left, err := d.Passkeys(as(p))
		d.must(err)
		if len(left) != 0 {
			d.t.Errorf("%d passkeys are left after a reset", len(left))
		}
	})
}

func TestARoleTakenAwayIsGoneFromTheNextRequestWithAPassword(t *testing.T) {
	each(t, func(d desk) {
		p := d.add("officer", actor.Officer, actor.Supervisor)
		ask := func() (actor.Actor, error) {
			r := httptest.NewRequest("GET", "/openrosa/formList", nil)
			r.SetBasicAuth("officer", password)
			r.RemoteAddr = "127.0.0.1:1000"
			return d.Authenticate(r)
		}
		_, err := ask()
		d.must(err)
		// As another process of the same node does it.
		d.must(d.DB.Write(context.Background(), func(t *db.Tx) error {
			_, err := t.Exec(`UPDATE agency_person SET roles = '["officer"]' WHERE id = ?`, p.ID)
			return err
		}))
		a, err := ask()
		d.must(err)
		if a.Has(actor.Supervisor) {
			d.t.Error("the role still opens")
		}
		_, err = d.ResetPassword(as(d.admin), p.ID)
		d.must(err)
		_, err = ask()
		d.mustFail(err, "agency.wrong-sign-in")
	})
}

func TestAPersonsOwnChangeDoesNotBringBackARoleTakenAwayMeanwhile(t *testing.T) {
	each(t, func(d desk) {
		p := d.add("officer", actor.Officer, actor.Supervisor)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						locale := []string{"th", "vi"}[i%2]
						if _, err := d.ChangePerson(as(p), p.ID, agency.PersonChange{Locale: &locale}); err != nil {
							d.t.Error(err)
							return
						}
					}
				}
			})
		}
		for range 10 {
			with, without := []actor.Role{actor.Officer, actor.Supervisor}, []actor.Role{actor.Officer}
			_, err := d.ChangePerson(as(d.admin), p.ID, agency.PersonChange{Roles: &with})
			d.must(err)
			_, err = d.ChangePerson(as(d.admin), p.ID, agency.PersonChange{Roles: &without})
			d.must(err)
			for range 3 {
				now, err := d.Person(as(d.admin), p.ID)
				d.must(err)
				if len(now.Roles) != 1 {
					d.t.Error("the role is back")
				}
			}
		}
		close(stop)
		wg.Wait()
	})
}
