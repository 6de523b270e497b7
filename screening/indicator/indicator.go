// Package indicator scores a screening interview against a pack of
// indicators and says why.
//
// The story. A pack is data: indicators (something a person may have lived
// through, recognised by an expression over the interview's answers), grouped
// in dimensions, each with a rule; and a profile, a jurisdiction's own
// decision about what a combination of dimensions means. An interview is a
// set of answers, most of them not given yet. Score lays the one over the
// other and returns an interval: what is certain from the answers so far,
// what is still possible, and which few questions could settle what is open.
//
// Three promises, each held by a property test:
//
//   - An added answer never widens the interval.
//   - The order of answers never matters.
//   - When every question has its answer, the interval is a point.
//
// What this package never does: give a person a number, compare two persons,
// or call anything a finding. A positive result is an offer of a longer talk
// and of services.
//
// How "not known" and "declined" count. They are answers, and they are final
// until the person says otherwise. A comparison on such an answer is neither
// true nor false but unanswered, in Kleene's three-valued logic, and so is its
// negation: such an answer can therefore never make an indicator present, an
// indicator absent, or an outcome established. It shows as "unanswered", never
// as "no", and the result names the question.
//
// The package is pure: no files, no network, no clock, no randomness. The
// same inputs give the same bytes. The TypeScript port in
// web/src/screening/indicator is held equal to it by testdata/vectors.json.
// The expression language, the pack format, the result format and the search
// are described in docs/desks/screening-indicator.md.
package indicator
