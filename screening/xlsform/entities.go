package xlsform

import (
	"fmt"
	"sort"
	"strings"
)

// entity is one declaration of the entities sheet: a record that lives longer
// than the form, created or updated by it. Source: ODK XForms entities
// specification 2024.1 and 2025.1.
type entity struct {
	dataset                       string
	label, id, createIf, updateIf string
	row                           int
	refs                          []entityRef // in the order of the survey
	mentions                      map[string]bool
}

// entityRef is a question that an entity depends on: saved into it, or named in
// one of its expressions.
type entityRef struct {
	path     []*element // containers from the survey down
	question string
	property string // "" = named in an expression
	row      int
}

func (e *entity) creates() bool { return e.id == "" || e.createIf != "" }
func (e *entity) updates() bool { return e.id != "" }

// entitySentence frames pyxform's sentences about save_to.
func (c *compiler) entitySentence(row int, rest string) string {
	return invalid(row, sheetSurvey, "save_to", rest)
}

func (c *compiler) readEntities() {
	sh, ok := c.sheet(sheetEntities)
	if !ok {
		c.warnMisspelled(sheetEntities)
		return
	}
	rows, ok := c.rows(sh, sheetEntities, false)
	if !ok {
		return
	}
	if len(rows) == 0 {
		c.warnMisspelled(sheetEntities)
		return
	}
	c.entityRows = rows
	seen := map[string]bool{}
	c.mentioned = map[string][]*entity{}
	for _, r := range rows {
		if len(r.values) == 0 {
			continue
		}
		e := &entity{dataset: r.get("dataset"), label: r.get("label"), id: r.get("entity_id"), createIf: r.get("create_if"),
			updateIf: r.get("update_if"), row: r.number, mentions: map[string]bool{}}
		if !c.entityColumns(sh, r) || !c.entityName(r, e) || !c.entityMode(r, e) {
			return
		}
		if seen[e.dataset] {
			c.fail(c.at(sheetEntities, r, "dataset"), msg{code: "entity-twice", text: "The entity list " + quote(e.dataset) + " is declared twice.",
				remedy: "Keep one row for each list.", detail: invalid(r.number, sheetEntities, "list_name", "The 'list_name' column must not have any duplicate names.")})
			return
		}
		seen[e.dataset] = true
		for _, v := range r.values {
			for _, ref := range references(v.text) {
				if !e.mentions[ref.name] {
					e.mentions[ref.name] = true
					c.mentioned[ref.name] = append(c.mentioned[ref.name], e)
				}
			}
		}
		c.entities = append(c.entities, e)
	}
}

// entityPlace is the cell with the name of an entity's list.
func (c *compiler) entityPlace(e *entity) place {
	for i := range c.cols[sheetEntities] {
		if col := &c.cols[sheetEntities][i]; equalPath(col.path, []string{"dataset"}) {
			return c.atColumn(sheetEntities, e.row, col, e.dataset)
		}
	}
	return place{sheet: sheetEntities, row: e.row}
}

// entityColumns refuses a row with a value under a heading that means nothing
// here.
func (c *compiler) entityColumns(sh *Sheet, r dataRow) bool {
	var unknown []string
	var first *column
	for _, v := range r.values {
		if !v.col.known {
			if unknown = append(unknown, v.col.header); first == nil {
				first = v.col
			}
		}
	}
	if len(unknown) == 0 {
		return true
	}
	c.fail(c.atColumn(sheetEntities, sh.HeaderRow, first, first.header), msg{code: "entity-column",
		text:    "The entities sheet does not know the column " + quote(unknown[0]) + ".",
		remedy:  "It knows list_name, label, entity_id, create_if and update_if. Rename or remove the column.",
		suggest: suggest(unknown[0], []string{"list_name", "label", "entity_id", "create_if", "update_if"}),
		detail: fmt.Sprintf("%s On the 'entities' sheet, one or more column names are invalid. The following column(s) are not supported by this version of pyxform: '%s'. Please either: check the spelling of the column names, remove the columns, or update pyxform.",
			rowTag(1), strings.Join(unknown, "', '"))})
	return false
}

