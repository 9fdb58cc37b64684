package incident

import (
	"cmp"
	"fmt"
	"strings"
)

// Narrate tells an event as one line of Markdown, without the time: "Ada
// Okafor set the severity to SEV1 (was SEV2)." call says how people are to be
// called: by name in the channel, by role in a postmortem. ok is false for
// events that are no news to people.
func Narrate(e Event, call func(Person) string) (line string, ok bool) {
	say := predicate(e, call)
	if say == "" {
		return "", false
	}
	return call(e.By.Person) + " " + say, true
}

// ByName calls people by name, literally.
func ByName(p Person) string {
	if p == (Person{}) {
		return "somebody"
	}
	return Escape(p.String())
}

// predicate is the sentence without its subject; "" is no news.
func predicate(e Event, call func(Person) string) string {
	switch f := e.Fact.(type) {
	case Declared:
		s := "declared a " + f.Severity.Title() + ": " + Escape(f.Title)
		if !f.Began.IsZero() {
			s += " (impact began " + Clock(f.Began) + ")"
		}
		if f.From != "" {
			s += ", which goes on with " + Escape(string(f.From)) + " in private"
		}
		return s
	case Signaled:
		return signal(f, e.By)
	case Detached:
		return detached(f)
	case Merged:
		return "took in " + Escape(string(f.From)) + " with " + plural(f.Alerts, "alert")
	case RoomHeld:
		return "opened no channel yet" + text(f.Why)
	case RoomWanted:
		return "asked for the channel"
	case PageAsked:
		return "asked PagerDuty to page " + target(f.To) + text(f.Text)
	case Paged:
		return paged(f)
	case PagerSynced:
		return synced(f)
	case Linked:
		return "opened the channel #" + Escape(f.Name)
	case Joined:
		if f.Person.Is(e.By.Person) {
			return "came into the channel"
		}
		return "brought in " + call(f.Person)
	case Left:
		return "left the channel"
	case Assigned:
		return assigned(e.By.Person, f, call)
	case SeverityChanged:
		return fmt.Sprintf("set the severity to %s (was %s)", f.To.Title(), f.From.Title())
	case SymptomChanged:
		return fmt.Sprintf("set the symptom to “%s” (was “%s”)", Escape(Label(Symptoms, f.To)), Escape(Label(Symptoms, f.From)))
	case ImpactBegan:
		return "recorded that impact began " + Clock(f.At)
	case GuideServed:
		return "served the guide “" + Escape(f.Title) + "”" + because(f.Why)
	case GuideOffered:
		return "offered the guide “" + Escape(f.Title) + "”" + because(f.Why)
	case GuideRejected:
		return "set aside the guide “" + Escape(f.Title) + "”: it does not fit"
	case GuideRated:
		return "said that the guide “" + Escape(f.Title) + "” " + helped(f.Helped)
	case StepTaken:
		return stepped(f)
	case MitigationChosen:
		return "began with “" + Escape(f.Name) + "”" + fromGuide(f.Guide, f.Version)
	case PlayStarted:
		return "started the play “" + Escape(f.Title) + "”"
	case TaskAdded:
		return "added a task: " + Escape(f.Task.Text)
	case TaskDone:
		return "finished a task: " + Escape(f.Text)
	case LinkGiven:
		return "gave out a link to the incident's page, good until " + Clock(f.Until)
	case Lost:
		return "lost what stood here: the disk damaged it. All that follows is whole; a backup may have it"
	case Noted:
		return "noted: " + EscapeLines(f.Text)
	case Quoted:
		return "wrote: " + EscapeLines(f.Quote.Text)
	case Updated:
		return fmt.Sprintf("sent update %d: %s", f.N, EscapeLines(f.Text))
	case Mitigated:
		return "reported impact over" + means(f.How) + text(f.Text)
	case Resolved:
		return "resolved the incident" + text(f.Text)
	case Reopened:
		return "reopened the incident" + text(f.Text)
	case Closed:
		return "closed the incident: " + closed(f) + text(f.Text)
	case ActionAdded:
		return "added " + ActionLine(action(f), call)
	case ActionDone:
		return fmt.Sprintf("finished follow-up %d: %s", f.N, Escape(f.Text))
	case PostmortemAsked:
		return "asked for the postmortem draft"
	case Reminded:
		return "reminded people: " + reminded(f)
	case Failed:
		return "could not " + Escape(f.What) + ": " + Escape(f.Why)
	case Barred:
		if f.Why == "" {
			return "can " + Escape(f.What) + " again"
		}
		return "cannot " + Escape(f.What) + " now: " + Escape(f.Why)
	case Unknown:
		return "recorded something that this version of tocsin does not know (" + Escape(f.Kind) + ")"
	}
	return ""
}

func action(f ActionAdded) Action { return Action{N: f.N, Text: f.Text, Owner: f.Owner, Due: f.Due} }

// ActionLine is a follow-up on one line: "follow-up 2: Add an alert (Ada, by
// 2026-12-01)".
func ActionLine(a Action, call func(Person) string) string {
	var who []string
	if a.Owner != (Person{}) {
		who = append(who, call(a.Owner))
	}
	if !a.Due.IsZero() {
		who = append(who, "by "+a.Due.Format("2006-01-02"))
	}
	s := fmt.Sprintf("follow-up %d: %s", a.N, Escape(a.Text))
	if len(who) > 0 {
		s += " (" + strings.Join(who, ", ") + ")"
	}
	return s
}

