package screening

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"mime/multipart"
	"strings"
	"sync"

	"lintas/kernel/actor"
	"lintas/screening/instruments"
)

// DemoCast is who acts in the demo.
type DemoCast struct {
	Publisher actor.Actor   // publishes the instrument
	Senders   []actor.Actor // officers or devices at the border posts; travellers are shared out among them
}

// Demo publishes the fictional arrival interview and sends twelve fictional travellers' interviews through the
// same door as every phone. Run twice, it changes nothing: they carry the same numbers each time.
func (d *Desk) Demo(ctx context.Context, cast DemoCast) error {
	book, err := instruments.XLSX(instruments.Arrival)
	if err != nil {
		return err
	}
	rev, err := d.PublishWorkbook(actor.With(ctx, cast.Publisher), Upload{Name: instruments.Arrival + ".xlsx", Workbook: book})
	if err != nil {
		return err
	}
	c, err := d.revision(ctx, rev.ID)
	if err != nil {
		return err
	}
	for i, t := range demoTravellers {
		sender := cast.Publisher
		if len(cast.Senders) > 0 {
			sender = cast.Senders[i%len(cast.Senders)]
		}
		if err := d.sendDemo(actor.With(ctx, sender), c.form, i, t); err != nil {
			return fmt.Errorf("fictional traveller %d: %w", i+1, err)
		}
	}
	return d.demoPilot(actor.With(ctx, cast.Publisher), c)
}

// demoPilot switches the pilot on and adds invented counts for the twelve travellers, once: they were made up
// like everything else here, so that the evaluator's page can be seen.
func (d *Desk) demoPilot(ctx context.Context, c *compiled) error {
	if sums, err := d.Pilot(ctx); err != nil || len(sums) > 0 {
		return err
	}
	if err := d.SwitchPilot(ctx, true); err != nil {
		return err
	}
	counts := PilotCounts{Instrument: c.FormID, Version: c.Version, Questions: map[string]PilotQuestion{}, Languages: map[string]int{"my": 6, "th": 5, "vi": 1},
		Sound: map[string]PilotSound{"my": {None: 140, Voice: 12}, "th": {Voice: 96, None: 21}, "vi": {Voice: 30}}}
	for i, t := range demoTravellers {
		answers := pairs(t)
		counts.Interviews++
		for n, q := range c.form.Fields {
			value, asked := answers[q.Name]
			if q.Group || !asked || q.label == (textRef{}) {
				continue
			}
			m := counts.Questions[q.Path]
			m.Seen, m.Seconds = m.Seen+1, m.Seconds+float64(9+n*7%23)
			if value == "declined" {
				m.Skipped++
			}
			if (n+i)%17 == 5 {
				m.Back++
			}
			counts.Questions[q.Path] = m
			counts.Seconds += float64(9 + n*7%23)
		}
		if answers["talk_more"] == "yes" {
			counts.Referral.Offered++
			counts.Referral.Accepted++
		} else {
			counts.Referral.None++
		}
		if answers["own_words"] == "" {
			counts.Results.Undecided++
		} else {
			counts.Results.Decided++
		}
	}
	return d.AddPilot(ctx, counts)
}

func (d *Desk) sendDemo(ctx context.Context, f *Form, i int, answers string) error {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("xml_submission_file", "interview.xml")
	if err != nil {
		return err
	}
	part.Write(f.submission(fmt.Sprintf("uuid:00000000-0000-4000-8000-%012d", i+1), pairs(answers)))
	if err := m.Close(); err != nil {
		return err
	}
	p, err := d.ReadPosting(ctx, m.FormDataContentType(), &b)
	if err != nil {
		return err
	}
	p.ClientDevice, p.UserAgent = "lintas:demo", "lintas demo"
	r, err := d.Receive(ctx, p)
	if err == nil && r.Status != 201 {
		err = fmt.Errorf("answered %d: %s", r.Status, r.Message)
	}
	return err
}

// demoForm is the fictional arrival interview, for DemoInterview.
var demoForm = sync.OnceValue(func() *Form {
	book, err := instruments.XLSX(instruments.Arrival)
	if err != nil {
		panic("the demonstration workbook: " + err.Error())
	}
	compiled, err := compileBytes(instruments.Arrival+".xlsx", book)
	if err != nil {
		panic("the demonstration workbook: " + err.Error())
	}
	f, err := ReadForm(compiled.XForm)
	if err != nil {
		panic("the demonstration workbook: " + err.Error())
	}
	return f
})

// DemoInterview is the XML of the second fictional traveller's interview under another number, for load tests.
func DemoInterview(instanceID string) []byte {
	f := demoForm()
	return f.submission(instanceID, pairs(demoTravellers[1]))
}