func (c *compiler) entityName(r dataRow, e *entity) bool {
	at := c.at(sheetEntities, r, "dataset")
	bad := func(text, remedy, rest string) bool {
		c.fail(at, msg{code: "entity-name", text: text, remedy: remedy, detail: rest})
		return false
	}
	switch n := e.dataset; {
	case n == "":
		return bad("This entity has no list name.", "Write the name of the list into the column list_name.",
			invalid(r.number, sheetEntities, "list_name", "Entity lists must have a name."))
	case strings.HasPrefix(n, "__"):
		return bad("The name of an entity list must not begin with two underscores.", "Choose another name.",
			invalid(r.number, sheetEntities, "dataset", "Names used here must not begin with two underscores."))
	case strings.Contains(n, "."):
		return bad("The name of an entity list must not contain a period.", "Choose another name.",
			invalid(r.number, sheetEntities, "dataset", "Names used here must not contain a period."))
	case !isName(n):
		return bad("The name "+quote(n)+" cannot be used for an entity list.", "Begin with a letter or underscore; no spaces.",
			invalid(r.number, sheetEntities, "dataset", sentenceName))
	}
	return true
}

// entityMode checks that what is declared is a creation, an update or both.
func (c *compiler) entityMode(r dataRow, e *entity) bool {
	frame := func(rest string) string {
		return fmt.Sprintf("%s On the 'entities' sheet, the entity declaration is invalid. The entity list name '%s' does not have %s", rowTag(r.number), e.dataset, rest)
	}
	bad := func(column, text, remedy, rest string) bool {
		c.fail(c.at(sheetEntities, r, column), msg{code: "entity-mode", text: text, remedy: remedy, detail: frame(rest)})
		return false
	}
	switch {
	case e.id == "" && e.updateIf != "":
		return bad("entity_id", "To update an entity, its id must be known.", "Write an expression for the id into entity_id, or move update_if to create_if.",
			"an 'entity_id' expression, but an 'entity_id' is required when updating entities. Updating entities is indicated by using 'entity_id' and/or 'update_if' expressions. Please either: add an 'entity_id' for this entity declaration, or to only create entities instead move the 'update_if' to 'create_if'.")
	case e.id != "" && e.createIf != "" && e.updateIf == "":
		return bad("update_if", "To create or update an entity, both conditions are needed.", "Write update_if, or remove entity_id.",
			"an 'update_if' expression, but an 'update_if' is required when upserting entities. Upserting entities is indicated by using 'create_if' and 'entity_id' expressions. Please either: add an 'update_if' for this entity declaration, or to only create entities instead remove the 'entity_id' expression.")
	case e.id == "" && e.label == "":
		return bad("label", "An entity that is created needs a label.", "Write an expression for the label, such as ${name}.",
			"a label, but a 'label' is required when creating entities. Creating entities is indicated by using a 'create_if' expression, or by not using 'entity_id' expression. Please either: add a 'label' for this entity declaration, or to update entities instead provide an 'entity_id' (and optionally 'update_if') expression.")
	}
	return true
}

// saveTo reads the column save_to of a question, and notes where the question
// stands if an entity names it.
func (r *surveyReader) saveTo(row dataRow, e *element) {
	if len(r.entities) == 0 && !e.bind.has("entities:saveto") {
		return
	}
	path := make([]*element, len(r.stack))
	for i, o := range r.stack {
		path[i] = o.e
	}
	if v := e.bind.get("entities:saveto"); v != "" {
		r.saveProperty(row, e, v, path)
	}
	for _, d := range r.mentioned[e.name] {
		d.refs = append(d.refs, entityRef{path: path, question: e.name, row: row.number})
	}
}

func (r *surveyReader) badSaveTo(row dataRow, code, text, remedy, rest string) {
	r.fail(r.at(sheetSurvey, row, "bind", "entities:saveto"), msg{code: code, text: text, remedy: remedy, detail: r.entitySentence(row.number, rest)})
}

