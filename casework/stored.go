package casework

import (
	"strings"

	"lintas/platform/audit"
	"lintas/platform/db"
)

// Stored says, for each kind of object of the desk, how to read the bytes that
// its newest audit leaf with a hash vouches for.
func (d *Desk) Stored() map[string]audit.Stored {
	after := func(object string) string { _, id, _ := strings.Cut(object, ":"); return id }
	return map[string]audit.Stored{
		"case": func(t *db.Tx, object string) ([]byte, bool, error) {
			c, found, err := caseByID(t, after(object))
			return c.stored(), found, err
		},
		"sheet": func(t *db.Tx, object string) ([]byte, bool, error) {
			caseID, class, _ := strings.Cut(after(object), "/")
			r, found, err := sheetOf(t, caseID, class)
			return r.Sealed, found, err
		},
		"entry": func(t *db.Tx, object string) ([]byte, bool, error) {
			e, found, err := db.One(t, scanEntry, `SELECT `+entryColumns+` WHERE id = ?`, after(object))
			return e.stored(), found, err
		},
		"receipt": func(t *db.Tx, object string) ([]byte, bool, error) {
			r, found, err := receiptByID(t, after(object))
			return r.stored(), found, err
		},
		"referral": func(t *db.Tx, object string) ([]byte, bool, error) {
			r, found, err := referralByID(t, after(object))
			return r.stored(), found, err
		},
		"return": func(t *db.Tx, object string) ([]byte, bool, error) {
			r, found, err := db.One(t, scanReturn, `SELECT `+returnColumns+` WHERE id = ?`, after(object))
			return r.stored(), found, err
		},
	}
}
