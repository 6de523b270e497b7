package footprint

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// mapping is a part of the address space.
type mapping struct{ from, to uintptr }

// dropProgram unmaps the pages of the program's file. An error leaves them where they are, which is no harm.
func dropProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	for _, m := range unchanged(smaps, program) {
		syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

// unchanged finds in the text of proc(5)'s smaps the mappings of the program's file that nothing writes to and
// in which no page was ever changed. A changed page - relocated by the loader and then protected, or a
// debugger's breakpoint - has no other copy: dropping it would bring the file's bytes back and crash.
func unchanged(smaps io.Reader, program string) []mapping {
	var found []mapping
	var at mapping
	candidate := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Text()
		name, value, _ := strings.Cut(line, " ")
		switch {
		case !strings.HasSuffix(name, ":"):
			permissions, rest, _ := strings.Cut(value, " ")
			n, _ := fmt.Sscanf(name, "%x-%x", &at.from, &at.to)
			candidate = n == 2 && len(permissions) == 4 && permissions[1] == '-' && strings.HasSuffix(rest, " "+program)
		case candidate && name == "Anonymous:":
			if strings.TrimSpace(value) == "0 kB" {
				found = append(found, at)
			}
			candidate = false
		}
	}
	return found
}
