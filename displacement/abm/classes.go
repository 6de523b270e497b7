package abm

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// AgeBand is one of the bands people are counted in when a run carries ages.
// They are UNHCR's five (0-4, 5-11, 12-17, 18-59, 60+), cut where Flee's rules
// cut (15 and 19).
type AgeBand uint8

// ageFrom is the first year of each band.
var ageFrom = [...]int{0, 5, 12, 15, 18, 19, 60}

// unhcrBand maps the seven bands to UNHCR's five.
var unhcrBand = [...]int{0, 1, 2, 2, 3, 3, 4}

// AgeBands are the bands of Result.Split, in order.
var AgeBands = []string{"0-4", "5-11", "12-17", "18-59", "60+"}

// Sexes are the second index of Result.Split.
var Sexes = []string{"female", "male"}

// behaviour is all that can make two people choose differently.
type behaviour struct {
	child, boy, elder, female bool
	ethnicity, religion       int // index of the attribute's values, -1 unknown
	awareness                 int // flood awareness group, -1 unknown
	home                      int32
}

// classes sorts people. A class is an attribute combination and, when somebody
// asks for it, a home; people of one class are exchangeable.
type classes struct {
	behaviours []behaviour
	base       int     // behaviours of one home
	attr       int     // number of attribute combinations
	homes      bool    // the home is part of the class
	byHome     bool    // the home changes choices (stay_close_to_home)
	of         []int32 // attribute combination to behaviour (without home)
	ages       int     // 1 or len(ageFrom)
	sexes      int
	draws      [][]float64 // per place: cumulative weights over attr; nil is Default
	fallback   []float64
	ethnic     *Attribute
	faith      *Attribute
	shares     map[[2]int]float64
	sizes      [5]int
}

func (cl *classes) build(c *Case, w *world) {
	s := &w.set
	*cl = classes{behaviours: cl.behaviours[:0], of: cl.of[:0], draws: cl.draws[:0], shares: map[[2]int]float64{}}
	find := func(names ...string) *Attribute {
		for i := range c.Attributes {
			if slices.Contains(names, strings.ToLower(c.Attributes[i].Name)) {
				return &c.Attributes[i]
			}
		}
		return nil
	}
	need := func(on bool, what string, names ...string) *Attribute {
		if !on {
			return nil
		}
		a := find(names...)
		if a == nil {
			w.note("A rule needs " + what + " and the case has no demographics file for it; the rule is left out.")
		}
		return a
	}
	age := need(s.ChildrenAvoidHazards || s.ElderlyAvoidHazards || s.Split, "ages", "age")
	sex := need(s.WomenAvoidHazards || s.ChildrenAvoidHazards && s.BoysTakeRisk || s.Split, "sexes", "gender", "sex")
	cl.ethnic = need(s.MatchCampEthnicity || s.MatchTownEthnicity || s.MatchConflictEthnicity, "ethnicity", "ethnicity")
	cl.faith = need(s.MatchCampReligion, "religion", "religion")
	aware := need(s.Flood.Forecast && len(s.Flood.AwarenessWeights) > 0, "flood awareness", "floodawareness")

	cl.homes = s.Returns.Chance > 0 || s.StayCloseToHome && !w.flee
	cl.byHome = s.StayCloseToHome && !w.flee
	dims := []*Attribute{age, sex, cl.ethnic, cl.faith, aware}
	sizes := cl.dimensions(dims)
	cl.attr = 1
	for _, n := range sizes {
		cl.attr *= n
	}
	if cl.attr > 4096 {
		w.note("The demographics make more than 4096 kinds of people; everybody is treated alike.")
		dims, sizes, cl.attr = []*Attribute{nil, nil, nil, nil, nil}, [5]int{1, 1, 1, 1, 1}, 1
		cl.ethnic, cl.faith = nil, nil
	}
	cl.sizes = sizes
	cl.ages, cl.sexes = sizes[0], sizes[1]
	cl.makeBehaviours(w, dims)
	cl.makeDraws(c, dims)
}

// dimensions are the numbers of values that matter per attribute.
func (cl *classes) dimensions(dims []*Attribute) [5]int {
	sizes := [5]int{1, 1, 1, 1, 1}
	for i, a := range dims {
		switch {
		case a == nil:
		case i == 0:
			sizes[i] = len(ageFrom)
		case i == 1:
			sizes[i] = len(Sexes)
		default:
			sizes[i] = len(a.Values)
		}
	}
	return sizes
}

// split takes an attribute combination apart.
func (cl *classes) split(attr int) (v [5]int) {
	for i, n := range cl.sizes {
		v[i] = attr % n
		attr /= n
	}
	return v
}

