package xlsform

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// typeParams checks the parameters of the types that have some and turns them
// into attributes.
func (r *surveyReader) typeParams(row dataRow, e *element) bool {
	switch e.written {
	case "range":
		return r.rangeQuestion(row, e)
	case "text":
		return r.textRows(row, e)
	case "photo", "image", "add image prompt", "add photo prompt":
		return r.image(row, e)
	case "audio", "add audio prompt":
		return r.quality(row, e, "voice-only", "low", "normal", "external")
	case "background-audio":
		return r.quality(row, e, "voice-only", "low", "normal")
	case "geopoint", "geotrace", "geoshape":
		return r.geo(row, e)
	case "background-geopoint":
		return r.backgroundGeopoint(row)
	}
	return true
}

func (r *surveyReader) textRows(row dataRow, e *element) bool {
	if len(e.params) == 0 {
		return true
	}
	if !r.allowParams(row, e.params, "rows") {
		return false
	}
	v := e.params["rows"]
	if !isInt(v) {
		r.badParam(row, "rows must be a whole number, not "+quote(v)+".", "Write rows=5.", rowTag(row.number)+" Parameter rows must have an integer value.", "")
		return false
	}
	e.control.set("rows", v)
	return true
}

func (r *surveyReader) image(row dataRow, e *element) bool {
	p := e.params
	if len(p) > 0 && !r.allowParams(row, p, "max-pixels", "app") {
		return false
	}
	if v, ok := p["max-pixels"]; ok {
		if !isInt(v) {
			r.badParam(row, "max-pixels must be a whole number, not "+quote(v)+".", "Write max-pixels=1024.", "Parameter max-pixels must have an integer value.", "")
			return false
		}
		e.bind.set("orx:max-pixels", v)
	} else {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" Use the max-pixels parameter to speed up submission sending and save storage space. Learn more: https://xlsform.org/#image")
	}
	app, ok := p["app"]
	if a := e.control.get("appearance"); !ok || a != "" && a != "annotate" {
		return true
	}
	if wrong := androidPackage(app); wrong != "" {
		r.badParam(row, quote(app)+" is not the name of an Android app.", "Write the package name, such as app=org.example.camera.",
			fmt.Sprintf("%s Parameter 'app' has an invalid Android package name - %s", rowTag(row.number), wrong), "")
		return false
	}
	e.control.set("intent", app)
	return true
}

var packageRunes = regexp.MustCompile(`^[a-zA-Z0-9_.]+$`)

// androidPackage says what is wrong with a package name; "" = nothing. Source:
// the rules for applicationId in the Android documentation.
func androidPackage(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "package name is missing."
	case !strings.Contains(s, "."):
		return "the package name must have at least one '.' separator."
	case strings.HasSuffix(s, "."):
		return "the package name cannot end in a '.' separator."
	}
	for _, part := range strings.Split(s, ".") {
		switch {
		case part == "":
			return "package segments must be of non-zero length."
		case part[0] == '_':
			return "the character '_' cannot be the first character in a package name segment."
		case part[0] >= '0' && part[0] <= '9':
			return "a digit cannot be the first character in a package name segment."
		}
	}
	if !packageRunes.MatchString(s) {
		return "the package name can only include letters (a-z, A-Z), numbers (0-9), dots (.), and underscores (_)."
	}
	return ""
}

func (r *surveyReader) quality(row dataRow, e *element, allowed ...string) bool {
	if len(e.params) == 0 {
		return true
	}
	if !r.allowParams(row, e.params, "quality") {
		return false
	}
	v := e.params["quality"]
	if !contains(allowed, v) {
		r.badParam(row, "There is no sound quality "+quote(v)+".", "Use one of: "+strings.Join(allowed, ", ")+".", "Invalid value for quality.", "")
		return false
	}
	if e.written == "background-audio" {
		return true // an attribute of the action, not of the bind
	}
	e.bind.set("odk:quality", v)
	return true
}

func (r *surveyReader) geo(row dataRow, e *element) bool {
	p := e.params
	if len(p) == 0 {
		return true
	}
	point := e.def().bind[0].value == "geopoint"
	allowed := []string{"allow-mock-accuracy", "reference-geometry"}
	if point {
		allowed = append(allowed, "capture-accuracy", "warning-accuracy")
	} else {
		allowed = append(allowed, "incremental")
	}
	if !r.allowParams(row, p, allowed...) {
		return false
	}
	for _, x := range [...]attr{{"capture-accuracy", "accuracyThreshold"}, {"warning-accuracy", "unacceptableAccuracyThreshold"}} {
		v, ok := p[x.name]
		if !ok {
			continue
		}
		if !isNumber(v) {
			code := "SURVEY_008"
			if x.name == "capture-accuracy" {
				code = "SURVEY_007"
			}
			r.badParam(row, x.name+" must be a number of metres, not "+quote(v)+".", "Write "+x.name+"=10.",
				invalid(row.number, sheetSurvey, "parameters", "The '"+x.name+"' parameter must have a numeric value."), code)
			return false
		}
		e.control.set(x.value, v)
	}
	if v, ok := p["incremental"]; ok {
		if yes, known := yesNo[v]; !known || !yes {
			r.badParam(row, "incremental is either true or left out.", "Write incremental=true, or remove it.",
				invalid(row.number, sheetSurvey, "parameters", "For geoshape and geotrace questions, the 'incremental' parameter may either be 'true' or not included."), "SURVEY_003")
			return false
		}
		e.control.set("incremental", "true")
	}
	if v, ok := p["allow-mock-accuracy"]; ok {
		if v != "true" && v != "false" {
			r.badParam(row, "allow-mock-accuracy is either true or false, not "+quote(v)+".", "Write allow-mock-accuracy=true.",
				invalid(row.number, sheetSurvey, "parameters", "The 'allow-mock-accuracy' parameter must be either 'true' or 'false'."), "SURVEY_009")
			return false
		}
		e.bind.set("odk:allow-mock-accuracy", v)
	}
	if v, ok := p["reference-geometry"]; ok {
		r.geometry = append(r.geometry, geometryRef{e, row, v})
	}
	return true
}

