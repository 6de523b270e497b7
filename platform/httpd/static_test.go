package httpd_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"lintas/platform/httpd"
)

var site = fstest.MapFS{
	"index.html":               {Data: []byte("desks")},
	"app/index.html":           {Data: []byte("officer")},
	"app/manifest.webmanifest": {Data: []byte("{}")},
	"exercise/index.html":      {Data: []byte("exercise")},
	"assets/main-abc123.js":    {Data: []byte("plain script")},
	"assets/main-abc123.js.br": {Data: []byte("brotli script")},
	"assets/main-abc123.js.gz": {Data: []byte("gzip script")},
	"assets/only-def.css":      {Data: []byte("plain style")},
	"assets/only-def.css.gz":   {Data: []byte("gzip style")},
	"assets/engine.wasm":       {Data: []byte("wasm")},
}

// ask goes through a real server and client, so that HEAD and 304 are what a browser sees.
func ask(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	s := httptest.NewServer(httpd.Static(site))
	defer s.Close()
	r, err := http.NewRequest(method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestAPathWithoutAFileIsAPageOfTheAppThatOwnsIt(t *testing.T) {
	for path, want := range map[string]string{"/": "desks", "/agency/people": "desks", "/app": "officer", "/app/": "officer", "/app/interview/7": "officer", "/exercise/x": "exercise", "/apple": "desks"} {
		answer, body := ask(t, "GET", path)
		if answer.StatusCode != 200 || body != want || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s answered %d %q %q", path, answer.StatusCode, body, answer.Header.Get("Content-Type"))
		}
		if answer.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s may be kept: %q", path, answer.Header.Get("Cache-Control"))
		}
	}
}

func TestAMissingFileIsMissingAndNotAPage(t *testing.T) {
	for _, path := range []string{"/assets/gone-123.js", "/app/gone.css", "/favicon.ico", "/assets/main-abc123.js.map"} {
		if answer, body := ask(t, "GET", path); answer.StatusCode != 404 || strings.Contains(body, "desks") {
			t.Errorf("%s answered %d %q", path, answer.StatusCode, body)
		}
	}
}

func TestNoPathLeavesTheFolder(t *testing.T) {
	for _, path := range []string{"/../static.go", "/assets/../../go.mod", "/%2e%2e/static.go", "/assets/%2e%2e/%2e%2e/static.go"} {
		if answer, body := ask(t, "GET", path); answer.StatusCode == 200 && body != "desks" {
			t.Errorf("%s answered %d %q", path, answer.StatusCode, body)
		}
	}
}

func TestABrowserGetsTheSmallestFormThatItTakes(t *testing.T) {
	for _, c := range []struct{ path, accept, coding, body string }{
		{"/assets/main-abc123.js", "gzip, deflate, br, zstd", "br", "brotli script"},
		{"/assets/main-abc123.js", "gzip", "gzip", "gzip script"},
		{"/assets/main-abc123.js", "identity", "", "plain script"},
		{"/assets/only-def.css", "br, gzip", "gzip", "gzip style"},
		{"/assets/only-def.css", "br", "", "plain style"},
		{"/", "br, gzip", "", "desks"},
	} {
		answer, body := ask(t, "GET", c.path, "Accept-Encoding", c.accept)
		if answer.Header.Get("Content-Encoding") != c.coding || body != c.body {
			t.Errorf("%s for %q: %q %q", c.path, c.accept, answer.Header.Get("Content-Encoding"), body)
		}
		if answer.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: a cache in between would mix the forms", c.path)
		}
	}
}

func TestAssetsAreKeptForGoodAndOtherFilesAreCheckedAgain(t *testing.T) {
	if answer, _ := ask(t, "GET", "/assets/only-def.css"); !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("an asset says %q", answer.Header.Get("Cache-Control"))
	}
	if answer, _ := ask(t, "GET", "/app/manifest.webmanifest"); answer.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("the manifest says %q", answer.Header.Get("Cache-Control"))
	}
}

func TestAPageThatHasNotChangedIsNotSentAgain(t *testing.T) {
	first, _ := ask(t, "GET", "/")
	tag := first.Header.Get("ETag")
	again, body := ask(t, "GET", "/", "If-None-Match", tag)
	if tag == "" || again.StatusCode != 304 || body != "" {
		t.Errorf("tag %q: answered %d %q", tag, again.StatusCode, body)
	}
	if other, body := ask(t, "GET", "/app/", "If-None-Match", tag); other.StatusCode != 200 || body != "officer" {
		t.Errorf("another page answered %d %q", other.StatusCode, body)
	}
}

func TestTheFormsOfAFileHaveTheirOwnTags(t *testing.T) {
	plain, _ := ask(t, "GET", "/assets/main-abc123.js")
	small, _ := ask(t, "GET", "/assets/main-abc123.js", "Accept-Encoding", "br")
	if plain.Header.Get("ETag") == small.Header.Get("ETag") {
		t.Error("a cache could answer the plain script to a browser that asked for the small one")
	}
}

func TestHEADTellsWhatGETWould(t *testing.T) {
	got, _ := ask(t, "GET", "/assets/only-def.css")
	head, body := ask(t, "HEAD", "/assets/only-def.css")
	if body != "" || head.StatusCode != 200 {
		t.Errorf("HEAD answered %d %q", head.StatusCode, body)
	}
	for _, h := range []string{"ETag", "Content-Type", "Content-Length", "Cache-Control"} {
		if head.Header.Get(h) != got.Header.Get(h) || got.Header.Get(h) == "" {
			t.Errorf("%s: HEAD %q, GET %q", h, head.Header.Get(h), got.Header.Get(h))
		}
	}
	if gone, _ := ask(t, "HEAD", "/assets/gone.js"); gone.StatusCode != 404 {
		t.Errorf("HEAD of a missing file answered %d", gone.StatusCode)
	}
}

func TestPagesCanOnlyBeRead(t *testing.T) {
	for _, m := range []string{"POST", "PUT", "DELETE"} {
		if answer, _ := ask(t, m, "/"); answer.StatusCode != 405 || answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s answered %d, allowing %q", m, answer.StatusCode, answer.Header.Get("Allow"))
		}
	}
}

func TestTheTypesThatBrowsersInsistOnAreRight(t *testing.T) {
	for path, want := range map[string]string{"/assets/engine.wasm": "application/wasm", "/app/manifest.webmanifest": "application/manifest+json", "/assets/main-abc123.js": "text/javascript; charset=utf-8"} {
		if answer, _ := ask(t, "GET", path); answer.Header.Get("Content-Type") != want {
			t.Errorf("%s is %q", path, answer.Header.Get("Content-Type"))
		}
	}
}
