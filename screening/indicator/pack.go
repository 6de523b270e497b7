package indicator

import (
	"encoding/json"
	"sort"
)

// Format is the only pack format this package reads and writes.
const Format = "lintas-pack/1"

// Pack is a set of indicators with the rules that join them. A Pack that came
// from LoadPack or PackFromSheets is complete, checked, compiled and must not
// be changed; its Hash names exactly this content.
type Pack struct {
	Format  string `json:"format"`
	ID      string `json:"id"`
	Version string `json:"version"`
	Title   Text   `json:"title"`
	// Note is shown with every result: what the pack is for, what it is not.
	Note Text `json:"note,omitempty"`
	// Validated says that the pack as it stands was tried against outcomes and
	// the study is cited. Nothing that ships with Lintas is validated.
	Validated bool `json:"validated"`
	// Include names packs (id, or id@version) whose sources, rules, dimensions,
	// indicators and questions are copied in before anything is checked. Their
	// profiles are not: what a combination means is decided by the pack in use.
	Include []string `json:"include,omitempty"`
	// Origin lists the packs that were copied in, with their hashes.
	Origin []Origin `json:"origin,omitempty"`

	Sources    []Source    `json:"sources"`
	Codes      Codes       `json:"codes"`
	Population Population  `json:"population"`
	Questions  []Question  `json:"questions"`
	Rules      []Rule      `json:"rules"`
	Dimensions []Dimension `json:"dimensions"`
	Indicators []Indicator `json:"indicators"`
	Profiles   []Profile   `json:"profiles"`

	hash      string
	canonical []byte
	prog      *program
}

// Origin is a pack that another pack was made from.
type Origin struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Hash    string `json:"hash"`
}

// Source is where a row comes from, so that it can be checked.
type Source struct {
	ID   string `json:"id"`
	Cite string `json:"cite"`
	// Secondary marks a source taken from a compilation and still to be
	// confirmed against the original. Results say so.
	Secondary bool `json:"secondary,omitempty"`
}

// Codes are the choice names that mean "not known" and "declined" in this
// pack's instrument. Empty lists mean not_known and declined.
type Codes struct {
	NotKnown []string `json:"not_known,omitempty"`
	Declined []string `json:"declined,omitempty"`
}

// Population decides which column of strengths counts. Adult is an expression
// over answers. While it is not established true, the person is presumed to
// be a child: that is the rule for an unknown age, and the safe side.
type Population struct {
	Adult string `json:"adult"`
}

// Question is what the expressions may ask about. Type is one of yes_no,
// select_one, select_multiple, integer, decimal, date, text.
type Question struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Label   Text     `json:"label,omitempty"`
	// ChoiceLabels are shown for answers; yes and no need none.
	ChoiceLabels map[string]Text `json:"choice_labels,omitempty"`
	// Relevant is an expression over other answers; while it is false the
	// question does not apply and every comparison on it is false, or, where
	// only an answer not known or declined makes it so, unanswered. It is read
	// as the form reads it: "not known" and "declined" are values there, which
	// = can name, != counts as different, count_selected counts, and no number
	// compares with.
	Relevant string `json:"relevant,omitempty"`
	// Derived marks a value the form works out itself. It is never proposed as
	// a question to ask.
	Derived bool `json:"derived,omitempty"`
}

// Rule says when a dimension is positive, in counts of present indicators:
// S strong, M medium, W weak, U unweighted, total all of them; for example
// "S >= 1 and total >= 2 or M >= 2 and total >= 3".
type Rule struct {
	ID   string `json:"id"`
	When string `json:"when"`
	// Text is the rule in words, for the person who reads the result.
	Text   Text   `json:"text"`
	Source string `json:"source,omitempty"`
}

// Dimension groups indicators under one rule.
type Dimension struct {
	ID     string `json:"id"`
	Title  Text   `json:"title"`
	Rule   string `json:"rule"`
	Source string `json:"source,omitempty"`
}

// Strength is the weight a source gives an indicator for each population: S,
// M, W, or U where the source gives none. Empty: the indicator does not belong
// to that population's list.
type Strength struct {
	Adult string `json:"adult,omitempty"`
	Child string `json:"child,omitempty"`
}

