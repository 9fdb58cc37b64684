package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// alert delivers an alert, and waits until it has its place.
func (d *desk) alert(key, service, title, state string) {
	d.t.Helper()
	d.state(key, service, title, "critical", state)
}

// urgent delivers an alert that fires, and says how bad it is.
func (d *desk) urgent(key, service, title, urgency string) {
	d.t.Helper()
	d.state(key, service, title, urgency, incident.StateFiring)
}

func (d *desk) state(key, service, title, urgency, state string) {
	d.t.Helper()
	d.n++
	s := bot.Signal{
		Signaled: incident.Signaled{Source: "grafana", Event: state, State: state, Key: key, Title: title, Service: service, Urgency: urgency},
		ID:       fmt.Sprint(d.n), At: d.now, By: incident.Actor{Person: incident.Person{Name: "Grafana"}, Via: "grafana"},
	}
	_, err := d.Accept(context.Background(), bot.Delivery{Source: "grafana", ID: s.ID, Signals: []bot.Signal{s}})
	must(d.t, err)
	must(d.t, d.Routed(context.Background()))
}

// alarmed is a desk with INC-1, which five alerts of two services opened, in C1.
func alarmed(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	for n, service := range []string{"chat", "chat", "search", "chat", "search"} {
		d.alert(fmt.Sprint("K", n+1), service, "openai answers 529 overloaded_error", incident.StateFiring)
	}
	d.link("INC-1", "C1")
	return d
}

// TestAlertVerbs: what people can do with alerts, and what they are told.
func TestAlertVerbs(t *testing.T) {
	tests := []struct {
		line, says string
		firing     int // of INC-1 afterwards
	}{
		{"alerts", "3 · Grafana · openai answers 529 overloaded_error · search · firing, because it depends on openai, too", 5},
		{"alerts", "1 · Grafana · openai answers 529 overloaded_error · chat · firing, it opened INC-1\n", 5},
		{"alerts 2", "There is no page 2. INC-1 has 5 alerts", 5},
		{"alerts x", "Which page", 5},
		{"detach 2", "Taken off: 1 alert. If it fires again, it opens or joins another incident.", 4},
		{"detach 2 4", "Taken off: 2 alerts. If one of them fires again", 3},
		{"detach 2-4", "Taken off: 3 alerts.", 2},
		{"detach 1,2", "Taken off: 2 alerts. If one of them fires again", 3},
		{"detach search", "Taken off: 2 alerts. If one of them fires again", 3},
		{"detach", "Which alerts?", 5},
		{"detach 9", "There is no alert 9 here", 5},
		{"detach many", "“many” is no alert and no service of INC-1", 5},
		{"detach 4-2", "is no alert", 5},
		{"split search", "INC-2** is open for 2 alerts", 3},
		{"split 1-5", "INC-2** is open for 5 alerts", 0},
		{"split", "Which alerts?", 5},
		{"merge", "Part of which incident", 5},
		{"merge INC-1", "cannot be a part of itself", 5},
		{"merge INC-9", "There is no incident INC-9", 5},
		{"attach INC-9", "There is no incident INC-9", 5},
		{"attach", "No alert of the last day is without an incident", 5},
		{"attach grafana nothing", "There is no such alert", 5},
		{"attach #0123456789", "belongs to an incident by now, or is over", 5},
		{"room", "INC-1 has a room", 5},
		{"page somebody", "Page from PagerDuty itself, or call", 5},
		{"oncall", "PagerDuty is not set up for paging", 5},
		{"status", "Alerts: 0 deliveries are stored and not placed yet", 5},
		{"hold off", "Rooms are not on hold", 5},
		{"hold now", "`hold` stops alerts from opening rooms", 5},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			d := alarmed(t)
			a := d.say(ada, "C1", test.line)
			if !strings.Contains(a.Body, test.says) {
				t.Errorf("answered %q, want %q", a.Body, test.says)
			}
			inc, err := d.Incident(t.Context(), "INC-1")
			must(t, err)
			if inc.Tally.Firing != test.firing {
				t.Errorf("%d alerts fire, want %d", inc.Tally.Firing, test.firing)
			}
		})
	}
}

