package xlsform

import (
	"fmt"
	"regexp"
	"strings"
)

// Secondary instances: attached files, lists that pulldata() reads, the last
// saved record, and the choice lists of the workbook.

type instance struct {
	id, uri, kind, context string
}

var pulldataPattern = regexp.MustCompile(`pulldata\s*\(\s*([^,]*?),`)

func (c *compiler) writeInstances(w *xmlWriter) {
	seen := map[string]instance{}
	add := func(i instance) bool {
		old, ok := seen[i.id]
		if !ok {
			seen[i.id] = i
			return true
		}
		if old.uri != i.uri {
			c.fail(place{sheet: sheetSurvey}, msg{code: "instance-clash",
				text:   fmt.Sprintf("Two different sources would have the same name %q: %s and %s.", i.id, old.uri, i.uri),
				remedy: "Rename one of the files or lists.",
				detail: fmt.Sprintf("The same instance id will be generated for different external instance source URIs. Please check the form. Instance name: '%s', Existing type: '%s', Existing URI: '%s', Duplicate type: '%s', Duplicate URI: '%s', Duplicate context: '%s'.", i.id, old.kind, old.uri, i.kind, i.uri, i.context)})
		}
		return false
	}
	for _, i := range c.externalInstances() {
		if add(i) {
			w.empty("instance", attr{"id", i.id}, attr{"src", i.uri})
			c.files = append(c.files, i.uri)
		}
	}
	if len(c.errs) > 0 {
		return
	}
	for _, l := range c.lists.order {
		if l.inline {
			continue
		}
		if add(instance{id: l.name, uri: "None", kind: "choice", context: "survey"}) {
			c.writeList(w, l)
		}
	}
}

// externalInstances walks the form in order: the files that an element's
// expressions read, then its own.
func (c *compiler) externalInstances() []instance {
	var out []instance
	c.checkExternalNames()
	lastSaved := false
	c.survey.walk(func(e *element) {
		context := ""
		if e.parent != nil {
			context = fmt.Sprintf("[type: %s, name: %s]", e.parent.kind.word(), e.parent.name)
		}
		if e.kind == kindExternal {
			uri := "jr://file/" + e.name + ".xml"
			if e.typ == typeCSVExternal {
				uri = "jr://file-csv/" + e.name + ".csv"
			}
			out = append(out, instance{e.name, uri, "external", context})
			return
		}
		for _, s := range e.dataExpressions() {
			for _, m := range pulldataPattern.FindAllStringSubmatch(s, -1) {
				name := strings.TrimSpace(strings.NewReplacer("'", "", `"`, "").Replace(m[1]))
				if name != "" && !strings.ContainsAny(name, "${}()") {
					out = append(out, instance{name, "jr://file-csv/" + name + ".csv", "pulldata", context})
				}
			}
			for _, r := range references(s) {
				lastSaved = lastSaved || r.lastSaved
			}
		}
		if e.file != "" {
			out = append(out, instance{stem(e.file), fileURI(e.file), "file", context})
		}
	})
	if lastSaved {
		out = append(out, instance{"__last-saved", "jr://instance/last-saved", "instance", "None"})
	}
	return out
}

// dataExpressions are the expressions of an element that may read a file.
func (e *element) dataExpressions() []string {
	var out []string
	for _, k := range [...]string{"calculate", "constraint", "readonly", "required", "relevant"} {
		if v := e.bind.get(k); v != "" {
			out = append(out, v)
		}
	}
	return append(out, e.choiceFilter, e.deflt)
}

func fileURI(file string) string {
	if strings.HasSuffix(file, ".csv") {
		return "jr://file-csv/" + file
	}
	return "jr://file/" + file
}

// checkExternalNames refuses two xml-external or csv-external rows of one name.
func (c *compiler) checkExternalNames() {
	found := map[string][]string{}
	var order []string
	rows := map[string]int{}
	c.survey.walk(func(e *element) {
		if e.kind != kindExternal {
			return
		}
		if found[e.name] == nil {
			order = append(order, e.name)
		}
		rows[e.name] = e.row
		found[e.name] = append(found[e.name], fmt.Sprintf("[type: %s, name: %s](external)", e.parent.kind.word(), e.parent.name))
	})
	var lines []string
	for _, n := range order {
		if len(found[n]) > 1 {
			lines = append(lines, fmt.Sprintf("Instance names must be unique within a form. The name '%s' was found %d time(s), under these contexts: %s", n, len(found[n]), strings.Join(found[n], ", ")))
		}
	}
	if len(lines) > 0 {
		for _, n := range order {
			if len(found[n]) > 1 {
				c.fail(c.at(sheetSurvey, c.rowOf(sheetSurvey, rows[n]), "name"), msg{code: "external-twice", text: fmt.Sprintf("The file %q is declared %d times.", n, len(found[n])),
					remedy: "Declare each attached file once; every part of the form can use it.", detail: strings.Join(lines, "\n")})
				break
			}
		}
	}
}

// writeList writes a choice list as an instance.
func (c *compiler) writeList(w *xmlWriter, l *choiceList) {
	w.start("instance", attr{"id", l.name})
	w.start("root")
	for i, ch := range l.choices {
		w.start("item")
		if l.itext {
			w.leaf("itextId", choiceID(l.name, i))
		}
		w.leaf("name", ch.name)
		if !l.itext && !ch.label.empty() {
			w.leaf("label", ch.label.plain())
		}
		for _, x := range ch.extra {
			w.leaf(x.key, x.text.plain())
		}
		w.end()
	}
	w.end()
	w.end()
}
