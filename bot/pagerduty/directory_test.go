package pagerduty_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
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

// TestTargets: what people may mean: the very name before how it begins, before a
// word of it, before a slip of the finger.
func TestTargets(t *testing.T) {
	d := newDesk(t, full())
	tests := []struct{ text, want string }{
		{"answers-api", "service answers-api"}, {"ANSWERS-API", "service answers-api"}, {"PSVC001", "service answers-api"}, {" Platform ", "escalation-policy Platform"},
		{"dina@example.com", "user Dina Weiss"}, {"@dina weiss", "user Dina Weiss"}, {"search", "service search"},
		{"answ", "service answers-api"}, {"s", "service search, service summarizer, service support-assistant"},
		{"api", "service answers-api, service chat-api"}, {"okafor", "user Ada Okafor"}, {"insi", "service billing-insights"},
		{"plattform", "escalation-policy Platform"}, {"serch", "service search"}, {"summerizer", "service summarizer"}, {"evasl", ""}, {"agnts", "service agents"},
		{"ada", "user Ada Okafor"}, {"nothing of the kind", ""}, {"", ""}, {"  ", ""}, {"zz", ""},
	}
	for _, test := range tests {
		found, err := d.Targets(t.Context(), test.text)
		must(t, err)
		if got := tell(found); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

func tell(found []incident.PageTarget) string {
	var words []string
	for _, f := range found {
		if f.ID == "" {
			words = append(words, "without an id:")
		}
		words = append(words, f.Kind+" "+f.Name)
	}
	return strings.Join(words, ", ")
}

// TestKeyAlone: with a routing key alone there is one to page, whatever name
// somebody gives, and PagerDuty is not asked.
func TestKeyAlone(t *testing.T) {
	d := newDesk(t, pagerduty.Config{RoutingKey: sandbox.RoutingKey})
	want := []incident.PageTarget{anybody}
	for _, text := range []string{"", "Platform", "whoever is on call", "nobody of that name"} {
		found, err := d.Targets(t.Context(), text)
		if err != nil || !slices.Equal(found, want) {
			t.Errorf("%q: %+v, %v", text, found, err)
		}
		if got := d.Complete(text, 5); !slices.Equal(got, want) {
			t.Errorf("%q: completed to %+v", text, got)
		}
	}
	if got := d.Complete("", 0); len(got) > 0 {
		t.Errorf("%+v, where none was wanted", got)
	}
	if calls := d.ws.Calls(); len(calls) > 0 {
		t.Errorf("%+v", calls)
	}
	if _, err := d.page(anybody, ""); err != nil {
		t.Errorf("the one there is cannot be paged: %v", err)
	}
}

// TestMiss: a name that is not known is looked for in PagerDuty once more, but
// not again and again.
func TestMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		reads := func() int { return d.ws.Counts()["pagerduty/GET /services"].Calls }
		must(t, d.Refresh(t.Context()))
		for i, wait := range []time.Duration{0, time.Second, time.Minute} {
			<-time.After(wait)
			_, err := d.Targets(t.Context(), "a new service")
			must(t, err)
			if want := []int{1, 1, 2}[i]; reads() != want {
				t.Errorf("%d reads, want %d", reads(), want)
			}
		}
	})
}

// TestComplete answers while somebody types, from what is known, and never asks.
func TestComplete(t *testing.T) {
	d := newDesk(t, full())
	if got := d.Complete("a", 5); len(got) > 0 {
		t.Errorf("%v", got)
	}
	must(t, d.Refresh(t.Context()))
	before := len(d.ws.Calls())
	if got := tell(d.Complete("A", 3)); got != "user Ada Okafor, service agents, service answers-api" {
		t.Errorf("%s", got)
	}
	if got := d.Complete("", 100); len(got) != 14+2+4 {
		t.Errorf("%d, want all", len(got))
	}
	if after := len(d.ws.Calls()); after != before {
		t.Errorf("%d calls", after-before)
	}
}

