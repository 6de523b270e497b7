package corpus

import (
	"errors"
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

// The ratchet: these figures were reached and must not be lost again.
const (
	floorExact   = 0.970 // of the cases that give a form, all features counted
	floorOutcome = 0.980 // of all cases, all features counted
	floorInScope = 0.995 // of the cases without what is left out by decision: exact
)

func TestTheCorpusCompilesAsPyxformDoes(t *testing.T) {
	r := Run(shared(t), nil)
	if got := float64(r.ExactForms) / float64(r.Forms); got < floorExact {
		t.Errorf("exact forms: %.4f, floor %.4f", got, floorExact)
	}
	if got := float64(r.RightOutcome()) / float64(len(r.Results)); got < floorOutcome {
		t.Errorf("right outcome: %.4f, floor %.4f", got, floorOutcome)
	}
	inScope := len(r.Results) - r.LeftOutForms - r.LeftOutErrors
	if got := float64(r.ExactForms+r.ExactErrors) / float64(inScope); got < floorInScope {
		t.Errorf("exact in scope: %.4f, floor %.4f", got, floorInScope)
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
