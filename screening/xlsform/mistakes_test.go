package xlsform_test

import (
	"errors"
	"strings"
	"testing"

	"lintas/screening/xlsform"
)

// mistakes are what people get wrong in a spreadsheet, each with the cell that a
// person must mend, "" where the whole sheet is meant.
var mistakes = []struct{ name, form, cell, suggest string }{
	{"a type with a letter missing", "survey: type,name,label / integr,age,Age", "survey!A2", "integer"},
	{"a type with letters that changed places", "survey: type,name,label / tetx,q,Q", "survey!A2", "text"},
	{"a type in capitals", "survey: type,name,label / Text,q,Q", "survey!A2", "text"},
	{"select one with a hyphen", "survey: type,name,label / select-one l,q,Q / choices: list_name,name,label / l,a,A", "survey!A2", "select_one l"},
	{"a select without a list", "survey: type,name,label / select_one,q,Q / choices: list_name,name,label / l,a,A", "survey!A2", ""},
	{"select_many for select_multiple", "survey: type,name,label / select_mutiple l,q,Q / choices: list_name,name,label / l,a,A", "survey!A2", "select_multiple l"},
	{"a number for integer", "survey: type,name,label / number,q,Q", "survey!A2", "integer"},
	{"a list that is not there", "survey: type,name,label / select_one yesno,q,Q / choices: list_name,name,label / yes_no,a,A", "survey!A2", "yes_no"},
	{"no choices sheet", "survey: type,name,label / select_one yes_no,q,Q", "survey!A2", ""},
	{"a misspelled choices sheet", "survey: type,name,label / select_one yes_no,q,Q / choice: list_name,name,label / yes_no,a,A", "survey!A2", "choice"},
	{"a misspelled survey sheet", "surveey: type,name,label / text,q,Q / choices: list_name,name,label / yes_no,a,A", "", "surveey"},
	{"a misspelled reference", "survey: type,name,label,relevant / text,name,Name, / text,q,Q,${nmae} = 'x'", "survey!D3", "name"},
	{"a reference never closed", "survey: type,name,label,relevant / text,age,Age, / text,q,Q,${age > 3", "survey!D3", ""},
	{"a reference with a space", "survey: type,name,label,relevant / text,age,Age, / text,q,Q,${age } > 3", "survey!D3", ""},
	{"a reference in a label", "survey: type,name,label / text,age,Age / note,q,You are ${aeg}", "survey!C3", "age"},
	{"a reference in a choice", "survey: type,name,label / select_one l,age,Age / choices: list_name,name,label / l,a,A ${agge}", "choices!C2", "age"},
	{"a group never ended", "survey: type,name,label / begin_group,g,G / text,q,Q", "survey!A2", ""},
	{"a repeat ended as a group", "survey: type,name,label / begin_repeat,g,G / text,q,Q / end_group,,", "survey!A4", ""},
	{"an end too many", "survey: type,name,label / text,q,Q / end_repeat,,", "survey!A3", ""},
	{"two questions of one name", "survey: type,name,label / text,q,Q / text,q,Q2", "survey!B3", ""},
	{"a name with a space", "survey: type,name,label / text,full name,Q", "survey!B2", "full_name"},
	{"a name that begins with a digit", "survey: type,name,label / text,1st,Q", "survey!B2", "_1st"},
	{"a name with an accent mark alone", "survey: type,name,label / text,a?,Q", "survey!B2", "a"},
	{"a question without a name", "survey: type,name,label / text,,Q", "survey!B2", ""},
	{"a question without a type", "survey: type,name,label / ,q,Q", "survey!A2", ""},
	{"a question without a label", "survey: type,name,label / text,q,", "survey!C2", ""},
	{"a calculation without one", "survey: type,name,label,calculation / text,a,A, / calculate,q,,", "survey!D3", ""},
	{"a calculation without its column", "survey: type,name,label / calculate,q,", "survey!A2", ""},
	{"a choice without a name", "survey: type,name,label / select_one l,q,Q / choices: list_name,name,label / l,,A", "choices!B2", ""},
	{"a choice twice", "survey: type,name,label / select_one l,q,Q / choices: list_name,name,label / l,a,A / l,a,B", "choices!B3", ""},
	{"a choice with a space", "survey: type,name,label / select_multiple l,q,Q / choices: list_name,name,label / l,a b,A", "choices!B2", "a_b"},
	{"no type column", "survey: kind,name,label / text,q,Q", "survey!A1", ""},
	{"a type column that is misspelled", "survey: tpye,name,label / text,q,Q", "survey!A1", "type"},
	{"no name column among the choices", "survey: type,name,label / select_one l,q,Q / choices: list_name,nmae,label / l,a,A", "choices!B1", "name"},
	{"a heading twice", "survey: type,name,label,label / text,q,Q,R", "survey!D1", ""},
	{"two names for one column", "survey: type,name,relevant,relevance,label / text,q,,1 = 1,Q", "survey!D1", ""},
	{"parameters without a value", "survey: type,name,label,parameters / image,q,Q,max-pixels", "survey!D2", ""},
	{"a misspelled parameter", "survey: type,name,label,parameters / image,q,Q,max-pixel=100", "survey!D2", "max-pixels"},
	{"a wrong value of a parameter", "survey: type,name,label,parameters / image,q,Q,max-pixels=big", "survey!D2", ""},
	{"a trigger that is no reference", "survey: type,name,label,trigger,calculation / text,q,Q,, / calculate,c,,q,now()", "survey!D3", ""},
	{"a circle", "survey: type,name,label,calculation / calculate,a,,${b} / calculate,b,,${a}", "survey!D2", ""},
	{"a file of the wrong kind", "survey: type,name,label / select_one_from_file people.xlsx,q,Q", "survey!A2", ""},
	{"or_other with a filter", "survey: type,name,label,choice_filter / select_one l or_other,q,Q,x=1 / choices: list_name,name,label,x / l,a,A,1", "survey!D2", ""},
	{"a form name with a space", "survey: type,name,label / text,q,Q / settings: form_title,name / T,my form", "settings!B2", "my_form"},
	{"an entity without a label", "survey: type,name,label,save_to / text,q,Q,first / entities: list_name / people", "entities!A2", ""},
	{"save_to without an entity", "survey: type,name,label,save_to / text,q,Q,first", "survey!D2", ""},
	{"a reserved name", "survey: type,name,label / text,meta,Q", "survey!B2", ""},
}

