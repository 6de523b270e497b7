//go:build unix

package indicator_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"lintas/screening/indicator"
	"lintas/screening/instruments"
	"lintas/screening/packs"
)

// bigPack is the built-in combined pack: 119 indicators with one question
// each, plus rows up to 150 spread over the labour dimensions.
func bigPack(tb testing.TB) *indicator.Pack {
	tb.Helper()
	p, err := packs.Get("mixed-arrival", "")
	if err != nil {
		tb.Fatal(err)
	}
	text := string(p.Canonical())
	var inds, qs []string
	for i := len(p.Indicators); i < 150; i++ {
		name := fmt.Sprintf("extra_%d", i)
		qs = append(qs, fmt.Sprintf(`{"name":%q,"type":"yes_no"}`, name))
		when := name + " = 'yes'"
		if i%3 == 0 {
			when += " and d4_hours = 'yes'" // several indicators on one question
		}
		inds = append(inds, fmt.Sprintf(`{"id":"X.%d","dimension":"D%d","strength":{"adult":"M","child":"S"},"text":{"en":"x"},"when":%q,"source":"lintas"}`, i, 1+i%6, when))
	}
	text = strings.Replace(text, `"indicators":[`, `"indicators":[`+strings.Join(inds, ",")+",", 1)
	text = strings.Replace(text, `"questions":[`, `"questions":[`+strings.Join(qs, ",")+",", 1)
	big, err := indicator.LoadPack([]byte(text), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if len(big.Indicators) != 150 {
		tb.Fatalf("%d indicators", len(big.Indicators))
	}
	return big
}

func fullInterviews(p *indicator.Pack, n int) []indicator.Answers {
	out := make([]indicator.Answers, n)
	state := uint32(1)
	draw := func(below uint32) uint32 {
		state = state*1664525 + 1013904223
		return state >> 8 % below
	}
	for i := range out {
		a := indicator.Answers{}
		for _, q := range p.Questions {
			switch {
			case q.Type == "integer":
				a[q.Name] = indicator.Value(fmt.Sprint(10 + draw(40)))
			case len(q.Choices) > 0:
				a[q.Name] = indicator.Value(q.Choices[draw(uint32(len(q.Choices)))])
			}
		}
		out[i] = a
	}
	return out
}

// cpuTime reports processor time per operation: a machine that others use
// makes wall time meaningless. Call the result when the loop is over.
func cpuTime(b *testing.B) func() {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkFullInterview scores one full interview of the demonstration
// workbook per operation.
func BenchmarkFullInterview(b *testing.B) {
	p, err := instruments.Pack(instruments.Arrival)
	if err != nil {
		b.Fatal(err)
	}
	interviews := fullInterviews(p, 1000)
	done := cpuTime(b)
	for i := 0; b.Loop(); i++ {
		if _, err := indicator.Score(p, interviews[i%1000], indicator.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	done()
}

func BenchmarkFullInterviewOf150Indicators(b *testing.B) {
	p := bigPack(b)
	interviews := fullInterviews(p, 1000)
	done := cpuTime(b)
	for i := 0; b.Loop(); i++ {
		if _, err := indicator.Score(p, interviews[i%1000], indicator.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	done()
}

// BenchmarkNextQuestions searches the next questions for one target of a pack
// of 150 indicators, from several points of an interview. The time is of one
// whole Score with that one target.
func BenchmarkNextQuestions(b *testing.B) {
	p := bigPack(b)
	interviews := fullInterviews(p, 8)
	for _, share := range []int{0, 25, 50, 75} {
		for _, target := range []string{"offer", "trafficking", "exploited", "asylum", "none_seen"} {
			b.Run(fmt.Sprintf("answered=%d%%/%s", share, target), func(b *testing.B) {
				var points []indicator.Answers
				for _, full := range interviews {
					a := indicator.Answers{}
					for i, q := range p.Questions {
						if i*37%100 < share {
							a[q.Name] = full[q.Name]
						}
					}
					points = append(points, a)
				}
				done := cpuTime(b)
				for i := 0; b.Loop(); i++ {
					if _, err := indicator.Score(p, points[i%len(points)], indicator.Options{Targets: []string{target}}); err != nil {
						b.Fatal(err)
					}
				}
				done()
			})
		}
	}
}

func BenchmarkWorkbookUnderWay(b *testing.B) {
	p, err := instruments.Pack(instruments.Arrival)
	if err != nil {
		b.Fatal(err)
	}
	full := fullInterviews(p, 1)[0]
	for _, share := range []int{0, 25, 50, 75} {
		b.Run(fmt.Sprintf("answered=%d%%", share), func(b *testing.B) {
			a := indicator.Answers{}
			for i, q := range p.Questions {
				if i*100/len(p.Questions) < share {
					a[q.Name] = full[q.Name]
				}
			}
			done := cpuTime(b)
			for b.Loop() {
				if _, err := indicator.Score(p, a, indicator.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			done()
		})
	}
}
