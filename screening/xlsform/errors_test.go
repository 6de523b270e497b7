package xlsform_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lintas/screening/xlsform"
)

func fromMarkdown(t testing.TB, text string) *xlsform.Workbook {
	t.Helper()
	w, err := xlsform.Read("form.md", []byte(text), xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestErrorsNameTheCellTheReasonAndTheRemedy(t *testing.T) {
	survey := "| survey | | | | | |\n| | type | name | label | relevant | parameters |\n"
	choices := "| choices | | | |\n| | list_name | name | label |\n| | yes_no | yes | Yes |\n| | yes_no | no | No |\n"
	for _, c := range []struct {
		name, form                        string
		code, cell, column, text, suggest string
		detail, upstream                  string
	}{
		{"a misspelled type", survey + "| | integr | age | Age |\n", "unknown-type", "A2", "type", "integr", "integer", "Unknown question type 'integr'.", ""},
		{"a misspelled list", survey + "| | select_one yes_mo | q | Q |\n" + choices, "unknown-list", "A2", "type", "select_one yes_mo", "yes_no", "List name not in choices sheet: yes_mo", ""},
		{"a misspelled reference", survey + "| | integer | age | Age |\n| | text | why | Why | ${agee} > 3 |\n", "unknown-name", "D3", "relevant", "${agee} > 3", "age", "Could not find the name 'agee'", "PYREF_003"},
		{"a reference with a space", survey + "| | integer | age | Age |\n| | text | why | Why | ${ age } > 3 |\n", "reference-form", "D3", "relevant", "${ age } > 3", "", "must start with '${'", "PYREF_001"},
		{"a name with a space", survey + "| | text | full name | Name |\n", "name", "B2", "name", "full name", "full_name", "Names must begin with a letter", ""},
		{"the same name twice", survey + "| | text | q | Q |\n| | text | q | Q |\n", "name-twice", "B3", "name", "q", "", "must be unique within", ""},
		{"no name", survey + "| | text | | Q |\n", "no-name", "B2", "name", "", "", "Question or group with no name", ""},
		{"no label", survey + "| | text | q | |\n", "no-label", "C2", "label", "", "", "has no label or hint", ""},
		{"a group never ended", survey + "| | begin_group | g | G |\n| | text | q | Q |\n", "unmatched-begin", "A2", "type", "begin_group", "", "Unmatched 'begin_group'", ""},
		{"an end without a beginning", survey + "| | text | q | Q |\n| | end_group | | |\n", "unmatched-end", "A3", "type", "end_group", "", "Unmatched 'end_group'", ""},
		{"a wrong parameter", survey + "| | image | q | Q | | max-pixel=100 |\n", "parameter", "E2", "parameters", "max-pixel=100", "max-pixels", "accepted parameter keys", ""},
		{"a choice named twice", survey + "| | select_one yes_no | q | Q |\n" + choices + "| | yes_no | yes | Yes! |\n", "choice-twice", "B4", "name", "yes", "", "Choice names must be unique", ""},
		{"a sheet that is misspelled", "| surveys | | | |\n| | type | name | label |\n| | text | q | Q |\n" + choices, "no-survey", "", "", "", "surveys", "You must have a sheet named 'survey'", ""},
		{"a choice with a space where several are chosen", survey + "| | select_multiple l | q | Q |\n| choices | | | |\n| | list_name | name | label |\n| | l | a b | A |\n", "choice-space", "B2", "name", "a b", "a_b", "Choice names with spaces", ""},
		{"a search and a plain select of one list", "| survey | | | | |\n| | type | name | label | appearance |\n| | select_one yes_no | q | Q | search('f') |\n| | select_one yes_no | p | P | |\n" + choices, "search-list", "D2", "appearance", "search('f')", "", "which will not work: 'p'", ""},
		{"a search in a select from file", "| survey | | | | |\n| | type | name | label | appearance |\n| | select_one_from_file f.csv | q | Q | search('f') |\n", "search-file", "D2", "appearance", "search('f')", "", "This combination is not supported", ""},
		{"a list of osm tags that is misspelled", survey + "| | osm road | q | Q |\n| osm | | | |\n| | list_name | name | label |\n| | roads | lanes | Lanes |\n", "unknown-list", "A2", "type", "osm road", "roads", "", ""},
		{"or_other where the choices come from a file", survey + "| | select_one_from_file f.csv or_other | q | Q |\n", "other-list", "A2", "type", "select_one_from_file f.csv or_other", "", "Please specify choices", ""},
		{"a loop over nothing", survey + "| | begin_loop | q | Q |\n| | end_loop | | |\n", "loop-list", "A2", "type", "begin_loop", "", "Repeat loop without list name", ""},
		{"a loop over a list that is misspelled", survey + "| | begin_loop over yes_on | q | Q |\n| | end_loop | | |\n" + choices, "unknown-list", "A2", "type", "begin_loop over yes_on", "yes_no", "List name not in columns sheet", ""},
		{"an encrypted form without instanceID", survey + "| | text | q | Q |\n| settings | | |\n| | public_key | omit_instanceID |\n| | abc | yes |\n", "no-instance-id", "B2", "omit_instanceID", "yes", "", "it is required for encryption", ""},
		{"media of no kind", "| survey | | | | |\n| | type | name | label | media::imgae::en |\n| | text | q | Q | a.png |\n", "media", "D1", "media::imgae::en", "media::imgae::en", "image", "Media type: imgae not supported", ""},
		{"a file name with two endings", survey + "| | select_one_from_file a.b.csv | q | Q |\n", "file-ending", "A2", "type", "select_one_from_file a.b.csv", "", "should end with one of the supported file extensions", ""},
		{"a form name that is none", survey + "| | text | q | Q |\n| settings | |\n| | name |\n| | my form |\n", "name", "A2", "name", "my form", "my_form", "[row : 1] On the 'settings' sheet, the 'name' value is invalid", ""},
		{"the same heading twice", "| survey | | | |\n| | type | name | label | label |\n| | text | q | Q | R |\n", "duplicate-column", "D1", "label", "label", "", "Duplicate column header: label", ""},
		{"half a heading", "| survey | | | | |\n| | type | name | label | bind:: |\n| | text | q | Q | x |\n", "xml-name", "D1", "bind::", "bind::", "", "", ""},
		{"a heading that is none", "| survey | | | | |\n| | type | name | label | bind::no such |\n| | text | q | Q | x |\n", "xml-name", "D1", "bind::no such", "bind::no such", "no_such", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := xlsform.Compile(fromMarkdown(t, c.form), xlsform.Options{})
			var list xlsform.Errors
			if !errors.As(err, &list) {
				t.Fatalf("no error, or another: %v", err)
			}
			e := list[0]
			got := []string{e.Code, e.Cell, e.Column, e.Text, e.Suggestion, e.Upstream}
			want := []string{"screening.xlsform." + c.code, c.cell, c.column, c.text, c.suggest, c.upstream}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s\n%v", d, e)
			}
			if e.Message == "" || e.Remedy == "" {
				t.Errorf("no reason or no remedy: %+v", e)
			}
			if !strings.Contains(e.Detail, c.detail) {
				t.Errorf("detail %q", e.Detail)
			}
		})
	}
}