// saveToContainer refuses to save a group or repeat, or its end, into an entity.
func (r *surveyReader) saveToContainer(row dataRow) {
	v := row.get("bind", "entities:saveto")
	if v == "" {
		return
	}
	if _, _, ok := r.saveToList(row, v); ok {
		r.badSaveTo(row, "save-to-container", "A group or repeat cannot be saved into an entity.", "Empty the cell, or move it to a question.",
			"Groups and repeats can't be saved as entity properties. Either remove or move the save_to value in this row.")
	}
}

// saveToList finds the entity list and the property that a save_to names.
func (r *surveyReader) saveToList(row dataRow, v string) (d *entity, property string, ok bool) {
	bad := func(code, text, remedy, rest string) (*entity, string, bool) {
		r.badSaveTo(row, code, text, remedy, rest)
		return nil, "", false
	}
	if len(r.entities) == 0 {
		return bad("no-entities", "There is no entity to save this answer into.", "Add a sheet entities with a row for the list.",
			"To save entity properties using the save_to column, add an entities sheet and declare an entity.")
	}
	list, property, prefixed := strings.Cut(v, "#")
	switch {
	case strings.Count(v, "#") > 1:
		return bad("save-to", "A save_to has at most one #.", "Write list#property.",
			"A 'save_to' value must have at most one '#' delimiter character. Please check the spelling of this 'save_to' value.")
	case !prefixed && len(r.entities) > 1:
		return bad("save-to", "With several entity lists, save_to must say which one.", "Write list#property.",
			"When there is more than one entity declaration, 'save_to' names must be prefixed with the entity 'list_name' that the property belongs to. Please either: add the entity 'list_name' prefix separated with a '#' e.g. my_list#my_save_to (where 'my_list' is the entity 'list_name', and 'my_save_to' is the 'save_to' property name), or remove all but one entity declarations.")
	case !prefixed:
		list, property = r.entities[0].dataset, v
	}
	for _, x := range r.entities {
		if x.dataset == list {
			d = x
		}
	}
	if d == nil {
		return bad("unknown-entity", "There is no entity list "+quote(list)+".", "Correct the name, or declare the list in the sheet entities.",
			fmt.Sprintf("The entity list name '%s' was not found on the entities sheet. Please either: check the spelling of the list name in the save_to value, or on the entities sheet add a row for this entity list, or check the spelling of existing entity list names.", list))
	}
	if property == "" {
		return bad("save-to-name", "The save_to names no property.", "Write list#property.", sentenceName)
	}
	return d, property, true
}

func (r *surveyReader) saveProperty(row dataRow, e *element, v string, path []*element) {
	d, property, ok := r.saveToList(row, v)
	if !ok {
		return
	}
	bad := func(code, text, remedy, rest string) { r.badSaveTo(row, code, text, remedy, rest) }
	switch lower := strings.ToLower(property); {
	case lower == "name" || lower == "label":
		bad("save-to-name", "A property cannot be called name or label.", "Choose another name.", "Names used here must not be 'name' or 'label' (case-insensitive).")
		return
	case strings.HasPrefix(property, "__"):
		bad("save-to-name", "A property must not begin with two underscores.", "Choose another name.", "Names used here must not begin with two underscores.")
		return
	case !isName(property):
		bad("save-to-name", "The property "+quote(property)+" cannot be used.", "Begin with a letter or underscore; no spaces.", sentenceName)
		return
	}
	for _, ref := range d.refs {
		if ref.property == property {
			bad("save-to-twice", fmt.Sprintf("Row %d already saves into %q.", ref.row, property), "Change or remove one of them.",
				fmt.Sprintf("The save_to property '%s' is already assigned by row '%d'. Either remove or change one of these duplicate save_to property names.", property, ref.row))
			return
		}
	}
	e.bind.set("entities:saveto", property)
	d.refs = append(d.refs, entityRef{path: path, property: property, row: row.number})
}

// scope is the part of a container path down to its innermost repeat.
func scope(path []*element) []*element {
	for i := len(path) - 1; i > 0; i-- {
		if path[i].kind == kindRepeat {
			return path[:i+1]
		}
	}
	return path[:1]
}

