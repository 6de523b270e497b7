package screening

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lintas/kernel/actor"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// entityLists gives the lists that forms create or change, with their properties in order.
func (d *Desk) entityLists(ctx context.Context) (map[string][]string, error) {
	var revisions []Revision
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { revisions, err = currentRevisions(t, ""); return err })
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, r := range revisions {
		c, err := d.revision(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for list, properties := range c.form.Lists {
			for _, p := range properties {
				if !slices.Contains(out[list], p) {
					out[list] = append(out[list], p)
				}
			}
			out[list] = slices.Clone(out[list])
		}
	}
	return out, nil
}

// listsFor are the entity lists that a form offers to choose from: it names NAME.csv, nobody uploaded such a file, and
// some form fills a list of that name.
func (d *Desk) listsFor(ctx context.Context, r Revision) ([]string, error) {
	c, err := d.revision(ctx, r.ID)
	if err != nil || len(c.form.Files) == 0 {
		return nil, err
	}
	all, err := d.entityLists(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, file := range c.form.Files {
		list, isCSV := strings.CutSuffix(file, ".csv")
		_, declared := all[list]
		uploaded := slices.ContainsFunc(r.Media, func(m Medium) bool { return m.Name == file })
		if isCSV && declared && !uploaded && !slices.Contains(out, list) {
			out = append(out, list)
		}
	}
	return out, nil
}

// EntityCSV is a list as clients read it: name, label, __version and the properties.
func (d *Desk) EntityCSV(ctx context.Context, list string) ([]byte, error) {
	all, err := d.entityLists(ctx)
	if err != nil {
		return nil, err
	}
	properties, declared := all[list]
	if !declared {
		return nil, errNoInstrument
	}
	var rows []entityRow
	err = d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = db.All(t, scanEntity, `SELECT `+entityColumns+` FROM screening_entity WHERE organisation = ? AND list = ? AND state = ? ORDER BY id`, actor.From(ctx).Organisation, list, entityLive)
		return err
	})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(append([]string{"name", "label", "__version"}, properties...))
	for _, r := range rows {
		data, err := d.openEntity(ctx, r)
		if errors.Is(err, keys.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		line := []string{r.UUID, data.Label, strconv.Itoa(r.Version)}
		for _, p := range properties {
			line = append(line, data.Props[p])
		}
		w.Write(line)
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// serveEntityList answers with a list as CSV. It names people, so who fetched it is written down.
func (d *Desk) serveEntityList(w http.ResponseWriter, r *http.Request) {
	list := r.PathValue("list")
	content, err := d.EntityCSV(r.Context(), list)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	tag := hashMD5(content)
	if r.Header.Get("If-None-Match") != `"`+tag+`"` {
		err = d.db.Write(r.Context(), func(t *db.Tx) error {
			return audit.Append(t, d.clock.Now(), actor.From(r.Context()), audit.Entry{Verb: "screening.entity-list", Object: "screening-entity-list:" + hashMD5([]byte(list)), Detail: map[string]any{"rows": bytes.Count(content, []byte("\n")) - 1}})
		})
		if err != nil {
			d.fail(w, r, err)
			return
		}
	}
	openRosaHeaders(w.Header())
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	serveBytes(w, r, content, tag)
}

type integrityEntity struct {
	ID      string `xml:"id,attr"`
	Deleted bool   `xml:"deleted"`
}

type integrity struct {
	XMLName  xml.Name          `xml:"data"`
	Entities []integrityEntity `xml:"entities>entity"`
}

const maxAsked = 10_000 // ids in one question

// serveIntegrity tells which of the rows that a client holds were deleted. A row that the node has never seen is left
// out: the client may have made it without a network and not sent it yet.
func (d *Desk) serveIntegrity(w http.ResponseWriter, r *http.Request) {
	asked := strings.FieldsFunc(strings.ToLower(r.URL.Query().Get("id")), func(c rune) bool { return c == ',' || c == ' ' })
	if len(asked) > maxAsked {
		answer(w, http.StatusRequestURITooLong, "error", "Too many rows were asked for at once.")
		return
	}
	out := integrity{Entities: []integrityEntity{}}
	err := d.db.Read(r.Context(), func(t *db.Tx) error {
		for some := range slices.Chunk(asked, 500) {
			args := []any{actor.From(r.Context()).Organisation, r.PathValue("list")}
			for _, a := range some {
				args = append(args, a)
			}
			rows, err := db.All(t, scanEntity, `SELECT `+entityColumns+` FROM screening_entity WHERE organisation = ? AND list = ? AND uuid IN (`+db.Marks(len(some))+`) ORDER BY id`, args...)
			if err != nil {
				return err
			}
			for _, e := range rows {
				out.Entities = append(out.Entities, integrityEntity{e.UUID, e.State != entityLive})
			}
		}
		return nil
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.serveXML(w, r, out)
}
