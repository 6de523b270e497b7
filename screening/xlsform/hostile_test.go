package xlsform_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"lintas/screening/xlsform"
)

// Every workbook here was made to do harm. Each must be refused with a code, in
// little memory; none may crash.

// xlsxParts makes a workbook of raw parts.
func xlsxParts(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml",
		"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"} {
		if s, ok := parts[name]; ok {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	oneSheet = `<workbook xmlns:r="r"><sheets><sheet name="survey" r:id="rId1"/></sheets></workbook>`
	oneRel   = `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
)

func oneSheetBook(t testing.TB, sheet string) []byte {
	return xlsxParts(t, map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel, "xl/worksheets/sheet1.xml": sheet})
}

func inline(cells ...string) string {
	var b strings.Builder
	b.WriteString("<row>")
	for _, c := range cells {
		b.WriteString(`<c t="inlineStr"><is><t>` + c + `</t></is></c>`)
	}
	b.WriteString("</row>")
	return b.String()
}

// bomb is a zip whose one sheet unpacks to n bytes of spaces, made without
// writing them out. With lie, the header declares only 10 bytes.
func bomb(t testing.TB, n int, lie bool) []byte {
	t.Helper()
	var packed bytes.Buffer
	f, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	sum := crc32.NewIEEE()
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for done := 0; done < n; done += len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			t.Fatal(err)
		}
		sum.Write(chunk)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, s := range map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
	}
	h := &zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CRC32: sum.Sum32(),
		CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(n)}
	if lie {
		h.UncompressedSize64 = 10
	}
	w, err := z.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(packed.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rowsOf(n int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString("<worksheet><sheetData>" + inline("type", "name", "label"))
	for i := 0; i < n; i++ {
		b.WriteString(row(i))
	}
	b.WriteString("</sheetData></worksheet>")
	return b.String()
}

func TestHostileWorkbooksAreRefusedWithACode(t *testing.T) {
	sheet := func(rows ...string) string {
		return "<worksheet><sheetData>" + strings.Join(rows, "") + "</sheetData></worksheet>"
	}
	cases := []struct {
		name string
		data func(t *testing.T) []byte
		file string
		code string
	}{
		{"a zip bomb of 128 MiB", func(t *testing.T) []byte { return bomb(t, 128<<20, false) }, "a.xlsx", "too-large"},
		{"a zip bomb that lies about its size", func(t *testing.T) []byte { return bomb(t, 64<<20, true) }, "a.xlsx", "unreadable"},
		{"a million rows of data", func(t *testing.T) []byte {
			return oneSheetBook(t, rowsOf(1_000_000, func(i int) string { return "<row><c><v>1</v></c></row>" }))
		}, "a.xlsx", "too-large"},
		{"a cell in column XFD", func(t *testing.T) []byte {
			return oneSheetBook(t, sheet(`<row r="1"><c r="XFD1"><v>1</v></c></row>`))
		}, "a.xlsx", "too-large"},
		{"a formula without its result", func(t *testing.T) []byte {
			return oneSheetBook(t, sheet(inline("type", "name"), `<row r="2"><c r="A2"><f>A1&amp;"x"</f></c></row>`))
		}, "a.xlsx", "formula"},
		{"a formula that failed", func(t *testing.T) []byte {
			return oneSheetBook(t, sheet(inline("type", "name"), `<row r="2"><c r="B2" t="e"><f>A9/0</f><v>#DIV/0!</v></c></row>`))
		}, "a.xlsx", "cell-error"},
		{"broken UTF-8 in a cell", func(t *testing.T) []byte { return oneSheetBook(t, sheet(inline("type", "na\xff\xfeme"))) }, "a.xlsx", "encoding"},
		{"a text that is not UTF-8", func(t *testing.T) []byte { return []byte("|survey|\n| |type|na\xe9me|\n") }, "a.md", "unreadable"},
		{"an entity bomb", func(t *testing.T) []byte {
			return oneSheetBook(t, `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet/>`)
		}, "a.xlsx", "unreadable"},
		{"a tag that never ends", func(t *testing.T) []byte { return oneSheetBook(t, "<worksheet><row "+strings.Repeat("a", 3<<20)) }, "a.xlsx", "unreadable"},
		{"a cell of two megabytes", func(t *testing.T) []byte { return oneSheetBook(t, sheet(inline(strings.Repeat("<b/>x", 400_000)))) }, "a.xlsx", "cell-too-long"},
		{"a reference to a text that is not there", func(t *testing.T) []byte {
			return oneSheetBook(t, sheet(`<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>`))
		}, "a.xlsx", "unreadable"},
		{"half a zip", func(t *testing.T) []byte { b := oneSheetBook(t, sheet(inline("type"))); return b[:len(b)/2] }, "a.xlsx", "unreadable"},
		{"an old Excel file", func(t *testing.T) []byte { return []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more") }, "a.xls", "left-out.xls"},
		{"JSON nested a million deep", func(t *testing.T) []byte { return []byte(`{"sheets":` + strings.Repeat("[", 1_000_000)) }, "a.json", "unreadable"},
		{"JSON of nothing but rows", func(t *testing.T) []byte {
			return []byte(`{"sheets":{"survey":{"header":["type"],"rows":[` + strings.Repeat(`["x"],`, 1_100_000) + `[]]}}}`)
		}, "a.json", "too-large"},
		{"JSON with a cell of ten megabytes", func(t *testing.T) []byte {
			return []byte(`{"sheets":{"survey":{"header":["type"],"rows":[["` + strings.Repeat("x", 7<<20) + `"]]}}}`)
		}, "a.json", "cell-too-long"},
		{"markdown of nothing but rows", func(t *testing.T) []byte {
			return []byte("| survey |\n| | type |\n" + strings.Repeat("| | text |\n", 600_000))
		}, "a.md", "too-large"},
		{"markdown of nothing but bars", func(t *testing.T) []byte {
			return []byte("| survey |\n| | type |\n" + strings.Repeat("|", 7<<20))
		}, "a.md", "too-large"},
		{"a quotation mark never closed", func(t *testing.T) []byte {
			return []byte("type,name,label\ntext,q,\"" + strings.Repeat("and on\n", 1_000_000))
		}, "a.csv", "cell-too-long"},
		{"a line of nothing but commas", func(t *testing.T) []byte { return []byte("type,name\n" + strings.Repeat(",", 1<<19)) }, "a.csv", "too-large"},
		{"a text of twenty megabytes", func(t *testing.T) []byte { return make([]byte, 20<<20) }, "a.md", "too-large"},
		{"ten million texts", func(t *testing.T) []byte {
			return xlsxParts(t, map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel, "xl/worksheets/sheet1.xml": sheet(inline("type")),
				"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", 9_000_000) + "</sst>"})
		}, "a.xlsx", "too-large"},
		{"two million styles", func(t *testing.T) []byte {
			return xlsxParts(t, map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel, "xl/worksheets/sheet1.xml": sheet(inline("type")),
				"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat(`<xf numFmtId="14"/>`, 2_000_000) + "</cellXfs></styleSheet>"})
		}, "a.xlsx", "too-large"},
		{"three million sheets", func(t *testing.T) []byte {
			return xlsxParts(t, map[string]string{"xl/workbook.xml": "<workbook><sheets>" + strings.Repeat(`<sheet name="a"/>`, 2_500_000) + "</sheets></workbook>", "xl/_rels/workbook.xml.rels": oneRel})
		}, "a.xlsx", "too-large"},
		{"a part for every sheet there could be", func(t *testing.T) []byte {
			var rels strings.Builder
			for i := range 400_000 {
				fmt.Fprintf(&rels, `<Relationship Id="r%d" Type="x/worksheet" Target="worksheets/sheet%d.xml"/>`, i, i)
			}
			return xlsxParts(t, map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": "<Relationships>" + rels.String() + "</Relationships>"})
		}, "a.xlsx", "too-large"},
		{"JSON of nothing but sheets", func(t *testing.T) []byte {
			return []byte(`{"sheets":{` + strings.Repeat(`"a":{},`, 1_000_000) + `"b":{}}}`)
		}, "a.json", "too-large"},
		{"JSON of nothing but headings", func(t *testing.T) []byte {
			return []byte(`{"sheets":{"a":{"header":[` + strings.Repeat(`1,`, 1_000_000) + `1]}}}`)
		}, "a.json", "too-large"},
		{"markdown of nothing but sheets", func(t *testing.T) []byte { return []byte(strings.Repeat("| a |\n", 1_000_000)) }, "a.md", "too-large"},
		{"a .csv of nothing but sheets", func(t *testing.T) []byte { return []byte(strings.Repeat("a\n", 2_000_000)) }, "a.csv", "too-large"},
		{"nothing", func(t *testing.T) []byte { return nil }, "a.xlsx", "unreadable"},
		{"a file over the limit", func(t *testing.T) []byte { return make([]byte, 33<<20) }, "a.xlsx", "too-large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := c.data(t)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			begin := time.Now()
			_, err := xlsform.Read(c.file, data, xlsform.Limits{})
			t.Logf("answered in %v", time.Since(begin).Round(time.Millisecond))
			runtime.ReadMemStats(&after)
			t.Logf("%d KiB given, %d KiB allocated in all", len(data)>>10, (after.TotalAlloc-before.TotalAlloc)>>10)
			var list xlsform.Errors
			if !errors.As(err, &list) || list[0].Code != "screening.xlsform."+c.code {
				t.Fatalf("want %s, got %v", c.code, err)
			}
			if list[0].Remedy == "" {
				t.Error("no remedy")
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MiB were allocated in all", used>>20)
			}
		})
	}
}

