package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lintas/casework/hsds"
	"lintas/casework/htcds"
	"lintas/kernel/problem"
)

// Commands are `lintas casework ...`. The node fills Desk before it runs one,
// and runs it as the person named with --as, or as the node itself.
type Commands struct {
	ImportDirectory ImportDirectoryCommand `cmd:"" help:"Bring services into the directory: HSDS 3.0 JSON, or a zip of its CSV files."`
	ExportDirectory ExportDirectoryCommand `cmd:"" help:"Write the directory as HSDS 3.0."`
	CheckCases      CheckCasesCommand      `cmd:"" help:"Read a file of cases (HTCDS 2.0 as CSV, XLSX or JSON) and say what is wrong with it. Nothing is stored."`
	ExportCases     ExportCasesCommand     `cmd:"" help:"Write cases as HTCDS 2.0, without personal data."`
	Deadlines       DeadlinesCommand       `cmd:"" help:"Look at all deadlines now, as the node does every minute."`
}

// ImportDirectoryCommand brings services in.
type ImportDirectoryCommand struct {
	File string `arg:"" help:"File to read; - reads standard input."`
}

// Run implements the command.
func (c *ImportDirectoryCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	file, err := readDirectoryFile(c.File)
	if err != nil {
		return err
	}
	for _, name := range file.Left {
		fmt.Fprintf(out, "%s is no table of HSDS 3.0 and is left out\n", name)
	}
	for _, w := range file.Wrong {
		fmt.Fprintln(out, w.Error())
	}
	if len(file.Wrong) > 0 {
		return problem.New(problem.Invalid, "casework.hsds-rows", "%d rows cannot be read. Nothing was imported. Correct them and try again.", len(file.Wrong))
	}
	done, err := d.ImportDirectory(ctx, file.Directory)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows added, %d changed\n", done.Added, done.Changed)
	return nil
}

// readDirectoryFile reads a file, a folder of CSV files, or one CSV file.
func readDirectoryFile(name string) (file hsds.File, err error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		file, err = hsds.ReadCSV(os.DirFS(name))
		return file, asHSDS(err)
	}
	data, err := readFile(name)
	if err != nil {
		return file, err
	}
	if filepath.Ext(name) != ".csv" {
		return ReadDirectory(data)
	}
	if data, err = plainText(data); err == nil {
		file.ReadTable(filepath.Base(name), bytes.NewReader(data))
		if len(file.Keys())+len(file.Wrong) == 0 {
			err = problem.New(problem.Malformed, "casework.hsds", "The file holds no rows, or %q is no table of HSDS 3.0 such as services.csv.", filepath.Base(name))
		}
	}
	return file, err
}

// ExportDirectoryCommand writes the directory.
type ExportDirectoryCommand struct {
	Format string `enum:"json,csv" default:"json" help:"json, or csv for a zip of CSV files."`
}

// Run implements the command.
func (c *ExportDirectoryCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	flat, err := d.ExportDirectory(ctx)
	if err != nil {
		return err
	}
	if c.Format == "csv" {
		return flat.Zip(out)
	}
	return writeIndented(out, flat)
}

// CheckCasesCommand reads a file of cases. It needs no store.
type CheckCasesCommand struct {
	File string `arg:"" help:"File to read; - reads standard input."`
}

// Run implements the command.
func (c *CheckCasesCommand) Run(out io.Writer) error {
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	return CheckCases(data, out)
}

// CheckCases says what is wrong with a file of cases, row by row.
func CheckCases(data []byte, out io.Writer) error {
	records, issues, err := ReadCases(data)
	if err != nil {
		return err
	}
	wrong := 0
	for _, i := range issues {
		kind := "error"
		if i.Warning {
			kind = "warning"
		} else {
			wrong++
		}
		fmt.Fprintf(out, "%s: %s\n", kind, i.Error())
	}
	fmt.Fprintf(out, "%d cases, %d errors, %d warnings\n", len(records), wrong, len(issues)-wrong)
	if wrong > 0 {
		return problem.New(problem.Invalid, "casework.htcds-rows", "%d values cannot be read.", wrong)
	}
	return nil
}

// ExportCasesCommand writes cases without personal data.
type ExportCasesCommand struct {
	Format string `enum:"json,csv" default:"csv" help:"csv or json."`
}

// Run implements the command.
func (c *ExportCasesCommand) Run(ctx context.Context, d *Desk, out io.Writer) error {
	records, err := d.ExportHTCDS(ctx, false)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeIndented(out, map[string]any{"records": records})
	}
	var table bytes.Buffer
	if err := htcds.WriteCSV(&table, records); err != nil {
		return err
	}
	_, err = table.WriteTo(out)
	return err
}

// DeadlinesCommand looks at all deadlines.
type DeadlinesCommand struct{}

// Run implements the command.
func (c *DeadlinesCommand) Run(ctx context.Context, d *Desk) error { return d.Deadlines(ctx) }

func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, problem.New(problem.Invalid, "casework.file", "The file cannot be read: %v.", err)
	}
	return data, nil
}

func writeIndented(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
