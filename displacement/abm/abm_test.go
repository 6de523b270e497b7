package abm

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// sharedCases is the folder of Flee cases beside the repository.
func sharedCases(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("LINTAS_SHARED"); dir != "" {
		return filepath.Join(dir, "data", "displacement")
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		break
	}
	data := filepath.Join(dir, "..", "shared", "data", "displacement")
	if _, err := os.Stat(data); err != nil {
		t.Skipf("SKIPPED: the Flee cases are not at %s; set LINTAS_SHARED to the folder that holds data/displacement", data)
	}
	return data
}

func readCase(t testing.TB, name string) *Case {
	t.Helper()
	c, _, err := ReadCase(os.DirFS(filepath.Join(sharedCases(t), name)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c.Name = name
	return c
}

func readRulesetFile(t testing.TB, name string) Settings {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(sharedCases(t), "_rulesets", name+".yml"))
	if err != nil {
		t.Fatal(err)
	}
	s, findings := ReadRuleset(raw, name)
	for _, f := range findings {
		t.Logf("%s", f)
	}
	return s
}

func mustRun(t testing.TB, c *Case, o Options) *Result {
	t.Helper()
	r, err := Run(context.Background(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
