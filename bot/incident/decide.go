package incident

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Limits on what people write, in characters. Slack cuts a message at 40,000;
// what is longer belongs in a file.
const (
	MaxTitle = 4000
	MaxText  = 12000
)

// Declare begins an incident. An empty severity means sev3, an empty symptom
// unclassified: nobody has to know more than that something is wrong.
func Declare(d Declared, now time.Time) ([]Fact, error) {
	d.Title = Line(d.Title)
	if d.Title == "" {
		return nil, Refusal("An incident needs a title: say what people see. For example `open sev2 Answers cut off mid-sentence`.")
	}
	if n := utf8.RuneCountInString(d.Title); n > MaxTitle {
		return nil, Refusef("This title has %d characters, %d are the most. Put the first line here, and the rest in a `note`.", n, MaxTitle)
	}
	if d.Severity == "" {
		d.Severity = SEV3
	}
	if d.Symptom == "" {
		d.Symptom = Unclassified
	}
	if err := past(d.Began, now); err != nil {
		return nil, err
	}
	d.Model, d.Service = Line(d.Model), Line(d.Service)
	return []Fact{d}, nil
}

// past refuses a time that is still to come; a minute of difference between
// clocks is let pass.
func past(at, now time.Time) error {
	if at.After(now.Add(time.Minute)) {
		return Refusef("%s is in the future. Give a time that has passed, in UTC: `at 14:02` or `at 2026-11-20 14:02`.", Clock(at))
	}
	return nil
}

// open refuses what makes no sense once an incident is closed.
func (inc Incident) open() error {
	if inc.Status == Shut {
		return Refusef("%s is closed. If it is back, use `reopen` first.", inc.ID)
	}
	return nil
}

// Assign gives a role to a person, whoever had it before.
func (inc Incident) Assign(r Role, to Person) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if to == (Person{}) {
		return nil, Refusef("Who is to be %s? For example `assign %s @ada`.", r.Title(), r)
	}
	from := inc.Roles[r]
	if from.Is(to) {
		return nil, Refusef("%s is %s already.", ByName(to), r.Title())
	}
	return []Fact{Assigned{Role: r, To: to, From: from}}, nil
}

// Handover gives a role that by holds to another person.
func (inc Incident) Handover(r Role, by, to Person) ([]Fact, error) {
	if holder := inc.Roles[r]; !holder.Is(by) {
		if holder == (Person{}) {
			return nil, Refusef("Nobody is %s yet: use `assign %s @name`.", r.Title(), r)
		}
		return nil, Refusef("%s is %s, so it is theirs to hand over. To change it anyway: `assign %s @name`.", ByName(holder), r.Title(), r)
	}
	return inc.Assign(r, to)
}

// stranger refuses who may not see a private incident.
const stranger = Refusal("This incident is private. Ask its commander to bring you in.")

// Join has a person in the channel.
func (inc Incident) Join(p Person) ([]Fact, error) {
	if p.User == "" {
		return nil, Refusef("Only people of the chat can come into its channel. At the shell, `tocsin incident show %s` tells how it stands.", inc.ID)
	}
	if !inc.Visible(p) {
		return nil, stranger
	}
	if inc.Channel.Channel != "" && inc.inRoom(p) {
		return nil, Refusef("You are in #%s already.", Escape(inc.Channel.Name))
	}
	return []Fact{Joined{p}}, nil
}

// Arrive records that somebody is in the channel, however they came in.
func (inc Incident) Arrive(p Person) ([]Fact, error) {
	if inc.inRoom(p) {
		return nil, nil
	}
	return []Fact{Joined{p}}, nil
}

// inRoom tells whether p was let into the channel. Whoever acts from elsewhere, in
// PagerDuty or by a command in another channel, is known and not in it.
func (inc Incident) inRoom(p Person) bool { return slices.ContainsFunc(inc.inside, p.Is) }

// Leave records that somebody is no longer in the channel: of a private
// incident they see no more.
func (inc Incident) Leave(p Person) ([]Fact, error) {
	if !inc.Knows(p) || inc.Private && len(inc.People) == 1 {
		return nil, nil // whoever leaves last keeps sight of it, or nobody could reach it
	}
	return []Fact{Left{p}}, nil
}