// TestPerson: e-mails are known without a call, and stay known while PagerDuty is
// away.
func TestPerson(t *testing.T) {
	d := newDesk(t, full())
	if email := d.Person("PUSRBEN", "Ben Ortiz"); email != "" {
		t.Errorf("%q", email)
	}
	must(t, d.Refresh(t.Context()))
	must(t, d.ws.Fault(sandbox.Fault{Kind: "server_error", Method: "pagerduty"}))
	if err := d.Refresh(t.Context()); err == nil {
		t.Error("PagerDuty is not away")
	}
	for _, test := range [][3]string{
		{"PUSRBEN", "", "ben@example.com"}, {"PUSRBEN", "Somebody", "ben@example.com"}, {"", "mei chen", "mei@example.com"},
		{"PNOBODY", "Ben Ortiz", ""}, {"", "", ""}, {"", "Nobody", ""},
	} {
		if email := d.Person(test[0], test[1]); email != test[2] {
			t.Errorf("%s %q: %q, want %q", test[0], test[1], email, test[2])
		}
	}
}

// TestTwoOfAName: a name that two people have is nobody's in particular.
func TestTwoOfAName(t *testing.T) {
	users := `{"services":[],"escalation_policies":[],"users":[
		{"id":"P1","name":"Kim Sato","email":"kim1@example.com"},{"id":"P2","name":"Kim Sato","email":"kim2@example.com"}]}`
	client, err := pagerduty.Dial(t.Context(), pagerduty.Config{Token: "t0ken", HTTP: &http.Client{Transport: canned{status: 200, body: users}}})
	must(t, err)
	must(t, client.Refresh(t.Context()))
	if a, b := client.Person("", "Kim Sato"), client.Person("P2", "Kim Sato"); a != "" || b != "kim2@example.com" {
		t.Errorf("%q and %q", a, b)
	}
	if found, err := client.Targets(t.Context(), "kim"); err != nil || len(found) != 2 {
		t.Errorf("%+v, %v: it is for the person to choose", found, err)
	}
}

// TestRun keeps the directory fresh, at once and every ten minutes, until it ends.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { d.Run(ctx, slog.New(slog.DiscardHandler)); close(ended) }()
		<-time.After(25 * time.Minute)
		if n := d.ws.Counts()["pagerduty/GET /users"].Calls; n != 3 {
			t.Errorf("%d reads in 25 minutes, want 3", n)
		}
		cancel()
		<-ended
	})
}

// TestOnCall: who is on call, by policy and level, of whatever a name stands for.
func TestOnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		const def, plat = "Default 1 ", "Platform 1 Mei Chen mei@example.com, Platform 2 Ada Okafor ada@example.com"
		for team, want := range map[string]string{"": def, "answers-api": def, "AI Platform": def, "platform": plat, "PEPLATF": plat} {
			list, err := d.OnCall(t.Context(), team)
			must(t, err)
			var words []string
			for _, duty := range list {
				words = append(words, fmt.Sprintf("%s %d %s %s", duty.Policy, duty.Level, duty.Person.Name, duty.Email))
			}
			if got := strings.Join(words, ", "); !strings.HasPrefix(got, want) || want == plat && got != plat || (team == "" || team == "AI Platform") != (len(list) == 4) {
				t.Errorf("%q: %s", team, got)
			}
			if first := list[0]; want == def && (first.Schedule != "Primary" || !first.Until.After(time.Now())) {
				t.Errorf("%q: %+v", team, first)
			}
		}
		_, err := d.OnCall(t.Context(), "nobody *at* all")
		if refusal, ok := errors.AsType[incident.Refusal](err); !ok || !strings.Contains(string(refusal), "PagerDuty has no team") || strings.Contains(string(refusal), "*at*") {
			t.Errorf("%v", err)
		}
	})
}

// TestOnCallIsKept for a minute.
func TestOnCallIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		for i, wait := range []time.Duration{0, 59 * time.Second, 2 * time.Second} {
			<-time.After(wait)
			list, err := d.OnCall(t.Context(), "")
			must(t, err)
			list[0].Level = 99 // the caller's own
			if got, want := d.ws.Counts()["pagerduty/GET /oncalls"].Calls, []int{1, 1, 2}[i]; got != want {
				t.Errorf("%d calls, want %d", got, want)
			}
		}
		list, err := d.OnCall(t.Context(), "")
		if err != nil || list[0].Level == 99 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestChanges: what a webhook would have told is told once more, the same each
