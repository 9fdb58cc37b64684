package incident_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
)

func TestDeclaredIncident(t *testing.T) {
	inc := incident.Fold("INC-7", []incident.Event{{
		Seq: 1, At: noon, By: chat(ada), Cause: "slack/command/Ab1",
		Fact: incident.Declared{Title: "Slow", Severity: incident.SEV2, Symptom: "performance-degradation", Model: "large-2", People: []incident.Person{ben, ada}},
	}})
	want := incident.Incident{
		ID: "INC-7", Title: "Slow", Severity: incident.SEV2, Worst: incident.SEV2, Symptom: "performance-degradation",
		Status: incident.Investigating, Model: "large-2", Declarer: chat(ada), Detected: noon, Declared: noon,
		People: []incident.Person{ada, ben}, Timeline: inc.Timeline,
	}
	wantSame(t, "declared", inc, want)
}

// Each case is one fact on a declared incident and what is then different.
func TestEachFactChanges(t *testing.T) {
	for _, c := range []struct {
		facts []incident.Fact
		see   func(incident.Incident) any
		want  any
	}{
		{[]incident.Fact{incident.Linked{Channel: "C1", Name: "inc-1"}}, func(i incident.Incident) any { return i.Channel.Channel }, "C1"},
		{[]incident.Fact{incident.Posted{What: incident.PostedCard, Link: "l"}}, func(i incident.Incident) any { return i.Posts[incident.PostedCard].Link }, "l"},
		{[]incident.Fact{incident.Joined{Person: ben}}, func(i incident.Incident) any { return i.People }, []incident.Person{ada, ben}},
		{[]incident.Fact{incident.Assigned{Role: incident.Scribe, To: ben}}, func(i incident.Incident) any { return i.Holder(incident.Scribe) }, ben},
		{[]incident.Fact{incident.Assigned{Role: incident.Scribe, To: ben}}, func(i incident.Incident) any { return i.Knows(ben) }, true},
		{[]incident.Fact{incident.SeverityChanged{To: incident.SEV1}, incident.SeverityChanged{To: incident.SEV3}},
			func(i incident.Incident) any { return []incident.Severity{i.Severity, i.Worst} }, []incident.Severity{incident.SEV3, incident.SEV1}},
		{[]incident.Fact{incident.SymptomChanged{To: "cost-anomaly"}}, func(i incident.Incident) any { return i.Symptom }, "cost-anomaly"},
		{[]incident.Fact{incident.GuideServed{Guide: "slow"}}, func(i incident.Incident) any { return i.Guide.Guide }, "slow"},
		{[]incident.Fact{incident.TaskAdded{Task: incident.Task{Text: "a"}}, incident.PlayStarted{Play: "p", Tasks: []incident.Task{{Text: "b"}}}, incident.TaskDone{N: 2}},
			func(i incident.Incident) any { return i.Tasks }, []incident.Task{{Text: "a"}, {Text: "b", Done: true}}},
		{[]incident.Fact{incident.TaskDone{N: 1}, incident.ActionDone{N: 1}, incident.TaskDone{N: -1}, incident.ActionDone{}},
			func(i incident.Incident) any { return len(i.Tasks) + len(i.Actions) }, 0},
		{[]incident.Fact{incident.Updated{N: 1, Text: "u"}}, func(i incident.Incident) any { return fmt.Sprint(i.Updates, i.LastUpdate.Sub(noon)) }, "1 1m0s"},
		{[]incident.Fact{incident.Mitigated{How: "rollback", Text: "m"}}, func(i incident.Incident) any { return []string{string(i.Status), i.How, i.Mitigation} },
			[]string{"mitigated", "rollback", "m"}},
		{[]incident.Fact{incident.Closed{Reason: "duplicate", Of: "INC-9"}}, func(i incident.Incident) any { return []string{string(i.Status), i.Reason, string(i.Original)} },
			[]string{"closed", "duplicate", "INC-9"}},
		{[]incident.Fact{incident.ActionAdded{N: 1, Text: "a", Owner: ben, Due: noon}, incident.ActionDone{N: 1}},
			func(i incident.Incident) any { return i.Actions }, []incident.Action{{N: 1, Text: "a", Owner: ben, Due: noon, Done: true}}},
		{[]incident.Fact{incident.PostmortemAsked{}, incident.PostmortemAsked{}}, func(i incident.Incident) any { return i.Drafts }, 2},
		{[]incident.Fact{incident.Declared{Storm: true}}, func(i incident.Incident) any { return i.Storm }, true},
		{[]incident.Fact{incident.Declared{OnCall: []incident.Person{ben}}}, func(i incident.Incident) any { return i.OnCall }, []incident.Person{ben}},
		{[]incident.Fact{incident.RoomHeld{Why: "a storm"}}, func(i incident.Incident) any { return i.Held }, "a storm"},
		{[]incident.Fact{incident.RoomHeld{Why: "a storm"}, incident.RoomWanted{}}, func(i incident.Incident) any { return i.Held }, ""},
		{[]incident.Fact{incident.RoomHeld{Why: "a storm"}, incident.Linked{Channel: "C1"}}, func(i incident.Incident) any { return i.Held }, ""},
		{[]incident.Fact{incident.PageAsked{N: 1, To: team, Text: "come"}, incident.PageAsked{N: 2, To: team}, incident.Paged{N: 1, To: team, Key: "P1", Link: "l", Added: true}},
			func(i incident.Incident) any { return paged(i) }, []incident.Paged{{N: 1, To: team, Key: "P1", Link: "l", Added: true}, {N: 2, To: team}}},
		{[]incident.Fact{incident.Paged{N: 3, Key: "P3"}}, func(i incident.Incident) any { return paged(i) }, []incident.Paged{{N: 3, Key: "P3"}}},
		{[]incident.Fact{incident.PlayStarted{Play: "p", Pager: []string{incident.PagerNotes}}}, func(i incident.Incident) any { return i.Play.Pager }, []string{"notes"}},
		{[]incident.Fact{incident.Merged{From: "INC-8", Alerts: 2}}, func(i incident.Incident) any { return i.TookOver }, true},
		{[]incident.Fact{incident.Failed{Effect: "invite"}}, func(i incident.Incident) any { return i.Failures }, []incident.Failed{{Effect: "invite"}}},
		{[]incident.Fact{incident.Failed{Effect: "invite"}, incident.Resynced{}}, func(i incident.Incident) any { return len(i.Failures) }, 0},
		{[]incident.Fact{bar("say", "archived"), bar("invite", "lost"), bar("say", "out")}, func(i incident.Incident) any { return i.Bars }, []incident.Barred{bar("invite", "lost"), bar("say", "out")}},
		{[]incident.Fact{bar("say", "archived"), bar("say", "")}, func(i incident.Incident) any { return len(i.Bars) }, 0},
		{[]incident.Fact{bar("say", "archived"), incident.Failed{Effect: "say"}}, func(i incident.Incident) any { return len(i.Bars) }, 0},
		{[]incident.Fact{bar("say", "archived")}, func(i incident.Incident) any {
			return []bool{i.KnowsBar(bar("invite", "archived")), i.KnowsBar(bar("say", "out")), i.KnowsBar(bar("say", "")), i.KnowsBar(bar("invite", ""))}
		}, []bool{true, false, false, true}},
	} {
		if diff := cmp.Diff(c.want, c.see(declared(c.facts...))); diff != "" {
			t.Errorf("after %+v (-want +got):\n%s", c.facts, diff)
		}
	}
}

