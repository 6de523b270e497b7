package hsds

// Page is one page of a listing of the read API.
type Page[T any] struct {
	TotalItems int  `json:"total_items"`
	TotalPages int  `json:"total_pages"`
	PageNumber int  `json:"page_number"`
	Size       int  `json:"size"`
	FirstPage  bool `json:"first_page"`
	LastPage   bool `json:"last_page"`
	Empty      bool `json:"empty"`
	Contents   []T  `json:"contents"`
}

// MaxPage bounds per_page.
const MaxPage = 500

// NewPage describes page number (from 1) of so many items; contents are the
// items on it.
func NewPage[T any](contents []T, number, perPage, total int) Page[T] {
	if contents == nil {
		contents = []T{}
	}
	pages := (total + perPage - 1) / perPage
	return Page[T]{
		TotalItems: total, TotalPages: pages, PageNumber: number, Size: len(contents),
		FirstPage: number == 1, LastPage: number >= pages, Empty: len(contents) == 0, Contents: contents,
	}
}

// Brief is a service with only what it has one of, as in listings.
func (s Service) Brief() Service {
	s.Phones, s.Schedules, s.ServiceAreas, s.ServiceAtLocations, s.Languages = nil, nil, nil, nil, nil
	s.Funding, s.CostOptions, s.RequiredDocuments, s.Contacts, s.Attributes, s.Metadata = nil, nil, nil, nil, nil, nil
	if s.Organization != nil {
		o := s.Organization.Brief()
		s.Organization = &o
	}
	if s.Program != nil {
		p := *s.Program
		p.Attributes, p.Metadata = nil, nil
		s.Program = &p
	}
	return s
}

// Brief is an organization with only what it has one of.
func (o Organization) Brief() Organization {
	o.Funding, o.Contacts, o.Phones, o.Locations, o.Programs = nil, nil, nil, nil, nil
	o.OrganizationIdentifiers, o.Attributes, o.Metadata, o.Services = nil, nil, nil, nil
	return o
}

// Minimal is what the `minimal` listing shows.
type Minimal struct {
	ID           string `json:"id"`
	ModifiedDate string `json:"modified_date"`
}
