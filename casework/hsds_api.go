package casework

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lintas/casework/hsds"
	"lintas/casework/matching"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

// The read API of HSDS 3.0. It is for people who are signed in: where a
// shelter lies is not for everybody (docs/decisions/0191).

func (d *Desk) hsdsRoutes(g *gate.Gate) {
	for path, serve := range map[string]func(*directory, http.ResponseWriter, *http.Request) (any, error){
		"/hsds/{$}":                       d.hsdsMeta,
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
		gate.Handle(g, "GET", path, gate.SignedIn(), func(w http.ResponseWriter, r *http.Request) {
			dir, err := d.dir(r.Context())
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			out, err := serve(dir, w, r)
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			writeJSON(w, out)
		})
	}
}

// ReadDirectory reads a directory from JSON (HSDS tables, or a list or one of
// nested services) or from a zip of HSDS CSV files.
func ReadDirectory(data []byte) (hsds.Directory, []hsds.RowError, error) {
	if bytes.HasPrefix(data, []byte("PK")) {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return hsds.Directory{}, nil, problem.New(problem.Malformed, "casework.hsds", "The zip file is damaged.").Because(err)
		}
		return hsds.ReadCSV(z)
	}
	var flat hsds.Directory
	var list []hsds.Service
	switch text := bytes.TrimSpace(data); {
	case bytes.HasPrefix(text, []byte("[")):
		if err := json.Unmarshal(text, &list); err != nil {
			return flat, nil, errHSDS(err)
		}
	case bytes.Contains(text[:min(len(text), 1<<16)], []byte(`.csv"`)):
		if err := json.Unmarshal(text, &flat); err != nil {
			return flat, nil, errHSDS(err)
		}
		return flat, nil, nil
	default:
		var s hsds.Service
		if err := json.Unmarshal(text, &s); err != nil || s.Name == "" {
			return flat, nil, errHSDS(err)
		}
		list = append(list, s)
	}
	objects := make([]any, len(list))
	for i, s := range list {
		objects[i] = s
	}
	flat, losses := hsds.Flatten(objects...)
	var wrong []hsds.RowError
	for _, l := range losses {
		wrong = append(wrong, hsds.RowError{File: l.Table, Column: l.Field, Message: l.String()})
	}
	return flat, wrong, nil
}

func errHSDS(err error) error {
	return problem.New(problem.Malformed, "casework.hsds", "This is neither HSDS 3.0 JSON nor a zip of its CSV files.").Because(err)
}

func (d *Desk) hsdsMeta(*directory, http.ResponseWriter, *http.Request) (any, error) {
	return map[string]string{"version": "3.0", "profile": "https://docs.openreferral.org/", "openapi_url": "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json"}, nil
}

var errNoRecord = problem.New(problem.NotFound, "casework.hsds-unknown", "There is no such record in the directory.")

func found[T any](v T, ok bool) (any, error) {
	if !ok {
		return nil, errNoRecord
	}
	return v, nil
}

func hsdsService(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	return found(dir.service(r.PathValue("id")))
}

func hsdsOrganization(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	o, ok := dir.nester.Organization(r.PathValue("id"))
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
		nested := dir.services[s.ID]
		nested.Organization = nil
		if !full {
			nested = hsds.Service{ID: s.ID, Name: s.Name, Status: s.Status}
		}
		out = append(out, nested)
	}
	return out
}

func hsdsPlace(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	return found(dir.nester.ServiceAtLocation(r.PathValue("id")))
}

func hsdsTaxonomy(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	i := slices.IndexFunc(dir.flat.Taxonomies, func(t hsds.Taxonomy) bool { return t.ID == r.PathValue("id") })
	if i < 0 {
		return nil, errNoRecord
	}
	return dir.flat.Taxonomies[i], nil
}

func hsdsTerm(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	return found(dir.nester.TaxonomyTerm(r.PathValue("id")))
}

func hsdsServices(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	keep, err := serviceFilter(dir, r)
	if err != nil {
		return nil, err
	}
	var list []hsds.Service
	for _, s := range dir.flat.Services {
		if nested := dir.services[s.ID]; keep(nested) {
			list = append(list, nested)
		}
	}
	if isTrue(r, "minimal") {
		out := []hsds.Minimal{}
		for _, s := range list {
			out = append(out, hsds.Minimal{ID: s.ID, ModifiedDate: s.LastModified})
		}
		return pageOf(r, out, func(m hsds.Minimal) hsds.Minimal { return m })
	}
	return pageOf(r, list, func(s hsds.Service) hsds.Service {
		if isTrue(r, "full") {
			return s
		}
		return s.Brief()
	})
}

// serviceFilter reads the filters that listings of services and of services at
// locations have in common.
func serviceFilter(dir *directory, r *http.Request) (func(hsds.Service) bool, error) {
	q := r.URL.Query()
	var after time.Time
	if text := q.Get("modified_after"); text != "" {
		var err error
		if after, err = time.Parse(time.RFC3339, text); err != nil {
			if after, err = time.Parse(time.DateOnly, text); err != nil {
				return nil, problem.New(problem.Invalid, "casework.hsds-date", "modified_after is a date and time like 2026-03-01T00:00:00Z.").With("query.modified_after", "cannot be read")
			}
		}
	}
	search := strings.ToLower(q.Get("search"))
	return func(s hsds.Service) bool {
		if term := q.Get("taxonomy_term_id"); term != "" && !slices.ContainsFunc(s.Attributes, func(a hsds.Attribute) bool { return termID(a) == term }) {
			return false
		}
		if tax := q.Get("taxonomy_id"); tax != "" && !slices.ContainsFunc(s.Attributes, func(a hsds.Attribute) bool { return dir.inTaxonomy(a, tax) }) {
			return false
		}
		if org := q.Get("organization_id"); org != "" && (s.Organization == nil || s.Organization.ID != org) {
			return false
		}
		if !after.IsZero() {
			if at, err := time.Parse(time.RFC3339, s.LastModified); err != nil || at.Before(after) {
				return false
			}
		}
		return search == "" || strings.Contains(strings.ToLower(s.Name+"\n"+s.AlternateName+"\n"+s.Description), search)
	}, nil
}

