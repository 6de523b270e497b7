package htcds

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"lintas/casework/calendar"
)

// Normalise reads one field's values in whatever form a partner wrote them and
// returns the standard's form. A warning keeps the value; an error drops it.
func (f Field) Normalise(values []string) (out []string, warning string, err error) {
	for _, v := range values {
		v = strings.TrimSpace(v)
		if v == "" {
			continue
		}
		one, warn, err := f.normaliseOne(v)
		if err != nil {
			return nil, "", err
		}
		if warn != "" {
			warning = warn
		}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	if len(out) > 1 && !f.Type.Many() {
		return nil, "", fmt.Errorf("one value is expected, not %d", len(out))
	}
	return out, warning, nil
}

// E.164, as the standard's notes have it, once spaces and signs are gone.
var e164 = regexp.MustCompile(`^\+?[1-9]\d{1,14}$`)

func (f Field) normaliseOne(v string) (string, string, error) {
	if slices.Contains(spreadsheetErrors, v) {
		return "", "", fmt.Errorf("%s is an error of the spreadsheet, not a value", v)
	}
	if f.Type == Phone || f.Name == "prs_IdentityNumber" {
		var err error
		if v, err = whole(v); err != nil {
			return "", "", err
		}
	}
	switch f.Type {
	case Choice, Choices:
		return f.choice(v)
	case Date:
		return date(v)
	case Number:
		return f.number(v)
	case Boolean:
		return boolean(v)
	case Country, Countries:
		region, err := language.ParseRegion(v)
		if err != nil || !region.IsCountry() {
			return v, "not an ISO 3166 code; kept as written", nil
		}
		return region.String(), "", nil
	case Language:
		base, err := language.ParseBase(v)
		if err != nil {
			return v, "not an ISO 639 code; kept as written", nil
		}
		return base.ISO3(), "", nil
	case Phone:
		bare := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(calendar.Digits(v))
		if !e164.MatchString(bare) {
			return v, "not a number in E.164 form (+ country code number); kept as written", nil
		}
		return bare, "", nil
	}
	return v, "", nil
}

func (f Field) choice(v string) (string, string, error) {
	folded := fold(v)
	for _, c := range f.Values {
		if fold(c.Name) == folded || fold(c.Label) == folded {
			return c.Name, "", nil
		}
	}
	// ISIC sections are often written as their letter alone.
	if f.Name == "vic_ForcedLabourIndustry" && len(v) == 1 {
		for _, c := range f.Values {
			if strings.HasPrefix(c.Name, strings.ToUpper(v)+"_") {
				return c.Name, "", nil
			}
		}
	}
	if alias, ok := choiceAliases[f.Name][folded]; ok {
		return alias, "", nil
	}
	return v, "not in the standard's list; kept as written", nil
}

// choiceAliases are short and corrected spellings seen in use.
var choiceAliases = map[string]map[string]string{
	"vic_TraffickingStatus":        {"possible": "PossibleVictimOfTrafficking", "actual": "ActualVictimOfTrafficking", "nota": "NotAVictimOfTrafficking"},
	"vic_RelationshipToTrafficker": {"unacquainted": "Unaquainted"},
	"prs_Gender":                   {"f": "Feminine", "m": "Masculine", "female": "Feminine", "male": "Masculine", "unknown": "NonSpecifiedUnknown", "notspecified": "NonSpecifiedUnknown"},
}

// date reads a day, and a spreadsheet's number of one. What could be two days is
// refused: 3/4/2026 is March in one office and April in the next.
func date(v string) (string, string, error) {
	if n, ok := calendar.Number(v); ok && n >= 10_000 && n < 300_000 {
		return calendar.Serial(n, false)
	}
	return calendar.Day(v)
}

func (f Field) number(v string) (string, string, error) {
	n, ok := calendar.Number(v)
	if !ok || n > 1e12 || n < -1e12 {
		return "", "", fmt.Errorf("%q is not a number, such as 17 or 13.75", v)
	}
	if strings.HasSuffix(f.Name, "Latitude") && (n < -90 || n > 90) || strings.HasSuffix(f.Name, "Longitude") && (n < -180 || n > 180) {
		return "", "", fmt.Errorf("%s is not on the map", v)
	}
	if (f.Name == "prs_NumberOfChildren" || f.Name == "vic_AgeWhenTrafficked") && (n < 0 || n > 120) {
		return "", "", fmt.Errorf("%s cannot be right; 0 to 120 is expected", v)
	}
	return strconv.FormatFloat(n, 'f', -1, 64), "", nil
}

// shortened is a long number as spreadsheets show it.
var shortened = regexp.MustCompile(`^([1-9])[.,](\d+)[Ee]\+?(\d{1,2})$`)

// whole writes a long number (a telephone, an identity card) out again when a
// spreadsheet kept all of its digits, and refuses one that lost some: what is
// left belongs to somebody else.
func whole(v string) (string, error) {
	m := shortened.FindStringSubmatch(v)
	if m == nil {
		return v, nil
	}
	if places, _ := strconv.Atoi(m[3]); places == len(m[2]) {
		return m[1] + m[2], nil
	}
	return "", fmt.Errorf("%q is a number that a spreadsheet has shortened; make the column text and write the number again", v)
}

// spreadsheetErrors are what a formula leaves in a cell when it fails.
var spreadsheetErrors = []string{"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}

func boolean(v string) (string, string, error) {
	switch strings.ToLower(v) {
	case "true", "yes", "y", "1", "ok", "x":
		return "true", "", nil
	case "false", "no", "n", "0":
		return "false", "", nil
	}
	return "", "", fmt.Errorf("%q is neither yes nor no", v)
}

// split takes a list apart: semicolons as spreadsheets export them, line
// breaks, commas and bars; spaces when every word is a value, as forms write.
func (f Field) split(cell string) []string {
	if !f.Type.Many() {
		return []string{cell}
	}
	if _, warn, _ := f.normaliseOne(strings.TrimSpace(cell)); warn == "" {
		return []string{cell}
	}
	for _, separators := range []string{";\n|", ",،、", "/", " "} {
		if parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(separators, r) }); len(parts) > 1 {
			known, all := f.known(parts)
			if separators == ";\n|" || known == all || known > 0 && separators[0] == ',' {
				return parts
			}
		}
	}
	return []string{cell}
}

// known counts how many of the parts of a list are values of the standard.
func (f Field) known(parts []string) (known, all int) {
	for _, p := range parts {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		all++
		if _, warn, err := f.normaliseOne(p); warn == "" && err == nil {
			known++
		}
	}
	return known, all
}
