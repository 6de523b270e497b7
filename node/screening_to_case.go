package node

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"lintas/casework"
	"lintas/screening"
	"lintas/screening/indicator"
)

//go:embed screening_to_case.json
var handOver []byte

// handOverRules say what a case takes over from a screening: the least that helps.
type handOverRules struct {
	Outcomes map[string][]string          `json:"outcomes"` // outcome that is established -> needs
	Answers  map[string]map[string]string `json:"answers"`  // question -> value -> need
	Risks    map[string]map[string]string `json:"risks"`    // question -> value -> risk
	Fields   map[string]string            `json:"fields"`   // question -> field of the case
}

func readHandOver() (r handOverRules, err error) {
	if err = json.Unmarshal(handOver, &r); err != nil {
		err = fmt.Errorf("node/screening_to_case.json: %w", err)
	}
	return r, err
}

// screened is the arrow from the screening desk to casework: what a screening found becomes needs, risks and
// fields of a new case. The screening desk decides whether the actor may read the screening, and logs it.
func (n *Node) screened(rules handOverRules) func(context.Context, string) (casework.Screened, error) {
	return func(ctx context.Context, id string) (casework.Screened, error) {
		s, err := n.Screening.Read(ctx, id, "en")
		if err != nil {
			return casework.Screened{}, err
		}
		return rules.apply(s), nil
	}
}

func (r handOverRules) apply(s screening.Screening) casework.Screened {
	out := casework.Screened{Values: map[string]string{}, Place: s.Screening.Place, At: s.Screening.ReceivedAt}
	needs, risks := map[string]bool{}, map[string]bool{}
	for _, result := range s.Results {
		if !result.Current {
			continue
		}
		for _, o := range result.Result.Outcomes {
			if o.Certain && o.State == indicator.Established {
				for _, need := range r.Outcomes[o.ID] {
					needs[need] = true
				}
			}
		}
	}
	for _, a := range s.Answers {
		if field, ok := r.Fields[a.Name]; ok && a.Value != "" {
			out.Values[field] = a.Value
		}
		for _, v := range strings.Fields(a.Value) {
			if need := r.Answers[a.Name][v]; need != "" {
				needs[need] = true
			}
			if risk := r.Risks[a.Name][v]; risk != "" {
				risks[risk] = true
			}
		}
	}
	if lang := s.Screening.Language; lang != "" {
		out.Values["language"] = lang
	}
	out.Needs, out.Risks = sorted(needs), sorted(risks)
	return out
}

func sorted(set map[string]bool) []string {
	out := []string{}
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return slices.Clip(out)
}