func prefixOf(short, long []*element) bool {
	if len(short) > len(long) {
		return false
	}
	for i := range short {
		if short[i] != long[i] {
			return false
		}
	}
	return true
}

func scopeName(path []*element) string {
	var b strings.Builder
	for _, e := range path {
		if e.kind == kindSurvey {
			b.WriteString("/survey")
			continue
		}
		b.WriteString("/" + e.name)
	}
	return b.String()
}

// A request is what one entity asks for: a container, no higher than its scope.
type request struct {
	e     *entity
	scope []*element
	want  []*element
	saves [][]*element // containers of the answers saved into it
}

// placeEntities gives each entity a container. An entity belongs to the
// innermost repeat that it depends on; within it, to the nearest container of
// everything saved into it, or to that of the deepest question it names.
func (c *compiler) placeEntities() {
	if len(c.entities) == 0 {
		return
	}
	root := []*element{c.survey}
	var all []*request
	groups := map[*element][]*request{}
	var scopes []*element
	for _, e := range c.byReference() {
		q := &request{e: e, scope: root, want: root}
		if len(e.refs) > 0 {
			s, ok := c.entityScope(e)
			if !ok {
				return
			}
			q.scope = s
			q.want, q.saves = wantedContainer(e, s)
		}
		all = append(all, q)
		key := q.scope[len(q.scope)-1]
		if groups[key] == nil {
			scopes = append(scopes, key)
		}
		groups[key] = append(groups[key], q)
	}
	if len(all) == 1 && len(all[0].scope) == 1 {
		// One entity and no repeat: in the form's own meta, as the specification
		// of 2024 has it.
		c.hang(all[0].e, c.survey)
		return
	}
	reserved, place := map[*element]*entity{}, map[*entity]*element{}
	for _, key := range scopes {
		requests := groups[key]
		sort.SliceStable(requests, func(i, j int) bool { return requests[i].e.row < requests[j].e.row })
		for _, q := range requests {
			node, other := q.place(reserved)
			if other != nil {
				c.noContainer(q.e, other, q.scope)
				return
			}
			place[q.e] = node
		}
	}
	for _, q := range all {
		c.hang(q.e, place[q.e])
	}
}

// place takes the lowest free container from the wanted one up to the scope, and
// reserves everything between it and the answers saved: another entity there
// would take them. Otherwise it gives the entity that is in the way.
func (q *request) place(reserved map[*element]*entity) (*element, *entity) {
	var other *entity
	for depth := len(q.want); depth >= len(q.scope); depth-- {
		node := q.want[depth-1]
		if other = reserved[node]; other == nil {
			reserved[node] = q.e
			for _, line := range q.saves {
				for i := len(line); i >= depth; i-- {
					reserved[line[i-1]] = q.e
				}
			}
			return node, nil
		}
		if blocked := firstReserved(q.saves, reserved); blocked != nil {
			return nil, blocked
		}
	}
	return nil, other
}

func firstReserved(lines [][]*element, reserved map[*element]*entity) *entity {
	for _, line := range lines {
		if e := reserved[line[len(line)-1]]; e != nil {
			return e
		}
	}
	return nil
}

// byReference is the order in which entities are met: as the survey refers to
// them, then those it never refers to.
func (c *compiler) byReference() []*entity {
	out := append([]*entity(nil), c.entities...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].refs, out[j].refs
		if len(a) == 0 || len(b) == 0 {
			return len(a) > 0 && len(b) == 0
		}
		return a[0].row < b[0].row
	})
	return out
}