// TestMergers: what is private and what is not are never merged, in no direction;
// what is closed takes nothing in.
func TestMergers(t *testing.T) {
	d := alarmed(t)
	d.say(ada, "C0", "open The answers show data of others: a leak of personal data")
	for _, line := range []string{"INC-1 merge INC-2", "INC-2 merge INC-1", "INC-1 attach INC-2", "INC-1 close duplicate of INC-2"} {
		if a := d.say(ada, "C0", line); !strings.Contains(a.Body, "private") {
			t.Errorf("%s: %s", line, a.Body)
		}
		if a := d.say(ben, "C0", line); !strings.Contains(a.Body, "There is no incident INC-2") {
			t.Errorf("an outsider is told of it: %s: %s", line, a.Body)
		}
	}
	d.say(ada, "C0", "open Something else")
	d.say(ada, "C0", "INC-3 close false-alarm")
	if a := d.say(ada, "C0", "INC-1 merge INC-3"); !strings.Contains(a.Body, "INC-3 is closed") {
		t.Error(a.Body)
	}
	d.say(ada, "C0", "open One more thing")
	if a := d.say(ada, "C0", "INC-1 merge INC-4 the same"); !strings.Contains(a.Body, "INC-1 is part of INC-4 now") {
		t.Error(a.Body)
	}
	inc, err := d.Incident(t.Context(), "INC-4")
	must(t, err)
	if inc.Tally.Total != 5 {
		t.Errorf("%+v", inc.Tally)
	}
	d.alert("K1", "chat", "openai answers 529 overloaded_error", incident.StateResolved)
	if inc, err = d.Incident(t.Context(), "INC-4"); err != nil || inc.Tally.Firing != 4 {
		t.Errorf("what its alerts say later does not follow: %+v %v", inc.Tally, err)
	}
}

// TestDuplicates: `close duplicate of` is a merger too, and is refused as one.
func TestDuplicates(t *testing.T) {
	d := alarmed(t)
	d.say(ada, "C0", "open The answers show data of others: a leak of personal data")
	d.say(ada, "C0", "open Something else")
	d.say(ada, "C0", "INC-3 close false-alarm")
	for line, says := range map[string]string{
		"INC-2 close duplicate of INC-1": "One of INC-2 and INC-1 is private and the other is not",
		"INC-1 close duplicate of INC-2": "INC-2 is private, and this incident is not",
		"INC-1 close duplicate of INC-3": "INC-3 is closed. `/incident INC-3 reopen` first",
		"INC-1 close duplicate of INC-1": "INC-1 cannot be a duplicate of itself",
	} {
		if a := d.say(ada, "C0", line); !strings.Contains(a.Body, says) {
			t.Errorf("%s: %s, want %s", line, a.Body, says)
		}
	}
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		if d.inc(id).Status == incident.Shut {
			t.Errorf("%s is closed", id)
		}
	}
	if n := d.inc("INC-3").Tally.Total; n != 0 {
		t.Errorf("INC-3 took in %d alerts", n)
	}
}

// TestRepeats: the list tells how often an alert came.
func TestRepeats(t *testing.T) {
	d := alarmed(t)
	d.now = d.now.Add(time.Minute)
	d.alert("K2", "chat", "openai answers 529 overloaded_error", incident.StateFiring)
	d.alert("K2", "chat", "openai answers 529 overloaded_error", incident.StateFiring)
	a := d.say(ada, "C1", "alerts")
	if !strings.Contains(a.Body, "because it is of the same service and symptom · fired 3 times, last 14:31 UTC, all with the same Grafana key\n") || strings.Count(a.Body, "times") != 1 {
		t.Error(a.Body)
	}
	d.now = d.now.Add(24 * time.Hour)
	if a := d.say(ada, "C1", "alerts"); !strings.Contains(a.Body, "fired 3 times, last 2026-11-20 14:31 UTC") {
		t.Error(a.Body)
	}
	for range 3 {
		d.alert("K4", "chat", "openai answers 529 overloaded_error", incident.StateInfo)
	}
	d.alert("K4", "chat", "openai answers 529 overloaded_error", incident.StateAcknowledged)
	if a := d.say(ada, "C1", "alerts"); !strings.Contains(a.Body, " · fired once, told 4 other things, last 14:31 UTC, all with the same Grafana key\n") {
		t.Error(a.Body)
	}
}

