package hsds_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
)

func readFile(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{hsdstest.Folder(t)}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// reread decodes into T and writes it again.
func reread[T any](t *testing.T, data []byte) []byte {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var jsonExamples = map[string]struct {
	schema string
	reread func(*testing.T, []byte) []byte
}{
	"location.json":                 {"location", reread[hsds.Location]},
	"organization_full.json":        {"organization", reread[hsds.Organization]},
	"organization_list.json":        {"organization", reread[hsds.Page[hsds.Organization]]},
	"service_at_location_full.json": {"service_at_location", reread[hsds.ServiceAtLocation]},
	"service_at_location_list.json": {"service_at_location", reread[hsds.Page[hsds.ServiceAtLocation]]},
	"service_full.json":             {"service", reread[hsds.Service]},
	"service_list.json":             {"service", reread[hsds.Page[hsds.Service]]},
	"tabular.json":                  {"", reread[hsds.Directory]},
	"taxonomy.json":                 {"taxonomy", reread[hsds.Taxonomy]},
	"taxonomy_list.json":            {"taxonomy", reread[hsds.Page[hsds.Taxonomy]]},
	"taxonomy_term.json":            {"taxonomy_term", reread[hsds.TaxonomyTerm]},
	"taxonomy_term_list.json":       {"taxonomy_term", reread[hsds.Page[hsds.TaxonomyTerm]]},
}

func TestEveryExampleIsReadAndWrittenUnchanged(t *testing.T) {
	for name, example := range jsonExamples {
		t.Run(name, func(t *testing.T) {
			data := readFile(t, "examples", name)
			out := example.reread(t, data)
			want, got := hsdstest.Generic(t, data), hsdstest.Generic(t, out)
			if example.schema == "" {
				want, got = asTexts(want), asTexts(got)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if example.schema == "" {
				return
			}
			schema := hsdstest.Schema(t, example.schema)
			var page struct{ Contents []json.RawMessage }
			if json.Unmarshal(out, &page) == nil && page.Contents != nil {
				for _, item := range page.Contents {
					hsdstest.Valid(t, schema, item)
				}
				return
			}
			hsdstest.Valid(t, schema, out)
		})
	}
	files, err := filepath.Glob(filepath.Join(hsdstest.Folder(t), "examples", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := jsonExamples[filepath.Base(f)]; !ok && filepath.Base(f) != "base.json" {
			t.Errorf("example %s is not tested", filepath.Base(f))
		}
	}
}

// asTexts writes every number as a text: the tabular example has numbers where
// the schema has texts, and a table knows no difference.
func asTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = asTexts(v[k])
		}
	case []any:
		for i := range v {
			v[i] = asTexts(v[i])
		}
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return v
}

func TestTheCSVPackageIsReadAndWrittenUnchanged(t *testing.T) {
	folder := os.DirFS(filepath.Join(hsdstest.Folder(t), "examples", "csv"))
	dir, err := hsds.ReadCSV(folder)
	if err != nil || len(dir.Wrong) > 0 {
		t.Fatal(err, dir.Wrong)
	}
	var z bytes.Buffer
	if err := dir.Zip(&z); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len()))
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(folder, "*.csv")
	if err != nil || len(names) != 21 {
		t.Fatalf("%d example files, %v", len(names), err)
	}
	for _, name := range names {
		want, _ := fs.ReadFile(folder, name)
		f, err := archive.Open(name)
		if err != nil {
			t.Errorf("%s was not written: %v", name, err)
			continue
		}
		got, _ := io.ReadAll(f)
		if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// lines hides the line ends and whether the last line has one.
func lines(data []byte) []string {
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n")), "\n")
}

func TestTablesNestIntoValidObjects(t *testing.T) {
	var dir hsds.Directory
	if err := json.Unmarshal(readFile(t, "examples", "tabular.json"), &dir); err != nil {
		t.Fatal(err)
	}
	n := hsds.NewNester(dir)
	for _, s := range dir.Services {
		nested, ok := n.Service(s.ID)
		if !ok || nested.Organization == nil || len(nested.Phones) == 0 || len(nested.ServiceAtLocations) == 0 {
			t.Fatalf("service %s nests into %+v", s.ID, nested)
		}
		out, _ := json.Marshal(nested)
		hsdstest.Valid(t, hsdstest.Schema(t, "service"), out)
	}
	for _, o := range dir.Organizations {
		nested, _ := n.Organization(o.ID)
		out, _ := json.Marshal(nested)
		hsdstest.Valid(t, hsdstest.Schema(t, "organization"), out)
	}
	for _, s := range dir.ServiceAtLocations {
		nested, _ := n.ServiceAtLocation(s.ID)
		if nested.Service == nil || nested.Location == nil {
			t.Errorf("service at location %s lacks an end", s.ID)
		}
		out, _ := json.Marshal(nested)
		hsdstest.Valid(t, hsdstest.Schema(t, "service_at_location"), out)
	}
}

func TestANestedServiceSurvivesTheTables(t *testing.T) {
	data := readFile(t, "examples", "service_full.json")
	var s hsds.Service
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	dir, losses := hsds.Flatten(s)
	for _, l := range losses {
		t.Errorf("lost: %s", l)
	}
	back, ok := hsds.NewNester(dir).Service(s.ID)
	if !ok {
		t.Fatal("the service is gone")
	}
	if diff := cmp.Diff(hsdstest.Generic(t, data), hsdstest.Generic(t, back)); diff != "" {
		t.Error(diff)
	}
}

func TestAnExtensionFieldPassesThroughBothForms(t *testing.T) {
	in := []byte(`{"id":"a","name":"Shelter","status":"active","x_beds":{"free":3},"phones":[{"id":"p","number":"1","x_sms":"yes"}]}`)
	var s hsds.Service
	if err := json.Unmarshal(in, &s); err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(s)
	if diff := cmp.Diff(hsdstest.Generic(t, in), hsdstest.Generic(t, out)); diff != "" {
		t.Error(diff)
	}
	dir, _ := hsds.Flatten(s)
	files := fstest.MapFS{}
	buffers := map[string]*bytes.Buffer{}
	if err := dir.WriteCSV(func(name string) (io.Writer, error) {
		buffers[name] = &bytes.Buffer{}
		return buffers[name], nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, b := range buffers {
		files[name] = &fstest.MapFile{Data: b.Bytes()}
	}
	again, err := hsds.ReadCSV(files)
	if err != nil || len(again.Wrong) > 0 {
		t.Fatal(err, again.Wrong)
	}
	if got := string(again.Phones[0].Extra["x_sms"]); got != `"yes"` {
		t.Errorf("the phone's extension came back as %s", got)
	}
}

func TestALinkThatTablesCannotHoldIsReported(t *testing.T) {
	shared := hsds.Phone{ID: "p", Number: "1"}
	_, losses := hsds.Flatten(
		hsds.Service{ID: "a", Name: "A", Status: "active", Phones: []hsds.Phone{shared}},
		hsds.Service{ID: "b", Name: "B", Status: "active", Phones: []hsds.Phone{shared}})
	if len(losses) != 1 || losses[0].Field != "service_id" || losses[0].Lost != "b" {
		t.Errorf("losses %v", losses)
	}
}

func TestABadCellIsNamedAndTheOtherRowsAreRead(t *testing.T) {
	files := fstest.MapFS{"services.csv": {Data: []byte("id,name,status,minimum_age\na,A,active,twelve\n,B,active,1\nc,C,active,12\n")}}
	dir, err := hsds.ReadCSV(files)
	wrong := dir.Wrong
	if err != nil {
		t.Fatal(err)
	}
	if len(dir.Services) != 1 || dir.Services[0].ID != "c" {
		t.Errorf("services %+v", dir.Services)
	}
	if len(wrong) != 2 || wrong[0].Row != 2 || wrong[0].Column != "minimum_age" || wrong[1].Column != "id" {
		t.Errorf("errors %v", wrong)
	}
}

// Every column of every schema has its field, and nothing else claims to.
func TestTheTypesAreTheSchemas(t *testing.T) {
	v := reflect.TypeFor[hsds.Directory]()
	for i := range v.NumField() {
		object := v.Field(i).Type.Elem()
		name := map[string]string{}
		var schema struct {
			Name, Path string
			Properties map[string]json.RawMessage
			Required   []string
		}
		file := snake(object.Name())
		if slices.Contains([]string{"u_r_l", "unit", "service_capacity"}, file) {
			continue // since 3.1; the schemas beside the repository are those of 3.0
		}
		if err := json.Unmarshal(readFile(t, "schema", file+".json"), &schema); err != nil {
			t.Fatal(err)
		}
		if tag := strings.Split(v.Field(i).Tag.Get("json"), ",")[0]; tag != schema.Path {
			t.Errorf("%s is kept in %s, the specification says %s", file, tag, schema.Path)
		}
		for j := range object.NumField() {
			tag := object.Field(j).Tag.Get("json")
			name[strings.Split(tag, ",")[0]] = tag
		}
		for p := range schema.Properties {
			if _, ok := name[p]; !ok {
				t.Errorf("%s lacks %s", file, p)
			}
		}
		for _, p := range schema.Required {
			if strings.Contains(name[p], "omitempty") {
				t.Errorf("%s.%s is required but left out when empty", file, p)
			}
		}
	}
}

func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 32
		}
		b.WriteRune(r)
	}
	return b.String()
}

// keepsAll fails when a directory that was read is not the same after it was
// stored, or after it went out as CSV and came back.
func keepsAll(t *testing.T, d hsds.Directory) {
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var again hsds.Directory
	if err := json.Unmarshal(stored, &again); err != nil {
		t.Fatalf("what was stored cannot be read: %v\n%s", err, stored)
	}
	once, _ := json.Marshal(again)
	if !bytes.Equal(stored, once) {
		t.Errorf("stored\n%s\nread again\n%s", stored, once)
	}
	out := fstest.MapFS{}
	buffers := map[string]*bytes.Buffer{}
	if err := d.WriteCSV(func(name string) (io.Writer, error) {
		buffers[name] = &bytes.Buffer{}
		return buffers[name], nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, b := range buffers {
		out[name] = &fstest.MapFile{Data: b.Bytes()}
	}
	if len(out) == 0 {
		return
	}
	back, err := hsds.ReadCSV(out)
	if err != nil || len(back.Wrong) > 0 {
		t.Errorf("the own CSV cannot be read: %v %v\n%s", err, back.Wrong, stored)
	}
	if len(back.Keys()) != len(d.Keys()) {
		t.Errorf("%d rows went out and %d came back\n%s", len(d.Keys()), len(back.Keys()), stored)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("id,name,status\na,A,active\n")
	f.Add("id,minimum_age\n\"a,1\n")
	f.Add("ID;Name;x_beds;phones\na;=A();{\"\"free\"\":1};555\nb;'=B;[];\n")
	f.Add("id,weekday,closed,count\na,1,true,x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"services.csv", "regular_schedules.csv"} {
			file, err := hsds.ReadCSV(fstest.MapFS{name: {Data: []byte(text)}})
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range file.Keys() {
				if k.ID == "" {
					t.Error("a row without an id was read")
				}
			}
			file.Check(hsds.Directory{})
			if len(file.Wrong) == 0 {
				keepsAll(t, file.Directory)
			}
		}
	})
}

func FuzzServiceJSON(f *testing.F) {
	f.Add([]byte(`{"id":"a","name":"A","status":"active","phones":[{"id":"p","number":"1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s hsds.Service
		if json.Unmarshal(data, &s) != nil {
			return
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again hsds.Service
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		hsds.Flatten(s)
	})
}