func (c *compiler) entityScope(e *entity) ([]*element, bool) {
	best, deepest := scope(e.refs[0].path), e.refs[0].path
	for _, ref := range e.refs[1:] {
		if s := scope(ref.path); repeatsIn(s) > repeatsIn(best) {
			best, deepest = s, ref.path
		}
	}
	for _, ref := range e.refs {
		s := scope(ref.path)
		compatible := prefixOf(s, best)
		if compatible && (ref.property == "" || len(s) == len(best)) {
			continue
		}
		other := deepest
		if compatible {
			other = best // saved from a turn outside the innermost one
		}
		frame := fmt.Sprintf("The entity list name '%s' has a reference in container scope '%s' which is not compatible with ", e.dataset, scopeName(other))
		if ref.property != "" {
			c.fail(c.at(sheetSurvey, c.rowOf(sheetSurvey, ref.row), "bind", "entities:saveto"), msg{code: "entity-scope",
				text:   fmt.Sprintf("The entity %q depends on answers of different repeats.", e.dataset),
				remedy: "Copy the value into the repeat with a calculate row and save that.",
				detail: c.entitySentence(ref.row, frame+fmt.Sprintf("this 'save_to' reference in scope '%s'. Please either: check the spelling of the list name in the 'save_to', or copy either value into the desired container scope with a 'calculate' question then use that 'calculate' for the 'save_to'.", scopeName(ref.path)))})
			return nil, false
		}
		c.fail(c.entityPlace(e), msg{code: "entity-scope",
			text:   fmt.Sprintf("The entity %q depends on answers of different repeats, one of them %q.", e.dataset, ref.question),
			remedy: "Copy the value into the repeat with a calculate row and use that.",
			detail: fmt.Sprintf("%s On the 'entities' sheet, the entity declaration is invalid. %sthe variable reference to '%s' in scope '%s'. Please either: check the spelling of the variable references, or copy either value into the desired container scope with a 'calculate' question then use that 'calculate' for the 'save_to'.",
				rowTag(e.row), frame, ref.question, scopeName(ref.path))})
		return nil, false
	}
	return best, true
}

func repeatsIn(path []*element) int {
	n := 0
	for _, e := range path {
		if e.kind == kindRepeat {
			n++
		}
	}
	return n
}

func wantedContainer(e *entity, s []*element) (want []*element, saves [][]*element) {
	for _, ref := range e.refs {
		if ref.property != "" {
			saves = append(saves, ref.path)
		}
	}
	if len(saves) > 0 {
		want = saves[0]
		for _, p := range saves[1:] {
			n := 0
			for n < len(want) && n < len(p) && want[n] == p[n] {
				n++
			}
			want = want[:n]
		}
		return want, saves
	}
	want = s
	for _, ref := range e.refs {
		if prefixOf(s, ref.path) && len(ref.path) > len(want) {
			want = ref.path
		}
	}
	return want, nil
}

func (c *compiler) noContainer(e, other *entity, s []*element) {
	c.fail(c.entityPlace(e), msg{code: "entity-container",
		text:   fmt.Sprintf("Each group, repeat or form holds one entity, and the place of %q is taken by %q.", e.dataset, other.dataset),
		remedy: "Put the questions of each entity into a group of their own.",
		detail: fmt.Sprintf("%s On the 'entities' sheet, the entity declaration is invalid. Each container (survey, group, repeat) may have only one entity declaration, but there are no valid containers available in the scope: '%s', which has been allocated to the entity on row '%d'. Please either: check which entities are referred to from the 'survey' sheetin the 'save_to' column, or check which questions are being referred to from the 'entities' sheet with variable references (such as in the 'label').",
			rowTag(e.row), scopeName(s), other.row)})
}

// hang puts the entity's elements under the container.
func (c *compiler) hang(e *entity, container *element) {
	node := &element{kind: kindEntity, name: "entity", entity: e}
	for _, n := range [...]string{"@create", "@update", "@baseVersion", "@trunkVersion", "@branchId", "@id", "label"} {
		node.add(&element{kind: kindQuestion, name: n})
	}
	meta := container.metaGroup()
	meta.children = append([]*element{node}, meta.children...)
	node.parent = meta
	if inRepeat(container) {
		c.nestedEntity = true
	}
}

// metaGroup is the group of the form's own data in a container.
func (e *element) metaGroup() *element {
	for _, ch := range e.children {
		if ch.kind == kindMeta {
			return ch
		}
	}
	m := &element{kind: kindMeta, name: "meta"}
	e.add(m)
	return m
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
