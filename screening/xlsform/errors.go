package xlsform

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong with a workbook, told so that the person who
// wrote it can find the cell and mend it.
type Error struct {
	Sheet  string `json:"sheet,omitempty"`
	Row    int    `json:"row,omitempty"`    // as in the spreadsheet, counted from 1; 0 = the whole sheet
	Column string `json:"column,omitempty"` // header of the column
	Cell   string `json:"cell,omitempty"`   // address in the spreadsheet, such as "C7"
	Text   string `json:"text,omitempty"`   // what the cell says
	// Message says what is wrong, Remedy what to do.
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
	// Suggestion is the name that was probably meant; "" where nothing is near.
	Suggestion string `json:"suggestion,omitempty"`
	// Code is stable: screening.xlsform.<name>.
	Code string `json:"code"`
	// Detail is the sentence that pyxform gives for the same mistake, so that
	// its documentation and forum can be searched.
	Detail string `json:"detail,omitempty"`
	// Upstream is pyxform's own code for it, where it has one (PYREF_003 ...).
	Upstream string `json:"upstream,omitempty"`
}

// Place is the short address of the error: survey!C7, or as much as is known.
func (e *Error) Place() string {
	switch {
	case e.Sheet == "":
		return "workbook"
	case e.Cell != "":
		return e.Sheet + "!" + e.Cell
	case e.Row > 0:
		return fmt.Sprintf("%s row %d", e.Sheet, e.Row)
	}
	return e.Sheet
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Place())
	if e.Column != "" {
		fmt.Fprintf(&b, " (%s)", e.Column)
	}
	b.WriteString(": " + e.Message)
	if e.Suggestion != "" {
		fmt.Fprintf(&b, " Did you mean %q?", e.Suggestion)
	}
	if e.Remedy != "" {
		b.WriteString(" " + e.Remedy)
	}
	return b.String()
}

// Errors is everything found wrong, in the order in which it was found. The
// first is the one with which pyxform would have stopped.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the single errors.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// Warning is something that does not stop the form but that its author should
// know. Text is pyxform's sentence, so that nothing changes for those who know it.
type Warning struct {
	Sheet string `json:"sheet,omitempty"`
	Row   int    `json:"row,omitempty"`
	Text  string `json:"text"`
}

// code prefix of every error of this engine.
const codePrefix = "screening.xlsform."
