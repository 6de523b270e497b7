package indicator

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	packs = append(packs, hardPacks(t, 1, 40)...)
	workbook, err := os.ReadFile("testdata/arrival-interview.json")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := LoadPack(workbook, nil)
	if err != nil {
		t.Fatal(err)
	}
	packs = append(packs, demo)
	if err := out.draw(packs, func(p *Pack) int { return map[bool]int{true: 180, false: 48}[p == demo] }); err != nil {
		t.Fatal(err)
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

func hardPacks(t *testing.T, from uint64, n int) (packs []*Pack) {
	for seed := from; len(packs) < n; seed++ {
		h, err := drawHard(seed, 7)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		packs = append(packs, h.pack)
	}
	return packs
}

// draw adds so many interviews of each pack.
func (out *vectors) draw(packs []*Pack, many func(*Pack) int) error {
	langs := ExplanationLanguages()
	for pi, p := range packs {
		out.Packs = append(out.Packs, p.Canonical())
		for i := range many(p) {
			v := vector{Pack: pi, Done: i%7 == 0}
			v.Answers = rapid.Custom(func(t *rapid.T) Answers { return vectorAnswers(t, p) }).Example(1000*pi + i)
			if i%5 == 0 {
				v.Lang = langs[i/5%len(langs)]
			}
			if len(p.Profiles) > 1 && i%2 == 1 {
				v.Profile = p.Profiles[1].ID
			}
			if err := v.run(p); err != nil {
				return err
			}
			out.Cases = append(out.Cases, v)
		}
	}
	return nil
}

// TestThePortAgreesOnThousandsOfFreshPacks draws packs and answers that no
// file holds and has the port score them, with the tests of web:
//
//	LINTAS_SLOW=1 go test -v -run FreshPacks ./screening/indicator
//
// LINTAS_SEED draws others.
func TestThePortAgreesOnThousandsOfFreshPacks(t *testing.T) {
	if os.Getenv("LINTAS_SLOW") == "" {
		t.Skip("SKIPPED: runs the tests of web, minutes; set LINTAS_SLOW=1")
	}
	seed, err := strconv.ParseUint(os.Getenv("LINTAS_SEED"), 10, 64)
	if err != nil {
		seed = 10_000
	}
	var out vectors
	if err := out.draw(hardPacks(t, seed, 1000), func(*Pack) int { return 8 }); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "vectors.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("npx", "vitest", "run", "src/screening/indicator/vectors.test.ts")
	cmd.Dir = filepath.Join("..", "..", "web")
	cmd.Env = append(os.Environ(), "LINTAS_VECTORS="+file)
	said, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("1 passed")) {
		t.Fatalf("seed %d: %v\n%s", seed, err, said)
	}
	t.Logf("%d packs, %d interviews", len(out.Packs), len(out.Cases))
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
		case "integer", "decimal":
			a = Value(rapid.SampledFrom([]string{"12", "15", "16", "17", "18", "19", "64", "old", "-1", "3", "0.5", "0", "+3", "1e3", "\u00a03"}).Draw(t, "n"))
		case "select_multiple":
			a = Answer{State: Given, Values: rapid.SliceOfNDistinct(rapid.SampledFrom(q.Choices), 1, 3, rapid.ID).Draw(t, "chosen")}
		case "date":
			a = Value(rapid.SampledFrom([]string{"2026-01-30", "2026-01-31", "2026-02-01T10:00:00", "2026-02-30", "2024-02-29", "1-1-1"}).Draw(t, "day"))
		case "text":
			a = Value(rapid.SampledFrom([]string{"x", "y", "", " x\u0085", "\ufeffx", "\u2003y\u3000"}).Draw(t, "text"))
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
