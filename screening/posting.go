package screening

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
)

// Posting is what one POST brought, read whole: its files may be in the database already, in chunks that
// nobody owns yet.
type Posting struct {
	XML          []byte
	Doubt        Doubt // why the posting itself could not be read; empty when it could
	Incomplete   bool  // more files of the same interview follow
	ClientDevice string
	UserAgent    string
	Sender       actor.Actor // who sent it, where that is not who acts now; the zero Actor otherwise

	files   []*incoming
	further []*incoming // XML parts that are not XML: others beside the first, or over the limit
	whole   *incoming   // the whole body, where it is no multipart/form-data
	raw     []byte      // the whole body, when it is small
	rawType string
	entry   string // the quarantine entry it comes from, which keeps the copy; empty otherwise
}

const (
	smallBody = 256 << 10 // bodies up to this are held whole, so that even a broken one can be kept
	maxBody   = 100_000_000
	maxParts  = 2_000 // parts in one body; clients split at 100 files
)

// errTooLarge is the answer to a body over the limit: the client splits it.
var errTooLarge = problem.New(problem.TooLarge, "screening.too-large", "These files are too large to send at once (over 100 MB). Nothing was stored. Send them from an app that splits them, or remove the largest file.")

// errCut is a body that ended before its end, or that is damaged and too large to keep: the client sends again.
var errCut = problem.New(problem.Malformed, "screening.cut", "The interview did not arrive whole. Nothing was stored. Keep it on the phone and send it again.")

// ReadPosting reads the body of a POST. An error means that nothing was kept and the client must send
// again; what could be read but not understood is no error but a Doubt.
func (d *Desk) ReadPosting(ctx context.Context, contentType string, body io.Reader) (*Posting, error) {
	p := &Posting{rawType: contentType}
	first, err := io.ReadAll(io.LimitReader(body, smallBody+1))
	if err != nil {
		return nil, asCut(err)
	}
	if len(first) <= smallBody {
		p.raw = first
		body = bytes.NewReader(first)
	} else {
		body = io.MultiReader(bytes.NewReader(first), body)
	}
	boundary := boundaryOf(contentType)
	if boundary == "" {
		p.Doubt = DoubtMultipart
		return p, d.readWhole(ctx, p, body)
	}
	err = d.readParts(ctx, p, multipart.NewReader(body, boundary))
	if err != nil {
		return nil, err
	}
	if p.Doubt == "" && p.XML == nil {
		p.Doubt = DoubtNoXML
	}
	return p, nil
}

// readParts reads every part. A broken body is a Doubt when it is held whole; else the client is told.
func (d *Desk) readParts(ctx context.Context, p *Posting, r *multipart.Reader) error {
	s := &spool{desk: d}
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err == nil && n >= maxParts {
			err = errors.New("too many parts")
		}
		if err == nil {
			err = d.readPart(ctx, p, s, part)
		}
		if err == nil {
			continue
		}
		if _, ours := problem.As(err); ours {
			return err
		}
		if p.raw == nil {
			return asCut(err)
		}
		p.Doubt = DoubtMultipart
		return nil
	}
}

func (d *Desk) readPart(ctx context.Context, p *Posting, s *spool, part *multipart.Part) error {
	field, file := namesOfPart(part)
	switch field {
	case "xml_submission_file":
		return p.readXML(ctx, s, part)
	case "*isIncomplete*":
		v, err := io.ReadAll(io.LimitReader(part, 64))
		p.Incomplete = strings.EqualFold(strings.TrimSpace(string(v)), "yes")
		return err
	}
	if file == "" {
		file = field
	}
	f, err := newIncoming(file, part.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	p.files = append(p.files, f)
	return s.read(ctx, f, part)
}

// boundaryOf is what stands between the parts of a body of this type; empty when it is no multipart. Clients
// write boundaries without the quotes that RFC 2045 asks for ("----=_Part_1"), which the mime package refuses.
func boundaryOf(contentType string) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		return params["boundary"]
	}
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/") {
		return ""
	}
	return loosely(contentType, "boundary")
}

// namesOfPart are the field and the file name of a part as the client wrote them; Part.FileName would already cut
// folders away. A disposition that is not written as RFC 6266 asks is read loosely: an interview must not be taken
// for a nameless file because of a colon or a quotation mark in its file name.
func namesOfPart(part *multipart.Part) (field, file string) {
	text := part.Header.Get("Content-Disposition")
	if _, params, err := mime.ParseMediaType(text); err == nil {
		return params["name"], params["filename"]
	}
	return loosely(text, "name"), loosely(text, "filename")
}

// loosely finds the value of a parameter in a header that is not well-formed: the text in quotes, or up to the next
// semicolon. Empty when there is none.
func loosely(header, name string) string {
	for rest := header; ; {
		_, after, found := strings.Cut(rest, ";")
		if !found {
			return ""
		}
		rest = after
		key, value, _ := strings.Cut(after, "=")
		if !strings.EqualFold(strings.TrimSpace(key), name) {
			continue
		}
		value = strings.TrimSpace(value)
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			// A quotation mark inside is part of the name: the last one before the next parameter ends it.
			quoted, _, _ = strings.Cut(quoted, `";`)
			return strings.TrimSuffix(strings.TrimSpace(quoted), `"`)
		}
		value, _, _ = strings.Cut(value, ";")
		return strings.TrimSpace(value)
	}
}

func (p *Posting) readXML(ctx context.Context, s *spool, part *multipart.Part) error {
	data, err := io.ReadAll(io.LimitReader(part, maxXML+1))
	if err != nil {
		return err
	}
	switch {
	case len(data) > maxXML:
		p.Doubt = DoubtTooLarge
	case p.XML == nil:
		p.XML = data
		return nil
	case bytes.Equal(p.XML, data):
		return nil
	case p.Doubt == "":
		p.Doubt = DoubtTwoXML
	}
	f, err := newIncoming("xml_submission_file", "text/xml")
	if err != nil {
		return err
	}
	p.further = append(p.further, f)
	return s.read(ctx, f, io.MultiReader(bytes.NewReader(data), part))
}

// readWhole keeps a body that is no multipart as it came.
func (d *Desk) readWhole(ctx context.Context, p *Posting, body io.Reader) (err error) {
	if p.raw != nil {
		return nil
	}
	if p.whole, err = newIncoming("body", p.rawType); err == nil {
		err = (&spool{desk: d}).read(ctx, p.whole, body)
	}
	if err != nil {
		return asCut(err)
	}
	return nil
}

func asCut(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	if p, ok := problem.As(err); ok {
		return p
	}
	cut := *errCut
	return cut.Because(err)
}