func (cl *classes) makeBehaviours(w *world, dims []*Attribute) {
	s := &w.set
	seen := map[behaviour]int32{}
	for attr := range cl.attr {
		v := cl.split(attr)
		b := behaviour{ethnicity: -1, religion: -1, awareness: -1, home: -1}
		if dims[0] != nil {
			from := ageFrom[v[0]]
			b.child = s.ChildrenAvoidHazards && from < 19
			b.elder = s.ElderlyAvoidHazards && from >= 60
			b.boy = s.ChildrenAvoidHazards && s.BoysTakeRisk && from >= 15 && dims[1] != nil && v[1] == 1
		}
		b.female = s.WomenAvoidHazards && dims[1] != nil && v[1] == 0
		if dims[2] != nil {
			b.ethnicity = v[2]
		}
		if dims[3] != nil {
			b.religion = v[3]
		}
		if dims[4] != nil {
			b.awareness = v[4]
		}
		n, ok := seen[b]
		if !ok {
			n = int32(len(cl.behaviours))
			seen[b] = n
			cl.behaviours = append(cl.behaviours, b)
		}
		cl.of = append(cl.of, n)
	}
	cl.base = len(cl.behaviours)
	if cl.byHome {
		// One copy of every behaviour per home; index = home*base + behaviour.
		base := slices.Clone(cl.behaviours)
		for h := range w.places {
			for _, b := range base {
				b.home = int32(h)
				cl.behaviours = append(cl.behaviours, b)
			}
		}
	}
}

// behaviourOf is the index into behaviours of a class.
func (cl *classes) behaviourOf(class uint32) int {
	if cl.attr == 1 && !cl.byHome {
		return 0
	}
	attr := int(class) % cl.attr
	n := int(cl.of[attr])
	if cl.byHome {
		n += int(class) / cl.attr * cl.base
	}
	return n
}

// home is the place index of a class's home, -1 unknown.
func (cl *classes) home(class uint32) int32 {
	if !cl.homes {
		return -1
	}
	return int32(int(class)/cl.attr) - 1
}

// class joins an attribute combination and the home.
func (cl *classes) class(attr int, home int32) uint32 {
	if !cl.homes {
		return uint32(attr)
	}
	return uint32(attr + (int(home)+1)*cl.attr)
}

func (cl *classes) makeDraws(c *Case, dims []*Attribute) {
	n := len(c.Places)
	for range n {
		cl.draws = append(cl.draws, nil)
	}
	if cl.attr == 1 {
		return
	}
	cl.fallback = cl.cumulative(dims, -1)
	for p := range n {
		for _, a := range dims {
			if a != nil && a.ByPlace[p] != nil {
				cl.draws[p] = cl.cumulative(dims, p)
				break
			}
		}
	}
}

// cumulative multiplies the marginal weights: attributes are independent.
func (cl *classes) cumulative(dims []*Attribute, place int) []float64 {
	marginal := [5][]float64{}
	for i, a := range dims {
		if a == nil {
			marginal[i] = []float64{1}
			continue
		}
		weights := a.Default
		if v := a.ByPlace[place]; v != nil {
			weights = v
		}
		m := make([]float64, cl.sizes[i])
		for k, v := range weights {
			if n := valueIndex(i, a.Values[k], k); n < len(m) {
				m[n] += v
			}
		}
		marginal[i] = m
	}
	out := make([]float64, cl.attr)
	total := 0.0
	for attr := range out {
		v := cl.split(attr)
		x := 1.0
		for i := range v {
			x *= marginal[i][v[i]]
		}
		total += x
		out[attr] = total
	}
	return out
}

// valueIndex is where a written value of dimension dim belongs.
func valueIndex(dim int, value string, row int) int {
	switch dim {
	case 0:
		years, err := strconv.ParseFloat(strings.TrimRight(strings.SplitN(value, "-", 2)[0], "+ "), 64)
		if err != nil {
			return 5 // an adult
		}
		for i := len(ageFrom) - 1; i >= 0; i-- {
			if years >= float64(ageFrom[i]) {
				return i
			}
		}
		return 0
	case 1:
		if v := strings.ToLower(value); strings.HasPrefix(v, "f") || strings.HasPrefix(v, "w") || v == "1" {
			return 0
		}
		return 1
	}
	return row
}

// weights is the cumulative table of a spawn place.
func (cl *classes) weights(place int32) []float64 {
	if d := cl.draws[place]; d != nil {
		return d
	}
	return cl.fallback
}

