package abm

import "fmt"

// Severity of a finding.
type Severity string

// Errors lose something the author meant; warnings name a doubtful reading;
// notes tell what was assumed where the file is silent.
const (
	SevError   Severity = "error"
	SevWarning Severity = "warning"
	SevNote    Severity = "note"
)

// Finding is one thing the reader noticed in a case folder. Reading goes on
// after it; Assumed says with what.
type Finding struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`   // from 1; 0 is the whole file
	Column   int      `json:"column,omitempty"` // cell of a CSV, character of a YAML file, from 1
	What     string   `json:"what"`
	Assumed  string   `json:"assumed,omitempty"`
}

// String is file:line:column: severity: what (assumed).
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, f.Line)
		if f.Column > 0 {
			where = fmt.Sprintf("%s:%d", where, f.Column)
		}
	}
	text := fmt.Sprintf("%s: %s: %s", where, f.Severity, f.What)
	if f.Assumed != "" {
		text += "; " + f.Assumed
	}
	return text
}

// findings collects, and stops after enough: a file with a million bad rows
// should not fill the memory with complaints.
type findings struct {
	list    []Finding
	perFile map[string]int
}

const maxFindingsPerFile = 200

func (fs *findings) add(sev Severity, file string, line, column int, assumed, format string, args ...any) {
	if fs.perFile == nil {
		fs.perFile = map[string]int{}
	}
	fs.perFile[file]++
	switch n := fs.perFile[file]; {
	case n > maxFindingsPerFile:
		return
	case n == maxFindingsPerFile:
		fs.list = append(fs.list, Finding{Severity: SevNote, File: file, What: fmt.Sprintf("more than %d findings in this file", n-1), Assumed: "the rest is not listed"})
		return
	}
	fs.list = append(fs.list, Finding{sev, file, line, column, fmt.Sprintf(format, args...), assumed})
}
