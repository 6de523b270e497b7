package xlsform

// settings are the one row of the settings sheet, and what the survey sheet may
// set with rows of a setting's name as type.
type settings struct {
	values     pairs // by canonical name
	attributes []attr
	instance   []attr // attributes of the root that may hold references
	row        int
}

func (s *settings) get(name string) string { return s.values.get(name) }

// on tells whether a switch is set; nothing, or a word that is neither yes nor no,
// means the given default.
func (s *settings) on(name string, otherwise bool) bool {
	if yes, known := yesNo[s.get(name)]; known {
		return yes
	}
	return otherwise
}

func (c *compiler) readSettings() {
	sh, ok := c.sheet(sheetSettings)
	if !ok {
		c.warnMisspelled(sheetSettings)
		return
	}
	rows, ok := c.rows(sh, sheetSettings, false)
	if !ok {
		return
	}
	c.settingRows = rows
	if len(rows) == 0 {
		c.warnMisspelled(sheetSettings)
		return
	}
	r := rows[0]
	c.settings.row = r.number
	both := hasHeader(sh, "form_id") && hasHeader(sh, "id_string")
	for _, v := range r.values {
		switch {
		case both && v.col.header == "id_string": // form_id is the one that counts
		case len(v.col.path) == 2 && v.col.path[0] == "attribute":
			c.settings.attributes = append(c.settings.attributes, attr{v.col.path[1], v.text})
		case len(v.col.path) == 2 && v.col.path[0] == "instance":
			c.settings.instance = append(c.settings.instance, attr{v.col.path[1], v.text})
		case len(v.col.path) == 1:
			c.settings.values.set(v.col.path[0], v.text)
		}
	}
	if both {
		c.warn(sheetSettings, 0, "The form_id and id_string column headers are both specified in the settings sheet provided. This may cause errors during conversion. In future, its best to avoid specifying both column headers in the settings sheet.")
	}
	c.adviseSettings(r)
}

// smsSettings turn a form into one that is sent as text messages.
var smsSettings = [...]string{"prefix", "delimiter", "sms_keyword", "sms_separator", "sms_allow_media",
	"sms_date_format", "sms_datetime_format", "sms_response"}

func (c *compiler) adviseSettings(r dataRow) {
	for _, name := range smsSettings {
		if c.settings.get(name) != "" {
			c.advise(c.at(sheetSettings, r, name), "sms", "This setting is for answers sent as text messages, in clear: anybody on the way can read them. No current program sends them, and Lintas does not read them.",
				"Remove the column "+name+" from the settings sheet; answers then travel encrypted.")
		}
	}
	if c.settings.on("flat", false) {
		c.advise(c.at(sheetSettings, r, "flat"), "flat", "The setting flat takes the groups out of the answers: tables of results no longer say which group an answer belongs to, and two questions of one name in different groups become one. It is no longer documented.",
			"Remove the column flat from the settings sheet.")
	}
}

// settingPlace is the cell of a setting, by its canonical name.
func (c *compiler) settingPlace(name string) place {
	for i := range c.cols[sheetSettings] {
		if col := &c.cols[sheetSettings][i]; len(col.path) == 1 && col.path[0] == name {
			return c.atColumn(sheetSettings, c.settings.row, col, c.settings.get(name))
		}
	}
	return place{sheet: sheetSettings, column: name}
}

// names settles root element, form id and title.
func (c *compiler) readNames() {
	c.rootName = c.settings.get("name")
	if c.rootName == "" {
		c.rootName = c.book.FormName
	}
	if c.rootName == "" {
		c.rootName = "data"
	}
	c.id = c.settings.get("id_string")
	if c.id == "" {
		c.id = c.book.FallbackName
	}
	if c.id == "" {
		c.id = "data"
	}
	c.title = c.settings.get("title")
	if c.title == "" {
		c.title = c.id
	}
	c.defaultLanguage = c.settings.get("default_language")
	if c.defaultLanguage == "" {
		c.defaultLanguage = "default"
	}
	if !isName(c.rootName) {
		at := place{text: c.rootName}
		if c.settings.get("name") != "" {
			at = c.settingPlace("name")
		}
		c.fail(at, msg{
			code: "name", text: "The name of the form must begin with a letter or underscore and may go on with letters, digits, underscores, hyphens and periods.",
			remedy: "Change the column name of the settings sheet, or the form name.", suggest: mendName(c.rootName),
			detail: c.formNameSentence()})
	}
}

func (c *compiler) formNameSentence() string {
	if c.settings.get("name") != "" {
		return invalid(1, sheetSettings, "name", sentenceName)
	}
	return "The 'form_name' value is invalid. " + sentenceName
}
