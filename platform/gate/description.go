package gate

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Settle ends the adding of routes. The description of the API is kept as compressed text, and what only the
// description needs is let go: the schemas of answers are a quarter of what an idle node holds, and nobody but a
// programmer ever asks for them. Schemas of what comes in stay, as requests are checked against them.
func (g *Gate) Settle() error {
	if g.description != nil {
		return errors.New("gate: settled already")
	}
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	if err := errors.Join(json.NewEncoder(z).Encode(g.api.OpenAPI()), z.Close()); err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	g.description = text.Bytes()
	forgetAnswers(g.api.OpenAPI())
	return nil
}

// Description is the OpenAPI 3.1 description of the typed routes, in JSON. The gate must be settled.
func (g *Gate) Description() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(g.description))
	if err != nil {
		return nil, fmt.Errorf("the gate is not settled: %w", err)
	}
	return io.ReadAll(z)
}

func (g *Gate) openAPI(w http.ResponseWriter, r *http.Request) {
	text, err := g.Description()
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	w.Write(text)
}

func forgetAnswers(api *huma.OpenAPI) {
	keep := needed{api.Components.Schemas, map[string]bool{}}
	for _, p := range api.Paths {
		for _, op := range []*huma.Operation{p.Get, p.Put, p.Post, p.Delete, p.Options, p.Head, p.Patch, p.Trace} {
			if op == nil {
				continue
			}
			op.Responses = nil
			for _, in := range op.Parameters {
				keep.schema(in.Schema)
			}
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					keep.schema(m.Schema)
				}
			}
		}
	}
	all := api.Components.Schemas.Map()
	for name := range all {
		if !keep.names[name] {
			delete(all, name)
		}
	}
}

// needed gathers the names of schemas that others refer to.
type needed struct {
	all   huma.Registry
	names map[string]bool
}

func (n needed) schema(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		if !n.names[name] {
			n.names[name] = true
			n.schema(n.all.SchemaFromRef(s.Ref))
		}
		return
	}
	n.schema(s.Items)
	n.schema(s.Not)
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		n.schema(more)
	}
	for _, p := range s.Properties {
		n.schema(p)
	}
	for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
		for _, each := range list {
			n.schema(each)
		}
	}
}
