package casework

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lintas/casework/hsds"
	"lintas/casework/matching"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

// The read API of HSDS 3.0. It is for people who are signed in, unless the node
// is told to publish it: then everybody reads it, without what would lead to a
// shelter's door (docs/decisions/0191).

// serveHSDS answers one read: an object, or a listing.
type serveHSDS func(*directory, *http.Request) (any, error)

func (d *Desk) hsdsRoutes(g *gate.Gate) {
	who := gate.SignedIn()
	if d.PublicDirectory {
		who = gate.Public("the service directory, which this node publishes without confidential addresses")
	}
	for path, serve := range map[string]serveHSDS{
		"/hsds/{$}":                       hsdsMeta,
		"/hsds/services":                  hsdsServices,
		"/hsds/services/{id}":             hsdsService,
		"/hsds/organizations":             hsdsOrganizations,
		"/hsds/organizations/{id}":        hsdsOrganization,
		"/hsds/service_at_locations":      hsdsPlaces,
		"/hsds/service_at_locations/{id}": hsdsPlace,
		"/hsds/taxonomies":                hsdsTaxonomies,
		"/hsds/taxonomies/{id}":           hsdsTaxonomy,
		"/hsds/taxonomy_terms":            hsdsTerms,
		"/hsds/taxonomy_terms/{id}":       hsdsTerm,
	} {
		gate.Handle(g, "GET", path, who, func(w http.ResponseWriter, r *http.Request) {
			out, err := d.answerHSDS(serve, r)
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			if all, ok := out.(hsdsLines); ok {
				all.write(w)
				return
			}
			writeJSON(w, out)
		})
	}
}

func (d *Desk) answerHSDS(serve serveHSDS, r *http.Request) (any, error) {
	dir, err := d.dir(r.Context())
	if err != nil {
		return nil, err
	}
	if actor.From(r.Context()).Nobody() {
		dir = dir.public()
	}
	if err := checkHSDS(r); err != nil {
		return nil, err
	}
	return serve(dir, r)
}

