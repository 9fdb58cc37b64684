package bot

import (
	"context"
	"errors"
	"slices"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// Everybody is the service for which everybody is on call who is on call for any.
const Everybody = "*"

// summon is d with the service that it names and the people that this calls for. A
// private one is for whom its declarer brings in, if they can: nobody at the shell can
// come into its room, and without people it would be seen by nobody.
func (b *Bot) summon(o Origin, d incident.Declared) incident.Declared {
	v, described := b.Services.Find(d.Service, d.Title)
	if described {
		d.Service = orElse(d.Service, v.ID)
	}
	var people []incident.Person
	switch {
	case o.By.User == "":
		people, d.OnCall = b.onDuty(d)
	case described && !d.Private:
		people, d.OnCall = b.summoned(v, Signal{})
	}
	for _, p := range people {
		if !slices.ContainsFunc(d.People, p.Is) {
			d.People = append(d.People, p)
		}
	}
	return d
}

// onDuty are the people for an incident that nobody of the chat declared: those of its
// service, or else everybody who is on call.
func (b *Bot) onDuty(d incident.Declared) (people, onCall []incident.Person) {
	v, described := b.Services.Find(d.Service, d.Title)
	if !described {
		v = nil
	}
	people, onCall = b.summoned(v, Signal{Signaled: incident.Signaled{Service: d.Service}})
	if len(people) > 0 || b.OnCall == nil {
		return people, onCall
	}
	onCall = slices.DeleteFunc(b.OnCall(Everybody), func(p incident.Person) bool { return p.User == "" })
	return onCall, onCall
}

// fromShell tells the room who declared it and is not in it, and asks for a commander.
func fromShell(e incident.Event, inc incident.Incident) []effect.Effect {
	if e.By.Via != incident.ViaShell {
		return nil
	}
	m := effect.Message{Body: sentence(e, inc) + " It came from the shell of tocsin's machine: what they note there is told here, and they may not see this channel."}
	return []effect.Effect{say(askCommand(m, inc))}
}

// Summon brings in who is on call where that was not known when somebody declared an
// incident from the shell: tocsin did not run, or the chat was away. To call it again
// does no harm.
func (b *Bot) Summon(ctx context.Context) error {
	var failed error
	for _, inc := range b.inMemory() {
		if !deserted(inc) {
			continue
		}
		people, _ := b.onDuty(incident.Declared{Title: inc.Title, Service: inc.Service})
		o := Origin{By: incident.Bot, Cause: "summon/" + string(inc.ID)}
		_, err := b.Update(ctx, inc.ID, o, func(inc incident.Incident) ([]incident.Fact, error) {
			if !deserted(inc) {
				return nil, nil
			}
			var facts []incident.Fact
			for _, p := range people {
				facts = append(facts, incident.Joined{Person: p})
			}
			return facts, nil
		})
		failed = errors.Join(failed, err)
	}
	return failed
}

// deserted tells whether an incident was declared from the shell, and has nobody of
// the chat.
func deserted(inc incident.Incident) bool {
	return inc.Active() && inc.Declarer.Via == incident.ViaShell &&
		!slices.ContainsFunc(inc.People, func(p incident.Person) bool { return p.User != "" })
}
