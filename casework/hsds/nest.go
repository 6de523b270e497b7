package hsds

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Nester writes a directory's rows as nested objects. It indexes once; the
// directory must not change while it is used.
type Nester struct {
	dir   reflect.Value
	under map[link][]int
	byID  map[row]int
}

type link struct {
	table reflect.Type
	field string
	id    string
}

type row struct {
	table reflect.Type
	id    string
}

// NewNester indexes a directory.
func NewNester(d Directory) *Nester {
	n := &Nester{dir: reflect.ValueOf(d), under: map[link][]int{}, byID: map[row]int{}}
	for i := range n.dir.NumField() {
		table := n.dir.Field(i)
		t := table.Type().Elem()
		for j := range table.Len() {
			r := table.Index(j)
			n.byID[row{t, r.FieldByName("ID").String()}] = j
			for k, name := range namesOf(t) {
				if isLink(name) && r.Field(k).String() != "" {
					key := link{t, name, r.Field(k).String()}
					n.under[key] = append(n.under[key], j)
				}
			}
		}
	}
	return n
}

// isLink says that a column names another object.
func isLink(name string) bool {
	return name == "link_id" || name == "resource_id" || (len(name) > 3 && name[len(name)-3:] == "_id")
}

// Service is one service with all that belongs to it, its organization too.
func (n *Nester) Service(id string) (Service, bool) { return find[Service](n, id) }

// Organization is one organization with all that belongs to it but services.
func (n *Nester) Organization(id string) (Organization, bool) { return find[Organization](n, id) }

// ServiceAtLocation is one service at one place, with both.
func (n *Nester) ServiceAtLocation(id string) (ServiceAtLocation, bool) {
	at, ok := find[ServiceAtLocation](n, id)
	if !ok {
		return at, false
	}
	bare := n.dir.FieldByName("ServiceAtLocations").Index(n.byID[row{reflect.TypeFor[ServiceAtLocation](), id}])
	if s, ok := find[Service](n, bare.FieldByName("ServiceID").String()); ok {
		s.ServiceAtLocations = nil // of which this is one
		at.Service, at.ServiceID = &s, ""
		if at.Location != nil && s.Organization != nil && at.Location.OrganizationID == s.Organization.ID {
			at.Location.OrganizationID = ""
		}
	}
	return at, true
}

// Location is one place with all that belongs to it.
func (n *Nester) Location(id string) (Location, bool) { return find[Location](n, id) }

// TaxonomyTerm is one term with its taxonomy.
func (n *Nester) TaxonomyTerm(id string) (TaxonomyTerm, bool) { return find[TaxonomyTerm](n, id) }

func find[T any](n *Nester, id string) (T, bool) {
	var zero T
	v, ok := n.nest(reflect.TypeFor[T](), id, path{})
	if !ok {
		return zero, false
	}
	return v.Interface().(T), true
}

// path is the way down from the object asked for. It ends every circle of ids
// (an object is never repeated inside its own kind), and it tells which links
// nesting says already and need not be written again.
type path struct {
	kinds []reflect.Type
	ids   map[named]bool
}

// named is an object by its kind and id: publishers count the rows of each table
// from 1.
type named struct{ object, id string }

func (p path) down(v reflect.Value) path {
	next := path{append(slices.Clone(p.kinds), v.Type()), maps.Clone(p.ids)}
	if next.ids == nil {
		next.ids = map[named]bool{}
	}
	next.ids[named{objectName(v.Type()), v.FieldByName("ID").String()}] = true
	if own := byName(v, "organization_id"); own.IsValid() {
		next.ids[named{"organization", own.String()}] = true
	}
	return next
}

// linked is the object that a column of a row names.
func linked(v reflect.Value, name string) named {
	object := strings.TrimSuffix(name, "_id")
	switch name {
	case "link_id":
		object = byName(v, "link_entity").String()
	case "resource_id":
		object = byName(v, "resource_type").String()
	}
	if table, _, ok := tableOfName(object); ok {
		object = objectName(rowType(table))
	}
	return named{object, byName(v, name).String()}
}

