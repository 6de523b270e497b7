package gate

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// Pack lets a route's answers be packed (gzip) for clients that ask for it: a form, its rules and what a phone holds
// are a fifth of their size on a slow network. Never for what is about a person: the size of a packed answer tells
// about what is in it, to whoever can only see sizes. Call it before the route is added; pattern is as in Routes,
// with the method.
func (g *Gate) Pack(pattern string) { g.mux.packed[pattern] = true }

// mux is the router; some of its routes pack their answers.
type mux struct {
	*http.ServeMux
	packed map[string]bool
}

// HandleFunc adds a route.
func (m *mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	if m.packed[pattern] {
		h = packing(h)
	}
	m.ServeMux.HandleFunc(pattern, h)
}

// packing leaves answers alone that fit one packet. The coding is gzip, which every browser and OpenRosa client
// knows; zstd would keep windows of megabytes in memory.
func packing(h http.HandlerFunc) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.EnableZstd(false))
	if err != nil {
		panic(err) // only a wrong option of ours
	}
	return wrap(h)
}
