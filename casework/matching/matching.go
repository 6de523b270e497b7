// Package matching ranks services for what a person needs, and says for each
// what speaks for it and what against. It ranks services, never persons.
//
// Points are whole numbers and every one stands beside the reason it was given
// for, so that a caseworker can add them up by hand. An exclusion is not a
// point: a service that does not accept somebody is not offered, whatever else
// speaks for it. Ties go to the nearer service, then to the one confirmed more
// recently, then to the smaller id, so the same question has the same answer.
package matching

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Service is what matching knows of a service. Codes are the directory's.
type Service struct {
	ID     string
	Active bool
	// Needs it meets, as taxonomy codes.
	Needs []string
	// Languages spoken and Interpreted (by interpreter), ISO 639.
	Languages, Interpreted []string
	// MinAge and MaxAge in years, inclusive; MaxAge 0 has no upper bound.
	MinAge, MaxAge int
	// Genders and Statuses accepted; empty accepts all.
	Genders, Statuses []string
	// Requires and Excludes are traits somebody must or must not have, such as
	// "with_children" or "recommended_by_police".
	Requires, Excludes []string
	// Areas covered, as place codes; a code covers every code it begins
	// ("ID-11" covers "ID-11-03"). Empty covers everywhere.
	Areas []string
	// Latitude and Longitude in degrees; Placed says that they are known.
	Latitude, Longitude float64
	Placed              bool
	// Free places now; negative when not known. FreeAsOf is when that was said.
	Free     int
	FreeAsOf time.Time
	// Cost to the person.
	Cost Cost
	// Assured is when the service last confirmed its entry; TermDays how long
	// a confirmation holds.
	Assured  time.Time
	TermDays int
	// Alert is set when the service has one for its users to read.
	Alert bool
}

// Cost to the person.
type Cost string

const (
	CostUnknown Cost = ""
	CostFree    Cost = "free"
	CostSome    Cost = "some"
)

// Query is what is looked for. Unknown things are left empty: they never
// exclude, they are named as things to ask.
type Query struct {
	Needs     []string `json:"needs"`
	Languages []string `json:"languages,omitempty"`
	Age       int      `json:"age" doc:"Negative when not known"`
	Gender    string   `json:"gender,omitempty"`
	Status    string   `json:"status,omitempty"`
	Traits    []string `json:"traits,omitempty"`
	// Place is the place code where the person is.
	Place     string    `json:"place,omitempty"`
	Latitude  float64   `json:"latitude,omitempty"`
	Longitude float64   `json:"longitude,omitempty"`
	Placed    bool      `json:"placed,omitempty" doc:"Latitude and longitude are known"`
	At        time.Time `json:"-"`
}

// Code names a reason; the page holds its words.
type Code string

const (
	NeedMet        Code = "need_met"
	NeedNotMet     Code = "need_not_met"
	Speaks         Code = "speaks"
	Interprets     Code = "interprets"
	NoLanguage     Code = "no_common_language"
	AgeAccepted    Code = "age_accepted"
	AgeUnknown     Code = "age_not_known"
	GenderAccepted Code = "gender_accepted"
	GenderUnknown  Code = "gender_not_known"
	StatusAccepted Code = "status_accepted"
	StatusUnknown  Code = "status_not_known"
	AreaCovered    Code = "area_covered"
	AreaUnknown    Code = "area_not_known"
	HasRoom        Code = "has_room"
	RoomNotKnown   Code = "room_not_known"
	NoRoom         Code = "no_room"
	FreeOfCharge   Code = "free_of_charge"
	Costs          Code = "costs"
	Fresh          Code = "confirmed"
	Stale          Code = "confirmation_overdue"
	NeverConfirmed Code = "never_confirmed"
	HasAlert       Code = "has_alert"

	NotActive     Code = "not_active"
	NoNeedMet     Code = "meets_no_need"
	TooYoung      Code = "too_young"
	TooOld        Code = "too_old"
	GenderRefused Code = "gender_not_accepted"
	StatusRefused Code = "status_not_accepted"
	TraitRefused  Code = "trait_not_accepted"
	TraitMissing  Code = "trait_required"
	OutsideArea   Code = "outside_area"
)

