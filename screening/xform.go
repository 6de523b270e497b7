package screening

import (
	"errors"
	"slices"
	"strings"
)

// Form is what the desk reads from an XForm: enough to serve it and to show an interview with the words that
// were asked. It does not run the form; that is the client's work.
type Form struct {
	ID       string
	Version  string
	Title    string
	Default  string                       // language that is shown first
	Fields   []Field                      // in the form's order
	byPath   map[string]int               // path of a field -> index
	texts    map[string]map[string]string // language -> itext id -> text
	Language []string                     // as the form names them, e.g. "English (en)"
	Lists    map[string][]string          // entity list that it creates or changes -> properties it saves
	Files    []string                     // names of the CSV files that it chooses from
}

// Field is a question, a note, a calculation or a group of a form.
type Field struct {
	Path    string
	Name    string
	Type    string // of its bind, e.g. "string", "select1"
	Group   bool
	Repeat  bool
	Needed  bool   // an answer is required
	When    string // relevance, as the form says it; empty = always
	SaveTo  string // property of an entity that the answer is saved to
	label   textRef
	hint    textRef
	options []option
	list    string // instance id of a select's itemset
}

type textRef struct{ literal, itext string }

type option struct {
	value string
	label textRef
}

// ReadForm reads an XForm.
func ReadForm(data []byte) (*Form, error) {
	root, err := readTree(data)
	if err != nil {
		return nil, err
	}
	head, body := root.Child("head"), root.Child("body")
	if root.Name != "html" || head == nil || body == nil || head.Child("model") == nil {
		return nil, errors.New("it has no html/head/model and html/body")
	}
	model := head.Child("model")
	f := &Form{byPath: map[string]int{}, texts: map[string]map[string]string{}}
	if t := head.Child("title"); t != nil {
		f.Title = strings.Join(strings.Fields(t.Text), " ")
	}
	instance := model.Child("instance")
	if instance == nil || len(instance.Children) == 0 {
		return nil, errors.New("it has no primary instance")
	}
	primary := instance.Children[0]
	f.ID, f.Version = primary.Attr("id"), primary.Attr("version")
	if f.ID == "" {
		return nil, errors.New("its primary instance has no id")
	}
	if f.Title == "" {
		f.Title = f.ID
	}
	f.readTexts(model.Child("itext"))
	f.readFields(primary, "/"+primary.Name)
	f.readBinds(model)
	f.readEntities(primary, model)
	f.readBody(body, lists(model))
	return f, nil
}

func (f *Form) readTexts(itext *Node) {
	if itext == nil {
		return
	}
	for _, tr := range itext.Children {
		lang := tr.Attr("lang")
		if tr.Name != "translation" || lang == "" {
			continue
		}
		f.Language = append(f.Language, lang)
		if f.Default == "" || tr.Attr("default") != "" {
			f.Default = lang
		}
		texts := map[string]string{}
		for _, text := range tr.Children {
			for _, v := range text.Children {
				if v.Name == "value" && v.Attr("form") == "" {
					texts[text.Attr("id")] = strings.TrimSpace(v.flat())
				}
			}
		}
		f.texts[lang] = texts
	}
}

// flat is all text inside a node, with outputs left out.
func (n *Node) flat() string {
	if len(n.Children) == 0 {
		return n.Text
	}
	out := n.Text
	for _, c := range n.Children {
		if c.Name != "output" {
			out += " " + c.flat()
		}
	}
	return out
}

func (f *Form) readFields(n *Node, path string) {
	for _, c := range n.Children {
		if c.Name == "meta" || c.Attr("template") != "" && len(f.childrenAt(path+"/"+c.Name)) > 0 {
			continue
		}
		at := path + "/" + c.Name
		if _, known := f.byPath[at]; known {
			continue // the first round of a repeat stands for all
		}
		f.byPath[at] = len(f.Fields)
		f.Fields = append(f.Fields, Field{Path: at, Name: c.Name, Group: len(c.Children) > 0})
		f.readFields(c, at)
	}
}

func (f *Form) childrenAt(path string) []Field {
	if i, ok := f.byPath[path]; ok {
		return f.Fields[i:]
	}
	return nil
}

func (f *Form) readBinds(model *Node) {
	for _, b := range model.Children {
		if i, ok := f.byPath[b.Attr("nodeset")]; ok && b.Name == "bind" {
			f.Fields[i].Type = strings.TrimPrefix(b.Attr("type"), "xsd:")
			f.Fields[i].When = b.Attr("relevant")
			f.Fields[i].SaveTo = b.Attr("saveto")
			f.Fields[i].Needed = strings.HasPrefix(b.Attr("required"), "true")
		}
	}
}

