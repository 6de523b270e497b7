package abm

import "container/heap"

// homeRoutes finds the way home: the shortest open road from every place to one
// home, kept until the graph changes.
type homeRoutes struct {
	w     *world
	trees map[int32]*homeTree
}

type homeTree struct {
	version uint32
	next    []int32 // next place towards home, -1 none
	route   []int32 // interned route from each place, -1 not made yet
}

func (h *homeRoutes) reset(w *world) {
	h.w = w
	h.trees = map[int32]*homeTree{}
}

// safe is true when a home had conflict, has none, and has been calm long enough.
func (w *world) safe(home int32) bool {
	return home >= 0 && w.conflict[home] <= 0 && w.calmSince[home] >= 0 &&
		w.day-w.calmSince[home] >= w.set.Returns.SafeDays && w.flood[home] <= 0
}

// goesHome is the chance that a person resting at a place sets out for home today.
func (w *world) goesHome(place int32, class uint32) float64 {
	if w.set.Returns.Chance <= 0 || w.camp[place] && !w.set.Returns.FromCamps {
		return 0
	}
	if home := w.classes.home(class); home != place && w.safe(home) {
		return w.set.Returns.Chance
	}
	return 0
}

// arrivedHome is true when a person who comes to a place has returned.
func (w *world) arrivedHome(place int32, class uint32) bool {
	return w.set.Returns.Chance > 0 && w.classes.home(class) == place && w.safe(place)
}

// comeHome takes returned people out of the displaced.
func (w *world) comeHome(place int32, n int64) {
	w.returned += n
	if w.set.TakeFromPopulation {
		w.pop[place] += n
	}
}

// route is the interned way from a place to a home; 0 if there is none.
func (h *homeRoutes) route(place, home int32) int32 {
	t := h.trees[home]
	if t == nil {
		t = &homeTree{}
		h.trees[home] = t
	}
	if t.next == nil || t.version != h.w.graphVersion {
		h.grow(t, home)
	}
	if t.route[place] >= 0 {
		return t.route[place]
	}
	stops := h.w.routes.scratch[:0]
	for at := place; at != home; {
		at = t.next[at]
		if at < 0 {
			stops = stops[:0]
			break
		}
		stops = append(stops, at)
	}
	h.w.routes.scratch = stops
	t.route[place] = h.w.routes.intern(stops)
	return t.route[place]
}

type reached struct {
	metres int64
	place  int32
}

type frontier []reached

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(a, b int) bool {
	return f[a].metres < f[b].metres || f[a].metres == f[b].metres && f[a].place < f[b].place
}
func (f frontier) Swap(a, b int) { f[a], f[b] = f[b], f[a] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(reached)) }
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// grow is Dijkstra's search from the home over links in reverse. Every route
// has both directions, so the links out of a place also show the links in;
// only whether the way back is open must be asked.
func (h *homeRoutes) grow(t *homeTree, home int32) {
	w := h.w
	t.version = w.graphVersion
	t.next, t.route = reuse(t.next, w.places), reuse(t.route, w.places)
	dist := make([]int64, w.places)
	for i := range t.next {
		t.next[i], t.route[i], dist[i] = -1, -1, 1<<62
	}
	dist[home] = 0
	queue := frontier{{0, home}}
	for len(queue) > 0 {
		r := heap.Pop(&queue).(reached)
		if r.metres > dist[r.place] {
			continue
		}
		for _, id := range w.outLinks(r.place) {
			l := &w.links[id]
			if l.sea >= 0 || w.openLink(l.to, r.place) < 0 {
				continue
			}
			if d := r.metres + int64(l.metres); d < dist[l.to] {
				dist[l.to] = d
				t.next[l.to] = r.place
				heap.Push(&queue, reached{d, l.to})
			}
		}
	}
}