func termID(a hsds.Attribute) string {
	if a.TaxonomyTerm != nil {
		return a.TaxonomyTerm.ID
	}
	return a.TaxonomyTermID
}

func (dir *directory) inTaxonomy(a hsds.Attribute, taxonomy string) bool {
	t, ok := dir.nester.TaxonomyTerm(termID(a))
	return ok && (t.TaxonomyID == taxonomy || t.TaxonomyDetail != nil && t.TaxonomyDetail.ID == taxonomy)
}

func hsdsOrganizations(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	search := strings.ToLower(r.URL.Query().Get("search"))
	var list []hsds.Organization
	for _, o := range dir.flat.Organizations {
		if search == "" || strings.Contains(strings.ToLower(o.Name+"\n"+o.AlternateName+"\n"+o.Description), search) {
			list = append(list, o)
		}
	}
	return pageOf(r, list, func(o hsds.Organization) hsds.Organization {
		if !isTrue(r, "full") {
			return o.Brief()
		}
		full, _ := dir.nester.Organization(o.ID)
		full.Services = dir.servicesOf(o.ID, isTrue(r, "full_service"))
		return full
	})
}

func hsdsPlaces(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	keep, err := serviceFilter(dir, r)
	if err != nil {
		return nil, err
	}
	near, err := dir.near(r)
	if err != nil {
		return nil, err
	}
	var list []hsds.ServiceAtLocation
	for _, row := range dir.flat.ServiceAtLocations {
		at, ok := dir.nester.ServiceAtLocation(row.ID)
		if ok && at.Service != nil && keep(*at.Service) && near(at) {
			list = append(list, at)
		}
	}
	return pageOf(r, list, func(at hsds.ServiceAtLocation) hsds.ServiceAtLocation {
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

// near filters by postcode and proximity. A postcode's centroid is the middle
// of the directory's own locations with that postcode: there is no table of
// postcodes here.
func (dir *directory) near(r *http.Request) (func(hsds.ServiceAtLocation) bool, error) {
	postcode, proximity := fold(r.URL.Query().Get("postcode")), r.URL.Query().Get("proximity")
	if postcode == "" {
		return func(hsds.ServiceAtLocation) bool { return true }, nil
	}
	if proximity == "" {
		return func(at hsds.ServiceAtLocation) bool {
			return at.Location != nil && slices.ContainsFunc(at.Location.Addresses, func(a hsds.Address) bool { return fold(a.PostalCode) == postcode })
		}, nil
	}
	metres, err := strconv.ParseFloat(proximity, 64)
	if err != nil || metres < 0 || math.IsNaN(metres) {
		return nil, problem.New(problem.Invalid, "casework.hsds-proximity", "proximity is a number of metres.").With("query.proximity", "is not a number")
	}
	lat, lon, n := 0.0, 0.0, 0.0
	for _, a := range dir.flat.Addresses {
		if l, ok := dir.nester.Location(a.LocationID); ok && fold(a.PostalCode) == postcode && l.Latitude != nil && l.Longitude != nil {
			lat, lon, n = lat+*l.Latitude, lon+*l.Longitude, n+1
		}
	}
	return func(at hsds.ServiceAtLocation) bool {
		l := at.Location
		return n > 0 && l != nil && l.Latitude != nil && l.Longitude != nil && float64(matching.Distance(lat/n, lon/n, *l.Latitude, *l.Longitude)) <= metres
	}, nil
}

func fold(postcode string) string { return strings.ToUpper(strings.ReplaceAll(postcode, " ", "")) }

func hsdsTaxonomies(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	return pageOf(r, dir.flat.Taxonomies, func(t hsds.Taxonomy) hsds.Taxonomy { return t })
}

func hsdsTerms(dir *directory, _ http.ResponseWriter, r *http.Request) (any, error) {
	q := r.URL.Query()
	var list []hsds.TaxonomyTerm
	for _, t := range dir.flat.TaxonomyTerms {
		if p := q.Get("parent_id"); p != "" && t.ParentID != p {
			continue
		}
		if tax := q.Get("taxonomy_id"); tax != "" && t.TaxonomyID != tax {
			continue
		}
		if isTrue(r, "top_only") && t.ParentID != "" {
			continue
		}
		list = append(list, t)
	}
	return pageOf(r, list, func(t hsds.TaxonomyTerm) hsds.TaxonomyTerm { return t })
}

func isTrue(r *http.Request, name string) bool { return r.URL.Query().Get(name) == "true" }

// pageOf cuts a list and writes each item as the listing shows it.
func pageOf[T, U any](r *http.Request, list []T, write func(T) U) (any, error) {
	number, perPage := 1, 50
	for name, to := range map[string]*int{"page": &number, "per_page": &perPage} {
		if text := r.URL.Query().Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > 1_000_000 {
				return nil, problem.New(problem.Invalid, "casework.hsds-page", "%s is a whole number from 1.", name).With("query."+name, "is not a whole number")
			}
			*to = n
		}
	}
	perPage = min(perPage, hsds.MaxPage)
	from := min((number-1)*perPage, len(list))
	part := list[from:min(from+perPage, len(list))]
	out := make([]U, len(part))
	for i, v := range part {
		out[i] = write(v)
	}
	return hsds.NewPage(out, number, perPage, len(list)), nil
}
