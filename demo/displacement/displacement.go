// Package displacement holds an invented region with a land crossing and a sea
// crossing, to try displacement scenarios on. No such place exists.
package displacement

import (
	"embed"
	"io/fs"
)

//go:embed case
var files embed.FS

// Name is what the scenario is called.
const Name = "Serai straits (invented)"

// Case is the case folder.
func Case() fs.FS {
	sub, err := fs.Sub(files, "case")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
