package incident

import "strings"

// A Term is one entry of a closed vocabulary: what is stored, and what is shown.
type Term struct {
	ID    string
	Label string // what a button says
	Means string // one line
}

// Unclassified is the symptom of an incident that nobody has classified yet.
const Unclassified = "unclassified"

// Symptoms are what is observed, as a responder can tell it in a second. The
// first three roll up the paper's three (arXiv 2504.08865, ISSRE 2025); the
// others are what responders meet besides.
var Symptoms = []Term{
	{"availability-loss", "Down", "requests fail: errors, timeouts, refusals by a limit"},
	{"performance-degradation", "Slow", "served, but slow, queued or throttled"},
	{"deployment-failure", "Won't deploy", "a model, endpoint or fine-tune cannot be made available"},
	{"invalid-inference", "Wrong", "answers arrive but are wrong, invalid or of low quality"},
	{"cost-anomaly", "Expensive", "spend or token rate far above normal"},
	{"security-privacy", "Unsafe", "injection, jailbreak, leak or abuse"},
	{Unclassified, "Not known yet", "nobody can tell yet, or it is not about AI"},
}

// Mitigations are the ways impact stops, a closed list (paper §VII-E). How an
// incident was mitigated says nothing about its cause, so the two are apart.
var Mitigations = []Term{
	{"rollback", "Rollback", "an earlier model, prompt, index, config or code version was restored"},
	{"configuration-change", "Configuration change", "limits, flags, routes or parameters were set forward"},
	{"ad-hoc-fix", "Ad-hoc fix", "an improvised step: fall back, block, quarantine, purge"},
	{"infrastructure-fix", "Infrastructure fix", "nodes, GPUs or network were repaired, replaced or scaled"},
	{"external-fix", "Fixed by others", "a provider or another team fixed it"},
	{"code-fix", "Code fix", "code was patched and shipped"},
	{"self-recover", "Went away", "impact ended with no action of ours"},
}

// CloseReasons are the ways an incident ends.
var CloseReasons = []Term{
	{"resolved", "Resolved", "it is over and there is nothing left to do here"},
	{"false-alarm", "False alarm", "nothing was wrong"},
	{"duplicate", "Duplicate", "it is the same as another incident"},
	{"moved", "Moved", "it goes on in a private channel"},
}

// Find looks a term up by its id or its label, in any case.
func Find(terms []Term, s string) (Term, bool) {
	s = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "’", "'")
	for _, t := range terms {
		if s == t.ID || s == strings.ToLower(t.Label) {
			return t, true
		}
	}
	return Term{}, false
}

// ParseSymptom reads a symptom's id or its button's word.
func ParseSymptom(s string) (string, error) {
	if t, ok := Find(Symptoms, s); ok {
		return t.ID, nil
	}
	return "", Refusef("I don't know the symptom “%s”. Choose one of: %s. For example `symptom slow`.", Escape(s), list(Symptoms))
}

func list(terms []Term) string {
	labels := make([]string, len(terms))
	for i, t := range terms {
		labels[i] = strings.ToLower(t.Label)
	}
	return strings.Join(labels, ", ")
}

// Label is what to show for the id of a term; an id that is not listed shows
// as it is.
func Label(terms []Term, id string) string {
	if t, ok := Find(terms, id); ok {
		return t.Label
	}
	return id
}
