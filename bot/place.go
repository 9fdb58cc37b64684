package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/runbooks"
	"tocsin/store"
)

// place finds a home for an alert of something new, in this order: the incident
// of its service and symptom, or of the provider that it depends on; else what the
// catalogue of services says of it: a room, a question, or a line in a list. Over
// the limit of new rooms, one incident takes in all that is too much.
func (rd *round) place(ctx context.Context, a *store.Alert, s Signal) error {
	if id, ok := incident.ParseID(s.Labels[incident.LabelMade]); ok && s.Made() {
		named, unknown := rd.bot.Incident(ctx, id)
		if id, err := rd.bot.movedTo(ctx, id); err != nil {
			return err
		} else if _, err := rd.bot.Incident(ctx, id); err == nil && (unknown != nil || !foretime(s, named)) {
			rd.attach(id, "because it was made for it", a, s)
			return nil
		}
	}
	what := rd.bot.about(s.Signaled)
	if a.Private {
		return rd.aside(ctx, a, s, what)
	}
	if id, why := rd.near(what, a.Apart); id != "" {
		rd.attach(id, why, a, s)
		return nil
	}
	action, why := rd.action(what.service, s)
	if action == runbooks.Attach {
		a.Why = why
		rd.early(a, s)
		return nil
	}
	var no noRoom
	if action == runbooks.Ask {
		no.why = strings.TrimPrefix(why, "because ")
	}
	return rd.begin(ctx, a, s, what, no)
}

// aside opens an incident for an alert that people took off a private one: it is as
// private, and for the same people.
func (rd *round) aside(ctx context.Context, a *store.Alert, s Signal, what about) error {
	d := incident.Declared{Title: s.Title, Severity: s.Severity, Service: what.name, Private: true}
	for _, id := range a.Apart {
		inc, err := rd.bot.Incident(ctx, id)
		if errors.Is(err, store.ErrNotFound) { // it left the record
			continue
		}
		if err != nil {
			return err
		}
		d.People = append(d.People, inc.People...)
	}
	if len(d.People) == 0 { // a private one without people would be seen by nobody
		d.People, d.OnCall = rd.bot.onDuty(d)
	}
	_, err := rd.bot.open(ctx, a, s, d, noRoom{})
	return err
}

// near finds the incident that an alert belongs to. What may concern people's data
// goes to none that all can read, unless that is of the same: it is for those of
// its own service and kind.
func (rd *round) near(what about, apart []incident.ID) (id incident.ID, why string) {
	if !rd.bot.secure(what.guide) {
		return rd.groups.near(what, apart, rd.now)
	}
	for _, inc := range rd.bot.inMemory() {
		_, name := rd.bot.service(incident.Signaled{Service: inc.Service})
		if inc.Active() && !inc.Declarer.Human() && rd.bot.secure(inc.Guide.Guide) && name == what.name &&
			rd.now.Sub(lastActivity(&inc)) <= rd.bot.Services.Window() && !slices.Contains(apart, inc.ID) {
			return inc.ID, "because it is of the same service and symptom"
		}
	}
	return "", ""
}

// action is what the catalogue of services says of an alert of something new.
func (rd *round) action(service *runbooks.Service, s Signal) (runbooks.Action, string) {
	action, why := rd.bot.Services.Action(service, runbooks.Alert{
		Source: s.Source, Title: s.Title, Severity: s.Severity, Urgency: s.Urgency, Labels: s.Labels,
	})
	if s.State == incident.StateNoData && action == runbooks.Open {
		return runbooks.Ask, "a monitor that hears nothing does not prove that something is wrong"
	}
	return action, why
}

// opens tells whether an alert would open a room by itself now, and takes note of
// the room.
func (rd *round) opens(s Signal) bool {
	service, name := rd.bot.service(s.Signaled)
	if action, _ := rd.action(service, s); action != runbooks.Open || rd.rooms.held(service, name, rd.now) != "" || rd.rooms.full(rd.now) {
		return false
	}
	rd.rooms.wanted = append(rd.rooms.wanted, rd.now)
	rd.rooms.opened(name, rd.now)
	return true
}

// foretime tells whether PagerDuty's incident is older than ours: then it was made for
// another one of that number, of which a restored record knows nothing.
func foretime(s Signal, inc incident.Incident) bool {
	return !s.Since.IsZero() && s.Since.Before(inc.Declared.Add(-clocksApart))
}

// clocksApart is by how much the clocks of two services may differ.
const clocksApart = 5 * time.Minute

// attach has an incident take in an alert, with what came early of it.
func (rd *round) attach(id incident.ID, why string, a *store.Alert, s Signal) {
	a.Incident, a.Why, s.Why = id, why, why
	before := overtaken(a, s)
	rd.tell(id, &s, a)
	for _, e := range before {
		rd.tell(id, &e, a)
	}
}

