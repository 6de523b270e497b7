package xlsform_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lintas/screening/xlsform"
)

// Rules of the format that the corpus touches rarely or not at all, each with a
// form of its own. Source: the published sources of pyxform (BSD-2-Clause).

type rule struct {
	name   string
	form   string
	has    []string // in the XForm
	lacks  []string
	detail string // pyxform's sentence, where the form is refused
	warns  []string
}

const people = "| choices | | | |\n| | list_name | name | label |\n| | people | ana | Ana |\n| | people | ben | Ben |\n"

func rows(header string, rows ...string) string {
	form := "| survey |\n| | " + header + " |\n"
	for _, r := range rows {
		form += "| | " + r + " |\n"
	}
	return form
}

func sheet(name, header string, lines ...string) string {
	return strings.Replace(rows(header, lines...), "survey", name, 1)
}

func checkRules(t *testing.T, rules []rule) {
	t.Helper()
	for _, c := range rules {
		t.Run(c.name, func(t *testing.T) {
			form, warnings, err := xlsform.CompileWarn(fromMarkdown(t, c.form), xlsform.Options{})
			var list xlsform.Errors
			switch {
			case c.detail == "" && err != nil:
				t.Fatal(err)
			case c.detail != "" && !errors.As(err, &list):
				t.Fatalf("not refused: %v", err)
			case c.detail != "" && list[0].Detail != c.detail:
				t.Errorf("sentence:\n got %s\nwant %s", list[0].Detail, c.detail)
			}
			for _, w := range c.warns {
				if !slices.ContainsFunc(warnings, func(x xlsform.Warning) bool { return x.Text == w }) {
					t.Errorf("no warning %q in %v", w, warnings)
				}
			}
			if form == nil {
				return
			}
			for _, s := range c.has {
				if !strings.Contains(string(form.XForm), s) {
					t.Errorf("no %s in\n%s", s, form.XForm)
				}
			}
			for _, s := range c.lacks {
				if strings.Contains(string(form.XForm), s) {
					t.Errorf("%s in\n%s", s, form.XForm)
				}
			}
		})
	}
}

