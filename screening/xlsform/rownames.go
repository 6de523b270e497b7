package xlsform

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The names of rows: what they may be, and where they must differ.

// name reads and checks the name of a row.
func (r *surveyReader) name(row dataRow) (string, bool) {
	n := row.get("name")
	if n == "" {
		if row.get("type") == "note" {
			return "generated_note_name_" + strconv.Itoa(row.number), true
		}
		r.fail(r.at(sheetSurvey, row, "name"), msg{code: "no-name", text: "This row has no name.",
			remedy: "Give it a name: a short word without spaces, under which the answer is kept.",
			detail: rowTag(row.number) + " Question or group with no name."})
		return "", false
	}
	if !isName(n) {
		r.fail(r.at(sheetSurvey, row, "name"), msg{code: "name", text: "The name " + quote(n) + " cannot be used.",
			remedy:  "Begin with a letter or underscore; go on with letters, digits, underscores, hyphens or periods; no spaces.",
			suggest: mendName(n),
			detail:  invalid(row.number, sheetSurvey, "name", sentenceName)})
		return "", false
	}
	if !readEverywhere(n) {
		r.advise(r.at(sheetSurvey, row, "name"), "name", "The name "+quote(n)+" is written in a script that many readers of XML do not take in names, that of Lintas among them: answers would be kept aside as unreadable.",
			"Use Latin letters in the column name; the label may be in any script.")
	}
	return n, true
}

// readEverywhere tells whether readers that follow the older editions of XML, as
// Go's does, take a name. They know Latin and Thai letters, but not Burmese or Khmer.
func readEverywhere(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] >= utf8.RuneSelf {
			_, err := xml.NewDecoder(strings.NewReader("<" + name + "/>")).Token()
			return err == nil
		}
	}
	return true
}

// mendName makes a usable name of a wrong one.
func mendName(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case nameRune(c):
			b.WriteRune(c)
		case c == ' ' || c == '/' || c == ':':
			b.WriteByte('_')
		}
	}
	out := b.String()
	if out == "" {
		return ""
	}
	if c := []rune(out)[0]; !nameStart(c) {
		out = "_" + out
	}
	return out
}

// checkName holds names unique in their container and repeats unique everywhere.
func (r *surveyReader) checkName(row dataRow, e *element) bool {
	at, number := r.at(sheetSurvey, row, "name"), row.number
	n, top := e.name, r.top()
	if n == "meta" {
		r.fail(at, msg{code: "name-meta", text: "The name \"meta\" is kept for the form's own data.", remedy: "Choose another name.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value 'meta' is invalid. The name 'meta' is reserved for form metadata.", rowTag(number))})
		return false
	}
	if other, twice := top.names[n]; twice {
		r.fail(at, msg{code: "name-twice", text: fmt.Sprintf("The name %q is taken already, in row %d.", n, other), remedy: "Give each question its own name.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat.", rowTag(number), n)})
		return false
	}
	if f := strings.ToLower(n); top.folded[f] {
		r.warn(sheetSurvey, number, fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is problematic. The name is a case-insensitive match to another name. Questions, groups, and repeats should be unique within the nearest parent group or repeat, or the survey if not inside a group or repeat. Some data processing tools are not case-sensitive, so the current names may make analysis difficult.", rowTag(number), n))
	} else {
		top.folded[f] = true
	}
	top.names[n] = number
	if e.kind == kindRepeat && n == r.rootName {
		r.fail(at, msg{code: "name-root", text: "The repeat has the name of the form itself.", remedy: "Choose another name for the repeat.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Repeat names must not be the same as the survey root (which defaults to 'data').", rowTag(number), n)})
		return false
	}
	if e.kind == kindRepeat {
		if r.repeats[n] {
			r.fail(at, msg{code: "repeat-twice", text: fmt.Sprintf("There is another repeat named %q.", n), remedy: "Give each repeat its own name.",
				detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Repeat names must unique anywhere in the survey, at all levels of group or repeat nesting.", rowTag(number), n)})
			return false
		}
		r.repeats[n] = true
	}
	return true
}

// uniqueNames holds the names that the compiler makes, such as the count of a
// repeat, to the same rule; and those of a loop, once it is written out.
func (c *compiler) uniqueNames(e *element) bool {
	ok := true
	for _, ch := range e.children {
		ok = c.uniqueNames(ch) && ok
	}
	seen := map[string]*element{}
	for _, ch := range e.children {
		other := seen[ch.name]
		if other == nil {
			seen[ch.name] = ch
			continue
		}
		if ok = false; ch.made.sheet == "" {
			ch = other
		}
		at := ch.made
		if at.sheet == "" {
			at = c.typePlace(ch)
		}
		c.fail(at, msg{code: "name-twice", text: fmt.Sprintf("This row makes a question %q, and that name is taken already.", ch.name), remedy: "Rename this row or the other question.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat.", rowTag(0), ch.name)})
	}
	return ok
}
