package abm

import "fmt"

// On a large graph of short roads people pass many stops a day, and there are
// more ways to have come a distance than there are people. So above fineGraph
// places both cores keep what was covered today in steps, and the travel index
// in fewer levels. Both are rounded by chance and right on average. One draw
// serves all who pass a road, or rest at a place, on a day, so that they stay
// together.

const (
	// fineGraph is the number of places up to which distances within a day are
	// kept to the metre.
	fineGraph = 1000
	// daySteps is into how many steps a day's travel is cut above that.
	daySteps = 16
	// indexStep and indexLevels say how the travel index is kept there: in
	// quarters.
	indexStep   = 4
	indexLevels = recentUnit/indexStep + 1
)

// buildSteps decides whether distances within a day are kept in steps, and how
// long these are.
func (w *world) buildSteps() {
	w.step, w.fastest = 0, metres(max(w.set.MaxMoveSpeed, w.set.MaxWalkSpeed))
	for i := range w.links {
		w.fastest = max(w.fastest, w.links[i].speed)
	}
	n := w.set.DistanceSteps
	if n == 0 && w.places > fineGraph {
		n = daySteps
	}
	if n <= 0 {
		return
	}
	n = min(n, crowdBins)
	w.step = max(1, metres(w.set.MaxMoveSpeed)/int32(n), w.fastest/(crowdBins-2)+1)
	w.round = reuse(w.round, len(w.links))
	w.length = reuse(w.length, len(w.links))
	w.indexRound = reuse(w.indexRound, w.places)
	w.note(fmt.Sprintf("On a graph of this size (over %d places) distances within a day are kept in steps of %.1f km and the travel index in quarters, rounded by chance.", fineGraph, float64(w.step)/1000))
}

// drawSteps draws today's thresholds of rounding: a road of 1.3 steps counts as
// two steps on three days in ten and as one on the others.
func (w *world) drawSteps() {
	if w.step == 0 {
		return
	}
	for i := range w.round {
		w.round[i] = int32(w.rng.below(uint64(w.step)))
		w.length[i] = (w.links[i].metres + w.round[i]) / w.step * w.step
	}
	for i := range w.indexRound {
		w.indexRound[i] = uint8(w.rng.below(indexStep))
	}
}

// covered puts a distance of today, just increased by what was left of a link
// after `done` metres of it, on whole steps.
func (w *world) covered(moved, link, done int32) int32 {
	if w.step == 0 {
		return moved
	}
	left := w.links[link].metres - done
	return moved - left + (left+w.round[link])/w.step*w.step
}

// travelIndex is tonight's travel index of people who end the day at a place or
// on the way to it.
func (w *world) travelIndex(recent uint8, moved, place int32, max int64) uint8 {
	v := newRecent(recent, moved, max)
	if w.step > 0 {
		v = (v + w.indexRound[place]) / indexStep * indexStep
	}
	return v
}