// begin opens an incident for an alert, within the limits.
func (rd *round) begin(ctx context.Context, a *store.Alert, s Signal, what about, no noRoom) error {
	d := incident.Declared{Title: s.Title, Severity: s.Severity, Service: what.name}
	if what.service == nil {
		d.Service = cmp.Or(s.Service, s.Labels["service"])
	}
	d.People, d.OnCall = rd.bot.summoned(what.service, s)
	if why := rd.rooms.held(what.service, what.name, rd.now); why != "" {
		no = noRoom{why: why, quiet: !rd.bot.Holding().IsZero()}
	}
	if no.why == "" && rd.rooms.storm(rd.now) {
		if !rd.bot.secure(what.guide) {
			return rd.shelter(ctx, a, s, d)
		}
		no = noRoom{why: rd.rooms.many()}
	}
	return rd.declare(ctx, a, s, d, no)
}

// declare opens an incident for an alert. One more question than people can answer
// is not asked but listed, and counted where people were asked last.
func (rd *round) declare(ctx context.Context, a *store.Alert, s Signal, d incident.Declared, no noRoom) error {
	if no.why != "" && !no.quiet {
		no.quiet = !rd.rooms.ask(rd.now)
	}
	inc, err := rd.bot.open(ctx, a, s, d, no)
	switch {
	case err != nil:
		return err
	case inc.Held == "":
		rd.rooms.count(inc.Service, rd.now)
	case !inc.Quiet && !inc.Private:
		rd.rooms.question = inc.ID
	case rd.rooms.question != "":
		return rd.bot.announceAgain(ctx, rd.rooms.question)
	}
	return nil
}

// shelter has the storm's incident take in an alert, and begins it if there is none.
// What a person took off it is asked about.
func (rd *round) shelter(ctx context.Context, a *store.Alert, s Signal, d incident.Declared) error {
	inc, ok := rd.rooms.umbrella(ctx, rd.now)
	if ok && slices.Contains(a.Apart, inc.ID) {
		return rd.declare(ctx, a, s, d, noRoom{why: rd.rooms.many()})
	}
	if ok {
		rd.attach(inc.ID, "because "+rd.rooms.many(), a, s)
		return nil
	}
	s.Why = "because " + rd.rooms.many()
	d.Title, d.Service, d.Storm = "Many alerts at once", "", true
	inc, err := rd.bot.open(ctx, a, s, d, noRoom{})
	if err == nil {
		rd.rooms.shelter = inc.ID
		rd.bot.storming.Store(&Storm{inc.ID, rd.rooms.until})
	}
	return err
}

// summoned are the people that an alert's incident needs: who is on call for the
// service, its owners, and whom the source has on it.
func (b *Bot) summoned(service *runbooks.Service, s Signal) (people, onCall []incident.Person) {
	people = append(people, s.People...)
	name := s.Service
	if service != nil {
		name = service.ID
		for _, u := range service.Owners {
			people = append(people, incident.Person{User: incident.User(u)})
		}
	}
	if b.OnCall != nil {
		onCall = b.OnCall(name)
		people = append(people, onCall...)
	}
	return slices.DeleteFunc(people, func(p incident.Person) bool { return p.User == "" }), onCall
}

// rooms keeps the rooms that alerts open within limits.
type rooms struct {
	bot      *Bot
	wanted   []time.Time            // when a room was wanted, within the last minute
	of       map[string][]time.Time // when one was opened for a service, "" for none, within the last hour
	until    time.Time              // the storm lasts until then
	shelter  incident.ID            // what takes in the rest
	asked    []time.Time            // when people were asked whether to open one, within the last minute
	question incident.ID            // what they were asked about last
}

// recall takes in the rooms that alerts opened before a restart, and what people were
// asked about.
func (r *rooms) recall(now time.Time) {
	for _, inc := range r.bot.inMemory() {
		ago := now.Sub(inc.Declared)
		switch {
		case inc.Storm && inc.Active():
			r.recallStorm(inc)
			continue
		case inc.Storm || inc.Declarer.Human() || ago > time.Hour:
			continue
		case inc.Held != "":
			r.recallQuestion(inc, ago)
			continue
		case ago < time.Minute:
			r.wanted = append(r.wanted, inc.Declared)
		}
		r.count(inc.Service, inc.Declared)
	}
	slices.SortFunc(r.wanted, time.Time.Compare)
	slices.SortFunc(r.asked, time.Time.Compare)
	for _, times := range r.of {
		slices.SortFunc(times, time.Time.Compare)
	}
}

// recallStorm takes in a storm: it goes on until nothing was said of it for a while.
func (r *rooms) recallStorm(inc incident.Incident) {
	if until := lastActivity(&inc).Add(calm); until.After(r.until) {
		r.until, r.shelter = until, inc.ID
		r.bot.storming.Store(&Storm{r.shelter, r.until})
	}
}

