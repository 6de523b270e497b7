package indicator

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	idPattern      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,79}$`)
	versionPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$`)
	langPattern    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// check looks at everything except the expressions.
func (p *Pack) check(c *checker) {
	if p.Format != Format {
		c.add("format", "unknown format “"+p.Format+"”", "this version reads "+Format)
	}
	if p.tooLarge(c) {
		return
	}
	c.id("id", p.ID)
	c.version("version", p.Version)
	c.text("title", p.Title, true)
	c.text("note", p.Note, false)
	p.checkCodes(c)
	sources := p.checkSources(c)
	p.checkQuestions(c)
	rules := map[string]bool{}
	for i, r := range p.Rules {
		place := fmt.Sprintf("rules[%d]", i)
		c.unique(place+".id", r.ID, rules)
		c.text(place+".text", r.Text, true)
		c.known(place+".source", r.Source, sources, "source", false)
	}
	dims := map[string]bool{"adult": true, "child": true}
	for i, d := range p.Dimensions {
		place := fmt.Sprintf("dimensions[%d]", i)
		c.unique(place+".id", d.ID, dims)
		c.text(place+".title", d.Title, true)
		c.known(place+".rule", d.Rule, rules, "rule", true)
		c.known(place+".source", d.Source, sources, "source", false)
	}
	p.checkIndicators(c, dims, sources)
	p.checkProfiles(c, dims, sources)
	if strings.TrimSpace(p.Population.Adult) == "" {
		c.add("population.adult", "nothing says who is an adult", "write an expression over answers, for example: age >= 18")
	}
}

// What a phone scores after every answer has to stay small: the largest list in
// use has 119 indicators.
const (
	maxIndicators = 2_000
	maxQuestions  = 2_000
	maxChoices    = 5_000 // of one question
	maxOthers     = 500   // sources, rules, dimensions, profiles, outcomes of a profile
)

// tooLarge refuses, before anything else is looked at, what would take long to
// check and longer to score.
func (p *Pack) tooLarge(c *checker) bool {
	before := len(c.problems)
	limit := func(place, noun string, n, most int) {
		if n > most {
			c.add(place, fmt.Sprintf("there are %d %s; a pack holds at most %d", n, noun, most), "split the pack")
		}
	}
	limit("sources", "sources", len(p.Sources), maxOthers)
	limit("rules", "rules", len(p.Rules), maxOthers)
	limit("dimensions", "dimensions", len(p.Dimensions), maxOthers)
	limit("indicators", "indicators", len(p.Indicators), maxIndicators)
	limit("questions", "questions", len(p.Questions), maxQuestions)
	for i, q := range p.Questions {
		limit(fmt.Sprintf("questions[%d].choices", i), "choices", len(q.Choices), maxChoices)
	}
	limit("profiles", "profiles", len(p.Profiles), maxOthers)
	for i, pr := range p.Profiles {
		limit(fmt.Sprintf("profiles[%d].outcomes", i), "outcomes", len(pr.Outcomes), maxOthers)
	}
	return len(c.problems) > before
}

func (p *Pack) checkCodes(c *checker) {
	for _, v := range p.Codes.NotKnown {
		if contains(p.Codes.Declined, v) {
			c.add("codes", "“"+v+"” cannot mean both not known and declined", "remove one")
		}
	}
	for _, v := range append(append([]string(nil), p.Codes.NotKnown...), p.Codes.Declined...) {
		if v == "" || v == "yes" || v == "no" {
			c.add("codes", "“"+v+"” cannot stand for not known or declined", "use a name like not_known or declined")
		}
	}
}

func (p *Pack) checkSources(c *checker) map[string]bool {
	seen := map[string]bool{}
	for i, s := range p.Sources {
		place := fmt.Sprintf("sources[%d]", i)
		c.unique(place+".id", s.ID, seen)
		if strings.TrimSpace(s.Cite) == "" {
			c.add(place+".cite", "the citation is empty", "say where the rows come from, so that they can be checked")
		}
	}
	return seen
}

func (p *Pack) checkQuestions(c *checker) {
	seen := map[string]bool{}
	for i, q := range p.Questions {
		place := fmt.Sprintf("questions[%d]", i)
		switch {
		case !validName(q.Name):
			c.add(place+".name", "“"+q.Name+"” is not a question name", "use letters, digits and underscores, starting with a letter")
		case keywords[q.Name]:
			c.add(place+".name", "“"+q.Name+"” is a word of the expression language", "rename the question")
		case seen[q.Name]:
			c.add(place+".name", "the question “"+q.Name+"” is there twice", "rename or remove one")
		}
		seen[q.Name] = true
		kind, ok := questionKinds[q.Type]
		if !ok {
			c.add(place+".type", "unknown type “"+q.Type+"”", "use yes_no, select_one, select_multiple, integer, decimal, date or text")
		}
		if ok && len(q.Choices) == 0 && (kind == kindOne && q.Type != "yes_no" || kind == kindMultiple) {
			c.add(place+".choices", "the question has no choices", "list their names")
		}
		if ok && len(q.Choices) > 0 && kind != kindOne && kind != kindMultiple {
			c.add(place+".choices", "a "+q.Type+" has no choices", "remove them")
		}
		choices := map[string]bool{}
		for j, ch := range q.Choices {
			if ch == "" || strings.ContainsAny(ch, " \t\n'\"") || choices[ch] {
				c.add(fmt.Sprintf("%s.choices[%d]", place, j), "“"+ch+"” is empty, doubled, or has a space or quote in it", "use short distinct names")
			}
			choices[ch] = true
		}
		c.text(place+".label", q.Label, false)
	}
}