// readEntities finds the entity lists that a form fills, each with the properties saved inside its scope, and the CSV
// files that it chooses from.
func (f *Form) readEntities(primary, model *Node) {
	f.Lists = map[string][]string{}
	var walk func(n *Node, path, list string)
	walk = func(n *Node, path, list string) {
		if meta := n.Child("meta"); meta != nil {
			if e := meta.Child("entity"); e != nil && e.Attr("dataset") != "" {
				list = e.Attr("dataset")
				f.Lists[list] = append(f.Lists[list], []string{}...)
			}
		}
		for _, c := range n.Children {
			at := path + "/" + c.Name
			if i, ok := f.byPath[at]; ok && list != "" && f.Fields[i].SaveTo != "" && !slices.Contains(f.Lists[list], f.Fields[i].SaveTo) {
				f.Lists[list] = append(f.Lists[list], f.Fields[i].SaveTo)
			}
			walk(c, at, list)
		}
	}
	walk(primary, "/"+primary.Name, "")
	for _, in := range model.Children {
		if name, ok := strings.CutPrefix(in.Attr("src"), "jr://file-csv/"); ok && in.Name == "instance" {
			f.Files = append(f.Files, name)
		}
	}
}

// lists reads the secondary instances that selects take their choices from.
func lists(model *Node) map[string][]option {
	out := map[string][]option{}
	for _, in := range model.Children {
		if in.Name != "instance" || in.Attr("id") == "" || len(in.Children) == 0 {
			continue
		}
		var options []option
		for _, item := range in.Children[0].Children {
			var o option
			for _, c := range item.Children {
				switch c.Name {
				case "name":
					o.value = c.Text
				case "itextId":
					o.label.itext = c.Text
				case "label":
					o.label.literal = c.Text
				}
			}
			options = append(options, o)
		}
		out[in.Attr("id")] = options
	}
	return out
}

func (f *Form) readBody(n *Node, choices map[string][]option) {
	for _, c := range n.Children {
		if i, ok := f.byPath[firstOf(c.Attr("ref"), c.Attr("nodeset"))]; ok && c.Name != "itemset" {
			f.readControl(&f.Fields[i], c, choices)
		}
		f.readBody(c, choices)
	}
}

func (f *Form) readControl(to *Field, c *Node, choices map[string][]option) {
	for _, part := range c.Children {
		switch part.Name {
		case "label":
			to.label = refOf(part)
		case "hint":
			to.hint = refOf(part)
		case "item":
			o := option{}
			if v := part.Child("value"); v != nil {
				o.value = v.Text
			}
			if l := part.Child("label"); l != nil {
				o.label = refOf(l)
			}
			to.options = append(to.options, o)
		case "itemset":
			to.list = between(part.Attr("nodeset"), "instance('", "')")
			to.options = append(to.options, choices[to.list]...)
		}
	}
	switch c.Name {
	case "select", "select1", "rank":
		to.Type = c.Name
	case "repeat":
		to.Repeat = true
	case "upload":
		to.Type = "file"
	}
}

func refOf(n *Node) textRef {
	if id := between(n.Attr("ref"), "jr:itext('", "')"); id != "" {
		return textRef{itext: id}
	}
	return textRef{literal: strings.TrimSpace(n.flat())}
}

func between(s, before, after string) string {
	_, s, ok := strings.Cut(s, before)
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, after)
	return s
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// text is a label in a language; in the default language, then any, where it is not translated.
func (f *Form) text(r textRef, lang string) string {
	if r.itext == "" {
		return r.literal
	}
	for _, l := range append([]string{f.language(lang), f.Default}, f.Language...) {
		if t := f.texts[l][r.itext]; t != "" {
			return t
		}
	}
	return r.literal
}

// language finds the form's own name of a language for a code such as "my"; the default when it has none.
func (f *Form) language(code string) string {
	for _, l := range f.Language {
		if c, _ := languageOf(l); strings.EqualFold(l, code) || strings.EqualFold(c, code) {
			return l
		}
	}
	return f.Default
}

// languageOf splits a form's name of a language, "Bahasa Indonesia (id)", into code and name.
func languageOf(s string) (code, name string) {
	open := strings.LastIndex(s, "(")
	if open < 0 || !strings.HasSuffix(s, ")") {
		return s, s
	}
	return strings.TrimSpace(s[open+1 : len(s)-1]), strings.TrimSpace(s[:open])
}

// questions counts what a person is asked.
func (f *Form) questions() int {
	n := 0
	for _, q := range f.Fields {
		if !q.Group && q.label != (textRef{}) {
			n++
		}
	}
	return n
}

// languages lists the form's languages, its default first.
func (f *Form) languages() (out []Language, def string) {
	for _, l := range f.Language {
		code, name := languageOf(l)
		if l == f.Default {
			out, def = append([]Language{{code, name}}, out...), code
			continue
		}
		out = append(out, Language{code, name})
	}
	return out, def
}
