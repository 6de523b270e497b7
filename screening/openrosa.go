package screening

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

// OpenRosa 1.0 (https://docs.getodk.org/openrosa/), in the manner of ODK Central, as ODK Collect expects it.
// Every answer, refusals too, carries the protocol's headers: without them Collect says "not an OpenRosa
// server" or takes the answer for that of a captive portal.
//
// openRosa mounts the protocol under both bases: /key/{token} for enrolled devices, whose token stands in the
// path so that every address given out carries it, and /openrosa for basic sign-in and our own app.
func (d *Desk) openRosa(g *gate.Gate) {
	who := gate.Roles(actor.Officer, actor.Caseworker, actor.Supervisor, actor.Trainer, actor.Administrator).AndDevices().Refusing(refuseOpenRosa)
	for _, base := range []string{"/key/{token}", "/openrosa"} {
		gate.Handle(g, "GET", base+"/formList", who, d.version1(d.serveFormList))
		gate.Handle(g, "GET", base+"/forms/{revision}/form.xml", who, d.serveForm)
		gate.Handle(g, "GET", base+"/forms/{revision}/manifest", who, d.version1(d.serveManifest))
		gate.Handle(g, "GET", base+"/forms/{revision}/media/{name}", who, d.serveMedia)
		gate.Handle(g, "GET", base+"/lists/{list}/entities.csv", who, d.serveEntityList)
		gate.Handle(g, "GET", base+"/lists/{list}/integrity", who, d.version1(d.serveIntegrity))
		gate.Handle(g, "HEAD", base+"/submission", who, d.version1(d.serveHeadSubmission))
		gate.Handle(g, "POST", base+"/submission", who, d.version1(d.serveSubmission))
		gate.Handle(g, "", base+"/{rest...}", who, d.serveNothing)
	}
}

func openRosaHeaders(h http.Header) {
	h.Set("X-OpenRosa-Version", "1.0")
	h.Set("X-OpenRosa-Accept-Content-Length", strconv.Itoa(maxBody))
	h.Set("Content-Language", "en")
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private, no-cache") // a client may keep it, but must ask whether it is still so (ETag)
}

// version1 refuses clients that do not say they speak OpenRosa 1.0. The header also keeps pages of other
// sites from posting with a signed-in person's cookie: a form cannot set it. The Date header is never
// looked at: Collect's is wrong in the afternoon.
func (d *Desk) version1(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-OpenRosa-Version") != "1.0" {
			answer(w, http.StatusBadRequest, "error", "This address is for data collection apps that speak OpenRosa 1.0 (header X-OpenRosa-Version).")
			return
		}
		h(w, r)
	}
}

type openRosaMessage struct {
	Nature string `xml:"nature,attr"`
	Text   string `xml:",chardata"`
}

type openRosaResponse struct {
	XMLName xml.Name        `xml:"http://openrosa.org/http/response OpenRosaResponse"`
	Items   int             `xml:"items,attr"`
	Message openRosaMessage `xml:"message"`
}

// problemType is what the officer's app asks for: a code and its values, which it says in the officer's language.
// Other clients of the protocol show the sentence as they get it.
const problemType = "application/problem+json"

// answerProblem writes a refusal in the form that the client reads.
func answerProblem(w http.ResponseWriter, r *http.Request, p *problem.Problem, status int, text string) {
	if strings.Contains(r.Header.Get("Accept"), problemType) {
		openRosaHeaders(w.Header())
		gate.WriteProblem(w, r, p)
		return
	}
	answer(w, status, "error", text)
}

