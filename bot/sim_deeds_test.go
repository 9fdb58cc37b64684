package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// wish is something that is asked for. Its token stands in its words, and nowhere else.
type wish struct {
	token string
	fact  string // the name of the fact that it leads to
	acked bool   // answered as done, or sent again until it is taken
}

// deed is one kind of thing that Ben does to one of PagerDuty's incidents.
type deed struct{ incident, event string }

func (o *office) wish(fact string) *wish {
	a := &wish{token: tokenOf(len(o.wishes)), fact: fact}
	o.wishes = append(o.wishes, a)
	return a
}

// types has a person give a command in #general, and returns what they are told.
func (o *office) types(user, line string) string {
	o.mend()
	r, err := o.ws.Say(context.Background(), sandbox.Say{User: user, Channel: "general", Text: "/incident " + line})
	if err != nil {
		o.t.Fatal(err)
	}
	o.mend()
	var ack struct{ Text string }
	_ = json.Unmarshal(r.Ack, &ack) // an answer without words is one
	return ack.Text
}

// asks has a person give a command with a token, in new words each time, until it is
// answered as done; a few times at most, since it may have to be refused.
func (o *office) asks(fact, user, line, done string) {
	for range 4 {
		a := o.wish(fact)
		if strings.Contains(o.types(user, line+" "+a.token), done) {
			a.acked = true
			return
		}
		o.pause(time.Second)
	}
}

// sets gives a command until something is so.
func (o *office) sets(line string, so func(incident.Incident) bool) {
	for range 50 {
		o.mend()
		if so(o.inc("INC-1")) {
			return
		}
		o.types("U0ADA", "INC-1 "+line)
		o.pause(time.Second)
	}
	o.t.Fatalf("%q is never done", line)
}

// fires has a monitor tell PagerDuty of something new.
func (o *office) fires() {
	a := o.wish("signaled")
	a.acked = true
	o.fired++
	o.post("/v2/enqueue", map[string]any{
		"routing_key": "sandbox0routing0key0sandbox0002a", "event_action": "trigger", "dedup_key": a.token,
		"payload": map[string]string{"summary": "Answers are cut off " + a.token, "source": "probe", "severity": "critical"},
	})
	o.pause(5 * time.Second) // what comes late must not come after it was resolved
}

// opened is when INC-1 has its room, which an alert opens. Two calls in a row have to go
// well for that, and each is a minute after the last at worst.
func (o *office) opened() {
	o.fires()
	for range 3600 {
		o.pause(time.Second)
		if len(o.heads()) > 0 && o.inc("INC-1").Channel.Channel != "" {
			return
		}
	}
	o.t.Fatal("no room opens")
}

// deeds are what people do.
var deeds = []func(*office){
	func(o *office) { o.asks("noted", "U0ADA", "INC-1 note seen again", "Noted") },
	func(o *office) { o.asks("updated", "U0BEN", "INC-1 update we are on it", "is out") },
	func(o *office) { o.asks("task-added", "U0CHEN", "INC-1 task look at", "is on the list") },
	func(o *office) { o.pages("dina") },
	func(o *office) { o.pages("mei") },
	func(o *office) { o.pages("Platform") },
	func(o *office) { o.pages("search") },
	func(o *office) { o.fills("U0DINA", "note", "noted", map[string]any{}) },
	func(o *office) {
		if !o.byKey {
			o.fills("U0DINA", "page", "page-asked", map[string]any{"who": "user/PUSRMEI"})
		}
	},
	(*office).pins,
	func(o *office) { o.types("U0ADA", fmt.Sprintf("INC-1 sev %d", 1+o.rng.IntN(3))) },
	func(o *office) { o.types("U0CHEN", fmt.Sprintf("INC-1 sev %d", 1+o.rng.IntN(2))) },
	func(o *office) { o.types("U0BEN", "INC-1 take commander") },
	func(o *office) { o.types("U0ADA", "INC-1 postmortem") },
	func(o *office) { o.types("U0ADA", "INC-1 resolve rolled back") },
	func(o *office) { o.types("U0ADA", "INC-1 reopen not over") },
	func(o *office) {
		if o.fired < 3 && o.inc("INC-1").Active() {
			o.fires()
		}
	},
	func(o *office) { o.does("acknowledge", "incident.acknowledged") },
	func(o *office) { o.does("priority", "incident.priority_updated") },
	func(o *office) { o.does("resolve", "incident.resolved") },
	func(o *office) { o.does("reopen", "incident.reopened") },
	func(o *office) { o.does("escalate", "incident.escalated") },
	(*office).notes,
	(*office).notes,
	(*office).answers,
}

func (o *office) pages(whom string) {
	if o.byKey {
		whom = ""
	}
	o.asks("page-asked", "U0ADA", strings.Join(strings.Fields("INC-1 page "+whom+" please help with"), " "), "Paging ")
}

// fills has a person fill in a form, and send it until it is taken.
func (o *office) fills(user, line, fact string, values map[string]any) {
	for v, open := o.ws.View(user); open; v, open = o.ws.View(user) {
		_, _ = o.ws.CloseView(context.Background(), sandbox.CloseView{User: user, ViewID: v.ID})
	}
	o.types(user, "INC-1 "+line)
	o.pause(2 * time.Second)
	v, open := o.ws.View(user)
	if !open {
		return // it is opened once, or not at all
	}
	a := o.wish(fact)
	values["text"] = "in the form " + a.token
	for range 30 {
		r, err := o.ws.Submit(context.Background(), sandbox.Submit{User: user, ViewID: v.ID, Values: values})
		if err != nil {
			o.t.Fatal(err)
		}
		o.mend()
		if a.acked = r.OK; a.acked {
			return
		}
		o.pause(time.Second)
	}
}

