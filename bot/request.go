package bot

import (
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// Request is what a person asks, however they asked it: by a command, a button,
// a form, a reaction or a shortcut. All become one line of the command grammar.
type Request struct {
	Line  string // "note error rate back to normal at 14:02"
	By    incident.Actor
	Cause string // names this one gesture of the person; the same twice is one request
	// Guest is set when the person is a guest of the workspace, not a member, and
	// Stranger when the chat did not say in time which of the two they are.
	Guest, Stranger bool
	// Channel is where the person is.
	Channel string
	// Message is what a message shortcut or a reaction points at.
	Message *incident.Quote
	// Values are what a form was filled in with, by the field's name.
	Values map[string]string
	// Mentions are the people named in Line, by the words that name them ("@Ada
	// Okafor"), and those chosen in a form, by their incident.User.
	Mentions map[string]incident.Person
}

// Answer is what the person who asked is told; others do not see it.
type Answer struct {
	effect.Message
	Form *Form // to be filled in instead
	// Refused is set when nothing was done, and the message says why.
	Refused bool
	// Errors are what is wrong with a form, by the field's name.
	Errors map[string]string
}

// Form asks for what a command needs.
type Form struct {
	Title  string // 24 characters at the most
	Submit string
	// Command is the line to run with the form's values.
	Command string
	Intro   string // Markdown, shown above the fields
	Fields  []Field
	// Message is what the form is about; it comes back with the values.
	Message *incident.Quote
}

// Field is one question of a form.
type Field struct {
	Name, Label, Hint string
	Kind              FieldKind
	Required          bool
	Value             string // filled in beforehand
	Choices           []Choice
	Max               int // characters, 0: the chat's own limit
}

// FieldKind is how a field is filled in.
type FieldKind int

// The kinds of fields.
const (
	ShortText FieldKind = iota
	LongText
	OneOf  // one of Choices
	Check  // yes or no: its value is "yes" or ""
	Whom   // a person: its value is the incident.User
	Moment // a time in words, as `at` takes it
)

// Choice is one of several.
type Choice struct{ Value, Label string }
