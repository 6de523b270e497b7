package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"lintas/casework/hsds"
	"lintas/screening"
)

// phoneServices is the arrow from the service directory to the phones: what an officer without a network must know
// to call for help. It is read anew for every bundle; active services only, without their addresses, which are not
// public.
func (n *Node) phoneServices(ctx context.Context, _ string) ([]screening.Service, error) {
	flat, err := n.Casework.ExportDirectory(ctx)
	if err != nil {
		return nil, err
	}
	nested := hsds.NewNester(flat)
	out := []screening.Service{}
	for _, row := range flat.Services {
		s, ok := nested.Service(row.ID)
		if !ok || s.Status != "active" {
			continue
		}
		out = append(out, phoneService(s))
	}
	slices.SortFunc(out, func(a, b screening.Service) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out, nil
}

func phoneService(s hsds.Service) screening.Service {
	out := screening.Service{ID: s.ID, Name: s.Name, What: s.Description, Who: s.EligibilityDescription, Languages: []string{}}
	if s.Organization != nil && s.Organization.Name != s.Name {
		out.Name += " — " + s.Organization.Name
	}
	for _, p := range s.Phones {
		if p.Number != "" {
			out.Phone = p.Number
			break
		}
	}
	for _, l := range s.Languages {
		out.Languages = append(out.Languages, l.Code)
	}
	for _, a := range s.Attributes {
		if a.LinkType == "lintas:interpreted-language" && !slices.Contains(out.Languages, a.Value) {
			out.Languages = append(out.Languages, a.Value)
		}
	}
	for _, l := range s.ServiceAtLocations {
		if l.Location != nil && l.Location.Name != "" {
			out.Place = l.Location.Name
			break
		}
	}
	out.AssuredAt, _ = time.Parse(time.DateOnly, s.AssuredDate) // the zero time where nobody ever made sure
	return out
}
