package indicator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Resolver finds a pack by id and version ("" for any), for Include and for a
// sheet's base. packs.Get is one.
type Resolver func(id, version string) (*Pack, error)

// maxIncludes is how many packs one may be made of.
const maxIncludes = 50

// maxPackBytes keeps a hostile file from filling a device.
const (
	maxPackBytes = 4 << 20
	maxObjects   = 200_000 // {...}: a million empty ones would take 600 MB to read
)

// LoadPack reads a pack from JSON, copies in what it includes, checks all of
// it and compiles it. A broken pack gives a *PackError that names every
// mistake with its place and remedy. resolve may be nil when nothing is
// included.
func LoadPack(b []byte, resolve Resolver) (*Pack, error) {
	if len(b) > maxPackBytes {
		return nil, &PackError{[]Problem{{"pack", fmt.Sprintf("the file is larger than %d MB", maxPackBytes>>20), "split it"}}}
	}
	if n := bytes.Count(b, []byte("{")); n > maxObjects {
		return nil, &PackError{[]Problem{{"pack", fmt.Sprintf("the file holds %d objects; a pack has at most %d", n, maxObjects), "split it"}}}
	}
	p := &Pack{}
	if err := decodeStrict(b, p); err != nil {
		return nil, &PackError{[]Problem{{"pack", jsonMessage(b, err), "correct the JSON; the members are described in docs/desks/screening-indicator.md"}}}
	}
	return p.finish(resolve, nil)
}

func decodeStrict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the pack's closing brace")
	}
	return nil
}

// jsonMessage adds the line to the decoder's words.
func jsonMessage(b []byte, err error) string {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typed):
		offset = typed.Offset
	}
	message := strings.TrimPrefix(err.Error(), "json: ")
	if offset < 0 || offset > int64(len(b)) {
		return message
	}
	return fmt.Sprintf("line %d: %s", 1+bytes.Count(b[:offset], []byte("\n")), message)
}

// finish turns a Pack as read into a Pack in use.
func (p *Pack) finish(resolve Resolver, where func(string) string) (*Pack, error) {
	c := &checker{where: where}
	p.include(resolve, c)
	if len(c.problems) > 0 {
		return nil, c.err()
	}
	p.defaults()
	p.check(c)
	if len(c.problems) == 0 {
		p.compile(c)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	canonical, err := canonicalJSON(p)
	if err != nil {
		return nil, err
	}
	p.canonical, p.hash = canonical, hashHex(canonical)
	return p, nil
}

func (p *Pack) defaults() {
	if p.Format == "" {
		p.Format = Format
	}
	if len(p.Codes.NotKnown) == 0 {
		p.Codes.NotKnown = []string{"not_known"}
	}
	if len(p.Codes.Declined) == 0 {
		p.Codes.Declined = []string{"declined"}
	}
	for i := range p.Questions {
		q := &p.Questions[i]
		if q.Type == "yes_no" && len(q.Choices) == 0 {
			q.Choices = []string{"yes", "no"}
		}
	}
}

// include copies other packs in. A row that is already there word for word is
// taken once; the same id with other content is a mistake.
func (p *Pack) include(resolve Resolver, c *checker) {
	names := p.Include
	p.Include = nil
	if len(names) > maxIncludes {
		c.add("include", fmt.Sprintf("%d packs are included; at most %d can be", len(names), maxIncludes), "include each pack once")
		return
	}
	for i, name := range names {
		place := fmt.Sprintf("include[%d]", i)
		id, version, _ := strings.Cut(name, "@")
		if resolve == nil {
			c.add(place, "there is nowhere to find the pack “"+name+"”", "remove it, or load the pack where packs can be found")
			continue
		}
		other, err := resolve(id, version)
		if err != nil {
			c.add(place, err.Error(), "check the id and version")
			continue
		}
		p.Origin = append(p.Origin, Origin{other.ID, other.Version, other.hash})
		mergeRows(c, place, "source", &p.Sources, other.Sources, func(r Source) string { return r.ID })
		mergeRows(c, place, "question", &p.Questions, other.Questions, func(r Question) string { return r.Name })
		mergeRows(c, place, "rule", &p.Rules, other.Rules, func(r Rule) string { return r.ID })
		mergeRows(c, place, "dimension", &p.Dimensions, other.Dimensions, func(r Dimension) string { return r.ID })
		mergeRows(c, place, "indicator", &p.Indicators, other.Indicators, func(r Indicator) string { return r.ID })
	}
}

func mergeRows[R any](c *checker, place, noun string, into *[]R, from []R, key func(R) string) {
	have := map[string]R{}
	for _, r := range *into {
		have[key(r)] = r
	}
	for _, r := range from {
		old, twice := have[key(r)]
		if !twice {
			*into = append(*into, r)
			continue
		}
		a, _ := canonicalJSON(old)
		b, _ := canonicalJSON(r)
		if !bytes.Equal(a, b) {
			c.add(place, fmt.Sprintf("the %s “%s” is there already with other content", noun, key(r)), "rename one of them")
		}
	}
}
