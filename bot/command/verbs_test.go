package command

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// TestVerbs: what each command puts on the record, and what it answers. Ada
// commands INC-1 in C1, where all of this is said.
func TestVerbs(t *testing.T) {
	tests := []struct {
		name  string
		setup []string // said before, by Ada
		by    incident.Person
		line  string
		want  incident.Fact // what happened last
		at    string        // when, "" for now
		says  string
	}{
		{"take", nil, ben, "take scribe", incident.Assigned{Role: incident.Scribe, To: ben}, "", "You are scribe of INC-1 now"},
		{"take from another", nil, ben, "take ic", incident.Assigned{Role: incident.Commander, To: ben, From: ada}, "", "You are incident commander"},
		{"assign", nil, ada, "assign comms @ben", incident.Assigned{Role: incident.CommsLead, To: ben}, "", "@Ben Ortiz is communications lead"},
		{"assign to me", nil, ben, "assign tech me", incident.Assigned{Role: incident.TechnicalLead, To: ben}, "", "technical lead"},
		{"handover", nil, ada, "handover commander @ben", incident.Assigned{Role: incident.Commander, To: ben, From: ada}, "", "incident commander"},
		{"handover of the role one holds", nil, ada, "handover @ben", incident.Assigned{Role: incident.Commander, To: ben, From: ada}, "", "incident commander"},
		{"handover of a lesser role", []string{"assign scribe @ben"}, ben, "handover @ada", incident.Assigned{Role: incident.Scribe, To: ada, From: ben}, "", "scribe"},
		{"join", nil, ben, "join", incident.Joined{Person: ben}, "", "You are being added to #inc-room"},
		{"sev", nil, ben, "sev 3", incident.SeverityChanged{To: incident.SEV3, From: incident.SEV2}, "", "INC-1 is SEV3 now"},
		{"began", nil, ben, "began 3 weeks ago", incident.ImpactBegan{At: utc("2026-10-30 14:30")}, "", "Impact began 2026-10-30 14:30 UTC"},
		{"note", nil, ben, "note cold caches", incident.Noted{Text: "cold caches"}, "", "Noted."},
		{"note at a time", nil, ben, "note cold caches at 14:02", incident.Noted{Text: "cold caches"}, "2026-11-20 14:02", "Noted at 2026-11-20 14:02 UTC"},
		{"note of several lines", nil, ben, "note\none\ntwo", incident.Noted{Text: "one\ntwo"}, "", "Noted."},
		{"update", nil, ada, "update Rolling back", incident.Updated{Text: "Rolling back", N: 1}, "", "Update 1 is out. The next one is due by"},
		{"task", nil, ada, "task Call the provider", incident.TaskAdded{Task: incident.Task{Text: "Call the provider"}}, "", "is on the list"},
		{"task add", nil, ada, "task add Call the provider", incident.TaskAdded{Task: incident.Task{Text: "Call the provider"}}, "", "is on the list"},
		{"mitigated", nil, ada, "mitigated", nil, "", ""},
		{"mitigated how", nil, ada, "mitigated rollback: to v41 at 14:10", incident.Mitigated{How: "rollback", Text: "to v41"}, "2026-11-20 14:10", "Impact is over at 2026-11-20 14:10"},
		{"mitigated in words", nil, ada, "mitigated restarted everything", incident.Mitigated{Text: "restarted everything"}, "", "Impact is over."},
		{"reopen", []string{"resolve"}, ada, "reopen it is back", incident.Reopened{Text: "it is back"}, "", "INC-1 is open again"},
		{"close as false alarm", nil, ada, "close false-alarm a test", incident.Closed{Reason: "false-alarm", Text: "a test"}, "", "INC-1 is closed"},
		{"close when resolved", []string{"resolve"}, ada, "close resolved", incident.Closed{Reason: "resolved"}, "", "INC-1 is closed"},
		{"close as duplicate", []string{"open Another"}, ada, "close duplicate of INC-2 same cause", incident.Closed{Reason: "duplicate", Of: "INC-2", Text: "same cause"}, "", "INC-1 is closed"},
		{"close as duplicate, short", []string{"open Another"}, ada, "close Duplicate 2", incident.Closed{Reason: "duplicate", Of: "INC-2"}, "", "INC-1 is closed"},
		{"action", nil, ada, "action Add an alert @ben by friday", incident.ActionAdded{N: 1, Text: "Add an alert", Owner: ben, Due: utc("2026-11-27 00:00")}, "", "Follow-up 1 is on the record."},
		{"action without an owner", nil, ada, "action Add an alert by 2026-12-01", incident.ActionAdded{N: 1, Text: "Add an alert", Due: utc("2026-12-01 00:00")}, "", "a better chance with an owner and a day"},
		{"action about a person", nil, ada, "action Ask @ben about it", incident.ActionAdded{N: 1, Text: "Ask @ben about it"}, "", "Follow-up 1"},
		{"action done", []string{"action Add an alert"}, ben, "action done 1", incident.ActionDone{N: 1, Text: "Add an alert"}, "", "Follow-up 1 is done"},
		{"postmortem", nil, ben, "pm", incident.PostmortemAsked{}, "", "on its way into #inc-room"},
		{"link", nil, ben, "link", nil, "", "set TOCSIN_URL"},
		{"resync", nil, ben, "resync", incident.Resynced{}, "", "made anew"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := room(t)
			for _, line := range test.setup {
				d.say(ada, "C1", line)
			}
			before := d.inc("INC-1").Last()
			a := d.say(test.by, "C1", test.line)
			if !strings.Contains(shown(a), test.says) {
				t.Errorf("answered %q, want it to say %q", shown(a), test.says)
			}
			e := d.last()
			if test.want == nil {
				if d.inc("INC-1").Last() != before {
					t.Errorf("it put %T on the record", e.Fact)
				}
				return
			}
			at := friday
			if test.at != "" {
				at = utc(test.at)
			}
			if !reflect.DeepEqual(e.Fact, test.want) || !e.At.Equal(at) || e.By.Person != test.by {
				t.Errorf("on the record: %+v at %v by %v; want %+v at %v", e.Fact, e.At, e.By, test.want, at)
			}
		})
	}
}

// TestRefusals: what cannot be done is refused in words that say what to do,
// and nothing is put on the record.
func TestRefusals(t *testing.T) {
	tests := []struct {
		setup      []string
		line, says string
	}{
		{nil, "assign scribe", "Who is to be scribe?"},
		{nil, "assign scribe @nobody", "I don't know “@nobody”. Type @ and choose a person: /incident assign scribe @ada"},
		{nil, "assign scribe ben", "I don't know “ben”"},
		{nil, "assign chef @ben", "The roles are commander, tech, comms and scribe"},
		{nil, "take chef", "for example take scribe"},
		{nil, "take commander", "already"},
		{nil, "handover scribe @ben", "use assign scribe @name"},
		{[]string{"assign scribe @ben"}, "handover scribe @ada", "Ben Ortiz is scribe, so it is theirs"},
		{nil, "sev 9", "from sev1 (worst) to sev4"},
		{nil, "sev 2", "INC-1 is SEV2 already"},
		{nil, "symptom hungry", "Choose one of: down, slow"},
		{nil, "began tomorrow", "I cannot read the time “tomorrow”"},
		{nil, "began 18:00", "still to come; it is 14:30 now"},
		{nil, "note x at 1999-01-02 18:00", "too long ago"},
		{nil, "note at 14:02", "What shall I note?"},
		{nil, "task done 99", "There is no task 99"},
		{nil, "action done 1", "There are none yet"},
		{nil, "action Add an alert by 2020-01-01", "has passed"},
		{nil, "close resolved", "use resolve first"},
		{nil, "close duplicate", "A duplicate of which incident?"},
		{nil, "close duplicate of INC-1", "cannot be a duplicate of itself"},
		{nil, "close duplicate of INC-9", "There is no incident INC-9"},
		{nil, "close duplicate of that", "“that” is no incident"},
		{nil, "close because", "“because” is no reason to close"},
		{nil, "close", "Why is INC-1 to be closed?"},
		{nil, "reopen", "INC-1 is open"},
		{[]string{"mitigated rollback"}, "mitigated", "Impact is over"},
		{[]string{"mitigated rollback"}, "mitigated again", "mitigated already"},
		{[]string{"resolve"}, "resolve", "resolved already"},
		{[]string{"close false-alarm"}, "sev 1", "is closed. If it is back, use reopen first"},
		{[]string{"close false-alarm"}, "update x", "is closed"},
		{nil, "open " + strings.Repeat("a", incident.MaxTitle+1), "characters"},
	}
	for _, test := range tests {
		d := room(t)
		for _, line := range test.setup {
			d.say(ada, "C1", line)
		}
		before := d.inc("INC-1").Last()
		a := d.say(ada, "C1", test.line)
		words := shown(a)
		if a.Form != nil {
			words = a.Form.Title
		}
		if !strings.Contains(words, test.says) {
			t.Errorf("%.40q: %q, want it to say %q", test.line, words, test.says)
		}
		if n := d.inc("INC-1").Last(); n != before {
			t.Errorf("%.40q put %T on the record", test.line, d.last().Fact)
		}
	}
}

// TestSymptomBringsAGuideOrAQuestion: while nobody has found a guide, the symptom
// brings the one that fits the words; where the words do not tell, one question.
func TestSymptomBringsAGuideOrAQuestion(t *testing.T) {
	d := room(t)
	a := d.say(ben, "C1", "symptom slow")
	inc := d.inc("INC-1")
	if inc.Symptom != "performance-degradation" || inc.Guide.Guide != incident.Triage || len(inc.Guide.Steps) != 1 || !strings.Contains(shown(a), "One more question") {
		t.Errorf("symptom %s, guide %q, way %v; answered %q", inc.Symptom, inc.Guide.Title, inc.Guide.Steps, shown(a))
	}
	d.say(ben, "C0", "open sev3 the little wheel turns and turns before it begins to type")
	a = d.say(ben, "C0", "INC-2 symptom slow")
	g, _ := d.Guides.Guide("latency-saturation")
	if inc := d.inc("INC-2"); inc.Guide.Guide != g.ID || !strings.Contains(shown(a), g.Title) {
		t.Errorf("guide %q; answered %q", inc.Guide.Title, shown(a))
	}
}

// TestGuide: a text finds one and says why; what fits none is not guessed; an
// id and a section show just that; elsewhere nothing is put on any record.
func TestGuide(t *testing.T) {
	d := room(t)
	if a := d.say(ben, "C0", "guide answers are slow, p99 latency is high"); !strings.Contains(shown(a), "Why this one") || !strings.Contains(shown(a), "First question") {
		t.Errorf("%q", shown(a))
	}
	if a := d.say(ben, "C0", "guide qwertz"); !strings.Contains(shown(a), "I am not sure") || len(a.Buttons) == 0 {
		t.Errorf("%q", shown(a))
	}
	for _, g := range d.Guides.Guides() {
		a := d.say(ben, "C0", "guide show "+g.ID+" Mitigate")
		if a.Title != g.Title || !strings.HasPrefix(shown(a), g.Title+"\nMitigate") || len(a.Buttons) != 7 {
			t.Errorf("%s: %.80q, %d buttons", g.ID, shown(a), len(a.Buttons))
		}
	}
	before := d.inc("INC-1").Last()
	d.say(ben, "C0", "guide provider-outage")
	if n := d.inc("INC-1").Last(); n != before {
		t.Error("a guide read elsewhere is on the record")
	}
	d.say(ben, "C1", "guide provider-outage")
	if f, ok := d.last().Fact.(incident.GuideServed); !ok || f.Guide != "provider-outage" {
		t.Errorf("%+v", d.last().Fact)
	}
	if a := d.say(ben, "C1", "guide"); !strings.Contains(a.Title, d.inc("INC-1").Guide.Title) {
		t.Errorf("bare, in the room: %q", a.Title)
	}
}

// TestLists: tasks and follow-ups with what finishes them; the timeline in the
// order things happened.
func TestLists(t *testing.T) {
	d := room(t)
	d.say(ada, "C1", "action Add an alert @ben by friday")
	if a := d.say(ada, "C1", "action list"); !strings.Contains(shown(a), "☐ follow-up 1: Add an alert (@Ben Ortiz, by 2026-11-27)") || a.Buttons[0].Command != "INC-1 action done 1" {
		t.Errorf("%q %+v", shown(a), a.Buttons)
	}
	d.say(ada, "C1", "task Call the provider")
	tasks := len(d.inc("INC-1").Tasks)
	d.say(ada, "C1", "task done 1")
	if a := d.say(ada, "C1", "task"); strings.Count(shown(a), "☐") != tasks-1 || strings.Count(shown(a), "☑") != 1 || !strings.Contains(shown(a), "Call the provider") {
		t.Errorf("%q", shown(a))
	}
	d.say(ben, "C1", "note second at 14:10")
	d.say(ben, "C1", "note first at 14:05")
	line := shown(d.say(ben, "C1", "timeline"))
	if first, second := strings.Index(line, "first"), strings.Index(line, "second"); first < 0 || first > second {
		t.Errorf("%q", line)
	}
	if a := d.say(ben, "C1", "list"); !strings.Contains(shown(a), "INC-1 · SEV2 · investigating · Answers are wrong") {
		t.Errorf("%q", shown(a))
	}
}

// TestTheSameRequestTwice: the same cause is one request.
func TestTheSameRequestTwice(t *testing.T) {
	d := room(t)
	for _, line := range []string{"note x", "sev 1", "action y", "task z", "update w", "open Another"} {
		r := bot.Request{Line: line, By: by(ben), Channel: "C1", Cause: "same/" + line}
		once, err := d.Handle(t.Context(), r)
		must(t, err)
		n := d.inc("INC-1").Last()
		d.now = d.now.Add(time.Second)
		twice, err := d.Handle(t.Context(), r)
		must(t, err)
		if shown(once) != shown(twice) || d.inc("INC-1").Last() != n {
			t.Errorf("%s: %q, then %q; %d events, then %d", line, shown(once), shown(twice), n, d.inc("INC-1").Last())
		}
	}
}
