package db_test

import (
	"fmt"
	"testing"

	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

func number(s db.Scanner) (n int, err error) { return n, s.Scan(&n) }

func TestAQueryMayBeRunAgainWhileItsRowsAreStillRead(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	for i := range 3 {
		if err := d.Write(ctx, insert(fmt.Sprint(i), i)); err != nil {
			t.Fatal(err)
		}
	}
	const query = `SELECT n FROM trial_row ORDER BY n`
	err := d.Read(ctx, func(tx *db.Tx) error {
		outer, err := db.All(tx, func(s db.Scanner) (int, error) {
			inner, err := db.All(tx, number, query)
			if err == nil && len(inner) != 3 {
				t.Errorf("the inner run read %d rows of 3", len(inner))
			}
			n, e := number(s)
			if err == nil {
				err = e
			}
			return n, err
		}, query)
		if fmt.Sprint(outer) != "[0 1 2]" {
			t.Errorf("the outer run read %v", outer)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStatementThatFailedWorksTheNextTime(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	if err := d.Write(ctx, insert("a", 1)); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(ctx, insert("a", 2)); !db.Unique(err) {
		t.Fatalf("the same id went in twice: %v", err)
	}
	if err := d.Write(ctx, insert("b", 3)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, d); n != 2 {
		t.Errorf("%d rows instead of 2", n)
	}
}

func TestAStatementFollowsAChangeOfItsTable(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	read := func() (width int) {
		err := d.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query(`SELECT * FROM trial_row`)
			if err != nil {
				return err
			}
			defer rows.Close()
			columns, err := rows.Columns()
			width = len(columns)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return width
	}
	before := read()
	if err := d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`ALTER TABLE trial_row ADD COLUMN late TEXT`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if after := read(); after != before+1 {
		t.Errorf("%d columns, and %d after one was added", before, after)
	}
}

func TestMoreQueriesThanAConnectionKeepsAreAllAnswered(t *testing.T) {
	d := dbtest.SQLite(t)
	withTable(t, d)
	err := d.Read(ctx, func(tx *db.Tx) error {
		for i := range 700 {
			n, _, err := db.One(tx, number, fmt.Sprintf(`SELECT %d`, i))
			if err != nil {
				return err
			}
			if n != i {
				t.Fatalf("query %d answered %d", i, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
