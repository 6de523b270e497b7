package screening

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db/dbtest"
)

// asNode is the context that the command line acts in.
func asNode() context.Context {
	return actor.With(context.Background(), actor.Actor{System: "command-line"})
}

func TestTheCommandsListShowAndExport(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	demoWorld(t, w)
	var out bytes.Buffer
	if err := (&ListCommand{Limit: 5}).Run(asNode(), w.desk, &out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 7 || !strings.HasPrefix(lines[6], "more: --after ") {
		t.Errorf("list:\n%s", out.String())
	}
	id := w.list("super", "outcome=offer").Items[0].ID
	out.Reset()
	if err := (&ShowCommand{ID: id, Language: "en"}).Run(asNode(), w.desk, &out); err != nil || !strings.Contains(out.String(), "offer a longer talk") {
		t.Errorf("show: %v\n%s", err, out.String())
	}
	file := filepath.Join(t.TempDir(), "out.csv")
	export := &ExportCommand{Instrument: "arrival-interview", Output: file}
	if err := export.Run(asNode(), w.desk, &out); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 13 {
		t.Errorf("export: %d rows, %v", len(rows), err)
	}
	if err := export.Run(asNode(), w.desk, &out); !problem.HasCode(err, "screening.export-file") {
		t.Errorf("an export wrote over a file: %v", err)
	}
	if notAFormula("=HYPERLINK(1)") != "'=HYPERLINK(1)" {
		t.Error("a spreadsheet would run what a person typed")
	}
}

func TestTheCommandPublishesAWorkbookOrNamesItsMistakes(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	file := filepath.Join(t.TempDir(), "visit.md")
	os.WriteFile(file, []byte(strings.Replace(visitWorkbook, "select_one yesno", "select_one never", 1)), 0o600)
	var out bytes.Buffer
	if err := (&PublishCommand{Workbook: file}).Run(asNode(), w.desk, &out); !problem.HasCode(err, "screening.workbook-invalid") || !strings.Contains(out.String(), "survey!") {
		t.Errorf("%v\n%s", err, out.String())
	}
	os.WriteFile(file, []byte(visitWorkbook), 0o600)
	out.Reset()
	if err := (&PublishCommand{Workbook: file}).Run(asNode(), w.desk, &out); err != nil || !strings.Contains(out.String(), "Published Visit, version 1") {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := (&InstrumentsCommand{}).Run(asNode(), w.desk, &out); err != nil || !strings.Contains(out.String(), "visit") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