// Reason is one thing that speaks for (positive points), against (negative) or
// is only to be known (zero).
type Reason struct {
	Code   Code   `json:"code"`
	Value  string `json:"value,omitempty"`
	Points int    `json:"points"`
}

// The points. Meeting a need outweighs all that is convenient together.
const (
	pointsNeed        = 20
	pointsSpeaks      = 6
	pointsInterprets  = 3
	pointsNoLanguage  = -6
	pointsRoom        = 4
	pointsNoRoom      = -8
	pointsFree        = 2
	pointsCosts       = -2
	pointsStaleAtMost = -10
)

// Match is one service that may be offered.
type Match struct {
	ID      string   `json:"id"`
	Points  int      `json:"points"`
	Reasons []Reason `json:"reasons"`
	// Metres from the person, negative when not known.
	Metres int `json:"metres"`
	// Freshness from 0 (never confirmed) to 1000 (within its term).
	Freshness int `json:"freshness"`
}

// Exclusion is one service that may not be offered, with every reason.
type Exclusion struct {
	ID      string   `json:"id"`
	Reasons []Reason `json:"reasons"`
}

// Rank returns the services that may be offered, best first, and those that
// may not. It changes neither argument.
func Rank(services []Service, q Query) ([]Match, []Exclusion) {
	matches := make([]Match, 0, len(services))
	excluded := make([]Exclusion, 0, len(services))
	for i := range services {
		s := &services[i]
		if why := exclude(s, &q); len(why) > 0 {
			excluded = append(excluded, Exclusion{s.ID, why})
			continue
		}
		matches = append(matches, weigh(s, &q))
	}
	slices.SortFunc(matches, compare)
	slices.SortFunc(excluded, func(a, b Exclusion) int { return cmp.Compare(a.ID, b.ID) })
	return matches, excluded
}

// compare puts the better match first.
func compare(a, b Match) int {
	return cmp.Or(
		cmp.Compare(b.Points, a.Points),
		cmp.Compare(rankDistance(a.Metres), rankDistance(b.Metres)),
		cmp.Compare(b.Freshness, a.Freshness),
		cmp.Compare(a.ID, b.ID),
	)
}

func rankDistance(metres int) int {
	if metres < 0 {
		return math.MaxInt
	}
	return metres
}

// exclude lists what forbids offering the service.
func exclude(s *Service, q *Query) []Reason {
	var why []Reason
	add := func(c Code, value string) { why = append(why, Reason{Code: c, Value: value}) }
	if !s.Active {
		add(NotActive, "")
	}
	if len(q.Needs) > 0 && !slices.ContainsFunc(q.Needs, func(n string) bool { return slices.Contains(s.Needs, n) }) {
		add(NoNeedMet, "")
	}
	if q.Age >= 0 && q.Age < s.MinAge {
		add(TooYoung, "")
	}
	if q.Age >= 0 && s.MaxAge > 0 && q.Age > s.MaxAge {
		add(TooOld, "")
	}
	if q.Gender != "" && len(s.Genders) > 0 && !slices.Contains(s.Genders, q.Gender) {
		add(GenderRefused, q.Gender)
	}
	if q.Status != "" && len(s.Statuses) > 0 && !slices.Contains(s.Statuses, q.Status) {
		add(StatusRefused, q.Status)
	}
	for _, trait := range s.Excludes {
		if slices.Contains(q.Traits, trait) {
			add(TraitRefused, trait)
		}
	}
	for _, trait := range s.Requires {
		if !slices.Contains(q.Traits, trait) {
			add(TraitMissing, trait)
		}
	}
	if q.Place != "" && len(s.Areas) > 0 && !covers(s.Areas, q.Place) {
		add(OutsideArea, q.Place)
	}
	return why
}

// covers says whether a place code lies in one of the areas.
func covers(areas []string, place string) bool {
	for _, area := range areas {
		if place == area || (len(place) > len(area) && place[:len(area)] == area && place[len(area)] == '-') {
			return true
		}
	}
	return false
}

