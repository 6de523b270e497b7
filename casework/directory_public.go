package casework

import (
	"slices"

	"lintas/casework/hsds"
)

// confidentialNeeds are the needs whose services are found by those whom their
// guests fled, if their address is known.
var confidentialNeeds = []string{"shelter", "child_protection"}

// secrecy says for each service what of it is not published: "address",
// "entry", or nothing when it is not in the map.
func secrecy(flat hsds.Directory) map[string]string {
	out := map[string]string{}
	said := map[string]string{}
	for _, a := range flat.Attributes {
		switch {
		case a.LinkType == attrNeed && slices.Contains(confidentialNeeds, a.Value):
			out[a.LinkID] = "address"
		case a.LinkType == attrConfidential:
			said[a.LinkID] = a.Value
		}
	}
	for service, word := range said {
		switch word {
		case "no":
			delete(out, service)
		case "entry":
			out[service] = "entry"
		default: // a word that cannot be read hides rather than shows
			out[service] = "address"
		}
	}
	return out
}

// publicOf takes out of a directory's tables what is not for everybody. It
// works on rows: whatever hangs on a row that is gone is gone from every
// answer, too.
func publicOf(flat hsds.Directory) hsds.Directory {
	secret := secrecy(flat)
	gone := map[string]bool{} // ids of rows not published
	for service, what := range secret {
		if what == "entry" {
			gone[service] = true
		}
	}
	for _, at := range flat.ServiceAtLocations {
		if secret[at.ServiceID] != "" {
			gone[at.ID], gone[at.LocationID] = true, true
		}
	}
	// An organization that runs a confidential service sits there often enough.
	hidden := map[string]bool{}
	for _, s := range flat.Services {
		if secret[s.ID] != "" {
			hidden[s.OrganizationID] = true
		}
	}
	for _, l := range flat.Locations {
		if hidden[l.OrganizationID] && l.OrganizationID != "" || secret[l.ID] != "" {
			gone[l.ID] = true
		}
	}
	for _, at := range flat.ServiceAtLocations {
		if gone[at.LocationID] {
			gone[at.ID] = true
		}
	}
	out := flat
	out.Services = keep(flat.Services, func(s hsds.Service) bool { return !gone[s.ID] })
	for i := range out.Services {
		out.Services[i].AssurerEmail = "" // a person's
	}
	out.ServiceAtLocations = keep(flat.ServiceAtLocations, func(x hsds.ServiceAtLocation) bool { return !gone[x.ID] && !gone[x.ServiceID] })
	out.Locations = keep(flat.Locations, func(l hsds.Location) bool { return !gone[l.ID] })
	out.Addresses = keep(flat.Addresses, func(a hsds.Address) bool { return !gone[a.LocationID] })
	out.Accessibility = keep(flat.Accessibility, func(a hsds.Accessibility) bool { return !gone[a.LocationID] })
	out.Contacts = keep(flat.Contacts, func(c hsds.Contact) bool {
		return secret[c.ServiceID] == "" && !gone[c.LocationID] && !gone[c.ServiceAtLocationID] && !(hidden[c.OrganizationID] && c.OrganizationID != "")
	})
	for _, c := range flat.Contacts {
		if !slices.ContainsFunc(out.Contacts, func(x hsds.Contact) bool { return x.ID == c.ID }) {
			gone[c.ID] = true
		}
	}
	out.Phones = keep(flat.Phones, func(p hsds.Phone) bool {
		return !gone[p.ServiceID] && !gone[p.LocationID] && !gone[p.ServiceAtLocationID] && !gone[p.ContactID]
	})
	out.Schedules = keep(flat.Schedules, func(s hsds.Schedule) bool {
		return !gone[s.ServiceID] && !gone[s.LocationID] && !gone[s.ServiceAtLocationID]
	})
	out.Languages = keep(flat.Languages, func(l hsds.Language) bool { return !gone[l.ServiceID] && !gone[l.LocationID] })
	out.CostOptions = keep(flat.CostOptions, func(o hsds.CostOption) bool { return !gone[o.ServiceID] })
	out.ServiceAreas = keep(flat.ServiceAreas, func(a hsds.ServiceArea) bool { return !gone[a.ServiceID] })
	out.RequiredDocuments = keep(flat.RequiredDocuments, func(x hsds.RequiredDocument) bool { return !gone[x.ServiceID] })
	out.Funding = keep(flat.Funding, func(x hsds.Funding) bool { return !gone[x.ServiceID] })
	out.Attributes = keep(flat.Attributes, func(a hsds.Attribute) bool { return !gone[a.LinkID] })
	out.Metadata = nil // who changed what, and what an address was before
	return out
}

func keep[T any](list []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !wanted(v) })
}
