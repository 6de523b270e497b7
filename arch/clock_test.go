package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// An engine that reads the wall clock or the global random source gives other bytes tomorrow.
func TestEnginesReadNoClockAndNoGlobalRandom(t *testing.T) {
	for name, p := range packages(t) {
		if !slices.Contains(engines, name) {
			continue
		}
		for _, file := range p.GoFiles {
			path := filepath.Join(p.Dir, file)
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			eachCall(parsed, func(_ *ast.CallExpr, s *ast.SelectorExpr) {
				pkg, ok := s.X.(*ast.Ident)
				if ok && pkg.Obj == nil && (pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep"}, s.Sel.Name) ||
					pkg.Name == "rand" && slices.Contains([]string{"Int", "IntN", "Int64", "Float64", "Perm", "Shuffle", "N", "Uint64", "NormFloat64", "ExpFloat64"}, s.Sel.Name)) {
					t.Errorf("%s/%s calls %s.%s", name, file, pkg.Name, s.Sel.Name)
				}
			})
		}
	}
}

// eachCall visits the calls of a file that name what they are called on: of a package's function, or of a method.
func eachCall(file *ast.File, visit func(*ast.CallExpr, *ast.SelectorExpr)) {
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok {
				visit(call, s)
			}
		}
		return true
	})
}
