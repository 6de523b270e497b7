// Package cards holds the learning cards of the officer's app as translated
// data: short, to be read again, each with checks that an officer can answer
// by heart. The referral card belongs to the fictional demonstration country;
// a node puts its own in its place, dated, with who confirmed it.
package cards

import (
	_ "embed"
	"encoding/json"
	"fmt"

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

// All returns the cards in reading order.
func All() ([]Card, error) {
	var f struct {
		Format string `json:"format"`
		Cards  []Card `json:"cards"`
	}
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, fmt.Errorf("learning cards: %w", err)
	}
	return f.Cards, nil
}
