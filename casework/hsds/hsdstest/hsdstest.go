// Package hsdstest validates against the specification's own JSON Schemas in
// tests. The schemas are public data kept beside the repository, not in it.
package hsdstest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Folder is the shared HSDS data (schema/, examples/); the test is skipped
// where it is absent.
func Folder(t testing.TB) string {
	t.Helper()
	shared := os.Getenv("LINTAS_SHARED")
	if shared == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir != filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			dir = filepath.Dir(dir)
		}
		shared = filepath.Join(dir, "..", "shared")
	}
	folder := filepath.Join(shared, "data", "hsds")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("SKIPPED: the HSDS schemas and examples are not here (%s); set LINTAS_SHARED", folder)
	}
	return folder
}

// Schema compiles one schema by its object's name, such as "service".
func Schema(t testing.TB, object string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(Folder(t), "schema", object+".json"))
	if err != nil {
		t.Fatalf("schema of %s: %v", object, err)
	}
	return s
}

// Valid fails the test when a JSON document does not obey a schema.
func Valid(t testing.TB, s *jsonschema.Schema, document []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("not valid: %v\n%s", err, document)
	}
}

// Generic is any value as encoding/json's maps and slices, for comparison.
func Generic(t testing.TB, v any) any {
	t.Helper()
	data, ok := v.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
