package arch

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lintas/kernel/locale"
	"lintas/kernel/problem"
)

// untranslated are the codes that no page can show, each with its reason. Everything else that a Problem can say
// stands in web/src/problem/<locale>.json, because the person at the page may not read English.
var untranslated = map[string]string{
	"agency.basic-needs-tls":         "said to ODK Collect, which shows the node's sentence",
	"agency.basic-with-code":         "said to ODK Collect",
	"casework.country":               "an option of the command line",
	"casework.directory-import-id":   "said to programs; the page makes the number",
	"casework.directory-seen":        "said to programs; the page sends what it was told",
	"casework.event":                 "an option of the command line",
	"casework.file":                  "a file named on the command line",
	"casework.hsds-date":             "said to programs that read the directory by HSDS's API",
	"casework.hsds-page":             "said to programs that read the directory",
	"casework.hsds-parameter":        "said to programs that read the directory",
	"casework.hsds-postcode":         "said to programs that read the directory",
	"casework.hsds-proximity":        "said to programs that read the directory",
	"casework.hsds-table":            "a file named on the command line",
	"casework.htcds-rows":            "the end of a command; the page lists the rows",
	"casework.most":                  "an option of the command line",
	"casework.peer-unknown":          "said to another node",
	"casework.place":                 "an option of the command line",
	"db.backup-postgres":             "an answer to lintas backup",
	"db.backup-file":                 "an answer to lintas backup",
	"db.backup-full":                 "an answer to lintas backup",
	"db.backup-there":                "an answer to lintas backup",
	"db.folder":                      "ends the start of the node",
	"db.newer":                       "ends the start of the node",
	"db.open":                        "ends the start of the node",
	"db.postgres":                    "ends the start of the node",
	"displacement.bad-changes":       "an option of the command line",
	"displacement.bad-first-day":     "an option of the command line",
	"displacement.bad-inputs":        "a file named on the command line",
	"displacement.bad-join":          "an option of the command line",
	"displacement.no-token":          "a file named on the command line",
	"screening.packed":               "said to other clients of OpenRosa: the officer's app packs nothing",
	"node.workers":                   "ends the start of the node",
	"displacement.bad-seeds":         "an option of the command line",
	"displacement.cannot-write":      "a folder named on the command line",
	"displacement.case-has-errors":   "the end of lintas displacement check",
	"displacement.case-not-found":    "a folder named on the command line",
	"displacement.folder-not-empty":  "a folder named on the command line",
	"displacement.no-arrivals":       "a file named on the command line",
	"displacement.no-changes":        "a file named on the command line",
	"displacement.no-file":           "a file named on the command line",
	"displacement.ruleset-not-found": "an option of the command line; the page's name is displacement.no-ruleset",
	"gate.metrics":                   "said to programs that read metrics",
	"keys.kek-broken":                "ends the start of the node",
	"keys.kek-missing":               "ends the start of the node",
	"keys.kek-other":                 "ends the start of the node",
	"keys.kek-unreadable":            "ends the start of the node",
	"keys.missing":                   "ends the start of the node",
	"mail.address":                   "ends the start of the node",
	"mail.from":                      "ends the start of the node",
	"mail.not-sent":                  "written to the log; the notice is tried again",
	"mail.recipient":                 "written to the log",
	"node.demo-unfinished":           "ends the start of the node",
	"node.listen":                    "ends the start of the node",
	"screening.cursor":               "said to programs that read lists page by page",
	"screening.list-state":           "said to programs; the page offers the states",
	"screening.handover-from":        "said to the officer's app, which says in its own words why an interview came back",
	"screening.handover-to":          "said to the officer's app, which says in its own words why an interview came back",
	"screening.handover-size":        "said to the officer's app, which says in its own words why an interview came back",
	"screening.handover-other":       "said to the officer's app, which says in its own words why an interview came back",
	"screening.handover-id":          "said to programs; the app makes the number",
	"screening.handover-many":        "said to the officer's app, which says that the node is busy",
	"screening.place-id":             "said to programs; the app makes the name",
	"screening.place-key":            "said to programs; the app makes the key",
	"screening.place-taken":          "said to the officer's app, which asks for the sign-in or goes on without its place being known",
	"screening.place-device":         "said to the officer's app, which asks for the sign-in or goes on without its place being known",
	"screening.place-not-yours":      "said to the officer's app, which asks for the sign-in or goes on without its place being known",
	"screening.publish":              "said to programs; the page sends publish=true",
	"screening.translation-format":   "said to programs; the page offers the formats",
	"screening.export-file":          "a file named on the command line",
	"screening.file-too-large":       "a file named on the command line",
	"screening.file-unreadable":      "a file named on the command line",
}

// madeElsewhere are messages of fields that a reader of files writes: they say what stands in the file and stay
// English, marked as such on the page. Named by the file of the program and the expression.
var madeElsewhere = []string{
	"screening/workbook.go",                                                                                   // what the compiler of workbooks says of a cell
	"casework/hsds_api.go",                                                                                    // what the reader of directories says of a row
	"casework/sheet.go",                                                                                       // what HTCDS says of a value
	"displacement/arrivals.go", "displacement/displacement.go", "displacement/cli.go", "displacement/plan.go", // what the readers of tables and of cases say of a line
}