// pairs reads "age: 31; worked: yes".
func pairs(s string) map[string]string {
	out := map[string]string{}
	for _, p := range strings.Split(s, ";") {
		name, value, ok := strings.Cut(p, ":")
		if ok {
			out[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return out
}

// submission writes an interview of the form with these answers by question name.
func (f *Form) submission(instanceID string, answers map[string]string) []byte {
	var b bytes.Buffer
	text := func(s string) { xml.EscapeText(&b, []byte(s)) }
	root := strings.Split(strings.TrimPrefix(f.Fields[0].Path, "/"), "/")[0]
	b.WriteString("<" + root + ` id="`)
	text(f.ID)
	b.WriteString(`" version="`)
	text(f.Version)
	b.WriteString(`">`)
	var open []string
	closeTo := func(n int) {
		for len(open) > n {
			b.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		}
	}
	for _, q := range f.Fields {
		parts := strings.Split(strings.TrimPrefix(q.Path, "/"), "/")[1:]
		closeTo(len(parts) - 1)
		if q.Group {
			b.WriteString("<" + q.Name + ">")
			open = append(open, q.Name)
			continue
		}
		b.WriteString("<" + q.Name + ">")
		text(answers[q.Name])
		b.WriteString("</" + q.Name + ">")
	}
	closeTo(0)
	b.WriteString("<meta><instanceID>")
	text(instanceID)
	b.WriteString("</instanceID></meta></" + root + ">")
	return b.Bytes()
}

// demoTravellers are twelve people who never lived, each for one thing that an interview must bear.
var demoTravellers = []string{
	// A visit to relatives: nothing to see.
	"start: 2026-11-20T08:10:00.000+07:00; end: 2026-11-20T08:16:00.000+07:00; urgent: none; private: yes; interpreter: not_needed; consent: yes; age_known: yes; age: 34; presumed_child: no; offered: no; arranged: no; handed_over: no; housed: no; journey_force: none; used_need: no; worked: no; sexual: no; papers_with: me; could_leave: yes; watched: no; debt: no; stay_force: none; forced_tasks: no; depended: no; lost: no; fear_return: no; asks_protection: no; special: none; safe_now: yes; own_words: I visit my sister for the festival.; talk_more: no",
	// A fishing boat: deceived about the job, papers held, wages withheld, in debt.
	"start: 2026-11-20T09:02:00.000+07:00; end: 2026-11-20T09:25:00.000+07:00; urgent: medical; private: yes; interpreter: telephone; consent: yes; age_known: yes; age: 27; presumed_child: no; offered: yes; offered_online: no; arranged: yes; handed_over: yes; housed: yes; journey_force: debt papers; used_need: yes; worked: yes; lies: job pay conditions; long_hours: yes; paid: nothing; pay_cut: yes; bad_living: yes; dangerous_work: yes; contract: no; sexual: no; papers_with: employer; could_leave: no; watched: yes; debt: yes; stay_force: hurt threatened wages; forced_tasks: yes; depended: yes; lost: yes; forced_fraud: no; fear_return: yes; asks_protection: no; special: illness; safe_now: yes; own_words: Fourteen months on the boat. Two others are still there.; talk_more: yes",
	// A compound: a job offered online, made to cheat people under quotas, sold on.
	"start: 2026-11-20T10:40:00.000+07:00; end: 2026-11-20T11:12:00.000+07:00; urgent: danger; private: yes; interpreter: interpreter; consent: yes; age_known: yes; age: 23; presumed_child: no; offered: yes; offered_online: yes; arranged: yes; handed_over: yes; housed: yes; journey_force: papers taken; used_need: yes; worked: yes; lies: job pay conditions contract; long_hours: yes; paid: little; pay_cut: yes; bad_living: no; dangerous_work: no; contract: no; sexual: no; papers_with: employer; could_leave: no; watched: yes; debt: yes; stay_force: hurt threatened family police; forced_tasks: yes; depended: yes; lost: yes; forced_fraud: yes; compound: yes; quotas: yes; punished: yes; ransom: yes; fear_return: yes; asks_protection: not_known; special: distress; safe_now: no; own_words: Please do not call the number in my telephone.; talk_more: yes",
	// Fifteen, alone, on the way to work in a house.
	"start: 2026-11-20T13:05:00.000+07:00; end: 2026-11-20T13:20:00.000+07:00; urgent: water_food; private: yes; interpreter: interpreter; consent: yes; age_known: yes; age: 15; presumed_child: yes; guardian_here: no; offered: yes; offered_online: no; arranged: yes; handed_over: yes; housed: no; journey_force: none; used_need: not_known; worked: no; sexual: declined; papers_with: trusted; could_leave: not_known; watched: no; debt: not_known; stay_force: none; forced_tasks: no; depended: yes; lost: yes; fear_return: no; asks_protection: no; special: none; safe_now: not_known; own_words: The aunt who brought me is not my aunt.; talk_more: yes",
	// Fled from home and asks for protection.
	"start: 2026-11-20T14:00:00.000+07:00; end: 2026-11-20T14:18:00.000+07:00; urgent: none; private: yes; interpreter: telephone; consent: yes; age_known: yes; age: 41; presumed_child: no; offered: no; arranged: yes; handed_over: yes; housed: yes; journey_force: none; used_need: no; worked: no; sexual: no; papers_with: lost; could_leave: yes; watched: no; debt: no; stay_force: none; forced_tasks: no; depended: no; lost: yes; fear_return: yes; asks_protection: yes; special: torture distress; safe_now: yes; own_words: My village was burned in the dry season.; talk_more: yes",
	// A factory: free to go, but badly paid; a matter of labour rights.
	"start: 2026-11-20T15:30:00.000+07:00; end: 2026-11-20T15:47:00.000+07:00; urgent: none; private: yes; interpreter: not_needed; consent: yes; age_known: yes; age: 30; presumed_child: no; offered: yes; offered_online: no; arranged: no; handed_over: no; housed: yes; journey_force: none; used_need: no; worked: yes; lies: pay; long_hours: yes; paid: little; pay_cut: yes; bad_living: no; dangerous_work: no; contract: no; sexual: no; papers_with: me; could_leave: yes; watched: no; debt: no; stay_force: none; forced_tasks: no; depended: no; lost: no; forced_fraud: no; fear_return: no; asks_protection: no; special: none; safe_now: yes; own_words: I only want the wages of the last two months.; talk_more: yes",
	// Does not want to talk. That is all right.
	"start: 2026-11-21T08:20:00.000+07:00; end: 2026-11-21T08:22:00.000+07:00; urgent: none; private: yes; interpreter: device; consent: no",
	// An interview that broke off when the bus left.
	"start: 2026-11-21T09:10:00.000+07:00; end: 2026-11-21T09:18:00.000+07:00; urgent: none; private: no; interpreter: device; consent: yes; age_known: yes; age: 19; presumed_child: no; offered: yes; offered_online: yes; arranged: yes; handed_over: not_known; housed: yes; journey_force: debt",
	// Does not know how old she is.
	"start: 2026-11-21T10:00:00.000+07:00; end: 2026-11-21T10:24:00.000+07:00; urgent: lost_child; private: yes; interpreter: interpreter; consent: yes; age_known: no; age_group: not_known; presumed_child: yes; guardian_here: not_known; offered: yes; offered_online: no; arranged: yes; handed_over: no; housed: yes; journey_force: none; used_need: yes; worked: yes; lies: conditions; long_hours: yes; paid: nothing; pay_cut: not_known; bad_living: yes; dangerous_work: no; contract: no; sexual: no; papers_with: never_had; could_leave: no; watched: yes; debt: no; stay_force: threatened; forced_tasks: yes; depended: yes; lost: yes; forced_fraud: no; fear_return: not_known; asks_protection: not_known; special: none; safe_now: yes; own_words: My little brother was with me at the market.; talk_more: yes",
	// A house where she could not leave.
	"start: 2026-11-21T11:15:00.000+07:00; end: 2026-11-21T11:41:00.000+07:00; urgent: medical; private: yes; interpreter: interpreter; consent: yes; age_known: yes; age: 29; presumed_child: no; offered: yes; offered_online: no; arranged: yes; handed_over: yes; housed: yes; journey_force: papers; used_need: yes; worked: yes; lies: job conditions housing; long_hours: yes; paid: nothing; pay_cut: yes; bad_living: yes; dangerous_work: no; contract: no; sexual: yes; papers_with: employer; could_leave: no; watched: yes; debt: no; stay_force: hurt threatened tell; forced_tasks: yes; depended: yes; lost: yes; forced_fraud: no; fear_return: no; asks_protection: no; special: pregnant distress; safe_now: yes; own_words: ; talk_more: yes",
	// Expecting a child and tired; nothing else.
	"start: 2026-11-21T13:40:00.000+07:00; end: 2026-11-21T13:52:00.000+07:00; urgent: medical; private: yes; interpreter: not_needed; consent: yes; age_known: yes; age: 32; presumed_child: no; offered: no; arranged: no; handed_over: no; housed: no; journey_force: none; used_need: no; worked: no; sexual: no; papers_with: me; could_leave: yes; watched: no; debt: no; stay_force: none; forced_tasks: no; depended: no; lost: no; fear_return: no; asks_protection: no; special: pregnant; safe_now: yes; own_words: I would like to see a midwife.; talk_more: no",
	// Would rather not say.
	"start: 2026-11-21T15:05:00.000+07:00; end: 2026-11-21T15:14:00.000+07:00; urgent: declined; private: yes; interpreter: telephone; consent: yes; age_known: declined; age_group: adult; presumed_child: no; offered: declined; arranged: declined; handed_over: declined; housed: declined; journey_force: declined; used_need: declined; worked: declined; sexual: declined; papers_with: declined; could_leave: declined; watched: declined; debt: declined; stay_force: declined; forced_tasks: declined; depended: declined; lost: declined; fear_return: declined; asks_protection: declined; special: declined; safe_now: declined; own_words: ; talk_more: not_known",
}
