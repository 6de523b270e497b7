// Package cards holds the learning cards of the officer's app as translated
// data: short, to be read again, each with checks that an officer can answer
// by heart. The referral card belongs to the fictional demonstration country;
// a node puts its own in its place, dated, with who confirmed it.
package cards

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"lintas/screening/indicator"
)

//go:embed cards.json
var file []byte

// Card is one learning card.
type Card struct {
	ID      string           `json:"id"`
	Version string           `json:"version"`
	Title   indicator.Text   `json:"title"`
	Points  []indicator.Text `json:"points"`
	Checks  []Check          `json:"checks"`
	// Country, ConfirmedOn (YYYY-MM-DD) and ConfirmedBy stand on a card that
	// holds for one country only.
	Country     string `json:"country,omitempty"`
	ConfirmedOn string `json:"confirmed_on,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
}

// Check is a question an officer should be able to answer by heart. Right is
// the index of the right option; Why is shown after any answer.
type Check struct {
	Question indicator.Text   `json:"question"`
	Options  []indicator.Text `json:"options"`
	Right    int              `json:"right"`
	Why      indicator.Text   `json:"why"`
}

// JSON is the file as it is, for devices.
func JSON() []byte { return append([]byte(nil), file...) }

// Deck is every card, and how an answer is told. Answer is a sentence with the places {right} and {why}: a
// language ends its sentences in its own way, and Thai does not end them at all.
type Deck struct {
	Format string         `json:"format"`
	Answer indicator.Text `json:"answer"`
	Cards  []Card         `json:"cards"` // in reading order
}

// All returns the deck.
func All() (d Deck, err error) {
	if err := json.Unmarshal(file, &d); err != nil {
		return d, fmt.Errorf("learning cards: %w", err)
	}
	return d, nil
}

// In tells the answer of a check in a language: the right option, then why.
func (d Deck) In(k Check, lang string) string {
	why, _ := k.Why.In(lang)
	if k.Right < 0 || k.Right >= len(k.Options) {
		return why.Text
	}
	right, _ := k.Options[k.Right].In(lang)
	answer, _ := d.Answer.In(lang)
	return strings.NewReplacer("{right}", right.Text, "{why}", why.Text).Replace(answer.Text)
}
