package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tocsin/bot/incident"
	"tocsin/runbooks"
	"tocsin/store"
)

// Declare begins an incident: it has a number, a commander if a person of the chat
// declared it, a play and a guide before anybody is answered. handles are names that
// lead to it from now on. Declaring again with the same cause, or a handle that
// leads somewhere already, gives the incident that is there, and fresh is false.
// Of a service that is described, its owners and who is on call are brought in.
func (b *Bot) Declare(ctx context.Context, o Origin, d incident.Declared, handles ...string) (inc incident.Incident, fresh bool, err error) {
	return b.declare(ctx, o, d, b.guide(b.declaredQuery(ctx, d)), handles...)
}

// declaredQuery is Query of an incident that is about to be declared.
func (b *Bot) declaredQuery(ctx context.Context, d incident.Declared, more ...string) runbooks.Query {
	q := Query(incident.Incident{Title: d.Title, Symptom: d.Symptom, Service: d.Service, Quote: d.Quote}, more...)
	q.Context = b.situation(ctx, "", d.Service, q.Text)
	return q
}

// declaration is what a declaration may have besides.
type declaration struct {
	handles []string
	no      noRoom       // why it gets no room yet
	steps   []step       // what follows the declaration on its timeline
	alert   *store.Alert // what it is declared for
	alerts  []store.Alert
}

// noRoom is why an incident gets no room before a person asks for one; the zero
// noRoom is none. quiet asks nobody: it is only listed.
type noRoom struct {
	why   string
	quiet bool
}

// declare is Declare with a guide.
func (b *Bot) declare(ctx context.Context, o Origin, d incident.Declared, guide []incident.Fact, handles ...string) (inc incident.Incident, fresh bool, err error) {
	return b.declareWith(ctx, o, d, guide, declaration{handles: handles})
}

// declareWith is declare with more, in one transaction.
func (b *Bot) declareWith(ctx context.Context, o Origin, d incident.Declared, guide []incident.Fact, with declaration) (inc incident.Incident, fresh bool, err error) {
	unrated := d.Severity == ""
	facts, err := incident.Declare(d, b.Now())
	if err != nil {
		return inc, false, err
	}
	facts = b.begin(o, facts[0].(incident.Declared), unrated, guide)
	if no := with.no; no.why != "" && !facts[0].(incident.Declared).Private { // nobody would hear of a private one
		facts = append(facts, incident.RoomHeld{Why: no.why, Quiet: no.quiet})
	}
	with.steps = append(steps(o, facts), with.steps...)
	handles := with.handles
	if o.Cause != "" {
		handles = append(handles, causeHandle(o.Cause))
	}
	with.handles = handles
	b.declaring.Lock()
	defer b.declaring.Unlock()
	for range maxRaces {
		if inc, ok, err := b.taken(ctx, handles); err != nil || ok {
			return inc, false, err
		}
		inc, err := b.declareOnce(ctx, with)
		if !errors.Is(err, store.ErrConflict) {
			return inc, err == nil, err
		}
		b.next = 0 // somebody else declares too: count again
	}
	return inc, false, fmt.Errorf("no free number for a new incident after %d tries: the record may lack a head, see tocsin doctor", maxRaces)
}

// maxRaces bounds how often a number is lost to somebody else.
const maxRaces = 16

// begin adds to the declaration what follows from it at once.
func (b *Bot) begin(o Origin, d incident.Declared, unrated bool, guide []incident.Fact) []incident.Fact {
	sensitive := !d.Storm && b.sensitive(guide, d)
	if sensitive && unrated {
		d.Severity = b.floor(guide)
	}
	play, ok := b.Plays.Choose(string(d.Severity), d.Symptom)
	if sensitive && (o.By.Human() || len(d.People) > 0 || ok && len(play.Invite) > 0) {
		d.Private = true // before the first word of it is in a channel that all can read
	}
	if o.By.Human() {
		d = b.summon(o, d)
	}
	if q := d.Quote; q != nil && q.Author.User != "" && !d.Private {
		d.People = append(d.People, q.Author)
	}
	if ok && (!d.Private || o.By.User == "") { // a private one that nobody of the chat declared needs people
		for _, u := range play.Invite {
			d.People = append(d.People, incident.Person{User: incident.User(u)})
		}
	}
	facts := []incident.Fact{d}
	if o.By.User != "" {
		facts = append(facts, incident.Assigned{Role: incident.Commander, To: o.By.Person})
	}
	if ok {
		facts = append(facts, playStarted(play))
	}
	return append(facts, guide...)
}

// unsafe is the symptom of what not everybody may read.
const unsafe = "security-privacy"

// sensitive tells whether a report is of what not everybody may read: by its
// symptom, its guide, or by calling such a guide by its name beside another.
func (b *Bot) sensitive(facts []incident.Fact, d incident.Declared) bool {
	if d.Symptom == unsafe {
		return true
	}
	for _, f := range facts {
		if served, ok := f.(incident.GuideServed); ok && b.secure(served.Guide) {
			return true
		}
	}
	near := b.FindGuide(Query(incident.Incident{Title: d.Title, Quote: d.Quote})).Candidates
	return slices.ContainsFunc(near, func(c runbooks.Candidate) bool {
		return c.Named && b.secure(c.Guide) && near[0].Score-c.Score < closeBy
	})
}

// floor is how bad what concerns people's data is taken to be until somebody knows:
// as its guide says, and a SEV2 at least.
func (b *Bot) floor(facts []incident.Fact) incident.Severity {
	for _, f := range facts {
		if served, ok := f.(incident.GuideServed); ok && b.secure(served.Guide) {
			g, _ := b.Guides.Guide(served.Guide)
			if s, err := incident.ParseSeverity(g.Severity); err == nil && s.Worse(incident.SEV2) {
				return s
			}
		}
	}
	return incident.SEV2
}

// closeBy is how far behind the best guide one is that may be meant as well.
const closeBy = 1.5

func (b *Bot) secure(guide string) bool {
	g, ok := b.Guides.Guide(guide)
	return ok && g.Security
}

// known is the symptom, or "" when nobody has classified it.
func known(symptom string) string {
	if symptom == incident.Unclassified {
		return ""
	}
	return symptom
}

func (b *Bot) taken(ctx context.Context, handles []string) (incident.Incident, bool, error) {
	for _, h := range handles {
		id, ok, err := b.journal.Lookup(ctx, h)
		if err != nil || ok {
			if err != nil {
				return incident.Incident{}, false, err
			}
			inc, err := b.Incident(ctx, id)
			return inc, err == nil, err
		}
	}
	return incident.Incident{}, false, nil
}

func (b *Bot) declareOnce(ctx context.Context, with declaration) (incident.Incident, error) {
	if b.next == 0 {
		n, err := b.journal.Next(ctx)
		if err != nil {
			return incident.Incident{}, err
		}
		b.next = n
	}
	id := incident.NewID(b.next)
	l := &live{tip: store.Tip{ID: id}}
	l.inc.Store(&incident.Incident{ID: id})
	l.mu.Lock()
	defer l.mu.Unlock()
	a := store.Append{Handles: with.handles}
	if with.alert != nil {
		with.alert.Incident = id
		a.Alerts = append(a.Alerts, *with.alert)
	}
	for _, alert := range with.alerts {
		alert.Incident = id
		a.Alerts = append(a.Alerts, alert)
	}
	inc, err := b.commitSteps(ctx, l, with.steps, a)
	if err != nil {
		return inc, err
	}
	b.next++
	return inc, nil
}
