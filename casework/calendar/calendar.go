// Package calendar reads days and numbers as offices of the region write them:
// in Thai, Khmer, Lao, Burmese or Arabic digits, and in years of the Buddhist
// era. What can be read in one way only is read, and said when it was not plain;
// whatever could mean two days is refused with a sentence that asks for one.
package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Digits writes the decimal digits of every script as 0 to 9.
func Digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII {
			return r
		}
		// Every range of the table holds whole tens that begin with a zero.
		for _, in := range unicode.Nd.R16 {
			if r >= rune(in.Lo) && r <= rune(in.Hi) {
				return '0' + (r-rune(in.Lo))%10
			}
		}
		for _, in := range unicode.Nd.R32 {
			if r >= rune(in.Lo) && r <= rune(in.Hi) {
				return '0' + (r-rune(in.Lo))%10
			}
		}
		return r
	}, text)
}

// Number reads a decimal number in the digits of any script. Infinity and the
// like are none: nothing that is exported could hold them.
func Number(text string) (float64, bool) {
	text = Digits(strings.TrimSpace(text))
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// Era is how many years the Buddhist era, as Thailand counts it, is ahead.
const Era = 543

var (
	yearFirst = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$`)
	together  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$`)
	inWords   = regexp.MustCompile(`^(\d{1,2})[-\s]*(\pL[\pL\pM.]*)[-\s,]*(\d{4})$`)
	wordFirst = regexp.MustCompile(`^(\pL[\pL\pM.]*)\s+(\d{1,2}),?\s+(\d{4})$`)
	partOnly  = regexp.MustCompile(`^\d{4}([-/.]\d{1,2})?$|^\d{1,2}[-/.]\d{4}$`)
)

// Day reads a day and writes it as 2026-03-01. note says what somebody should
// know about the reading: another calendar, a time of day left out.
func Day(text string) (day, note string, err error) {
	plain := strings.TrimSpace(Digits(norm.NFKC.String(text)))
	for _, mark := range []string{"พ.ศ.", "พ.ศ", "พศ.", "B.E.", "BE "} {
		plain = strings.TrimSpace(strings.Replace(plain, mark, " ", 1))
	}
	plain = strings.Join(strings.Fields(plain), " ")
	if m := yearFirst.FindStringSubmatch(plain); m != nil {
		day, note, err = dayOf(m[1], m[2], m[3], text)
		if err == nil && m[4] != "" && (strings.Trim(m[4]+m[5]+m[6], "0") != "") {
			note = join(note, "the time of day is left out; the day is that of the time as it is written"+zone(m[7]))
		}
		return day, note, err
	}
	if m := together.FindStringSubmatch(plain); m != nil {
		return dayOf(m[1], m[2], m[3], text)
	}
	if m := inWords.FindStringSubmatch(plain); m != nil && month(m[2]) > 0 {
		return dayOf(m[3], strconv.Itoa(month(m[2])), m[1], text)
	}
	if m := wordFirst.FindStringSubmatch(plain); m != nil && month(m[1]) > 0 {
		return dayOf(m[3], strconv.Itoa(month(m[1])), m[2], text)
	}
	if m := yearLast.FindStringSubmatch(plain); m != nil {
		// Whoever counts in the Buddhist era writes the day first; of another
		// year nobody can say.
		if year, _ := strconv.Atoi(m[3]); buddhist(year) {
			return dayOf(m[3], m[2], m[1], text)
		}
		return "", "", fmt.Errorf("%q could be two days, with the day first or the month first; write it as year-month-day, like 2026-03-01", text)
	}
	if partOnly.MatchString(plain) {
		return "", "", fmt.Errorf("%q is no whole day; a day is expected as year-month-day, like 2026-03-01. Leave it empty when the day is not known", text)
	}
	return "", "", fmt.Errorf("%q is not a date; write it as year-month-day, like 2026-03-01", text)
}

func zone(text string) string {
	switch text {
	case "":
		return ""
	case "Z":
		return " in UTC"
	}
	return " at UTC" + text
}

func join(notes ...string) string {
	var out []string
	for _, n := range notes {
		if n != "" {
			out = append(out, n)
		}
	}
	return strings.Join(out, "; ")
}

// buddhist says that a year can only be one of the Buddhist era.
func buddhist(year int) bool { return year >= 2400 && year < 2700 }

// dayOf is a day of its three numbers.
func dayOf(y, m, d, text string) (day, note string, err error) {
	year, _ := strconv.Atoi(y) // digits only
	month, _ := strconv.Atoi(m)
	date, _ := strconv.Atoi(d)
	if buddhist(year) {
		year -= Era
		note = fmt.Sprintf("%q was read in the Buddhist era, as the year %d", text, year)
	}
	if year < 1850 || year > 2150 {
		return "", "", fmt.Errorf("%q lies in the year %d; a year of the common or the Buddhist era is expected, like 2026 or 2569", text, year)
	}
	t := time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC)
	if month < 1 || month > 12 || t.Day() != date || t.Month() != time.Month(month) {
		return "", "", fmt.Errorf("%q is no day of the calendar; write it as year-month-day, like 2026-03-01", text)
	}
	return t.Format(time.DateOnly), note, nil
}

// thaiMonths in full and as they are shortened.
var thaiMonths = [][2]string{
	{"มกราคม", "มค"}, {"กุมภาพันธ์", "กพ"}, {"มีนาคม", "มีค"}, {"เมษายน", "เมย"}, {"พฤษภาคม", "พค"}, {"มิถุนายน", "มิย"},
	{"กรกฎาคม", "กค"}, {"สิงหาคม", "สค"}, {"กันยายน", "กย"}, {"ตุลาคม", "ตค"}, {"พฤศจิกายน", "พย"}, {"ธันวาคม", "ธค"},
}

// month is a month's number by its English or Thai name, or 0.
func month(name string) int {
	bare := strings.ToLower(strings.ReplaceAll(name, ".", ""))
	for i := range 12 {
		english := strings.ToLower(time.Month(i + 1).String())
		if bare == english || bare == english[:3] || bare == "sept" && i == 8 || bare == norm.NFKC.String(thaiMonths[i][0]) || bare == thaiMonths[i][1] {
			return i + 1
		}
	}
	return 0
}

// Serial is the day of a spreadsheet's day number. Numbers before 1927 are
// refused: 1990 in a cell is a year, not a day of 1905.
func Serial(n float64, since1904 bool) (day, note string, err error) {
	if n < 10_000 || n >= 300_000 {
		return "", "", fmt.Errorf("%g is not a date; write it as year-month-day, like 2026-03-01", n)
	}
	from := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if since1904 {
		from = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return Day(from.AddDate(0, 0, int(n)).Format(time.DateOnly))
}
