package pagerduty_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// ours is a team that calls its services otherwise than PagerDuty does.
func ours() *said {
	return &said{services: []pagerduty.Described{
		{ID: "my-chat", Names: []string{"Our chat", "chat"}, Service: "PSVC002"},
		{ID: "my-index", Policy: "PEPLATF"},
		{ID: "sound", Service: "Voice", Policy: "platform"},
		{ID: "sound-too", Service: "voice"},
		{ID: "gateway"},
		{ID: "lost", Service: "PGONE", Policy: "Nobody's"},
	}}
}

// withTeam is a desk whose team says something, and whose incident is about a service.
func withTeam(t *testing.T, team *said, service string) *desk {
	t.Helper()
	c := full()
	c.Team = team
	d := newDesk(t, c)
	d.events = nil
	d.record(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2, Service: service})
	must(t, d.Refresh(t.Context()))
	return d
}

// TestOwnNames: whatever the team calls a service finds PagerDuty's, and bears the name
// that was said.
func TestOwnNames(t *testing.T) {
	d := withTeam(t, ours(), "")
	for text, want := range map[string]string{
		"my-chat": "PSVC002 my-chat", "OUR CHAT": "PSVC002 Our chat", "chat-api": "PSVC002 chat-api", "PSVC002": "PSVC002 chat-api", "my-ch": "PSVC002 my-chat",
		"my-index": "PEPLATF my-index", "Platform": "PEPLATF Platform", "lost": "",
	} {
		found, err := d.Targets(t.Context(), text)
		must(t, err)
		var got []string
		for _, f := range found {
			got = append(got, f.ID+" "+f.Name)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	all := d.Complete("", 100)
	if names := tell(all); len(all) != 14+2+4 || !strings.Contains(names, "service chat-api (my-chat),") || !strings.Contains(names, "service gateway,") || !strings.Contains(names, "Platform (my-index)") {
		t.Errorf("%s", names)
	}
}

// TestOnCallByOwnNames: who is on call for a service of the team's is whom PagerDuty calls
// for its own service, or whom the team says; the service of an alert is found alike.
func TestOnCallByOwnNames(t *testing.T) {
	team := ours()
	d := withTeam(t, team, "")
	for name, want := range map[string]string{
		"my-chat": "PEDEFLT", "our chat": "PEDEFLT", "PSVC002": "PEDEFLT", "my-index": "PEPLATF", "sound": "PEPLATF", "sound-too": "PEDEFLT", "gateway": "PEDEFLT", "search": "PEDEFLT",
		"lost": "", "nobody's": "", "": "",
	} {
		if got := d.PolicyOf(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		if name == "" { // who is on call for anything
			continue
		}
		list, err := d.OnCall(t.Context(), name)
		if (err == nil) != (want != "") || slices.ContainsFunc(list, func(duty pagerduty.Duty) bool { return duty.PolicyID != want }) || err == nil && len(list) != 2 {
			t.Errorf("%q: %+v, %v", name, list, err)
		}
		if name == "lost" && !strings.Contains(err.Error(), "services/lost.md") {
			t.Errorf("%v: where is that mended?", err)
		}
	}
	team.otherwise = pagerduty.Described{ID: "default", Policy: "PEPLATF"}
	for _, name := range []string{"lost", "nobody's", ""} {
		if got := d.PolicyOf(name); got != "PEPLATF" {
			t.Errorf("%q: %q where the defaults name a policy", name, got)
		}
	}
}

// TestPageOfOwnService: a page of a service goes to whom the team says, where that is not
// the service's own policy, and one of a person belongs to what the incident is about.
func TestPageOfOwnService(t *testing.T) {
	chat := incident.PageTarget{Kind: incident.TargetService, ID: "PSVC002", Name: "my-chat"}
	voice := incident.PageTarget{Kind: incident.TargetService, ID: "PSVC011", Name: "voice"}
	for _, test := range []struct {
		about           string
		to              incident.PageTarget
		service, policy string
	}{
		{"", chat, "chat-api", "Default"}, {"my-chat", dina, "chat-api", "Default"}, {"my-chat", platform, "chat-api", "Platform"},
		{"", voice, "voice", "Platform"}, {"sound", voice, "voice", "Platform"}, {"sound-too", voice, "voice", "Default"}, {"sound", dina, "voice", "Default"},
	} {
		d := withTeam(t, ours(), test.about)
		paged, err := d.page(test.to, "Please look")
		must(t, err)
		if got := d.shown(paged.Key); got.Service != test.service || got.Policy != test.policy {
			t.Errorf("%q, %s: %+v", test.about, test.to.Name, got)
		}
		if writes := d.rules.writes(); strings.Contains(writes[0], "may have no part in it") {
			t.Errorf("%q, %s: %s", test.about, test.to.Name, writes)
		}
	}
}

// TestPageWithoutAService: an incident that is about nothing that PagerDuty knows pages
// people and policies all the same, since who is called does not depend on the service;
// whoever is called is told so.
func TestPageWithoutAService(t *testing.T) {
	ben := incident.PageTarget{Kind: incident.TargetUser, ID: "PUSRBEN", Name: "Ben Ortiz"}
	ownPolicy := []incident.PageTarget{ben, {Kind: incident.TargetUser, ID: "PUSRMEI", Name: "Mei Chen"}, dina, platform}
	for _, to := range ownPolicy {
		for service, team := range map[string]*said{"answers-api": {}, "search": {otherwise: pagerduty.Described{Service: "SEARCH"}}} {
			d := withTeam(t, team, "nobody knows it")
			paged, err := d.page(to, "")
			must(t, err)
			got := d.shown(paged.Key)
			if got.Service != service || to.Kind == incident.TargetUser && got.Assignee != to.Name || to == platform && got.Policy != "Platform" {
				t.Errorf("%s: %+v", to.Name, got)
			}
			if writes := d.rules.writes(); !strings.Contains(writes[0], "this one may have no part in it") {
				t.Errorf("%s: %s", to.Name, writes)
			}
		}
	}
}

// TestPagedAgain: who was called to something that PagerDuty has no service for is called
// again when it is reopened, and not whoever the service is of.
func TestPagedAgain(t *testing.T) {
	for _, to := range []incident.PageTarget{dina, platform, {Kind: incident.TargetService, ID: "PSVC011", Name: "sound"}} {
		synctest.Test(t, func(t *testing.T) {
			d := withTeam(t, ours(), "")
			_, err := d.page(to, "")
			must(t, err)
			d.record(incident.Resolved{})
			d.do(effect.SyncPager{})
			<-time.After(time.Hour)
			d.record(incident.Reopened{})
			facts := d.do(effect.SyncPager{})
			was, is := d.ws.PagerDutyIncidents()[0], d.ws.PagerDutyIncidents()[1]
			if is.Service != was.Service || is.Policy != was.Policy || is.Assignee == "" || to == dina && is.Assignee != dina.Name {
				t.Errorf("%s: %+v, then %+v", to.Name, was, is)
			}
			if paged, ok := facts[0].(incident.Paged); !ok || paged.To != to {
				t.Errorf("%s: %+v", to.Name, facts)
			}
		})
	}
}

// TestFilingOfAPage: of all services, one of a policy that names the person, or for which
// they are on call, goes before any; none that is switched off is taken. Where PagerDuty
// does not say who is on call, a page does not wait.
func TestFilingOfAPage(t *testing.T) {
	const (
		off  = `{"id":"PSVC001","name":"old","status":"disabled","escalation_policy":{"id":"PEPLATF"}},{"id":"PSVC002","name":"in work","status":"maintenance","escalation_policy":{"id":"PEPLATF"}},`
		any  = `{"id":"PSVC003","name":"any","status":"active","escalation_policy":{"id":"PENONE"}},`
		def  = `{"id":"PSVC004","name":"default's","status":"critical","escalation_policy":{"id":"PEDEFLT"}},`
		plat = `{"id":"PSVC005","name":"platform's","status":"active","escalation_policy":{"id":"PEPLATF"}},`
	)
	ben := incident.PageTarget{Kind: incident.TargetUser, ID: "PUSRBEN", Name: "Ben Ortiz"}
	for _, test := range []struct {
		name, services string
		to             incident.PageTarget
		away           bool
		want           string
	}{
		{"on call by a schedule", off + any + plat + def, ben, false, "summarizer"},
		{"named by a policy", off + any + def + plat, platform, false, "embeddings"},
		{"nobody says who is on call", off + any + plat + def, ben, true, "search"},
		{"no service of theirs", off + any, ben, false, "search"},
		{"none that takes incidents", off, ben, false, ""},
		{"about one in maintenance", off + any, ben, false, "search"},
	} {
		d := newDesk(t, full())
		d.events = nil
		about := map[bool]string{true: "in work"}[strings.HasPrefix(test.name, "about")]
		d.record(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2, Service: about})
		d.rules.instead = func(method, path string) *canned {
			switch {
			case path == "/services":
				return &canned{status: http.StatusOK, body: `{"services":[` + strings.TrimSuffix(test.services, ",") + `],"more":false}`}
			case path == "/oncalls" && test.away:
				return &canned{status: http.StatusInternalServerError, body: "{}"}
			}
			return nil
		}
		paged, err := d.page(test.to, "")
		if test.want == "" {
			if !final(err, "has none that takes incidents") {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		must(t, err)
		if got := d.shown(paged.Key); got.Service != test.want {
			t.Errorf("%s: %+v, want %s", test.name, got, test.want)
		}
	}
}

// TestCheckOfTheTeam: what the team names and PagerDuty does not have is told with its file.
func TestCheckOfTheTeam(t *testing.T) {
	c := full()
	team := ours()
	team.otherwise = pagerduty.Described{ID: "default", Service: "front door"}
	team.priorities = map[incident.Severity]string{incident.SEV1: "P1", incident.SEV2: "Grave"}
	c.Team = team
	problems := strings.Join(newDesk(t, c).Check(t.Context()), "\n")
	for _, want := range []string{
		"services/lost.md: PagerDuty has no service “PGONE”", "services/lost.md: PagerDuty has no escalation policy “Nobody's”",
		"services/default.md: PagerDuty has no service “front door”", "services/default.md: PagerDuty has no priority “Grave”",
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("%q is not in\n%s", want, problems)
		}
	}
	if n := strings.Count(problems, "services/"); n != 4 {
		t.Errorf("%d problems:\n%s", n, problems)
	}
}

// TestOAuth: the access token of an app goes as a bearer token, and does all that an API
// key does; what its scopes leave out is said by PagerDuty's name for it.
func TestOAuth(t *testing.T) {
	c := full()
	c.Token = sandbox.PagerDutyOAuthToken
	if !c.OAuth() || full().OAuth() {
		t.Error("the form of the token does not tell what it is")
	}
	d := newDesk(t, c)
	if problems := d.Check(t.Context()); len(problems) != 1 || !strings.HasPrefix(problems[0], "the webhook subscription: ") {
		t.Errorf("%q", problems)
	}
	if _, err := d.page(dina, "Please look"); err != nil {
		t.Error(err)
	}
	c.From = ""
	if problems := newDesk(t, c).Check(t.Context()); !strings.Contains(strings.Join(problems, "\n"), "PAGERDUTY_FROM is not set, and the API token belongs to no user") {
		t.Errorf("%q", problems)
	}
}

// TestScopes: an app that lacks a scope is told which; all that tocsin needs are enough.
func TestScopes(t *testing.T) {
	c := full()
	c.Token = sandbox.PagerDutyOAuthToken
	for _, missing := range append(strings.Fields(pagerduty.Scopes), "") {
		granted := slices.DeleteFunc(strings.Fields(pagerduty.Scopes), func(s string) bool { return s == missing })
		d := newDeskAt(t, c, sandbox.New(sandbox.Options{PagerDutyScopes: granted}))
		_, paging := d.page(dina, "")
		problems := strings.Join(d.Check(t.Context()), "\n")
		if told := strings.Contains(problems, "the scope "+missing); missing != "" && missing != "webhook_subscriptions.write" && !told {
			t.Errorf("without %s: %s", missing, problems)
		}
		if missing == "" && (paging != nil || strings.Contains(problems, "scope")) {
			t.Errorf("with all: %v, %s", paging, problems)
		}
	}
}
