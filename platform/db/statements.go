package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"unicode"

	"modernc.org/sqlite"
)

// maxStatements bounds the prepared statements that one SQLite connection keeps. The program has some
// hundreds of queries; those with IN lists of every length would otherwise pile up.
const maxStatements = 256

// openStatements opens a SQLite database whose connections keep the statements they have prepared.
// Preparing was a fifth of what a stored interview cost; pgx keeps its statements by itself.
func openStatements(dsn string) (*sql.DB, error) {
	inner, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{inner}), nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("db: the SQLite driver lacks what the store needs of it"), inner.Close())
	}
	return &conn{sqliteConn: full, kept: map[string]*statement{}}, nil
}

// sqliteConn is what database/sql uses of the driver's connection, all of it, so that wrapping hides nothing.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.ExecerContext
	driver.QueryerContext
}

// conn is a connection with the statements it has prepared. database/sql lets one goroutine at a time in.
type conn struct {
	sqliteConn
	kept map[string]*statement
}

// statement is a prepared statement; busy while its rows are being read. A second run of the same text in
// that time must not have it: it would wind the first one's rows back.
type statement struct {
	driver.Stmt
	busy bool
}

// ExecContext runs a kept statement, or prepares and keeps it.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext runs a kept statement, which is busy until the rows are closed.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	r, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &rows{Rows: r, of: s}, nil
}

// statement is the kept one, a new one, or nil where the query is not to be kept or its statement is busy.
func (c *conn) statement(ctx context.Context, query string) (*statement, error) {
	if s, ok := c.kept[query]; ok {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if !worthKeeping(query) {
		return nil, nil
	}
	if len(c.kept) >= maxStatements {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	p, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: p}
	c.kept[query] = s
	return s, nil
}

// worthKeeping leaves out what runs once (migrations, pragmas, VACUUM).
func worthKeeping(query string) bool {
	word := strings.TrimSpace(query)
	if end := strings.IndexFunc(word, unicode.IsSpace); end > 0 {
		word = word[:end]
	}
	switch strings.ToUpper(word) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK":
		return true
	}
	return false
}

// forget closes the kept statements that are not being read from.
func (c *conn) forget() error {
	var errs []error
	for query, s := range c.kept {
		if !s.busy {
			errs = append(errs, s.Close())
			delete(c.kept, query)
		}
	}
	return errors.Join(errs...)
}

// Close closes the statements and the connection.
func (c *conn) Close() error {
	for _, s := range c.kept {
		s.busy = false
	}
	return errors.Join(c.forget(), c.sqliteConn.Close())
}

type rows struct {
	driver.Rows
	of *statement
}

func (r *rows) Close() error {
	defer func() { r.of.busy = false }()
	return r.Rows.Close()
}