// team is somebody for PagerDuty to page.
var team = incident.PageTarget{Kind: incident.TargetPolicy, ID: "PEPLATF", Name: "Platform"}

// What is on the timeline only changes nothing else.
func TestFactsThatChangeNothing(t *testing.T) {
	before := declared(alert("P1", incident.StateFiring, "chat"))
	for _, f := range []incident.Fact{incident.Noted{Text: "n"}, incident.Reminded{Of: "update"},
		incident.PagerSynced{Key: "P1", State: incident.StateResolved}, incident.Detached{Source: "pagerduty", Key: "P9"}} {
		after := before.With(event(before, incident.Bot, f))
		wantEqual(t, fmt.Sprintf("after %T, Last", f), after.Last(), before.Last()+1)
		after.Timeline = before.Timeline
		wantSame(t, fmt.Sprintf("%T", f), after, before)
	}
}

// A person is known by user and by name; that both are one person is learned.
func TestPeopleAreKnownOnce(t *testing.T) {
	bare := incident.Person{User: ben.User}
	inc := declared(incident.Joined{Person: bare}, incident.Joined{}, incident.Joined{Person: ben}, incident.Joined{Person: bare}, incident.Joined{Person: ada})
	if diff := cmp.Diff([]incident.Person{ada, ben}, inc.People); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhoSeesAPrivateIncident(t *testing.T) {
	secret := incident.Fold("INC-1", timeline(incident.Declared{Title: "Leak", Private: true}))
	wantEqual(t, "the declarer sees it", secret.Visible(ada), true)
	wantEqual(t, "another sees it", secret.Visible(ben), false)
	wantEqual(t, "nobody in particular sees it", secret.Visible(incident.Person{}), false)
	wantEqual(t, "whoever was brought in sees it", secret.With(event(secret, chat(ada), incident.Joined{Person: ben})).Visible(ben), true)
	wantEqual(t, "whoever has a role sees it", secret.With(event(secret, chat(ada), incident.Assigned{Role: incident.Scribe, To: ben})).Visible(ben), true)
	wantEqual(t, "whoever acts in it sees it", secret.With(event(secret, chat(ben), incident.Noted{Text: "x"})).Visible(ben), true)
	wantEqual(t, "anybody sees one that is not private", declared().Visible(ben), true)
}

// A message may be pinned from any channel. Its author did not act in the
// incident, and must not learn of a private one by being quoted.
func TestQuotingDoesNotBringIn(t *testing.T) {
	secret := incident.Fold("INC-1", timeline(incident.Declared{Title: "Leak", Private: true}))
	quoted := secret.With(event(secret, chat(ben), incident.Quoted{Quote: incident.Quote{Author: ben, Text: "is it down?"}}))
	wantEqual(t, "the author of a quote sees it", quoted.Visible(ben), false)
}

// event is the next event of inc.
func event(inc incident.Incident, by incident.Actor, f incident.Fact) incident.Event {
	n := inc.Last()
	return incident.Event{Seq: n + 1, At: clock(n), Logged: clock(n), By: by, Fact: f}
}

// paged is what came of the pages.
func paged(inc incident.Incident) (list []incident.Paged) {
	for _, p := range inc.Pages {
		list = append(list, p.Paged)
	}
	return list
}

// A page that failed says so until somebody tries again; one that went out does not
// wait.
func TestPagesWait(t *testing.T) {
	asked := incident.PageAsked{N: 1, To: incident.PageTarget{Name: "Platform"}}
	failed := incident.Failed{Effect: incident.FailedPage, Why: "may only read", Data: []byte(`{"n":1}`)}
	for _, c := range []struct {
		facts  []incident.Fact
		failed string
		waits  bool
	}{
		{[]incident.Fact{asked}, "", true},
		{[]incident.Fact{asked, failed}, "may only read", false},
		{[]incident.Fact{asked, failed, incident.Resynced{}}, "", true},
		{[]incident.Fact{asked, failed, incident.Resynced{}, incident.Paged{N: 1, Key: "P1"}}, "", false},
		{[]incident.Fact{asked, incident.Failed{Effect: "say", Data: []byte(`{"n":1}`)}}, "", true},
	} {
		if p := declared(c.facts...).Pages[0]; p.Failed != c.failed || p.Waits() != c.waits {
			t.Errorf("after %+v: failed %q, waits %v", c.facts, p.Failed, p.Waits())
		}
	}
}

func bar(effect, why string) incident.Barred { return incident.Barred{Effect: effect, Why: why} }
