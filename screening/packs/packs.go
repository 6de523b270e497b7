// Package packs holds the built-in indicator packs as data, one JSON file
// each. A jurisdiction that needs other rows, weights or case rules adds its
// own pack or workbook; nothing here is compiled in beyond the files.
//
// None of them is validated as it stands. Rows marked secondary come from a
// compilation and wait to be confirmed against the original. The lists for
// sexual exploitation of 2009 are not in hand and therefore not here; the
// loader takes them when somebody holds them.
package packs

import (
	"embed"
	"fmt"
	"sort"
	"strings"
	"sync"

	"lintas/screening/indicator"
)

//go:embed *.json
var files embed.FS

var (
	mu     sync.Mutex
	loaded = map[string]*indicator.Pack{}
)

// Get returns the built-in pack with this id; version may be empty. It is an
// indicator.Resolver.
func Get(id, version string) (*indicator.Pack, error) {
	mu.Lock()
	defer mu.Unlock()
	return get(id, version)
}

func get(id, version string) (*indicator.Pack, error) {
	p, ok := loaded[id]
	if !ok {
		b, err := files.ReadFile(id + ".json")
		if err != nil {
			return nil, fmt.Errorf("there is no built-in pack %q; there are %s", id, strings.Join(IDs(), ", "))
		}
		if p, err = indicator.LoadPack(b, get); err != nil {
			return nil, fmt.Errorf("the built-in pack %s: %w", id, err)
		}
		loaded[id] = p
	}
	if version != "" && version != p.Version {
		return nil, fmt.Errorf("the pack %s is here in version %s, not %s", id, p.Version, version)
	}
	return p, nil
}

// IDs lists the built-in packs by name.
func IDs() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded directory can always be read
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".json"))
	}
	sort.Strings(out)
	return out
}