// pins has Ben write in the room and pin it.
func (o *office) pins() {
	ctx, room := context.Background(), o.inc("INC-1").Channel.Channel
	_, _ = o.ws.Join(ctx, sandbox.Visit{User: "U0BEN", Channel: room}) // or he is there
	a := o.wish("quoted")
	a.acked = true
	r, err := o.ws.Say(ctx, sandbox.Say{User: "U0BEN", Channel: room, Text: "look at this " + a.token})
	if err == nil {
		r, err = o.ws.React(ctx, sandbox.React{User: "U0BEN", Channel: room, TS: r.TS, Name: "pushpin"})
	}
	if err != nil || !r.OK {
		o.t.Fatal(r, err)
	}
}

// theirs is one of PagerDuty's incidents that fits. With a routing key alone tocsin
// cannot see what people do to those of its making, so they leave them alone.
func (o *office) theirs(fits func(sandbox.PagerIncident) bool) (p sandbox.PagerIncident, ok bool) {
	all := slices.DeleteFunc(o.ws.PagerDutyIncidents(), func(p sandbox.PagerIncident) bool { return !fits(p) || o.byKey && madeByUs(p) })
	if len(all) == 0 {
		return p, false
	}
	return all[o.rng.IntN(len(all))], true
}

// does has Ben do something in PagerDuty that can be done now.
func (o *office) does(act, event string) {
	// PagerDuty lists times by the second; and nobody acts in the very moment tocsin does.
	o.pause(time.Second + 37*time.Millisecond)
	p, ok := o.theirs(func(p sandbox.PagerIncident) bool {
		switch act {
		case "acknowledge":
			return p.Status == "triggered"
		case "reopen":
			return p.Status == "resolved"
		case "escalate":
			return p.Status != "resolved" && p.Policy == "Default"
		}
		return p.Status != "resolved"
	})
	if !ok {
		return
	}
	priority := "P1"
	if p.Priority == priority {
		priority = "P2"
	}
	if o.act(sandbox.PagerAct{User: "ben@example.com", Incident: p.ID, Act: act, Priority: priority}) {
		o.acts[deed{p.ID, event}]++
	}
}

// act tells whether somebody could do something in PagerDuty.
func (o *office) act(a sandbox.PagerAct) bool {
	_, err := o.ws.PagerAct(context.Background(), a)
	return err == nil
}

// notes has Ben write a note in PagerDuty.
func (o *office) notes() {
	if p, ok := o.theirs(func(sandbox.PagerIncident) bool { return true }); ok {
		a := o.wish("signaled")
		a.acked = o.act(sandbox.PagerAct{User: "ben@example.com", Incident: p.ID, Act: "note", Note: "on it " + a.token})
	}
}

// answers has somebody who was asked for help in PagerDuty answer.
func (o *office) answers() {
	who := map[string]string{} // by incident
	p, ok := o.theirs(func(p sandbox.PagerIncident) bool {
		for _, r := range p.Responders {
			if name, pending := strings.CutSuffix(r, ": pending"); pending {
				who[p.ID] = name
			}
		}
		return who[p.ID] != ""
	})
	if ok {
		o.act(sandbox.PagerAct{User: who[p.ID], Incident: p.ID, Act: []string{"accept", "decline"}[o.rng.IntN(2)]})
	}
}

// day plays what people do: so many things one after the other, and then how it ends.
func (o *office) day(things int) {
	o.opened()
	for range things {
		deeds[o.rng.IntN(len(deeds))](o)
		o.pause([]time.Duration{0, 0, time.Second, 3 * time.Second, 20 * time.Second, time.Minute}[o.rng.IntN(6)])
	}
}

// evening ends the day: the incident is open and rated anew, which PagerDuty has to
// show, and then over.
func (o *office) evening() {
	if o.rng.IntN(2) == 0 { // at once, or later
		o.sets("resolve rolled back", func(inc incident.Incident) bool { return !inc.Active() })
		o.pause(time.Duration(o.rng.IntN(12)) * time.Second)
	}
	reopened := !o.inc("INC-1").Active()
	o.sets("reopen not over", incident.Incident.Active)
	o.settled()
	rate := incident.SEV1
	if o.inc("INC-1").Severity == rate {
		rate = incident.SEV3
	}
	o.sets("sev "+string(rate), func(inc incident.Incident) bool { return inc.Severity == rate })
	o.settled()
	o.compareRated(reopened)
	o.sets("resolve rolled back", func(inc incident.Incident) bool { return !inc.Active() })
	o.settled()
	o.calmed()
	o.compareOver()
	o.compare()
}

// errands plays a day on which each thing is done once, and nothing fails.
func (o *office) errands() {
	o.opened()
	for _, do := range deeds {
		do(o)
		o.pause(2 * time.Second)
	}
	for _, fact := range []string{"noted", "updated", "task-added", "page-asked", "quoted", "signaled"} {
		if !slices.ContainsFunc(o.wishes, func(a *wish) bool { return a.fact == fact && a.acked }) {
			o.t.Errorf("nothing was %s: this proves nothing of it", fact)
		}
	}
}
