package casework

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lintas/casework/referral"
)

// travellers are the languages that the officer's app speaks to travellers.
func travellers(t *testing.T) (codes []string) {
	t.Helper()
	files, err := filepath.Glob("../web/src/officer/traveller/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal("the languages of the officer's app are not where they were", err)
	}
	for _, f := range files {
		codes = append(codes, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return codes
}

func TestTheFormHoldsWhatTheReceiptNamesAndNothingElse(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Urgent, Needs: []string{"shelter"}, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		for _, lang := range travellers(t) {
			page := string(must[[]byte](t)(w.ReferralForm(ana, r.ID, lang, "en")))
			if !strings.Contains(page, "Mya") || !strings.Contains(page, "River shelter") {
				t.Errorf("%s: the form lacks what it is for", lang)
			}
			for _, secret := range []string{"Hla", "1999", "diabetes", "a long one", "81 234"} {
				if strings.Contains(page, secret) {
					t.Errorf("%s: the form discloses %q", lang, secret)
				}
			}
		}
		if _, err := w.ReferralForm(mai, r.ID, "id", "en"); code(err) != "casework.referral-unknown" {
			t.Errorf("another agency prints it: %v", err)
		}
	})
}

func TestTheFormBeginsInTheLanguageThatConsentWasExplainedIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Normal, Needs: []string{"shelter"}, Fields: []string{"language"}, Receipt: w.consent(t, c, "language").ID}))
		page := string(must[[]byte](t)(w.ReferralForm(ana, r.ID, "", "th")))
		order := []string{`<html lang="my"`, formLanguages["my"].Texts["title"], formLanguages["th"].Texts["title"], formLanguages["my"].Texts["shelter"], formLanguages["th"].Texts["shelter"], formLanguages["my"].Texts["consent"], formLanguages["th"].Texts["consent"]}
		at := 0
		for _, text := range order {
			next := strings.Index(page[at:], text)
			if next < 0 {
				t.Fatalf("%q does not stand after what goes before it", text)
			}
			at += next
		}
		if strings.Contains(page, formLanguages["en"].Texts["title"]) {
			t.Error("there is English on a form for two people who read none")
		}
		for _, name := range []string{"မြန်မာ", "พม่า"} { // the person's language, by its name in each
			if !strings.Contains(page, name) {
				t.Errorf("the language is not called %s", name)
			}
		}
	})
}

func TestTheFormIsWrittenInEveryLanguageThatTravellersAreAskedIn(t *testing.T) {
	english := formLanguages["en"]
	for _, code := range travellers(t) {
		l, ok := formLanguages[code]
		if !ok {
			t.Errorf("%s has no form", code)
			continue
		}
		if missing, more := keysNotIn(english.Texts, l.Texts), keysNotIn(l.Texts, english.Texts); len(more) > 0 || len(missing) > 0 && !slices.Equal(missing, []string{"no_text"}) {
			t.Errorf("%s lacks %v and has %v beside", code, missing, more)
		}
		for key, text := range l.Texts {
			if code != "en" && text == english.Texts[key] {
				t.Errorf("%s: %s is English", code, key)
			}
		}
		if l.Draft != (code != "en") {
			t.Errorf("%s: draft is %v", code, l.Draft)
		}
	}
}

func keysNotIn(have, in map[string]string) (out []string) {
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if in[key] == "" {
			out = append(out, key)
		}
	}
	return out
}

func TestTheFormHasAWordForEveryFieldAndEveryPriority(t *testing.T) {
	for _, f := range Fields {
		if formLanguages["en"].Texts[f.Name] == "" {
			t.Errorf("no word for %s", f.Name)
		}
	}
	for _, p := range referral.Priorities {
		if formLanguages["en"].Texts[string(p)] == "" {
			t.Errorf("no word for %s", p)
		}
	}
}

func TestAMachineDraftSaysSoOnThePaperInItsOwnLanguageAndInEnglish(t *testing.T) {
	for officer, want := range map[string][]string{"en": {"km", "en"}, "th": {"km", "th", "en"}, "km": {"km", "en"}} {
		var got []string
		for _, text := range formOf("km", officer).Drafts() {
			got = append(got, text.Lang)
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %s beneath, %v say that they are drafts, want %v", officer, got, want)
		}
	}
	if d := formOf("en", "en").Drafts(); len(d) > 0 {
		t.Errorf("English calls itself a draft: %v", d)
	}
}

func TestOneLanguageForBothIsPrintedOnce(t *testing.T) {
	f := formOf("khm", "km")
	if len(f.Languages) != 1 || len(f.Words("title")) != 1 || f.Lang() != "km" {
		t.Errorf("%d languages", len(f.Languages))
	}
}

func TestACodeIsUnderstoodAsPeopleWriteIt(t *testing.T) {
	for written, want := range map[string]string{"km": "km", "khm": "km", "KM-kh": "km", " mya": "my", "fas": "prs", "prs": "prs", "msa": "id", "ara": "ar"} {
		if l, ok := formIn(written); !ok || l.Code != want {
			t.Errorf("%q is read as %q", written, l.Code)
		}
	}
}

func TestWithoutTextsInThePersonsLanguageTheFormSaysToReadItAloud(t *testing.T) {
	f := formOf("rhg", "th")
	page := string(must[[]byte](t)(f.page()))
	if f.Lang() != "th" || !strings.Contains(page, formLanguages["th"].Texts["no_text"]) {
		t.Error("nobody is told that the person cannot read this form")
	}
	if page = string(must[[]byte](t)(formOf("my", "th").page())); strings.Contains(page, formLanguages["my"].word("no_text")) {
		t.Error("it is said of a language that has texts")
	}
}

func TestAFormThatBeginsInArabicRunsFromRightToLeftAndItsEnglishDoesNot(t *testing.T) {
	page := string(must[[]byte](t)(formOf("ar", "en").page()))
	for _, want := range []string{`<html lang="ar" dir="rtl">`, `class="second" lang="en" dir="ltr">Referral form`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// sampleForm is a form with a text in every place.
func sampleForm(person string) formData {
	f := formOf(person, "en")
	f.Priority, f.Reference, f.Deadline, f.From, f.To, f.Needs = "urgent", "3f2a-91bc", "2026-03-05 14:00 +07", "River shelter", "Hill clinic", []string{"shelter", "medical", "legal_aid"}
	f.Text = "A quiet room, please."
	f.Rows = []formRow{{"given_name", "Sophea"}, {"gender", "Feminine"}, {"language", person}, {"birth_date", "1999-05-04"}, {"phone", "+855 12 345 678"}, {"interpreter", "yes"}}
	return f
}

// With LINTAS_FORMS=folder the pages are left there, for somebody to look at.
func TestTheFormIsPrintedInScriptsThatMustBeShaped(t *testing.T) {
	if folder := os.Getenv("LINTAS_FORMS"); folder != "" {
		for code := range formLanguages {
			if err := os.WriteFile(filepath.Join(folder, code+".html"), must[[]byte](t)(sampleForm(code).page()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if chromium() == "" {
		t.Skip("SKIPPED: no Chromium here to print with")
	}
	if testing.Short() {
		t.Skip("SKIPPED: starts a browser")
	}
	for _, lang := range []string{"my", "km", "th", "ar"} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		pdf, err := PDF(ctx, must[[]byte](t)(sampleForm(lang).page()))
		if err != nil {
			t.Fatal(lang, err)
		}
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
			t.Errorf("%s: %d bytes beginning %q", lang, len(pdf), pdf[:min(len(pdf), 8)])
		}
	}
}
