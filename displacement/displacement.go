// Package displacement is the desk of scenarios: who arrives where and when if
// this conflict spreads or that border shuts, how sure that is, and where beds
// will be missing.
//
// The story: a planner brings a case (Flee's folder, or one built from events,
// places and roads), which is stored as it came with its fingerprint and who
// brought it. Runs of the model (engine abm) over uncertain inputs become bands
// (engine ensemble); what-ifs are data on top of a case and are compared on the
// same seeds; reports of arrivals are laid beside what was foretold.
//
// Every number says what it rests on: which case, which settings, which seed,
// which program. Forecasts stand beside persistence, splits beside a split by
// capacity and an equal one, because those are what a planner has today.
package displacement
