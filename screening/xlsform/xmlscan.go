package xlsform

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScan reads the XML inside a workbook piece by piece: little memory, no
// entities but the five of XML, no document type. It does not check that tags
// match: a workbook that is broken gives wrong cells or an error, never a crash.
type xmlScan struct {
	r     io.Reader
	buf   []byte
	start int // of what is not read yet
	end   int
	eof   bool
	err   error
}

type xmlEvent struct {
	kind  byte   // 's' start, 'e' end, 't' text, 0 = the end
	empty bool   // <a/>: no end follows
	name  []byte // without prefix
	attrs []byte // raw
	text  []byte // raw
	cdata bool
}

var (
	errDoctype = errors.New("the XML has a document type")
	errXML     = errors.New("the XML is broken")
)

func newXMLScan(r io.Reader) *xmlScan { return &xmlScan{r: r, buf: make([]byte, 64<<10)} }

// maxToken bounds one tag or text: no cell of a spreadsheet is longer.
const maxToken = 1 << 20

// fill reads more; false at the end.
func (x *xmlScan) fill() bool {
	if x.eof || x.err != nil {
		return false
	}
	if x.start > 0 {
		copy(x.buf, x.buf[x.start:x.end])
		x.end -= x.start
		x.start = 0
	}
	if x.end == len(x.buf) {
		if len(x.buf) >= maxToken {
			x.err = errXML
			return false
		}
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	n, err := x.r.Read(x.buf[x.end:])
	x.end += n
	if err != nil {
		if !errors.Is(err, io.EOF) {
			x.err = err
		}
		x.eof = true
	}
	return n > 0 || !x.eof
}

// until gives what comes before sep and skips it.
func (x *xmlScan) until(sep string) ([]byte, bool) {
	from := 0
	for {
		if i := bytes.Index(x.buf[x.start+from:x.end], []byte(sep)); i >= 0 {
			out := x.buf[x.start : x.start+from+i]
			x.start += from + i + len(sep)
			return out, true
		}
		from = max(0, x.end-x.start-len(sep)+1)
		if !x.fill() {
			return nil, false
		}
	}
}

// next gives the next event; its bytes are good until the next call.
func (x *xmlScan) next() xmlEvent {
	for x.err == nil {
		if x.start == x.end && !x.fill() {
			return xmlEvent{}
		}
		if x.start == x.end {
			continue
		}
		if x.buf[x.start] != '<' {
			return x.textEvent()
		}
		for x.end-x.start < 9 && x.fill() {
		}
		head := x.buf[x.start:x.end]
		switch {
		case bytes.HasPrefix(head, []byte("<!--")):
			if _, ok := x.until("-->"); !ok {
				x.fail()
			}
		case bytes.HasPrefix(head, []byte("<![CDATA[")):
			x.start += len("<![CDATA[")
			t, ok := x.until("]]>")
			if !ok {
				x.fail()
				return xmlEvent{}
			}
			return xmlEvent{kind: 't', text: t, cdata: true}
		case bytes.HasPrefix(head, []byte("<?")):
			if _, ok := x.until("?>"); !ok {
				x.fail()
			}
		case bytes.HasPrefix(head, []byte("<!")):
			x.err = errDoctype
		default:
			return x.tagEvent()
		}
	}
	return xmlEvent{}
}

func (x *xmlScan) fail() {
	if x.err == nil {
		x.err = errXML
	}
}

func (x *xmlScan) textEvent() xmlEvent {
	for {
		if i := bytes.IndexByte(x.buf[x.start:x.end], '<'); i >= 0 {
			t := x.buf[x.start : x.start+i]
			x.start += i
			return xmlEvent{kind: 't', text: t}
		}
		if !x.fill() {
			t := x.buf[x.start:x.end]
			x.start = x.end
			return xmlEvent{kind: 't', text: t}
		}
	}
}

func (x *xmlScan) tagEvent() xmlEvent {
	x.start++ // <
	t, ok := x.until(">")
	if !ok {
		x.fail()
		return xmlEvent{}
	}
	// A ">" inside an attribute is legal; go on until the quotation marks close.
	for unclosed(t) {
		n := len(t) + 1
		rest, ok := x.untilFrom(t, n)
		if !ok {
			x.fail()
			return xmlEvent{}
		}
		t = rest
	}
	ev := xmlEvent{kind: 's'}
	if len(t) > 0 && t[0] == '/' {
		ev.kind, t = 'e', t[1:]
	} else if len(t) > 0 && t[len(t)-1] == '/' {
		ev.empty, t = true, t[:len(t)-1]
	}
	i := bytes.IndexAny(t, " \t\r\n")
	if i < 0 {
		i = len(t)
	}
	ev.name, ev.attrs = t[:i], t[i:]
	if c := bytes.IndexByte(ev.name, ':'); c >= 0 {
		ev.name = ev.name[c+1:]
	}
	return ev
}

// untilFrom extends a tag to the next ">" after its first n bytes.
func (x *xmlScan) untilFrom(t []byte, n int) ([]byte, bool) {
	x.start -= n // back to the start of the tag's content
	from := n
	for {
		if i := bytes.IndexByte(x.buf[x.start+from:x.end], '>'); i >= 0 {
			out := x.buf[x.start : x.start+from+i]
			x.start += from + i + 1
			return out, true
		}
		from = x.end - x.start
		if !x.fill() {
			return nil, false
		}
	}
}

func unclosed(t []byte) bool {
	var open byte
	for _, c := range t {
		switch {
		case open != 0:
			if c == open {
				open = 0
			}
		case c == '"' || c == '\'':
			open = c
		}
	}
	return open != 0
}

// attr gives an attribute by its name without prefix.
func (e xmlEvent) attr(name string) string {
	s := e.attrs
	for len(s) > 0 {
		eq := bytes.IndexByte(s, '=')
		if eq < 0 {
			return ""
		}
		key := bytes.TrimSpace(s[:eq])
		if c := bytes.IndexByte(key, ':'); c >= 0 {
			key = key[c+1:]
		}
		s = bytes.TrimLeft(s[eq+1:], " \t\r\n")
		if len(s) == 0 || s[0] != '"' && s[0] != '\'' {
			return ""
		}
		end := bytes.IndexByte(s[1:], s[0])
		if end < 0 {
			return ""
		}
		if string(key) == name {
			return unescapeXML(s[1:1+end], false)
		}
		s = s[end+2:]
	}
	return ""
}

// unescapeXML resolves the entities of a text.
func unescapeXML(b []byte, cdata bool) string {
	if cdata || bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	var out strings.Builder
	out.Grow(len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '&' {
			out.WriteByte(b[i])
			continue
		}
		end := bytes.IndexByte(b[i:], ';')
		if end < 0 || end > 12 {
			out.WriteByte('&')
			continue
		}
		if r, ok := entityRune(string(b[i+1 : i+end])); ok {
			out.WriteRune(r)
			i += end
			continue
		}
		out.WriteByte('&')
	}
	return out.String()
}

func entityRune(s string) (rune, bool) {
	switch s {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if !strings.HasPrefix(s, "#") {
		return 0, false
	}
	base, digits := 10, s[1:]
	if strings.HasPrefix(digits, "x") || strings.HasPrefix(digits, "X") {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !utf8.ValidRune(rune(n)) || n == 0 {
		return 0, false
	}
	return rune(n), true
}
