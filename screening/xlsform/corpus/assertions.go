package corpus

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lintas/screening/xlsform"
)

// assertions are what pyxform's own test asks of a case.
type assertions struct {
	Match           []string            `json:"xml__xpath_match"`
	ExactNodes      [][]json.RawMessage `json:"xml__xpath_exact"`
	Count           [][]json.RawMessage `json:"xml__xpath_count"`
	XMLContains     []string            `json:"xml__contains"`
	XMLExcludes     []string            `json:"xml__excludes"`
	ModelContains   []string            `json:"model__contains"`
	ModelExcludes   []string            `json:"model__excludes"`
	InstanceHas     []string            `json:"instance__contains"`
	ItextContains   []string            `json:"itext__contains"`
	ItextExcludes   []string            `json:"itext__excludes"`
	WarningsHave    []string            `json:"warnings__contains"`
	WarningsHaveNot []string            `json:"warnings__not_contains"`
	WarningsCount   *int                `json:"warnings_count"`
}

// Hold tells whether the assertions of a case hold for a form; why names the
// first that does not. checked is false where there is nothing to check.
func (c *Case) Hold(form *xlsform.Form) (holds, checked bool, why string) {
	var a assertions
	if len(c.Assertions) == 0 || json.Unmarshal(c.Assertions, &a) != nil {
		return false, false, ""
	}
	root, err := parseTree(form.XForm)
	if err != nil {
		return false, true, err.Error()
	}
	for _, list := range [...]func(*xnode, *xlsform.Form) (bool, string){a.paths, a.nodes, a.counts, a.texts, a.warnings} {
		if ok, why := list(root, form); !ok {
			return false, true, why
		}
	}
	return true, a.any(), ""
}

func (a *assertions) any() bool {
	return len(a.Match)+len(a.ExactNodes)+len(a.Count)+len(a.XMLContains)+len(a.XMLExcludes)+len(a.ModelContains)+
		len(a.ModelExcludes)+len(a.InstanceHas)+len(a.ItextContains)+len(a.ItextExcludes) > 0
}

func (a *assertions) paths(root *xnode, _ *xlsform.Form) (bool, string) {
	for _, m := range a.Match {
		v, err := xpath(m, root)
		if err != nil || !v.bool() {
			return false, fmt.Sprintf("no match: %s %v", m, errText(err))
		}
	}
	return true, ""
}

func (a *assertions) counts(root *xnode, _ *xlsform.Form) (bool, string) {
	for _, m := range a.Count {
		expr, want := "", 0
		if len(m) != 2 || json.Unmarshal(m[0], &expr) != nil || json.Unmarshal(m[1], &want) != nil {
			return false, "an assertion cannot be read"
		}
		v, err := xpath(expr, root)
		if err != nil || len(v.nodes) != want {
			return false, fmt.Sprintf("count of %s: want %d, got %d %v", expr, want, len(v.nodes), errText(err))
		}
	}
	return true, ""
}

// nodes compares attribute and text nodes; elements are left to the comparison
// of whole forms.
func (a *assertions) nodes(root *xnode, _ *xlsform.Form) (bool, string) {
	for _, m := range a.ExactNodes {
		var expr string
		var want []string
		if len(m) != 2 || json.Unmarshal(m[0], &expr) != nil || json.Unmarshal(m[1], &want) != nil {
			return false, "an assertion cannot be read"
		}
		v, err := xpath(expr, root)
		if err != nil {
			return false, err.Error()
		}
		var got []string
		for _, n := range v.nodes {
			if n.kind == 'e' {
				got = nil
				break
			}
			got = append(got, n.text())
		}
		if got == nil && len(v.nodes) == len(want) {
			continue
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return false, fmt.Sprintf("nodes of %s: want %q, got %q", expr, want, got)
		}
	}
	return true, ""
}

func (a *assertions) texts(_ *xnode, form *xlsform.Form) (bool, string) {
	doc := sortAttributes(squeeze(string(form.XForm)))
	part := func(name string) string {
		_, rest, ok := strings.Cut(doc, "<"+name)
		if !ok {
			return ""
		}
		inside, _, _ := strings.Cut(rest, "</"+name+">")
		return "<" + name + inside + "</" + name + ">"
	}
	for _, x := range [...]struct {
		where string
		list  []string
		want  bool
	}{{doc, a.XMLContains, true}, {doc, a.XMLExcludes, false}, {part("model"), a.ModelContains, true}, {part("model"), a.ModelExcludes, false},
		{part("instance"), a.InstanceHas, true}, {part("itext"), a.ItextContains, true}, {part("itext"), a.ItextExcludes, false}} {
		for _, s := range x.list {
			if strings.Contains(x.where, squeeze(s)) != x.want {
				return false, "text: " + s
			}
		}
	}
	return true, ""
}

func (a *assertions) warnings(_ *xnode, form *xlsform.Form) (bool, string) {
	all := make([]string, len(form.Warnings))
	for i, w := range form.Warnings {
		all[i] = w.Text
	}
	joined := strings.Join(all, "\n")
	for _, s := range a.WarningsHave {
		if !strings.Contains(joined, s) {
			return false, "warning missing: " + s
		}
	}
	for _, s := range a.WarningsHaveNot {
		if strings.Contains(joined, s) {
			return false, "warning too many: " + s
		}
	}
	if a.WarningsCount != nil && len(all) != *a.WarningsCount {
		return false, fmt.Sprintf("%d warnings instead of %d", len(all), *a.WarningsCount)
	}
	return true, ""
}

// squeeze drops the white space between tags and the space before "/>", which
// the assertions write in several ways.
func squeeze(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.ReplaceAll(s, "> <", "><")
	return strings.ReplaceAll(s, " />", "/>")
}

var (
	startTag  = regexp.MustCompile(`<[A-Za-z][^\s<>/]*((?:\s+[^\s=<>]+="[^"]*")+)\s*/?>`)
	attribute = regexp.MustCompile(`[^\s=<>]+="[^"]*"`)
)

// sortAttributes puts the attributes of each tag into the order in which the
// assertions are written: by name, those with a prefix last.
func sortAttributes(doc string) string {
	return startTag.ReplaceAllStringFunc(doc, func(tag string) string {
		m := startTag.FindStringSubmatchIndex(tag)
		list := attribute.FindAllString(tag[m[2]:m[3]], -1)
		slices.SortStableFunc(list, func(a, b string) int {
			x, y := a[:strings.IndexByte(a, '=')], b[:strings.IndexByte(b, '=')]
			if p, q := strings.Contains(x, ":"), strings.Contains(y, ":"); p != q {
				if q {
					return -1
				}
				return 1
			}
			return strings.Compare(x, y)
		})
		return tag[:m[2]] + " " + strings.Join(list, " ") + tag[m[3]:]
	})
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