// Rate sets the severity.
func (inc Incident) Rate(s Severity) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if s == inc.Severity {
		return nil, Refusef("%s is %s already.", inc.ID, s.Title())
	}
	return []Fact{SeverityChanged{To: s, From: inc.Severity}}, nil
}

// Classify sets the symptom.
func (inc Incident) Classify(symptom string) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if symptom == inc.Symptom {
		return nil, Refusef("The symptom is “%s” already.", Escape(Label(Symptoms, symptom)))
	}
	return []Fact{SymptomChanged{To: symptom, From: inc.Symptom}}, nil
}

// Date corrects when impact began.
func (inc Incident) Date(began, now time.Time) ([]Fact, error) {
	if err := past(began, now); err != nil {
		return nil, err
	}
	if !inc.MitigatedAt.IsZero() && began.After(inc.MitigatedAt) {
		return nil, Refusef("Impact cannot have begun at %s: it was over at %s. Give an earlier time: `/incident began 14:02`.", Clock(began), Clock(inc.MitigatedAt))
	}
	return []Fact{ImpactBegan{At: began}}, nil
}

// Note puts text on the timeline; at is when the thing told of happened.
func (inc Incident) Note(text string, at, now time.Time) ([]Fact, error) {
	text, err := prose(text, "What shall I note? For example `note error rate back to normal at 14:02`.")
	if err != nil {
		return nil, err
	}
	if err := past(at, now); err != nil {
		return nil, err
	}
	return []Fact{Noted{Text: text}}, nil
}

// Update tells everybody who waits how things stand.
func (inc Incident) Update(text string) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	text, err := prose(text, "What shall the update say? For example `update Rolled back to the March model; answers look right again.`")
	if err != nil {
		return nil, err
	}
	return []Fact{Updated{Text: text, N: inc.Updates + 1}}, nil
}

// Pin asks for a message to be put on the timeline. A message that is on it
// already gives no facts.
func (inc Incident) Pin(m Message) ([]Fact, error) {
	if inc.pinned[m] {
		return nil, nil
	}
	return []Fact{Pinned{Message: m}}, nil
}

// PinQuote puts a message on the timeline that is at hand already.
func (inc Incident) PinQuote(q Quote) ([]Fact, error) {
	if inc.pinned[q.Message] {
		return nil, nil
	}
	q.Text = Block(q.Text)
	return []Fact{Quoted{Quote: q}}, nil
}

// Mitigate tells that impact is over. how is the id of a mitigation or "".
func (inc Incident) Mitigate(how, text string) ([]Fact, error) {
	switch inc.Status {
	case Contained:
		return nil, Refusef("%s is mitigated already, since %s.", inc.ID, Clock(inc.MitigatedAt))
	case Over, Shut:
		return nil, Refusef("%s is %s already. If impact is back, use `reopen`.", inc.ID, inc.Status)
	}
	text, err := remark(text)
	if err != nil {
		return nil, err
	}
	return []Fact{Mitigated{How: how, Text: text}}, nil
}

// Resolve tells that the incident is over.
func (inc Incident) Resolve(text string) ([]Fact, error) {
	if inc.Status == Over || inc.Status == Shut {
		return nil, Refusef("%s is %s already.", inc.ID, inc.Status)
	}
	text, err := remark(text)
	if err != nil {
		return nil, err
	}
	facts := []Fact{Resolved{Text: text}}
	if inc.Play.Postmortem {
		facts = append(facts, PostmortemAsked{})
	}
	return facts, nil
}

// Reopen takes back that it is over.
func (inc Incident) Reopen(text string) ([]Fact, error) {
	if inc.Status == Investigating {
		return nil, Refusef("%s is open.", inc.ID)
	}
	if inc.Reason == "moved" {
		return nil, Refusef("%s goes on in private. Ask its commander to bring you in, or open a new one: `/incident open …`.", inc.ID)
	}
	text, err := remark(text)
	if err != nil {
		return nil, err
	}
	return []Fact{Reopened{Text: text}}, nil
}

