package screening

import (
	"lintas/screening/indicator"
)

// Caution stands with every result.
const Caution = "This is an offer of a longer talk and of services. It is not a finding: it says nothing about guilt, status or credibility, and the absence of indicators proves nothing."

// Words is a text in the language asked for, or the nearest there is.
type Words struct {
	Text  string `json:"text"`
	Lang  string `json:"lang"`
	Draft bool   `json:"draft,omitempty" doc:"Not checked by a speaker yet"`
}

func words(t indicator.Text, lang string) Words {
	w, l := t.In(lang)
	return Words{w.Text, l, w.Draft}
}

// Explained is a result in words: what fired, because of which answers, by which rule, from which source.
type Explained struct {
	Caution    string            `json:"caution"`
	Lines      []indicator.Line  `json:"lines" doc:"The same as sentences, in order: what to do first"`
	Pack       indicator.PackRef `json:"pack"`
	Title      Words             `json:"title"`
	Note       Words             `json:"note"`
	Profile    Words             `json:"profile"`
	Population string            `json:"population" enum:"adult,child,both"`
	Presumed   bool              `json:"presumed_child,omitempty"`
	Offer      string            `json:"offer" doc:"State of the offer" enum:"established,open,unanswered,not_seen"`
	Outcomes   []ExplainedItem   `json:"outcomes"`
	Dimensions []ExplainedItem   `json:"dimensions"`
	Present    []ExplainedFired  `json:"present"`
	Unanswered []AskedQuestion   `json:"unanswered"`
	Next       []ExplainedNext   `json:"next" doc:"The fewest questions that could settle what is open"`
	NotCovered []Words           `json:"not_covered" doc:"Indicators that this interview never asks about"`
	Flags      []string          `json:"flags"`
	Sources    []ExplainedSource `json:"sources"`
}

// ExplainedItem is an outcome or a dimension.
type ExplainedItem struct {
	ID     string                 `json:"id"`
	Kind   string                 `json:"kind"`
	State  indicator.FindingState `json:"state"`
	Title  Words                  `json:"title"`
	Offer  *Words                 `json:"offer,omitempty" doc:"What to offer when it is established"`
	Rule   *Words                 `json:"rule,omitempty"`
	Flags  []string               `json:"flags,omitempty"`
	Source string                 `json:"source,omitempty"`
}

// ExplainedFired is an indicator that is present, with the answers behind it.
type ExplainedFired struct {
	ID        string          `json:"id"`
	Dimension string          `json:"dimension"`
	Text      Words           `json:"text"`
	Strength  string          `json:"strength" doc:"As the source weighs it, in words: strong, medium, weak or without weight"`
	Because   []AskedQuestion `json:"because"`
	Source    string          `json:"source"`
	Secondary bool            `json:"secondary,omitempty" doc:"Taken from a compilation, still to be confirmed"`
}

// AskedQuestion is a question in the words of the form, with what was answered.
type AskedQuestion struct {
	Name   string   `json:"name"`
	Label  string   `json:"label"`
	Values []string `json:"values,omitempty"`
	State  string   `json:"state,omitempty"`
}

// ExplainedNext names the fewest questions that could settle one outcome.
type ExplainedNext struct {
	Target    Words           `json:"target"`
	Questions []AskedQuestion `json:"questions"`
}

// ExplainedSource is where a row of the pack comes from.
type ExplainedSource struct {
	ID        string `json:"id"`
	Cite      string `json:"cite"`
	Secondary bool   `json:"secondary,omitempty"`
}

// explainer puts one result into words.
type explainer struct {
	c    *compiled
	lang string
	r    indicator.Result
}

