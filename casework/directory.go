package casework

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lintas/casework/calendar"
	"lintas/casework/hsds"
	"lintas/casework/matching"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// The directory is small (thousands of services, no person), so it is held in
// memory whole. When its version in the store has changed, the rows that
// changed are read and laid over it: the next question to it waits for those
// and not for ten thousand services.

// directory is one version of the service directory. It is never changed.
type directory struct {
	version  int64
	flat     hsds.Directory
	matching []matching.Service // sorted by id

	nested   func() *hsds.Nester // indexed when first asked for
	services sync.Map            // id -> hsds.Service, nested when first asked for

	publish sync.Once
	open    *directory // see public
}

func newDirectory(version int64, flat hsds.Directory) *directory {
	return &directory{version: version, flat: flat, matching: matchingOf(flat), nested: sync.OnceValue(func() *hsds.Nester { return hsds.NewNester(flat) })}
}

// service is one service with all that belongs to it.
func (dir *directory) service(id string) (hsds.Service, bool) {
	if s, ok := dir.services.Load(id); ok {
		return s.(hsds.Service), true
	}
	if _, ok := dir.row(id); !ok {
		return hsds.Service{}, false
	}
	s, ok := dir.nested().Service(id)
	dir.services.Store(id, s)
	return s, ok
}

// row is the bare row of a service.
func (dir *directory) row(id string) (hsds.Service, bool) {
	i, ok := slices.BinarySearchFunc(dir.flat.Services, id, func(s hsds.Service, id string) int { return strings.Compare(s.ID, id) })
	if !ok {
		return hsds.Service{}, false
	}
	return dir.flat.Services[i], true
}

// organization is the bare row of an organization.
func (dir *directory) organization(id string) hsds.Organization {
	i, ok := slices.BinarySearchFunc(dir.flat.Organizations, id, func(o hsds.Organization, id string) int { return strings.Compare(o.ID, id) })
	if !ok {
		return hsds.Organization{}
	}
	return dir.flat.Organizations[i]
}

// stale counts active services whose confirmation is overdue.
func (dir *directory) stale(now time.Time) int {
	n := 0
	for _, s := range dir.matching {
		if s.Active && matching.Freshness(s.Assured, s.TermDays, now) < 1000 {
			n++
		}
	}
	return n
}

// ReadDirectoryNow brings the directory in memory up to date. The node does it
// at its start and each minute, so that nobody's question waits for it.
func (d *Desk) ReadDirectoryNow(ctx context.Context) error {
	_, err := d.dir(ctx)
	return err
}

// dir is the present version of the directory.
func (d *Desk) dir(ctx context.Context) (*directory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.DB.Read(ctx, func(t *db.Tx) error {
		version, err := directoryVersion(t)
		if err != nil || d.directory != nil && d.directory.version == version {
			return err
		}
		if d.directory == nil {
			flat, _, err := readDirectory(t, 0)
			if err == nil {
				d.directory = newDirectory(version, flat)
			}
			return err
		}
		rows, gone, err := readDirectory(t, d.directory.version)
		if err == nil {
			d.directory = newDirectory(version, d.directory.flat.Overlay(rows, gone))
		}
		return err
	})
	return d.directory, err
}

// public is what a node that publishes its directory shows to everybody. Where
// a confidential service is, who works there and who vouched for an entry stay
// inside. A shelter is confidential unless its record says otherwise: whoever
// forgets to say it must not give an address away.
func (dir *directory) public() *directory {
	dir.publish.Do(func() { dir.open = newDirectory(dir.version, publicOf(dir.flat)) })
	return dir.open
}

// The link types of attributes by which a service says what HSDS has no field
// for. Everything about a service thus stands in its HSDS record and survives
// export and import.
const (
	attrNeed        = "lintas:need"
	attrGender      = "lintas:accepts-gender"
	attrStatus      = "lintas:accepts-status"
	attrRequires    = "lintas:requires"
	attrExcludes    = "lintas:excludes"
	attrArea        = "lintas:area"
	attrInterpreted = "lintas:interpreted-language"
	attrFree        = "lintas:places-free" // value: number@year-month-day
	attrTerm        = "lintas:confirmation-term-days"
	// attrConfidential: address (what leads to its door is not published), entry
	// (nothing of it is) or no.
	attrConfidential = "lintas:confidential"
)

