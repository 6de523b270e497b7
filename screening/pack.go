package screening

import (
	"lintas/screening/indicator"
	"lintas/screening/xlsform"
)

// packOf is the pack of an instrument: from the workbook's own sheet, or a built-in one by name, or none.
func packOf(w *xlsform.Workbook, form *xlsform.Form, builtIn string) (*indicator.Pack, error) {
	return nil, nil
}