func TestRulesOfTheSettingsSheet(t *testing.T) {
	survey := rows("type | name | label", "text | town | Town")
	checkRules(t, []rule{
		{name: "namespaces need no quotation marks, and take either kind", form: survey + sheet("settings", "namespaces | attribute::a:k", "a=urn:one b='urn:two' c=\"urn:three\" | v"),
			has: []string{`xmlns:a="urn:one"`, `xmlns:b="urn:two"`, `xmlns:c="urn:three"`, `a:k="v"`}},
		{name: "an address with an equals sign is left out", form: survey + sheet("settings", "namespaces", "a=urn:x?y=z b=urn:two"), has: []string{`xmlns:b="urn:two"`}, lacks: []string{"xmlns:a"}},
		{name: "form_id counts before id_string, wherever it stands", form: survey + sheet("settings", "form_id | id_string", "new | old"), has: []string{`id="new"`},
			warns: []string{"The form_id and id_string column headers are both specified in the settings sheet provided. This may cause errors during conversion. In future, its best to avoid specifying both column headers in the settings sheet."}},
		{name: "form_id and set_form_id are two names for one column", form: survey + sheet("settings", "form_id | set form id", "new | old"),
			detail: "Invalid headers provided for sheet: 'settings'. Headers that are different names for the same column were found: 'form_id', 'set form id'. Rename or remove one of these columns."},
		{name: "an attribute cannot take the place of the form's id", form: survey + sheet("settings", "form_id | attribute::id | attribute::lot", "arrivals | other | 7"), has: []string{`id="arrivals"`, `lot="7"`}, lacks: []string{"other"}},
		{name: "instance:: puts an attribute on the root", form: survey + sheet("settings", "form_id | instance::lot", "arrivals | 7"), has: []string{`<data id="arrivals" lot="7">`}},
		{name: "instance_id names the preload", form: survey + sheet("settings", "instance_id", "uuid"), has: []string{`<bind nodeset="/data/meta/instanceID" type="string" readonly="true()" jr:preload="uuid"/>`}},
		{name: "a reference in a setting must be one", form: survey + sheet("settings", "instance_name", "concat(${twon}, '!')"),
			detail: "[row : 2] On the 'settings' sheet, the 'instance_name' value is invalid. Reference variables must contain a name from the 'survey' sheet. Could not find the name 'twon'."},
		{name: "a settings sheet of headings alone is none", form: survey + "| settings |\n| | form_title |\n| setting |\n| | form_title |\n",
			warns: []string{"When looking for a sheet named 'settings', the following sheets with similar names were found: 'setting'. If you do not mean to include a sheet, to suppress this message, prefix the sheet name with an underscore. For example 'setting' becomes '_setting'."}},
		{name: "a row may give the id, and leaves the title", form: rows("type | name | label", "form_id | arrivals | ", "text | a | A") + sheet("settings", "form_id", "boats"), has: []string{`id="arrivals"`, "<h:title>boats</h:title>"}},
		{name: "a row may not give an empty id", form: rows("type | name | label", "form_id | | ", "text | a | A"), detail: "Survey cannot have an empty id_string"},
		{name: "add_none_option keeps none alone, once for each list", form: rows("type | name | label", "select_multiple people | a | A", "select_multiple people | b | B") + people + sheet("settings", "add_none_option", "yes"),
			has:   []string{`<bind nodeset="/data/a" type="string" constraint="(.='none' or not(selected(., 'none')))"/>`, `<bind nodeset="/data/b" type="string"/>`},
			lacks: []string{"<name>none</name>"}},
		{name: "add_none_option needs choices", form: rows("type | name | label", "select_multiple_from_file people.csv | a | A") + sheet("settings", "add_none_option", "yes"), detail: "There should be choices for this question."},
	})
}

func TestRulesOfHeadings(t *testing.T) {
	checkRules(t, []rule{
		{name: "two headings that differ in spaces are one column", form: rows("type | name | label::Thai (th) | label :: Thai (th)", "text | a | A | B"),
			detail: "Invalid headers provided for sheet: 'survey'. Headers that are different names for the same column were found: 'label::Thai (th)', 'label :: Thai (th)'. Rename or remove one of these columns."},
		{name: "a column called Parent loses its capital among the choices", form: rows("type | name | label | choice_filter", "text | p | P | ", "select_one l | a | A | parent = ${p}") + sheet("choices", "list_name | name | label | Parent | Zone", "l | x | X | n | s"),
			has: []string{"<parent>n</parent><Zone>s</Zone>"}},
		{name: "sms_option stays with its choice", form: rows("type | name | label", "select_one l | a | A") + sheet("choices", "list_name | name | label | sms_option | zone", "l | x | X | 1 | s"), has: []string{"<zone>s</zone><sms_option>1</sms_option>"}},
		{name: "a choice heading with a space is named up to the double colon", form: rows("type | name | label::Thai (th)", "select_one l | a | A") + sheet("choices", "list_name | name | label::Thai (th) | my a:b", "l | x | X | y"),
			warns: []string{"[row : 1] On the 'choices' sheet, the 'my a:b' value is invalid. Column headers must not be empty and must not contain spaces. Learn more: https://xlsform.org/en/#setting-up-your-worksheets"}},
		{name: "a column of one's own may not hold a wrong reference", form: rows("type | name | label | why asked", "text | a | A | as ${b} says"),
			detail: "[row : 2] On the 'survey' sheet, the 'why asked' value is invalid. Reference variables must contain a name from the 'survey' sheet. Could not find the name 'b'."},
		{name: "intent is for groups", form: rows("type | name | label | intent", "begin_group | g | G | org.example.scan()", "text | a | A | org.example.other()", "end_group | | |"),
			has: []string{`<group intent="org.example.scan()" ref="/data/g">`}, lacks: []string{"org.example.other"}},
		{name: "a group with a picture and no label shows no label", form: rows("type | name | label | media::image", "begin_group | g | | p.png", "text | a | A | ", "end_group | | | "), has: []string{`<group ref="/data/g"><input`}},
		{name: "messages stand in the order of the form, not of the columns", form: rows("type | name | label | required_message::Thai (th) | constraint_message::Thai (th)", "text | a | A | must | cannot"),
			has: []string{`<text id="/data/a:jr:constraintMsg"><value>cannot</value></text><text id="/data/a:jr:requiredMsg">`}},
		{name: "the guidance of a group is shown by nobody", form: rows("type | name | label | guidance_hint", "begin_group | g | G | Slowly", "text | a | A | ", "end_group | | | "), lacks: []string{"Slowly"}},
		{name: "the hint of a type goes with a guidance", form: rows("type | name | label | guidance_hint", "phone number | a | A | Ask for the code"), has: []string{`<value>Enter numbers only.</value><value form="guidance">Ask for the code</value>`}},
	})
}

