package displacement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"time"
)

// Input is one thing that a scenario's answers rest on: which bytes, where they
// come from, who brought them and when.
type Input struct {
	Kind   string    `json:"kind" enum:"case-file,ruleset,counts,series"`
	Name   string    `json:"name"`
	Rows   int       `json:"rows,omitempty" doc:"counts or days"`
	Bytes  int       `json:"bytes"`
	SHA256 string    `json:"sha256"`
	Source string    `json:"source"`
	MadeAt time.Time `json:"made_at"`
	MadeBy string    `json:"made_by"`
}

// Provenance lists every input of a scenario: the files of its case, the
// rulesets of its versions, the counts and series that came in since.
func (d *Desk) Provenance(ctx context.Context, id string) ([]Input, error) {
	s, err := d.Scenario(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := caseFiles(s)
	if err != nil {
		return nil, err
	}
	versions, err := d.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{"": true}
	for i := len(versions) - 1; i >= 0; i-- { // oldest first: who chose it first
		v := versions[i]
		if seen[v.Ruleset] {
			continue
		}
		seen[v.Ruleset] = true
		raw, err := rulesets.ReadFile(path.Join("rulesets", v.Ruleset+".yml"))
		if err != nil {
			return nil, err
		}
		out = append(out, Input{Kind: "ruleset", Name: v.Ruleset, Bytes: len(raw), SHA256: hexSum(raw), Source: "Lintas " + d.Version, MadeAt: v.MadeAt, MadeBy: v.MadeBy})
	}
	counts, err := d.Arrivals(ctx, id)
	if err != nil {
		return nil, err
	}
	if out, err = appendCounts(out, counts); err != nil {
		return nil, err
	}
	series, err := d.allSeries(ctx, id)
	for _, v := range series {
		out = append(out, Input{Kind: "series", Name: v.Name, Rows: len(v.People), SHA256: v.SHA256, Source: v.Source, MadeAt: v.MadeAt, MadeBy: v.MadeBy})
	}
	return out, err
}

func caseFiles(s Scenario) ([]Input, error) {
	files, err := bundleFiles(s.bundle)
	if err != nil {
		return nil, err
	}
	var out []Input
	for _, name := range sortedKeys(files) {
		out = append(out, Input{Kind: "case-file", Name: name, Bytes: len(files[name]), SHA256: hexSum(files[name]), Source: s.Source, MadeAt: s.MadeAt, MadeBy: s.MadeBy})
	}
	return out, nil
}

// appendCounts adds one input for each time that counts came in. Its fingerprint
// is of the lines of place, date and people, in their order.
func appendCounts(out []Input, counts []Arrival) ([]Input, error) {
	type delivery struct {
		at         time.Time
		by, source string
	}
	var order []delivery
	lines := map[delivery][]Arrival{}
	for _, a := range counts {
		k := delivery{a.MadeAt, a.by, a.Source}
		if lines[k] == nil {
			order = append(order, k)
		}
		lines[k] = append(lines[k], a)
	}
	for _, k := range order {
		var raw bytes.Buffer
		for _, a := range lines[k] {
			a.MadeAt, a.Source = time.Time{}, ""
			if err := writeArrivals(&raw, []Arrival{a}); err != nil {
				return nil, err
			}
		}
		out = append(out, Input{Kind: "counts", Name: lines[k][0].Date, Rows: len(lines[k]), Bytes: raw.Len(), SHA256: hexSum(raw.Bytes()), Source: k.source, MadeAt: k.at, MadeBy: k.by})
	}
	return out, nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
