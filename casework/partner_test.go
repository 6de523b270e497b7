package casework

import (
	"context"
	"strings"
	"testing"
	"time"

	"lintas/casework/referral"
)

// sentByLink is a referral on its way to a partner without an account.
func (w *world) sentByLink(t *testing.T) (Referral, string, LinkOut) {
	t.Helper()
	c := w.openMya(t)
	r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Normal, Fields: []string{"given_name"}, Receipt: w.consent(t, c, "given_name").ID}))
	must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
	link := must[LinkOut](t)(w.MakeLink(ana, r.ID))
	_, secret, _ := strings.Cut(link.URL, "#")
	return r, secret, link
}

func (w *world) opens(secret, code string) error {
	_, _, err := w.PartnerOpen(context.Background(), secret, code)
	return err
}

func TestACodeIsTakenAsItIsTypedInAnyScript(t *testing.T) {
	for script, zero := range map[string]rune{"Burmese": '၀', "Thai": '๐', "Khmer": '០', "Lao": '໐', "Bengali": '০', "Arabic": '٠', "Persian": '۰', "Latin": '0', "wide": '０'} {
		typed := strings.Map(func(r rune) rune { return zero + r - '0' }, "12340987")
		if got := plainCode(" " + typed[:len(typed)/2] + " – " + typed[len(typed)/2:]); got != "12340987" {
			t.Errorf("%s: %q is read as %q", script, typed, got)
		}
	}
	eachWorld(t, func(t *testing.T, w *world) {
		_, secret, link := w.sentByLink(t)
		if err := w.opens(secret, link.Code[:4]+" "+link.Code[4:]); err != nil {
			t.Error(err)
		}
	})
}

func TestFiveWrongCodesEndALinkAndANewOneOpens(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, secret, link := w.sentByLink(t)
		wrong := "00000000"
		if link.Code == wrong {
			wrong = "11111111"
		}
		for range codeAttempts {
			wantCode(t, w.opens(secret, wrong), "casework.link")
		}
		wantCode(t, w.opens(secret, link.Code), "casework.link")
		again := must[LinkOut](t)(w.MakeLink(ana, r.ID))
		wantCode(t, w.opens(secret, again.Code), "casework.link") // the old secret with the new code
		_, fresh, _ := strings.Cut(again.URL, "#")
		wantCode(t, w.opens(fresh, link.Code), "casework.link") // and the other way round
		if err := w.opens(fresh, again.Code); err != nil {
			t.Error(err)
		}
	})
}

func TestALinkEndsByTimeByHandAndWithTheReferral(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, secret, link := w.sentByLink(t)
		session, _, err := w.PartnerOpen(context.Background(), secret, link.Code)
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.EndLink(mai, r.ID), "casework.referral-unknown")
		if err := w.EndLink(ana, r.ID); err != nil {
			t.Fatal(err)
		}
		_, err = w.PartnerLook(context.Background(), session)
		wantCode(t, err, "casework.link")

		link = must[LinkOut](t)(w.MakeLink(ana, r.ID))
		_, secret, _ = strings.Cut(link.URL, "#")
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Revoke, Reason: "sent_by_mistake"}))
		wantCode(t, w.opens(secret, link.Code), "casework.link")

		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.OfferAgain}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		link = must[LinkOut](t)(w.MakeLink(ana, r.ID))
		_, secret, _ = strings.Cut(link.URL, "#")
		w.clock.Set(link.EndsAt.Add(-time.Second))
		session, _, err = w.PartnerOpen(context.Background(), secret, link.Code)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Set(link.EndsAt)
		_, err = w.PartnerLook(context.Background(), session)
		wantCode(t, err, "casework.link")
	})
}