// TestLongList: forty things that wait are listed ten at a time, the worst first and of
// those the newest, each with a button for its room; the words and a button lead on.
func TestLongList(t *testing.T) {
	d := newDesk(t)
	d.say(ada, "C0", "hold")
	for n := range 40 {
		d.urgent(fmt.Sprint("K", n), fmt.Sprint("thing-", n), "Disk is full", []string{"P1", "P3", "P2", "P3"}[min(n%10, 3)])
	}
	a := d.say(ada, "C0", "list")
	if !strings.HasPrefix(a.Body, "**40 open incidents, the worst first** · page 1 of 4\n\n- **INC-31** · SEV1 · no room yet") ||
		!strings.HasSuffix(a.Body, "\n30 more: `/incident list 2`") || strings.Count(a.Body, "\n- ") != 10 {
		t.Error(a.Body)
	}
	if len(a.Buttons) != 11 || a.Buttons[0].Command != "INC-31 room" || a.Buttons[3].Command != "INC-1 room" || a.Buttons[10].Command != "list 2" {
		t.Errorf("%+v", a.Buttons)
	}
	var seen []string
	for _, line := range []string{"list", "list 2", "list 3", "list 4"} {
		for _, b := range d.say(ada, "C0", line).Buttons {
			if id, ok := strings.CutSuffix(b.Command, " room"); ok {
				seen = append(seen, id)
			}
		}
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != 40 {
		t.Errorf("%d of 40 have a button: %v", len(seen), seen)
	}
	for line, says := range map[string]string{
		"list 4":     "page 4 of 4",
		"list all 2": "20 more: `/incident list all 3`",
		"list 5":     "There is no page 5: 40 open incidents on 4 pages. `/incident list`.",
		"list x":     "Which page? For example `list 2`.",
		"list 0":     "Which page?",
		"note x":     "30 more: `/incident list` shows them; then begin with the number",
	} {
		if a := d.say(ada, "C0", line); !strings.Contains(a.Body, says) {
			t.Errorf("%s: %s, want %s", line, a.Body, says)
		}
	}
	d.n++
	a, err := d.Handle(t.Context(), bot.Request{Line: "list", By: incident.Actor{Person: ada, Via: incident.ViaShell}, Cause: fmt.Sprint("shell/", d.n)})
	if err != nil || strings.Count(a.Body, "- **INC-") != 40 || strings.Contains(a.Body, "page") {
		t.Errorf("a terminal has room for all: %s %v", a.Body, err)
	}
}

// TestLooseLists: alerts that belong to none are listed like incidents, and each can be
// attached.
func TestLooseLists(t *testing.T) {
	d := room(t)
	d.urgent("W", "elsewhere", "Fine again", "P5")
	for n := range 24 {
		d.now = d.now.Add(time.Minute)
		d.urgent(fmt.Sprint("K", n), fmt.Sprint("thing-", n), fmt.Sprintf("Disk %d fills", n), "info")
	}
	d.state("LAST", "elsewhere", "Fan is loud", "P1", incident.StateAcknowledged)
	a := d.say(ada, "C0", "alerts")
	if !strings.Contains(a.Body, "**26 alerts, the worst first** · page 1 of 3\n\n- Grafana · Fan is loud") || strings.Count(a.Body, "\n- ") != 10 ||
		!strings.Contains(a.Body, "16 more: `/incident alerts 2`") || a.Buttons[0].Command != "alerts 2" {
		t.Errorf("%s %+v", a.Body, a.Buttons)
	}
	if a := d.say(ada, "C0", "alerts 3"); strings.Count(a.Body, "\n- ") != 6 || len(a.Buttons) != 0 {
		t.Errorf("%s %+v", a.Body, a.Buttons)
	}
	if a := d.say(ada, "C0", "alerts 4"); !strings.Contains(a.Body, "There is no page 4: 26 alerts on 3 pages") {
		t.Error(a.Body)
	}
	offered := map[string]bool{}
	for _, line := range []string{"attach", "attach page 2", "attach page 3"} {
		a := d.say(ada, "C1", line)
		for _, b := range a.Buttons {
			offered[b.Command] = offered[b.Command] || strings.Contains(b.Command, "#")
		}
		if more := strings.Contains(a.Body, "more: `/incident INC-1 attach page "); more != (line != "attach page 3") {
			t.Errorf("%s: %s", line, a.Body)
		}
	}
	if len(offered) != 28 { // two of them lead to a next page
		t.Errorf("%d things are offered", len(offered))
	}
}

// TestLooseAlerts: what belongs to nothing is listed, and attached by a button
// whatever its key is like.
func TestLooseAlerts(t *testing.T) {
	odd := strings.Repeat("k", 900) + " "
	for _, key := range []string{"K", "a b ", odd} {
		d := room(t)
		d.alert(key, "elsewhere", "Disk fills", incident.StateAcknowledged)
		if a := d.say(ada, "C0", "alerts"); !strings.Contains(a.Body, "Disk fills · elsewhere · acknowledged · told 1 other thing, last 14:30 UTC: what it began with has not come yet") {
			t.Error(a.Body)
		}
		a := d.say(ada, "C1", "attach")
		if len(a.Buttons) != 1 || len(a.Buttons[0].Command) > 40 {
			t.Fatalf("%+v", a.Buttons)
		}
		for _, says := range []string{"It belongs to INC-1 now", "It belongs to INC-1 already"} {
			if b := d.say(ada, "C0", a.Buttons[0].Command); !strings.Contains(b.Body, says) {
				t.Errorf("%.20q: %s, want %s", key, b.Body, says)
			}
		}
		if _, has := d.inc("INC-1").Alert("grafana", key); !has {
			t.Errorf("%.20q is not attached", key)
		}
	}
	d := room(t)
	d.alert("K", "elsewhere", "Disk fills", incident.StateAcknowledged)
	if a := d.say(ada, "C1", "attach grafana K"); !strings.Contains(a.Body, "It belongs to INC-1 now") {
		t.Error(a.Body)
	}
}

// TestStatus: what waits is told in words, PagerDuty's apart from Slack's.
func TestStatus(t *testing.T) {
	d := newDesk(t)
	if a := d.say(ada, "C0", "status"); !strings.Contains(a.Body, "- Slack: nothing waits\n") || strings.Contains(a.Body, "PagerDuty") {
		t.Error(a.Body)
	}
	d.Paging = account{}
	if a := d.say(ada, "C0", "status"); !strings.Contains(a.Body, "- PagerDuty: nothing waits\n") {
		t.Error(a.Body)
	}
	for n := range 2 {
		d.say(ada, "C0", "open Answers are wrong")
		_, err := d.Page(t.Context(), incident.ID(fmt.Sprint("INC-", n+1)), bot.Origin{By: by(ada)}, gateway, "")
		must(t, err)
		d.now = d.now.Add(5 * time.Minute)
		says := []string{"- PagerDuty: 1 thing waits, the oldest for 5 min: 1 × page through PagerDuty\n", "- PagerDuty: 2 things wait, the oldest for 10 min: 2 × page through PagerDuty\n"}[n]
		if a := d.say(ada, "C0", "status"); !strings.Contains(a.Body, says) || !strings.Contains(a.Body, fmt.Sprintf("%d × open the channel", n+1)) {
			t.Error(a.Body)
		}
	}
	d.Buckets = func() []bot.Bucket { return []bot.Bucket{{Name: "chat.update", Used: 50, Limit: 50, Waiting: 1}} }
	if a := d.say(ada, "C0", "status"); !strings.Contains(a.Body, "`chat.update`: 50 of 50 in the last minute, 1 waits\n") {
		t.Error(a.Body)
	}
	for storm, says := range map[bot.Storm]string{
		{Shelter: "INC-6", Until: friday}: "Storm: alerts of something new go to INC-6 until 14:30 UTC",
		{Until: friday}:                   "Storm: rooms are over the limit until 14:30 UTC",
	} {
		if got := stormLine(storm); got != says {
			t.Error(got)
		}
	}
	for n, says := range []string{"0 deliveries are stored", "1 delivery is stored", "2 deliveries are stored"} {
		if got := arriving(n); !strings.Contains(got, says) {
			t.Error(got)
		}
	}
	for n, says := range map[int]string{1: "1 alert waits for a restart", 2: "2 alerts wait for a restart"} {
		if got := keeping(n); !strings.HasPrefix(got, says) {
			t.Error(got)
		}
	}
}

// TestHold: one command stops rooms, another lets them again; people's incidents
// are never held.
func TestHold(t *testing.T) {
	d := newDesk(t)
	d.alert("A", "one", "Disk is full", incident.StateFiring)
	if a := d.say(ada, "C0", "hold"); !strings.Contains(a.Body, "1 that waited are in") && !strings.Contains(a.Body, "One that waited is in") {
		t.Error(a.Body)
	}
	d.alert("B", "two", "Disk is full", incident.StateFiring)
	if a := d.say(ada, "C0", "list"); strings.Count(a.Body, "no room yet") != 2 || a.Buttons[0].Label != "Room for INC-2" {
		t.Errorf("%s %+v", a.Body, a.Buttons)
	}
	if a := d.say(ben, "C0", "status"); !strings.Contains(a.Body, "Rooms are on hold since 2026-11-20 14:30 UTC, by [@Ada Okafor](user:U0ADA) (slack): ") {
		t.Error(a.Body)
	}
	d.say(ada, "C0", "open Answers are wrong")
	inc, err := d.Incident(t.Context(), "INC-3")
	must(t, err)
	if inc.Held != "" {
		t.Error("a person's incident is held")
	}
	if a := d.say(ada, "C0", "INC-2 room"); !strings.Contains(a.Body, "INC-2 gets its room") {
		t.Error(a.Body)
	}
	if a := d.say(ben, "C0", "hold off"); !strings.Contains(a.Body, "Alerts open rooms again.") || !strings.Contains(a.Body, "INC-1** · SEV2 · no room yet") ||
		strings.Contains(a.Body, "INC-2") || strings.Contains(a.Body, "INC-3") || len(a.Buttons) != 1 || a.Buttons[0].Command != "INC-1 room" {
		t.Errorf("%s %+v", a.Body, a.Buttons)
	}
	d.ask(bot.Request{Line: "changed model judge is gpt-6", By: incident.Actor{Person: incident.Person{Name: "root"}, Via: incident.ViaShell}})
	a := d.say(ada, "C0", "status")
	for _, want := range []string{
		"Changed at 2026-11-20 14:30 UTC, by [@Ada Okafor](user:U0ADA) (slack): rooms, no alert opens a room\n",
		"Changed at 2026-11-20 14:30 UTC, by [@Ben Ortiz](user:U0BEN) (slack): rooms, alerts may open rooms again\n",
		"Changed at 2026-11-20 14:30 UTC, by root (shell): model, judge is gpt",
	} {
		if !strings.Contains(a.Body+"\n", want) {
			t.Errorf("%q is not in %s", want, a.Body)
		}
	}
	d.alert("C", "three", "Disk is full", incident.StateFiring)
	if inc, err = d.Incident(t.Context(), "INC-4"); err != nil || inc.Held != "" {
		t.Errorf("held %q %v", inc.Held, err)
	}
}
