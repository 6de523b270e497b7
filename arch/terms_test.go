package arch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lintas/kernel/locale"
)

// rowsOf are the rows of the tables of a document, without their heads.
func rowsOf(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for i, line := range lines {
		head := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || head {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		rows = append(rows, cells)
	}
	if len(rows) < 10 {
		t.Fatalf("%s: only %d rows were read", name, len(rows))
	}
	return rows
}

// A speaker who corrects a language has one page with all terms.
func TestEveryTermHasItsWordInEveryLanguage(t *testing.T) {
	words := rowsOf(t, "terms-languages.md")
	for _, row := range words {
		if len(row) != len(locale.Interface) || slices.Contains(row, "") {
			t.Errorf("the row %q has %d words, not one for each of %d languages", row[0], len(row), len(locale.Interface))
		}
	}
	for _, term := range rowsOf(t, "terms.md") {
		if !slices.ContainsFunc(words, func(row []string) bool {
			return row[0] == term[0] || strings.HasPrefix(row[0], term[0]+" (") || strings.HasPrefix(row[0], term[0]+",")
		}) {
			t.Errorf("%q is a term and stands in no language", term[0])
		}
	}
}
