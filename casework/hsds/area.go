package hsds

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// Covers says whether a service area holds a postcode, and whether that can be
// told at all. An extent of type text is read as a list of postcodes, where
// "AB1*" stands for all that begin so; an extent in GeoJSON is asked for the
// postcode's own point (placed says that there is one). Everything else is
// words for people.
func (a ServiceArea) Covers(postcode string, lat, lon float64, placed bool) (covers, known bool) {
	switch strings.ToLower(a.ExtentType) {
	case "text":
		codes := strings.FieldsFunc(a.Extent, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) && r != ' ' })
		return slices.ContainsFunc(codes, func(code string) bool { return matches(Postcode(code), postcode) }), len(codes) > 0
	case "geojson":
		if rings := polygons(json.RawMessage(a.Extent)); placed && len(rings) > 0 {
			return slices.ContainsFunc(rings, func(p polygon) bool { return p.holds(lon, lat) }), true
		}
	}
	return false, false
}

// Postcode is a postcode in one form.
func Postcode(text string) string { return strings.ToUpper(strings.Join(strings.Fields(text), "")) }

func matches(pattern, postcode string) bool {
	if begin, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(postcode, begin)
	}
	return pattern != "" && pattern == postcode
}

// polygon is an outer ring and the rings of its holes, longitude first.
type polygon [][][]float64

// polygons collects those of a GeoJSON object, however deep they stand.
func polygons(raw json.RawMessage) []polygon {
	var o struct {
		Type        string
		Coordinates json.RawMessage
		Geometry    json.RawMessage
		Geometries  []json.RawMessage
		Features    []json.RawMessage
	}
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	var out []polygon
	switch o.Type {
	case "Polygon":
		var one polygon
		if json.Unmarshal(o.Coordinates, &one) == nil {
			out = append(out, one)
		}
	case "MultiPolygon":
		json.Unmarshal(o.Coordinates, &out) // one that cannot be read holds nothing
	case "Feature":
		return polygons(o.Geometry)
	}
	for _, inner := range append(o.Geometries, o.Features...) {
		out = append(out, polygons(inner)...)
	}
	return out
}

// holds counts for each ring how often a ray to the east crosses it.
func (p polygon) holds(x, y float64) bool {
	inside := false
	for _, ring := range p {
		for i := range ring {
			a, b := ring[i], ring[(i+1)%len(ring)]
			if len(a) < 2 || len(b) < 2 || (a[1] > y) == (b[1] > y) {
				continue
			}
			if x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				inside = !inside
			}
		}
	}
	return inside
}
