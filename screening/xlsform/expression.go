package xlsform

import (
	"regexp"
	"strings"
)

// Expressions that no program can read are not refused, because pyxform compiles
// them; the phone refuses the form, in the field. They are told as advice, with
// what is written in a spreadsheet's own language most often.

// expressionColumns hold XPath; default and label may, and are not looked at.
var expressionColumns = map[string]bool{"bind::relevant": true, "bind::constraint": true, "bind::calculate": true, "bind::required": true,
	"bind::readonly": true, "choice_filter": true, "control::jr:count": true}

func (c *compiler) adviseExpressions() {
	for _, row := range c.surveyRows {
		for _, v := range row.values {
			if !expressionColumns[strings.Join(v.col.path, "::")] {
				continue
			}
			if text, remedy := badExpression(v.text); text != "" {
				c.advise(c.atColumn(sheetSurvey, row.number, v.col, v.text), "expression", text, remedy)
			}
		}
	}
}

var (
	capitals  = regexp.MustCompile(`(?:^|[^\w.:/-])(IF|AND|OR|NOT|SUM|COUNT|MIN|MAX|ROUND|TODAY|NOW|CONCATENATE|CONCAT|LEN)\s*\(`)
	operators = regexp.MustCompile(`[\s)](AND|OR)[\s(]`)
)

// badExpression says what is wrong with an expression and what to write instead;
// "" where nothing is found. It knows the common slips, not the whole grammar.
func badExpression(s string) (text, remedy string) {
	bare, open := withoutTexts(s)
	if open {
		return "A quotation mark is opened and never closed.", "Put ' or \" on both sides of a text."
	}
	for _, slip := range [...]struct{ mark, text, remedy string }{
		{"==", "Two equals signs mean nothing here.", "Compare with one: ${age} = 18."},
		{"&&", "&& is not a word of this language.", "Write and."},
		{"||", "|| is not a word of this language.", "Write or."},
		{"<>", "<> is not a word of this language.", "Write != for \"is not\"."},
		{"$(", "A reference to a question has curly brackets.", "Write ${name}."},
		{"{", "A reference to a question begins with a dollar sign.", "Write ${name}."},
		{"}", "A curly bracket is closed that was never opened.", "Write a reference as ${name}."},
		{";", "Semicolons do not part the values of a function.", "Write commas."},
	} {
		if strings.Contains(bare, slip.mark) {
			return slip.text, slip.remedy
		}
	}
	if m := capitals.FindStringSubmatch(bare); m != nil {
		return m[1] + " in capitals is not a function of this language.", "Write functions in small letters: " + strings.ToLower(m[1]) + "(...)."
	}
	if m := operators.FindStringSubmatch(bare); m != nil {
		return m[1] + " in capitals is not a word of this language.", "Write " + strings.ToLower(m[1]) + " in small letters."
	}
	return badBrackets(bare)
}

// withoutTexts blanks the texts in quotation marks and the references.
func withoutTexts(s string) (bare string, open bool) {
	b := []byte(s)
	for i := 0; i < len(b); {
		n := 1
		switch b[i] {
		case '\'', '"':
			end := strings.IndexByte(s[i+1:], b[i])
			if end < 0 {
				return "", true
			}
			n = end + 2
		case '$':
			if _, ok, length := parseRef(s[i:]); ok {
				n = length
			}
		}
		if n > 1 {
			for j := i; j < i+n; j++ {
				b[j] = 'x'
			}
		}
		i += n
	}
	return string(b), false
}

func badBrackets(s string) (text, remedy string) {
	var stack []byte
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '[':
			stack = append(stack, s[i])
		case ')', ']':
			want := byte('(')
			if s[i] == ']' {
				want = '['
			}
			if len(stack) == 0 || stack[len(stack)-1] != want {
				return "The bracket " + string(s[i]) + " is closed and was never opened.", "Remove it, or add the missing " + string(want) + "."
			}
			stack = stack[:len(stack)-1]
		}
	}
	if len(stack) > 0 {
		return "The bracket " + string(stack[len(stack)-1]) + " is opened and never closed.", "Close it."
	}
	return "", ""
}

// adviseEscaped finds the texts with a path into a list in which < > or & stand.
// The tools of the field escape such a path twice, and so do we; every program
// then takes it for a syntax error.
func (c *compiler) adviseEscaped() {
	for _, row := range c.surveyRows {
		for _, v := range row.values {
			switch v.col.path[0] {
			case "label", "hint", "guidance_hint":
			default:
				continue
			}
			for _, span := range instanceSpans(v.text) {
				if strings.ContainsAny(v.text[span[0]:span[1]], "<>&") {
					c.advise(c.atColumn(sheetSurvey, row.number, v.col, v.text), "escaped", "Programs cannot read a path into a list with <, > or & inside a text: the form will not open.",
						"Put the path into a calculate question, and write ${its name} here.")
					break
				}
			}
		}
	}
}
