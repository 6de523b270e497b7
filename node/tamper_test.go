package node

import (
	"context"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"lintas/platform/db"
)

// cutLog takes the newest leaf and all hashes that hang on it out of the store, as someone with the
// database in hand could: what is left is a sound, shorter log.
func cutLog(t *testing.T, n *Node) {
	t.Helper()
	err := n.DB.Write(context.Background(), func(tx *db.Tx) error {
		var last int64
		if err := tx.Row(`SELECT MAX(n) FROM audit_leaf`).Scan(&last); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM audit_leaf WHERE n = ?`, last); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM audit_hash WHERE i >= ?`, tlog.StoredHashIndex(0, last))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