// time, until the status changes again.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		d.Who = func(id, name string) incident.Person {
			return incident.Person{User: incident.User("U-" + id), Name: name}
		}
		old := d.alert("PSVC002", "Before our time")
		closed := d.alert("PSVC003", "Long, and resolved lately")
		<-time.After(24 * time.Hour)
		since := time.Now()
		open := d.alert("PSVC001", "Answers are slow")
		ack := d.alert("PSVC004", "Summaries are slow")
		<-time.After(time.Minute)
		d.elsewhere("PUT", "/incidents/"+ack, `{"incident":{"type":"incident","status":"acknowledged"}}`)
		d.elsewhere("PUT", "/incidents/"+closed, `{"incident":{"type":"incident","status":"resolved","priority":{"id":"PPRIOR1","type":"priority_reference"}}}`)
		signals, _, err := d.Changes(t.Context(), since)
		must(t, err)
		byKey := map[string]bot.Signal{} // the last of each
		for _, s := range signals {
			byKey[s.Key] = s
		}
		if _, told := byKey[old]; told || len(signals) != 4 {
			t.Errorf("%d signals: %+v", len(signals), signals)
		}
		for key, want := range map[string]string{open: "firing incident.triggered high", ack: "acknowledged incident.acknowledged high", closed: "resolved incident.resolved P1"} {
			s := byKey[key]
			if got := s.State + " " + s.Event + " " + s.Urgency; got != want || s.Source != "pagerduty" || !strings.HasPrefix(s.ID, "reconcile/"+key+"/") {
				t.Errorf("%s: %q with id %q, want %q", key, got, s.ID, want)
			}
			if s.By.User != "U-PUSRBEN" || s.Title == "" || s.Service == "" || s.Link == "" || s.Since.IsZero() || s.At.Before(since.Truncate(time.Second)) || s.Labels["pagerduty_service"] == "" {
				t.Errorf("%s: %+v", key, s)
			}
		}
		again, _, err := d.Changes(t.Context(), since)
		if err != nil || !reflect.DeepEqual(again, signals) {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

// TestLostPage: of an acknowledged incident its beginning is told first, since that
// may have been lost too; of a resolved one only that it is. The beginning is the
// one that is told while nobody has acknowledged it.
func TestLostPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		since, began := time.Now(), time.Now().UTC().Format(time.RFC3339)
		id := d.alert("PSVC001", "Answers are slow")
		first, _, err := d.Changes(t.Context(), since)
		must(t, err)
		change := func(status string) []bot.Signal {
			<-time.After(time.Minute)
			d.elsewhere("PUT", "/incidents/"+id, `{"incident":{"type":"incident","status":"`+status+`"}}`)
			signals, _, err := d.Changes(t.Context(), since)
			must(t, err)
			return signals
		}
		ack := change("acknowledged")
		if len(first) != 1 || len(ack) != 2 {
			t.Fatalf("%+v, then %+v", first, ack)
		}
		fired := ack[0]
		if fired.ID != "reconcile/"+id+"/triggered/"+began || fired.ID != first[0].ID || fired.Event != "incident.triggered" || fired.State != incident.StateFiring {
			t.Errorf("%+v", fired)
		}
		if fired.At.Format(time.RFC3339) != began || fired.By.Name != "PagerDuty" || fired.Title != "Answers are slow" || fired.Service == "" {
			t.Errorf("%+v: who acknowledged it did not begin it", fired)
		}
		if s := ack[1]; s.State != incident.StateAcknowledged || s.By.Name != "Ben Ortiz" || s.Key != id || !s.At.After(fired.At) {
			t.Errorf("%+v", s)
		}
		if end := change("resolved"); len(end) != 1 || end[0].State != incident.StateResolved {
			t.Errorf("%+v", end)
		}
	})
}

// TestManyChanges reads all pages, but of what is resolved no more than it must.
func TestManyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, full())
		for i := range 230 {
			id := d.alert("PSVC001", fmt.Sprintf("Old %d", i))
			d.elsewhere("PUT", "/incidents/"+id, `{"incident":{"type":"incident","status":"resolved"}}`)
		}
		<-time.After(time.Hour)
		since := time.Now()
		for i := range 130 {
			d.alert("PSVC001", fmt.Sprintf("New %d", i))
		}
		before := d.ws.Counts()["pagerduty/GET /incidents"].Calls
		signals, _, err := d.Changes(t.Context(), since)
		must(t, err)
		if n := d.ws.Counts()["pagerduty/GET /incidents"].Calls - before; len(signals) != 130 || n != 4 {
			t.Errorf("%d signals in %d calls, want 130 in 4: one for the time, two of what is open, one of what is resolved", len(signals), n)
		}
	})
}

