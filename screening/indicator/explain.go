package indicator

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

//go:embed wording.json
var wordingJSON []byte

// wording holds the sentences of an explanation, as translated data.
var wording = func() map[string]Text {
	var w map[string]Text
	if err := json.Unmarshal(wordingJSON, &w); err != nil {
		panic("indicator: wording.json: " + err.Error())
	}
	return w
}()

// Line is one sentence of an explanation.
type Line struct {
	// Kind: offer, caution, population, need, case, next, dimension, rule,
	// indicator, answer, unanswered, not_covered, flag, provenance, warning.
	Kind string `json:"kind"`
	// About is the id of the outcome, dimension, indicator or question.
	About string `json:"about,omitempty"`
	Text  string `json:"text"`
	// Lang is the language of the sentence: English where there is no other.
	Lang string `json:"lang"`
	// Draft: some part of it was not checked by a speaker.
	Draft bool `json:"draft,omitempty"`
}

// Explain puts a result into words in one language: first what to do and that
// it is no finding, then each need and case, what could settle what is open,
// the rules and indicators with the answers behind them, what was left
// unanswered, and where it all comes from.
func Explain(p *Pack, r Result, lang string) []Line {
	x := &explainer{pack: p, lang: lang, questions: map[string]*Question{}}
	for i := range p.Questions {
		x.questions[p.Questions[i].Name] = &p.Questions[i]
	}
	x.say("offer", "", "offer."+string(r.Offer.State))
	x.say("caution", "", "never_a_finding")
	x.population(r.Population)
	x.outcomes(&r)
	for _, flag := range r.Flags {
		if _, ok := wording["flag."+flag]; ok {
			x.say("flag", flag, "flag."+flag)
		}
	}
	x.next(&r)
	x.dimensions(&r)
	x.views(&r)
	for _, u := range r.Unanswered {
		x.say("unanswered", u.Question, "unanswered."+string(u.State), with("question", x.question(u.Question)))
	}
	if len(r.Unanswered) > 0 {
		x.say("unanswered", "", "unanswered.note")
	}
	if n := len(r.NotCovered); n > 0 {
		x.say("not_covered", "", "not_covered", with("count", plain(strconv.Itoa(n))))
	}
	for _, w := range r.Warnings {
		x.say("warning", w.Question, "warning", with("question", x.question(w.Question)))
	}
	if !r.Pack.Validated {
		x.say("caution", "", "caution.not_validated")
	}
	if r.Pack.Secondary {
		x.say("caution", "", "caution.secondary")
	}
	x.say("provenance", r.Pack.ID, "provenance", with("pack", plain(r.Pack.ID+" "+r.Pack.Version)),
		with("hash", plain(r.Pack.Hash)), with("profile", plain(r.Profile.ID+" "+r.Profile.Version)))
	return x.lines
}

type explainer struct {
	pack      *Pack
	lang      string
	questions map[string]*Question
	lines     []Line
}

// phrase is a text to be put into a sentence.
type phrase struct {
	text  string
	draft bool
}

func plain(s string) phrase { return phrase{text: s} }

type slot struct {
	name string
	with phrase
}

func with(name string, p phrase) slot { return slot{name, p} }

func (x *explainer) phrase(t Text) phrase {
	w, _ := t.In(x.lang)
	return phrase{w.Text, w.Draft}
}

func (x *explainer) say(kind, about, key string, slots ...slot) {
	w, lang := wording[key].In(x.lang)
	line := Line{Kind: kind, About: about, Text: w.Text, Lang: lang, Draft: w.Draft}
	for _, s := range slots {
		line.Text = strings.ReplaceAll(line.Text, "{"+s.name+"}", s.with.text)
		line.Draft = line.Draft || s.with.draft
	}
	x.lines = append(x.lines, line)
}

func (x *explainer) population(p PopulationResult) {
	key := "population." + p.Rule
	if p.PresumedChild {
		key = "population.presumed"
	}
	x.say("population", "", key)
}

func (x *explainer) profile(id string) *Profile {
	for i := range x.pack.Profiles {
		if x.pack.Profiles[i].ID == id {
			return &x.pack.Profiles[i]
		}
	}
	return nil
}

// outcomes says needs before cases; of the cases only what was seen or is
// open, or the list would hide it.
func (x *explainer) outcomes(r *Result) {
	profile := x.profile(r.Profile.ID)
	if profile == nil {
		return
	}
	for _, kind := range []string{KindNeed, KindCase} {
		for i, f := range r.Outcomes {
			if f.Kind != kind || kind == KindCase && f.State != Established {
				continue
			}
			o := &profile.Outcomes[i]
			if !x.outcome(kind, f, o) {
				continue
			}
			if f.State == Established && len(o.Offer) > 0 {
				w, lang := o.Offer.In(x.lang)
				x.lines = append(x.lines, Line{Kind: "offer", About: f.ID, Text: w.Text, Lang: lang, Draft: w.Draft})
			}
		}
	}
}

// absence is an outcome that says that others were not seen: "not (trafficking or asylum)".
var absence = regexp.MustCompile(`^\s*not\s*(\([^()]*\)|[A-Za-z_][A-Za-z0-9_.]*)\s*$`)

