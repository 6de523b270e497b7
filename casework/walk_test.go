package casework

import (
	"context"
	"strings"
	"testing"
	"time"

	"lintas/casework/matching"
	"lintas/casework/referral"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// The story of the tutorial, at the desk: screening, case, ranked services,
// referral to a partner without an account, withdrawal, the log.
func TestFromAScreeningToAWithdrawnReferral(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Screening = func(context.Context, string) (Screened, error) {
			return Screened{Values: mya, Needs: []string{"shelter"}, Risks: []string{"individual.debt"}, At: w.clock.Now()}, nil
		}
		c := must[Case](t)(w.OpenCase(ana, NewCase{Screening: "sub-1"}))
		if c.Source != "screening" || c.Owner != "ana" || c.State != Opened {
			t.Fatalf("opened %+v", c)
		}
		if _, err := w.OpenCase(ana, NewCase{Screening: "sub-1", NotDuplicateOf: []string{c.ID}}); code(err) != "casework.screening-used" {
			t.Errorf("the screening opened a second case: %v", err)
		}
		found := must[Matched](t)(w.Match(ana, matching.Query{Needs: []string{"shelter"}, Languages: []string{"my"}, Age: 26}, 10))
		if len(found.Offered) != 2 || found.Offered[0].ID != shelterID || len(found.Offered[0].Reasons) < 3 {
			t.Fatalf("offered %+v", found.Offered)
		}
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Urgent, Needs: []string{"shelter"}, Fields: []string{"given_name", "language"}, Text: "A bed from tonight"}))
		_, err := w.TakeStep(ana, r.ID, StepIn{Event: referral.Send})
		wantCode(t, err, "casework.no-consent")
		receipt := w.consent(t, c, "given_name", "language")
		if r, err = w.TakeStep(ana, r.ID, StepIn{Event: referral.Send, Receipt: &receipt.ID}); err != nil || r.State != referral.Sent {
			t.Fatal(r.State, err)
		}
		if got := r.Deadline.Sub(w.clock.Now()); got != 72*time.Hour {
			t.Errorf("an urgent referral is due in %s", got)
		}
		session := w.partnerAccepts(t, r)
		w.withdrawn(t, c, receipt, r, session)
	})
}

func (w *world) partnerAccepts(t *testing.T, r Referral) string {
	t.Helper()
	link := must[LinkOut](t)(w.MakeLink(ana, r.ID))
	_, secret, _ := strings.Cut(link.URL, "#")
	nobody := context.Background()
	_, _, err := w.PartnerOpen(nobody, secret, "00000000")
	wantCode(t, err, "casework.link")
	session, view, err := w.PartnerOpen(nobody, secret, link.Code)
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Values) != 2 || view.Values["given_name"] != "Mya" || view.Values["language"] != "my" {
		t.Errorf("the partner sees %v", view.Values)
	}
	if view.Referral.State != referral.Seen || view.Text != "A bed from tonight" || view.Referral.Case != "" {
		t.Errorf("the partner sees %+v", view.Referral)
	}
	if _, _, err := w.PartnerOpen(nobody, secret, link.Code); code(err) != "casework.link" {
		t.Errorf("the one-time code works twice: %v", err)
	}
	_, err = w.PartnerAnswer(nobody, session, StepIn{Event: referral.Decline})
	wantCode(t, err, "casework.reason-missing")
	view, err = w.PartnerAnswer(nobody, session, StepIn{Event: referral.Accept})
	if err != nil || view.Referral.State != referral.Accepted {
		t.Fatal(view.Referral.State, err)
	}
	return session
}