// answer writes the protocol's response; an error's text is shown to the enumerator as it is.
func answer(w http.ResponseWriter, status int, nature, text string) {
	openRosaHeaders(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	writeXML(w, status, openRosaResponse{Message: openRosaMessage{nature, text}})
}

func writeXML(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
	}
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// refuseOpenRosa renders what the gate refuses. A token in the address is never answered 401: the client
// would ask the officer for a password that does not exist.
func refuseOpenRosa(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	withToken := strings.HasPrefix(r.URL.Path, "/key/") || r.URL.Query().Has("st")
	status, text := p.Kind.Status(), p.Text
	switch {
	case status >= 500 || status == http.StatusTooManyRequests:
	case withToken:
		status, text = http.StatusForbidden, "This phone is not, or no longer, allowed to use the server. Keep your interviews on the phone and ask your supervisor to enrol it again."
	case p.Kind == problem.Unauthenticated && r.Header.Get("X-Lintas-Request") != "":
		// The officer's app asks for the sign-in itself; a challenge would make the browser ask, and the app wait.
	case p.Kind == problem.Unauthenticated && !secure(r):
		status, text = http.StatusForbidden, "The server takes a user name and password only over https. Use an https address, or enrol the phone with its QR code."
	case p.Kind == problem.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Basic realm="Lintas", charset="UTF-8"`)
		text = "Enter your user name and password."
	}
	answerProblem(w, r, p, status, text)
}

// fail renders an error of a verb.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	if p, ok := problem.As(err); ok {
		if p.Cause != nil {
			d.log.Warn("request refused", "route", r.Pattern, "code", p.Code, "cause", p.Cause)
		}
		answerProblem(w, r, p, p.Kind.Status(), p.Text)
		return
	}
	if errors.Is(err, r.Context().Err()) && r.Context().Err() != nil {
		answer(w, http.StatusServiceUnavailable, "error", errCut.Text)
		return
	}
	d.log.Error("request failed", "route", r.Pattern, "error", err)
	answer(w, http.StatusInternalServerError, "error", "Something went wrong on the server. Keep the interview on the phone and send it again later.")
}

// secure reports whether a password may be asked for: https, here or at a proxy on this machine, or a client
// on this machine.
func secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() {
		return false
	}
	proto := r.Header.Get("X-Forwarded-Proto")
	return proto == "https" || proto == ""
}

// place is where a client reaches the protocol: the prefix of every address given to it, and what must
// stand behind each (a token in the query).
type place struct{ base, query string }

func (d *Desk) placeOf(r *http.Request) place {
	root := strings.TrimSuffix(d.deps.PublicURL, "/")
	if root == "" {
		scheme := "http"
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			scheme = "https"
		}
		root = scheme + "://" + r.Host
	}
	p := place{base: root + "/openrosa"}
	if token := r.PathValue("token"); token != "" {
		p.base = root + "/key/" + url.PathEscape(token)
	}
	if st := r.URL.Query().Get("st"); st != "" {
		p.query = "?st=" + url.QueryEscape(st)
	}
	return p
}

func (p place) of(parts ...string) string {
	out := p.base
	for _, part := range parts {
		out += "/" + url.PathEscape(part)
	}
	return out + p.query
}

type xformItem struct {
	FormID      string `xml:"formID"`
	Name        string `xml:"name"`
	Version     string `xml:"version"`
	Hash        string `xml:"hash"`
	DownloadURL string `xml:"downloadUrl"`
	ManifestURL string `xml:"manifestUrl,omitempty"`
}

type xformList struct {
	XMLName xml.Name    `xml:"http://openrosa.org/xforms/xformsList xforms"`
	Forms   []xformItem `xml:"xform"`
}

func (d *Desk) serveFormList(w http.ResponseWriter, r *http.Request) {
	offered, err := d.Offered(r.Context(), r.URL.Query().Get("formID"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	at := d.placeOf(r)
	list := xformList{}
	for _, rev := range offered {
		item := xformItem{FormID: rev.FormID, Name: rev.Title, Version: rev.Version, Hash: "md5:" + rev.MD5, DownloadURL: at.of("forms", rev.ID, "form.xml")}
		lists, err := d.listsFor(r.Context(), rev)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		if len(rev.Media)+len(lists) > 0 {
			item.ManifestURL = at.of("forms", rev.ID, "manifest")
		}
		list.Forms = append(list.Forms, item)
	}
	d.serveXML(w, r, list)
}

type mediaItem struct {
	Type         string `xml:"type,attr,omitempty"` // entityList: the client keeps it up to date row by row
	Name         string `xml:"filename"`
	Hash         string `xml:"hash"`
	DownloadURL  string `xml:"downloadUrl"`
	IntegrityURL string `xml:"integrityUrl,omitempty"`
}

type manifest struct {
	XMLName xml.Name    `xml:"http://openrosa.org/xforms/xformsManifest manifest"`
	Media   []mediaItem `xml:"mediaFile"`
}

func (d *Desk) serveManifest(w http.ResponseWriter, r *http.Request) {
	_, rev, err := d.RevisionFile(r.Context(), r.PathValue("revision"), "xform")
	if err != nil {
		d.fail(w, r, err)
		return
	}
	at := d.placeOf(r)
	out := manifest{}
	for _, m := range rev.Media {
		out.Media = append(out.Media, mediaItem{Name: m.Name, Hash: "md5:" + m.MD5, DownloadURL: at.of("forms", rev.ID, "media", m.Name)})
	}
	lists, err := d.listsFor(r.Context(), rev)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	for _, list := range lists {
		content, err := d.EntityCSV(r.Context(), list)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		out.Media = append(out.Media, mediaItem{"entityList", list + ".csv", "md5:" + hashMD5(content), at.of("lists", list, "entities.csv"), at.of("lists", list, "integrity")})
	}
	d.serveXML(w, r, out)
}

// serveXML answers with an ETag, so that a client on a thin line fetches a list only when it changed.
func (d *Desk) serveXML(w http.ResponseWriter, r *http.Request, v any) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(v); err != nil {
		d.fail(w, r, err)
		return
	}
	openRosaHeaders(w.Header())
	serveBytes(w, r, b.Bytes(), hashMD5(b.Bytes()))
}

// serveBytes answers a GET or HEAD with an entity tag, and 304 where the client has it already.
func serveBytes(w http.ResponseWriter, r *http.Request, content []byte, tag string) {
	w.Header().Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (d *Desk) serveForm(w http.ResponseWriter, r *http.Request) {
	content, rev, err := d.RevisionFile(r.Context(), r.PathValue("revision"), "xform")
	if err != nil {
		d.fail(w, r, err)
		return
	}
	openRosaHeaders(w.Header())
	serveBytes(w, r, content, rev.MD5)
}

func (d *Desk) serveMedia(w http.ResponseWriter, r *http.Request) {
	m, err := d.MediaFile(r.Context(), r.PathValue("revision"), r.PathValue("name"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	openRosaHeaders(w.Header())
	w.Header().Set("Content-Type", m.Type)
	serveBytes(w, r, m.Content, m.MD5)
}

// serveHeadSubmission answers the request that clients make before they post: 204 and nothing else means
// "this is the place". Location, where it differs from the address asked, must be on the same host.
func (d *Desk) serveHeadSubmission(w http.ResponseWriter, r *http.Request) {
	openRosaHeaders(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", d.placeOf(r).of("submission"))
	w.WriteHeader(http.StatusNoContent)
}

func (d *Desk) serveSubmission(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > maxBody {
		d.fail(w, r, errTooLarge)
		return
	}
	body, err := unpacked(w, r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p, err := d.ReadPosting(r.Context(), r.Header.Get("Content-Type"), body)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p.ClientDevice, p.UserAgent = storable(r.URL.Query().Get("deviceID")), storable(r.UserAgent())
	receipt, err := d.Receive(r.Context(), p)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if receipt.Refusal != nil {
		answerProblem(w, r, receipt.Refusal, receipt.Status, receipt.Message)
		return
	}
	answer(w, receipt.Status, "", receipt.Message)
}

// errPacked is the answer to a body in a coding that the node cannot open.
var errPacked = problem.New(problem.Malformed, "screening.packed", "The upload is packed in a way that the server cannot open (Content-Encoding). Nothing was stored. Send it as it is, or with gzip.")

// unpacked is the body of a request up to the limit, which holds for what gzip unpacks to as well.
func unpacked(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	body := http.MaxBytesReader(w, r.Body, maxBody)
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, asCut(err)
		}
		return http.MaxBytesReader(w, z, maxBody), nil
	}
	return nil, errPacked
}

// storable is what a client says of itself without what no database holds: it must never keep an interview out.
func storable(said string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(said, "\uFFFD"), "\x00", "")
}

// serveNothing is the answer to every other address and method under a base.
func (d *Desk) serveNothing(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/submission") {
		w.Header().Set("Allow", "HEAD, POST")
		answer(w, http.StatusMethodNotAllowed, "error", "Interviews are sent here with POST.")
		return
	}
	answer(w, http.StatusNotFound, "error", "There is nothing at this address. Check the server address in the app's settings.")
}