func explain(c *compiled, r indicator.Result, next []indicator.Next, lang string) *Explained {
	x := explainer{c, lang, r}
	p := c.pack
	out := &Explained{Caution: Caution, Pack: r.Pack, Title: words(p.Title, lang), Note: words(p.Note, lang), Population: r.Population.Rule, Presumed: r.Population.PresumedChild,
		Offer: string(r.Offer.State), Outcomes: []ExplainedItem{}, Dimensions: x.dimensions(), Present: x.present(), Unanswered: []AskedQuestion{}, Next: []ExplainedNext{},
		NotCovered: []Words{}, Flags: append([]string{}, r.Flags...), Sources: []ExplainedSource{}}
	whole := r
	whole.Next = next
	out.Lines = indicator.Explain(p, whole, lang)
	for _, profile := range p.Profiles {
		if profile.ID == r.Profile.ID {
			out.Profile = words(profile.Title, lang)
			out.Outcomes = x.outcomes(profile)
		}
	}
	for _, u := range r.Unanswered {
		q := x.question(u.Question, nil)
		q.State = string(u.State)
		out.Unanswered = append(out.Unanswered, q)
	}
	for _, n := range next {
		e := ExplainedNext{Target: x.title(n.Target)}
		for _, q := range n.Questions {
			e.Questions = append(e.Questions, x.question(q, nil))
		}
		out.Next = append(out.Next, e)
	}
	for _, id := range r.NotCovered {
		for _, in := range p.Indicators {
			if in.ID == id {
				out.NotCovered = append(out.NotCovered, words(in.Text, lang))
			}
		}
	}
	for _, s := range p.Sources {
		out.Sources = append(out.Sources, ExplainedSource{s.ID, s.Cite, s.Secondary})
	}
	return out
}

func (x explainer) outcomes(profile indicator.Profile) []ExplainedItem {
	out := []ExplainedItem{}
	for _, o := range profile.Outcomes {
		for _, f := range x.r.Outcomes {
			if f.ID != o.ID {
				continue
			}
			item := ExplainedItem{ID: o.ID, Kind: o.Kind, State: f.State, Title: words(o.Title, x.lang), Source: o.Source}
			if f.State == indicator.Established {
				item.Flags = o.Flags
				if len(o.Offer) > 0 {
					w := words(o.Offer, x.lang)
					item.Offer = &w
				}
			}
			out = append(out, item)
		}
	}
	return out
}

func (x explainer) dimensions() []ExplainedItem {
	out := []ExplainedItem{}
	rules := map[string]indicator.Rule{}
	for _, r := range x.c.pack.Rules {
		rules[r.ID] = r
	}
	for _, dim := range x.c.pack.Dimensions {
		for _, f := range x.r.Dimensions {
			if f.ID == dim.ID {
				rule := words(rules[dim.Rule].Text, x.lang)
				out = append(out, ExplainedItem{ID: dim.ID, Kind: "dimension", State: f.State, Title: words(dim.Title, x.lang), Rule: &rule, Source: firstOf(dim.Source, rules[dim.Rule].Source)})
			}
		}
	}
	return out
}

func (x explainer) present() []ExplainedFired {
	out := []ExplainedFired{}
	rows := map[string]indicator.Indicator{}
	for _, in := range x.c.pack.Indicators {
		rows[in.ID] = in
	}
	for _, p := range x.r.Present {
		in := rows[p.ID]
		fired := ExplainedFired{ID: p.ID, Dimension: p.Dimension, Text: words(in.Text, x.lang), Source: in.Source, Secondary: in.Secondary, Because: []AskedQuestion{}}
		fired.Strength = indicator.StrengthWord(p.Strength, x.r.Population.Rule, x.lang).Text
		for _, b := range p.Because {
			fired.Because = append(fired.Because, x.question(b.Question, b.Values))
		}
		out = append(out, fired)
	}
	return out
}

func (x explainer) title(outcome string) Words {
	o := outcomeTitle(x.c.pack, outcome, x.lang)
	return Words{Text: o.Title, Lang: x.lang, Draft: o.Draft}
}

// question finds the words of a question: the form's, else the pack's, else its name.
func (x explainer) question(name string, values []string) AskedQuestion {
	out := AskedQuestion{Name: name, Label: name}
	for _, q := range x.c.pack.Questions {
		if q.Name == name && len(q.Label) > 0 {
			out.Label = words(q.Label, x.lang).Text
		}
	}
	f := x.c.form
	field := f.named(name)
	if field != nil {
		out.Label = firstOf(f.text(field.label, x.lang), out.Label)
	}
	for _, v := range values {
		if field != nil {
			v = firstOf(field.valueLabel(f, v, x.lang), v)
		}
		out.Values = append(out.Values, v)
	}
	return out
}
