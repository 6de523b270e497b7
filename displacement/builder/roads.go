package builder

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"math"
	"sort"
)

// roads joins the places: by the rows of a CSV, by the lines of a GeoJSON, or, without roads, by great circles.
func (b *build) roads(data []byte) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case len(trimmed) == 0:
		b.find("roads", 0, "great circles times "+degrees(b.o.Detour), "no roads were given")
		b.guess()
	case trimmed[0] == '{':
		b.lines(trimmed)
	default:
		b.given(trimmed)
	}
	for _, r := range b.routes {
		if r.source == assumedSource {
			b.out.Assumed++
		}
	}
	sort.Slice(b.routes, func(i, j int) bool {
		return b.routes[i].a < b.routes[j].a || b.routes[i].a == b.routes[j].a && b.routes[i].b < b.routes[j].b
	})
}

const assumedSource = "great-circle default"

func (b *build) between(i, j int) float64 {
	return GreatCircleKm(b.places[i].Lat, b.places[i].Lon, b.places[j].Lat, b.places[j].Lon)
}

func (b *build) join(i, j int, km float64, source string) {
	b.routes = append(b.routes, route{a: min(i, j), b: max(i, j), km: math.Max(km, 0.1), source: source})
}

// given takes roads from CSV rows.
func (b *build) given(data []byte) {
	t := newTable(data)
	if m := t.has("name1", "name2"); m != "" {
		b.find("roads", 1, "great circles", "the header lacks the column %q", m)
		b.guess()
		return
	}
	index := map[string]int{}
	for i, p := range b.places {
		index[p.Name] = i
	}
	seen := map[[2]int]bool{}
	for t.next() {
		i, ok1 := index[t.text("name1")]
		j, ok2 := index[t.text("name2")]
		if !ok1 || !ok2 || i == j {
			b.find("roads", t.line, "left out", "%q - %q does not join two places of the places file", t.text("name1"), t.text("name2"))
			continue
		}
		key := [2]int{min(i, j), max(i, j)}
		if seen[key] {
			b.find("roads", t.line, "the first is kept", "%s - %s stands twice", b.places[i].Name, b.places[j].Name)
			continue
		}
		seen[key] = true
		straight := b.between(i, j)
		km, ok := t.number("km")
		switch {
		case !ok || km <= 0:
			b.find("roads", t.line, "the great circle times "+degrees(b.o.Detour), "%s - %s has no length", b.places[i].Name, b.places[j].Name)
			b.join(i, j, straight*b.o.Detour, assumedSource)
		default:
			if km < straight*0.95 {
				b.find("roads", t.line, "taken as given", "%s - %s: %.0f km is shorter than the great circle, %.0f km", b.places[i].Name, b.places[j].Name, km, straight)
			}
			b.join(i, j, km, "given")
		}
	}
}

// guess joins each place to its nearest neighbours, and the pieces that are left apart to each other at
// their nearest points, by great circles times the detour.
func (b *build) guess() {
	n := len(b.places)
	seen := map[[2]int]bool{}
	add := func(i, j int) {
		if key := [2]int{min(i, j), max(i, j)}; i != j && !seen[key] {
			seen[key] = true
			b.join(i, j, b.between(i, j)*b.o.Detour, assumedSource)
		}
	}
	for i := range n {
		order := make([]int, 0, n-1)
		for j := range n {
			if j != i {
				order = append(order, j)
			}
		}
		sort.Slice(order, func(x, y int) bool {
			dx, dy := b.between(i, order[x]), b.between(i, order[y])
			return dx < dy || dx == dy && order[x] < order[y]
		})
		for _, j := range order[:min(b.o.Neighbours, len(order))] {
			add(i, j)
		}
	}
	b.bridge(add)
}

// bridge adds the edges of the minimum spanning tree (Prim), so that no piece is left apart.
func (b *build) bridge(add func(i, j int)) {
	n := len(b.places)
	in, from, dist := make([]bool, n), make([]int, n), make([]float64, n)
	for i := range dist {
		dist[i], from[i] = math.Inf(1), -1
	}
	dist[0] = 0
	for range n {
		at := -1
		for i := range n {
			if !in[i] && (at < 0 || dist[i] < dist[at]) {
				at = i
			}
		}
		in[at] = true
		if from[at] >= 0 {
			add(at, from[at])
		}
		for j := range n {
			if d := b.between(at, j); !in[j] && d < dist[j] {
				dist[j], from[j] = d, at
			}
		}
	}
}

// The parts of GeoJSON (RFC 7946) that roads need.
type geoFeature struct {
	Type     string          `json:"type"`
	Geometry *geoGeometry    `json:"geometry"`
	Features []geoFeature    `json:"features"`
	Coords   json.RawMessage `json:"coordinates"`
}

type geoGeometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
	Geometries  []geoGeometry   `json:"geometries"`
}

// lines takes roads from GeoJSON: lines that share a point (to about a metre) are joined there; each place is
// put on the nearest point; two places are neighbours when a road leads from one to the other through no third.
func (b *build) lines(data []byte) {
	var doc geoFeature
	if err := json.Unmarshal(data, &doc); err != nil {
		b.find("roads", 0, "great circles", "the file is not GeoJSON: %v", err)
		b.guess()
		return
	}
	g := &graph{index: map[[2]int32]int{}}
	for _, f := range append(doc.Features, doc) {
		if f.Geometry != nil {
			g.geometry(*f.Geometry)
		}
	}
	if doc.Geometry == nil && len(doc.Coords) > 0 {
		g.geometry(geoGeometry{Type: doc.Type, Coordinates: doc.Coords})
	}
	if len(g.points) == 0 {
		b.find("roads", 0, "great circles", "the GeoJSON holds no LineString")
		b.guess()
		return
	}
	b.walk(g)
}

