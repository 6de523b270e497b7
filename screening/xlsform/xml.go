package xlsform

import "strings"

// A small XML writer. The form is written once from front to back; the order of
// attributes is the order of the calls, so that the bytes never change.
type xmlWriter struct {
	b        []byte
	stack    []string
	open     bool // the start tag is not closed yet
	given    []string
	prefixes map[string]bool // that are declared
	bad      string          // first name that XML cannot have
	broken   bool            // there is one; it may be empty
	full     bool            // the form is too long; nothing more is written
}

// room tells whether more may be written.
func (w *xmlWriter) room() bool {
	w.full = w.full || len(w.b) >= maxForm
	return !w.full
}

// check notes a name that would break the document: workbooks may name columns,
// and so elements and attributes, as they like.
func (w *xmlWriter) check(name string) {
	if w.broken {
		return
	}
	prefix, local, ok := strings.Cut(name, ":")
	switch {
	case ok && (!w.prefixes[prefix] || !isNCName(local)), !ok && !isNCName(name):
		w.bad, w.broken = name, true
	}
}

func (w *xmlWriter) start(name string, attrs ...attr) {
	if !w.room() {
		w.stack = append(w.stack, name)
		return
	}
	w.closeTag()
	w.check(name)
	w.given = w.given[:0]
	w.b = append(w.b, '<')
	w.b = append(w.b, name...)
	for _, a := range attrs {
		w.attr(a.name, a.value)
	}
	w.stack = append(w.stack, name)
	w.open = true
}

// attr writes an attribute; one that the tag has already is left as it is.
func (w *xmlWriter) attr(name, value string) {
	if contains(w.given, name) || !w.room() {
		return
	}
	w.given = append(w.given, name)
	if w.check(name); name == "xmlns" || strings.HasPrefix(name, "xmlns:") {
		w.prefixes[strings.TrimPrefix(name, "xmlns:")] = true
	}
	w.b = append(w.b, ' ')
	w.b = append(w.b, name...)
	w.b = append(w.b, '=', '"')
	w.b = appendEscaped(w.b, value, true)
	w.b = append(w.b, '"')
}

func (w *xmlWriter) closeTag() {
	if w.open {
		w.b = append(w.b, '>')
		w.open = false
	}
}

func (w *xmlWriter) end() {
	name := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	if !w.room() {
		return
	}
	if w.open {
		w.b = append(w.b, '/', '>')
		w.open = false
		return
	}
	w.b = append(w.b, '<', '/')
	w.b = append(w.b, name...)
	w.b = append(w.b, '>')
}

func (w *xmlWriter) empty(name string, attrs ...attr) {
	w.start(name, attrs...)
	w.end()
}

func (w *xmlWriter) text(s string) {
	if s == "" || !w.room() {
		return
	}
	w.closeTag()
	w.b = appendEscaped(w.b, s, false)
}

func (w *xmlWriter) leaf(name, text string, attrs ...attr) {
	w.start(name, attrs...)
	w.text(text)
	w.end()
}

// appendEscaped escapes and drops the characters that XML 1.0 cannot hold.
func appendEscaped(b []byte, s string, inAttr bool) []byte {
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '&':
			b = append(b, "&amp;"...)
		case ch == '<':
			b = append(b, "&lt;"...)
		case ch == '>':
			b = append(b, "&gt;"...)
		case ch == '"' && inAttr:
			b = append(b, "&quot;"...)
		case ch < ' ' && ch != '\n' && ch != '\t' && ch != '\r':
		case ch == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE:
			i += 2 // U+FFFE and U+FFFF
		default:
			b = append(b, ch)
		}
	}
	return b
}

func escapeText(s string) string {
	if !strings.ContainsAny(s, "&<>") {
		return s
	}
	return string(appendEscaped(nil, s, false))
}
