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
	second  *incoming // a second, different XML part
	large   *incoming // an XML part over the limit
	raw     []byte    // the whole body, when it is small
	rawType string
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
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		p.Doubt = DoubtMultipart
		return p, drain(body)
	}
	err = d.readParts(ctx, p, multipart.NewReader(body, params["boundary"]))
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
	field, file := part.FormName(), rawFileName(part)
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

// rawFileName is the file name as the client wrote it; Part.FileName would already cut folders away.
func rawFileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

func (p *Posting) readXML(ctx context.Context, s *spool, part *multipart.Part) error {
	data, err := io.ReadAll(io.LimitReader(part, maxXML+1))
	if err != nil {
		return err
	}
	if len(data) > maxXML {
		if p.large, err = newIncoming("xml_submission_file", "text/xml"); err != nil {
			return err
		}
		p.XML, p.Doubt = []byte{}, DoubtTooLarge
		return s.read(ctx, p.large, io.MultiReader(bytes.NewReader(data), part))
	}
	switch {
	case p.XML == nil:
		p.XML = data
	case !bytes.Equal(p.XML, data):
		p.Doubt = DoubtTwoXML
		p.second, err = incomingBytes("xml_submission_file", "text/xml", data)
	}
	return err
}

// drain reads a body that nobody can use to its end, so that the client hears the answer.
func drain(body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
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
	return problem.New(errCut.Kind, errCut.Code, errCut.Text).Because(err)
}
