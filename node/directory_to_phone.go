package node

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"lintas/casework/hsds"
	"lintas/screening"
)

// mostOnPhone is how many services a phone holds. A directory of ten thousand would be megabytes in every bundle, on
// lines that carry a few kilobytes a second; an officer at a landing calls somebody of the same country.
const mostOnPhone = 500

// phoneServices is the arrow from the service directory to the phones: what an officer without a network must know
// to call for help. Active services only, without their addresses, which are not public. Of more than a phone holds
// it takes those that help soonest, and says how many are left at the desk.
func (n *Node) phoneServices(ctx context.Context, organisation string) (screening.Services, error) {
	version, all, err := n.Casework.EachService(ctx)
	if err != nil {
		return screening.Services{}, err
	}
	country := cmp.Or(n.Agency.OrganisationCountry(ctx, organisation), n.Config.Country)
	return n.phones.of(version, country, func() screening.Services { return pickServices(all, country) }), nil
}

// phoneLists keeps what was picked from one version of the directory, by country: in the morning every phone asks.
type phoneLists struct {
	mu      sync.Mutex
	version int64
	lists   map[string]screening.Services
}

func (p *phoneLists) of(version int64, country string, pick func() screening.Services) screening.Services {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lists == nil || p.version != version {
		p.version, p.lists = version, map[string]screening.Services{}
	}
	list, ok := p.lists[country]
	if !ok {
		list = pick()
		p.lists[country] = list
	}
	return list
}

// pickServices takes, of all active services, first those of the country and those without a place (a hotline) that
// can be called, then those of the country that cannot, then those abroad; of each the ones confirmed last. They are
// listed by name.
func pickServices(all iter.Seq[hsds.Service], country string) screening.Services {
	type ranked struct {
		screening.Service
		rank int
	}
	var active []ranked
	for s := range all {
		if s.Status != "active" {
			continue
		}
		r := ranked{Service: phoneService(s)}
		switch {
		case isAbroad(s, country):
			r.rank = 2
		case r.Phone == "":
			r.rank = 1
		}
		active = append(active, r)
	}
	slices.SortFunc(active, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), b.AssuredAt.Compare(a.AssuredAt), strings.Compare(a.ID, b.ID))
	})
	out := screening.Services{List: []screening.Service{}, More: max(len(active)-mostOnPhone, 0)}
	for _, r := range active[:min(len(active), mostOnPhone)] {
		out.List = append(out.List, r.Service)
	}
	slices.SortFunc(out.List, func(a, b screening.Service) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out
}

// isAbroad says that every place of a service lies in another country.
func isAbroad(s hsds.Service, country string) bool {
	somewhere := false
	for _, at := range s.ServiceAtLocations {
		if at.Location == nil {
			continue
		}
		for _, a := range at.Location.Addresses {
			if strings.EqualFold(a.Country, country) {
				return false
			}
			somewhere = somewhere || a.Country != ""
		}
	}
	return somewhere
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
