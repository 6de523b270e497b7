package corpus

import (
	"encoding/xml"
	"errors"
	"io"
	"sort"
	"strings"
)

// Canonical writes an XML document so that two documents that mean the same
// have the same bytes: comments and white space between elements are dropped,
// attributes sorted, names written with their namespace. The order of elements
// counts. It stands in for exclusive C14N over the same document.
func Canonical(doc []byte) (string, error) {
	dec := xml.NewDecoder(strings.NewReader(string(doc)))
	dec.Strict = true
	var b, text strings.Builder
	flush := func() {
		if s := text.String(); strings.TrimSpace(s) != "" {
			b.WriteString(escape.Replace(s))
			b.WriteByte('\n')
		}
		text.Reset()
	}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			flush()
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			flush()
			b.WriteString("<" + name(t.Name))
			for _, a := range attributes(t.Attr) {
				b.WriteString(" " + a)
			}
			b.WriteString(">\n")
		case xml.EndElement:
			flush()
			b.WriteString("</" + name(t.Name) + ">\n")
		case xml.CharData:
			text.Write(t)
		}
	}
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// name is namespace and local name.
func name(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

func attributes(in []xml.Attr) []string {
	out := make([]string, 0, len(in))
	for _, a := range in {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		// Line breaks in an attribute are read as spaces (XML 1.0, 3.3.3).
		v := strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(a.Value)
		out = append(out, name(a.Name)+`="`+strings.ReplaceAll(escape.Replace(v), `"`, "&quot;")+`"`)
	}
	sort.Strings(out)
	return out
}
