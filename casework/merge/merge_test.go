package merge

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestTwoOfficersEditDifferentFieldsAndBothAreKept(t *testing.T) {
	stored := map[string]Field{"name": {"Mya", 1, "a"}, "phone": {"1", 1, "a"}}
	stored, _, _ = Apply(stored, map[string]string{"name": "Mya Hla"}, 1, 2, "a")
	stored, changed, conflicts := Apply(stored, map[string]string{"phone": "2"}, 1, 3, "b")
	if stored["name"].Value != "Mya Hla" || stored["phone"].Value != "2" || len(changed) != 1 || len(conflicts) != 0 {
		t.Error(stored, changed, conflicts)
	}
}

func TestTwoOfficersEditOneFieldAndTheSecondIsShownTheConflict(t *testing.T) {
	stored := map[string]Field{"name": {"Mya", 1, "a"}}
	stored, _, _ = Apply(stored, map[string]string{"name": "Mya Hla"}, 1, 2, "a")
	stored, changed, conflicts := Apply(stored, map[string]string{"name": "Maya"}, 1, 3, "b")
	want := Clash{"name", "Mya Hla", "a", "Maya"}
	if stored["name"].Value != "Mya Hla" || len(changed) != 0 || len(conflicts) != 1 || conflicts[0] != want {
		t.Error(stored, changed, conflicts)
	}
}

func TestBothMadeTheSameChangeAndNobodyIsAsked(t *testing.T) {
	stored := map[string]Field{"name": {"Maya", 2, "a"}}
	if _, changed, conflicts := Apply(stored, map[string]string{"name": "Maya"}, 1, 3, "b"); len(changed)+len(conflicts) != 0 {
		t.Error(changed, conflicts)
	}
}

// In any order of any edits from any base, each edited value is stored, was
// stored already, or is in a conflict: none vanishes.
func TestNoEditVanishes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := map[string]Field{}
		revision := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "edits") {
			base := rapid.Int64Range(0, revision).Draw(t, "base")
			edit := map[string]string{}
			for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
				edit[fmt.Sprint("f", i)] = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "value")
			}
			next, changed, conflicts := Apply(stored, edit, base, revision+1, "a")
			for name, value := range edit {
				inConflict := false
				for _, c := range conflicts {
					inConflict = inConflict || c.Field == name && c.Mine == value && c.Stored == stored[name].Value
				}
				if next[name].Value != value && !inConflict {
					t.Fatalf("%s=%s is lost", name, value)
				}
				if inConflict && next[name] != stored[name] {
					t.Fatalf("%s was overwritten in spite of the conflict", name)
				}
			}
			if len(changed) > 0 {
				revision++
			}
			stored = next
		}
	})
}
