package incident_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
)

// A decision is one thing that somebody asks for: either it gives facts, or it
// is refused in words.
type decision struct {
	method string
	when   string
	inc    incident.Incident
	ask    func(incident.Incident) ([]incident.Fact, error)
	facts  []incident.Fact
	refuse []string // what the refusal says, among other things
}

func TestDecisions(t *testing.T) {
	for _, d := range allDecisions() {
		t.Run(d.method+"/"+d.when, func(t *testing.T) {
			before := incident.Fold(d.inc.ID, d.inc.Timeline)
			facts, err := d.ask(d.inc)
			wantSame(t, "deciding changes nothing", d.inc, before)
			if len(d.refuse) > 0 {
				wantRefusal(t, facts, err, d.refuse)
				return
			}
			if diff := cmp.Diff(d.facts, facts); err != nil || diff != "" {
				t.Errorf("error %v, facts (-want +got):\n%s", err, diff)
			}
		})
	}
}

// wantRefusal wants words for a person: whole sentences that say how things
// stand or what to do.
func wantRefusal(t *testing.T, facts []incident.Fact, err error, words []string) {
	t.Helper()
	var refusal incident.Refusal
	if !errors.As(err, &refusal) || facts != nil {
		t.Fatalf("facts %v and error %v, want a Refusal alone", facts, err)
	}
	for _, w := range words {
		if !strings.Contains(refusal.Error(), w) {
			t.Errorf("%q does not say %q", refusal, w)
		}
	}
	advice := []string{"`", "already", "is open", "is closed", "There are none", "There is one", "They go from", "Put it in a file", "Ask its commander"}
	if sentence := strings.TrimRight(refusal.Error(), "`"); !containsAny(sentence, advice) || !strings.HasSuffix(sentence, ".") {
		t.Errorf("%q tells neither how things stand nor what to do", refusal)
	}
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// Methods that refuse nothing: what they ask for is harmless at any time.
var neverRefuse = map[string]bool{"Pin": true, "Arrive": true, "Leave": true, "PinQuote": true, "DraftPostmortem": true, "Resync": true}

func TestEveryDecisionIsTested(t *testing.T) {
	allowed, refused := map[string]bool{}, map[string]bool{}
	for _, d := range allDecisions() {
		if len(d.refuse) > 0 {
			refused[d.method] = true
		} else {
			allowed[d.method] = true
		}
	}
	decides := reflect.TypeFor[func() ([]incident.Fact, error)]()
	for m := range reflect.TypeFor[incident.Incident]().Methods() {
		if m.Type.NumOut() != 2 || m.Type.Out(0) != decides.Out(0) || m.Type.Out(1) != decides.Out(1) {
			continue
		}
		if !allowed[m.Name] || refused[m.Name] == neverRefuse[m.Name] {
			t.Errorf("%s: tested allowed: %v, refused: %v", m.Name, allowed[m.Name], refused[m.Name])
		}
	}
}

func allDecisions() []decision {
	return slices.Concat(people(), state(), guided(), words(), lists(), alerting())
}

// one is the list of a single fact.
func one(f incident.Fact) []incident.Fact { return []incident.Fact{f} }

// shut is INC-1 after it was closed.
func shut() incident.Incident { return declared(incident.Closed{Reason: "false-alarm"}) }

// tooLong is longer than any text may be.
func tooLong() string { return strings.Repeat("é", incident.MaxText+1) }
