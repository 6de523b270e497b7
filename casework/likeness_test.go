package casework

import (
	"testing"

	"lintas/platform/db"
)

// Whom a new case is shown as a possible duplicate of, by names that nobody has.
// Asked of the store and of the rows of one file, which must say the same.
func TestWhoIsShownAsPossiblyTheSamePerson(t *testing.T) {
	type person struct{ given, family, other, born string }
	values := func(p person) map[string]string {
		return map[string]string{"given_name": p.given, "family_name": p.family, "other_names": p.other, "birth_date": p.born}
	}
	eachWorld(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			what     string
			old, new person
			shown    bool
		}{
			{"the same in another order", person{"Mya", "Hla", "", ""}, person{"Hla", "MYA", "", ""}, true},
			{"the same with another birthday", person{"Mya", "Hla", "", "1999-05-04"}, person{"Mya", "Hla", "", "1999-04-05"}, true},
			{"the same with a title", person{"Mya", "Hla", "", ""}, person{"Daw Mya", "Hla", "", ""}, true},
			{"the same without the title it was written into", person{"นางสาวบุญมี", "ใจงาม", "", ""}, person{"บุญมี", "ใจงาม", "", ""}, true},
			{"the same with a patronymic", person{"Ahmad", "Karim", "", ""}, person{"Ahmad bin Karim", "", "", ""}, true},
			{"a part is missing", person{"Nguyễn Thị", "Hoa", "", ""}, person{"Hoa", "Nguyen", "", ""}, true},
			{"another spelling of one word", person{"Mohamed Karim", "Sultani", "", ""}, person{"Muhammad Karim", "Sultani", "", ""}, true},
			{"another script", person{"สมชาย", "ใจงาม", "", "1990-02-03"}, person{"Somchai", "Chaingam", "", "1990-02-03"}, true},
			{"another alias", person{"Mya", "Hla", "May", ""}, person{"Mya", "Hla", "Hnin", ""}, true},
			{"half of a name that thousands have", person{"Nguyễn Thị", "Hoa", "", "1991-01-02"}, person{"Nguyễn Thị", "Lan", "", "1993-04-05"}, false},
			{"a word between names and a birthday", person{"Siti", "binti Nur", "", "1999-05-04"}, person{"Dewi", "binti Umar", "", "1999-05-04"}, false},
			{"a title and a birthday", person{"Mr Aung", "", "", "1999-05-04"}, person{"Mr Htet", "", "", "1999-05-04"}, false},
			{"an initial and a birthday", person{"A. Putri", "", "", "1999-05-04"}, person{"A. Wulan", "", "", "1999-05-04"}, false},
			{"one shared word", person{"Mya", "Hla", "", ""}, person{"Mya", "Nwe", "", ""}, false},
		} {
			// The case of the line before is no longer found.
			if err := w.DB.Write(ana, func(tx *db.Tx) error { _, err := tx.Exec(`DELETE FROM casework_mark`); return err }); err != nil {
				t.Fatal(err)
			}
			if _, err := w.OpenCase(ana, NewCase{Values: values(c.old)}); err != nil {
				t.Fatal(c.what, err)
			}
			found := must[[]Likeness](t)(w.Duplicates(ana, values(c.new)))
			if (len(found) > 0) != c.shown {
				t.Errorf("%s: the store shows %v", c.what, found)
			}
			seen := rowsSeen{}
			seen.add(w.Desk, 1, values(c.old))
			if rows := seen.add(w.Desk, 2, values(c.new)); (len(rows) > 0) != c.shown {
				t.Errorf("%s: the file shows %v", c.what, rows)
			}
		}
	})
}