// notOfNew are the problems that package gate makes without problem.New: huma's refusals.
var notOfNew = map[string]string{"gate.invalid": "Something in what was sent does not fit. Correct the places named."}

// said is one sentence of a Problem in the source.
type said struct {
	code, text string // code is empty for the message of a field
	at         string
	whole      bool // false when the text is not a constant
}

func TestOneCodeStandsForOneSentence(t *testing.T) {
	first := map[string]said{}
	for _, s := range problemsOf(t) {
		if s.code == "" || untranslated[s.code] != "" {
			continue
		}
		if !s.whole {
			t.Errorf("%s: %s has a sentence that is not a constant: give its values as arguments", s.at, s.code)
			continue
		}
		if other, ok := first[s.code]; ok && other.text != s.text {
			t.Errorf("%s: %s says %q, at %s it says %q: a translation can be of one only", s.at, s.code, s.text, other.at, other.text)
		}
		first[s.code] = s
	}
}

func TestEveryRefusalThatAPageCanShowIsTranslated(t *testing.T) {
	codes, messages, seen := maps.Clone(notOfNew), map[string]string{}, map[string]bool{}
	for _, s := range problemsOf(t) {
		seen[s.code] = true
		switch {
		case s.code != "" && s.whole && untranslated[s.code] == "":
			codes[s.code] = problem.Template(s.text)
		case s.code == "" && s.whole:
			messages[problem.Template(s.text)] = problem.Template(s.text)
		case s.code == "" && !slices.ContainsFunc(madeElsewhere, func(file string) bool { return strings.HasPrefix(s.at, file+":") }):
			t.Errorf("%s: the message of the field is not a constant: give its values as arguments", s.at)
		}
	}
	for code := range untranslated {
		if !seen[code] {
			t.Errorf("%s is listed as shown on no page and is nowhere in the program", code)
		}
	}
	for _, l := range locale.Interface[1:] {
		var c struct{ Codes, Messages map[string]string }
		b, err := os.ReadFile(filepath.Join("..", "web", "src", "problem", l.Code+".json"))
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		if err != nil {
			t.Errorf("%s: %v", l.Code, err)
		}
		compare(t, l.Code+" codes", codes, c.Codes)
		compare(t, l.Code+" messages", messages, c.Messages)
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func placesIn(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// compare fails for what lacks, what is too much, and what has other places for values than the English.
func compare(t *testing.T, where string, english, own map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(english)) {
		switch text := own[key]; {
		case text == "":
			t.Errorf("%s: no translation of %s: %q", where, key, english[key])
		case !slices.Equal(placesIn(text), placesIn(english[key])):
			t.Errorf("%s: %s has the places %v, English has %v", where, key, placesIn(text), placesIn(english[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if _, ok := english[key]; !ok {
			t.Errorf("%s: %q is said nowhere any more", where, key)
		}
	}
}

// problemsOf reads every problem.New(kind, code, text, ...) and every .With(place, message, ...) of a Problem.
func problemsOf(t *testing.T) (all []said) {
	t.Helper()
	for name, p := range packages(t) {
		if name == "kernel/problem" {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, parsed)
		}
		known := constantsOf(files)
		for i, file := range files {
			if !imports(file, "lintas/kernel/problem") {
				continue
			}
			eachCall(file, func(call *ast.CallExpr, s *ast.SelectorExpr) {
				at := fmt.Sprintf("%s/%s:%d", name, p.GoFiles[i], fset.Position(call.Pos()).Line)
				switch pkg, _ := s.X.(*ast.Ident); {
				case s.Sel.Name == "New" && pkg != nil && pkg.Name == "problem" && len(call.Args) >= 3:
					code, _ := constant(call.Args[1], known)
					text, whole := constant(call.Args[2], known)
					all = append(all, said{code, text, at, whole && code != ""})
					if code == "" {
						t.Errorf("%s: the code is not a constant", at)
					}
				case s.Sel.Name == "With" && len(call.Args) >= 2 && (pkg == nil || pkg.Name != "actor" && pkg.Name != "log"):
					text, whole := constant(call.Args[1], known)
					all = append(all, said{"", text, at, whole})
				}
			})
		}
	}
	return all
}

func imports(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == strconv.Quote(path) })
}

// constantsOf are the text constants of a package.
func constantsOf(files []*ast.File) map[string]string {
	known := map[string]string{}
	for _, file := range files {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if i < len(v.Values) {
						if text, ok := constant(v.Values[i], known); ok {
							known[name.Name] = text
						}
					}
				}
			}
		}
	}
	return known
}

// constant is the value of a text literal, a constant, or a sum of both.
func constant(e ast.Expr, known map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := known[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, one := constant(e.X, known)
		right, two := constant(e.Y, known)
		return left + right, one && two && e.Op == token.ADD
	}
	return "", false
}
