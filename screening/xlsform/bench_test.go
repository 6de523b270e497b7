//go:build unix

package xlsform_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"lintas/screening/xlsform"
)

// madeUp writes a workbook of a realistic mixture: groups and repeats, texts in
// two languages with references, conditions, selects with filters.
func madeUp(tb testing.TB, questions, choices int) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetName("Sheet1", "survey"); err != nil {
		tb.Fatal(err)
	}
	w, err := f.NewStreamWriter("survey")
	if err != nil {
		tb.Fatal(err)
	}
	line := 0
	put := func(cells ...any) {
		line++
		cell, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			tb.Fatal(err)
		}
		if err := w.SetRow(cell, cells); err != nil {
			tb.Fatal(err)
		}
	}
	put("type", "name", "label::English (en)", "label::Bahasa Indonesia (id)", "hint::English (en)", "relevant", "constraint", "calculation", "choice_filter", "required")
	for i := 0; i < questions; i++ {
		name := fmt.Sprintf("q%d", i)
		if i%30 == 10 {
			put("begin_group", fmt.Sprintf("g%d", i), "Group", "Kelompok")
		}
		if i%30 == 16 {
			put("begin_repeat", fmt.Sprintf("r%d", i), "Person", "Orang")
		}
		ref := fmt.Sprintf("${q%d}", max(0, i-1))
		switch i % 6 {
		case 0:
			put("text", name, "What is the name of the place?", "Apa nama tempatnya?", "As people say it", "", "", "", "", "yes")
		case 1:
			put("integer", name, "How many people arrived?", "Berapa orang datang?", "", ref+" != ''", ". >= 0 and . < 1000")
		case 2:
			put(fmt.Sprintf("select_one list%d", i%max(1, choices/100)), name, "Where do you come from?", "Dari mana?", "", "", "", "", "")
		case 3:
			put("note", name, "You said "+ref+".", "Anda berkata "+ref+".")
		case 4:
			put("calculate", name, "", "", "", "", "", "if("+ref+" = '', 0, 1) + 1")
		default:
			put("date", name, "When did you leave?", "Kapan berangkat?", "", "", ". <= today()")
		}
		if i%30 == 22 {
			put("end_repeat")
		}
		if i%30 == 28 {
			put("end_group")
		}
	}
	if n := questions % 30; n > 22 && n <= 28 || n > 10 && n <= 16 {
		put("end_group")
	} else if n > 16 && n <= 22 {
		put("end_repeat")
		put("end_group")
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if _, err := f.NewSheet("choices"); err != nil {
		tb.Fatal(err)
	}
	if w, err = f.NewStreamWriter("choices"); err != nil {
		tb.Fatal(err)
	}
	line = 0
	put("list_name", "name", "label::English (en)", "label::Bahasa Indonesia (id)", "district")
	for i := 0; i < choices; i++ {
		put(fmt.Sprintf("list%d", i%max(1, choices/100)), fmt.Sprintf("c%d", i), fmt.Sprintf("Village %d", i), fmt.Sprintf("Desa %d", i), fmt.Sprintf("d%d", i%40))
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func benchmark(b *testing.B, questions, choices int) {
	data := madeUp(b, questions, choices)
	b.ReportAllocs()
	b.ResetTimer()
	begin := cpuTime(b)
	n := 0
	for b.Loop() {
		n++
		w, err := xlsform.Read("form.xlsx", data, xlsform.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := xlsform.Compile(w, xlsform.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-begin).Microseconds())/1000/float64(n), "cpu-ms/op")
}

// cpuTime is what the process has used, of users and system, garbage collection
// included: on a busy machine the clock on the wall says little.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// From the bytes of the .xlsx to the bytes of the XForm.
func BenchmarkQuestions20(b *testing.B)                 { benchmark(b, 20, 10) }
func BenchmarkQuestions300(b *testing.B)                { benchmark(b, 300, 100) }
func BenchmarkQuestions3000WithChoices10k(b *testing.B) { benchmark(b, 3000, 10_000) }
