//go:build unix

package abm

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
)

func benchmarkCase(b *testing.B, name string, core CoreKind) {
	c := readCase(b, name).WithSettings(readRulesetFile(b, "validation"))
	space := &Workspace{}
	var agentDays int64
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		r := mustRun(b, c, Options{Seed: uint64(i), Core: core, Compat: CompatFlee, Space: space})
		agentDays = 0
		for _, n := range r.Present {
			agentDays += int64(n)
		}
		for _, n := range r.Travelling {
			agentDays += int64(n)
		}
	}
	b.ReportMetric(float64(agentDays)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Magentdays/s")
}

func BenchmarkMali2012(b *testing.B)      { benchmarkCase(b, "mali2012", Cohorts) }
func BenchmarkBurundi2015(b *testing.B)   { benchmarkCase(b, "burundi2015", Cohorts) }
func BenchmarkCar2013(b *testing.B)       { benchmarkCase(b, "car2013", Cohorts) }
func BenchmarkSSudan2013(b *testing.B)    { benchmarkCase(b, "ssudan2013", Cohorts) }
func BenchmarkVenezuela2022(b *testing.B) { benchmarkCase(b, "venezuela2022", Cohorts) }

func BenchmarkAgentsMali2012(b *testing.B)   { benchmarkCase(b, "mali2012", Agents) }
func BenchmarkAgentsSSudan2013(b *testing.B) { benchmarkCase(b, "ssudan2013", Agents) }

func benchmarkMadeUp(b *testing.B, places, routes int, people int64, days int) {
	c := madeUp(places, routes, people, days)
	space := &Workspace{}
	var agentDays int64
	b.ResetTimer()
	began := processorSeconds()
	for i := range b.N {
		r, err := Run(context.Background(), c, Options{Seed: uint64(i), Space: space, Arrivals: evenly(people, days)})
		if err != nil {
			b.Fatal(err)
		}
		agentDays = 0
		for _, n := range r.Present {
			agentDays += int64(n)
		}
		for _, n := range r.Travelling {
			agentDays += int64(n)
		}
	}
	b.StopTimer()
	took := (processorSeconds() - began) / float64(b.N)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(took, "CPU-s")
	b.ReportMetric(float64(agentDays)/took/1e6, "Magentdays/CPU-s")
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
}

// processorSeconds is the time that this process has used, on all processors.
func processorSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// Linear in days and places, flat in people: compare along each axis. The last
// is the case of 20 million people over a year.
func BenchmarkMadeUp(b *testing.B) {
	for _, v := range []struct {
		places, routes int
		people         int64
		days           int
	}{
		{5000, 20000, 200_000, 60}, {5000, 20000, 2_000_000, 60}, {5000, 20000, 20_000_000, 60}, {5000, 20000, 200_000_000, 60}, {5000, 20000, 2_000_000_000, 60},
		{1250, 5000, 5_000_000, 60}, {2500, 10000, 10_000_000, 60}, {10000, 40000, 40_000_000, 60},
		{5000, 20000, 20_000_000, 120}, {5000, 20000, 20_000_000, 365},
	} {
		b.Run(fmt.Sprintf("places=%d/people=%d/days=%d", v.places, v.people, v.days), func(b *testing.B) {
			benchmarkMadeUp(b, v.places, v.routes, v.people, v.days)
		})
	}
}

// BenchmarkHundredMembers is an ensemble of ssudan2013 on every processor.
func BenchmarkHundredMembers(b *testing.B) {
	c := readCase(b, "ssudan2013").WithSettings(readRulesetFile(b, "validation"))
	for range b.N {
		seeds := make(chan uint64)
		done := make(chan struct{})
		for range runtime.GOMAXPROCS(0) {
			go func() {
				space := &Workspace{}
				for s := range seeds {
					mustRun(b, c, Options{Seed: s, Compat: CompatFlee, Space: space})
				}
				done <- struct{}{}
			}()
		}
		for s := range uint64(100) {
			seeds <- s
		}
		close(seeds)
		for range runtime.GOMAXPROCS(0) {
			<-done
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
}