// TestSubscription: a subscription that PagerDuty stopped is started again; what
// only a person may do is said.
func TestSubscription(t *testing.T) {
	hooks := func(url string, active, disabled bool) string {
		data, err := json.Marshal(map[string]any{"webhook_subscriptions": []any{
			map[string]any{"id": "PW0", "active": true, "delivery_method": map[string]any{"url": "https://other.test/hook"}},
			map[string]any{"id": "PW1", "active": active, "delivery_method": map[string]any{"url": url, "temporarily_disabled": disabled}},
		}, "more": false})
		must(t, err)
		return string(data)
	}
	const ours = "https://tocsin.test/webhook/pagerduty"
	const anothers = "https://staging.test/webhook/pagerduty"
	tests := []struct {
		name, url, body string
		enabled, fix    bool
		words           string
	}{
		{"on", "", hooks(ours, true, false), true, false, ""},
		{"with a slash", "", hooks(ours+"/", true, false), true, false, ""},
		{"stopped by PagerDuty", "", hooks(ours, true, true), false, true, ""},
		{"switched off", "", hooks(ours, false, false), false, false, "switch it on"},
		{"another's", "", hooks("https://other.test/webhook/opsgenie", true, false), false, false, "ends in /webhook/pagerduty: add one"},
		{"any tocsin's", "", hooks(anothers, true, false), true, false, ""},
		{"the very address", ours, hooks(ours, true, false), true, false, ""},
		{"the very address with a slash", ours, hooks(ours+"/", true, false), true, false, ""},
		{"a slash in ours", ours + "/", hooks(ours, true, false), true, false, ""},
		{"the host in capitals", "https://Tocsin.test/webhook/pagerduty", hooks("HTTPS://TOCSIN.TEST/webhook/pagerduty", true, false), true, false, ""},
		{"the path in capitals", ours, hooks("https://tocsin.test/Webhook/PagerDuty", true, false), false, false, "add one"},
		{"another tocsin's", ours, hooks(anothers, true, false), false, false, "whose address is " + ours + ": add one"},
		{"another tocsin's that stopped", ours, hooks(anothers, true, true), false, false, "add one"},
		{"another port", ours, hooks("https://tocsin.test:8443/webhook/pagerduty", true, false), false, false, "add one"},
		{"ours stopped", ours, hooks(ours, true, true), false, true, ""},
		{"no address there", ours, hooks("https://%zz", true, false), false, false, "add one"},
	}
	for _, test := range tests {
		var posted []string
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				posted = append(posted, r.URL.Path)
			}
			return canned{status: 200, body: test.body}.RoundTrip(r)
		})
		client, err := pagerduty.Dial(t.Context(), pagerduty.Config{Token: "t0ken", From: "ada@example.com", WebhookURL: test.url, HTTP: &http.Client{Transport: transport}})
		must(t, err)
		enabled, fix, err := client.Subscription(t.Context())
		if enabled != test.enabled || (fix != nil) != test.fix || (err == nil) != (test.words == "") || err != nil && !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, fix %v, %v", test.name, enabled, fix != nil, err)
		}
		if fix != nil {
			if err := fix(t.Context()); err != nil || !slices.Equal(posted, []string{"/webhook_subscriptions/PW1/enable"}) {
				t.Errorf("%s: %q, %v", test.name, posted, err)
			}
		}
	}
}

