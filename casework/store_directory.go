package casework

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lintas/casework/hsds"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

type hsdsRow struct{ Table, ID, Doc string }

// readDirectory reads the rows that changed after a version; after 0, all. gone
// are those that were taken out.
func readDirectory(t *db.Tx, after int64) (flat hsds.Directory, gone []hsds.Key, err error) {
	where, args := `doc <> ''`, []any(nil)
	if after > 0 {
		where, args = `version > ?`, []any{after}
	}
	rows, err := db.All(t, func(s db.Scanner) (r hsdsRow, err error) { return r, s.Scan(&r.Table, &r.ID, &r.Doc) }, `SELECT object, id, doc FROM casework_hsds WHERE `+where, args...)
	if err != nil {
		return flat, nil, err
	}
	rows = slices.DeleteFunc(rows, func(r hsdsRow) bool {
		if r.Doc == "" {
			gone = append(gone, hsds.Key{Table: r.Table, ID: r.ID})
		}
		return r.Doc == ""
	})
	flat, err = directoryOf(rows)
	flat.Sort()
	return flat, gone, err
}

func directoryVersion(t *db.Tx) (version int64, err error) {
	return version, t.Row(`SELECT version FROM casework_directory WHERE one = 1`).Scan(&version)
}

// putDirectory makes the next version of the directory: rows are added or
// replaced, and those in gone taken out. The version is bumped first, so that
// two writers stand in line.
func putDirectory(t *db.Tx, flat hsds.Directory, gone []hsds.Key) error {
	rows, err := rowsOf(flat)
	if err != nil {
		return err
	}
	if _, err := t.Exec(`UPDATE casework_directory SET version = version + 1 WHERE one = 1`); err != nil {
		return err
	}
	version, err := directoryVersion(t)
	if err != nil {
		return err
	}
	for _, r := range rows {
		old, _, err := db.One(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT doc FROM casework_hsds WHERE object = ? AND id = ?`, r.Table, r.ID)
		if err != nil {
			return err
		}
		if old == r.Doc {
			continue
		}
		if err := putRow(t, r, version); err != nil {
			return err
		}
	}
	for _, k := range gone {
		if err := putRow(t, hsdsRow{k.Table, k.ID, ""}, version); err != nil {
			return err
		}
	}
	return nil
}

// putRow stores a row as it stands in a version; without a doc it is taken out.
func putRow(t *db.Tx, r hsdsRow, version int64) error {
	return t.Later(`INSERT INTO casework_hsds (object, id, doc, version) VALUES (?,?,?,?) ON CONFLICT (object, id) DO UPDATE SET doc = excluded.doc, version = excluded.version`, r.Table, r.ID, r.Doc, version)
}

// nextVersion makes the version after the one that somebody looked at; moved is
// true when there is a newer one.
func nextVersion(t *db.Tx, seen int64) (moved bool, err error) {
	n, err := t.Exec(`UPDATE casework_directory SET version = version + 1 WHERE one = 1 AND version = ?`, seen)
	return n == 0, err
}

// tableRows are the rows of a table that stand, by their id.
func tableRows(t *db.Tx, table string) (map[string]string, error) {
	rows, err := db.All(t, func(s db.Scanner) (r hsdsRow, err error) { return r, s.Scan(&r.ID, &r.Doc) }, `SELECT id, doc FROM casework_hsds WHERE object = ? AND doc <> ''`, table)
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Doc
	}
	return out, err
}

const importColumns = `id, by_person, mark, added, changed, unchanged, version, at, undone_at, undone_by`

func scanImport(s db.Scanner) (i DirectoryImport, err error) {
	var at, undone int64
	err = s.Scan(&i.ID, &i.by, &i.Mark, &i.Added, &i.Changed, &i.Unchanged, &i.version, &at, &undone, &i.undoneBy)
	i.At, i.UndoneAt = clock.FromMillis(at), clock.FromMillis(undone)
	return i, err
}

func importByID(t *db.Tx, id string) (DirectoryImport, bool, error) {
	return db.One(t, scanImport, `SELECT `+importColumns+` FROM casework_directory_import WHERE id = ?`, id)
}

// importsOf lists the newest imports first.
func importsOf(t *db.Tx, most int) ([]DirectoryImport, error) {
	return db.All(t, scanImport, `SELECT `+importColumns+` FROM casework_directory_import ORDER BY at DESC, id DESC LIMIT ?`, most)
}

func insertImport(t *db.Tx, i DirectoryImport) error {
	_, err := t.Exec(`INSERT INTO casework_directory_import (`+importColumns+`) VALUES (?,?,?,?,?,?,?,?,0,'')`, i.ID, i.by, i.Mark, i.Added, i.Changed, i.Unchanged, i.version, ms(i.At))
	return err
}

// insertBefore keeps what a row was, so that the import can be taken back.
func insertBefore(t *db.Tx, id string, c rowChange) error {
	return t.Later(`INSERT INTO casework_directory_before (import, object, id, doc, became) VALUES (?,?,?,?,?)`, id, c.Table, c.ID, c.old, mark256(c.Doc))
}

func mark256(doc string) string {
	sum := sha256.Sum256([]byte(doc))
	return hex.EncodeToString(sum[:])
}

// endImport says who took an import back; what rows were before is dropped.
func endImport(t *db.Tx, id, person string, at time.Time) error {
	if _, err := t.Exec(`UPDATE casework_directory_import SET undone_at = ?, undone_by = ? WHERE id = ?`, ms(at), person, id); err != nil {
		return err
	}
	_, err := t.Exec(`DELETE FROM casework_directory_before WHERE import = ?`, id)
	return err
}

// forgetBefore drops what rows were before imports that are older than this.
func forgetBefore(t *db.Tx, before time.Time) error {
	_, err := t.Exec(`DELETE FROM casework_directory_before WHERE import IN (SELECT id FROM casework_directory_import WHERE at < ?)`, ms(before))
	return err
}

// beforeRow is a row of an import: what it was, what the import made of it, what it is.
type beforeRow struct {
	hsdsRow
	became, now string
}

func beforeOf(t *db.Tx, id string) ([]beforeRow, error) {
	return db.All(t, func(s db.Scanner) (r beforeRow, err error) {
		return r, s.Scan(&r.Table, &r.ID, &r.Doc, &r.became, &r.now)
	}, `SELECT b.object, b.id, b.doc, b.became, h.doc FROM casework_directory_before b JOIN casework_hsds h ON h.object = b.object AND h.id = b.id WHERE b.import = ? ORDER BY b.object, b.id`, id)
}

// keysSince are the rows that changed after a version.
func keysSince(t *db.Tx, version int64) (map[hsds.Key]bool, error) {
	rows, err := db.All(t, func(s db.Scanner) (k hsds.Key, err error) { return k, s.Scan(&k.Table, &k.ID) }, `SELECT object, id FROM casework_hsds WHERE version > ?`, version)
	out := make(map[hsds.Key]bool, len(rows))
	for _, k := range rows {
		out[k] = true
	}
	return out, err
}

// builtOn says by what the services that an import added are used, each with
// its ids.
func builtOn(t *db.Tx, id string, now time.Time) (map[string][]string, error) {
	out := map[string][]string{}
	for what, where := range map[string]string{
		"referral": `SELECT service FROM casework_referral`,
		"consent":  `SELECT recipient FROM casework_receipt`,
		"receiver": `SELECT service FROM casework_receiver`,
		"link":     `SELECT service FROM casework_assurance WHERE used_at = 0 AND ends_at > ?`,
	} {
		args := []any{id}
		if what == "link" {
			args = append(args, ms(now))
		}
		ids, err := db.All(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) },
			`SELECT b.id FROM casework_directory_before b WHERE b.import = ? AND b.object = 'services.csv' AND b.doc = '' AND b.id IN (`+where+`) ORDER BY b.id`, args...)
		if err != nil {
			return nil, err
		}
		out[what] = ids
	}
	return out, nil
}

// directoryOf puts rows together as HSDS's tables.
func directoryOf(rows []hsdsRow) (flat hsds.Directory, err error) {
	tables := map[string][]string{}
	for _, r := range rows {
		tables[r.Table] = append(tables[r.Table], r.Doc)
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range sortedKeys(tables) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:[%s]", name, strings.Join(tables[name], ","))
	}
	b.WriteByte('}')
	err = json.Unmarshal([]byte(b.String()), &flat)
	return flat, err
}

// rowsOf lists a directory's rows with their table and id.
func rowsOf(flat hsds.Directory) ([]hsdsRow, error) {
	raw, err := json.Marshal(flat)
	if err != nil {
		return nil, err
	}
	var tables map[string][]json.RawMessage
	if err := json.Unmarshal(raw, &tables); err != nil {
		return nil, err
	}
	var out []hsdsRow
	for _, table := range sortedKeys(tables) {
		for _, doc := range tables[table] {
			var key struct{ ID string }
			if err := json.Unmarshal(doc, &key); err != nil {
				return nil, err
			}
			if key.ID == "" {
				return nil, problem.New(problem.Invalid, "casework.hsds-id", "A row of %s has no id; every row of a directory needs one.", table)
			}
			out = append(out, hsdsRow{table, key.ID, string(doc)})
		}
	}
	return out, nil
}
