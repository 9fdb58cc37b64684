package incident_test

import (
	"errors"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

func TestParseID(t *testing.T) {
	for s, want := range map[string]incident.ID{
		"INC-42": "INC-42", "inc-42": "INC-42", "Inc-42": "INC-42", "42": "INC-42", "INC-007": "INC-7", "1": "INC-1",
		"": "", "INC-": "", "INC": "", "INC-0": "", "0": "", "-1": "", "INC--1": "", "+1": "", "INC-+1": "", "INC-4x": "", "INC 4": "",
		" 42": "", "4.2": "", "٤٢": "", "99999999999999999999": "",
	} {
		if got, ok := incident.ParseID(s); got != want || ok != (want != "") {
			t.Errorf("ParseID(%q) = %q, %v, want %q", s, got, ok, want)
		}
	}
}

func TestIDNumber(t *testing.T) {
	for id, want := range map[incident.ID]int{incident.NewID(42): 42, "INC-1": 1, "": 0, "INC-x": 0, "42x": 0} {
		wantEqual(t, string(id)+".Number", id.Number(), want)
	}
}

func TestParseSeverity(t *testing.T) {
	for s, want := range map[string]incident.Severity{
		"sev1": "sev1", "SEV2": "sev2", "Sev-3": "sev3", "sev 4": "sev4", "1": "sev1", " 2 ": "sev2", "p3": "sev3", "P-4": "sev4",
		"": "", "sev": "", "0": "", "5": "", "sev0": "", "sev12": "", "critical": "", "1.": "", "sev1 now": "",
	} {
		got, err := incident.ParseSeverity(s)
		wantParsed(t, "ParseSeverity", s, string(got), string(want), err, "`sev 2`")
	}
}

func TestParseRole(t *testing.T) {
	for s, want := range map[string]incident.Role{
		"incident-commander": incident.Commander, "commander": incident.Commander, "IC": incident.Commander, "lead": incident.Commander,
		"technical-lead": incident.TechnicalLead, "tech": incident.TechnicalLead, "ops": incident.TechnicalLead,
		"communications-lead": incident.CommsLead, "comms": incident.CommsLead, " Scribe ": incident.Scribe,
		"": "", "boss": "", "incident commander": incident.Commander, "boss commander": "", "scribes": "",
	} {
		got, err := incident.ParseRole(s)
		wantParsed(t, "ParseRole", s, string(got), string(want), err, "`take scribe`")
	}
}

func TestParseSymptom(t *testing.T) {
	for s, want := range map[string]string{
		"availability-loss": "availability-loss", "down": "availability-loss", "Slow": "performance-degradation", "won't deploy": "deployment-failure",
		"WRONG": "invalid-inference", " expensive ": "cost-anomaly", "unsafe": "security-privacy", "not known yet": incident.Unclassified,
		"": "", "broken": "", "slow!": "",
	} {
		got, err := incident.ParseSymptom(s)
		wantParsed(t, "ParseSymptom", s, got, want, err, "`symptom slow`")
	}
}

// wantParsed wants s read as want, or refused with an example where want is "".
func wantParsed(t *testing.T, fn, s, got, want string, err error, example string) {
	t.Helper()
	var refusal incident.Refusal
	switch {
	case got != want, want != "" && err != nil:
		t.Errorf("%s(%q) = %q, %v, want %q", fn, s, got, err, want)
	case want == "" && (!errors.As(err, &refusal) || !strings.Contains(refusal.Error(), example)):
		t.Errorf("%s(%q): %v, want a Refusal with the example %s", fn, s, err, example)
	}
}

// A refusal repeats what was written; it must not format or link by it.
func TestRefusalsShowTextLiterally(t *testing.T) {
	const hostile = "[x](http://y.z) *x* `x` <!channel>"
	_, role := incident.ParseRole(hostile)
	_, severity := incident.ParseSeverity(hostile)
	_, symptom := incident.ParseSymptom(hostile)
	for _, err := range []error{role, severity, symptom} {
		if want := "“" + incident.Escape(hostile) + "”"; !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not have %s", err, want)
		}
	}
}

func TestSeveritiesAndTheirOrder(t *testing.T) {
	for i, s := range incident.Severities {
		for j, u := range incident.Severities {
			wantEqual(t, string(s+" is worse than "+u), s.Worse(u), i < j)
		}
		wantEqual(t, string(s)+" is worse than none", s.Worse(""), true)
		wantEqual(t, "none is worse than "+string(s), incident.Severity("").Worse(s), false)
	}
	wantEqual(t, "Title", incident.SEV1.Title(), "SEV1")
}

func TestPersonIs(t *testing.T) {
	for _, c := range []struct {
		p, q incident.Person
		same bool
	}{
		{ada, ada, true},
		{ada, incident.Person{User: ada.User}, true},
		{ada, incident.Person{Name: ada.Name}, true},
		{ada, incident.Person{User: "U0TWIN", Name: ada.Name}, false},
		{ada, ben, false},
		{ada, incident.Person{}, false},
		{incident.Person{}, incident.Person{}, false},
		{incident.Person{User: "U0ADA"}, incident.Person{Name: "U0ADA"}, false},
	} {
		if c.p.Is(c.q) != c.same || c.q.Is(c.p) != c.same {
			t.Errorf("%+v and %+v: the same = %v, want %v both ways", c.p, c.q, c.p.Is(c.q), c.same)
		}
	}
}

func TestWhoIsHuman(t *testing.T) {
	for _, c := range []struct {
		by   incident.Actor
		want bool
	}{{chat(ada), true}, {incident.Actor{Via: "shell"}, true}, {pager, false}, {incident.Bot, false}, {incident.Actor{}, false}} {
		if got := c.by.Human(); got != c.want {
			t.Errorf("%+v.Human() = %v", c.by, got)
		}
	}
}

func TestTermsAreDistinct(t *testing.T) {
	for _, terms := range [][]incident.Term{incident.Symptoms, incident.Mitigations, incident.CloseReasons} {
		seen := map[string]bool{}
		for _, term := range terms {
			for _, word := range []string{term.ID, strings.ToLower(term.Label)} {
				if got, ok := incident.Find(terms, word); !ok || got != term {
					t.Errorf("Find(%q) = %v, want %v", word, got, term)
				}
			}
			if seen[term.ID] || term.Means == "" {
				t.Errorf("%q is listed twice or says nothing", term.ID)
			}
			seen[term.ID] = true
		}
	}
	wantEqual(t, "a label", incident.Label(incident.Mitigations, "self-recover"), "Went away")
	wantEqual(t, "the label of an id that is not listed", incident.Label(incident.Mitigations, "prayer"), "prayer")
}
