package hsds_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
)

type described struct {
	Profile   string
	Name      string
	Resources []struct {
		Name, Path, Profile string
		Schema              struct {
			Fields      []struct{ Name, Type string }
			PrimaryKey  string
			ForeignKeys []struct {
				Fields    string
				Reference struct{ Resource, Fields string }
			}
		}
	}
}

// packed writes the directory as a zip and reads it as a program would that knows Tabular Data Packages alone.
func packed(t *testing.T, d hsds.Directory) (described, map[string][][]string) {
	t.Helper()
	var z bytes.Buffer
	if err := d.Zip(&z); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var p described
	tables := map[string][][]string{}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "datapackage.json" {
			err = json.NewDecoder(in).Decode(&p)
		} else {
			tables[f.Name], err = csv.NewReader(in).ReadAll()
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return p, tables
}

func TestAZipDescribesItsTablesAsATabularDataPackage(t *testing.T) {
	dir, err := hsds.ReadCSV(os.DirFS(filepath.Join(hsdstest.Folder(t), "examples", "csv")))
	if err != nil {
		t.Fatal(err)
	}
	p, tables := packed(t, dir.Directory)
	if p.Profile != "tabular-data-package" || p.Name == "" {
		t.Errorf("the package is %q of profile %q", p.Name, p.Profile)
	}
	if len(p.Resources) != len(tables) {
		t.Errorf("%d tables are described, %d are there", len(p.Resources), len(tables))
	}
	ids := map[string][]string{}
	for _, r := range p.Resources {
		rows := tables[r.Path]
		if len(rows) == 0 || r.Profile != "tabular-data-resource" {
			t.Fatalf("%s of profile %q has %d rows", r.Path, r.Profile, len(rows))
		}
		var header []string
		for i, f := range r.Schema.Fields {
			header = append(header, f.Name)
			for _, row := range rows[1:] {
				if _, err := strconv.ParseFloat(row[i], 64); f.Type == "number" && row[i] != "" && err != nil {
					t.Errorf("%s, %s: %q is called a number", r.Path, f.Name, row[i])
				}
			}
		}
		if !slices.Equal(header, rows[0]) {
			t.Errorf("%s: described %v, written %v", r.Path, header, rows[0])
		}
		for _, row := range rows[1:] {
			ids[r.Name] = append(ids[r.Name], row[slices.Index(header, r.Schema.PrimaryKey)])
		}
	}
	keys := 0
	for _, r := range p.Resources {
		for _, k := range r.Schema.ForeignKeys {
			keys++
			rows := tables[r.Path]
			for _, row := range rows[1:] {
				if id := row[slices.Index(rows[0], k.Fields)]; id != "" && !slices.Contains(ids[k.Reference.Resource], id) {
					t.Errorf("%s, %s: %s is no %s", r.Path, k.Fields, id, k.Reference.Resource)
				}
			}
		}
	}
	if keys < 10 {
		t.Errorf("only %d links between tables are described", keys)
	}
}

func TestAPackageDoesNotPromiseWhatACellDoesNotHold(t *testing.T) {
	var f hsds.File
	f.ReadTable("phones.csv", strings.NewReader("id,number,extension,service_id\na,112,12,nobody\nb,113,ask for Dewi,\n"))
	f.ReadTable("locations.csv", strings.NewReader("id,location_type,latitude\nc,physical,5.1\n"))
	p, _ := packed(t, f.Directory)
	types := map[string]string{}
	for _, r := range p.Resources {
		for _, column := range r.Schema.Fields {
			types[r.Name+"."+column.Name] = column.Type
		}
		if len(r.Schema.ForeignKeys) > 0 {
			t.Errorf("a link to nothing is promised: %v", r.Schema.ForeignKeys)
		}
	}
	if types["phone.extension"] != "string" || types["location.latitude"] != "number" {
		t.Errorf("got %v", types)
	}
}
