package casework

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"lintas/casework/referral"
)

func TestTheFormHoldsWhatTheReceiptNamesAndNothingElse(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Urgent, Needs: []string{"shelter"}, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		for _, lang := range []string{"id", "th", "vi", "my", "ar"} {
			page := string(must[[]byte](t)(w.ReferralForm(ana, r.ID, lang)))
			if !strings.Contains(page, "Mya") || !strings.Contains(page, "River shelter") {
				t.Errorf("%s: the form lacks what it is for", lang)
			}
			for _, secret := range []string{"Hla", "1999", "diabetes", "a long one", "81 234"} {
				if strings.Contains(page, secret) {
					t.Errorf("%s: the form discloses %q", lang, secret)
				}
			}
		}
		if _, err := w.ReferralForm(mai, r.ID, "id"); code(err) != "casework.referral-unknown" {
			t.Errorf("another agency prints it: %v", err)
		}
	})
}

func TestTheFormIsPrintedInBurmese(t *testing.T) {
	if chromium() == "" {
		t.Skip("SKIPPED: no Chromium here to print with")
	}
	if testing.Short() {
		t.Skip("SKIPPED: starts a browser")
	}
	f := formData{First: "en", Second: "my", Priority: "urgent", Reference: "3f2a", From: "A", To: "B", Needs: []string{"shelter"}, Rows: []formRow{{"given_name", "မြ"}}, Draft: true}
	var html bytes.Buffer
	if err := formPage.Execute(&html, f); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pdf, err := PDF(ctx, html.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
		t.Errorf("%d bytes beginning %q", len(pdf), pdf[:min(len(pdf), 8)])
	}
}
