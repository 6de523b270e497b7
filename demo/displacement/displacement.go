// Package displacement holds an invented region with a land crossing and a sea
// crossing, to try displacement scenarios on. No such place exists.
package displacement

import (
	"embed"
	"io/fs"
)

//go:embed case
var files embed.FS

// Arrivals are counts that came in after the case was brought: place, date, people.
//
//go:embed arrivals.csv
var Arrivals string

// WhatIf is a list of changes on top of the case.
//
//go:embed whatif.json
var WhatIf []byte

// What the scenario says of itself.
const (
	Name   = "Serai straits (invented)"
	Source = "Invented for trying out; no such place exists."
	Note   = "The land border shuts and the fighting reaches the road to the coast: what does the sea carry?"
)

// Case is the case folder.
func Case() fs.FS {
	sub, err := fs.Sub(files, "case")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
