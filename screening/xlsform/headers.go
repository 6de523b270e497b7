package xlsform

import (
	"strings"
)

// A column is a header understood: where its values belong. "Label :: English
// (en)" has the path [label, English (en)], "relevant" has [bind, relevant].
type column struct {
	header string // as written
	index  int    // in the sheet's header
	path   []string
	known  bool    // a column of the format, not one of the author's own
	over   *column // an older name of this column, whose values it replaces
}

// headerAliases says what a header means, per sheet. The key is the first part
// of the header in lower case with underscores. Source: the XLSForm reference
// (xlsform.org/ref-table) and the names that pyxform accepts.
var headerAliases = map[string]map[string][]string{
	sheetSurvey: {
		"sms_field": {"sms_field"}, "sms_option": {"sms_option"}, "sms_separator": {"sms_separator"},
		"sms_allow_media": {"sms_allow_media"}, "sms_date_format": {"sms_date_format"},
		"sms_datetime_format": {"sms_datetime_format"}, "sms_response": {"sms_response"},
		"compact_tag":          {"instance", "odk:tag"},
		"read_only":            {"bind", "readonly"},
		"readonly":             {"bind", "readonly"},
		"relevant":             {"bind", "relevant"},
		"relevance":            {"bind", "relevant"},
		"required":             {"bind", "required"},
		"constraint":           {"bind", "constraint"},
		"constraining_message": {"bind", "jr:constraintMsg"},
		"constraint_message":   {"bind", "jr:constraintMsg"},
		"requiredmsg":          {"bind", "jr:requiredMsg"},
		"required_message":     {"bind", "jr:requiredMsg"},
		"noapperrorstring":     {"bind", "jr:noAppErrorString"},
		"no_app_error_string":  {"bind", "jr:noAppErrorString"},
		"calculation":          {"bind", "calculate"},
		"calculate":            {"bind", "calculate"},
		"save_to":              {"bind", "entities:saveto"},
		"appearance":           {"control", "appearance"},
		"caption":              {"label"},
		"command":              {"type"},
		"tag":                  {"name"},
		"value":                {"name"},
		"image":                {"media", "image"},
		"big-image":            {"media", "big-image"},
		"audio":                {"media", "audio"},
		"video":                {"media", "video"},
		"count":                {"control", "jr:count"},
		"repeat_count":         {"control", "jr:count"},
		"jr:count":             {"control", "jr:count"},
		"autoplay":             {"control", "autoplay"},
		"rows":                 {"control", "rows"},
		"body":                 {"control"},
	},
	sheetChoices: {
		"caption":   {"label"},
		"list_name": {"list_name"},
		"value":     {"name"},
		"image":     {"media", "image"},
		"big-image": {"media", "big-image"},
		"audio":     {"media", "audio"},
		"video":     {"media", "video"},
	},
	sheetExternal: {
		"caption":   {"label"},
		"list_name": {"list_name"},
		"value":     {"name"},
		"image":     {"media", "image"},
		"big-image": {"media", "big-image"},
		"audio":     {"media", "audio"},
		"video":     {"media", "video"},
	},
	sheetSettings: {
		"form_title":     {"title"},
		"set_form_title": {"title"},
		"form_id":        {"id_string"},
		"set_form_id":    {"id_string"},
		"prefix":         {"prefix"},
	},
	sheetEntities: {
		"list_name": {"dataset"},
	},
}

// knownColumns are the headers that need no translation.
var knownColumns = map[string]map[string]bool{
	sheetSurvey: set("type", "name", "label", "hint", "guidance_hint", "default", "trigger", "parameters",
		"choice_filter", "media", "bind", "control", "instance", "list_name", "disabled", "intent", "query",
		"sms_field", "sms_option", "sms_separator", "sms_allow_media", "sms_date_format", "sms_datetime_format", "sms_response"),
	sheetChoices:  set("list_name", "name", "label", "media", "sms_option"),
	sheetExternal: set("list_name", "name", "label", "media"),
	sheetSettings: set("title", "id_string", "name", "version", "style", "public_key", "submission_url", "auto_send",
		"auto_delete", "allow_choice_duplicates", "default_language", "instance_name", "instance_xmlns", "instance_id",
		"namespaces", "attribute", "clean_text_values", "omit_instanceid", "add_none_option", "client_editable",
		"flat", "prefix", "delimiter", "xml_root", "instance", "sms_keyword", "sms_separator", "sms_allow_media", "sms_date_format",
		"sms_datetime_format", "sms_response"),
	sheetEntities: set("dataset", "entity_id", "create_if", "update_if", "label", "repeat"),
	sheetOSM:      set("list_name", "name", "label"),
}

// lowered are columns of the author's own that lose their capitals all the same:
// the tools of the field have a use of their own for the word.
var lowered = map[string]map[string]bool{sheetChoices: set("parent", "extra_data")}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// snake is "Constraint  Message" -> "constraint_message".
func snake(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "_")) }

// readHeaders understands the headers of one sheet. "::" parts the pieces of a
// header where any header of the sheet uses it; else the old ":" does, which
// clashes with the jr: prefix and is mended here.
func readHeaders(sheet string, header []string) []column {
	double := doubleColons(header)
	out := make([]column, 0, len(header))
	for i, h := range header {
		if h == "" {
			continue
		}
		c := column{header: h, index: i}
		c.path, c.known = headerPath(sheet, h, double)
		out = append(out, c)
	}
	return out
}

// doubleColons tells whether the sheet parts its headings with two colons.
func doubleColons(header []string) bool {
	for _, h := range header {
		if strings.Contains(h, "::") {
			return true
		}
	}
	return false
}

func headerPath(sheet, h string, double bool) (path []string, known bool) {
	columns, aliases := knownColumns[sheet], headerAliases[sheet]
	if columns[h] && aliases[h] == nil {
		return []string{h}, true
	}
	s := snake(h)
	if columns[s] && aliases[s] == nil {
		return []string{s}, true
	}
	if lowered[sheet][s] {
		return []string{s}, false
	}
	var parts []string
	if double {
		parts = strings.Split(h, "::")
	} else {
		parts = joinPrefix(strings.Split(h, ":"))
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	first := snake(parts[0])
	if a := aliases[first]; a != nil {
		return append(append([]string{}, a...), parts[1:]...), true
	}
	if columns[first] {
		return append([]string{first}, parts[1:]...), true
	}
	// Unknown columns keep their name: a choice filter may use it.
	return []string{h}, false
}

// joinPrefix undoes the split of "jr:constraintMsg" at the single colon.
func joinPrefix(parts []string) []string {
	for i, p := range parts {
		if strings.TrimSpace(p) == "jr" && i+1 < len(parts) {
			joined := "jr:" + strings.TrimSpace(parts[i+1])
			return append(append(append([]string{}, parts[:i]...), joined), parts[i+2:]...)
		}
	}
	return parts
}