// outcome says what became of one outcome. That an absence was not seen would be a double negation: then it says
// nothing.
func (x *explainer) outcome(kind string, f Finding, o *Outcome) bool {
	state := string(f.State)
	if absence.MatchString(o.When) {
		if f.State != Established {
			return false
		}
		state = "absence"
	}
	x.say(kind, f.ID, "state."+state, with("title", x.phrase(o.Title)))
	return true
}

func (x *explainer) next(r *Result) {
	profile := x.profile(r.Profile.ID)
	for _, n := range r.Next {
		if n.Target == "offer" || profile == nil {
			continue
		}
		for i := range profile.Outcomes {
			if profile.Outcomes[i].ID != n.Target {
				continue
			}
			key := "next.many"
			if len(n.Questions) == 1 {
				key = "next.one"
			}
			x.say("next", n.Target, key, with("title", x.phrase(profile.Outcomes[i].Title)),
				with("count", plain(strconv.Itoa(len(n.Questions)))), with("questions", x.questionList(n.Questions)))
		}
	}
}

func (x *explainer) questionList(names []string) phrase {
	var out phrase
	for i, name := range names {
		q := x.question(name)
		if i > 0 {
			out.text += " / "
		}
		out.text += q.text
		out.draft = out.draft || q.draft
	}
	return out
}

func (x *explainer) question(name string) phrase {
	q := x.questions[name]
	if q == nil || len(q.Label) == 0 {
		return plain(name)
	}
	return x.phrase(q.Label)
}

// dimensions says each dimension with something in it, its rule, and its
// indicators with the answers behind them.
func (x *explainer) dimensions(r *Result) {
	rules := map[string]Text{}
	for _, rule := range x.pack.Rules {
		rules[rule.ID] = rule.Text
	}
	for i, f := range r.Dimensions {
		d := &x.pack.Dimensions[i]
		var present []Present
		for _, p := range r.Present {
			if p.Dimension == d.ID {
				present = append(present, p)
			}
		}
		if len(present) == 0 && !f.Certain {
			continue
		}
		x.say("dimension", d.ID, "state."+string(f.State), with("title", x.phrase(d.Title)))
		x.say("rule", d.ID, "rule", with("rule", x.phrase(rules[d.Rule])))
		for _, p := range present {
			x.indicator(p, r.Population.Rule)
		}
	}
}

func (x *explainer) indicator(p Present, rule string) {
	for i := range x.pack.Indicators {
		row := &x.pack.Indicators[i]
		if row.ID != p.ID {
			continue
		}
		x.say("indicator", p.ID, "indicator", with("text", x.phrase(row.Text)), with("strength", x.strength(p.Strength, rule)))
	}
	for _, b := range p.Because {
		var values phrase
		for i, v := range b.Values {
			if i > 0 {
				values.text += ", "
			}
			a := x.answer(b.Question, v)
			values.text += a.text
			values.draft = values.draft || a.draft
		}
		x.say("answer", b.Question, "answer", with("question", x.question(b.Question)), with("answer", values))
	}
}

// StrengthWord is the weight of an indicator in words, under the rule that a
// result used: "strong / medium" where both are shown and they differ.
func StrengthWord(s Strength, rule, lang string) Wording {
	word := func(one string) (w Wording) {
		if one != "" {
			w, _ = wording["strength."+one].In(lang)
		}
		return w
	}
	switch {
	case rule == "adult":
		return word(s.Adult)
	case rule == "child" || s.Adult == "" || s.Adult == s.Child:
		return word(s.Child)
	case s.Child == "":
		return word(s.Adult)
	}
	a, c := word(s.Adult), word(s.Child)
	return Wording{a.Text + " / " + c.Text, a.Draft || c.Draft}
}

func (x *explainer) strength(s Strength, rule string) phrase {
	one := s.Child
	if rule == "adult" {
		one = s.Adult
	}
	if rule == "both" && s.Adult != s.Child {
		one = "differs"
	}
	if one == "" {
		one = "none"
	}
	return x.phrase(wording["strength."+one])
}

func (x *explainer) answer(question, value string) phrase {
	if q := x.questions[question]; q != nil {
		if label, ok := q.ChoiceLabels[value]; ok {
			return x.phrase(label)
		}
	}
	if value == "yes" || value == "no" {
		return x.phrase(wording["answer."+value])
	}
	return plain(value)
}

// views says, while the age is not settled, what each rule makes of the needs
// and cases that are established or open under it.
func (x *explainer) views(r *Result) {
	profile := x.profile(r.Profile.ID)
	if profile == nil {
		return
	}
	for _, v := range r.Views {
		x.say("population", v.Population, "view."+v.Population)
		for i, f := range v.Outcomes {
			if f.State == Established {
				x.outcome(f.Kind, f, &profile.Outcomes[i])
			}
		}
	}
}

// ExplanationLanguages lists the languages the sentences exist in.
func ExplanationLanguages() []string {
	var out []string
	for lang := range wording["never_a_finding"] {
		out = append(out, lang)
	}
	sort.Strings(out)
	return out
}
