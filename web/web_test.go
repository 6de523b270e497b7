package web

import (
	"testing"
	"testing/fstest"
)

func TestTheSiteIsBuiltWhenAllThreePagesAreThere(t *testing.T) {
	page := &fstest.MapFile{Data: []byte("<!doctype html>")}
	if built(fstest.MapFS{".keep": page}) {
		t.Error("an empty folder counts as built")
	}
	if built(fstest.MapFS{"index.html": page}) {
		t.Error("a site without the officer's app counts as built")
	}
	if !built(fstest.MapFS{"index.html": page, "app/index.html": page, "exercise/index.html": page}) {
		t.Error("a whole site does not count as built")
	}
}
