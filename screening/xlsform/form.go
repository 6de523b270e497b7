package xlsform

// The words of a form between the sheets and the XML. Every element knows the
// row that it comes from.

type kind uint8

const (
	kindQuestion kind = iota
	kindGroup
	kindRepeat
	kindLoop
	kindSurvey
	kindMeta     // the group of the form's own data
	kindEntity   // an entity declaration inside meta
	kindExternal // a file declared as an instance, no question
)

func (k kind) word() string {
	switch k {
	case kindGroup:
		return "group"
	case kindRepeat:
		return "repeat"
	case kindLoop:
		return "loop"
	case kindSurvey:
		return "survey"
	}
	return "question"
}

// element is one node of the answers.
type element struct {
	kind     kind
	name     string
	typ      string // canonical question type
	written  string // the type as the sheet has it
	row      int    // in the survey sheet; 0 = made by the compiler
	made     place  // of what the compiler makes: the cell that it is made from
	parent   *element
	children []*element
	path     string // absolute, set once the tree stands

	label, hint, guidance langText
	media                 pairs
	mediaText             string // a bare "media" column, which means nothing but counts as a label
	bind                  pairs
	control               pairs
	instance              pairs
	deflt                 string
	triggers              []string
	choiceFilter          string
	params                params
	list                  string      // choice list, file stem or ${question}
	listRef               string      // ${question} whose repeat gives the choices
	file                  string      // of a select from file
	other                 bool        // or_other
	search                bool        // the choices are written inline, for search() to replace them
	tags                  *choiceList // of an osm question
	flat                  bool        // a group that leaves no node: its questions stand in the container around it

	triggered []*element // elements set when this one changes
	entity    *entity
}

func (e *element) add(child *element) {
	child.parent = e
	e.children = append(e.children, child)
}

// walk visits e and everything under it in document order.
func (e *element) walk(f func(*element)) {
	f(e)
	for _, c := range e.children {
		c.walk(f)
	}
}

// repeat is the nearest repeat around e, not e itself.
func (e *element) repeat() *element {
	for p := e.parent; p != nil; p = p.parent {
		if p.kind == kindRepeat {
			return p
		}
	}
	return nil
}

func (e *element) def() questionType { return questionTypes[e.typ] }

func (e *element) bindType() string {
	if t := e.bind.get("type"); t != "" {
		return t
	}
	for _, a := range e.def().bind {
		if a.name == "type" {
			return a.value
		}
	}
	return ""
}

func (e *element) isSelect() bool {
	switch e.typ {
	case typeSelectOne, typeSelectMultiple, typeRank, typeSelectExternal:
		return true
	}
	return false
}

// dynamicDefault tells whether the default must be computed.
func (e *element) dynamicDefault() bool {
	return e.kind == kindQuestion && isDynamic(e.deflt, e.typ)
}

// labelInItext tells whether the label lives in the translations.
func (e *element) labelInItext() bool { return e.label.translated() || len(e.media) > 0 }

func (e *element) hintInItext() bool { return e.hint.translated() || !e.guidance.empty() }

// choiceList is one list of the choices sheet.
type choiceList struct {
	name    string
	choices []*choice
	itext   bool // labels live in the translations
	inline  bool // used by search(): written into the questions, not as an instance

	named    map[string]bool // the names, once somebody asks
	hasOther bool            // the choice "other" is in it
	spaced   *choice         // the first choice with a space in its name
	ticks    *tickSet        // its names as numbers
}

// has tells whether a choice of the name is in the list.
func (l *choiceList) has(name string) bool {
	if l.named == nil {
		l.named = make(map[string]bool, len(l.choices))
		for _, ch := range l.choices {
			l.named[ch.name] = true
		}
	}
	return l.named[name]
}

// near finds the choice that was probably meant. Of a long list nobody expects it,
// and looking would take time.
func (l *choiceList) near(name string) string {
	if len(l.choices) > 1000 || len(name) > 100 {
		return ""
	}
	names := make([]string, len(l.choices))
	for i, ch := range l.choices {
		names[i] = ch.name
	}
	return suggest(name, names)
}

type choice struct {
	row   int
	name  string
	label langText
	media pairs
	extra pairs
}

// formLists keeps the lists in the order of the sheet.
type formLists struct {
	order  []*choiceList
	byName map[string]*choiceList
}

func (l *formLists) get(name string) *choiceList { return l.byName[name] }

func (l *formLists) names() []string {
	out := make([]string, len(l.order))
	for i, x := range l.order {
		out[i] = x.name
	}
	return out
}
