// Command dump writes the forms that the compiler makes of a corpus into a
// folder, for the test that loads them in the form engine.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"lintas/screening/xlsform/corpus"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: dump CORPUS FOLDER")
		os.Exit(2)
	}
	if err := dump(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}

func dump(from, to string) error {
	cases, err := corpus.Load(os.DirFS(from))
	if err != nil {
		return err
	}
	for _, c := range cases {
		form, _, err := c.Compile()
		if err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%04d.xml", c.N)), form.XForm, 0o644); err != nil {
			return err
		}
	}
	return nil
}