// book makes tables of "sheet: heading,heading / cell,cell / sheet2: ...".
func book(text string) []table {
	var out []table
	for _, line := range strings.Split(text, " / ") {
		if sheet, header, ok := strings.Cut(line, ": "); ok && !strings.ContainsAny(sheet, ",{") {
			out = append(out, table{name: sheet, header: strings.Split(header, ",")})
			continue
		}
		last := &out[len(out)-1]
		last.rows = append(last.rows, strings.Split(line, ","))
	}
	return out
}

func TestASurveySheetWithNothingInItIsNoSurvey(t *testing.T) {
	_, err := xlsform.Compile(fromMarkdown(t, "| survey |\n| choices | | | |\n| | list_name | name | label |\n| | l | a | A |\n"), xlsform.Options{})
	var list xlsform.Errors
	if !errors.As(err, &list) || list[0].Code != "screening.xlsform.no-survey" || list[0].Remedy == "" {
		t.Errorf("%v", err)
	}
}

func TestTypicalMistakesInASpreadsheetAreToldWithCellReasonAndRemedy(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			w, err := xlsform.Read("form.xlsx", asXLSX(t, book(m.form)), xlsform.Limits{})
			if err == nil {
				_, err = xlsform.Compile(w, xlsform.Options{})
			}
			var list xlsform.Errors
			if !errors.As(err, &list) {
				t.Fatalf("no error, or another: %v", err)
			}
			e := list[0]
			t.Logf("%v\n    says %q", e, e.Text)
			if place := e.Place(); m.cell != "" && place != m.cell || m.cell == "" && place != "workbook" {
				t.Errorf("at %s, want %s", place, m.cell)
			}
			if m.cell != "" && e.Column == "" {
				t.Error("no column")
			}
			if e.Message == "" || e.Remedy == "" || e.Code == "" {
				t.Errorf("no reason, remedy or code: %+v", e)
			}
			if e.Suggestion != m.suggest {
				t.Errorf("suggests %q, want %q", e.Suggestion, m.suggest)
			}
			if len(list) > 1 {
				t.Errorf("one mistake gives %d errors: %v", len(list), list[1])
			}
		})
	}
}

func TestExpressionsThatNoProgramCanReadAreToldWithTheirCell(t *testing.T) {
	for expr, remedy := range map[string]string{
		"{age} > 3": "${name}", "$(age) > 3": "${name}", "${age} == 3": "one", "${age} <> 3": "!=", "${age} > 1 && ${age} < 3": "and",
		"${age} = 'x": "quotation", "": "", "(${age} > 3": "Close it", "${age} > 3)": "missing (", "IF(${age} > 3; 1; 2)": "commas", "IF(${age} > 3, 1, 2)": "if(",
		"${age} > 3 AND ${age} < 5": "small letters",
		"if(${age} > 3 and not(selected(${age}, 'a{b;c')), \"IF(\", concat('(', ')'))": "", "${age}[position() = 1] != 'AND'": "", "count(/data/IF)": "",
	} {
		w := fromMarkdown(t, "| survey | | | | |\n| | type | name | label | relevant |\n| | text | age | Age | |\n| | text | q | Q | "+expr+" |\n")
		form, err := xlsform.Compile(w, xlsform.Options{})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		switch {
		case remedy == "" && len(form.Advice) > 0:
			t.Errorf("%s: %v", expr, form.Advice[0])
		case remedy == "":
		case len(form.Advice) != 1 || form.Advice[0].Cell != "D3" || form.Advice[0].Text != expr || !strings.Contains(form.Advice[0].Message+form.Advice[0].Remedy, remedy):
			t.Errorf("%s: %v", expr, form.Advice)
		}
	}
}