func TestWhatWorksInSomeProgramsOnlyCompilesWithAdvice(t *testing.T) {
	choices := "| choices | | | |\n| | list_name | name | label |\n| | l | code | name |\n"
	for _, c := range []struct{ name, form, code, cell, holds string }{
		{"search()", "| survey | | | | |\n| | type | name | label | appearance |\n| | select_one l | q | Q | minimal search('f') |\n" + choices, "search", "D2",
			`<item><label>name</label><value>code</value></item></select1>`},
		{"osm", "| survey | | | |\n| | type | name | label |\n| | osm roads | q | Q |\n| osm | | | |\n| | list_name | name | label |\n| | roads | lanes | Lanes |\n| | lanes | two | Two |\n", "osm", "A2",
			`<tag key="lanes"><label>Lanes</label><item><label>Two</label><value>two</value></item></tag>`},
		{"SMS", "| survey | | | |\n| | type | name | label |\n| | text | q | Q |\n| settings | |\n| | prefix |\n| | x |\n", "sms", "A2", `odk:prefix="x"`},
		{"flat", "| survey | | | | |\n| | type | name | label | relevant |\n| | begin_group | g | G | 1 = 2 |\n| | text | q | Q | 3 = 4 |\n| | end_group | | | |\n| settings | |\n| | flat |\n| | yes |\n", "flat", "A2",
			`<bind nodeset="/data/q" type="string" relevant="1 = 2 and (3 = 4)"/>`},
		{"a comparison inside a text", "| survey | | | |\n| | type | name | label |\n| | text | q | See instance('l')/root/item[x < 2]/label |\n", "escaped", "C2", "&amp;lt; 2]"},
		{"no questions", "| survey | | | |\n| | type | name | label |\n", "empty", "A1", "<h:body/>"},
		{"a column that choices do not have", "| survey | | | |\n| | type | name | label |\n| | select_one l | q | Q |\n| choices | | | | | |\n| | list_name | name | label | hint::English (en) | size |\n| | l | a | A | hm | 3 |\n", "choice-column", "D1", "<name>a</name><label>A</label><size>3</size>"},
		{"a name in Burmese", "| survey | | | |\n| | type | name | label |\n| | text | အမည် | အမည် |\n", "name", "B2", "<အမည်/>"},
		{"an older name of a column", "| survey | | | | |\n| | type | caption | name | label |\n| | text | Old | q | New |\n", "same-column", "D1", "<label>New</label>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form, err := xlsform.Compile(fromMarkdown(t, c.form), xlsform.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(form.Advice) != 1 || form.Advice[0].Code != "screening.xlsform.limited."+c.code || form.Advice[0].Cell != c.cell || form.Advice[0].Remedy == "" {
				t.Errorf("advice: %v", form.Advice)
			}
			if len(form.Warnings) != 0 {
				t.Errorf("warnings that pyxform does not give: %v", form.Warnings)
			}
			if !strings.Contains(string(form.XForm), c.holds) {
				t.Errorf("no %s in\n%s", c.holds, form.XForm)
			}
		})
	}
}

