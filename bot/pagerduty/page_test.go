package pagerduty_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// TestPage: whom a page reaches, by what it is for. Without an open incident in
// PagerDuty there is a new one, which every service, policy and person needs.
func TestPage(t *testing.T) {
	tests := []struct {
		to                        incident.PageTarget
		service, policy, assignee string
	}{
		{answers, "answers-api", "Default", "Ben Ortiz"},
		{platform, "chat-api", "Platform", "Mei Chen"},
		{dina, "chat-api", "Default", "Dina Weiss"},
	}
	for _, test := range tests {
		d := newDesk(t, full())
		d.record(incident.Linked{Channel: "C1", Link: "https://chat.test/C1"})
		paged, err := d.page(test.to, "Please look at the gateway")
		must(t, err)
		got := d.shown(paged.Key)
		if got.Service != test.service || got.Policy != test.policy || got.Assignee == "" || test.to.Kind == incident.TargetUser && got.Assignee != test.assignee {
			t.Errorf("%s: %+v", test.to.Name, got)
		}
		if got.Title != "INC-7 SEV2: Answers are slow" || got.Urgency != "high" || got.Priority != "P2" || !strings.HasPrefix(got.Key, "tocsin-INC-7-page-1-") {
			t.Errorf("%s: %+v", test.to.Name, got)
		}
		if paged.N != 1 || paged.To != test.to || paged.Added || paged.Event || !strings.HasSuffix(paged.Link, "/incidents/"+paged.Key) {
			t.Errorf("%s: %+v", test.to.Name, paged)
		}
		if writes := strings.Join(d.rules.writes(), "\n"); !strings.Contains(writes, "Please look at the gateway") || !strings.Contains(writes, "https://chat.test/C1") {
			t.Errorf("%s: the text and the way to the channel are not in %s", test.to.Name, writes)
		}
	}
}

// TestPageAddsResponders: people and policies join the incident that is open in
// PagerDuty already; a service gets its own.
func TestPageAddsResponders(t *testing.T) {
	d := newDesk(t, full())
	resolved := d.alert("PSVC003", "Search is slow")
	d.elsewhere("PUT", "/incidents/"+resolved, `{"incident":{"type":"incident","status":"resolved"}}`)
	open := d.alert("PSVC001", "Answers are slow")
	for i, to := range []incident.PageTarget{dina, platform} {
		paged, err := d.page(to, "")
		must(t, err)
		if !paged.Added || paged.Key != open || paged.N != i+1 {
			t.Errorf("%s: %+v, want to be added to %s", to.Name, paged, open)
		}
	}
	if got := d.shown(open); len(got.Responders) != 2 || got.Responders[0] != "Dina Weiss: pending" {
		t.Errorf("%+v", got)
	}
	paged, err := d.page(answers, "")
	must(t, err)
	if paged.Added || paged.Key == open {
		t.Errorf("%+v: a service has its own incident", paged)
	}
	if n := len(d.ws.PagerDutyIncidents()); n != 3 {
		t.Errorf("PagerDuty has %d incidents, want 3", n)
	}
}

// TestNoResponderElsewhere: nobody is called to what went with a merger, also when the
// duplicate is opened again.
func TestNoResponderElsewhere(t *testing.T) {
	d := newDesk(t, full())
	first, err := d.page(answers, "")
	must(t, err)
	d.record(incident.Closed{Reason: "duplicate", Of: "INC-3"}, incident.Reopened{})
	paged, err := d.page(dina, "")
	must(t, err)
	if paged.Added || len(d.shown(first.Key).Responders) > 0 {
		t.Errorf("%+v, %+v", paged, d.shown(first.Key))
	}
}

// TestPageOnANewIncident: what a page made is there for the next one.
func TestPageOnANewIncident(t *testing.T) {
	d := newDesk(t, full())
	first, err := d.page(platform, "")
	must(t, err)
	second, err := d.page(dina, "")
	must(t, err)
	if !second.Added || second.Key != first.Key {
		t.Errorf("%+v, want to be added to %s", second, first.Key)
	}
}

// TestPageByEvent: with a routing key alone, or when it is asked for, PagerDuty
// pages who stands behind the key.
func TestPageByEvent(t *testing.T) {
	keyOnly := pagerduty.Config{RoutingKey: sandbox.RoutingKey}
	for name, test := range map[string]struct {
		config pagerduty.Config
		to     incident.PageTarget
	}{"key only": {keyOnly, dina}, "asked for": {full(), anybody}} {
		d := newDesk(t, test.config)
		paged, err := d.page(test.to, "Wake up")
		must(t, err)
		if want := (incident.Paged{N: 1, To: anybody, Key: paged.Key, Event: true}); paged != want || !strings.HasPrefix(paged.Key, "tocsin-INC-7-page-1-") {
			t.Errorf("%s: %+v, want %+v", name, paged, want)
		}
		all := d.ws.PagerDutyIncidents()
		if len(all) != 1 || all[0].Service != "answers-api" || all[0].Title != "INC-7 SEV2: Answers are slow" {
			t.Errorf("%s: %+v", name, all)
		}
	}
	d := newDesk(t, pagerduty.Config{Token: sandbox.PagerDutyToken})
	if _, err := d.page(anybody, ""); !final(err, "PAGERDUTY_ROUTING_KEY is not set") {
		t.Errorf("without a key: %v", err)
	}
}

