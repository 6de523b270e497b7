// Package web holds the built web pages: the desks for larger screens under
// /, the officer's app under /app/ and its exercise twin under /exercise/.
//
// `npm ci && npm run build` in this folder fills dist; without it the package
// still compiles (dist/.keep) and the pages say how to build them.
package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
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
	_, err := fs.Stat(site, "index.html")
	return err == nil
}

// Policy is the Content-Security-Policy of every page. The form engine needs
// WebAssembly ('wasm-unsafe-eval', and data: to load its own grammar); nothing
// needs eval, inline script or a third party. A style attribute is not set in
// markup: Vue sets styles through the CSSOM, which the policy does not touch.
const Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self' data:; " +
	"worker-src 'self'; manifest-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; " +
	"require-trusted-types-for 'script'; trusted-types vue lintas"

// permissions names what a page may ask the browser for: the microphone and
// the camera for questions of type audio and image, the place for geopoint.
const permissions = "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=(), serial=(), bluetooth=(), browsing-topics=()"

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Lintas</title>
<h1>The web pages are not built into this program</h1>
<p>Build them, then start again: <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, or simply <code>make run</code>.</p>
<p>The API and the OpenRosa address work without them.</p></html>
`

// Handler serves the pages: files under /assets/ for ever (their names carry
// a hash of their content), everything else checked again on each visit, and
// for an address that names no file the page whose app answers that address.
// Files that were compressed when they were built are sent so.
func Handler() http.Handler {
	return handler(Files())
}

func handler(site fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Pages are only read: use GET.", http.StatusMethodNotAllowed)
			return
		}
		head := w.Header()
		head.Set("Content-Security-Policy", Policy)
		head.Set("Permissions-Policy", permissions)
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !built(site) {
			head.Set("Content-Type", "text/html; charset=utf-8")
			head.Set("Content-Security-Policy", "default-src 'none'")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt))
			return
		}
		name, ok := find(site, r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		send(w, r, site, name)
	})
}

// find names the file that answers an address. A missing asset is a plain
// "not found": a page sent in the place of a script would break every app
// that was open while the node was renewed, and say nothing.
func find(site fs.FS, address string) (string, bool) {
	name := strings.TrimPrefix(path.Clean("/"+address), "/")
	if hidden(name) {
		return "", false
	}
	if info, err := fs.Stat(site, name); name != "" && err == nil && !info.IsDir() {
		return name, true
	}
	if strings.HasPrefix(name, "assets/") || path.Ext(name) != "" {
		return "", false
	}
	for _, app := range []string{"app", "exercise"} {
		if name == app || strings.HasPrefix(name, app+"/") {
			return app + "/index.html", true
		}
	}
	return "index.html", true
}

func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return true
		}
	}
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// types are set by hand: the table of the machine that runs the node may lack
// the newer ones, and a phone refuses a script under a wrong type.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml",
	".png": "image/png", ".woff2": "font/woff2", ".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8",
	".mp3": "audio/mpeg", ".wav": "audio/wav", ".geojson": "application/geo+json",
}

func send(w http.ResponseWriter, r *http.Request, site fs.FS, name string) {
	head := w.Header()
	if kind, ok := types[path.Ext(name)]; ok {
		head.Set("Content-Type", kind)
	}
	if strings.HasPrefix(name, "assets/") {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		head.Set("Cache-Control", "no-cache")
	}
	body, encoding, err := read(site, name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	head.Set("Vary", "Accept-Encoding")
	if encoding != "" {
		head.Set("Content-Encoding", encoding)
	}
	head.Set("ETag", tag(body))
	info, err := fs.Stat(site, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, name, info.ModTime(), bytes.NewReader(body))
}

func read(site fs.FS, name, accepted string) (body []byte, encoding string, err error) {
	for _, way := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !strings.Contains(accepted, way.encoding) {
			continue
		}
		if body, err = fs.ReadFile(site, name+way.suffix); err == nil {
			return body, way.encoding, nil
		}
	}
	body, err = fs.ReadFile(site, name)
	return body, "", err
}