func (b *build) walk(g *graph) {
	at := make([]int, len(b.places)) // node of each place, -1 = off the roads
	owner := map[int]int{}
	for i, p := range b.places {
		node, km := g.nearest(p.Lat, p.Lon, b.o.SnapKm)
		at[i] = node
		if node < 0 {
			b.find("roads", p.line, "joined to its nearest place by a great circle", "no road passes within %.0f km of %s", b.o.SnapKm, p.Name)
			continue
		}
		if other, taken := owner[node]; taken {
			b.find("roads", p.line, "joined to each other directly", "%s and %s stand at the same point of the road, %.1f km away", p.Name, b.places[other].Name, km)
			b.join(i, other, b.between(i, other)*b.o.Detour, assumedSource)
			at[i] = -2
			continue
		}
		owner[node] = i
	}
	for i := range b.places {
		switch at[i] {
		case -1:
			if j := b.closest(i, at); j >= 0 {
				b.join(i, j, b.between(i, j)*b.o.Detour, assumedSource)
			}
		case -2:
		default:
			for j, km := range g.neighbours(at[i], owner) {
				if j > i { // each pair once
					b.join(i, j, km, "along roads")
				}
			}
		}
	}
}

func (b *build) closest(i int, at []int) int {
	best, found := math.Inf(1), -1
	for j := range b.places {
		if d := b.between(i, j); j != i && at[j] >= 0 && d < best {
			best, found = d, j
		}
	}
	return found
}

// graph is a road network: points and the lengths between them.
type graph struct {
	index  map[[2]int32]int // coordinates in 1e-5 degrees -> node
	points [][2]float64     // lat, lon
	edges  [][]edge
	cells  map[[2]int][]int
}

type edge struct {
	to int
	km float64
}

func (g *graph) geometry(geo geoGeometry) {
	switch geo.Type {
	case "LineString":
		var line [][]float64
		if json.Unmarshal(geo.Coordinates, &line) == nil {
			g.line(line)
		}
	case "MultiLineString":
		var lines [][][]float64
		if json.Unmarshal(geo.Coordinates, &lines) == nil {
			for _, l := range lines {
				g.line(l)
			}
		}
	case "GeometryCollection":
		for _, inner := range geo.Geometries {
			if inner.Type != "GeometryCollection" { // RFC 7946 asks not to nest them
				g.geometry(inner)
			}
		}
	}
}

func (g *graph) line(points [][]float64) {
	before := -1
	for _, p := range points {
		if len(p) < 2 || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			before = -1
			continue
		}
		n := g.node(p[1], p[0])
		if before >= 0 && before != n {
			km := GreatCircleKm(g.points[before][0], g.points[before][1], g.points[n][0], g.points[n][1])
			g.edges[before] = append(g.edges[before], edge{n, km})
			g.edges[n] = append(g.edges[n], edge{before, km})
		}
		before = n
	}
}

func (g *graph) node(lat, lon float64) int {
	key := [2]int32{int32(math.Round(lat * 1e5)), int32(math.Round(lon * 1e5))}
	n, ok := g.index[key]
	if !ok {
		n = len(g.points)
		g.index[key] = n
		g.points = append(g.points, [2]float64{lat, lon})
		g.edges = append(g.edges, nil)
	}
	return n
}

const cell = 0.25 // degrees of the search grid

func cellOf(lat, lon float64) [2]int {
	return [2]int{int(math.Floor(lat / cell)), int(math.Floor(lon / cell))}
}

// nearest is the node nearest to a point within km, or -1.
func (g *graph) nearest(lat, lon, km float64) (node int, away float64) {
	if g.cells == nil {
		g.cells = map[[2]int][]int{}
		for n, p := range g.points {
			c := cellOf(p[0], p[1])
			g.cells[c] = append(g.cells[c], n)
		}
	}
	rows := int(km/111/cell) + 1
	columns := int(km/(111*math.Max(math.Cos(lat*math.Pi/180), 0.05))/cell) + 1
	c := cellOf(lat, lon)
	node, away = -1, km
	for dy := -rows; dy <= rows; dy++ {
		for dx := -columns; dx <= columns; dx++ {
			for _, n := range g.cells[[2]int{c[0] + dy, c[1] + dx}] {
				if d := GreatCircleKm(lat, lon, g.points[n][0], g.points[n][1]); d <= away {
					node, away = n, d
				}
			}
		}
	}
	return node, away
}

// neighbours are the places that a road leads to from a node through no third place, with their kilometres
// (Dijkstra that does not pass places).
func (g *graph) neighbours(from int, owner map[int]int) map[int]float64 {
	found, done := map[int]float64{}, map[int]bool{}
	q := &queue{{from, 0}}
	for q.Len() > 0 {
		x := heap.Pop(q).(step)
		if done[x.node] {
			continue
		}
		done[x.node] = true
		if place, is := owner[x.node]; is && x.node != from {
			found[place] = x.km
			continue
		}
		for _, e := range g.edges[x.node] {
			if !done[e.to] {
				heap.Push(q, step{e.to, x.km + e.km})
			}
		}
	}
	return found
}

type step struct {
	node int
	km   float64
}

type queue []step

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].km < q[j].km }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(step)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
