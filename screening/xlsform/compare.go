package xlsform

import (
	"fmt"
	"sort"
)

// Diff is what changed from one version of a form to the next.
type Diff struct {
	Changes []Change `json:"changes"`
	// Breaking counts the changes after which old and new answers cannot be
	// read as one table.
	Breaking int `json:"breaking"`
	// More counts the changes beyond the first maxChanges, which are not listed.
	More int `json:"more,omitempty"`
}

// maxChanges is more than anybody reads: a long list that every question uses
// would give its changes once for each of them.
const maxChanges = 10_000

// Change is one difference. Path is the question in the newer form, or in the
// older where it is gone.
type Change struct {
	Kind     string `json:"kind"` // added, removed, moved, type, text, choice-added, choice-removed, choice-text, relevant, constraint, calculation, default, choice-filter, appearance, required, order, title, id, version, language-added, language-removed
	Path     string `json:"path,omitempty"`
	Name     string `json:"name,omitempty"`
	Row      int    `json:"row,omitempty"` // in the newer survey sheet, or the older where it is gone
	Language string `json:"language,omitempty"`
	Choice   string `json:"choice,omitempty"`
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Breaking bool   `json:"breaking,omitempty"`
}

func (c Change) String() string {
	s := c.Kind
	if c.Path != "" {
		s += " " + c.Path
	}
	if c.Choice != "" {
		s += " [" + c.Choice + "]"
	}
	if c.Language != "" {
		s += " (" + c.Language + ")"
	}
	switch {
	case c.Before != "" && c.After != "":
		s += fmt.Sprintf(": %q -> %q", c.Before, c.After)
	case c.After != "":
		s += fmt.Sprintf(": %q", c.After)
	case c.Before != "":
		s += fmt.Sprintf(": was %q", c.Before)
	}
	return s
}

// Compare tells the structural difference between an older form a and a newer b.
func Compare(a, b *Form) Diff {
	var d Diff
	add := func(c Change) {
		if len(d.Changes) < maxChanges {
			d.Changes = append(d.Changes, c)
		} else {
			d.More++
		}
		if c.Breaking {
			d.Breaking++
		}
	}
	for _, x := range [...]struct{ kind, before, after string }{{"id", a.ID, b.ID}, {"title", a.Title, b.Title}, {"version", a.Version, b.Version}} {
		if x.before != x.after {
			add(Change{Kind: x.kind, Before: x.before, After: x.after, Breaking: x.kind == "id"})
		}
	}
	compareLanguages(a, b, add)
	old, moved := map[string]*Question{}, map[string][]*Question{}
	for i := range a.Questions {
		q := &a.Questions[i]
		old[q.Path] = q
		moved[q.Name] = append(moved[q.Name], q)
	}
	now := map[string]bool{}
	for i := range b.Questions {
		now[b.Questions[i].Path] = true
	}
	taken := map[string]bool{}
	lists := listChanges{}
	for i := range b.Questions {
		q := &b.Questions[i]
		before := old[q.Path]
		if before == nil {
			for _, m := range moved[q.Name] {
				if !now[m.Path] && !taken[m.Path] {
					before = m
					taken[m.Path] = true
					add(Change{Kind: "moved", Path: q.Path, Name: q.Name, Row: q.Row, Before: m.Path, After: q.Path, Breaking: true})
					break
				}
			}
		}
		if before == nil {
			add(Change{Kind: "added", Path: q.Path, Name: q.Name, Row: q.Row, After: anyText(q.Labels)})
			continue
		}
		compareQuestions(before, q, add)
		list := lists.of(before.Choices, q.Choices)
		if len(d.Changes) == maxChanges {
			d.More += len(list.changes)
			d.Breaking += list.breaking
			continue
		}
		for _, c := range list.changes {
			c.Path, c.Name, c.Row = q.Path, q.Name, q.Row
			add(c)
		}
	}
	for i := range a.Questions {
		q := &a.Questions[i]
		if !now[q.Path] && !taken[q.Path] {
			add(Change{Kind: "removed", Path: q.Path, Name: q.Name, Row: q.Row, Before: anyText(q.Labels), Breaking: true})
		}
	}
	compareOrder(a, b, add)
	return d
}

