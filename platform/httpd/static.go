package httpd

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Static serves the built web pages. Files under assets/ carry their hash in the name and may be kept for
// good; everything else is checked again each time. A path without a file is a page of the app that owns
// its first folder (app/, exercise/), else of the desk's app: its index.html answers. A file NAME.br or
// NAME.gz beside NAME is sent in its place to browsers that take it.
func Static(files fs.FS) http.HandlerFunc {
	s := &static{files: files, tags: map[string]string{}}
	return s.serve
}

type static struct {
	files fs.FS
	mu    sync.Mutex
	tags  map[string]string
}

func (s *static) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "pages can only be read", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	if !s.has(name) {
		if path.Ext(name) != "" { // a file that is not there, not a page
			http.NotFound(w, r)
			return
		}
		name = s.page(name)
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	if strings.Contains(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Add("Vary", "Accept-Encoding")
	send := name
	accept := r.Header.Get("Accept-Encoding")
	for _, c := range []struct{ ext, coding string }{{".br", "br"}, {".gz", "gzip"}} {
		if strings.Contains(accept, c.coding) && s.has(name+c.ext) {
			h.Set("Content-Encoding", c.coding)
			send = name + c.ext
			break
		}
	}
	s.send(w, r, send)
}

// page is the index.html that answers for a path without a file.
func (s *static) page(name string) string {
	first, _, _ := strings.Cut(name, "/")
	if own := first + "/index.html"; s.has(own) {
		return own
	}
	return "index.html"
}

func (s *static) has(name string) bool {
	i, err := fs.Stat(s.files, name)
	return err == nil && !i.IsDir()
}

func (s *static) send(w http.ResponseWriter, r *http.Request, name string) {
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	tag, ok := s.tags[name]
	if !ok {
		sum := sha256.Sum256(data)
		tag = `"` + hex.EncodeToString(sum[:12]) + `"`
		s.tags[name] = tag
	}
	s.mu.Unlock()
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(data)
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".webmanifest":
		return "application/manifest+json"
	case ".wasm":
		return "application/wasm"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