// geometryRef is a reference-geometry to be checked when all lists are known.
type geometryRef struct {
	e     *element
	row   dataRow
	value string
}

func (r *surveyReader) backgroundGeopoint(row dataRow) bool {
	if row.get("bind", "calculate") != "" {
		r.fail(r.at(sheetSurvey, row, "bind", "calculate"), msg{code: "background-calculation", text: "A background-geopoint fills its own answer; it takes no calculation.",
			remedy: "Empty the cell.", detail: rowTag(row.number) + " For 'background-geopoint' questions, the 'calculation' column must be empty."})
		return false
	}
	if row.get("trigger") != "" {
		return true
	}
	r.fail(r.at(sheetSurvey, row, "trigger"), msg{code: "no-trigger", text: "A background-geopoint needs a trigger: the question whose answer starts it.",
		remedy: "Write ${question} into the column trigger.",
		detail: rowTag(row.number) + " For 'background-geopoint' questions, the 'trigger' column must not be empty."})
	return false
}

// audit reads the row that asks for the log of the interview. It becomes
// meta/audit, whatever its name.
func (r *surveyReader) audit(row dataRow, p params) {
	if n := row.get("name"); n != "" && n != "audit" {
		r.fail(r.at(sheetSurvey, row, "name"), msg{code: "audit-name", text: "The audit row has a name.", remedy: "Leave the name empty.",
			detail: rowTag(row.number) + " Audits must always be named 'audit.' The name column should be left blank."})
		return
	}
	e := r.element(row, "audit", kindQuestion)
	e.typ, e.written, e.params = "audit", "audit", p
	if len(p) > 0 && !r.auditParams(row, e) {
		return
	}
	r.meta = append(r.meta, e)
}

func (r *surveyReader) auditParams(row dataRow, e *element) bool {
	p := e.params
	if !r.allowParams(row, p, "location-priority", "location-min-interval", "location-max-age", "track-changes", "identify-user", "track-changes-reasons") {
		return false
	}
	for _, k := range [...]string{"track-changes", "track-changes-reasons", "identify-user"} {
		v, ok := p[k]
		if !ok {
			continue
		}
		if k == "track-changes-reasons" {
			if v != "on-form-edit" {
				r.badParam(row, "track-changes-reasons can only be on-form-edit.", "Write track-changes-reasons=on-form-edit.", "track-changes-reasons must be set to on-form-edit", "")
				return false
			}
			e.bind.set("odk:track-changes-reasons", v)
			continue
		}
		if v != "true" && v != "false" {
			r.badParam(row, k+" is either true or false.", "Write "+k+"=true.", fmt.Sprintf("%s must be set to true or false: '%s' is an invalid value.", k, v), "")
			return false
		}
		e.bind.set("odk:"+k, v)
	}
	return r.auditLocation(row, e)
}

func (r *surveyReader) auditLocation(row dataRow, e *element) bool {
	p := e.params
	keys := [...]string{"location-priority", "location-min-interval", "location-max-age"}
	present := 0
	for _, k := range keys {
		if p.has(k) {
			present++
		}
	}
	bad := func(text, detail string) bool {
		r.badParam(row, text, "See docs.getodk.org/form-audit-log for the values.", detail, "")
		return false
	}
	switch present {
	case 0:
		return true
	case 1, 2:
		return bad("To log places, three parameters are needed: "+strings.Join(keys[:], ", ")+".",
			"To include location information in the audit, 'location-priority', 'location-min-interval', and 'location-max-age' are required parameters.")
	}
	if v := p[keys[0]]; !contains([]string{"no-power", "low-power", "balanced", "high-accuracy"}, v) {
		return bad("location-priority must be no-power, low-power, balanced or high-accuracy.",
			fmt.Sprintf("Parameter location-priority must be set to no-power, low-power, balanced, or high-accuracy:'%s' is an invalid value", v))
	}
	var n [2]int
	for i, k := range keys[1:] {
		v, err := strconv.Atoi(p[k])
		if err != nil {
			return bad(k+" must be a whole number of seconds.", "Parameter "+k+" must have an integer value.")
		}
		if v < 0 {
			than := "greater than"
			if k == keys[2] {
				than = "greater  than" // two spaces, as the sentence has them
			}
			return bad(k+" must not be negative.", "Parameter "+k+" must be "+than+" or equal to zero.")
		}
		n[i] = v
	}
	if n[1] < n[0] {
		return bad("location-max-age must not be smaller than location-min-interval.", "Parameter location-max-age must be greater than or equal to location-min-interval.")
	}
	for _, k := range keys {
		e.bind.set("odk:"+k, p[k])
	}
	return true
}
