package ensemble

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

func withoutEach(all []Observed, learn func([]Observed) Forecaster) map[string]Forecaster {
	out := map[string]Forecaster{}
	for i, c := range all {
		out[c.Name] = learn(slices.Concat(all[:i], all[i+1:]))
	}
	return out
}

// Run with LINTAS_WRITE_LEARNT=1 to write learnt.json anew from the cases.
func TestWritesTheLearntFigures(t *testing.T) {
	if os.Getenv("LINTAS_WRITE_LEARNT") == "" {
		t.Skip("SKIPPED: set LINTAS_WRITE_LEARNT=1 to write learnt.json anew")
	}
	var all []Observed
	for _, n := range caseNames {
		all = append(all, loadCase(t, n).Observed)
	}
	l := learnt{All: Learn(all), Without: withoutEach(all, Learn)}
	l.Held.All, l.Held.Without = HeldPlain(all), withoutEach(all, HeldPlain)
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("learnt.json", append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
