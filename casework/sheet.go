package casework

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"lintas/casework/merge"
	"lintas/casework/names"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// MaxValue bounds one field, in bytes.
const MaxValue = 20_000

// checkValues refuses unknown fields and values of the wrong kind, naming each.
func checkValues(values map[string]string) error {
	p := problem.New(problem.Invalid, "casework.values", "Some fields cannot be stored as they are. Nothing was saved.")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f, ok := fieldByName[name]
		v := values[name]
		switch {
		case !ok:
			p.With("body.values."+name, "is not a field of a case")
		case len(v) > MaxValue:
			p.With("body.values."+name, "is longer than 20,000 bytes")
		case v == "":
		case f.standard:
			if _, _, err := standardField(name).Normalise(listOf(name, v)); err != nil {
				p.With("body.values."+name, err.Error())
			}
		case f.Kind == "date":
			if _, err := time.Parse(time.DateOnly, v); err != nil {
				p.With("body.values."+name, "is not a date; write it as 2026-03-01")
			}
		case f.Kind == "number":
			if n, err := strconv.Atoi(v); err != nil || n < 0 || n > 130 {
				p.With("body.values."+name, "is not an age in whole years")
			}
		case f.Kind == "choice" && len(f.Values) > 0 && !slices.Contains(f.Values, v):
			p.With("body.values."+name, "is not one of %s", strings.Join(f.Values, ", "))
		}
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

// byClass sorts values into field classes.
func byClass(values map[string]string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for name, v := range values {
		class := fieldByName[name].Class
		if out[class] == nil {
			out[class] = map[string]string{}
		}
		out[class][name] = v
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sheetRow is one class of a case as stored.
type sheetRow struct {
	Case, Class string
	Sealed      []byte
	Revision    int64
}

// openSheet reads a class's fields; empty when there are none, erased when its
// key is gone.
func (d *Desk) openSheet(ctx context.Context, c Case, row sheetRow) (fields map[string]merge.Field, erased bool, err error) {
	fields = map[string]merge.Field{}
	if row.Sealed == nil {
		return fields, false, nil
	}
	plain, err := d.unseal(ctx, c.Person, row.Class, place("sheet", c.ID, row.Class), row.Sealed)
	if errors.Is(err, keys.ErrErased) {
		return fields, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return fields, false, json.Unmarshal(plain, &fields)
}

// editSheet lays changes over one class. base is the case revision that the
// editor last saw. Conflicts are stored for a human, not thrown away.
func (d *Desk) editSheet(t *db.Tx, ctx context.Context, c Case, class string, changes map[string]string, base int64) ([]string, []merge.Clash, error) {
	row, _, err := sheetOf(t, c.ID, class)
	if err != nil {
		return nil, nil, err
	}
	stored, erased, err := d.openSheet(ctx, c, row)
	if err != nil {
		return nil, nil, err
	}
	if erased {
		return nil, nil, errErased
	}
	fields, changed, conflicts := merge.Apply(stored, changes, base, c.Revision, actor.From(ctx).Label())
	if len(changed) > 0 {
		if err := d.storeSheet(t, ctx, c, class, fields); err != nil {
			return nil, nil, err
		}
	}
	for _, x := range conflicts {
		if err := d.storeConflict(t, ctx, c, class, x); err != nil {
			return nil, nil, err
		}
	}
	return changed, conflicts, nil
}

func (d *Desk) storeSheet(t *db.Tx, ctx context.Context, c Case, class string, fields map[string]merge.Field) error {
	plain, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	sealed, err := d.seal(ctx, c.Person, class, place("sheet", c.ID, class), plain)
	if err != nil {
		return err
	}
	if err := putSheet(t, sheetRow{c.ID, class, sealed, c.Revision}); err != nil {
		return err
	}
	if err := putMarks(t, c.ID, class, d.marks(class, fields)); err != nil {
		return err
	}
	return d.leaf(t, ctx, "write", "sheet:"+c.ID+"/"+class, c.Person, map[string]any{"revision": c.Revision}, sealed)
}

func (d *Desk) storeConflict(t *db.Tx, ctx context.Context, c Case, class string, x merge.Clash) error {
	one := id.New()
	sealed, err := d.seal(ctx, c.Person, class, place("conflict", one, x.Field), []byte(x.Mine))
	if err != nil {
		return err
	}
	return insertConflict(t, Conflict{ID: one, Case: c.ID, Class: class, Field: x.Field, By: actor.From(ctx).Person, At: d.Clock.Now()}, sealed)
}

// Mark is one exact-search mark.
type Mark struct{ Kind, Mark string }

// marks are the exact-search marks of a class's fields. Every word of a name
// is a mark of its own, so that the order of names does not hide anybody.
func (d *Desk) marks(class string, fields map[string]merge.Field) []Mark {
	var out []Mark
	add := func(kind, v string) {
		if m := (Mark{kind, d.Keys.Index("casework."+kind, v)}); v != "" && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	for _, name := range sortedKeys(fields) {
		f := fieldByName[name]
		if f.Class != class || f.Mark == "" {
			continue
		}
		if f.Mark == "name" {
			for _, word := range nameWords(fields[name].Value) {
				add("name", word)
				add("name", names.Bare(word))
			}
			continue
		}
		add(f.Mark, plainForm(f.Mark, fields[name].Value))
	}
	words, whole := sounds(class, fields)
	for _, sound := range words {
		add(soundKind(sound), sound)
	}
	for _, sound := range whole {
		add("whole_sound", sound)
	}
	return out
}

// sounds are the skeletons of a class's names: of each word, and of given and
// family name together, for who writes them without a space between.
func sounds(class string, fields map[string]merge.Field) (words, whole []string) {
	var all []string
	for _, f := range Fields {
		if f.Class != class || f.Mark != "name" {
			continue
		}
		for _, w := range nameWords(fields[f.Name].Value) {
			if words = append(words, names.Sound(w)); names.Bare(w) != w {
				words = append(words, names.Sound(names.Bare(w)))
			}
			if f.Name != "other_names" {
				all = append(all, w)
			}
		}
	}
	if len(all) == 1 {
		return words, []string{names.Sound(all[0]), names.Sound(names.Bare(all[0]))}
	}
	return words, names.Whole(all)
}

// soundKind tells a long skeleton from a short one: three consonants in a row
// are seldom shared by chance.
func soundKind(sound string) string {
	if len(sound) >= 3 {
		return "long_sound"
	}
	return "sound"
}

// nameWords are a name's words in one form: width and case folded, marks that
// writers leave out taken off Latin letters. Thai, Khmer and Burmese write
// names without spaces inside; a part is then one word.
func nameWords(name string) []string {
	folded := norm.NFKD.String(cases.Fold().String(norm.NFKC.String(name)))
	var b strings.Builder
	latin := false
	for _, r := range folded {
		switch {
		case unicode.Is(unicode.Mn, r) && latin:
			continue
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			latin = unicode.Is(unicode.Latin, r)
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(norm.NFC.String(b.String()))
}

// plainForm is a number or address in one form.
func plainForm(kind, v string) string {
	v = cases.Fold().String(norm.NFKC.String(strings.TrimSpace(v)))
	if kind == "phone" {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, v)
		// The last nine digits are the same with and without country code.
		return digits[max(0, len(digits)-9):]
	}
	if kind == "document" {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, v)
	}
	return v
}

// Likeness is a case that may be about the same person.
type Likeness struct {
	Case  string   `json:"case"`
	Code  string   `json:"code"`
	State State    `json:"state"`
	Same  []string `json:"same" doc:"What is the same: name, sound (of the name), birth, phone, document, email"`
}

// Duplicates finds cases of the actor's organisation that may be about the same
// person. One shared name word alone is not enough: half a town shares it.
func (d *Desk) Duplicates(ctx context.Context, values map[string]string) (out []Likeness, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		out, err = d.duplicates(t, values, actor.From(ctx).Organisation)
		return err
	})
	return out, err
}

// marksOf are the marks of values of any class.
func (d *Desk) marksOf(values map[string]string) (marks []Mark) {
	fields := map[string]merge.Field{}
	for name, v := range values {
		fields[name] = merge.Field{Value: v}
	}
	for _, class := range Classes {
		marks = append(marks, d.marks(class, fields)...)
	}
	return marks
}

func (d *Desk) duplicates(t *db.Tx, values map[string]string, organisation string) ([]Likeness, error) {
	hits, err := markHits(t, organisation, d.ask(values))
	if err != nil {
		return nil, err
	}
	return likenesses(hits), nil
}

// question is what is asked of the marks to find possible duplicates.
type question struct {
	marks      []Mark
	birthKnown bool
	// words and sounds count what the given and family name have of their own.
	words, sounds int
}

// ask makes the question for somebody's values. Titles, initials and words
// between names are not asked for. The sound of a whole name counts with the day
// of birth only.
func (d *Desk) ask(values map[string]string) question {
	q := question{birthKnown: values["birth_date"] != ""}
	own := maps.Clone(values)
	words, sounds := map[string]bool{}, map[string]bool{}
	for _, f := range Fields {
		if f.Mark != "name" || values[f.Name] == "" {
			continue
		}
		bare := names.Own(nameWords(values[f.Name]))
		own[f.Name] = strings.Join(bare, " ")
		for _, w := range bare {
			if f.Name != "other_names" {
				words[w], sounds[names.Sound(w)] = true, true
			}
		}
	}
	q.words, q.sounds = len(words), len(sounds)
	whole := slices.DeleteFunc(d.marksOf(values), func(m Mark) bool { return m.Kind != "whole_sound" })
	for _, m := range append(d.marksOf(own), whole...) {
		if !slices.Contains(q.marks, m) && (q.birthKnown || m.Kind != "whole_sound") {
			q.marks = append(q.marks, m)
		}
	}
	return q
}

// likenesses says of cases that share enough what is the same. A sound that is
// shared because the word is the same is not said twice.
func likenesses(hits []markHit) []Likeness {
	var out []Likeness
	for _, h := range hits {
		l := Likeness{Case: h.Case, Code: h.Code, State: h.State}
		for _, kind := range []string{"birth", "document", "email", "name", "phone"} {
			if h.Shared[kind] > 0 {
				l.Same = append(l.Same, kind)
			}
		}
		if h.Shared["sound"]+h.Shared["long_sound"]+h.Shared["whole_sound"] > 0 && h.Shared["name"] < 2 {
			l.Same = append(l.Same, "sound")
		}
		out = append(out, l)
	}
	return out
}

// alike says whether so many shared marks of each kind are enough: a document,
// telephone or e-mail; two words of the name, unless each of the two names has
// one that the other lacks (Nguyen Thi is half of a name that thousands have);
// or a word of the name, or how one sounds, and the day of birth; or, where no
// birth is known, two long sounds, or a word and the sounds of all the others.
// stored is how many words the other name has.
func (q question) alike(n map[string]int, stored int) bool {
	switch {
	case n["document"]+n["phone"]+n["email"] > 0, n["long_sound"] >= 2 && !q.birthKnown:
		return true
	case !q.birthKnown && q.sounds >= 2 && n["name"] > 0 && n["sound"]+n["long_sound"] >= q.sounds:
		return true
	case n["name"] >= 2 && (n["name"] >= q.words || n["name"] >= stored || n["sound"]+n["long_sound"] >= q.sounds):
		return true
	}
	return n["birth"] > 0 && n["name"]+n["sound"]+n["long_sound"]+n["whole_sound"] > 0
}

// nameWhatIsTheSame says in whole sentences what two cases have in common: a sentence can be translated.
func nameWhatIsTheSame(p *problem.Problem, l Likeness) {
	at := "case:" + l.Case
	for _, what := range l.Same {
		switch what {
		case "name":
			p.With(at, "%s has the same name", l.Code)
		case "sound":
			p.With(at, "%s has a name that sounds the same", l.Code)
		case "birth":
			p.With(at, "%s has the same date of birth", l.Code)
		case "phone":
			p.With(at, "%s has the same telephone number", l.Code)
		case "document":
			p.With(at, "%s has the same document", l.Code)
		case "email":
			p.With(at, "%s has the same e-mail address", l.Code)
		}
	}
}

// refuseDuplicates refuses a new case while a possible duplicate was not
// looked at. It names cases by code only.
func (d *Desk) refuseDuplicates(t *db.Tx, ctx context.Context, n NewCase, organisation string) error {
	if n.Exercise {
		return nil // about nobody: there is no second case of nobody
	}
	found, err := d.duplicates(t, n.Values, organisation)
	if err != nil {
		return err
	}
	p := problem.New(problem.Conflict, "casework.possible-duplicate", "Somebody like this may have a case already. Look at the cases named; if it is another person, save again and say so.")
	for _, l := range found {
		if !slices.Contains(n.NotDuplicateOf, l.Case) {
			nameWhatIsTheSame(p, l)
		}
	}
	if len(p.Fields) > 0 {
		return p
	}
	return nil
}

// Edit is a change to a case's sheets by somebody who last saw Base.
type Edit struct {
	Base   int64             `json:"base" doc:"Revision of the case that the editor last saw"`
	Values map[string]string `json:"values"`
}

// Edited says what an edit did.
type Edited struct {
	Revision  int64         `json:"revision"`
	Changed   []string      `json:"changed"`
	Conflicts []merge.Clash `json:"conflicts"`
}

// EditSheets changes fields of a case. Fields that somebody else changed since
// are left as they stand, and both values are shown to a human.
func (d *Desk) EditSheets(ctx context.Context, caseID string, e Edit) (out Edited, err error) {
	if err := checkValues(e.Values); err != nil {
		return out, err
	}
	sheets := byClass(e.Values)
	c, err := d.GetCase(ctx, caseID)
	if err != nil {
		return out, err
	}
	if err := c.takesNothing(); err != nil {
		return out, err
	}
	if err := d.ensureOpen(ctx, c, sortedKeys(sheets)...); err != nil {
		return out, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		out = Edited{Changed: []string{}, Conflicts: []merge.Clash{}}
		for _, class := range sortedKeys(sheets) {
			if c, _, err = d.allowed(t, ctx, caseID, Write, class); err != nil {
				return err
			}
			c.Revision++
			changed, conflicts, err := d.editSheet(t, ctx, c, class, sheets[class], e.Base)
			if err != nil {
				return err
			}
			out.Changed, out.Conflicts = append(out.Changed, changed...), append(out.Conflicts, conflicts...)
		}
		out.Revision = c.Revision
		c.ChangedAt = d.Clock.Now()
		c.Child = c.Child || underAge(e.Values, c.ChangedAt) // taken off by hand only
		if err := updateCase(t, c); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "edit", "case:"+c.ID, c.Person, map[string]any{"fields": out.Changed, "conflicts": len(out.Conflicts)}, c.stored()); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return out, err
}

// Conflict is a value that was not stored because somebody else had changed
// the field; a human decides.
type Conflict struct {
	ID    string    `json:"id"`
	Case  string    `json:"case"`
	Class string    `json:"class"`
	Field string    `json:"field"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	// Mine is the value not stored, for who may read the class.
	Mine string `json:"mine,omitempty"`
}

// ResolveConflict takes the value that was not stored (take) or leaves the one
// that is.
func (d *Desk) ResolveConflict(ctx context.Context, caseID, conflict string, take bool) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		x, sealed, found, err := conflictByID(t, caseID, conflict)
		if err != nil {
			return err
		}
		class := Administrative
		if found {
			class = x.Class
		}
		c, _, err := d.allowed(t, ctx, caseID, Write, class)
		if err != nil {
			return err
		}
		if !found {
			return problem.New(problem.NotFound, "casework.conflict-unknown", "This conflict is settled already.")
		}
		c.Revision, c.ChangedAt = c.Revision+1, d.Clock.Now()
		if take {
			mine, err := d.unseal(ctx, c.Person, x.Class, place("conflict", x.ID, x.Field), sealed)
			if err != nil {
				return err
			}
			if _, _, err := d.editSheet(t, ctx, c, x.Class, map[string]string{x.Field: string(mine)}, c.Revision); err != nil {
				return err
			}
		}
		if err := resolveConflict(t, x.ID, d.Clock.Now()); err != nil {
			return err
		}
		if err := updateCase(t, c); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "resolve", "case:"+c.ID, c.Person, map[string]any{"field": x.Field, "took_second": take}, c.stored()); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
}
