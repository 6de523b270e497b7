// Package web holds the built web pages: the desks for larger screens under
// /, the officer's app under /app/ and its exercise twin under /exercise/.
//
// `npm ci && npm run build` in this folder fills dist; without it the package
// still compiles (dist/.keep), and Built says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var embedded embed.FS

// Files is the built site, index.html at its root.
func Files() fs.FS {
	site, err := fs.Sub(embedded, "dist")
	if err != nil { // cannot happen: the folder is embedded
		panic(err)
	}
	return site
}

// Built says whether the pages were built into this program.
func Built() bool {
	return built(Files())
}

func built(site fs.FS) bool {
	for _, page := range []string{"index.html", "app/index.html", "exercise/index.html"} {
		if _, err := fs.Stat(site, page); err != nil {
			return false
		}
	}
	return true
}
