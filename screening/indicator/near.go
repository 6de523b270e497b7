package indicator

import "strings"

// nearest finds the name within two slips of s, for "did you mean".
func nearest(s string, names map[string]int) string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	return nearestOf(s, list)
}

func nearestOf(s string, names []string) string {
	best, bestAt := "", 3
	for _, name := range names {
		at := slips(strings.ToLower(s), strings.ToLower(name))
		if at < bestAt || at == bestAt && best != "" && name < best {
			best, bestAt = name, at
		}
	}
	return best
}

// slips is the Levenshtein distance, given up at 3.
func slips(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func joined(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:most], ", ") + ", ..."
}
