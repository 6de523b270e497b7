package indicator

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vectors hold this package and its TypeScript port to the same results. A
// result is kept as the SHA-256 of its canonical JSON: thousands fit in one
// file. web/src/screening/indicator/vectors.test.ts reads the same file.
type vectors struct {
	Note  string            `json:"note"`
	Packs []json.RawMessage `json:"packs"` // canonical
	Cases []vector          `json:"cases"`
}

type vector struct {
	Pack    int     `json:"p"`
	Answers Answers `json:"a"`
	Done    bool    `json:"f,omitempty"`
	Profile string  `json:"r,omitempty"`
	Lang    string  `json:"l,omitempty"` // also explained in this language
	Result  string  `json:"h"`
	Words   string  `json:"w,omitempty"`
}

const vectorFile = "testdata/vectors.json"

func (v *vector) run(p *Pack) error {
	r, err := Score(p, v.Answers, Options{Profile: v.Profile, Finished: v.Done})
	if err != nil {
		return err
	}
	b, err := canonicalJSON(r)
	if err != nil {
		return err
	}
	v.Result, v.Words = hashHex(b), ""
	if v.Lang != "" {
		if b, err = canonicalJSON(Explain(p, r, v.Lang)); err != nil {
			return err
		}
		v.Words = hashHex(b)
	}
	return nil
}

func TestTheVectorsSharedWithThePortHold(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	b, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	packs := make([]*Pack, len(all.Packs))
	for i, raw := range all.Packs {
		if packs[i], err = LoadPack(raw, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(all.Cases) < 3000 {
		t.Fatalf("only %d vectors", len(all.Cases))
	}
	for i, want := range all.Cases {
		got := want
		if err := got.run(packs[want.Pack]); err != nil {
			t.Fatalf("vector %d: %v", i, err)
		}
		if got.Result != want.Result || got.Words != want.Words {
			t.Fatalf("vector %d gives another result; if that is meant, run go test -run Vectors -update here, then npm test in web", i)
		}
	}
}

func writeVectors(t *testing.T) {
	out := vectors{Note: "Generated: go test -run Vectors -update ./screening/indicator. h and w are SHA-256 of the canonical JSON of the result and of its explanation."}
	var packs []*Pack
	for seed := range 60 {
		packs = append(packs, rapid.Custom(smallPack).Example(seed))
	}
	workbook, err := os.ReadFile("testdata/arrival-interview.json")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := LoadPack(workbook, nil)
	if err != nil {
		t.Fatal(err)
	}
	packs = append(packs, demo)
	langs := ExplanationLanguages()
	for pi, p := range packs {
		out.Packs = append(out.Packs, p.Canonical())
		n := 48
		if p == demo {
			n = 180
		}
		for i := range n {
			v := vector{Pack: pi, Done: i%7 == 0}
			v.Answers = rapid.Custom(func(t *rapid.T) Answers { return vectorAnswers(t, p) }).Example(1000*pi + i)
			if i%5 == 0 {
				v.Lang = langs[i/5%len(langs)]
			}
			if p == demo && i%2 == 1 {
				v.Profile = p.Profiles[1].ID
			}
			if err := v.run(p); err != nil {
				t.Fatal(err)
			}
			out.Cases = append(out.Cases, v)
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d vectors, %d bytes", len(out.Cases), len(b))
}

// vectorAnswers answers a drawn share of the questions, some in ways that
// cannot be read.
func vectorAnswers(t *rapid.T, p *Pack) Answers {
	share := rapid.IntRange(0, 10).Draw(t, "share")
	out := Answers{}
	for _, q := range p.Questions {
		if rapid.IntRange(0, 9).Draw(t, "asked") >= share {
			continue
		}
		var a Answer
		switch q.Type {
		case "integer":
			a = Value(rapid.SampledFrom([]string{"12", "15", "16", "17", "18", "19", "64", "old", "-1"}).Draw(t, "n"))
		case "select_multiple":
			a = Answer{State: Given, Values: rapid.SliceOfNDistinct(rapid.SampledFrom(q.Choices), 1, 3, rapid.ID).Draw(t, "chosen")}
		default:
			a = Value(rapid.SampledFrom(q.Choices).Draw(t, "one"))
		}
		switch rapid.IntRange(0, 11).Draw(t, "odd") {
		case 0:
			a = Answer{State: NotKnown}
		case 1:
			a = Answer{State: Declined}
		case 2:
			a = Value("nonsense")
		}
		out[q.Name] = a
	}
	return out
}
