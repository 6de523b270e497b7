package indicator

// Rescored holds a result and the same answers' result under another pack, a
// newer version or another profile. Both are kept: the earlier one is what was
// said to the person at the time.
type Rescored struct {
	Before  Result   `json:"before"`
	After   Result   `json:"after"`
	Changes []Change `json:"changes"`
}

// Change is an outcome that stands differently. A state is empty where that
// pack does not know the outcome.
type Change struct {
	ID     string       `json:"id"`
	Kind   string       `json:"kind"`
	Before FindingState `json:"before,omitempty"`
	After  FindingState `json:"after,omitempty"`
}

// Rescore scores answers with another pack and lists what changed for the
// offer and the outcomes.
func Rescore(before Result, p *Pack, answers Answers, o Options) (Rescored, error) {
	after, err := Score(p, answers, o)
	if err != nil {
		return Rescored{}, err
	}
	out := Rescored{Before: before, After: after, Changes: []Change{}}
	was, is := findingsOf(before), findingsOf(after)
	for _, f := range was {
		now := stateOf(is, f.ID)
		if now != f.State {
			out.Changes = append(out.Changes, Change{f.ID, f.Kind, f.State, now})
		}
	}
	for _, f := range is {
		if stateOf(was, f.ID) == "" {
			out.Changes = append(out.Changes, Change{f.ID, f.Kind, "", f.State})
		}
	}
	return out, nil
}

func findingsOf(r Result) []Finding { return append([]Finding{r.Offer}, r.Outcomes...) }

func stateOf(list []Finding, id string) FindingState {
	for _, f := range list {
		if f.ID == id {
			return f.State
		}
	}
	return ""
}