// Owners tells for a directory whether an attribute stands under an object of a
// kind, such as "service": it does, unless its link_entity names another kind
// and there is a row of that kind with its id.
func Owners(d Directory) func(a Attribute, object string) bool {
	rows := sync.OnceValue(func() map[Key]bool {
		all := map[Key]bool{}
		for _, k := range d.Keys() {
			all[k] = true
		}
		return all
	})
	return func(a Attribute, object string) bool {
		table, _, ok := tableOfName(a.LinkEntity)
		return a.LinkEntity == object || !ok || objectName(rowType(table)) == object || !rows()[Key{table, a.LinkID}]
	}
}

// elsewhere says that a row linked to an object by its id alone stands under
// another kind of object with the same id.
func (n *Nester) elsewhere(entity, id string, here reflect.Type) bool {
	table, _, ok := tableOfName(entity)
	if !ok || rowType(table) == here {
		return false
	}
	_, there := n.byID[row{rowType(table), id}]
	return there
}

// nest builds one object.
func (n *Nester) nest(t reflect.Type, id string, above path) (reflect.Value, bool) {
	at, ok := n.byID[row{t, id}]
	if !ok || slices.Contains(above.kinds, t) {
		return reflect.Value{}, false
	}
	v := reflect.New(t).Elem()
	v.Set(tableOf(n.dir, t).Index(at))
	here := above.down(v)
	for i := range v.NumField() {
		field, sf := v.Field(i), t.Field(i)
		switch {
		case sf.Name == "Services" || sf.Name == "Service":
			// Written by the read API only.
		case isObjects(field.Type()):
			n.nestUnder(field, t, id, here)
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct:
			own := byName(v, objectName(field.Type().Elem())+"_id")
			if child, ok := n.nest(field.Type().Elem(), own.String(), here); ok {
				p := reflect.New(child.Type())
				p.Elem().Set(child)
				field.Set(p)
				own.SetString("")
			}
		}
	}
	above.untie(v)
	return v, true
}

// nestUnder fills one list of children.
func (n *Nester) nestUnder(list reflect.Value, parent reflect.Type, id string, here path) {
	t := list.Type().Elem()
	column := map[reflect.Type]string{
		reflect.TypeFor[Attribute](): "link_id",
		reflect.TypeFor[Metadata]():  "resource_id",
	}[t]
	if column == "" {
		column = objectName(parent) + "_id"
	}
	for _, at := range n.under[link{t, column, id}] {
		bare := tableOf(n.dir, t).Index(at)
		entity := map[string]string{"link_id": "link_entity", "resource_id": "resource_type"}[column]
		if entity != "" && n.elsewhere(byName(bare, entity).String(), id, parent) {
			continue
		}
		childID := bare.FieldByName("ID").String()
		if child, ok := n.nest(t, childID, here); ok {
			list.Set(reflect.Append(list, child))
		}
	}
}

// untie clears the links that the way down says already. A link that no table
// row answers to is kept.
func (p path) untie(v reflect.Value) {
	for i, name := range namesOf(v.Type()) {
		if !isLink(name) || name == "parent_organization_id" || v.Field(i).String() == "" {
			continue
		}
		to := linked(v, name)
		if p.ids[to] || (name == "link_id" || name == "resource_id") && len(p.kinds) > 0 {
			v.Field(i).SetString("")
		}
	}
	// Rows of the tabular form carry a link for every parent they have; under
	// one parent the links to the others are those parents' to say.
	if len(p.kinds) == 0 {
		return
	}
	switch v.Type() {
	case reflect.TypeFor[Phone](), reflect.TypeFor[Contact](), reflect.TypeFor[Schedule](), reflect.TypeFor[Language](), reflect.TypeFor[Funding]():
		for _, name := range []string{"organization_id", "service_id", "service_at_location_id", "location_id", "contact_id", "phone_id"} {
			if f := byName(v, name); f.IsValid() {
				f.SetString("")
			}
		}
	}
}