func (w *world) withdrawn(t *testing.T, c Case, receipt Receipt, r Referral, session string) {
	t.Helper()
	if _, err := w.WithdrawConsent(ana, c.ID, receipt.ID, "person"); err != nil {
		t.Fatal(err)
	}
	view, err := w.PartnerLook(context.Background(), session)
	if err != nil || view.Referral.State != referral.Withdrawn || len(view.Values) != 0 || view.Text != "" {
		t.Errorf("after the withdrawal the partner sees %s %v %q, %v", view.Referral.State, view.Values, view.Text, err)
	}
	page := must[Page](t)(w.CasePage(ana, c.ID))
	if page.Referrals[0].State != referral.Withdrawn || len(page.Referrals[0].Steps) != 4 {
		t.Errorf("the sender sees %+v", page.Referrals[0])
	}
	seen := must[[]Seen](t)(w.WhoHasSeen(ana, c.ID))
	verbs := map[string]bool{}
	for _, l := range seen {
		verbs[l.Verb] = true
	}
	for _, v := range []string{"casework.open", "casework.offer", "casework.consent", "casework.referral-send", "casework.read-referral", "casework.referral-accept", "casework.withdraw-consent", "casework.referral-withdraw", "casework.read"} {
		if !verbs[v] {
			t.Errorf("the log lacks %s", v)
		}
	}
	report, err := audit.Verify(context.Background(), w.DB, w.Stored(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log does not verify: %v %v", report.Problems, err)
	}
}

func TestTheReferrerIsToldEachStep(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Emergency, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		must[Disclosed](t)(w.OpenReferral(mai, r.ID))
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Decline, Reason: "full"}))
		kinds := map[string]bool{}
		for _, n := range must[Work](t)(w.WorkToday(ana)).Notices {
			kinds[n.Kind] = true
		}
		if !kinds["referral_see"] || !kinds["referral_decline"] {
			t.Errorf("the referrer was told %v", kinds)
		}
		work := must[Work](t)(w.WorkToday(ana))
		if len(work.Dues) == 0 || work.Dues[0].Kind != "referral" || !work.Dues[0].Overdue {
			t.Errorf("a declined referral is not on the sender's list: %+v", work.Dues)
		}
	})
}

func TestADeadlineEscalatesBeforeAndExpiresAtIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Emergency, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		state := func() (s referral.State) {
			if err := w.DB.Read(ana, func(tx *db.Tx) error {
				r, _, err := referralByID(tx, r.ID)
				s = r.State
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return s
		}
		supervisor := func() map[string]int {
			kinds := map[string]int{}
			for _, n := range must[Work](t)(w.WorkToday(sari)).Notices {
				kinds[n.Kind]++
			}
			return kinds
		}
		for _, step := range []struct {
			after  time.Duration
			state  referral.State
			soon   int
			expire int
		}{{17 * time.Hour, referral.Sent, 0, 0}, {time.Hour, referral.Sent, 1, 0}, {time.Hour, referral.Sent, 1, 0}, {5 * time.Hour, referral.Expired, 1, 1}, {time.Hour, referral.Expired, 1, 1}} {
			w.clock.Advance(step.after)
			if err := w.Deadlines(context.Background()); err != nil {
				t.Fatal(err)
			}
			if k := supervisor(); state() != step.state || k["referral_soon"] != step.soon || k["referral_expire"] != step.expire {
				t.Errorf("after %s more: %s, supervisor told %v", step.after, state(), k)
			}
		}
		if _, err := w.OpenReferral(mai, r.ID); err != nil {
			t.Errorf("the receiver is not shown that it expired: %v", err)
		}
	})
}

func TestTheOutcomeIsAskedForUntilSomebodySaysHowItGoes(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Accept}))
		asked := func(who context.Context) (n int) {
			for _, x := range must[Work](t)(w.WorkToday(who)).Notices {
				if x.Kind == "referral_outcome" {
					n++
				}
			}
			return n
		}
		for _, step := range []struct{ days, sender, supervisor int }{{29, 0, 0}, {1, 1, 0}, {1, 1, 0}, {6, 2, 1}, {23, 3, 1}, {7, 4, 2}} {
			w.clock.Advance(time.Duration(step.days) * 24 * time.Hour)
			for range 2 {
				if err := w.Deadlines(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			if s, v := asked(ana), asked(sari); s != step.sender || v != step.supervisor {
				t.Errorf("%d days on: the sender was asked %d times, the supervisor told %d times", step.days, s, v)
			}
		}
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Progress}))
		w.clock.Advance(29 * 24 * time.Hour)
		if err := w.Deadlines(context.Background()); err != nil || asked(ana) != 4 {
			t.Errorf("after word of progress the sender was asked %d times (%v)", asked(ana), err)
		}
	})
}
