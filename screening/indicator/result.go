package indicator

// ResultFormat names the shape of a Result in JSON; its members keep their
// names and meanings within the number.
const ResultFormat = "lintas-result/1"

// Result is what a pack makes of the answers so far. It holds no number about
// the person and is never compared with another person's.
type Result struct {
	Format  string     `json:"format"`
	Pack    PackRef    `json:"pack"`
	Profile ProfileRef `json:"profile"`
	// Finished: nothing more will be asked; what was not asked stays
	// unanswered.
	Finished   bool             `json:"finished"`
	Population PopulationResult `json:"population"`
	// Decided: no further answer can change any outcome.
	Decided bool `json:"decided"`
	// Offer: some outcome that calls for the offer of a longer talk and of
	// services is established, or may still be.
	Offer Finding `json:"offer"`
	// Outcomes and Dimensions are under the rule in use: the adult's, or the
	// child's, or both while the age is still to be asked. In pack order.
	Outcomes   []Finding `json:"outcomes"`
	Dimensions []Finding `json:"dimensions"`
	// Views show both rules, adult first, while the age is not settled.
	Views []View `json:"views,omitempty"`
	// Flags of established outcomes, for the record: non_punishment.
	Flags []string `json:"flags,omitempty"`
	// Present lists the indicators that are certain, each with its answers.
	Present []Present `json:"present"`
	// Unanswered lists the questions with "not known", "declined" or, when
	// finished, never asked, on which some indicator waits.
	Unanswered []Unanswered `json:"unanswered,omitempty"`
	// Next holds, for each open need and for the offer, the fewest questions
	// that could settle it.
	Next []Next `json:"next,omitempty"`
	// NotCovered lists indicators of the pack that this instrument never asks
	// about: their absence says nothing.
	NotCovered []string  `json:"not_covered,omitempty"`
	Warnings   []Warning `json:"warnings,omitempty"`
	// Exact: every "possible" was proved by an example. False only where a
	// search was given up; then "possible" may be too wide, never too narrow.
	Exact bool `json:"exact"`
}

// PackRef names the pack a result came from.
type PackRef struct {
	ID        string `json:"id"`
	Version   string `json:"version"`
	Hash      string `json:"hash"`
	Validated bool   `json:"validated"`
	// Secondary: some rows are still to be confirmed against their source.
	Secondary bool `json:"secondary"`
}

// Ref names the pack as results and lists do.
func (p *Pack) Ref() PackRef {
	return PackRef{p.ID, p.Version, p.hash, p.Validated, p.prog.secondary}
}

// ProfileRef names the jurisdiction profile in use.
type ProfileRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// PopulationResult says which rule is in use and why.
type PopulationResult struct {
	// Rule is adult, child, or both while the age may still settle it.
	Rule string `json:"rule"`
	// PresumedChild: the age stays unknown, asked or kept away, so the child's
	// rule is in use until it is settled. Both views are shown.
	PresumedChild bool `json:"presumed_child,omitempty"`
}

// FindingState is a finding in one word.
type FindingState string

// The states of a finding.
const (
	Established    FindingState = "established" // certain from the answers so far
	Open           FindingState = "open"        // further answers could establish it
	LeftUnanswered FindingState = "unanswered"  // cannot be established, because of answers not known or declined
	NotSeen        FindingState = "not_seen"    // cannot be established by any further answer
)

// Finding is the interval of one outcome or dimension: Certain implies
// Possible.
type Finding struct {
	ID       string       `json:"id"`
	Kind     string       `json:"kind"` // case, need, dimension or offer
	Certain  bool         `json:"certain"`
	Possible bool         `json:"possible"`
	State    FindingState `json:"state"`
}

// View is the result under one population's rule.
type View struct {
	Population string    `json:"population"`
	Outcomes   []Finding `json:"outcomes"`
	Dimensions []Finding `json:"dimensions"`
}

// Present is an indicator that fired, with the answers behind it.
type Present struct {
	ID        string   `json:"id"`
	Dimension string   `json:"dimension"`
	Strength  Strength `json:"strength"`
	Because   []Reason `json:"because"`
}

// Reason is one answer behind an indicator.
type Reason struct {
	Question string   `json:"question"`
	Values   []string `json:"values"`
}

// Unanswered is a question that was asked without getting a value, or never
// asked in a finished interview.
type Unanswered struct {
	Question string `json:"question"`
	State    State  `json:"state"`
}

// Next is the fewest questions whose answers could settle a target. Which
// answers is left out on purpose: nobody is to be led to them.
type Next struct {
	Target    string   `json:"target"` // an outcome's id, or "offer"
	Questions []string `json:"questions"`
	// Shortest: no smaller set can settle it. False where the search was given
	// up and this is the best set found.
	Shortest bool `json:"shortest"`
}

// Warning is an answer that could not be used.
type Warning struct {
	Question string `json:"question"`
	Message  string `json:"message"`
}