func TestAListForSearchIsWrittenInTheQuestionOnly(t *testing.T) {
	form, err := xlsform.Compile(fromMarkdown(t, "| survey | | | | |\n| | type | name | label::en | appearance |\n| | select_one l | q | Q | search('f') |\n| choices | | | |\n| | list_name | name | label::en |\n| | l | code | name |\n"), xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(form.XForm); strings.Contains(s, `<instance id="l">`) || !strings.Contains(s, `<item><label ref="jr:itext('l-0')"/><value>code</value></item>`) {
		t.Error(s)
	}
}

func TestParametersMayBeWrittenAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct{ typ, parameters, want string }{
		{"range", "start = 1; end=5 ;step= 2", `start="1" end="5" step="2"`},
		{"range", "start=1,end=5, step=2", `start="1" end="5" step="2"`},
		{"image", "MAX-PIXELS=640", `orx:max-pixels="640"`},
		{"image", "max-pixels=640 app=org.Example.Camera", `intent="org.Example.Camera"`},
		{"audio", "quality=Voice-Only", `odk:quality="voice-only"`},
		{"select_one_from_file f.csv", "value=ID label=Name_en", `<value ref="ID"/><label ref="Name_en"/>`},
		{"select_one_from_file f.csv", "randomize=TRUE", `randomize(instance('f')/root/item)`},
		{"select_one_from_file f.csv", "randomize=true seed=${First}", `root/item, /data/First)`},
	} {
		form, err := xlsform.Compile(fromMarkdown(t, "| survey | | | | |\n| | type | name | label | parameters |\n| | integer | First | F | |\n| | "+c.typ+" | q | Q | "+c.parameters+" |\n"), xlsform.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.parameters, err)
			continue
		}
		if !strings.Contains(string(form.XForm), c.want) {
			t.Errorf("%s: no %s in %s", c.parameters, c.want, form.XForm)
		}
	}
	for _, p := range []string{"start", "start=", "=1", "start=1 end", "start==1", "a=b=c"} {
		if _, err := xlsform.Compile(fromMarkdown(t, "| survey | | | | |\n| | type | name | label | parameters |\n| | range | q | Q | "+p+" |\n"), xlsform.Options{}); err == nil {
			t.Errorf("%q compiles", p)
		}
	}
}

func TestASelectThatShowsOnlyItsChoicesNeedsNoLabel(t *testing.T) {
	form, err := xlsform.Compile(fromMarkdown(t, "| survey | | | | |\n| | type | name | label | appearance |\n| | select_one l | q | | label |\n| choices | | | |\n| | list_name | name | label |\n| | l | a | A |\n"), xlsform.Options{})
	if err != nil || !strings.Contains(string(form.XForm), `appearance="label"><label> </label>`) {
		t.Errorf("%v %v", err, form)
	}
}

func TestSeveralErrorsAreToldAtOnce(t *testing.T) {
	w := fromMarkdown(t, "| survey | | | |\n| | type | name | label |\n| | tekst | a | A |\n| | text | b c | B |\n| | text | d | D |\n| | intger | e | E |\n")
	_, err := xlsform.Compile(w, xlsform.Options{})
	var list xlsform.Errors
	if !errors.As(err, &list) || len(list) != 3 {
		t.Fatalf("%v", err)
	}
	// pyxform stops at the name; it looks at types when all rows are read.
	for i, row := range []int{3, 2, 5} {
		if list[i].Row != row {
			t.Errorf("error %d is of row %d", i, list[i].Row)
		}
	}
}

