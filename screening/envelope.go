package screening

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits that are checked before or while a submission's XML is read.
const (
	maxXML        = 8 << 20 // bytes
	maxDepth      = 200     // elements inside elements
	maxElements   = 100_000 // elements in all: each costs some hundred bytes of memory
	maxInstanceID = 255     // characters
)

// Doubt says why a submission cannot be taken as it is. It is a stable code, shown on the quarantine page.
type Doubt string

// The doubts.
const (
	DoubtNoXML       Doubt = "no-xml"             // the posting has no part xml_submission_file
	DoubtNotXML      Doubt = "not-xml"            // the part is not well-formed XML
	DoubtTwoXML      Doubt = "two-xml"            // two different parts xml_submission_file
	DoubtTooLarge    Doubt = "xml-too-large"      // over 8 MiB or over 100,000 elements
	DoubtTooDeep     Doubt = "xml-too-deep"       // over 200 levels
	DoubtDoctype     Doubt = "doctype"            // declares a document type: entities, external files
	DoubtEncoding    Doubt = "encoding"           // not UTF-8
	DoubtEncrypted   Doubt = "encrypted"          // encrypted by the form's key, which the node does not hold
	DoubtInstanceID  Doubt = "instance-id"        // longer than 255 characters or with control characters
	DoubtNoForm      Doubt = "no-form-id"         // the root element has no id
	DoubtMultipart   Doubt = "multipart"          // the body is not multipart/form-data that can be read
	DoubtUnknownForm Doubt = "unknown-form"       // no instrument with this form id
	DoubtVersion     Doubt = "unknown-version"    // the instrument has no such version
	DoubtClosed      Doubt = "closed"             // the instrument takes no new interviews
	DoubtConflict    Doubt = "conflict"           // same instanceID, other content
	DoubtEditUnknown Doubt = "edit-unknown"       // corrects an interview that is not here
	DoubtEditStale   Doubt = "edit-stale"         // corrects a version that was corrected already
	DoubtIDReused    Doubt = "instance-id-reused" // a correction under an instanceID already in use
	DoubtGone        Doubt = "erased"             // the interview was erased here
)

// Node is an element of a submission.
type Node struct {
	Name     string
	Space    string
	Attrs    []xml.Attr
	Text     string // character data directly inside, trimmed
	Children []*Node
}

// Attr is the value of an attribute by local name, or empty; one without a prefix goes first.
func (n *Node) Attr(name string) (value string) {
	for _, a := range n.Attrs {
		switch {
		case a.Name.Local != name || a.Name.Space == "xmlns":
		case a.Name.Space == "":
			return a.Value
		case value == "":
			value = a.Value
		}
	}
	return value
}

// Child is the first child element with this local name, or nil.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Envelope is a submission as far as the desk must understand it.
type Envelope struct {
	FormID       string
	Version      string
	InstanceID   string // empty when the client sent none
	DeprecatedID string // the instanceID this submission corrects
	Root         *Node
}

// doubtError carries a Doubt through an error chain.
type doubtError struct {
	doubt Doubt
	cause error
}

func (e *doubtError) Error() string {
	if e.cause == nil {
		return "screening: " + string(e.doubt)
	}
	return "screening: " + string(e.doubt) + ": " + e.cause.Error()
}
func (e *doubtError) Unwrap() error { return e.cause }

func doubt(d Doubt, cause error) error { return &doubtError{d, cause} }

// DoubtOf is the Doubt in an error chain, or empty.
func DoubtOf(err error) Doubt {
	var e *doubtError
	if errors.As(err, &e) {
		return e.doubt
	}
	return ""
}

