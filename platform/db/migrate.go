package db

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"lintas/kernel/problem"
)

// Migrate brings one desk's tables up to date from its migrations (files 000N_name.sql in goose's
// format). Each desk keeps its own table of what was applied, <desk>_migrations, so that desks can be
// added and taken out alone. A failed migration leaves the store as it was before that file.
func (db *DB) Migrate(ctx context.Context, desk string, migrations fs.FS) error {
	files, err := forDialect(migrations, db.dialect)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", desk, err)
	}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, db.writer, files, goose.WithTableName(desk+"_migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", desk, err)
	}
	if err := notNewer(ctx, p, desk); err != nil {
		return asProblem(err)
	}
	if _, err := p.Up(ctx); err != nil {
		return asProblem(fmt.Errorf("migrate %s: %w", desk, err))
	}
	return nil
}

// notNewer refuses tables that a newer program has changed: goose passes over versions that it does not know, and
// an older program would write rows that the newer one takes for its own.
func notNewer(ctx context.Context, p *goose.Provider, desk string) error {
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", desk, err)
	}
	if have > known {
		return problem.New(problem.Unavailable, "db.newer", "A newer Lintas has worked on this data (%s: version %d of its tables, and this program knows %d). Start the newer program, or restore a backup from before it.", desk, have, known)
	}
	return nil
}

// forDialect drops the blocks marked for the other dialect.
func forDialect(src fs.FS, d Dialect) (fs.FS, error) {
	out := fstest.MapFS{}
	err := fs.WalkDir(src, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".sql") {
			return err
		}
		data, err := fs.ReadFile(src, path)
		if err != nil {
			return err
		}
		out[e.Name()] = &fstest.MapFile{Data: keepBlocks(data, d), Mode: 0o444}
		return nil
	})
	return out, err
}

func keepBlocks(data []byte, d Dialect) []byte {
	var out bytes.Buffer
	keep := true
	for line := range strings.Lines(string(data)) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(word, "-- +only "):
			keep = strings.TrimSpace(strings.TrimPrefix(word, "-- +only ")) == string(d)
		case word == "-- +end":
			keep = true
		case keep:
			out.WriteString(line)
		}
	}
	return out.Bytes()
}