func compareLanguages(a, b *Form, add func(Change)) {
	had, has := map[string]bool{}, map[string]bool{}
	for _, l := range a.Languages {
		had[l.Name] = true
	}
	for _, l := range b.Languages {
		has[l.Name] = true
		if !had[l.Name] {
			add(Change{Kind: "language-added", Language: l.Name})
		}
	}
	for _, l := range a.Languages {
		if !has[l.Name] {
			add(Change{Kind: "language-removed", Language: l.Name})
		}
	}
}

func compareQuestions(a, b *Question, add func(Change)) {
	at := func(kind string) Change { return Change{Kind: kind, Path: b.Path, Name: b.Name, Row: b.Row} }
	if a.Kind != b.Kind {
		c := at("type")
		c.Before, c.After, c.Breaking = a.Type, b.Type, true
		add(c)
	}
	for _, x := range [...]struct {
		kind, before, after string
	}{{"relevant", a.Relevant, b.Relevant}, {"constraint", a.Constraint, b.Constraint}, {"calculation", a.Calculation, b.Calculation},
		{"default", a.Default, b.Default}, {"choice-filter", a.ChoiceFilter, b.ChoiceFilter}, {"appearance", a.Appearance, b.Appearance},
		{"required", yesOrNo(a.Required), yesOrNo(b.Required)}} {
		if x.before != x.after {
			c := at(x.kind)
			c.Before, c.After = x.before, x.after
			add(c)
		}
	}
	for _, t := range [...]struct {
		kind          string
		before, after map[string]string
	}{{"text", a.Labels, b.Labels}, {"hint", a.Hints, b.Hints}, {"guidance", a.Guidance, b.Guidance}} {
		for _, lang := range bothKeys(t.before, t.after) {
			if t.before[lang] != t.after[lang] {
				c := at(t.kind)
				c.Language, c.Before, c.After = lang, t.before[lang], t.after[lang]
				add(c)
			}
		}
	}
}

// listChanges remembers what changed between two lists: questions share them.
type listChanges map[listPair]listDiff

type listDiff struct {
	changes  []Change
	breaking int
}

type listPair struct {
	a, b       *Choice
	lenA, lenB int
}

func (m listChanges) of(a, b []Choice) listDiff {
	key := listPair{lenA: len(a), lenB: len(b)}
	if len(a) > 0 {
		key.a = &a[0]
	}
	if len(b) > 0 {
		key.b = &b[0]
	}
	out, done := m[key]
	if !done {
		out.changes = compareChoices(a, b)
		for _, c := range out.changes {
			if c.Breaking {
				out.breaking++
			}
		}
		m[key] = out
	}
	return out
}

func compareChoices(a, b []Choice) (out []Change) {
	old := map[string]*Choice{}
	for i := range a {
		old[a[i].Name] = &a[i]
	}
	has := map[string]bool{}
	for i := range b {
		ch := &b[i]
		has[ch.Name] = true
		before := old[ch.Name]
		if before == nil {
			out = append(out, Change{Kind: "choice-added", Choice: ch.Name, After: anyText(ch.Labels)})
			continue
		}
		for _, lang := range bothKeys(before.Labels, ch.Labels) {
			if before.Labels[lang] != ch.Labels[lang] {
				out = append(out, Change{Kind: "choice-text", Choice: ch.Name, Language: lang, Before: before.Labels[lang], After: ch.Labels[lang]})
			}
		}
	}
	for i := range a {
		if ch := &a[i]; !has[ch.Name] {
			out = append(out, Change{Kind: "choice-removed", Choice: ch.Name, Before: anyText(ch.Labels), Breaking: true})
		}
	}
	return out
}

// compareOrder tells once where the questions that both forms have come in
// another order.
func compareOrder(a, b *Form, add func(Change)) {
	place := map[string]int{}
	for i, q := range a.Questions {
		place[q.Path] = i + 1
	}
	last := 0
	for _, q := range b.Questions {
		p := place[q.Path]
		if p == 0 {
			continue
		}
		if p < last {
			add(Change{Kind: "order", Path: q.Path, Name: q.Name, Row: q.Row, After: "comes later than before"})
			return
		}
		last = p
	}
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func bothKeys(a, b map[string]string) []string {
	out := sortedKeys(a)
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

func anyText(m map[string]string) string {
	for _, k := range sortedKeys(m) {
		if m[k] != "" {
			return m[k]
		}
	}
	return ""
}