func TestRulesOfTablesAndLoops(t *testing.T) {
	table := func(appearance string, more ...string) string {
		return rows("type | name | label | appearance", append([]string{"begin_group | g | Who came | " + appearance, "select_one people | a | A | ", "select_one people | b | B | ", "end_group | | | "}, more...)...) + people
	}
	checkRules(t, []rule{
		{name: "a table-list keeps its other words", form: table("table-list minimal"), has: []string{`<group appearance="field-list minimal" ref="/data/g">`, `ref="/data/g/generated_table_list_label_2"`, `ref="/data/g/a" appearance="list-nolabel"`}},
		{name: "table-list is a word of its own", form: table("table-lists"), has: []string{`<group appearance="table-lists" ref="/data/g">`}, lacks: []string{"nolabel"}},
		{name: "after the end of a group the table is over", form: table("table-list", "select_one people | c | C | "), has: []string{`<select1 ref="/data/c">`}},
		{name: "a group inside a table-list goes on with it", form: rows("type | name | label | appearance", "begin_group | g | G | table-list", "begin_group | h | H | ", "select_one people | a | A | ", "end_group | | | ", "select_one people | b | B | ", "end_group | | | ") + people,
			has: []string{`ref="/data/g/h/a" appearance="list-nolabel"`, `<select1 ref="/data/g/b">`}},
		{name: "the rows of a table share one list", form: rows("type | name | label | appearance", "begin_group | g | G | table-list", "select_one people | a | A | ", "select_one towns | b | B | ", "end_group | | | ") + people + "| | towns | x | X |\n",
			detail: "[row : 4] Badly formatted table list, list names don't match: people vs. towns"},
		{name: "a loop asks nothing about none of them", form: rows("type | name | label", "begin_loop over l | g | G", "integer | age | Age of %(label)s, 100%%", "end_loop | | ") + sheet("choices", "list_name | name | label", "l | ana | Ana", "l | none | None of them"),
			has: []string{"<label>Age of Ana, 100%</label>"}, lacks: []string{"None of them</label></group>", "/data/g/none"}},
		{name: "two headers of a loop cannot have one name", form: rows("type | name | label", "begin_loop over l | g | G", "integer | age | Age", "end_loop | | ") + sheet("choices", "list_name | name | label", "l | ana | Ana", "l | ana | Anna") + sheet("settings", "allow_choice_duplicates", "yes"),
			detail: "[row : unknown] On the 'survey' sheet, the 'name' value 'ana' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat."},
		{name: "a group of labels has a blank one", form: rows("type | name | label | appearance", "begin_group | g | | label", "text | a | A | ", "end_group | | | "), has: []string{`<group appearance="label" ref="/data/g"><label> </label>`}},
	})
}