// Indicator is one row of a list. The same words in another phase are another
// row: never merge them.
type Indicator struct {
	ID        string   `json:"id"`
	Dimension string   `json:"dimension"`
	Strength  Strength `json:"strength"`
	Text      Text     `json:"text"`
	// When is the expression over answers that makes it present. Empty: this
	// instrument does not ask about it, and the result says so.
	When   string `json:"when,omitempty"`
	Source string `json:"source"`
	// Secondary marks the row as taken from a compilation, to be confirmed.
	Secondary bool `json:"secondary,omitempty"`
}

// Profile is a jurisdiction's decision, named and versioned, on what the
// dimensions mean together. The first profile of a pack is its default.
type Profile struct {
	ID       string    `json:"id"`
	Version  string    `json:"version"`
	Title    Text      `json:"title"`
	Note     Text      `json:"note,omitempty"`
	Source   string    `json:"source,omitempty"`
	Outcomes []Outcome `json:"outcomes"`
}

// Kinds of outcome.
const (
	KindCase = "case" // a case class
	KindNeed = "need" // a category of need for protection; several may hold at once
)

// Outcome is a case class or a need. When is an expression over dimension ids,
// earlier outcome ids, and the words child and adult.
type Outcome struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	When string `json:"when"`
	// Positive: an established outcome of this kind calls for the offer of a
	// longer talk and of services.
	Positive bool `json:"positive,omitempty"`
	// Flags travel with the record, for example non_punishment.
	Flags  []string `json:"flags,omitempty"`
	Title  Text     `json:"title"`
	Offer  Text     `json:"offer,omitempty"`
	Source string   `json:"source,omitempty"`
}

// Hash is the SHA-256 of Canonical in lower-case hexadecimal.
func (p *Pack) Hash() string { return p.hash }

// Canonical is the pack as canonical JSON: the bytes that are hashed, stored
// and sent to devices. LoadPack reads it back to an equal pack.
func (p *Pack) Canonical() []byte { return append([]byte(nil), p.canonical...) }

// ProfileIDs lists the profiles in order; the first is the default.
func (p *Pack) ProfileIDs() []string {
	ids := make([]string, len(p.Profiles))
	for i, pr := range p.Profiles {
		ids[i] = pr.ID
	}
	return ids
}

// Languages lists every language that some text of the pack is written in.
func (p *Pack) Languages() []string {
	seen := map[string]bool{}
	for _, t := range p.texts() {
		for lang := range t {
			seen[lang] = true
		}
	}
	out := make([]string, 0, len(seen))
	for lang := range seen {
		out = append(out, lang)
	}
	sort.Strings(out)
	return out
}

func (p *Pack) texts() []Text {
	all := []Text{p.Title, p.Note}
	for _, q := range p.Questions {
		all = append(all, q.Label)
	}
	for _, r := range p.Rules {
		all = append(all, r.Text)
	}
	for _, d := range p.Dimensions {
		all = append(all, d.Title)
	}
	for _, i := range p.Indicators {
		all = append(all, i.Text)
	}
	for _, pr := range p.Profiles {
		all = append(all, pr.Title, pr.Note)
		for _, o := range pr.Outcomes {
			all = append(all, o.Title, o.Offer)
		}
	}
	return all
}

// Text is one text in several languages, keyed by language tag (en, id, th).
type Text map[string]Wording

// Wording is a text in one language. Draft: not checked by a speaker yet.
// In JSON a checked wording is a string, a draft is {"draft": "..."}.
type Wording struct {
	Text  string
	Draft bool
}

type draftJSON struct {
	Draft string `json:"draft"`
}

// MarshalJSON writes a string, or {"draft": ...}.
func (w Wording) MarshalJSON() ([]byte, error) {
	if w.Draft {
		return json.Marshal(draftJSON{w.Text})
	}
	return json.Marshal(w.Text)
}

// UnmarshalJSON reads a string, or {"draft": ...}.
func (w *Wording) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		w.Draft = false
		return json.Unmarshal(b, &w.Text)
	}
	var d draftJSON
	if err := json.Unmarshal(b, &d); err != nil {
		return err
	}
	w.Text, w.Draft = d.Draft, true
	return nil
}

// In returns the wording in lang, or English, or the first language by name;
// and which language it is.
func (t Text) In(lang string) (Wording, string) {
	if w, ok := t[lang]; ok {
		return w, lang
	}
	if w, ok := t["en"]; ok {
		return w, "en"
	}
	first := ""
	for l := range t {
		if first == "" || l < first {
			first = l
		}
	}
	return t[first], first
}