// via says where somebody did something, unless it was the place itself.
func via(source string, by Actor) string {
	if by.Name == SourceName(source) {
		return ""
	}
	return " in " + Escape(SourceName(source))
}

func signal(f Signaled, by Actor) string {
	if f.Echo {
		return "" // told already, when tocsin did it
	}
	what := Escape(f.Title)
	if what == "" {
		what = "the alert"
	}
	if f.Late {
		return "sent late: " + word(f) + " (" + what + ")"
	}
	switch f.State {
	case StateFiring:
		if strings.HasSuffix(f.Event, ".reopened") {
			return "reopened " + what + via(f.Source, by)
		}
		return "alerted: " + what + ofService(f) + grounds(f.Why)
	case StateNoData:
		return "hears nothing of " + what + ofService(f) + grounds(f.Why)
	case StateAcknowledged:
		return "acknowledged " + what + via(f.Source, by)
	case StateResolved:
		return "resolved " + what + via(f.Source, by)
	case StateInfo:
		return Escape(f.Text)
	}
	return "sent an event that this version of tocsin does not know (" + Escape(f.Event) + ")"
}

// word is what came late: the news, or else the source's own word for it.
func word(f Signaled) string {
	if f.Text != "" && f.State == StateInfo {
		return Escape(f.Text)
	}
	return Escape(cmp.Or(f.Event, f.State))
}

func ofService(f Signaled) string {
	if f.Service == "" {
		return ""
	}
	return " (service " + Escape(f.Service) + ")"
}

// grounds tells why something is so.
func grounds(why string) string {
	if why == "" {
		return ""
	}
	return ", " + Escape(why)
}

func detached(f Detached) string {
	s := "took an alert off"
	if f.Title != "" {
		s = "took the alert " + Escape(f.Title) + " off"
	}
	if f.To != "" {
		s += ": it goes on in " + Escape(string(f.To))
	}
	return s
}

// target is whom PagerDuty pages, as people call them.
func target(t PageTarget) string { return Escape(cmp.Or(t.Name, t.ID, "whoever is on call")) }

func paged(f Paged) string {
	if f.Perhaps {
		return "may have paged " + target(f.To) + " through PagerDuty, which did not answer before the incident was over"
	}
	s := "paged " + target(f.To) + " through PagerDuty"
	if f.Added {
		s += ", on the incident that is there"
	}
	return s
}

func synced(f PagerSynced) string {
	what := "PagerDuty's incident " + Escape(f.Key)
	switch {
	case f.State == StateResolved:
		return "resolved " + what
	case f.State == StateFiring:
		return "reopened " + what
	case f.Priority != "":
		return "set " + what + " to " + Escape(f.Priority)
	}
	return ""
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return itoa(n) + " " + what + "s"
}

// sources are the names of the services that alert, as people write them.
var sources = map[string]string{
	"pagerduty": "PagerDuty", "alertmanager": "Alertmanager", "grafana": "Grafana", "datadog": "Datadog",
	"cloudwatch": "CloudWatch", "sentry": "Sentry",
}

// SourceName is what people call a source of alerts.
func SourceName(id string) string {
	if name := sources[id]; name != "" {
		return name
	}
	return id
}

func assigned(by Person, f Assigned, call func(Person) string) string {
	s := "made " + call(f.To) + " " + f.Role.Title()
	if f.To.Is(by) {
		s = "took the role of " + f.Role.Title()
	}
	if f.From != (Person{}) {
		s += " (was " + call(f.From) + ")"
	}
	return s
}

func closed(f Closed) string {
	s := strings.ToLower(Label(CloseReasons, f.Reason))
	if f.Of != "" {
		s += " of " + string(f.Of)
	}
	return Escape(s)
}

func reminded(f Reminded) string {
	if f.Of == "update" {
		return "a status update was due at " + Clock(f.Due)
	}
	if n, ok := strings.CutPrefix(f.Of, RemindedPage); ok {
		return "page " + Escape(n) + " has not gone out"
	}
	return "follow-ups are overdue"
}

// RemindedPage begins what a Reminded fact is of when a page does not go out; its
// number follows.
const RemindedPage = "page/"

func means(how string) string {
	if how == "" {
		return ""
	}
	return " (" + Escape(strings.ToLower(Label(Mitigations, how))) + ")"
}

func text(s string) string {
	if s == "" {
		return ""
	}
	return ": " + EscapeLines(s)
}

// EscapeLines makes a text literal in Markdown like Escape, and keeps its lines:
// as hard breaks, indented so that they stay in the list item they stand in.
func EscapeLines(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = Escape(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "  \n  ")
}

func helped(how string) string {
	switch how {
	case HelpedYes:
		return "helped"
	case HelpedPartly:
		return "helped in part"
	}
	return "did not help"
}

func stepped(f StepTaken) string {
	asked := "“" + Escape(f.Asked) + "”"
	if f.Answer == "" {
		return "went back to " + asked + fromGuide(f.Guide, f.Version)
	}
	return "answered " + asked + " with “" + Escape(f.Answered) + "”" + fromGuide(f.Guide, f.Version)
}

// fromGuide names a guide as it was when somebody followed it.
func fromGuide(id, version string) string {
	return " (guide " + Escape(id) + ", version " + Escape(version) + ")"
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ", because it " + Escape(why)
}