func TestHostileFormsAreRefusedWithACode(t *testing.T) {
	chain := func(n int, last string) string {
		var b strings.Builder
		b.WriteString("| survey | | | |\n| | type | name | calculation |\n")
		for i := 0; i < n; i++ {
			fmt.Fprintf(&b, "| | calculate | q%d | ${q%d} + 1 |\n", i, i+1)
		}
		fmt.Fprintf(&b, "| | calculate | q%d | %s |\n", n, last)
		return b.String()
	}
	nested := func(n int) string {
		var b strings.Builder
		b.WriteString("| survey | | | |\n| | type | name | label |\n")
		for i := 0; i < n; i++ {
			fmt.Fprintf(&b, "| | begin_group | g%d | G |\n", i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, text, code string }{
		{"a circle of two", "| survey | | | |\n| | type | name | calculation |\n| | calculate | a | ${b} |\n| | calculate | b | ${a} |\n", "cycle"},
		{"a question that needs itself", "| survey | | | | |\n| | type | name | label | relevant |\n| | text | a | A | ${a} = '1' |\n", "cycle"},
		{"a circle of fifteen thousand", chain(15_000, "${q0}"), "cycle"},
		{"thirty thousand questions", chain(30_000, "1"), "too-large"},
		{"groups a thousand deep without an end", nested(1000), "too-deep"},
		{"a reference that never ends", "| survey | | |\n| | type | name | label |\n| | text | a | ${" + strings.Repeat("b", 100_000) + " |\n", "reference-form"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := xlsform.Read("a.md", []byte(c.text), xlsform.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			_, err = xlsform.Compile(w, xlsform.Options{})
			t.Logf("answered in %v", time.Since(begin).Round(time.Millisecond))
			var list xlsform.Errors
			if !errors.As(err, &list) || list[0].Code != "screening.xlsform."+c.code {
				t.Fatalf("want %s, got %.300v", c.code, err)
			}
		})
	}
	if w, err := xlsform.Read("a.md", []byte(chain(15_000, "1")), xlsform.Limits{}); err != nil {
		t.Error(err)
	} else if _, err := xlsform.Compile(w, xlsform.Options{}); err != nil {
		t.Errorf("a long chain without a circle is no error: %.200v", err)
	}
}

func TestAMillionEmptyRowsAreNothing(t *testing.T) {
	data := oneSheetBook(t, rowsOf(1, func(int) string { return inline("text", "q", "Q") })[:0]+
		"<worksheet><sheetData>"+inline("type", "name", "label")+inline("text", "q", "Q")+
		strings.Repeat(`<row s="1"><c s="1"/></row>`, 1_000_000)+"</sheetData></worksheet>")
	w, err := xlsform.Read("a.xlsx", data, xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(w.Sheets[0].Rows); n != 1 {
		t.Errorf("%d rows", n)
	}
}
