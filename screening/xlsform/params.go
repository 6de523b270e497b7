package xlsform

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// params are the key=value pairs of the parameters column, keys in lower case.
type params map[string]string

// caseKept are the parameters whose value names something: a column, a list, an
// app. The other values are words of the format, in any case.
var caseKept = set("reference-geometry", "label", "value", "tick_labelset", "app")

// parseParams reads pairs that spaces, commas or semicolons part; there may be
// spaces around the equals sign.
func parseParams(s string) (params, bool) {
	if s == "" {
		return nil, true
	}
	words := strings.FieldsFunc(strings.ReplaceAll(s, "=", " = "), func(r rune) bool {
		return unicode.IsSpace(r) || r == ',' || r == ';'
	})
	if len(words)%3 != 0 {
		return nil, false
	}
	p := params{}
	for ; len(words) > 0; words = words[3:] {
		k, equals, v := strings.ToLower(words[0]), words[1], words[2]
		if equals != "=" || k == "=" || v == "=" {
			return nil, false
		}
		if !caseKept[k] && !strings.Contains(v, "${") {
			v = strings.ToLower(v)
		}
		p[k] = v
	}
	return p, true
}

func (p params) has(k string) bool { _, ok := p[k]; return ok }

// sorted gives the keys in order.
func (p params) sorted() []string {
	out := make([]string, 0, len(p))
	for k := range p {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// allowParams refuses keys that the question type does not know.
func (c *compiler) allowParams(r dataRow, p params, allowed ...string) bool {
	known := set(allowed...)
	var wrong []string
	for _, k := range p.sorted() {
		if !known[k] {
			wrong = append(wrong, k)
		}
	}
	if len(wrong) == 0 {
		return true
	}
	sort.Strings(allowed)
	c.fail(c.at(sheetSurvey, r, "parameters"), msg{
		code: "parameter", text: fmt.Sprintf("This type of question does not know the parameter %s.", strings.Join(wrong, ", ")),
		remedy:  "It knows: " + strings.Join(allowed, ", ") + ".",
		suggest: suggest(wrong[0], allowed),
		detail: invalid(r.number, sheetSurvey, "parameters", fmt.Sprintf("The accepted parameter keys for this question type are '%s'. The following are invalid parameter key(s): '%s'.",
			strings.Join(allowed, ", "), strings.Join(wrong, ", ")))})
	return false
}

// badParam is an error of one parameter's value.
func (c *compiler) badParam(r dataRow, text, remedy, detail, upstream string) {
	c.fail(c.at(sheetSurvey, r, "parameters"), msg{code: "parameter-value", text: text, remedy: remedy, detail: detail, upstream: upstream})
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && !strings.ContainsAny(s, "xXpP_")
}

// isInt follows what a person writes as a whole number.
func isInt(s string) bool {
	_, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 10, 64)
	return err == nil
}