// TestCheck: what is wrong is said by the name under which it is mended, and
// nothing is changed in PagerDuty.
func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*pagerduty.Config)
		want   []string
	}{
		{"well but for the webhook", func(*pagerduty.Config) {}, []string{"the webhook subscription: "}},
		{"a wrong token", func(c *pagerduty.Config) { c.Token = "wrong" }, []string{"PAGERDUTY_API_TOKEN: PagerDuty does not accept PAGERDUTY_API_TOKEN"}},
		{"a token that reads", func(c *pagerduty.Config) { c.Token = sandbox.PagerDutyReadToken }, []string{"PAGERDUTY_API_TOKEN: the PagerDuty API token may not do that (PUT ", "the webhook subscription: "}},
		{"from nobody", func(c *pagerduty.Config) { c.From = "nobody@example.com" }, []string{"PAGERDUTY_FROM: PAGERDUTY_FROM is no user", "the webhook subscription: "}},
		{"a wrong key", func(c *pagerduty.Config) { c.Token, c.RoutingKey = "", strings.Repeat("x", 32) }, []string{"PAGERDUTY_ROUTING_KEY: PagerDuty does not know"}},
		{"a key alone", func(c *pagerduty.Config) { c.Token = "" }, nil},
	}
	for _, test := range tests {
		c := full()
		test.change(&c)
		d := newDesk(t, c)
		problems := d.Check(t.Context())
		fits := len(problems) == len(test.want)
		for i := range problems {
			fits = fits && strings.HasPrefix(problems[i], test.want[i]) && !strings.Contains(problems[i], "Try again")
		}
		if !fits {
			t.Errorf("%s: %q, want %q", test.name, problems, test.want)
		}
		if n := len(d.ws.PagerDutyIncidents()); n > 0 {
			t.Errorf("%s: PagerDuty has %d incidents", test.name, n)
		}
	}
}

// TestDial: what cannot work is refused with what to do; PagerDuty's absence is
// no reason not to start.
func TestDial(t *testing.T) {
	key := strings.Repeat("k", 32)
	tests := []struct {
		config pagerduty.Config
		words  string
	}{
		{pagerduty.Config{}, "PAGERDUTY_API_TOKEN"},
		{pagerduty.Config{RoutingKey: "short"}, "32 characters"},
		{pagerduty.Config{Token: "t", From: "Ada"}, "PAGERDUTY_FROM is no e-mail"},
		{pagerduty.Config{Token: "t", APIURL: "api.pagerduty.com"}, "PAGERDUTY_API_URL is no address"},
		{pagerduty.Config{Token: "t", EventsURL: "ftp://x.test"}, "PAGERDUTY_API_URL is no address"},
		{pagerduty.Config{Token: "t"}, ""},
		{pagerduty.Config{RoutingKey: key}, ""},
		{pagerduty.Config{Token: "t", RoutingKey: key, From: "ada@example.com", APIURL: "https://api.eu.pagerduty.com/"}, ""},
	}
	for _, test := range tests {
		test.config.HTTP = &http.Client{Transport: canned{err: errors.New("the network is down")}}
		_, err := pagerduty.Dial(t.Context(), test.config)
		if (err == nil) != (test.words == "") || err != nil && !strings.Contains(err.Error(), test.words) {
			t.Errorf("%+v: %v, want %q", test.config, err, test.words)
		}
	}
}

// TestHosts: PagerDuty's regions have a host for events beside the one of the API.
func TestHosts(t *testing.T) {
	for api, want := range map[string]string{
		"":                             "events.pagerduty.com/v2/enqueue",
		"https://api.pagerduty.com":    "events.pagerduty.com/v2/enqueue",
		"https://api.eu.pagerduty.com": "events.eu.pagerduty.com/v2/enqueue",
		"http://localhost:9/pagerduty": "localhost:9/pagerduty/v2/enqueue",
	} {
		var got string
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r.URL.Host + r.URL.Path
			return canned{status: 202, body: `{"status":"success"}`}.RoundTrip(r)
		})
		client, err := pagerduty.Dial(t.Context(), pagerduty.Config{RoutingKey: strings.Repeat("k", 32), APIURL: api, HTTP: &http.Client{Transport: transport}})
		must(t, err)
		if client.Check(t.Context()); got != want {
			t.Errorf("%q: events go to %s, want %s", api, got, want)
		}
	}
}

// TestNoEffect: an effect that is not for PagerDuty is refused.
func TestNoEffect(t *testing.T) {
	if _, err := newDesk(t, full()).try(effect.SetTopic{}); !final(err, "SetTopic") {
		t.Errorf("%v", err)
	}
}
