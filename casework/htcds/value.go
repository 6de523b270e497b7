package htcds

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
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
		bare := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(v)
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
	"prs_Gender":                   {"female": "Feminine", "male": "Masculine", "unknown": "NonSpecifiedUnknown", "notspecified": "NonSpecifiedUnknown"},
}

// date reads ISO dates and a spreadsheet's serial day. 3/4/2026 is refused: it
// is March in one office and April in the next.
func date(v string) (string, string, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02"} {
		if t, err := time.Parse(form, v); err == nil {
			return t.Format(time.DateOnly), "", nil
		}
	}
	if serial, err := strconv.ParseFloat(v, 64); err == nil && serial >= 1 && serial < 100_000 {
		day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(serial))
		return day.Format(time.DateOnly), "", nil
	}
	return "", "", fmt.Errorf("%q is not a date; write it as year-month-day, like 2026-03-01", v)
}

func (f Field) number(v string) (string, string, error) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n != n || n > 1e12 || n < -1e12 {
		return "", "", fmt.Errorf("%q is not a number", v)
	}
	if strings.HasSuffix(f.Name, "Latitude") && (n < -90 || n > 90) || strings.HasSuffix(f.Name, "Longitude") && (n < -180 || n > 180) {
		return "", "", fmt.Errorf("%s is not on the map", v)
	}
	if (f.Name == "prs_NumberOfChildren" || f.Name == "vic_AgeWhenTrafficked") && (n < 0 || n > 120) {
		return "", "", fmt.Errorf("%s cannot be right", v)
	}
	return strconv.FormatFloat(n, 'f', -1, 64), "", nil
}

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
	for _, separators := range []string{";\n|", ",", " "} {
		if parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(separators, r) }); len(parts) > 1 {
			if separators == ";\n|" || f.allKnown(parts) {
				return parts
			}
		}
	}
	return []string{cell}
}

func (f Field) allKnown(parts []string) bool {
	for _, p := range parts {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if _, warn, err := f.normaliseOne(p); warn != "" || err != nil {
			return false
		}
	}
	return true
}
