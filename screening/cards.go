package screening

import (
	"maps"
	"slices"

	"lintas/screening/cards"
)

// Card is a learning card: what to do at one moment of an interview, in one language.
type Card struct {
	ID        string   `json:"id"`
	Language  string   `json:"language"`
	Title     string   `json:"title"`
	Steps     []string `json:"steps"`
	Checks    []Check  `json:"checks,omitempty"`
	Source    string   `json:"source"`
	CheckedAt string   `json:"checked_at,omitempty"`
	CheckedBy string   `json:"checked_by,omitempty"`
	// HoldsUntil is the last day of what is confirmed for a time only (YYYY-MM-DD).
	HoldsUntil string `json:"holds_until,omitempty"`
	Draft      bool   `json:"draft"`
}

// Check is a question that lets the reader test what was read.
type Check struct {
	Ask    string `json:"ask"`
	Answer string `json:"answer"`
}

// Procedure is the referral procedure of the place: whom to call, in which order. It is only as good as the
// day it was confirmed. Title, language and steps are those of the language it was confirmed in; Texts has every
// language.
type Procedure struct {
	Title       string          `json:"title"`
	Language    string          `json:"language"`
	Steps       []string        `json:"steps"`
	Dated       string          `json:"dated,omitempty"`
	ConfirmedBy string          `json:"confirmed_by,omitempty"`
	HoldsUntil  string          `json:"holds_until,omitempty"`
	Source      string          `json:"source,omitempty"`
	Version     int             `json:"version,omitempty" doc:"0 for the demonstration's"`
	Texts       []ProcedureText `json:"texts"`
}

// cardsFor gives every card in every language it is written in. Cards of one country are the fictional
// demonstration's: they go only with its interview, so that no real phone tells anybody to call an invented
// number.
func cardsFor(fictional bool) ([]Card, *Procedure, error) {
	deck, err := cards.All()
	if err != nil {
		return nil, nil, err
	}
	out := []Card{}
	var procedure *Procedure
	for _, c := range deck.Cards {
		if c.Country != "" && !fictional {
			continue
		}
		for _, lang := range slices.Sorted(maps.Keys(c.Title)) {
			out = append(out, cardIn(deck, c, lang))
		}
		if c.Country != "" {
			en := cardIn(deck, c, "en")
			procedure = &Procedure{Title: en.Title, Language: en.Language, Steps: en.Steps, Dated: c.ConfirmedOn, ConfirmedBy: c.ConfirmedBy}
			for _, lang := range slices.Sorted(maps.Keys(c.Title)) {
				in := cardIn(deck, c, lang)
				procedure.Texts = append(procedure.Texts, ProcedureText{Language: in.Language, Title: in.Title, Steps: in.Steps, Draft: in.Draft})
			}
		}
	}
	return out, procedure, nil
}

func cardIn(deck cards.Deck, c cards.Card, lang string) Card {
	title := words(c.Title, lang)
	out := Card{ID: c.ID, Language: title.Lang, Title: title.Text, Steps: []string{}, Source: c.ID + " " + c.Version, CheckedAt: c.ConfirmedOn, CheckedBy: c.ConfirmedBy, Draft: title.Draft}
	for _, p := range c.Points {
		w := words(p, lang)
		out.Steps = append(out.Steps, w.Text)
		out.Draft = out.Draft || w.Draft
	}
	for _, k := range c.Checks {
		out.Checks = append(out.Checks, Check{words(k.Question, lang).Text, deck.In(k, lang)})
	}
	return out
}
