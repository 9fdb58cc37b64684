package templates

// Postmortem is what postmortem.md renders. Strings are escaped for Markdown,
// times are UTC and ready to print; "" means not recorded.
type Postmortem struct {
	ID, Title, Severity, Symptom, Status string
	Date                                 string // of the incident, 2026-11-22
	Guide                                string // the guide served
	Model, Service                       string

	Began, Detected, Declared, Mitigated, Resolved string // "2026-11-22 14:02 UTC"

	ImpactFor   string // from when impact began until it was mitigated, "38 min"
	ResponseFor string // from detected until resolved
	DetectedBy  string // "a person" or "a monitor (PagerDuty)"
	How         string // how the impact was stopped
	Resolution  string
	Reason      string // why the incident was closed
	Quote       string // what the first report said

	Timeline   []PostmortemLine
	Updates    []PostmortemLine
	Evidence   []PostmortemLink
	Actions    []PostmortemAction
	Responders []PostmortemResponder // the only place for names
	Questions  []string              // what is not recorded, as questions
}

// PostmortemLine is one line of the record.
type PostmortemLine struct {
	At   string // UTC
	Role string // "incident-commander", "a responder", "PagerDuty": never a name
	What string
	Link string // an address, or ""
}

// PostmortemLink is one piece of evidence.
type PostmortemLink struct{ Title, URL string }

// PostmortemAction is one action item.
type PostmortemAction struct {
	N                int
	Text, Owner, Due string
	Done             bool
}

// PostmortemResponder is one person and the role they held.
type PostmortemResponder struct{ Role, Name string }

// Update is what update.md renders. Strings are escaped for Markdown; "" means
// not known.
type Update struct {
	ID, Title, Severity, Status string
	Text                        string // what users see and what is being done, as the person wrote it
	By                          string // who gave the update
	At                          string // UTC
	NextBy                      string // when the next update is owed, UTC
	Number                      int    // 1 is the incident's first update
}

// samples are what a template of a name must be able to render: nothing, and one
// of each.
func samples(name string) []any {
	switch name {
	case "postmortem":
		return []any{Postmortem{}, Postmortem{
			Timeline: []PostmortemLine{{}}, Updates: []PostmortemLine{{}}, Evidence: []PostmortemLink{{}},
			Actions: []PostmortemAction{{}}, Responders: []PostmortemResponder{{}}, Questions: []string{""},
		}}
	case "update":
		return []any{Update{}}
	}
	return nil
}
