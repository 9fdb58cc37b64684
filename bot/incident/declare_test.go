package incident_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
)

func TestDeclare(t *testing.T) {
	longest := strings.Repeat("é", incident.MaxTitle)
	for name, c := range map[string]struct{ ask, want incident.Declared }{
		"a title is enough": {
			incident.Declared{Title: "Slow"},
			incident.Declared{Title: "Slow", Severity: incident.SEV3, Symptom: incident.Unclassified},
		},
		"all that is known": {
			incident.Declared{Title: "Slow", Severity: incident.SEV1, Symptom: "cost-anomaly", Private: true, Began: clock(-5), Model: "large-2", Service: "chat"},
			incident.Declared{Title: "Slow", Severity: incident.SEV1, Symptom: "cost-anomaly", Private: true, Began: clock(-5), Model: "large-2", Service: "chat"},
		},
		"text becomes one clean line": {
			incident.Declared{Title: " Answers\r\n\tcut\u202e off\x00", Model: "large\n2", Service: "\u200bchat "},
			incident.Declared{Title: "Answers cut off", Severity: incident.SEV3, Symptom: incident.Unclassified, Model: "large 2", Service: "chat"},
		},
		"the longest title": {
			incident.Declared{Title: longest},
			incident.Declared{Title: longest, Severity: incident.SEV3, Symptom: incident.Unclassified},
		},
	} {
		got, err := incident.Declare(c.ask, noon)
		if diff := cmp.Diff(one(c.want), got); err != nil || diff != "" {
			t.Errorf("%s: error %v, facts (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestDeclareRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		ask  incident.Declared
		says string
	}{
		"no title":           {incident.Declared{}, "`open sev2 "},
		"a title of spaces":  {incident.Declared{Title: " \n\t"}, "`open sev2 "},
		"nothing to see":     {incident.Declared{Title: "\u3164\u200d\u202e"}, "`open sev2 "},
		"too long a title":   {incident.Declared{Title: strings.Repeat("é", incident.MaxTitle+1)}, "has 4001 characters, 4000 are the most"},
		"began in an hour":   {incident.Declared{Title: "Slow", Began: clock(60)}, "2026-11-20 13:00 UTC is in the future"},
		"began in two years": {incident.Declared{Title: "Slow", Began: noon.AddDate(2, 0, 0)}, "2028-11-20 12:00 UTC is in the future"},
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := incident.Declare(c.ask, noon)
			wantRefusal(t, facts, err, []string{c.says})
		})
	}
}
