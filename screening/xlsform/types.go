package xlsform

// A questionType is what a type in the survey sheet stands for in the form:
// the control that is shown and the attributes of its bind.
type questionType struct {
	tag       string // of the control; "" = nothing is shown
	mediatype string
	bind      []attr
	hint      string
	action    string // element that fills the answer without a control
	event     string
}

type attr struct{ name, value string }

// questionTypes are the types of the format with the older spellings that are
// still found in forms. Source: xlsform.org/en/#question-types and the ODK XForms
// specification (binds, preloads, actions).
var questionTypes = buildTypes()

func buildTypes() map[string]questionType {
	m := map[string]questionType{}
	def := func(t questionType, names ...string) {
		for _, n := range names {
			m[n] = t
		}
	}
	input := func(bindType string, more ...attr) questionType {
		return questionType{tag: "input", bind: append([]attr{{"type", bindType}}, more...)}
	}
	upload := func(media string) questionType {
		return questionType{tag: "upload", mediatype: media, bind: []attr{{"type", "binary"}}}
	}
	preload := func(kind, bindType, params string) questionType {
		return questionType{bind: []attr{{"jr:preload", kind}, {"type", bindType}, {"jr:preloadParams", params}}}
	}
	def(input("string"), "text", "string", "q string", "add text prompt")
	def(input("string", attr{"readonly", "true()"}), "note", "q note", "add note prompt")
	def(input("int"), "integer", "int", "q int", "add integer prompt")
	def(input("decimal"), "decimal", "q decimal", "add decimal prompt")
	def(input("date"), "date", "q date", "add date prompt")
	def(input("time"), "time")
	def(input("dateTime"), "dateTime", "datetime", "date time", "q dateTime", "q date time", "add dateTime prompt", "add date time prompt")
	def(input("barcode"), "barcode", "q barcode", "add barcode prompt")
	def(input("geopoint"), "geopoint", "gps", "location", "q geopoint", "q location", "add location prompt")
	def(input("geotrace"), "geotrace", "q geotrace")
	def(input("geoshape"), "geoshape", "q geoshape")
	def(upload("image/*"), "image", "photo", "q picture", "q image", "add image prompt", "add photo prompt")
	def(upload("audio/*"), "audio", "q audio", "add audio prompt")
	def(upload("video/*"), "video", "q video", "add video prompt")
	def(upload("application/*"), "file", "add file prompt")
	def(upload("osm/*"), "osm")
	def(questionType{tag: "trigger", bind: []attr{{"type", "string"}}}, "acknowledge", "q acknowledge", "add acknowledge prompt")
	def(questionType{tag: "trigger"}, "trigger")
	def(questionType{bind: []attr{{"type", "string"}}}, "calculate", "q calculate", "add calculate prompt", "hidden")
	def(questionType{tag: "range", bind: []attr{{"type", "int"}}}, "range")
	def(questionType{tag: "select1", bind: []attr{{"type", "string"}}}, typeSelectOne)
	def(questionType{tag: "select", bind: []attr{{"type", "string"}}}, typeSelectMultiple)
	def(questionType{tag: "odk:rank", bind: []attr{{"type", "odk:rank"}}}, typeRank)
	def(questionType{tag: "input", bind: []attr{{"type", "string"}}}, typeSelectExternal)

	def(preload("timestamp", "dateTime", "start"), "start", "start time", "get start time")
	def(preload("timestamp", "dateTime", "end"), "end", "end time", "get end time")
	def(preload("date", "date", "today"), "today", "get today")
	def(preload("property", "string", "deviceid"), "deviceid", "device id", "get device id", "imei")
	def(preload("property", "string", "phonenumber"), "phonenumber", "get phone number")
	def(preload("property", "string", "simserial"), "simserial", "sim id", "get sim id")
	def(preload("property", "string", "subscriberid"), "subscriberid", "subscriber id", "get subscriber id")
	for _, p := range []string{"username", "email", "uri:deviceid", "uri:phonenumber", "uri:simserial",
		"uri:subscriberid", "uri:username", "uri:email"} {
		def(preload("property", "string", p), p)
	}
	limits := func(upper, hint string) questionType {
		t := input("int", attr{"constraint", "0 <= . and . <= " + upper})
		t.hint = hint
		return t
	}
	def(limits("100", ""), "percentage")
	def(limits("31", "Enter a number 0-31."), "number of days in last month")
	def(limits("183", "Enter a number 0-183."), "number of days in last six months")
	def(limits("365", "Enter a number 0-365."), "number of days in last year")
	phone := input("string", attr{"constraint", `regex(., '^\d*$')`})
	phone.hint = "Enter numbers only."
	def(phone, "phone number")

	def(questionType{bind: []attr{{"type", "geopoint"}}, action: "odk:setgeopoint", event: "odk-instance-first-load"}, "start-geopoint")
	def(questionType{bind: []attr{{"type", "geopoint"}}, action: "odk:setgeopoint", event: "xforms-value-changed"}, "background-geopoint")
	def(questionType{bind: []attr{{"type", "binary"}}, action: "odk:recordaudio", event: "odk-instance-load"}, "background-audio")
	def(questionType{bind: []attr{{"type", "binary"}}}, "audit")
	def(questionType{}, typeXMLExternal, typeCSVExternal)
	return m
}

// the types that the compiler treats specially, by their canonical names.
const (
	typeSelectOne      = "select one"
	typeSelectMultiple = "select all that apply"
	typeSelectExternal = "select one external"
	typeRank           = "rank"
	typeXMLExternal    = "xml-external"
	typeCSVExternal    = "csv-external"
)

// selectCommands are the words with which a select begins, in the order in which
// they are tried: "select one from file" is a list called file, "select one from
// file people.csv" a file.
var selectCommands = []struct {
	words    string
	kind     string
	fromFile bool
}{
	{"add select one prompt using", typeSelectOne, false},
	{"add select multiple prompt using", typeSelectMultiple, false},
	{"select all that apply from", typeSelectMultiple, false},
	{"select one from", typeSelectOne, false},
	{"select1", typeSelectOne, false},
	{"select_one", typeSelectOne, false},
	{"select one", typeSelectOne, false},
	{"select_multiple", typeSelectMultiple, false},
	{"select all that apply", typeSelectMultiple, false},
	{"select_one_external", typeSelectExternal, false},
	{"select_one_from_file", typeSelectOne, true},
	{"select_multiple_from_file", typeSelectMultiple, true},
	{"select one from file", typeSelectOne, true},
	{"select multiple from file", typeSelectMultiple, true},
	{"rank", typeRank, false},
}

// listless are types of questions with choices that do not name any.
var listless = set(typeSelectOne, typeSelectMultiple, typeRank, "q select", "q select1", "select one using", "select multiple using",
	"select multiple from", "select all that apply from", "add select one prompt using", "add select multiple prompt using")

// controlWords are the words after begin and end.
var controlWords = map[string]kind{
	"group": kindGroup, "lgroup": kindRepeat, "repeat": kindRepeat, "looped group": kindRepeat, "loop": kindLoop,
}

// yesNo are the ways to write yes and no in a cell.
var yesNo = map[string]bool{
	"yes": true, "Yes": true, "YES": true, "true": true, "True": true, "TRUE": true, "true()": true,
	"no": false, "No": false, "NO": false, "false": false, "False": false, "FALSE": false, "false()": false,
}

// mediaForms are the media that a text can carry, with their folders.
var mediaFolder = map[string]string{"image": "images", "big-image": "images", "audio": "audio", "video": "video"}
