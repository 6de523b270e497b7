package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lintas/screening/xlsform"
)

// shared finds the corpus beside the repository, or skips loudly.
func shared(t testing.TB) []*Case {
	t.Helper()
	root := os.Getenv("LINTAS_SHARED")
	for dir := "."; root == ""; dir = filepath.Join("..", dir) {
		abs, err := filepath.Abs(dir)
		if err != nil || filepath.Dir(abs) == abs {
			break
		}
		if _, err := os.Stat(filepath.Join(abs, "go.mod")); err == nil {
			root = filepath.Join(abs, "..", "shared")
			break
		}
	}
	folder := filepath.Join(root, "data", "xlsform-corpus")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("SKIPPED: the XLSForm corpus is not at %s; set LINTAS_SHARED to the folder that holds data/xlsform-corpus", folder)
	}
	cases, err := Load(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// The ratchet: every case of the corpus is exact, and must not be lost again. The
// floors leave room for cases that a newer corpus brings.
const (
	floorExact    = 0.995 // of the cases that give a form
	floorSentence = 0.99  // of the cases that give an error
	floorOutcome  = 1.0   // of all cases
	floorWarnings = 0.99  // of all cases
)

func TestTheCorpusCompilesAsPyxformDoes(t *testing.T) {
	r := Run(shared(t), nil)
	for _, x := range []struct {
		what     string
		part, of int
		floor    float64
	}{
		{"exact forms", r.ExactForms, r.Forms, floorExact},
		{"the same sentence", r.ExactErrors, r.Errors, floorSentence},
		{"right outcome", r.RightOutcome(), len(r.Results), floorOutcome},
		{"the same warnings", r.SameWarnings, len(r.Results), floorWarnings},
		{"the same itemsets", r.SameItemsets, r.Itemsets, 1},
	} {
		if got := share(x.part, x.of); got < x.floor {
			t.Errorf("%s: %d of %d (%.4f), floor %.4f", x.what, x.part, x.of, got, x.floor)
		}
	}
	for _, x := range r.Results {
		if x.Grade == Wrong {
			t.Errorf("case %d %s: %s", x.Case.N, x.Case.ID, x.Diff)
		}
	}
}

func TestTheOriginalFilesGiveWhatTheirTablesGive(t *testing.T) {
	n := 0
	for _, c := range shared(t) {
		if c.File == "" || strings.HasSuffix(c.File, ".xls") {
			continue
		}
		n++
		a, _, errA := c.Compile()
		b, _, errB := c.CompileFile()
		switch {
		case (errA == nil) != (errB == nil):
			t.Errorf("%s: tables: %v; file: %v", c.File, errA, errB)
		case errA != nil:
			if firstDetail(errA) != firstDetail(errB) {
				t.Errorf("%s: tables: %v; file: %v", c.File, errA, errB)
			}
		case string(a.XForm) != string(b.XForm):
			x, _ := Canonical(a.XForm)
			y, _ := Canonical(b.XForm)
			t.Errorf("%s: %s", c.File, firstDifference(x, y))
		}
	}
	if n < 25 {
		t.Errorf("only %d files were read", n)
	}
}

func TestOldExcelFilesAreRefusedWithARemedy(t *testing.T) {
	for _, c := range shared(t) {
		if !strings.HasSuffix(c.File, ".xls") {
			continue
		}
		_, _, err := c.CompileFile()
		var list xlsform.Errors
		if !errors.As(err, &list) || list[0].Code != "screening.xlsform.left-out.xls" || list[0].Remedy == "" {
			t.Errorf("%s: %v", c.File, err)
		}
	}
}

func firstDetail(err error) string {
	var list xlsform.Errors
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Detail
	}
	return err.Error()
}

func TestTheAssertionsHoldForTheFormsTheyWereWrittenFor(t *testing.T) {
	checked, failed := 0, 0
	for _, c := range shared(t) {
		if c.Expect.XForm == nil || c.AssertionsPass == nil || !*c.AssertionsPass {
			continue
		}
		form := &xlsform.Form{XForm: []byte(*c.Expect.XForm)}
		for _, w := range c.Expect.Warnings {
			form.Warnings = append(form.Warnings, xlsform.Warning{Text: w})
		}
		holds, some, why := c.Hold(form)
		if !some {
			continue
		}
		checked++
		if !holds {
			failed++
			t.Logf("case %d %s: %s", c.N, c.ID, why)
		}
	}
	// A few use what this small XPath does not know; they count as not holding.
	if checked < 450 || failed > 12 {
		t.Errorf("of %d assertions %d do not hold for pyxform's own form", checked, failed)
	}
}

func TestFormsThatLoadInTheEngineGetNoAdviceThatTheyCannotBeRead(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "engine-load", "known.json"))
	if err != nil {
		t.Fatal(err)
	}
	var refused map[string]string
	if err := json.Unmarshal(data, &refused); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, x := range Run(shared(t), nil).Results {
		if x.Form == nil {
			continue
		}
		for _, a := range x.Form.Advice {
			if a.Code != "screening.xlsform.limited.expression" && a.Code != "screening.xlsform.limited.escaped" {
				continue
			}
			if refused[fmt.Sprintf("%04d", x.Case.N)] == "" {
				t.Errorf("case %d %s: %v", x.Case.N, x.Case.ID, a)
			}
			found++
		}
	}
	if found < 5 {
		t.Errorf("advice in %d places only", found)
	}
}