func TestRulesOfSelects(t *testing.T) {
	checkRules(t, []rule{
		{name: "a list may be called file", form: rows("type | name | label", "select one from file or_other | a | A") + sheet("choices", "list_name | name | label", "file | x | X"), has: []string{`nodeset="instance('file')/root/item"`, "/data/a_other"}},
		{name: "a file's name is told without or_other", form: rows("type | name | label", "select_one_from_file people or_other | a | A"), detail: "[row : 2] File name for 'select_one_from_file people' should end with one of the supported file extensions: '.csv', '.xml', '.geojson'"},
		{name: "value and label are for selects from file", form: rows("type | name | label | parameters", "select_one people.csv | a | A | value=id"),
			detail: "[row : 2] On the 'survey' sheet, the 'parameters' value is invalid. The accepted parameter keys for this question type are 'randomize, seed'. The following are invalid parameter key(s): 'value'."},
		{name: "other is added in the languages of translated choices", form: rows("type | name | label::Thai (th)", "select_one l or_other | a | A") + sheet("choices", "list_name | name | label::Thai (th)", "l | x | X", "l | y | Y"),
			has: []string{`<text id="l-2"><value>Other</value></text>`}, lacks: []string{`lang="default"`}},
		{name: "the question for other may not take a name", form: rows("type | name | label", "select_one people or_other | a | A", "text | a_other | B") + people,
			detail: "[row : unknown] On the 'survey' sheet, the 'name' value 'a_other' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat."},
		{name: "a select that names no list", form: rows("type | name | label", "select one | a | A") + people, detail: "Arguments 'itemset' and 'list_name' must not both be None or empty."},
		{name: "a select from a repeat that is not there", form: rows("type | name | label", "select_one ${nobody} | a | A"),
			detail: "There has been a problem trying to replace ${nobody} with the XPath to the survey element named 'nobody'. There is no survey element named 'nobody'."},
		{name: "a reference to an attached file", form: rows("type | name | label", "csv-external | towns | ", "note | a | See ${towns}"),
			detail: "There has been a problem trying to replace ${towns} with the XPath to the survey element named 'towns'. There is no survey element named 'towns'."},
		{name: "a file and a question of one name in one group", form: rows("type | name | label", "csv-external | towns | ", "text | towns | Towns"),
			detail: "[row : 3] On the 'survey' sheet, the 'name' value 'towns' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat."},
		{name: "select_one_external without its sheet is told before its filter", form: rows("type | name | label", "select_one_external towns | a | A"),
			detail: "There should be an external_choices sheet in this xlsform. Please ensure that the external_choices sheet has columns 'list name', and 'name'."},
		{name: "choices that are searched need a question with a label", form: rows("type | name | label | hint | appearance", "select_one people | a | | Choose | search('f')") + people, has: []string{"<item><label/><value>ana</value></item>"}},
	})
}

func TestTheItemsetsFileIsMadeForQuestionsThatNeedIt(t *testing.T) {
	external := sheet("external_choices", "list_name | name | label", "towns | x | X")
	unused, err := xlsform.Compile(fromMarkdown(t, rows("type | name | label", "text | a | A")+external), xlsform.Options{})
	if err != nil || unused.ItemsetsCSV != nil || len(unused.MediaFiles) != 0 {
		t.Errorf("%v %+v", err, unused)
	}
	used, err := xlsform.Compile(fromMarkdown(t, rows("type | name | label | choice_filter", "select_one_external towns | a | A | name='x'")+external), xlsform.Options{})
	if err != nil || len(used.ItemsetsCSV) == 0 {
		t.Errorf("%v %+v", err, used)
	}
}

