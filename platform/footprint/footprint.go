// Package footprint keeps what the process holds of the machine's memory close to what it needs.
package footprint

import (
	"context"
	"runtime/debug"
	"time"
)

// Starting and its first jobs are done after the first pause; a long computation is forgotten after the second.
const (
	first = 10 * time.Second
	pace  = 10 * time.Minute
)

// Keep trims after the start and then from time to time, until ctx ends.
func Keep(ctx context.Context) {
	for wait := first; ; wait = pace {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			Trim()
		}
	}
}

// Trim gives back memory that the collector no longer needs and, on Linux, the pages of the program's own file
// that only past work has touched. Those are most of what starting leaves resident: a page that is needed again
// comes back from the system's cache, without the disk, in about a microsecond. They can be dropped without
// losing anything, but they count in what the kernel looks at when it must end a process for want of memory,
// and in what an operator watches.
func Trim() {
	debug.FreeOSMemory()
	dropProgram()
}
