package cards

import (
	"strings"
	"testing"

	"lintas/screening/indicator"
)

func TestEveryCardIsWholeInEveryLanguage(t *testing.T) {
	deck, err := All()
	if err != nil {
		t.Fatal(err)
	}
	all := deck.Cards
	seen := map[string]bool{}
	whole := func(place string, text indicator.Text) {
		t.Helper()
		for _, lang := range []string{"en", "id", "th", "vi", "my", "ar"} {
			w, ok := text[lang]
			if !ok || w.Text == "" {
				t.Errorf("%s has no %s", place, lang)
			}
			if w.Draft != (lang != "en") {
				t.Errorf("%s: %s is marked wrongly: English is checked, the others are drafts", place, lang)
			}
		}
	}
	whole("the answer", deck.Answer)
	for _, c := range all {
		if seen[c.ID] {
			t.Errorf("the card %s is there twice", c.ID)
		}
		seen[c.ID] = true
		whole(c.ID+" title", c.Title)
		for _, p := range c.Points {
			whole(c.ID+" point", p)
		}
		if len(c.Checks) == 0 {
			t.Errorf("%s has no check", c.ID)
		}
		for _, k := range c.Checks {
			whole(c.ID+" question", k.Question)
			whole(c.ID+" why", k.Why)
			for _, o := range k.Options {
				whole(c.ID+" option", o)
			}
			if k.Right < 0 || k.Right >= len(k.Options) || len(k.Options) < 2 {
				t.Errorf("%s: right is %d of %d options", c.ID, k.Right, len(k.Options))
			}
		}
	}
	for _, id := range []string{"frightened", "interpreter", "interview", "children", "result", "referral"} {
		if !seen[id] {
			t.Errorf("the card %s is missing", id)
		}
	}
}

func TestACardForOneCountrySaysWhenAndByWhomItWasConfirmed(t *testing.T) {
	deck, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range deck.Cards {
		if c.Country != "" && (len(c.ConfirmedOn) != 10 || c.ConfirmedBy == "") {
			t.Errorf("%s: confirmed on %q by %q", c.ID, c.ConfirmedOn, c.ConfirmedBy)
		}
	}
}

func TestTheRightOptionAndTheReasonAreTwoSentencesAsTheLanguageWritesThem(t *testing.T) {
	deck, err := All()
	if err != nil {
		t.Fatal(err)
	}
	k := Check{Options: []indicator.Text{{}, {}}, Right: 1, Why: indicator.Text{}}
	for _, lang := range []string{"en", "id", "th", "vi", "my", "ar"} {
		k.Options[1][lang], k.Why[lang] = indicator.Wording{Text: "RIGHT"}, indicator.Wording{Text: "WHY"}
	}
	for lang, want := range map[string]string{"en": "RIGHT. WHY", "id": "RIGHT. WHY", "vi": "RIGHT. WHY", "ar": "RIGHT. WHY", "my": "RIGHT။ WHY", "th": "RIGHT – WHY"} {
		if got := deck.In(k, lang); got != want {
			t.Errorf("%s: %q instead of %q", lang, got, want)
		}
	}
	for _, c := range deck.Cards {
		for _, k := range c.Checks {
			for lang, option := range k.Options[k.Right] {
				if strings.TrimRight(option.Text, ".!?။") != option.Text {
					t.Errorf("%s, %s: the option %q ends as a sentence; the answer would have two full stops", c.ID, lang, option.Text)
				}
			}
		}
	}
}