func TestRulesOfQuestions(t *testing.T) {
	checkRules(t, []rule{
		{name: "an audit has no other name", form: rows("type | name | label", "text | a | A", "audit | log | "), detail: "[row : 3] Audits must always be named 'audit.' The name column should be left blank."},
		{name: "an audit's places are not older than now", form: rows("type | name | label | parameters", "text | a | A | ", "audit | | | location-priority=balanced location-min-interval=0 location-max-age=-1"), detail: "Parameter location-max-age must be greater  than or equal to zero."},
		{name: "of two wrong parameters of an audit track-changes is told", form: rows("type | name | label | parameters", "text | a | A | ", "audit | | | track-changes-reasons=x track-changes=y"), detail: "track-changes must be set to true or false: 'y' is an invalid value."},
		{name: "a slider without ticks has a label at each end", form: rows("type | name | label | appearance | parameters", "range | a | A | no-ticks | tick_labelset=l") + sheet("choices", "list_name | name | label", "l | 1 | Low"),
			detail: "[row : 2] On the 'survey' sheet, the 'parameters' value is invalid. For the 'range' question type, the parameter 'tick_labelset' choice list values may onlymatch the range 'start' and 'end' values when the 'appearance' is 'no-ticks'."},
		{name: "a slider's appearance is looked at before its numbers", form: rows("type | name | label | appearance | parameters", "range | a | A | picker | start=x placeholder=3"),
			detail: "[row : 2] On the 'survey' sheet, the 'parameters' value is invalid. For the 'range' question type, the parameters 'tick_interval', 'placeholder', and 'tick_labelset' are only supported for the appearances 'vertical', 'no-ticks', 'vertical no-ticks', and the default (empty) horizontal."},
		{name: "a default with a bracket is a text", form: rows("type | name | label | default", "text | a | A | b[1]"), has: []string{"<a>b[1]</a>"}, lacks: []string{"setvalue"}},
		{name: "a default of a time may be worked out", form: rows("type | name | label | default", "time | a | A | 1 - 1"), has: []string{`<setvalue ref="/data/a" event="odk-instance-first-load" value="1 - 1"/>`}},
		{name: "a row without type or name is skipped and quoted", form: rows("type | name | label | hint::Thai (th) | hint::Lao (lo) | relevant", "text | a | A | | | ", " | | | don't | say \"x\" | 1 = 1"),
			warns: []string{"[row : 3] Row without name, text, or label is being skipped:\n{'hint': {'Thai (th)': \"don't\", 'Lao (lo)': 'say \"x\"'}, 'bind': {'relevant': '1 = 1'}}"}},
		{name: "an unknown type is told when all rows are read", form: rows("type | name | label", "txt | a | A", "text | | B"), detail: "[row : 3] Question or group with no name."},
		{name: "a reference to a question of an unknown type is no second mistake", form: rows("type | name | label", "txt | a | A", "note | b | ${a}"), detail: "Unknown question type 'txt'."},
		{name: "a calculation is missed before the name", form: rows("type | name | label", "calculate | | "), detail: "[row : 2] Missing calculation."},
		{name: "a trigger is a question", form: rows("type | name | label | trigger | calculation", "begin_group | g | G | | ", "text | a | A | | ", "end_group | | | | ", "calculate | b | | ${g} | now()"),
			detail: "[row : 5] On the 'survey' sheet, the 'trigger' value is invalid. Reference variables must contain a name from the 'survey' sheet. Could not find the name 'g'."},
		{name: "questions of one name in two groups trigger both", form: rows("type | name | label | trigger | calculation", "begin_group | g | G | | ", "text | a | A | | ", "end_group | | | | ", "begin_group | h | H | | ", "text | a | A | | ", "end_group | | | | ", "dateTime | b | | ${a} | now()"),
			has: []string{`<input ref="/data/g/a"><label>A</label><setvalue ref="/data/b"`, `<input ref="/data/h/a"><label>A</label><setvalue ref="/data/b"`}},
		{name: "what is triggered must be one question", form: rows("type | name | label | trigger | calculation", "text | a | A | | ", "begin_group | g | G | | ", "dateTime | b | | ${a} | now()", "end_group | | | | ", "begin_group | h | H | | ", "text | b | B | | ", "end_group | | | | "),
			detail: "There are multiple survey elements named 'b'."},
		{name: "every second call of indexed-repeat keeps the path of its index", form: rows("type | name | label | calculation", "begin_repeat | r | R | ", "integer | i | I | ", "text | a | A | ", "text | b | B | ", "calculate | c | | indexed-repeat(${a}, ${r}, ${i}) + indexed-repeat(${b}, ${r}, ${i})", "calculate | d | | indexed-repeat(${a}, ${r}, ${i})", "end_repeat | | | "),
			has: []string{`calculate="indexed-repeat( /data/r/a ,  /data/r ,  ../i ) + indexed-repeat( /data/r/b ,  /data/r ,  /data/r/i )"`, `calculate="indexed-repeat( /data/r/a ,  /data/r ,  ../i )"`}},
		{name: "a path into a list may go through any element", form: rows("type | name | label", "select_one people | q | Q", "note | a | It is instance('people')/root/*[name = ${q}]/label now") + people, has: []string{`<output value="instance('people')/root/*[name =  /data/q ]/label"/> now`}},
	})
}