// ReadEnvelope reads a submission. It never panics, never follows an entity or a file, and needs memory in
// proportion to data, which must not be over 8 MiB. The error, when there is one, holds a Doubt.
func ReadEnvelope(data []byte) (*Envelope, error) {
	root, err := readTree(data)
	if err != nil {
		return nil, err
	}
	e := &Envelope{FormID: root.Attr("id"), Version: root.Attr("version"), Root: root}
	if root.Attr("encrypted") == "yes" {
		return nil, doubt(DoubtEncrypted, nil)
	}
	if e.FormID == "" {
		return nil, doubt(DoubtNoForm, nil)
	}
	if meta := root.Child("meta"); meta != nil {
		if n := meta.Child("instanceID"); n != nil {
			e.InstanceID = n.Text
		}
		if n := meta.Child("deprecatedID"); n != nil {
			e.DeprecatedID = n.Text
		}
	}
	for _, v := range []string{e.InstanceID, e.DeprecatedID} {
		if utf8.RuneCountInString(v) > maxInstanceID || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' }) {
			return nil, doubt(DoubtInstanceID, nil)
		}
	}
	return e, nil
}

// readTree reads XML into nodes, or says which doubt stands against it.
func readTree(data []byte) (*Node, error) {
	if len(data) > maxXML {
		return nil, doubt(DoubtTooLarge, nil)
	}
	for _, mark := range []string{"\xfe\xff", "\xff\xfe", "<\x00", "\x00<"} { // UTF-16 with and without a byte order mark
		if bytes.HasPrefix(data, []byte(mark)) {
			return nil, doubt(DoubtEncoding, nil)
		}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, doubt(DoubtEncoding, nil)
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if l := strings.ToLower(label); l == "utf8" || l == "us-ascii" || l == "ascii" {
			return in, nil
		}
		return nil, doubt(DoubtEncoding, fmt.Errorf("declared encoding %.20q", label))
	}
	b := builder{}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && b.root != nil && len(b.open) == 0 {
			return b.root, nil
		}
		if err != nil {
			if DoubtOf(err) != "" {
				return nil, err
			}
			return nil, doubt(DoubtNotXML, err)
		}
		if err := b.take(tok); err != nil {
			return nil, err
		}
	}
}

// builder turns tokens into a tree without recursion, so that depth costs no stack.
type builder struct {
	root  *Node
	open  []openNode
	count int
}

// openNode gathers its text in bytes: joining strings piece by piece would take quadratic time on text
// cut up by comments.
type openNode struct {
	node *Node
	text []byte
}

func (b *builder) take(tok xml.Token) error {
	switch t := tok.(type) {
	case xml.Directive:
		return doubt(DoubtDoctype, nil)
	case xml.StartElement:
		return b.start(t)
	case xml.EndElement:
		last := b.open[len(b.open)-1]
		last.node.Text = string(bytes.TrimSpace(last.text))
		b.open = b.open[:len(b.open)-1]
	case xml.CharData:
		if len(b.open) > 0 {
			last := &b.open[len(b.open)-1]
			last.text = append(last.text, t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return doubt(DoubtNotXML, errors.New("text outside the root element"))
		}
	}
	return nil
}

func (b *builder) start(t xml.StartElement) error {
	if len(b.open) >= maxDepth {
		return doubt(DoubtTooDeep, nil)
	}
	if b.count++; b.count > maxElements {
		return doubt(DoubtTooLarge, nil)
	}
	n := &Node{Name: t.Name.Local, Space: t.Name.Space, Attrs: t.Attr}
	switch {
	case len(b.open) > 0:
		parent := b.open[len(b.open)-1].node
		parent.Children = append(parent.Children, n)
	case b.root != nil:
		return doubt(DoubtNotXML, errors.New("a second root element"))
	default:
		b.root = n
	}
	b.open = append(b.open, openNode{node: n})
	return nil
}

// inOrder visits every element without children, in document order. Depth is at most maxDepth.
func (n *Node) inOrder(visit func(*Node)) {
	if len(n.Children) == 0 {
		visit(n)
	}
	for _, c := range n.Children {
		c.inOrder(visit)
	}
}