// matchingOf reads what matching needs from the directory's tables, in the
// order of ids.
func matchingOf(flat hsds.Directory) []matching.Service {
	out := make([]matching.Service, len(flat.Services))
	at := make(map[string]*matching.Service, len(out))
	for i, s := range flat.Services {
		out[i] = matched(s)
		at[s.ID] = &out[i]
	}
	for _, l := range flat.Languages {
		if m := at[l.ServiceID]; m != nil {
			m.Languages = append(m.Languages, l.Code)
		}
	}
	terms := map[string]string{}
	for _, t := range flat.TaxonomyTerms {
		terms[t.ID] = t.Code
	}
	stands := hsds.Owners(flat)
	for _, a := range flat.Attributes {
		if m := at[a.LinkID]; m != nil && stands(a, "service") {
			matchAttribute(m, a.LinkType, cmp.Or(a.Value, terms[a.TaxonomyTermID]))
		}
	}
	for _, o := range flat.CostOptions {
		switch m := at[o.ServiceID]; {
		case m == nil || o.Amount == nil:
		case *o.Amount > 0:
			m.Cost = matching.CostSome
		case m.Cost == matching.CostUnknown:
			m.Cost = matching.CostFree
		}
	}
	places := make(map[string]*hsds.Location, len(flat.Locations))
	for i := range flat.Locations {
		places[flat.Locations[i].ID] = &flat.Locations[i]
	}
	for _, x := range flat.ServiceAtLocations {
		m, l := at[x.ServiceID], places[x.LocationID]
		if m != nil && !m.Placed && l != nil && l.Latitude != nil && l.Longitude != nil {
			m.Placed, m.Latitude, m.Longitude = true, *l.Latitude, *l.Longitude
		}
	}
	return out
}

// matched reads what stands in a service's own row.
func matched(s hsds.Service) matching.Service {
	m := matching.Service{ID: s.ID, Active: strings.EqualFold(strings.TrimSpace(s.Status), "active"), Free: -1, Alert: s.Alert != ""}
	if s.MinimumAge != nil {
		m.MinAge = int(*s.MinimumAge)
	}
	if s.MaximumAge != nil {
		m.MaxAge = int(*s.MaximumAge)
	}
	m.Assured = dayIn(s.AssuredDate)
	return m
}

// dayIn is a day as directories write it, in whatever calendar; zero when it
// cannot be read, so that an entry is rather thought never confirmed.
func dayIn(text string) time.Time {
	day, _, err := calendar.Day(text)
	if err != nil {
		return time.Time{}
	}
	t, _ := time.Parse(time.DateOnly, day) // a day is of this form
	return t
}

func matchAttribute(m *matching.Service, kind, value string) {
	switch kind {
	case attrNeed:
		m.Needs = append(m.Needs, value)
	case attrGender:
		m.Genders = append(m.Genders, value)
	case attrStatus:
		m.Statuses = append(m.Statuses, value)
	case attrRequires:
		m.Requires = append(m.Requires, value)
	case attrExcludes:
		m.Excludes = append(m.Excludes, value)
	case attrArea:
		m.Areas = append(m.Areas, value)
	case attrInterpreted:
		m.Interpreted = append(m.Interpreted, value)
	case attrFree:
		number, day, _ := strings.Cut(value, "@")
		if n, err := strconv.Atoi(number); err == nil && n >= 0 {
			m.Free = n
			m.FreeAsOf = dayIn(day)
		}
	case attrTerm:
		m.TermDays, _ = strconv.Atoi(value)
	}
}

