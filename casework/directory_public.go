package casework

import (
	"cmp"
	"slices"
	"strings"

	"lintas/casework/hsds"
)

// confidentialNeeds are the needs whose services are found by those whom their
// guests fled, if their address is known.
var confidentialNeeds = []string{"shelter", "child_protection"}

// secrecy says for each service what of it is not published: "address",
// "entry", or nothing when it is not in the map. Of two words the stricter
// counts.
func secrecy(flat hsds.Directory) map[string]string {
	out := map[string]string{}
	said := map[string]string{}
	terms := map[string]string{}
	for _, t := range flat.TaxonomyTerms {
		terms[t.ID] = t.Code
	}
	stands := hsds.Owners(flat)
	for _, a := range flat.Attributes {
		if !stands(a, "service") {
			continue
		}
		word := cmp.Or(a.Value, terms[a.TaxonomyTermID])
		switch {
		case a.LinkType == attrNeed && slices.Contains(confidentialNeeds, word):
			out[a.LinkID] = "address"
		case a.LinkType == attrConfidential:
			said[a.LinkID] = stricter(said[a.LinkID], word)
		}
	}
	for _, s := range flat.Services {
		if saysConfidential(s.Extra) {
			said[s.ID] = stricter(said[s.ID], "address")
		}
	}
	for service, word := range said {
		if word == "no" {
			delete(out, service)
		} else {
			out[service] = word
		}
	}
	return out
}

// stricter is the word that hides more; one that cannot be read hides rather
// than shows.
func stricter(a, b string) string {
	switch b = strings.ToLower(strings.TrimSpace(b)); {
	case a == "entry" || b == "entry":
		return "entry"
	case b == "no" && (a == "" || a == "no"):
		return "no"
	}
	return "address"
}

// saysConfidential reads the columns by which other directories say that an
// address is not for everybody (confidential, is_confidential,
// address_confidential...): HSDS has none.
func saysConfidential(extra hsds.Extra) bool {
	for name, raw := range extra {
		if strings.Contains(strings.ToLower(name), "confidential") {
			word := strings.ToLower(strings.Trim(string(raw), `" `))
			if !slices.Contains([]string{"", "no", "n", "false", "0", "null", "none"}, word) {
				return true
			}
		}
	}
	return false
}

// hidden are the ids of what is not published, by kind: publishers count the
// rows of each table from 1.
type hidden struct {
	services, places, locations, contacts, organizations map[string]bool
}

// hiddenIn finds what leads to the door of a confidential service.
func hiddenIn(flat hsds.Directory) hidden {
	h := hidden{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	hide := func(ids map[string]bool, id string) {
		if id != "" { // else whatever names nothing would be hidden
			ids[id] = true
		}
	}
	secret := secrecy(flat)
	for service, what := range secret {
		h.services[service] = what == "entry"
	}
	for _, at := range flat.ServiceAtLocations {
		if secret[at.ServiceID] != "" {
			hide(h.places, at.ID)
			hide(h.locations, at.LocationID)
		}
	}
	// An organization that runs a confidential service sits there often enough.
	for _, s := range flat.Services {
		if secret[s.ID] != "" {
			hide(h.organizations, s.OrganizationID)
		}
	}
	stands := hsds.Owners(flat)
	for _, a := range flat.Attributes {
		if a.LinkType == attrConfidential && stands(a, "location") && stricter("", a.Value) != "no" {
			hide(h.locations, a.LinkID)
		}
	}
	for _, a := range flat.Addresses {
		// "Confidential" is what others write where the street would stand.
		if saysConfidential(a.Extra) || strings.Contains(strings.ToLower(a.Address1), "confidential") {
			hide(h.locations, a.LocationID)
		}
	}
	for _, l := range flat.Locations {
		if h.organizations[l.OrganizationID] || saysConfidential(l.Extra) {
			hide(h.locations, l.ID)
		}
	}
	for _, at := range flat.ServiceAtLocations {
		if h.locations[at.LocationID] || h.services[at.ServiceID] {
			hide(h.places, at.ID)
		}
	}
	for _, c := range flat.Contacts {
		if secret[c.ServiceID] != "" || h.locations[c.LocationID] || h.places[c.ServiceAtLocationID] || h.organizations[c.OrganizationID] {
			hide(h.contacts, c.ID)
		}
	}
	return h
}

// publicOf takes out of a directory's tables what is not for everybody. It
// works on rows: whatever hangs on a row that is gone is gone from every
// answer, too.
func publicOf(flat hsds.Directory) hsds.Directory {
	h := hiddenIn(flat)
	out := flat
	out.Services = keep(flat.Services, func(s hsds.Service) bool { return !h.services[s.ID] })
	for i := range out.Services {
		out.Services[i].AssurerEmail = "" // a person's
	}
	out.ServiceAtLocations = keep(flat.ServiceAtLocations, func(x hsds.ServiceAtLocation) bool { return !h.places[x.ID] })
	out.Locations = keep(flat.Locations, func(l hsds.Location) bool { return !h.locations[l.ID] })
	out.Addresses = keep(flat.Addresses, func(a hsds.Address) bool { return !h.locations[a.LocationID] })
	out.Accessibility = keep(flat.Accessibility, func(a hsds.Accessibility) bool { return !h.locations[a.LocationID] })
	out.Contacts = keep(flat.Contacts, func(c hsds.Contact) bool { return !h.contacts[c.ID] })
	out.Phones = keep(flat.Phones, func(p hsds.Phone) bool {
		return !h.services[p.ServiceID] && !h.locations[p.LocationID] && !h.places[p.ServiceAtLocationID] && !h.contacts[p.ContactID]
	})
	out.Schedules = keep(flat.Schedules, func(s hsds.Schedule) bool {
		return !h.services[s.ServiceID] && !h.locations[s.LocationID] && !h.places[s.ServiceAtLocationID]
	})
	out.Languages = keep(flat.Languages, func(l hsds.Language) bool { return !h.services[l.ServiceID] && !h.locations[l.LocationID] })
	out.CostOptions = keep(flat.CostOptions, func(o hsds.CostOption) bool { return !h.services[o.ServiceID] })
	out.ServiceAreas = keep(flat.ServiceAreas, func(a hsds.ServiceArea) bool { return !h.services[a.ServiceID] })
	out.RequiredDocuments = keep(flat.RequiredDocuments, func(x hsds.RequiredDocument) bool { return !h.services[x.ServiceID] })
	out.Funding = keep(flat.Funding, func(x hsds.Funding) bool { return !h.services[x.ServiceID] })
	out.Urls = keep(flat.Urls, func(x hsds.URL) bool { return !h.services[x.ServiceID] })
	out.ServiceCapacities = keep(flat.ServiceCapacities, func(x hsds.ServiceCapacity) bool { return !h.services[x.ServiceID] })
	out.Attributes = keep(flat.Attributes, func(a hsds.Attribute) bool {
		return !h.services[a.LinkID] && !h.places[a.LinkID] && !h.locations[a.LinkID] && !h.contacts[a.LinkID]
	})
	out.Metadata = nil // who changed what, and what an address was before
	return out
}

func keep[T any](list []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !wanted(v) })
}
