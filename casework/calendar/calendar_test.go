package calendar

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestOneDayIsReadInEveryWayThatCanMeanNoOther(t *testing.T) {
	for _, text := range []string{
		"2026-05-12", "2026-5-12", "2026/05/12", "2026.5.12", "20260512", "12 May 2026", "12-May-2026", "May 12, 2026", "12 MAY 2026", " 2026-05-12 ",
		"2026-05-12T00:00:00", "2026-05-12T00:00:00+07:00", "2026-05-12 00:00", "２０２６-０５-１２", "๒๐๒๖-๐๕-๑๒", "២០២៦-០៥-១២", "၂၀၂၆-၀၅-၁၂", "໒໐໒໖-໐໕-໑໒", "٢٠٢٦-٠٥-١٢", "۲۰۲۶/۰۵/۱۲",
	} {
		if day, note, err := Day(text); day != "2026-05-12" || note != "" || err != nil {
			t.Errorf("%s: %q, %q, %v", text, day, note, err)
		}
	}
}

func TestTheBuddhistEraIsReadAndSaid(t *testing.T) {
	for _, text := range []string{"2569-05-12", "12/05/2569", "12/5/2569", "๑๒/๐๕/๒๕๖๙", "๑๒ พฤษภาคม ๒๕๖๙", "12 พ.ค. 2569", "12 พฤษภาคม พ.ศ. 2569", "12 May 2569", "25690512"} {
		day, note, err := Day(text)
		if day != "2026-05-12" || !strings.Contains(note, "Buddhist") || err != nil {
			t.Errorf("%s: %q, %q, %v", text, day, note, err)
		}
	}
	// 2567 is 2024, a leap year; counted in the common era it is none.
	if day, _, err := Day("2567-02-29"); day != "2024-02-29" || err != nil {
		t.Error(day, err)
	}
}

func TestWhatCouldBeAnotherDayIsRefusedWithWhatIsExpected(t *testing.T) {
	for text, says := range map[string]string{
		"3/4/2026": "two days", "31/12/1999": "two days", "1990": "no whole day", "1990-05": "no whole day", "๒๕๓๓": "no whole day", "05/1990": "no whole day",
		"2026-02-30": "no day of the calendar", "2026-13-01": "no day of the calendar", "1447-05-12": "year 1447", "yesterday": "not a date", "12-05-26": "not a date", "12 Foo 2026": "not a date", "": "not a date",
	} {
		day, _, err := Day(text)
		if day != "" || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %q, %v", text, day, err)
		}
	}
}

func TestATimeOfDayIsNotDroppedInSilence(t *testing.T) {
	// Midnight in Bangkok, as a web page in UTC writes it: the day before.
	day, note, err := Day("2026-05-11T17:00:00.000Z")
	if day != "2026-05-11" || !strings.Contains(note, "UTC") || err != nil {
		t.Error(day, note, err)
	}
}

func TestAYearAloneIsNoSpreadsheetsDay(t *testing.T) {
	if day, _, err := Serial(1990, false); err == nil {
		t.Errorf("the year 1990 became %s", day)
	}
	if day, _, _ := Serial(46082, false); day != "2026-03-01" {
		t.Error(day)
	}
	if day, _, _ := Serial(46082-1462, true); day != "2026-03-01" {
		t.Error(day)
	}
	if day, note, _ := Serial(244409, false); day != "2026-03-01" || note == "" { // typed as 2569
		t.Error(day, note)
	}
}

func TestNumbersAreReadInEveryScriptAndInfinityIsNone(t *testing.T) {
	for text, want := range map[string]float64{"18": 18, "๑๘": 18, "១៨": 18, "၁၈": 18, "١٨": 18, " 13.75 ": 13.75, "-2": -2, "1e3": 1000} {
		if n, ok := Number(text); !ok || n != want {
			t.Errorf("%s: %v, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "NaN", "Inf", "-inf", "0x10", "1_000", "1,5", "18 years", "1e999"} {
		if n, ok := Number(text); ok {
			t.Errorf("%q was read as %v", text, n)
		}
	}
}

func FuzzDay(f *testing.F) {
	for _, text := range []string{"2026-05-12", "12/5/2569", "12 พ.ค. 2569", "2026-05-11T17:00:00Z"} {
		f.Add(text)
	}
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	f.Fuzz(func(t *testing.T, text string) {
		day, _, err := Day(text)
		if err != nil {
			return
		}
		if _, bad := time.Parse(time.DateOnly, day); bad != nil || !form.MatchString(day) {
			t.Errorf("%q was read as %q", text, day)
		}
		if again, note, err := Day(day); again != day || note != "" || err != nil {
			t.Errorf("%q reads %q, %q, %v", day, again, note, err)
		}
	})
}