// checkHSDS refuses parameters that cannot be read, rather than answer
// something else than was asked.
func checkHSDS(r *http.Request) error {
	p := problem.New(problem.Invalid, "casework.hsds-parameter", "A parameter of the address cannot be read.")
	for _, name := range []string{"full", "minimal", "full_service", "top_only"} {
		if v := r.URL.Query().Get(name); v != "" && v != "true" && v != "false" {
			p.With("query."+name, "is true or false")
		}
	}
	if f := r.URL.Query().Get("format"); f != "" && f != "json" && f != "ndjson" {
		p.With("query.format", "is json or ndjson")
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

// hsdsLines is a listing without pages: each item on a line of its own.
type hsdsLines func(yield func(any) error) error

func (l hsdsLines) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	l(json.NewEncoder(w).Encode) // whoever hangs up needs no answer
}

// ReadDirectory reads a directory: whatever JSON HSDS comes in, or a zip of its
// CSV files.
func ReadDirectory(data []byte) (file hsds.File, err error) {
	if bytes.HasPrefix(data, []byte("PK")) {
		z, err := openZip(data)
		if err != nil {
			return file, err
		}
		file, err = hsds.ReadCSV(z)
		return file, asHSDS(err)
	}
	if data, err = plainText(data); err != nil {
		return file, err
	}
	file, err = hsds.ReadJSON(data)
	return file, asHSDS(err)
}

// openZip opens a zip that holds what a directory needs and nothing that
// another program might unpack where it should not. Its files are counted
// before any is listed: a list of a million takes half a gigabyte.
func openZip(data []byte) (*zip.Reader, error) {
	if bytes.Count(data, []byte("PK\x01\x02")) > 2*hsds.MaxFiles {
		return nil, errZipFiles
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, problem.New(problem.Malformed, "casework.hsds-zip", "The zip file is damaged. Make it again and send it.").Because(err)
	}
	if len(z.File) > hsds.MaxFiles {
		return nil, errZipFiles
	}
	names := map[string]bool{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		switch {
		case !filepath.IsLocal(name) || strings.ContainsAny(name, `\:`):
			return nil, errZipPath
		case f.Flags&1 != 0:
			return nil, problem.New(problem.Malformed, "casework.hsds-zip-locked", "The zip file is locked with a password. Send it without.")
		case names[name]:
			return nil, problem.New(problem.Malformed, "casework.hsds-zip-twice", "Two files in the zip have one name. Make it again and send it.")
		}
		names[name] = true
	}
	return z, nil
}

var (
	errZipFiles = problem.New(problem.TooLarge, "casework.hsds-zip-files", "The zip holds more than %d files. Send the tables of the directory alone.", hsds.MaxFiles)
	errZipPath  = problem.New(problem.Malformed, "casework.hsds-zip-path", "A file in the zip has a path that leads out of its folder. This is no directory; nothing of it was read.")
)

// asHSDS says what is wrong with a file as a whole. A directory holds no
// person, so that the reader's own words may be shown.
func asHSDS(err error) error {
	if err == nil {
		return nil
	}
	why := strings.TrimPrefix(strings.TrimPrefix(err.Error(), hsds.ErrShape.Error()), ": ")
	return problem.New(problem.Malformed, "casework.hsds", "This is neither HSDS 3.0 JSON nor a zip of its CSV files: %s.", why).Because(err)
}

// refuseWrong names up to a hundred rows that cannot be read; nil when there
// are none.
func refuseWrong(wrong []hsds.RowError) error {
	if len(wrong) == 0 {
		return nil
	}
	p := problem.New(problem.Invalid, "casework.hsds-rows", "%d rows cannot be read. Nothing was imported. Correct them and send again.", len(wrong))
	for _, x := range wrong[:min(len(wrong), 100)] {
		p.With(strings.TrimSuffix(x.File+":"+itoa(int64(x.Row))+":"+x.Column, ":"), x.Veiled().Message)
	}
	return p
}

func hsdsMeta(*directory, *http.Request) (any, error) {
	return map[string]string{"version": "3.0", "profile": "https://docs.openreferral.org/", "openapi_url": "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json"}, nil
}

var errNoRecord = problem.New(problem.NotFound, "casework.hsds-unknown", "There is no such record in the directory.")

func found[T any](v T, ok bool) (any, error) {
	if !ok {
		return nil, errNoRecord
	}
	return v, nil
}

func hsdsService(dir *directory, r *http.Request) (any, error) {
	return found(dir.service(r.PathValue("id")))
}

func hsdsOrganization(dir *directory, r *http.Request) (any, error) {
	o, ok := dir.nested().Organization(r.PathValue("id"))
	if !ok {
		return nil, errNoRecord
	}
	o.Services = dir.servicesOf(o.ID, isTrue(r, "full_service"))
	return o, nil
}

// servicesOf are an organization's services, whole or by their name.
func (dir *directory) servicesOf(organization string, full bool) []hsds.Service {
	var out []hsds.Service
	for _, s := range dir.flat.Services {
		if s.OrganizationID != organization {
			continue
		}
		nested := hsds.Service{ID: s.ID, Name: s.Name, Status: s.Status}
		if full {
			nested, _ = dir.service(s.ID)
			nested.Organization = nil
		}
		out = append(out, nested)
	}
	return out
}

func hsdsPlace(dir *directory, r *http.Request) (any, error) {
	return found(dir.nested().ServiceAtLocation(r.PathValue("id")))
}

func hsdsTaxonomy(dir *directory, r *http.Request) (any, error) {
	i := slices.IndexFunc(dir.flat.Taxonomies, func(t hsds.Taxonomy) bool { return t.ID == r.PathValue("id") })
	if i < 0 {
		return nil, errNoRecord
	}
	return dir.flat.Taxonomies[i], nil
}

func hsdsTerm(dir *directory, r *http.Request) (any, error) {
	return found(dir.nested().TaxonomyTerm(r.PathValue("id")))
}

func hsdsServices(dir *directory, r *http.Request) (any, error) {
	keep, err := serviceFilter(dir, r)
	if err != nil {
		return nil, err
	}
	var list []hsds.Service
	for _, s := range dir.flat.Services {
		if keep(s) {
			list = append(list, s)
		}
	}
	if isTrue(r, "minimal") { // whole, as the specification asks, unless pages are asked for
		return pageOf(r, list, len(list), func(s hsds.Service) hsds.Minimal { return hsds.Minimal{ID: s.ID, ModifiedDate: modified(s)} })
	}
	return pageOf(r, list, perPage, func(row hsds.Service) hsds.Service {
		s, _ := dir.service(row.ID)
		if isTrue(r, "full") {
			return s
		}
		return s.Brief()
	})
}

// serviceFilter reads the filters that listings of services and of services at
// locations have in common. It looks at rows.
func serviceFilter(dir *directory, r *http.Request) (func(hsds.Service) bool, error) {
	q := r.URL.Query()
	var after time.Time
	if text := q.Get("modified_after"); text != "" {
		var ok bool
		if after, ok = instant(text); !ok {
			return nil, problem.New(problem.Invalid, "casework.hsds-date", "modified_after is a date and time like 2026-03-01T00:00:00Z.").With("query.modified_after", "cannot be read")
		}
	}
	term, taxonomy, organization, search := q.Get("taxonomy_term_id"), q.Get("taxonomy_id"), q.Get("organization_id"), q.Get("search")
	return func(s hsds.Service) bool {
		if organization != "" && s.OrganizationID != organization || !mentions(search, s.Name, s.AlternateName, s.Description) {
			return false
		}
		if !after.IsZero() {
			if at, ok := instant(modified(s)); !ok || at.Before(after) {
				return false
			}
		}
		if term == "" && taxonomy == "" {
			return true
		}
		nested, _ := dir.service(s.ID)
		return (term == "" || slices.ContainsFunc(nested.Attributes, func(a hsds.Attribute) bool { return termID(a) == term })) &&
			(taxonomy == "" || slices.ContainsFunc(nested.Attributes, func(a hsds.Attribute) bool { return dir.inTaxonomy(a, taxonomy) }))
	}, nil
}

// modified is when a service's entry last changed; one that does not say was at
// least looked at when it was last confirmed.
func modified(s hsds.Service) string { return cmp.Or(s.LastModified, s.AssuredDate) }

// instant reads the forms of a date and time that directories use.
func instant(text string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// mentions says whether every word looked for stands in one of the texts.
func mentions(search string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range strings.Fields(strings.ToLower(search)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

func termID(a hsds.Attribute) string {
	if a.TaxonomyTerm != nil {
		return a.TaxonomyTerm.ID
	}
	return a.TaxonomyTermID
}

func (dir *directory) inTaxonomy(a hsds.Attribute, taxonomy string) bool {
	t, ok := dir.nested().TaxonomyTerm(termID(a))
	return ok && (t.TaxonomyID == taxonomy || t.TaxonomyDetail != nil && t.TaxonomyDetail.ID == taxonomy)
}

func hsdsOrganizations(dir *directory, r *http.Request) (any, error) {
	var list []hsds.Organization
	for _, o := range dir.flat.Organizations {
		if mentions(r.URL.Query().Get("search"), o.Name, o.AlternateName, o.Description) {
			list = append(list, o)
		}
	}
	return pageOf(r, list, perPage, func(o hsds.Organization) hsds.Organization {
		if !isTrue(r, "full") {
			return o.Brief()
		}
		full, _ := dir.nested().Organization(o.ID)
		full.Services = dir.servicesOf(o.ID, isTrue(r, "full_service"))
		return full
	})
}

func hsdsPlaces(dir *directory, r *http.Request) (any, error) {
	keep, err := serviceFilter(dir, r)
	if err != nil {
		return nil, err
	}
	near, err := dir.near(r)
	if err != nil {
		return nil, err
	}
	var list []hsds.ServiceAtLocation
	for _, at := range dir.flat.ServiceAtLocations {
		if s, ok := dir.row(at.ServiceID); ok && keep(s) && near(at) {
			list = append(list, at)
		}
	}
	return pageOf(r, list, perPage, func(row hsds.ServiceAtLocation) hsds.ServiceAtLocation {
		at, _ := dir.nested().ServiceAtLocation(row.ID)
		if isTrue(r, "full") {
			return at
		}
		return briefPlace(at)
	})
}

func briefPlace(at hsds.ServiceAtLocation) hsds.ServiceAtLocation {
	at.Contacts, at.Phones, at.Schedules, at.Attributes, at.Metadata = nil, nil, nil, nil, nil
	if at.Location != nil {
		l := *at.Location
		l.Languages, l.Addresses, l.Contacts, l.Accessibility, l.Phones, l.Schedules, l.Attributes, l.Metadata = nil, nil, nil, nil, nil, nil, nil, nil
		at.Location = &l
	}
	if at.Service != nil {
		s := at.Service.Brief()
		at.Service = &s
	}
	return at
}

// near filters by postcode and proximity. There is no table of postcodes here:
// the middle of a postcode is that of the directory's own places with it. A
// service that says in a readable form which area it serves is kept by that;
// another by its own postcode, or by its distance when one is given.
func (dir *directory) near(r *http.Request) (func(hsds.ServiceAtLocation) bool, error) {
	postcode, text := hsds.Postcode(r.URL.Query().Get("postcode")), r.URL.Query().Get("proximity")
	if postcode == "" && text == "" {
		return func(hsds.ServiceAtLocation) bool { return true }, nil
	}
	metres, err := strconv.ParseFloat(text, 64)
	if text != "" && (err != nil || metres < 0 || math.IsNaN(metres)) {
		return nil, problem.New(problem.Invalid, "casework.hsds-proximity", "proximity is a number of metres.").With("query.proximity", "is not a number")
	}
	if postcode == "" {
		return nil, problem.New(problem.Invalid, "casework.hsds-postcode", "proximity is counted from a postcode; give one, too.").With("query.postcode", "is missing")
	}
	lat, lon, placed := dir.middle(postcode)
	return func(at hsds.ServiceAtLocation) bool {
		l, _ := dir.nested().Location(at.LocationID)
		if text != "" && (!placed || l.Latitude == nil || l.Longitude == nil || float64(matching.Distance(lat, lon, *l.Latitude, *l.Longitude)) > metres) {
			return false
		}
		s, _ := dir.service(at.ServiceID)
		covered, said := false, false
		for _, a := range s.ServiceAreas {
			covers, known := a.Covers(postcode, lat, lon, placed)
			covered, said = covered || covers, said || known
		}
		if said || text != "" {
			return covered || !said
		}
		return slices.ContainsFunc(l.Addresses, func(a hsds.Address) bool { return hsds.Postcode(a.PostalCode) == postcode })
	}, nil
}

// middle is the middle of the places with a postcode.
func (dir *directory) middle(postcode string) (lat, lon float64, ok bool) {
	n := 0.0
	for _, a := range dir.flat.Addresses {
		if hsds.Postcode(a.PostalCode) != postcode {
			continue
		}
		if l, ok := dir.nested().Location(a.LocationID); ok && l.Latitude != nil && l.Longitude != nil {
			lat, lon, n = lat+*l.Latitude, lon+*l.Longitude, n+1
		}
	}
	return lat / max(n, 1), lon / max(n, 1), n > 0
}

func hsdsTaxonomies(dir *directory, r *http.Request) (any, error) {
	var list []hsds.Taxonomy
	for _, t := range dir.flat.Taxonomies {
		if mentions(r.URL.Query().Get("search"), t.Name, t.Description) {
			list = append(list, t)
		}
	}
	return pageOf(r, list, perPage, func(t hsds.Taxonomy) hsds.Taxonomy { return t })
}

func hsdsTerms(dir *directory, r *http.Request) (any, error) {
	q := r.URL.Query()
	var list []hsds.TaxonomyTerm
	for _, t := range dir.flat.TaxonomyTerms {
		if p := q.Get("parent_id"); p != "" && t.ParentID != p {
			continue
		}
		if tax := q.Get("taxonomy_id"); tax != "" && t.TaxonomyID != tax {
			continue
		}
		if isTrue(r, "top_only") && t.ParentID != "" || !mentions(q.Get("search"), t.Name, t.Code, t.Description) {
			continue
		}
		list = append(list, t)
	}
	return pageOf(r, list, perPage, func(t hsds.TaxonomyTerm) hsds.TaxonomyTerm { return t })
}

func isTrue(r *http.Request, name string) bool { return r.URL.Query().Get(name) == "true" }

// perPage is how many items a page holds when nobody asks for a number.
const perPage = 50

// pageOf cuts a list and writes each item of the page as the listing shows it;
// as lines it is not cut.
func pageOf[T, U any](r *http.Request, list []T, size int, write func(T) U) (any, error) {
	if r.URL.Query().Get("format") == "ndjson" {
		return hsdsLines(func(yield func(any) error) error {
			for _, v := range list {
				if err := yield(write(v)); err != nil {
					return err
				}
			}
			return nil
		}), nil
	}
	number := 1
	for name, to := range map[string]*int{"page": &number, "per_page": &size} {
		if text := r.URL.Query().Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1_000_000 {
				return nil, problem.New(problem.Invalid, "casework.hsds-page", "%s is a whole number from 1.", name).With("query."+name, "is not a whole number")
			}
			*to = n
		}
	}
	if r.URL.Query().Has("per_page") {
		size = min(size, hsds.MaxPage)
	}
	size = max(size, 1)
	from := min((number-1)*size, len(list))
	part := list[from:min(from+size, len(list))]
	out := make([]U, len(part))
	for i, v := range part {
		out[i] = write(v)
	}
	return hsds.NewPage(out, number, size, len(list)), nil
}
