package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/runbooks"
	"tocsin/store"
)

// catalogue describes services that depend on one provider; more are files of
// their own, such as default.md.
func catalogue(t testing.TB, services int, more ...string) *runbooks.Services {
	own := fstest.MapFS{}
	for n := range services {
		id := fmt.Sprintf("service-%02d", n)
		own[id+".md"] = &fstest.MapFile{Data: []byte("---\nid: " + id + "\ntitle: Service " + fmt.Sprint(n) + "\nprovider: anthropic\nowners: [U0BEN]\n---\nText.\n")}
	}
	for i := 0; i+1 < len(more); i += 2 {
		own[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	s, problems := runbooks.LoadServices(runbooks.EmbeddedServices(), own)
	for _, p := range problems {
		t.Fatal(p)
	}
	return s
}

// inStorm runs a test with a catalogue, and a Slack that enforces its limits.
func inStorm(t *testing.T, services *runbooks.Services, f func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.close()
		w.run()
		<-w.done
		w.more = []func(*bot.Config){func(c *bot.Config) { c.Services = services }}
		w.start()
		if err := w.ws.Fault(sandbox.Fault{Kind: "limits"}); err != nil {
			t.Fatal(err)
		}
		f(t, w)
	})
}

// outage is how monitors of several services word that one provider fails.
var outage = []string{
	"ProviderErrorRateHigh: anthropic answers 529 overloaded_error",
	"LLM provider calls fail: 5xx ratio above 20 %% on %s",
	"%s: requests to the model provider time out after 60 s",
	"Upstream anthropic returns 503 for %s",
	"Fallback rate of %s above 50 %%: provider unavailable",
}

// fire delivers an alert of a service.
func (w *world) fire(source, key, service, title, urgency string) {
	w.receive(alert(source, key, service, title, urgency, incident.StateFiring))
}

func alert(source, key, service, title, urgency, state string) bot.Signal {
	return bot.Signal{
		Signaled: incident.Signaled{Source: source, Event: state, State: state, Key: key, Title: title, Service: service, Urgency: urgency},
		ID:       key + state + time.Now().Format(time.RFC3339Nano), At: time.Now(),
		By: incident.Actor{Person: incident.Person{Name: incident.SourceName(source)}, Via: source},
	}
}