// Close ends the incident for one of CloseReasons; of names the original of a
// duplicate.
func (inc Incident) Close(reason string, of ID, text string) ([]Fact, error) {
	if inc.Status == Shut {
		return nil, Refusef("%s is closed already.", inc.ID)
	}
	if reason == "resolved" && inc.Active() {
		return nil, Refusef("%s is not resolved yet: use `resolve` first, or close it as `false-alarm` or `duplicate of INC-n`.", inc.ID)
	}
	if reason == "duplicate" {
		if of == "" {
			return nil, Refusal("A duplicate of which incident? For example `close duplicate of INC-7`.")
		}
		if of == inc.ID {
			return nil, Refusef("%s cannot be a duplicate of itself. Name the other one: `close duplicate of INC-7`.", inc.ID)
		}
	}
	text, err := remark(text)
	if err != nil {
		return nil, err
	}
	return []Fact{Closed{Reason: reason, Of: of, Text: text}}, nil
}

// AddAction adds a follow-up.
func (inc Incident) AddAction(text string, owner Person, due time.Time) ([]Fact, error) {
	text, err := prose(Line(text), "What is to be done? For example `action Add an alert on empty answers @ada by 2026-12-01`.")
	if err != nil {
		return nil, err
	}
	return []Fact{ActionAdded{N: len(inc.Actions) + 1, Text: text, Owner: owner, Due: due}}, nil
}

// FinishAction tells that follow-up n is done.
func (inc Incident) FinishAction(n int) ([]Fact, error) {
	if n < 1 || n > len(inc.Actions) {
		return nil, Refusef("There is no follow-up %d. %s", n, count(len(inc.Actions), "follow-up"))
	}
	if inc.Actions[n-1].Done {
		return nil, Refusef("Follow-up %d is done already.", n)
	}
	return []Fact{ActionDone{N: n, Text: inc.Actions[n-1].Text}}, nil
}

// AddTask adds a task.
func (inc Incident) AddTask(text string) ([]Fact, error) {
	text, err := prose(Line(text), "What is to be done? For example `task add Ask the provider for a ticket number`.")
	if err != nil {
		return nil, err
	}
	return []Fact{TaskAdded{Task{Text: text}}}, nil
}

// FinishTask tells that task n is done.
func (inc Incident) FinishTask(n int) ([]Fact, error) {
	if n < 1 || n > len(inc.Tasks) {
		return nil, Refusef("There is no task %d. %s", n, count(len(inc.Tasks), "task"))
	}
	if inc.Tasks[n-1].Done {
		return nil, Refusef("Task %d is done already.", n)
	}
	if inc.Withdrawn[n] {
		return nil, Refusef("Task %d went with the play before. `/incident task` shows those there are now.", n)
	}
	return []Fact{TaskDone{N: n, Text: inc.Tasks[n-1].Text}}, nil
}

// DraftPostmortem has the postmortem drafted from what is on the timeline now.
func (inc Incident) DraftPostmortem() ([]Fact, error) { return []Fact{PostmortemAsked{}}, nil }

// MaxLink is how long a link to an incident's page is good at most.
const MaxLink = 7 * 24 * time.Hour

// GiveLink gives out a link to the incident's page. A private incident has none:
// whoever got hold of the link could read it.
func (inc Incident) GiveLink(until time.Time) ([]Fact, error) {
	if inc.Private {
		return nil, Refusef("%s is private, so it has no page: whoever got hold of the link could read it. Bring people in instead: `/invite` them to its channel.", inc.ID)
	}
	return []Fact{LinkGiven{Until: until}}, nil
}

// Resync has everything that shows the incident made anew, and tries again what
// failed.
func (inc Incident) Resync() ([]Fact, error) { return []Fact{Resynced{}}, nil }

func count(n int, what string) string {
	switch n {
	case 0:
		return "There are none yet."
	case 1:
		return "There is one " + what + ", number 1."
	}
	return "They go from 1 to " + itoa(n) + "."
}

// prose is a text that must not be empty or too long.
func prose(s, empty string) (string, error) {
	if s = Block(s); s == "" {
		return "", Refusal(empty)
	}
	return remark(s)
}

// remark is a text that may be empty, but not too long.
func remark(s string) (string, error) {
	s = Block(s)
	if n := utf8.RuneCountInString(s); n > MaxText {
		return "", Refusef("This has %d characters, %d are the most. Put it in a file, and a line about it here.", n, MaxText)
	}
	return s, nil
}