// recallQuestion takes in a question of so long ago: the last is the newest.
func (r *rooms) recallQuestion(inc incident.Incident, ago time.Duration) {
	if inc.Quiet || inc.Private {
		return
	}
	if ago < time.Minute {
		r.asked = append(r.asked, inc.Declared)
	}
	if r.question == "" || inc.ID.Number() > r.question.Number() {
		r.question = inc.ID
	}
}

// many is why a storm's alerts get no rooms of their own.
func (r *rooms) many() string {
	return fmt.Sprintf("%s were opened within a minute", count(r.bot.Services.RoomsPerMinute(), "room"))
}

// ask tells whether people can be asked one more question now: as many within a
// minute as rooms may be opened.
func (r *rooms) ask(now time.Time) bool {
	if r.asked = since(r.asked, now.Add(-time.Minute)); len(r.asked) >= r.bot.Services.RoomsPerMinute() {
		return false
	}
	r.asked = append(r.asked, now)
	return true
}

// calm is how long a storm outlasts the last time that rooms were over the limit.
const calm = 5 * time.Minute

// held tells why a room of its own is not opened for a service before somebody
// says so; "" if it may be.
func (r *rooms) held(service *runbooks.Service, name string, now time.Time) string {
	if at := r.bot.Holding(); !at.IsZero() {
		return "rooms are on hold since " + incident.Clock(at)
	}
	if r.of[name] = since(r.of[name], now.Add(-time.Hour)); len(r.of[name]) == 0 {
		delete(r.of, name)
	}
	if limit := r.bot.Services.RoomsPerHour(service); len(r.of[name]) >= limit {
		return fmt.Sprintf("%s had %s within the last hour", cmp.Or(name, "alerts that name no service"), count(limit, "room"))
	}
	return ""
}

// full tells whether one more room would be too much now.
func (r *rooms) full(now time.Time) bool {
	r.wanted = since(r.wanted, now.Add(-time.Minute))
	return len(r.wanted) >= r.bot.Services.RoomsPerMinute() || now.Before(r.until)
}

// storm takes note that one more room is wanted, and tells whether it would be too much now.
func (r *rooms) storm(now time.Time) bool {
	r.wanted = append(since(r.wanted, now.Add(-time.Minute)), now)
	if len(r.wanted) > r.bot.Services.RoomsPerMinute() {
		r.until = now.Add(calm)
	}
	if !now.Before(r.until) {
		return false
	}
	r.bot.storming.Store(&Storm{r.shelter, r.until})
	return true
}

// Storm is a time in which alerts open no rooms, because they opened too many.
type Storm struct {
	Shelter incident.ID // what takes in the rest; "" while nothing does
	Until   time.Time
}

// Storm is the present storm; ok is false if there is none.
func (b *Bot) Storm() (s Storm, ok bool) {
	if now := b.storming.Load(); now != nil && b.Now().Before(now.Until) {
		return *now, true
	}
	return s, false
}

func (r *rooms) opened(name string, now time.Time) { r.of[name] = append(r.of[name], now) }

// count takes in the room of an incident, by its service as the incident has it.
func (r *rooms) count(service string, at time.Time) {
	_, name := r.bot.service(incident.Signaled{Service: service})
	r.opened(name, at)
}

// umbrella is the incident that takes in what is too much, if there is one that
// people are at: one of an earlier storm is not.
func (r *rooms) umbrella(ctx context.Context, now time.Time) (incident.Incident, bool) {
	fresh := func(inc incident.Incident) bool {
		return inc.Storm && inc.Active() && now.Sub(lastActivity(&inc)) < 2*calm
	}
	if r.shelter == "" {
		for _, inc := range r.bot.inMemory() {
			if fresh(inc) {
				r.shelter = inc.ID
			}
		}
	}
	if r.shelter == "" {
		return incident.Incident{}, false
	}
	inc, err := r.bot.Incident(ctx, r.shelter)
	if err != nil || !fresh(inc) {
		r.shelter = ""
		return inc, false
	}
	return inc, true
}

// announceAgain shows anew what the announcement channel sees of an incident.
func (b *Bot) announceAgain(ctx context.Context, id incident.ID) error {
	l, err := b.load(ctx, id)
	if errors.Is(err, store.ErrNotFound) { // it left the record
		return nil
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	inc := *l.inc.Load()
	if inc.Held == "" || !inc.Active() {
		return nil
	}
	item := b.worker.inherit(store.NewItem(id, inc.Last(), 0, effect.Announce{}))
	_, err = b.commitSteps(ctx, l, nil, store.Append{Put: []store.Item{item}})
	if errors.Is(err, store.ErrConflict) {
		return nil // something else changed it, and shows it
	}
	return err
}

// since drops the times before one; they are in order.
func since(times []time.Time, t time.Time) []time.Time {
	i, _ := slices.BinarySearchFunc(times, t, time.Time.Compare)
	return times[i:]
}