func TestWarningsOfOneRowComeInOrder(t *testing.T) {
	_, warnings, err := xlsform.CompileWarn(fromMarkdown(t, rows("type | name | label", "text | photo | Text", "image | Photo | Photo")), xlsform.Options{})
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[0].Text, "case-insensitive match") || !strings.Contains(warnings[1].Text, "max-pixels") {
		t.Errorf("%v %v", err, warnings)
	}
}

func TestRulesOfEntities(t *testing.T) {
	checkRules(t, []rule{
		{name: "a heading that means nothing is no mistake while nothing stands under it", form: rows("type | name | label", "text | a | A") + sheet("entities", "list_name | label | remarks", "people | ${a} | "), has: []string{`<entity dataset="people"`}},
		{name: "rows are read one by one", form: rows("type | name | label", "text | a | A") + sheet("entities", "list_name | label | remarks", "people | | ", "towns | T | x"),
			detail: "[row : 2] On the 'entities' sheet, the entity declaration is invalid. The entity list name 'people' does not have a label, but a 'label' is required when creating entities. Creating entities is indicated by using a 'create_if' expression, or by not using 'entity_id' expression. Please either: add a 'label' for this entity declaration, or to update entities instead provide an 'entity_id' (and optionally 'update_if') expression."},
		{name: "a group saved into no entity", form: rows("type | name | label | save_to", "begin_group | g | G | x", "text | a | A | ", "end_group | | | "),
			detail: "[row : 2] On the 'survey' sheet, the 'save_to' value is invalid. To save entity properties using the save_to column, add an entities sheet and declare an entity."},
		{name: "the end of a group saved into an entity", form: rows("type | name | label | save_to", "begin_group | g | G | ", "text | a | A | ", "end_group | | | x") + sheet("entities", "list_name | label", "people | ${a}"),
			detail: "[row : 4] On the 'survey' sheet, the 'save_to' value is invalid. Groups and repeats can't be saved as entity properties. Either remove or move the save_to value in this row."},
		{name: "a save_to that names no property", form: rows("type | name | label | save_to", "text | a | A | people#") + sheet("entities", "list_name | label", "people | ${a}"),
			detail: "[row : 2] On the 'survey' sheet, the 'save_to' value is invalid. Names must begin with a letter or underscore. After the first character, names may contain letters, digits, underscores, hyphens, or periods."},
		{name: "answers of two repeats are told by their whole paths", form: rows("type | name | label | save_to", "begin_repeat | r | R | ", "begin_group | g | G | ", "text | a | A | x", "end_group | | | ", "end_repeat | | | ", "begin_repeat | s | S | ", "begin_group | h | H | ", "text | b | B | y", "end_group | | | ", "end_repeat | | | ") + sheet("entities", "list_name | label", "people | P"),
			detail: "[row : 9] On the 'survey' sheet, the 'save_to' value is invalid. The entity list name 'people' has a reference in container scope '/survey/r/g' which is not compatible with this 'save_to' reference in scope '/survey/s/h'. Please either: check the spelling of the list name in the 'save_to', or copy either value into the desired container scope with a 'calculate' question then use that 'calculate' for the 'save_to'."},
	})
}
