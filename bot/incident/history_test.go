package incident_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/bot/incident"
)

// Few people, causes, tasks and messages, so that random facts meet.
var (
	someone = rapid.SampledFrom([]incident.Person{{}, ada, ben, {User: ben.User}, {Name: "Cleo"}, {Name: "Dev"}, {Name: "Eun"}, {Name: "Femi"}})
	causes  = []string{"", "a", "b", "c"}
	message = rapid.Custom(func(t *rapid.T) incident.Message {
		return incident.Message{Channel: "C1", ID: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "message")}
	})
	word = rapid.SampledFrom([]string{"", "x", "y"})
	task = rapid.Map(word, func(text string) incident.Task { return incident.Task{Text: text} })
	few  = rapid.IntRange(0, 4)
	some = rapid.Custom(func(t *rapid.T) time.Time { return clock(rapid.IntRange(-5, 5).Draw(t, "minutes")) })
	sev  = rapid.SampledFrom(incident.Severities)
)

// factMakers draw each kind of fact.
var factMakers = map[string]func(*rapid.T) incident.Fact{
	"declared": func(t *rapid.T) incident.Fact {
		return incident.Declared{Title: word.Draw(t, "title"), Severity: sev.Draw(t, "sev"), Private: rapid.Bool().Draw(t, "private"),
			Storm: rapid.Bool().Draw(t, "storm"), Began: some.Draw(t, "began"), Quote: &incident.Quote{Written: some.Draw(t, "written")}, People: rapid.SliceOfN(someone, 0, 2).Draw(t, "people"),
			OnCall: rapid.SliceOfN(someone, 0, 2).Draw(t, "on call")}
	},
	"signaled": func(t *rapid.T) incident.Fact {
		states := []string{incident.StateFiring, incident.StateNoData, incident.StateAcknowledged, incident.StateResolved, incident.StateInfo, incident.StateUnknown}
		return incident.Signaled{Source: word.Draw(t, "source"), Key: word.Draw(t, "key"), State: rapid.SampledFrom(states).Draw(t, "state"),
			Urgency: word.Draw(t, "urgency"), Service: word.Draw(t, "service"), Why: word.Draw(t, "why"), Late: few.Draw(t, "late") == 0, Echo: few.Draw(t, "echo") == 0}
	},
	"detached": func(t *rapid.T) incident.Fact {
		return incident.Detached{Source: word.Draw(t, "source"), Key: word.Draw(t, "key")}
	},
	"merged":       func(t *rapid.T) incident.Fact { return incident.Merged{Alerts: few.Draw(t, "alerts")} },
	"room-held":    func(t *rapid.T) incident.Fact { return incident.RoomHeld{Why: word.Draw(t, "why")} },
	"room-wanted":  func(t *rapid.T) incident.Fact { return incident.RoomWanted{} },
	"page-asked":   func(t *rapid.T) incident.Fact { return incident.PageAsked{N: few.Draw(t, "n")} },
	"paged":        func(t *rapid.T) incident.Fact { return incident.Paged{N: few.Draw(t, "n"), Key: word.Draw(t, "key")} },
	"pager-synced": func(t *rapid.T) incident.Fact { return incident.PagerSynced{Key: word.Draw(t, "key")} },
	"linked":       func(t *rapid.T) incident.Fact { return incident.Linked{Channel: word.Draw(t, "channel")} },
	"posted": func(t *rapid.T) incident.Fact {
		return incident.Posted{What: word.Draw(t, "what"), Link: word.Draw(t, "link")}
	},
	"joined": func(t *rapid.T) incident.Fact { return incident.Joined{Person: someone.Draw(t, "person")} },
	"left":   func(t *rapid.T) incident.Fact { return incident.Left{Person: someone.Draw(t, "person")} },
	"assigned": func(t *rapid.T) incident.Fact {
		return incident.Assigned{Role: rapid.SampledFrom(incident.Roles).Draw(t, "role"), To: someone.Draw(t, "to")}
	},
	"severity-changed": func(t *rapid.T) incident.Fact { return incident.SeverityChanged{To: sev.Draw(t, "to")} },
	"symptom-changed":  func(t *rapid.T) incident.Fact { return incident.SymptomChanged{To: word.Draw(t, "to")} },
	"impact-began":     func(t *rapid.T) incident.Fact { return incident.ImpactBegan{At: some.Draw(t, "at")} },
	"guide-served":     func(t *rapid.T) incident.Fact { return incident.GuideServed{Guide: word.Draw(t, "guide")} },
	"guide-offered":    func(t *rapid.T) incident.Fact { return incident.GuideOffered{Guide: word.Draw(t, "guide")} },
	"guide-rejected":   func(t *rapid.T) incident.Fact { return incident.GuideRejected{Guide: word.Draw(t, "guide")} },
	"guide-rated": func(t *rapid.T) incident.Fact {
		return incident.GuideRated{Guide: word.Draw(t, "guide"), Helped: word.Draw(t, "helped")}
	},
	"step-taken": func(t *rapid.T) incident.Fact {
		return incident.StepTaken{Guide: word.Draw(t, "guide"), Question: word.Draw(t, "question"), Answer: word.Draw(t, "answer")}
	},
	"mitigation-chosen": func(t *rapid.T) incident.Fact { return incident.MitigationChosen{Name: word.Draw(t, "name")} },
	"play-started": func(t *rapid.T) incident.Fact {
		return incident.PlayStarted{Postmortem: rapid.Bool().Draw(t, "postmortem"), Tasks: rapid.SliceOfN(task, 0, 3).Draw(t, "tasks")}
	},
	"task-added": func(t *rapid.T) incident.Fact {
		return incident.TaskAdded{Task: task.Draw(t, "task")}
	},
	"task-done": func(t *rapid.T) incident.Fact { return incident.TaskDone{N: few.Draw(t, "n")} },
	"noted":     func(t *rapid.T) incident.Fact { return incident.Noted{Text: word.Draw(t, "text")} },
	"pinned":    func(t *rapid.T) incident.Fact { return incident.Pinned{Message: message.Draw(t, "message")} },
	"quoted": func(t *rapid.T) incident.Fact {
		return incident.Quoted{Quote: incident.Quote{Message: message.Draw(t, "message"), Author: someone.Draw(t, "author")}}
	},
	"updated":   func(t *rapid.T) incident.Fact { return incident.Updated{N: few.Draw(t, "n")} },
	"mitigated": func(t *rapid.T) incident.Fact { return incident.Mitigated{How: word.Draw(t, "how")} },
	"resolved":  func(t *rapid.T) incident.Fact { return incident.Resolved{Text: word.Draw(t, "text")} },
	"reopened":  func(t *rapid.T) incident.Fact { return incident.Reopened{} },
	"closed":    func(t *rapid.T) incident.Fact { return incident.Closed{Reason: word.Draw(t, "reason")} },
	"action-added": func(t *rapid.T) incident.Fact {
		return incident.ActionAdded{N: few.Draw(t, "n"), Owner: someone.Draw(t, "owner")}
	},
	"action-done":      func(t *rapid.T) incident.Fact { return incident.ActionDone{N: few.Draw(t, "n")} },
	"postmortem-asked": func(t *rapid.T) incident.Fact { return incident.PostmortemAsked{} },
	"reminded":         func(t *rapid.T) incident.Fact { return incident.Reminded{Of: word.Draw(t, "of")} },
	"failed":           func(t *rapid.T) incident.Fact { return incident.Failed{Effect: word.Draw(t, "effect")} },
	"lost": func(t *rapid.T) incident.Fact {
		return incident.Lost{Seal: word.Draw(t, "seal"), Title: word.Draw(t, "title"), Severity: incident.SEV2}
	},
	"link-given": func(t *rapid.T) incident.Fact { return incident.LinkGiven{Until: some.Draw(t, "until")} },
	"barred": func(t *rapid.T) incident.Fact {
		return incident.Barred{Effect: word.Draw(t, "effect"), Why: word.Draw(t, "why"), Only: word.Draw(t, "only")}
	},
	"resynced": func(t *rapid.T) incident.Fact { return incident.Resynced{} },
}

func TestRandomHistoriesHaveEveryFact(t *testing.T) {
	for _, name := range incident.Facts.Names() {
		if factMakers[name] == nil {
			t.Errorf("factMakers has no %q: forks of it are untested", name)
		}
	}
}

// anyEvent is a random event that comes after n others, a fact of these kinds.
func anyEvent(t *rapid.T, n int, kinds []string) incident.Event {
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	by := incident.Actor{Person: someone.Draw(t, "by"), Via: "slack"}
	return incident.Event{
		Seq: n + 1, At: some.Draw(t, "at"), By: by, Cause: rapid.SampledFrom(causes).Draw(t, "cause"), Fact: factMakers[kind](t),
	}
}

// together are facts that change the same part of an incident; last, all facts.
var together = [][]string{
	{"task-added", "task-done"}, {"task-added", "play-started"}, {"action-added", "action-done"}, {"failed", "failed", "failed", "resynced"},
	{"guide-served", "step-taken", "step-taken", "guide-rated", "guide-offered", "guide-rejected"}, {"joined", "assigned", "declared"}, {"signaled", "signaled", "detached"}, {"page-asked", "paged"},
	{"room-held", "room-wanted", "linked"}, {"posted", "linked"}, {"pinned", "quoted"}, {"mitigated", "resolved", "reopened", "closed"},
	incident.Facts.Names(),
}

// A copy of an incident, and the history that it must be the sum of.
type branch struct {
	inc     incident.Incident
	history []incident.Event
}

// An Incident is a value. Copies share memory, which nobody may notice: however
// they are grown and forked, each stays the sum of its own history.
func TestForksDoNotDisturbEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		branches := []branch{{inc: incident.Fold("INC-1", nil)}}
		kinds := rapid.SampledFrom(together).Draw(t, "kinds")
		for range rapid.IntRange(10, 25).Draw(t, "steps") {
			b := branches[max(0, len(branches)-rapid.IntRange(1, 4).Draw(t, "back"))]
			e := anyEvent(t, len(b.history), kinds)
			branches = append(branches, branch{b.inc.With(e), append(slices.Clone(b.history), e)})
		}
		for _, b := range branches {
			wantSame(t, "a branch and the fold of its history", b.inc, incident.Fold("INC-1", b.history))
			wantOwnMemory(t, b)
			wantTally(t, b.inc)
		}
	})
}

// wantOwnMemory asks a branch for what it keeps besides its visible fields: the
// causes and the pinned messages of its own history, and of no other.
func wantOwnMemory(t *rapid.T, b branch) {
	for _, cause := range causes {
		did := cause != "" && slices.ContainsFunc(b.history, func(e incident.Event) bool { return e.Cause == cause })
		if got := b.inc.Did(cause); got != did {
			t.Fatalf("Did(%q) = %v, want %v", cause, got, did)
		}
	}
	for _, id := range []string{"1", "2"} {
		m := incident.Message{Channel: "C1", ID: id}
		pinned := slices.ContainsFunc(b.history, func(e incident.Event) bool {
			q, quoted := e.Fact.(incident.Quoted)
			p, asked := e.Fact.(incident.Pinned)
			return quoted && q.Quote.Message == m || asked && p.Message == m
		})
		if facts, err := b.inc.Pin(m); err != nil || (len(facts) == 0) != pinned {
			t.Fatalf("Pin(%v) = %v, %v; pinned before: %v", m, facts, err, pinned)
		}
	}
}

// wantTally wants the counts that come of counting.
func wantTally(t *rapid.T, inc incident.Incident) {
	want := incident.Tally{}
	served := map[string]bool{}
	for _, s := range inc.Alerts() {
		want.Total++
		if s.State != incident.StateResolved {
			want.Firing++
		}
		if got, ok := inc.Alert(s.Source, s.Key); !ok || got.State != s.State {
			t.Fatalf("Alert(%q, %q) = %+v, %v, want %+v", s.Source, s.Key, got, ok, s)
		}
		if s.Service != "" {
			served[s.Service] = true
		}
	}
	want.Services = inc.Tally.Services // in an order of their own
	if diff := cmp.Diff(want, counts(inc.Tally)); diff != "" || !slices.Equal(slices.Sorted(maps.Keys(served)), slices.Sorted(slices.Values(inc.Tally.Services))) {
		t.Fatalf("services %q, of the alerts %v; tally (-want +got):\n%s", inc.Tally.Services, served, diff)
	}
}

func TestFoldDoesNotKeepTheCallersTimeline(t *testing.T) {
	events := timeline(incident.Declared{Title: "Slow"}, incident.Noted{Text: "one"})
	inc := incident.Fold("INC-1", events)
	events[1].Fact = incident.Noted{Text: "changed"}
	wantEqual(t, "the note", inc.Timeline[1].Fact, incident.Fact(incident.Noted{Text: "one"}))
}