// PutService stores one service with all that stands under it.
func (d *Desk) PutService(ctx context.Context, s hsds.Service) (hsds.Service, error) {
	if s.ID == "" {
		s.ID = id.New()
	}
	if s.Name == "" || !slices.Contains([]string{"active", "inactive", "defunct", "temporarily closed"}, s.Status) {
		return s, problem.New(problem.Invalid, "casework.service", "A service needs a name and a status: active, inactive, defunct or temporarily closed.").With("body", "lacks a name or status")
	}
	for _, p := range []*float64{s.MinimumAge, s.MaximumAge} {
		if p != nil && (*p < 0 || *p > 130) {
			return s, problem.New(problem.Invalid, "casework.service-age", "An age limit lies between 0 and 130.").With("body.minimum_age", "is out of range")
		}
	}
	s.LastModified = d.Clock.Now().Format(time.RFC3339)
	flat, losses := hsds.Flatten(s)
	if len(losses) > 0 {
		return s, problem.New(problem.Invalid, "casework.service-shape", "The record uses one id for two things: %s.", losses[0])
	}
	dir, err := d.dir(ctx)
	if err != nil {
		return s, err
	}
	gone := dir.leftOut(s.ID, flat)
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := putDirectory(t, flat, gone); err != nil {
			return err
		}
		return d.leaf(t, ctx, "service-put", "service:"+s.ID, "", map[string]any{"taken_out": len(gone)}, nil)
	})
	return s, err
}

// leftOut are the rows that stood under a service alone and that its new
// record no longer has: a need that was taken off must not come back. What
// others may share (organizations, places, terms, programmes) stays.
func (dir *directory) leftOut(service string, flat hsds.Directory) []hsds.Key {
	old, ok := dir.service(service)
	if !ok {
		return nil
	}
	old.Organization, old.Program = nil, nil
	old.ServiceAtLocations = slices.Clone(old.ServiceAtLocations)
	for i := range old.ServiceAtLocations {
		old.ServiceAtLocations[i].Location = nil
	}
	before, _ := hsds.Flatten(old)
	before.TaxonomyTerms, before.Taxonomies = nil, nil
	now := flat.Keys()
	return slices.DeleteFunc(before.Keys(), func(k hsds.Key) bool { return slices.Contains(now, k) })
}

// ExportDirectory is the directory in HSDS's tabular form.
func (d *Desk) ExportDirectory(ctx context.Context) (hsds.Directory, error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return hsds.Directory{}, err
	}
	return dir.flat, nil
}

// EachService visits every service with all that belongs to it, and names the version of the directory that it visits,
// so that what is made of it can be kept until the next.
func (d *Desk) EachService(ctx context.Context) (version int64, services iter.Seq[hsds.Service], err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return 0, nil, err
	}
	return dir.version, func(yield func(hsds.Service) bool) {
		// Not dir.service, which keeps what it nests: ten thousand nested services are tens of megabytes.
		nested := dir.nested()
		for _, row := range dir.flat.Services {
			if s, ok := nested.Service(row.ID); ok && !yield(s) {
				return
			}
		}
	}, nil
}

// Offered is a service that may be offered, with its reasons.
type Offered struct {
	matching.Match
	Name         string  `json:"name"`
	Organization string  `json:"organization"`
	Assured      string  `json:"assured_date"`
	Assurer      string  `json:"assurer"`
	Alert        string  `json:"alert"`
	Latitude     float64 `json:"latitude,omitempty"`
	Longitude    float64 `json:"longitude,omitempty"`
	Placed       bool    `json:"placed"`
	Receiver     string  `json:"receiver,omitempty" doc:"Organisation that answers for it with accounts on this node"`
	ReceiverName string  `json:"receiver_name,omitempty"`
}

// Matched is the answer to a question to the directory.
type Matched struct {
	Offered  []Offered            `json:"offered"`
	Excluded []matching.Exclusion `json:"excluded"`
	Total    int                  `json:"total" doc:"How many can be offered"`
	Refused  int                  `json:"refused" doc:"How many cannot"`
}