func (p *Pack) checkIndicators(c *checker, dims, sources map[string]bool) {
	if len(p.Indicators) == 0 {
		c.add("indicators", "the pack has no indicators", "add at least one")
	}
	seen := map[string]bool{}
	for i, ind := range p.Indicators {
		place := fmt.Sprintf("indicators[%d]", i)
		c.unique(place+".id", ind.ID, seen)
		if ind.Dimension == "adult" || ind.Dimension == "child" {
			c.add(place+".dimension", "adult and child are no dimensions", "name a dimension's id")
		}
		c.known(place+".dimension", ind.Dimension, dims, "dimension", true)
		c.known(place+".source", ind.Source, sources, "source", true)
		c.text(place+".text", ind.Text, true)
		for who, s := range map[string]string{"adult": ind.Strength.Adult, "child": ind.Strength.Child} {
			if _, ok := strengthKinds[s]; !ok {
				c.add(place+".strength."+who, "unknown strength “"+s+"”", "use S, M, W, U, or leave it empty where the list of that population has no such row")
			}
		}
		if ind.Strength == (Strength{}) {
			c.add(place+".strength", "the indicator counts for nobody", "give it a strength for adult, child or both")
		}
	}
}

func (p *Pack) checkProfiles(c *checker, dims, sources map[string]bool) {
	if len(p.Profiles) == 0 {
		c.add("profiles", "nothing says what the dimensions mean together", "add a profile with at least one outcome")
	}
	ids := map[string]bool{}
	for i, pr := range p.Profiles {
		place := fmt.Sprintf("profiles[%d]", i)
		c.unique(place+".id", pr.ID, ids)
		c.version(place+".version", pr.Version)
		c.text(place+".title", pr.Title, true)
		c.text(place+".note", pr.Note, false)
		c.known(place+".source", pr.Source, sources, "source", false)
		if len(pr.Outcomes) == 0 {
			c.add(place+".outcomes", "the profile has no outcomes", "add at least one")
		}
		seen := map[string]bool{}
		for j, o := range pr.Outcomes {
			at := fmt.Sprintf("%s.outcomes[%d]", place, j)
			c.unique(at+".id", o.ID, seen)
			if dims[o.ID] {
				c.add(at+".id", "“"+o.ID+"” is already a dimension, or the word adult or child", "rename the outcome")
			}
			if o.Kind != KindCase && o.Kind != KindNeed {
				c.add(at+".kind", "unknown kind “"+o.Kind+"”", "use case or need")
			}
			c.text(at+".title", o.Title, true)
			c.text(at+".offer", o.Offer, false)
			c.known(at+".source", o.Source, sources, "source", false)
			for _, f := range o.Flags {
				c.id(at+".flags", f)
			}
		}
	}
}

func (c *checker) id(place, id string) {
	if !idPattern.MatchString(id) || keywords[id] {
		c.add(place, "“"+id+"” is not an id", "use up to 80 letters, digits, _ . - and start with a letter; and, or, not, count and selected are taken")
	}
}

func (c *checker) unique(place, id string, seen map[string]bool) {
	c.id(place, id)
	if seen[id] {
		c.add(place, "“"+id+"” is there twice", "give each its own id")
	}
	seen[id] = true
}

func (c *checker) version(place, v string) {
	if !versionPattern.MatchString(v) {
		c.add(place, "“"+v+"” is not a version", "write for example 1.0.0")
	}
}

func (c *checker) known(place, id string, have map[string]bool, noun string, must bool) {
	switch {
	case id == "" && must:
		c.add(place, "the "+noun+" is missing", "name the id of a "+noun)
	case id != "" && !have[id]:
		c.add(place, "there is no "+noun+" “"+id+"”", "check the spelling, or add it")
	}
}

func (c *checker) text(place string, t Text, must bool) {
	if must && len(t) == 0 {
		c.add(place, "there is no text", "write it in at least one language, for example {\"en\": \"...\"}")
	}
	for lang, w := range t {
		if !langPattern.MatchString(lang) {
			c.add(place, "“"+lang+"” is not a language tag", "use a tag like en, id, th, vi, my, ar")
		}
		if strings.TrimSpace(w.Text) == "" {
			c.add(place+"."+lang, "the text is empty", "write it or remove the language")
		}
	}
}

