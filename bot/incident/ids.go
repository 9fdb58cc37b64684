package incident

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names an incident for people and for keys: "INC-42".
type ID string

// NewID makes the ID of the nth incident; the first is 1.
func NewID(n int) ID { return ID("INC-" + strconv.Itoa(n)) }

// ParseID reads an ID as a person writes it: "INC-42", "inc-42" or "42".
func ParseID(s string) (ID, bool) {
	digits := s
	if len(s) > 4 && strings.EqualFold(s[:4], "INC-") {
		digits = s[4:]
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || strings.HasPrefix(digits, "+") {
		return "", false
	}
	return NewID(n), true
}

// Number is the n of "INC-n", or 0 if id is not of that form.
func (id ID) Number() int {
	n, err := strconv.Atoi(strings.TrimPrefix(string(id), "INC-"))
	if err != nil {
		return 0
	}
	return n
}

// User is a person as the chat service knows them; its form is the service's.
type User string

// Person is somebody who can be named. Either field may be empty: PagerDuty
// tells names without chat users, chat may tell users without names.
type Person struct {
	User User   `json:"user,omitempty"`
	Name string `json:"name,omitempty"`
}

// String is the name to read aloud: the name, or the user if there is none.
func (p Person) String() string {
	if p.Name != "" {
		return p.Name
	}
	return string(p.User)
}

// Is tells whether p and q are the same person. Two people are compared by
// chat user where both have one, by name otherwise.
func (p Person) Is(q Person) bool {
	if p.User != "" && q.User != "" {
		return p.User == q.User
	}
	return p.Name != "" && p.Name == q.Name
}

// Actor is who or what did something.
type Actor struct {
	Person
	// Via is the way it reached tocsin: "slack", "pagerduty", ViaShell,
	// or "tocsin" when the bot acted by itself.
	Via string `json:"via,omitempty"`
}

// Bot is the actor of what tocsin does by itself.
var Bot = Actor{Person: Person{Name: "tocsin"}, Via: "tocsin"}

// ViaShell is the way of a person at tocsin's own machine. They have a name and no
// chat user: they can be neither invited nor mentioned.
const ViaShell = "shell"

// Human tells whether a person acted, not a monitor and not tocsin.
func (a Actor) Human() bool { return a.User != "" || a.Via == ViaShell }

// Role is a duty in an incident. One person holds it at a time.
type Role string

// The roles: Google's SRE book, chapter 14, and PagerDuty's incident response
// guide use the same four.
const (
	Commander     Role = "incident-commander"
	TechnicalLead Role = "technical-lead"
	CommsLead     Role = "communications-lead"
	Scribe        Role = "scribe"
)

// Roles lists every role, the commander first.
var Roles = []Role{Commander, TechnicalLead, CommsLead, Scribe}

var roleAliases = map[string]Role{
	"commander": Commander, "ic": Commander, "lead": Commander,
	"tech": TechnicalLead, "tech-lead": TechnicalLead, "tl": TechnicalLead, "technical": TechnicalLead, "ops": TechnicalLead,
	"comms": CommsLead, "comms-lead": CommsLead, "communications": CommsLead, "communication": CommsLead, "cl": CommsLead,
}

// ParseRole reads a role by its id or a short name: "ic", "comms", "tech".
func ParseRole(s string) (Role, error) {
	id := strings.ToLower(strings.Join(strings.Fields(s), "-"))
	if id == "" {
		return "", Refusal("Which role? The roles are commander, tech, comms and scribe: for example `take scribe`.")
	}
	for _, r := range Roles {
		if id == string(r) {
			return r, nil
		}
	}
	if r, ok := roleAliases[id]; ok {
		return r, nil
	}
	return "", Refusef("I don't know the role “%s”. The roles are commander, tech, comms and scribe: for example `take scribe`.", Escape(s))
}

// Title is the role as words: "incident commander".
func (r Role) Title() string { return strings.ReplaceAll(string(r), "-", " ") }

// Severity is how bad it is, from sev1 (worst) to sev4.
type Severity string

// The severities. Their meaning is in playbooks/plays; in doubt, the higher.
const (
	SEV1 Severity = "sev1"
	SEV2 Severity = "sev2"
	SEV3 Severity = "sev3"
	SEV4 Severity = "sev4"
)

// Severities lists them, the worst first.
var Severities = []Severity{SEV1, SEV2, SEV3, SEV4}

// ParseSeverity reads "sev2", "SEV-2", "2" or "p2".
func ParseSeverity(s string) (Severity, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	t = strings.TrimPrefix(strings.TrimPrefix(t, "sev"), "p")
	t = strings.TrimLeft(t, "- ")
	for _, v := range Severities {
		if t == string(v[3:]) {
			return v, nil
		}
	}
	return "", Refusef("“%s” is not a severity. It goes from sev1 (worst) to sev4: for example `sev 2`.", Escape(s))
}

// Title is the severity as people write it: "SEV2".
func (s Severity) Title() string { return strings.ToUpper(string(s)) }

// Worse tells whether s is a worse severity than t.
func (s Severity) Worse(t Severity) bool { return s != "" && (t == "" || s < t) }

// Refusal is an error in plain words for the person who asked: Markdown, in
// which text from outside is escaped. Every other error is for the operator.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// Refusef makes a Refusal.
func Refusef(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }
