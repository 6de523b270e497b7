package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func site() fstest.MapFS {
	return fstest.MapFS{
		"index.html":         {Data: []byte("desk")},
		"app/index.html":     {Data: []byte("officer")},
		"app/sw.js":          {Data: []byte("worker")},
		"assets/main-abc.js": {Data: []byte("script")}, "assets/main-abc.js.br": {Data: []byte("small")},
		".vite/manifest.json": {Data: []byte("{}")},
	}
}

func get(t *testing.T, site fstest.MapFS, address string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler(site).ServeHTTP(w, r)
	return w
}

func TestAnAddressIsAnsweredByThePageOfItsApp(t *testing.T) {
	for address, want := range map[string]string{
		"/": "desk", "/screening/instruments": "desk", "/application": "desk",
		"/app": "officer", "/app/": "officer", "/app/interview/12": "officer", "/app/sw.js": "worker",
	} {
		if got := get(t, site(), address).Body.String(); got != want {
			t.Errorf("%s answered %q, want %q", address, got, want)
		}
	}
}

func TestAMissingFileIsNotFoundAndNeverAPage(t *testing.T) {
	for _, address := range []string{"/assets/main-old.js", "/app/old.js", "/.vite/manifest.json", "/assets/main-abc.js.br", "/assets/.keep"} {
		if got := get(t, site(), address).Code; got != http.StatusNotFound {
			t.Errorf("%s answered %d, want 404", address, got)
		}
	}
}

func TestAssetsStayForEverAndPagesAreCheckedAgain(t *testing.T) {
	if got := get(t, site(), "/assets/main-abc.js").Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("an asset is sent with Cache-Control %q", got)
	}
	first := get(t, site(), "/app/sw.js")
	if got := first.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("the service worker is sent with Cache-Control %q", got)
	}
	if got := get(t, site(), "/app/sw.js", "If-None-Match", first.Header().Get("ETag")).Code; got != http.StatusNotModified {
		t.Errorf("an unchanged file answered %d, want 304", got)
	}
}

func TestTheSmallFormIsSentToABrowserThatReadsIt(t *testing.T) {
	small := get(t, site(), "/assets/main-abc.js", "Accept-Encoding", "gzip, br")
	if small.Body.String() != "small" || small.Header().Get("Content-Encoding") != "br" {
		t.Errorf("sent %q as %q", small.Body.String(), small.Header().Get("Content-Encoding"))
	}
	if got := small.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("the type of the small form is %q", got)
	}
	if plain := get(t, site(), "/assets/main-abc.js"); plain.Body.String() != "script" {
		t.Errorf("a browser that reads no br got %q", plain.Body.String())
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	policy := get(t, site(), "/").Header().Get("Content-Security-Policy")
	for _, part := range []string{"script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %q: %s", part, policy)
		}
	}
	if strings.Contains(policy, "'unsafe-eval'") || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("the policy is too wide: %s", policy)
	}
}

func TestWithoutABuildThePageSaysHowToBuild(t *testing.T) {
	w := get(t, fstest.MapFS{".keep": {}}, "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "npm run build") {
		t.Errorf("answered %d: %s", w.Code, w.Body.String())
	}
}

func TestPagesAreOnlyRead(t *testing.T) {
	w := httptest.NewRecorder()
	handler(site()).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d", w.Code)
	}
}