// compile checks the expressions and builds the program.
func (p *Pack) compile(c *checker) {
	prog := &program{byName: map[string]int{}, notKnown: set(p.Codes.NotKnown), declined: set(p.Codes.Declined)}
	for i, q := range p.Questions {
		compiled := &question{name: q.Name, kind: questionKinds[q.Type], derived: q.Derived}
		for _, ch := range q.Choices {
			if prog.notKnown[ch] || prog.declined[ch] {
				compiled.codes = append(compiled.codes, ch)
			} else {
				compiled.choices = append(compiled.choices, ch)
			}
		}
		if len(compiled.codes) == 0 {
			compiled.codes = append(append(compiled.codes, p.Codes.NotKnown...), p.Codes.Declined...)
		}
		prog.questions = append(prog.questions, compiled)
		prog.byName[q.Name] = i
	}
	k := &compiler{prog: prog, pack: p, c: c, busy: map[int]bool{}, done: map[int]bool{}, weights: map[*node]weight{}}
	for i := range p.Questions {
		k.relevance(i)
	}
	prog.adult = k.source("population.adult", p.Population.Adult)
	prog.notAdult = nodeTrue
	if e, err := parse(p.Population.Adult); err == nil && len(c.problems) == 0 {
		k.size = 0
		prog.notAdult = k.answers("population.adult", e, true)
	}
	prog.adultQuestions = questionsOf(prog.adult)
	k.dimensionsAndIndicators()
	k.profiles()
	for _, q := range prog.questions {
		q.base = prog.atoms
		prog.atoms += len(q.atoms)
		q.buildDomain(prog)
		for _, a := range q.atoms {
			if a.form && !containsInt(prog.gates, prog.byName[q.name]) {
				prog.gates = append(prog.gates, prog.byName[q.name])
			}
		}
	}
	p.prog = prog
}

func set(list []string) map[string]bool {
	m := map[string]bool{}
	for _, e := range list {
		m[e] = true
	}
	return m
}

func (k *compiler) source(place, src string) *node {
	e, err := parse(src)
	if err != nil {
		k.syntax(place, err)
		return nodeFalse
	}
	k.size = 0
	n := k.answers(place, e, false)
	if k.tooHeavy(place, n) {
		return nodeFalse
	}
	return n
}

func (k *compiler) dimensionsAndIndicators() {
	dims, rules := map[string]int{}, map[string][]clause{}
	for i, r := range k.pack.Rules {
		place := fmt.Sprintf("rules[%d].when", i)
		e, err := parse(r.When)
		if err != nil {
			k.syntax(place, err)
			continue
		}
		clauses, bad := ruleClauses(e)
		if bad != nil {
			k.syntax(place, bad)
		}
		rules[r.ID] = clauses
	}
	for i, d := range k.pack.Dimensions {
		dims[d.ID] = i
		k.prog.dims = append(k.prog.dims, dimension{clauses: rules[d.Rule]})
	}
	secondary := map[string]bool{}
	for _, s := range k.pack.Sources {
		secondary[s.ID] = s.Secondary
	}
	for i, ind := range k.pack.Indicators {
		row := indicatorRow{dim: dims[ind.Dimension], strength: [2]strengthKind{strengthKinds[ind.Strength.Adult], strengthKinds[ind.Strength.Child]}}
		if ind.When == "" {
			k.prog.uncovered = append(k.prog.uncovered, ind.ID)
		} else {
			row.when = k.source(fmt.Sprintf("indicators[%d].when", i), ind.When)
			for _, q := range questionsOf(row.when) {
				k.prog.questions[q].usedBy = append(k.prog.questions[q].usedBy, i)
			}
		}
		k.prog.indicators = append(k.prog.indicators, row)
		k.prog.dims[row.dim].indicators = append(k.prog.dims[row.dim].indicators, i)
		k.prog.secondary = k.prog.secondary || ind.Secondary || secondary[ind.Source]
	}
}

func (k *compiler) profiles() {
	dims := map[string]int{}
	for i, d := range k.pack.Dimensions {
		dims[d.ID] = i
	}
	for i, pr := range k.pack.Profiles {
		var compiled profile
		before := map[string]int{}
		for j, o := range pr.Outcomes {
			place := fmt.Sprintf("profiles[%d].outcomes[%d].when", i, j)
			n := nodeFalse
			if e, err := parse(o.When); err != nil {
				k.syntax(place, err)
			} else {
				k.size = 0
				n = k.outcome(dims, before)(place, e, false)
				before[o.ID] = j
			}
			compiled.outcomes = append(compiled.outcomes, n)
			if o.Positive {
				compiled.positive = append(compiled.positive, j)
			}
		}
		k.prog.profiles = append(k.prog.profiles, compiled)
	}
}

// questionsOf lists the questions a node reads, each once, in pack order.
func questionsOf(n *node) []int {
	seen := map[int]bool{}
	var walk func(*node)
	walk = func(n *node) {
		if n.kind == nodeAtom {
			seen[n.q] = true
		}
		for _, kid := range n.kids {
			walk(kid)
		}
	}
	walk(n)
	out := make([]int, 0, len(seen))
	for q := range seen {
		out = append(out, q)
	}
	sortInts(out)
	return out
}

func sortInts(list []int) {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}
