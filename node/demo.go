package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lintas/agency"
	"lintas/casework"
	"lintas/demo"
	demodisplacement "lintas/demo/displacement"
	"lintas/displacement"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/screening"
)

// DemoSignIns is what the demo prints: invented people, one password, never for a real node.
func DemoSignIns() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThis is a demo node with a fictional country. Sign in with one of these logins\nand the password  %s  (it is public: never put real data here):\n\n", demoPassword)
	for _, p := range demoPeople {
		if p.does != "" {
			fmt.Fprintf(&b, "  %-18s %-22s %s\n", p.person.Login, p.is, p.does)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// demoSignIns is the same for the page of sign-in.
func (n *Node) demoSignIns() *agency.DemoSignIns {
	if !n.Demo {
		return nil
	}
	d := &agency.DemoSignIns{Password: demoPassword}
	for _, p := range demoPeople {
		if p.does != "" {
			d.People = append(d.People, agency.DemoPerson{Login: p.person.Login, Name: p.person.Name})
		}
	}
	return d
}

const demoPassword = "lintas demo sunrise"

// demoOrganisations and demoPeople are invented.
var demoOrganisations = []agency.Organisation{
	{Name: "Border Service of Samudra Biru (fictional)", Country: "XS", Kind: "state"},
	{Name: "Rumah Mercusuar shelter (fictional)", Country: "XS", Kind: "civil-society"},
	{Name: "Neighbour Republic of Teluk Hijau, Coordination Office (fictional)", Country: "XT", Kind: "state"},
}

var demoPeople = []struct {
	organisation int
	person       agency.NewPerson
	is, does     string // printed with the sign-ins; empty for those who are not
}{
	{0, agency.NewPerson{Login: "officer@demo", Name: "Officer Melati", Roles: []actor.Role{actor.Officer}}, "border officer", "screens travellers"},
	{0, agency.NewPerson{Login: "officer2@demo", Name: "Officer Bayu", Roles: []actor.Role{actor.Officer}}, "", ""},
	{0, agency.NewPerson{Login: "caseworker@demo", Name: "Caseworker Dewi", Roles: []actor.Role{actor.Caseworker}}, "caseworker", "opens cases, refers, follows up"},
	{0, agency.NewPerson{Login: "supervisor@demo", Name: "Supervisor Ratna", Roles: []actor.Role{actor.Supervisor, actor.Officer}}, "supervisor", "approves, enrols phones, publishes interviews"},
	{1, agency.NewPerson{Login: "shelter@demo", Name: "Caseworker Sokha", Roles: []actor.Role{actor.Caseworker}}, "caseworker, shelter", "answers referrals at another organisation"},
	{0, agency.NewPerson{Login: "planner@demo", Name: "Planner Arun", Roles: []actor.Role{actor.Planner, actor.Analyst}}, "planner", "displacement scenarios"},
	{0, agency.NewPerson{Login: "secretariat@demo", Name: "Secretary Linh", Roles: []actor.Role{actor.Secretariat, actor.Trainer}}, "", ""},
	{0, agency.NewPerson{Login: "admin@demo", Name: "Administrator Nilar", Roles: []actor.Role{actor.Administrator}}, "administrator", "people and devices"},
	{2, agency.NewPerson{Login: "neighbour@demo", Name: "Officer Chai", Roles: []actor.Role{actor.Officer, actor.Supervisor}}, "", ""},
}

// MakeDemo fills an empty node with the fictional country; made is false when it is there already.
// A node that holds anything else is refused: invented travellers must never stand among real ones.
func (n *Node) MakeDemo(ctx context.Context) (made bool, err error) {
	if n.Demo {
		return false, n.demoIsWhole()
	}
	ctx = actor.With(ctx, actor.Actor{System: "demo"})
	existing, err := n.Agency.Organisations(ctx)
	if err != nil {
		return false, err
	}
	if len(existing) > 0 {
		return false, fmt.Errorf("this node is in use: the demo can only be made in an empty data folder (give another with --data)")
	}
	if err := n.markDemo(demoBegun); err != nil {
		return false, err
	}
	people, err := n.demoAgency(ctx)
	if err != nil {
		return false, err
	}
	if err := n.demoDesks(ctx, people); err != nil {
		return false, err
	}
	n.Demo = true
	return true, n.markDemo(demoWhole)
}

// What the mark in the data folder says. It is written before the first invented row and again after the last:
// half a demo must never be taken for a real node, nor for a whole demo.
const (
	demoBegun = "fictional data only, and not all of it: the making was cut short\n"
	demoWhole = "fictional data only\n"
)

func (n *Node) demoMark() string { return filepath.Join(n.Config.Data, "demo") }

func (n *Node) markDemo(text string) error {
	if err := os.MkdirAll(n.Config.Data, 0o700); err != nil {
		return err
	}
	return os.WriteFile(n.demoMark(), []byte(text), 0o600)
}

// isDemo reports whether `lintas demo` filled the data folder, or began to.
func (n *Node) isDemo() (bool, error) {
	_, err := os.Stat(n.demoMark())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// demoIsWhole refuses half a demo.
func (n *Node) demoIsWhole() error {
	text, err := os.ReadFile(n.demoMark())
	if err != nil {
		return err
	}
	if string(text) == demoBegun {
		return problem.New(problem.Unavailable, "node.demo-unfinished", "The making of this demo was cut short. Remove %s (nothing in it is real) and begin again.", n.Config.Data)
	}
	return nil
}

func (n *Node) demoAgency(ctx context.Context) (map[string]agency.Person, error) {
	var ids []string
	for _, o := range demoOrganisations {
		made, err := n.Agency.AddOrganisation(ctx, o)
		if err != nil {
			return nil, err
		}
		ids = append(ids, made.ID)
	}
	people := map[string]agency.Person{}
	for _, p := range demoPeople {
		p.person.Organisation = ids[p.organisation]
		made, err := n.Agency.AddDemoPerson(ctx, p.person, demoPassword)
		if err != nil {
			return nil, err
		}
		people[p.person.Login] = made
	}
	return people, nil
}

// borderPosts are where the fictional travellers were met; each is a device of its own.
var borderPosts = []string{"Jetty of Teluk Kecil (fictional)", "Land crossing Gunung Batu (fictional)", "Airport desk Bandar Samudra (fictional)"}

// demoDesks fills the desks of a demo node; people are the demo's persons by login.
func (n *Node) demoDesks(ctx context.Context, people map[string]agency.Person) error {
	supervisor := people["supervisor@demo"]
	var senders []actor.Actor
	for _, post := range borderPosts {
		e, err := n.Agency.EnrolDevice(as(ctx, supervisor), post, 0)
		if err != nil {
			return err
		}
		senders = append(senders, actor.Actor{Device: e.Device.ID, Organisation: e.Device.Organisation})
	}
	cast := screening.DemoCast{Publisher: actor.From(as(ctx, supervisor)), Senders: senders}
	if err := n.Screening.Demo(ctx, cast); err != nil {
		return fmt.Errorf("demo screenings: %w", err)
	}
	if err := n.demoDirectory(ctx); err != nil {
		return fmt.Errorf("demo directory: %w", err)
	}
	if err := n.Casework.Demo(ctx, casework.DemoCast{
		Worker: actor.From(as(ctx, people["caseworker@demo"])), Supervisor: actor.From(as(ctx, supervisor)),
		Shelter: actor.From(as(ctx, people["shelter@demo"])), Neighbour: demoOrganisations[2].Country,
	}); err != nil {
		return fmt.Errorf("demo cases: %w", err)
	}
	if err := n.Displacement.MakeDemo(as(ctx, people["planner@demo"]), displacement.Demo{
		Name: demodisplacement.Name, Source: demodisplacement.Source, Folder: demodisplacement.Case(),
		WhatIf: demodisplacement.WhatIf, Note: demodisplacement.Note, Arrivals: demodisplacement.Arrivals,
	}); err != nil {
		return fmt.Errorf("demo displacement: %w", err)
	}
	return nil
}

// demoDirectory imports the invented services, each as fresh or stale as its data says.
func (n *Node) demoDirectory(ctx context.Context) error {
	var services []map[string]any
	if err := json.Unmarshal(demo.Directory, &services); err != nil {
		return err
	}
	for _, s := range services {
		ago, err := strconv.Atoi(fmt.Sprint(s["assured_date"]))
		if err != nil {
			return err
		}
		assured := n.Clock.Now().AddDate(0, 0, ago).Format(time.DateOnly)
		s["assured_date"] = assured
		attributes, _ := s["attributes"].([]any)
		for _, a := range attributes {
			if m, ok := a.(map[string]any); ok {
				m["value"] = strings.ReplaceAll(fmt.Sprint(m["value"]), "ASSURED", assured)
			}
		}
	}
	data, err := json.Marshal(services)
	if err != nil {
		return err
	}
	file, err := casework.ReadDirectory(data)
	if err != nil {
		return err
	}
	if len(file.Wrong) > 0 {
		return file.Wrong[0]
	}
	_, err = n.Casework.ImportDirectory(ctx, file, casework.Bringing{})
	return err
}

// as is the context of a demo person acting.
func as(ctx context.Context, p agency.Person) context.Context {
	return actor.With(ctx, actor.Actor{Person: p.ID, Organisation: p.Organisation.ID, Roles: p.Roles})
}

// FirstOrganisation is the node's own organisation; it is made from the node's name when there is none.
func (n *Node) FirstOrganisation(ctx context.Context) (string, error) {
	all, err := n.Agency.Organisations(ctx)
	if err != nil {
		return "", err
	}
	if len(all) > 0 {
		return all[0].ID, nil
	}
	o, err := n.Agency.AddOrganisation(ctx, agency.Organisation{Name: n.Config.Name, Country: n.Config.Country, Kind: "state"})
	return o.ID, err
}