// TestPrivatePage: of a private incident PagerDuty learns only that it is there.
func TestPrivatePage(t *testing.T) {
	for name, to := range map[string]incident.PageTarget{"service": answers, "key": anybody, "responder": dina} {
		d := newDesk(t, full())
		d.events = nil
		d.record(incident.Declared{Title: "Leaked keys", Severity: incident.SEV1, Private: true, Service: "chat-api"})
		if name == "responder" {
			d.alert("PSVC001", "Odd traffic")
		}
		_, err := d.page(to, "The vault is open")
		must(t, err)
		d.do(effect.TellPager{Text: "The vault is closed"})
		d.do(effect.TellPager{Text: "The vault is closed", Update: true})
		writes := strings.Join(d.rules.writes(), "\n")
		if strings.Contains(writes, "Leaked") || strings.Contains(writes, "vault") || !strings.Contains(strings.ToLower(writes), "a private incident needs you") {
			t.Errorf("%s: %s", name, writes)
		}
	}
}

// TestServiceOfTheAlert: where nothing else tells the service, an alert of
// PagerDuty's does, also when it is over.
func TestServiceOfTheAlert(t *testing.T) {
	d := newDesk(t, full())
	d.events = nil
	d.record(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2})
	d.record(incident.Signaled{Source: "pagerduty", State: incident.StateResolved, Key: "QGONE", Labels: map[string]string{"pagerduty_service": "PSVC004"}})
	paged, err := d.page(platform, "")
	must(t, err)
	if got := d.shown(paged.Key); got.Service != "summarizer" || got.Policy != "Platform" {
		t.Errorf("%+v", got)
	}
}

// TestPagedTwice: a page that was made is not made again, whoever asks.
func TestPagedTwice(t *testing.T) {
	d := newDesk(t, full())
	_, err := d.page(answers, "")
	must(t, err)
	if facts := d.do(effect.Page{N: 1}); len(facts) > 0 || len(d.ws.PagerDutyIncidents()) != 1 {
		t.Errorf("%v, %+v", facts, d.ws.PagerDutyIncidents())
	}
	if _, err := d.try(effect.Page{N: 9}); !final(err, "nobody asked for page 9") {
		t.Errorf("%v", err)
	}
}

// TestRetryOfALinkedPage: a first attempt made the incident and its answer was
// lost; the webhook linked it meanwhile. The retry takes it as done: whom it pages
// is not called a second time as a responder.
func TestRetryOfALinkedPage(t *testing.T) {
	for _, to := range []incident.PageTarget{dina, platform, answers} {
		d := newDesk(t, full())
		d.fault("lost_answer", "POST /incidents", 1)
		if _, err := d.page(to, ""); err == nil {
			t.Fatal("the answer was not lost")
		}
		id := d.ws.PagerDutyIncidents()[0].ID
		d.record(incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: id})
		facts := d.do(effect.Page{N: 1})
		if got := d.ws.PagerDutyIncidents(); len(got) != 1 || len(got[0].Responders) > 0 {
			t.Errorf("%s is paged twice: %+v", to.Name, got)
		}
		if paged, ok := facts[0].(incident.Paged); !ok || len(facts) != 1 || paged.Key != id || paged.Added || paged.To != to {
			t.Errorf("%s: %+v", to.Name, facts)
		}
	}
}

// TestLongWords: PagerDuty refuses what is too long, so what we send is cut; the
// rules of the desk look at every request.
func TestLongWords(t *testing.T) {
	long := strings.Repeat("“long” ", 5000)
	d := newDesk(t, full())
	d.events = nil
	d.record(incident.Declared{Title: long, Severity: incident.SEV1, Service: long})
	d.record(incident.Linked{Channel: "C1", Link: "https://chat.test/C1"})
	for _, to := range []incident.PageTarget{answers, dina, anybody} {
		_, err := d.page(to, long)
		must(t, err)
	}
	if writes := d.rules.writes(); len(writes) != 3 || !strings.Contains(writes[1], "https://chat.test/C1 (page 2)") {
		t.Errorf("%d writes; the second has to end with the way to the channel: %.3000s", len(writes), writes)
	}
	d.do(effect.TellPager{Text: long})
	d.do(effect.TellPager{Text: long, Update: true})
	d.do(effect.SyncPager{})
}

// TestPagedBeforeItWasOver: a page whose answer was lost has gone out, whatever became
// of the incident since; people are told so, and PagerDuty hears of the end.
func TestPagedBeforeItWasOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.record(incident.PageAsked{N: 1, To: answers})
		d.fault("lost_answer", "POST /incidents", 1)
		if _, err := d.try(effect.Page{N: 1}); err == nil {
			t.Fatal("the answer was not lost")
		}
		d.record(incident.Resolved{})
		<-time.After(quiet)
		facts := d.do(effect.Page{N: 1})
		if _, paged := facts[0].(incident.Paged); !paged {
			t.Errorf("%+v", facts)
		}
		d.do(effect.SyncPager{})
		if got := d.ws.PagerDutyIncidents(); len(got) != 1 || got[0].Status != "resolved" {
			t.Errorf("%+v", got)
		}
	})
}

// final tells whether err is a *bot.Final with these words.
func final(err error, words string) bool {
	f, ok := errors.AsType[*bot.Final](err)
	return ok && strings.Contains(f.Why, words)
}
