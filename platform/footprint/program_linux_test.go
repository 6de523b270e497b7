package footprint

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

const text = `00400000-01be6000 r-xp 00000000 fe:00 17 /opt/lintas/bin/lintas
Rss:               18000 kB
Anonymous:             0 kB
01be6000-03947000 r--p 017e6000 fe:00 17 /opt/lintas/bin/lintas
Rss:               20000 kB
Anonymous:             4 kB
03947000-03b0e000 rw-p 03547000 fe:00 17 /opt/lintas/bin/lintas
Rss:                1000 kB
Anonymous:             0 kB
7f0000000000-7f0000010000 r-xp 00000000 fe:00 18 /lib/libc.so.6
Rss:                  64 kB
Anonymous:             0 kB
7f0000020000-7f0000030000 r--p 00000000 fe:00 17 /opt/lintas/bin/lintas
Rss:                  64 kB
Anonymous:             0 kB
`

func TestOnlyUnchangedReadOnlyMappingsOfTheProgramAreDropped(t *testing.T) {
	got := unchanged(strings.NewReader(text), "/opt/lintas/bin/lintas")
	want := []mapping{{0x400000, 0x1be6000}, {0x7f0000020000, 0x7f0000030000}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %x, want %x: a page that was changed, may be written or is another file's must stay", got, want)
	}
}

func TestTrimGivesBackPagesOfTheProgram(t *testing.T) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer smaps.Close()
	const populateRead = 22 // MADV_POPULATE_READ, since Linux 5.14
	for _, m := range unchanged(smaps, program) {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, populateRead); errno != 0 {
			t.Skipf("this kernel cannot load a whole mapping: %v", errno)
		}
	}
	before := residentFile(t)
	Trim()
	if after := residentFile(t); after > before*3/4 {
		t.Errorf("%d of %d KiB of files are still resident", after, before)
	}
}

func residentFile(t *testing.T) (kib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "RssFile:"); ok {
			fmt.Sscan(v, &kib)
		}
	}
	return kib
}
