package casework

import (
	"context"
	"testing"
	"time"

	"lintas/casework/matching"
	"lintas/casework/referral"
	"lintas/kernel/actor"
)

var ratna = as("ratna", theirs, actor.Supervisor)

func TestAReferralToAServiceThatAnswersHereComesIntoItsInbox(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		if err := w.AnswerFor(ratna, shelterID, true); err != nil {
			t.Fatal(err)
		}
		for _, o := range must[Matched](t)(w.Match(ana, matching.Query{Needs: []string{"shelter"}}, 50)).Offered {
			if (o.ID == shelterID) != (o.Receiver == theirs) {
				t.Errorf("%s is answered by %q", o.Name, o.Receiver)
			}
		}
		c := w.openMya(t)
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Urgent, Fields: []string{"given_name"}, Receipt: w.consent(t, c, "given_name").ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		if inbox := must[[]Referral](t)(w.Box(mai, true, "", time.Time{})); len(inbox) != 1 || inbox[0].ID != r.ID {
			t.Fatalf("the inbox has %v", inbox)
		}
		w.OrganisationName = func(_ context.Context, organisation string) string {
			return map[string]string{ours: "River"}[organisation]
		}
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); v.Values["given_name"] != "Mya" || v.From != "River" {
			t.Errorf("the receiver reads %v from %q", v.Values, v.From)
		}
	})
}

func TestNobodyTakesAServiceAwayFromWhoAnswersForIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		if err := w.AnswerFor(ratna, shelterID, true); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.AnswerFor(sari, shelterID, true), "casework.answered-by-another")
		wantCode(t, w.AnswerFor(sari, shelterID, false), "casework.answered-by-another")
		if err := w.AnswerFor(ratna, shelterID, false); err != nil {
			t.Fatal(err)
		}
		if err := w.AnswerFor(sari, shelterID, true); err != nil {
			t.Errorf("given up, it cannot be taken: %v", err)
		}
		wantCode(t, w.AnswerFor(sari, "5f0e4c9a-0000-4000-8000-00000000dead", true), "casework.service-unknown")
	})
}
