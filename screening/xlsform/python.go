package xlsform

import (
	"fmt"
	"strings"
	"unicode"
)

// Some of pyxform's sentences quote a row or a text as its language, Python,
// writes them.

// pythonDict writes a row: columns of one kind, such as the labels in several
// languages, stand together where the first of them stands.
func pythonDict(row dataRow, defaultLanguage string) string {
	top := &pythonNode{}
	for _, v := range row.values {
		top.put(v.col.path, v.text, defaultLanguage)
	}
	return top.String()
}

// pythonNode is a text, or a dict in the order of its keys.
type pythonNode struct {
	text string
	keys []string
	kids map[string]*pythonNode
}

func (n *pythonNode) put(path []string, text, defaultLanguage string) {
	for _, key := range path {
		if n.text != "" { // a column without a language beside those with one
			whole := n.text
			n.text = ""
			n.kid(defaultLanguage).text = whole
		}
		n = n.kid(key)
	}
	if len(n.keys) > 0 {
		n = n.kid(defaultLanguage)
	}
	n.text = text
}

func (n *pythonNode) kid(key string) *pythonNode {
	if n.kids == nil {
		n.kids = map[string]*pythonNode{}
	}
	k := n.kids[key]
	if k == nil {
		k = &pythonNode{}
		n.kids[key] = k
		n.keys = append(n.keys, key)
	}
	return k
}

func (n *pythonNode) String() string {
	if len(n.keys) == 0 {
		return pythonString(n.text)
	}
	parts := make([]string, len(n.keys))
	for i, k := range n.keys {
		parts[i] = pythonString(k) + ": " + n.kids[k].String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// pythonString writes a text in quotation marks, with marks for what cannot be
// seen.
func pythonString(s string) string {
	mark := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	var b strings.Builder
	b.WriteRune(mark)
	for _, c := range s {
		switch {
		case c == mark || c == '\\':
			b.WriteRune('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c <= 0xFF:
			fmt.Fprintf(&b, `\x%02x`, c)
		case c <= 0xFFFF:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	b.WriteRune(mark)
	return b.String()
}
