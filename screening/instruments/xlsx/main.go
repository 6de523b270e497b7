// Command xlsx writes a built-in workbook as a spreadsheet:
//
//	go run ./screening/instruments/xlsx -o arrival-interview.xlsx
package main

import (
	"flag"
	"fmt"
	"os"

	"lintas/screening/instruments"
)

func main() {
	id := flag.String("workbook", instruments.Arrival, "which workbook")
	out := flag.String("o", "", "file to write (default: the workbook's name with .xlsx)")
	flag.Parse()
	if *out == "" {
		*out = *id + ".xlsx"
	}
	b, err := instruments.XLSX(*id)
	if err == nil {
		err = os.WriteFile(*out, b, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("wrote", *out)
}