func TestQuestionsCarryEverythingAnInterviewNeeds(t *testing.T) {
	w := fromMarkdown(t, `
| survey | | | | | | | | | |
| | type | name | label::English (en) | label::Thai (th) | hint::English (en) | guidance_hint::Thai (th) | media::audio::Thai (th) | required | relevant |
| | begin_repeat | person | Person | คน | | | | | |
| | select_one sex | sex | Sex | เพศ | As they say | ถามเบา ๆ | sex-th.mp3 | yes | 1 = 1 |
| | end_repeat | | | | | | | | |
| choices | | | | |
| | list_name | name | label::English (en) | label::Thai (th) |
| | sex | f | Female | หญิง |
| settings | | |
| | form_id | default_language |
| | t | Thai (th) |
| indicators | | |
| | id | rule |
| | 1 | x |
`)
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := xlsform.Question{Name: "sex", Path: "/data/person/sex", Type: "select_one sex", Kind: "select1", Row: 3,
		Labels:   map[string]string{"English (en)": "Sex", "Thai (th)": "เพศ"},
		Hints:    map[string]string{"English (en)": "As they say"},
		Guidance: map[string]string{"Thai (th)": "ถามเบา ๆ"},
		Media:    []xlsform.Media{{Form: "audio", Language: "Thai (th)", File: "sex-th.mp3"}},
		List:     "sex", Choices: []xlsform.Choice{{Name: "f", Labels: map[string]string{"English (en)": "Female", "Thai (th)": "หญิง"}, Row: 2}},
		Relevant: "1 = 1", Required: true, Visible: true, Repeated: true}
	if d := cmp.Diff(want, form.Questions[1]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]xlsform.Language{{Name: "English (en)", Tag: "en"}, {Name: "Thai (th)", Tag: "th"}}, form.Languages); d != "" {
		t.Error(d)
	}
	if form.DefaultLanguage != "Thai (th)" || form.MediaFiles[0] != "sex-th.mp3" {
		t.Errorf("%q %v", form.DefaultLanguage, form.MediaFiles)
	}
	// A sheet of our own is kept for whoever knows it.
	sh, ok := w.Sheet("indicators")
	if !ok || sh.Cell(sh.Rows[0], "rule") != "x" {
		t.Error("the sheet indicators is lost")
	}
}

func TestAFolderOfCSVFilesIsAWorkbook(t *testing.T) {
	w, err := xlsform.ReadFolder(fstest.MapFS{
		"survey.csv":  {Data: []byte("\xef\xbb\xbftype,name,label,note to self\ntext,q,\"Who, me?\",x,stray\n")},
		"choices.csv": {Data: []byte("list_name,name,label\n")},
		"notes.txt":   {Data: []byte("no sheet")},
	}, xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := form.Questions[0].Labels[""]; got != "Who, me?" {
		t.Errorf("%q", got)
	}
	if r := xlsform.Check(w); len(r.Stray) != 1 || r.Stray[0].Cell != "E2" {
		t.Errorf("%v", r.Stray)
	}
}

func TestCSVFilesOfOtherCountriesAreRead(t *testing.T) {
	for name, text := range map[string]string{
		"semicolons":           "type;name;label\ntext;q;Siapa, nama?\n",
		"tabs":                 "type\tname\tlabel\ntext\tq\tSiapa, nama?\n",
		"the lines of Windows": "type,name,label\r\ntext,q,\"Siapa, nama?\"\r\n",
		"a byte order mark":    "\xef\xbb\xbftype,name,label\ntext,q,\"Siapa, nama?\"\n",
	} {
		w, err := xlsform.ReadFolder(fstest.MapFS{"SURVEY.CSV": {Data: []byte(text)}}, xlsform.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if form, err := xlsform.Compile(w, xlsform.Options{}); err != nil || form.Questions[0].Labels[""] != "Siapa, nama?" {
			t.Errorf("%s: %v %v", name, err, form)
		}
	}
}

func TestEmptyLinesOfACSVCountAsRows(t *testing.T) {
	w, err := xlsform.Read("form.csv", []byte("type,name,label\n\ntext,a,\"two\nlines\"\n\n\ntext,b,B\n"), xlsform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil || form.Questions[0].Row != 3 || form.Questions[1].Row != 6 {
		t.Errorf("%v %+v", err, form)
	}
}

func TestATableAloneIsTheSurvey(t *testing.T) {
	for name, text := range map[string]string{
		"form.md":  "| type | name | label |\n|------|------|-------|\n| text | q | Who? |\n",
		"form.csv": "type,name,label\ntext,q,Who?\n",
	} {
		w, err := xlsform.Read(name, []byte(text), xlsform.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		form, err := xlsform.Compile(w, xlsform.Options{})
		if err != nil || form.Questions[0].Labels[""] != "Who?" || form.Questions[0].Row != 2 {
			t.Errorf("%s: %v %v", name, form, err)
		}
	}
}