// Match ranks services; most bounds how many are returned of each list.
func (d *Desk) Match(ctx context.Context, q matching.Query, most int) (Matched, error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return Matched{}, err
	}
	q.At = d.Clock.Now()
	matches, excluded := matching.Rank(dir.matching, q)
	out := Matched{Offered: []Offered{}, Excluded: excluded[:min(len(excluded), most)], Total: len(matches), Refused: len(excluded)}
	for _, m := range matches[:min(len(matches), most)] {
		s, _ := dir.row(m.ID)
		o := Offered{Match: m, Name: s.Name, Organization: dir.organization(s.OrganizationID).Name, Assured: s.AssuredDate, Assurer: s.AssurerEmail, Alert: s.Alert}
		if i, ok := slices.BinarySearchFunc(dir.matching, m.ID, func(x matching.Service, id string) int { return strings.Compare(x.ID, id) }); ok {
			x := dir.matching[i]
			o.Latitude, o.Longitude, o.Placed = x.Latitude, x.Longitude, x.Placed
		}
		out.Offered = append(out.Offered, o)
	}
	return out, d.DB.Read(ctx, func(t *db.Tx) error { return d.answerers(t, out.Offered) })
}

// AskAssurance makes a link by which a service confirms its entry without an
// account. The link lives fourteen days and works once.
func (d *Desk) AskAssurance(ctx context.Context, service string) (url string, err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return "", err
	}
	if _, ok := dir.service(service); !ok {
		return "", errNoService
	}
	secret := id.Secret()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertAssurance(t, id.Fingerprint(secret), service, d.Clock.Now().AddDate(0, 0, 14)); err != nil {
			return err
		}
		return d.leaf(t, ctx, "ask-assurance", "service:"+service, "", nil, nil)
	})
	return d.PublicURL + "/casework/confirm#" + secret, err
}

// LookAssurance shows a service its entry, for whoever holds its link.
func (d *Desk) LookAssurance(ctx context.Context, secret string) (s hsds.Service, err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return s, err
	}
	var service string
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) {
		service, err = assuranceOf(t, id.Fingerprint(secret), d.Clock.Now())
		return err
	})
	if err != nil {
		return s, err
	}
	s, ok := dir.service(service)
	if !ok {
		return s, errNoService
	}
	return s, nil
}

// Assurance is a service's word on its own entry.
type Assurance struct {
	Secret string `json:"secret"`
	Email  string `json:"email" doc:"Who confirms"`
	Status string `json:"status" enum:"active,inactive,temporarily closed"`
	Free   *int   `json:"places_free,omitempty" minimum:"0" maximum:"100000"`
	Alert  string `json:"alert,omitempty" maxLength:"1000"`
}

// Assure confirms an entry: who it accepts stands as it was shown, and the date
// and the confirmer are written down.
func (d *Desk) Assure(ctx context.Context, a Assurance) error {
	if !strings.Contains(a.Email, "@") {
		return problem.New(problem.Invalid, "casework.assurer", "Say under which e-mail address you confirm.").With("body.email", "is not an address")
	}
	dir, err := d.dir(ctx)
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	return d.DB.Write(ctx, func(t *db.Tx) error {
		service, err := assuranceOf(t, id.Fingerprint(a.Secret), now)
		if err != nil {
			return err
		}
		s, ok := dir.service(service)
		if !ok {
			return errNoService
		}
		s.AssuredDate, s.AssurerEmail, s.Status, s.Alert, s.LastModified = now.Format(time.DateOnly), a.Email, a.Status, a.Alert, now.Format(time.RFC3339)
		if a.Free != nil {
			setAttribute(&s, attrFree, strconv.Itoa(*a.Free)+"@"+now.Format(time.DateOnly))
		}
		flat, _ := hsds.Flatten(s)
		if err := putDirectory(t, flat, nil); err != nil {
			return err
		}
		if err := useAssurance(t, id.Fingerprint(a.Secret), now); err != nil {
			return err
		}
		return d.leaf(t, ctx, "assure", "service:"+service, "", nil, nil)
	})
}

// setAttribute gives a service one value of an attribute.
func setAttribute(s *hsds.Service, kind, value string) {
	for i, a := range s.Attributes {
		if a.LinkType == kind {
			s.Attributes[i].Value = value
			return
		}
	}
	s.Attributes = append(slices.Clone(s.Attributes), hsds.Attribute{ID: id.New(), LinkID: s.ID, LinkEntity: "service", LinkType: kind, Value: value})
}