func (w *world) heads() []store.Head {
	heads, err := store.NewJournal(w.kv).Heads(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return heads
}

// limited fails the test if Slack had to refuse a call, or a method was over its tier.
func (w *world) limited() {
	for method, c := range w.ws.Counts() {
		if c.Limited > 0 {
			w.t.Errorf("%s: %d of %d calls were over Slack's limit", method, c.Limited, c.Calls)
		}
	}
}

// TestStormOfOneCause: a thousand alerts of fourteen services in a minute for one
// provider's outage are one room, usable within two seconds, in which people can
// still hear each other; every alert is on record once.
func TestStormOfOneCause(t *testing.T) {
	const alerts, services = 1000, 14
	inStorm(t, catalogue(t, services), func(t *testing.T, w *world) {
		began := time.Now()
		usable := time.Duration(0)
		for n := range alerts {
			if d := began.Add(time.Duration(n) * time.Minute / alerts); time.Until(d) > 0 {
				<-time.After(time.Until(d))
			}
			service := fmt.Sprintf("service-%02d", n%services)
			title := outage[n%len(outage)]
			if strings.Contains(title, "%s") {
				title = fmt.Sprintf(title, service)
			}
			source := []string{"pagerduty", "alertmanager", "datadog"}[n%3]
			if _, err := w.accept(alert(source, fmt.Sprint("K", n), service, title, "critical", incident.StateFiring)); err != nil {
				t.Fatal(err)
			}
			if usable == 0 && w.usable() {
				usable = time.Since(began)
			}
		}
		synctest.Wait()
		if room := w.room(); usable == 0 || usable > 2*time.Second {
			t.Errorf("%s was usable after %v", room.Name, usable)
		}
		said := 0
		for _, m := range w.ws.Messages(w.room().Name) {
			if m.Metadata != nil {
				said++
			}
		}
		if said > 6 {
			t.Errorf("the room saw %d messages of the bot in that minute", said)
		}
		w.settle()
		w.limited()
		if h := w.heads(); len(h) != 1 {
			t.Errorf("%d incidents", len(h))
		}
		inc := w.inc("INC-1")
		if inc.Tally.Total != alerts || inc.Tally.Firing != alerts || len(inc.Tally.Services) != services {
			t.Errorf("%+v", inc.Tally)
		}
		if n := w.said(w.room().ID, fmt.Sprintf("+%d alerts from %d services", alerts-1, services)); n != 1 {
			t.Errorf("the card does not count them: %+v", w.ws.Messages(w.room().Name))
		}
		stored, err := store.NewJournal(w.kv).Alerts(context.Background())
		if err != nil || len(stored) != alerts {
			t.Errorf("%d alerts stored, %v", len(stored), err)
		}
		for _, a := range stored {
			if a.Incident != "INC-1" || a.Count != 1 || a.First.IsZero() || a.Last.IsZero() {
				t.Fatalf("%+v", a)
			}
			if why := a.Why; a.Signal.Key != "K0" && !strings.HasPrefix(why, "because it ") {
				t.Fatalf("%s: why %q", a.Key, why)
			}
		}
		if waiting, err := store.NewJournal(w.kv).Arrivals(context.Background(), store.Arrival{}, 0); err != nil || len(waiting) != 0 {
			t.Errorf("%d deliveries wait, %v", len(waiting), err)
		}
	})
}

// usable tells whether INC-1's people can work in its room: they are in it, and
// the card and the guide are there.
func (w *world) usable() bool {
	for _, c := range w.ws.State().Channels {
		if strings.HasPrefix(c.Name, "inc-1-") {
			return slices.Contains(c.Members, "U0BEN") && w.said(c.ID, "Status:") == 1 && w.said(c.ID, "📖") == 1
		}
	}
	return false
}

// TestStormOfManyCauses: over five rooms in a minute one incident takes in the rest,
// with a row for each service, and a person is asked before there are more rooms;
// after the storm alerts open rooms again.
func TestStormOfManyCauses(t *testing.T) {
	inStorm(t, nil, func(t *testing.T, w *world) {
		for n := range 40 {
			w.fire("alertmanager", fmt.Sprint("K", n), fmt.Sprint("thing-", n), "Disk of thing is full", "critical")
		}
		w.settle()
		w.limited()
		heads := w.heads()
		if len(heads) != 6 {
			t.Fatalf("%d incidents, want five rooms and the storm's", len(heads))
		}
		storm := w.inc(heads[5].ID)
		if !storm.Storm || storm.Tally.Total != 35 || len(storm.Tally.Services) != 35 {
			t.Errorf("storm %v, %+v", storm.Storm, storm.Tally)
		}
		if n := w.said(storm.Channel.Channel, "thing-5: 1 alert, firing"); n != 1 {
			t.Error("the card has no row for a service")
		}
		w.say("split", "", string(storm.ID)+" split thing-7")
		w.settle()
		if own := w.inc("INC-7"); own.Tally.Total != 1 || own.Service != "thing-7" || own.Channel.Channel == "" || w.inc(storm.ID).Tally.Total != 34 {
			t.Errorf("split: %+v", own.Tally)
		}
		w.fire("alertmanager", "K7", "thing-7", "Disk of thing is even fuller", "critical")
		if w.inc("INC-7").Tally.Total != 1 || count[incident.Signaled](w.inc("INC-7")) != 2 {
			t.Error("what the alert says later does not follow it")
		}
		w.wait(10 * time.Minute)
		w.fire("alertmanager", "K99", "late-thing", "Disk is full", "critical")
		w.settle()
		if h := w.heads(); len(h) != 8 || w.inc("INC-8").Held != "" || w.inc("INC-8").Channel.Channel == "" {
			t.Errorf("after the storm: %d incidents", len(h))
		}
	})
}

// TestStormOutlastsARestart: what began as a storm goes on as one, in the same room.
func TestStormOutlastsARestart(t *testing.T) {
	inStorm(t, nil, func(t *testing.T, w *world) {
		for n := range 8 {
			w.fire("alertmanager", fmt.Sprint("K", n), fmt.Sprint("thing-", n), "Disk of thing is full", "critical")
		}
		w.settle()
		w.restart()
		<-time.After(2 * time.Minute) // as many rooms may be opened again, but for the storm
		w.fire("alertmanager", "K8", "thing-8", "Disk of thing is full", "critical")
		if n, storm := len(w.heads()), w.inc("INC-6"); n != 6 || !storm.Storm || storm.Tally.Total != 4 {
			t.Errorf("%d incidents, %d alerts in the storm's", n, storm.Tally.Total)
		}
	})
}

// TestMistake: a thousand distinct incidents in a minute are all stored; their
// rooms come at the rate that Slack allows, the most severe first, until a person
// stops it with one command: then the rest is listed.
func TestMistake(t *testing.T) {
	services := catalogue(t, 0, "default.md", "---\nid: default\ntitle: Defaults\nrooms_per_minute: 1000\nrooms_per_hour: 1000\n---\nText.\n")
	inStorm(t, services, func(t *testing.T, w *world) {
		const n = 1000
		for i := range n {
			urgency := "high"
			if i%100 == 99 {
				urgency = "P1"
			}
			w.fire("alertmanager", fmt.Sprint("K", i), fmt.Sprint("thing-", i), fmt.Sprintf("Disk of thing %d is full", i), urgency)
			<-time.After(time.Minute / n)
		}
		if h := w.heads(); len(h) != n {
			t.Fatalf("%d incidents are stored", len(h))
		}
		w.wait(2 * time.Minute)
		w.limited()
		rooms := func() (open []string) {
			for _, name := range w.ws.ChannelNames() {
				if strings.HasPrefix(name, "inc-") {
					open = append(open, name)
				}
			}
			return open
		}
		before := len(rooms())
		if before < 40 || before > 70 {
			t.Errorf("%d rooms after three minutes, Slack takes 20 a minute", before)
		}
		for i := 100; i <= n; i += 100 {
			if id := incident.NewID(i); w.inc(id).Channel.Channel == "" {
				t.Errorf("%s, a SEV1, has no room while others have", id)
			}
		}
		a, err := w.as("U0ADA", "stop", "hold")
		if err != nil || !strings.Contains(a.Body, "No alert opens a room from now on") {
			t.Fatalf("%s %v", a.Body, err)
		}
		w.wait(10 * time.Minute)
		if after := len(rooms()); after > before+3 {
			t.Errorf("%d rooms, %d when it was stopped", after, before)
		}
		w.fire("alertmanager", "KX", "one-more", "Disk is full, too", "P1")
		if inc := w.inc("INC-1001"); !strings.Contains(inc.Held, "on hold") {
			t.Errorf("held %q", inc.Held)
		}
		w.restart() // and it stays so
		w.fire("alertmanager", "KY", "and-one-more", "Disk is full, too", "P1")
		if inc := w.inc("INC-1002"); !strings.Contains(inc.Held, "on hold") {
			t.Errorf("after a restart: held %q", inc.Held)
		}
		list, err := w.as("U0ADA", "list", "list")
		if err != nil || !strings.Contains(list.Body, "INC-1002** · SEV1 · no room yet") || list.Buttons[0].Command != "INC-1002 room" {
			t.Errorf("%s %+v %v", list.Body[:min(300, len(list.Body))], list.Buttons, err)
		}
		for page, want := range map[string]string{"list 2": "· SEV2 · no room yet", "list 90": "page 90 of"} {
			if a, err := w.as("U0ADA", page, page); err != nil || !strings.Contains(a.Body, want) || !strings.Contains(a.Body, "more: `/incident list ") {
				t.Errorf("%s: %s %v", page, a.Body, err)
			}
		}
		w.say("room", "", "INC-1002 room")
		w.wait(30 * time.Second)
		if w.inc("INC-1002").Channel.Channel == "" {
			t.Error("a person asked for the room, and it did not open")
		}
	})
}

// channel is the id of a channel.
func (w *world) channel(name string) string {
	for _, c := range w.ws.State().Channels {
		if c.Name == name {
			return c.ID
		}
	}
	w.t.Fatalf("no channel #%s", name)
	return ""
}