// drawAttr picks the attribute combination of one person spawned at a place.
func (cl *classes) drawAttr(rng *stream, place int32) int {
	if cl.attr == 1 {
		return 0
	}
	t := cl.weights(place)
	u := rng.unit() * t[len(t)-1]
	i, _ := slices.BinarySearchFunc(t, u, func(c, u float64) int {
		if c <= u {
			return -1
		}
		return 1
	})
	return min(i, len(t)-1)
}

// attrOf reads the attributes of agents.csv.
func (cl *classes) attrOf(p Person, c *Case, rng *stream) int {
	attr := cl.drawAttr(rng, int32(p.Place))
	v := cl.split(attr)
	for name, text := range p.Attributes {
		dim := -1
		switch strings.ToLower(name) {
		case "age":
			dim = 0
		case "gender", "sex":
			dim = 1
		case "ethnicity":
			dim = 2
		case "religion":
			dim = 3
		case "floodawareness":
			dim = 4
		}
		if dim < 0 || cl.sizes[dim] == 1 {
			continue
		}
		row := 0
		for i := range c.Attributes {
			if strings.EqualFold(c.Attributes[i].Name, name) {
				row = max(0, slices.Index(c.Attributes[i].Values, text))
			}
		}
		v[dim] = min(valueIndex(dim, text, row), cl.sizes[dim]-1)
	}
	attr, step := 0, 1
	for i, n := range cl.sizes {
		attr += v[i] * step
		step *= n
	}
	return attr
}

// score is s(a, l) of the facts, 2.5: how a place looks to one sort of people.
func (cl *classes) score(w *world, b *behaviour, from, to int32) float64 {
	s := &w.set
	v := w.score[to]
	squared := false
	if b.child {
		v, squared = v*v, true
	}
	if b.boy {
		v, squared = 1, false
	}
	if b.elder {
		v, squared = v*v, true
	}
	if b.female && !squared {
		v *= v
	}
	if ahead := w.foreseen[to]; ahead != 1 {
		// How much of the forecast this group takes in: 1 is all of it, 0 nothing.
		share := 1.0
		if b.awareness >= 0 && len(s.Flood.AwarenessWeights) > 0 {
			share = math.Max(0, math.Min(1, s.Flood.AwarenessWeights[min(b.awareness, len(s.Flood.AwarenessWeights)-1)]))
		}
		v *= 1 + float64(share*(ahead-1))
	}
	if s.StayCloseToHome {
		v /= pow(math.Max(1, cl.homeDistance(w, b, from, to)), s.HomeDistancePower)
	}
	place := &w.c.Places[to]
	if w.camp[to] {
		if s.MatchCampEthnicity && b.ethnicity >= 0 {
			v *= 10 * cl.share(cl.ethnic, place, int(to), b.ethnicity, 0)
		}
		if s.MatchCampReligion && b.religion >= 0 {
			v *= cl.share(cl.faith, place, int(to), b.religion, 1) / s.AverageReligionFraction
		}
		return v
	}
	if s.UsePopForLocWeight {
		v *= pow(math.Max(1, float64(w.pop[to])), s.PopPowerForLocWeight)
	}
	if b.ethnicity >= 0 && (w.conflict[to] > 0 && s.MatchConflictEthnicity || w.conflict[to] <= 0 && s.MatchTownEthnicity) {
		v *= 10 * cl.share(cl.ethnic, place, int(to), b.ethnicity, 0)
	}
	return v
}

// homeDistance is km to the home; compat measures to the current place, with
// the coordinates the wrong way round (quirks 6 and 7).
func (cl *classes) homeDistance(w *world, b *behaviour, from, to int32) float64 {
	a, z := &w.c.Places[from], &w.c.Places[to]
	if w.flee {
		return greatCircle(a.Lon, a.Lat, z.Lon, z.Lat)
	}
	if b.home < 0 {
		return 1
	}
	return GreatCircleKm(w.c.Places[b.home], *z)
}

// share is the part of a place's people with a value, from its attribute
// columns. A place that gives no counts is neutral.
func (cl *classes) share(a *Attribute, p *Place, place, value, which int) float64 {
	key := [2]int{place*2 + which, value}
	if v, ok := cl.shares[key]; ok {
		return v
	}
	total, own := 0.0, 0.0
	for i, name := range a.Values {
		n := math.Max(0, attribute(p, name))
		total += n
		if i == value {
			own = n
		}
	}
	v := []float64{0.1, 0.25}[which]
	if total > 0 {
		v = own / total
	}
	cl.shares[key] = v
	return v
}