// weigh collects what speaks for and against a service that may be offered.
func weigh(s *Service, q *Query) Match {
	m := Match{ID: s.ID, Metres: -1, Reasons: make([]Reason, 0, 8)}
	add := func(c Code, value string, points int) {
		m.Reasons = append(m.Reasons, Reason{c, value, points})
		m.Points += points
	}
	for _, need := range q.Needs {
		if slices.Contains(s.Needs, need) {
			add(NeedMet, need, pointsNeed)
		} else {
			add(NeedNotMet, need, 0)
		}
	}
	weighLanguage(s, q, add)
	weighAcceptance(s, q, add)
	weighRoomAndCost(s, add)
	m.Freshness = Freshness(s.Assured, s.TermDays, q.At)
	switch {
	case s.Assured.IsZero():
		add(NeverConfirmed, "", pointsStaleAtMost)
	case m.Freshness < 1000:
		add(Stale, s.Assured.Format(time.DateOnly), pointsStaleAtMost*(1000-m.Freshness)/1000)
	default:
		add(Fresh, s.Assured.Format(time.DateOnly), 0)
	}
	if s.Alert {
		add(HasAlert, "", 0)
	}
	if s.Placed && q.Placed {
		m.Metres = Distance(s.Latitude, s.Longitude, q.Latitude, q.Longitude)
	}
	return m
}

func weighLanguage(s *Service, q *Query, add func(Code, string, int)) {
	for _, l := range q.Languages {
		if slices.Contains(s.Languages, l) {
			add(Speaks, l, pointsSpeaks)
			return
		}
	}
	for _, l := range q.Languages {
		if slices.Contains(s.Interpreted, l) {
			add(Interprets, l, pointsInterprets)
			return
		}
	}
	if len(q.Languages) > 0 {
		add(NoLanguage, "", pointsNoLanguage)
	}
}

// weighAcceptance names the conditions that were checked and those that could
// not be, because somebody has to ask.
func weighAcceptance(s *Service, q *Query, add func(Code, string, int)) {
	if s.MinAge > 0 || s.MaxAge > 0 {
		if q.Age < 0 {
			add(AgeUnknown, "", 0)
		} else {
			add(AgeAccepted, "", 0)
		}
	}
	check := func(accepted []string, value string, yes, unknown Code) {
		if len(accepted) == 0 {
			return
		}
		if value == "" {
			add(unknown, "", 0)
		} else {
			add(yes, value, 0)
		}
	}
	check(s.Genders, q.Gender, GenderAccepted, GenderUnknown)
	check(s.Statuses, q.Status, StatusAccepted, StatusUnknown)
	check(s.Areas, q.Place, AreaCovered, AreaUnknown)
}

func weighRoomAndCost(s *Service, add func(Code, string, int)) {
	switch {
	case s.Free < 0:
		add(RoomNotKnown, "", 0)
	case s.Free == 0:
		add(NoRoom, s.FreeAsOf.Format(time.DateOnly), pointsNoRoom)
	default:
		add(HasRoom, s.FreeAsOf.Format(time.DateOnly), pointsRoom)
	}
	switch s.Cost {
	case CostFree:
		add(FreeOfCharge, "", pointsFree)
	case CostSome:
		add(Costs, "", pointsCosts)
	}
}

// DefaultTermDays is how long a confirmation holds when the service names none.
const DefaultTermDays = 90

// Freshness of a confirmation, from 1000 while it is within its term, halving
// with every further term, to 0 when there never was one. A confirmation dated
// in the future counts as made now.
func Freshness(assured time.Time, termDays int, now time.Time) int {
	if assured.IsZero() {
		return 0
	}
	if termDays <= 0 {
		termDays = DefaultTermDays
	}
	term := time.Duration(termDays) * 24 * time.Hour
	over := now.Sub(assured) - term
	if over <= 0 {
		return 1000
	}
	return int(1000 * math.Exp2(-float64(over)/float64(term)))
}

// Distance in metres over a sphere of the Earth's mean radius (haversine), to
// the nearest ten metres so that rounding cannot turn a ranking.
func Distance(lat1, lon1, lat2, lon2 float64) int {
	const radius = 6_371_008.8
	rad := math.Pi / 180
	dLat, dLon := (lat2-lat1)*rad/2, (lon2-lon1)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Sin(dLon)*math.Sin(dLon)
	return int(2*radius*math.Asin(math.Min(1, math.Sqrt(h)))/10+0.5) * 10
}
