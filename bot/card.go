package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// maxTitle is how much of a title is shown where a whole one does not fit;
// the timeline has all of it.
const maxTitle = 120

// Mention calls a person so that the chat shows who it is.
func Mention(p incident.Person) string {
	if p.User == "" {
		return incident.ByName(p)
	}
	return "[@" + incident.Escape(p.String()) + "](user:" + string(p.User) + ")"
}

// Card is the status card as the chat shows it, for where there is no chat.
func (b *Bot) Card(inc incident.Incident) effect.Message { return b.card(inc) }

// card is the status card: what a person who has just come in needs to know,
// and what they can do.
func (b *Bot) card(inc incident.Incident) effect.Message {
	var s strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"  \n", args...) }
	line("**Status:** %s", statusLine(inc))
	if due := inc.UpdateDue(); !due.IsZero() {
		line("**Next update by:** %s", incident.Clock(due))
	}
	for _, r := range incident.Roles {
		p, ok := inc.Roles[r]
		switch {
		case ok:
			line("**%s:** %s", title(r.Title()), Mention(p))
		case r == incident.Commander:
			line("**Incident commander:** nobody yet")
		}
	}
	line("**Symptom:** %s", incident.Escape(incident.Label(incident.Symptoms, inc.Symptom)))
	b.cardService(line, inc)
	line("**Impact began:** %s", orElse(incident.Clock(inc.Began), "not known yet — `/incident began 14:02`"))
	line("**Noticed:** %s", incident.Clock(inc.Detected))
	if inc.Declarer.Via == incident.ViaShell {
		line("**Declared by:** %s, from the shell of tocsin's machine", incident.ByName(inc.Declarer.Person))
	}
	cardAlerts(line, inc)
	cardPages(line, inc)
	s.WriteString("\n")
	b.cardQuote(&s, inc)
	b.cardUpdate(&s, inc)
	cardTasks(&s, inc)
	cardActions(&s, inc)
	return effect.Message{
		Title:   fmt.Sprintf("%s · %s · %s", inc.ID, inc.Severity.Title(), incident.Cut(inc.Title, maxTitle)),
		Body:    strings.TrimSpace(s.String()),
		Buttons: cardButtons(inc),
	}
}

// cardService shows the service, and what its description says that helps now.
func (b *Bot) cardService(line func(string, ...any), inc incident.Incident) {
	parts, model, fallback := []string{inc.Service}, inc.Model, ""
	if v, ok := b.Services.Find(inc.Service, ""); ok && inc.Service != "" {
		parts = []string{v.ID, v.Region}
		if v.Stage == "preview" {
			parts = append(parts, "preview")
		}
		if len(v.DependsOn) > 0 {
			parts = append(parts, "depends on "+strings.Join(v.DependsOn, ", "))
		}
		model, fallback = orElse(model, v.Model), strings.Join(v.Fallback, " → ")
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	if len(parts) > 0 {
		line("**Service:** %s", incident.Escape(strings.Join(parts, " · ")))
	}
	if model != "" {
		line("**Model:** %s", incident.Escape(model))
	}
	if hurt := b.Services.Dependents(inc.Service); len(hurt) > 0 && inc.Service != "" {
		names := make([]string, len(hurt))
		for i, v := range hurt {
			names[i] = v.ID
		}
		more := ""
		if rest := len(names) - maxRows; rest > 0 {
			names, more = names[:maxRows], fmt.Sprintf(" and %d more", rest)
		}
		line("**Used by:** %s%s", incident.Escape(strings.Join(names, ", ")), more)
	}
	if fallback != "" && inc.Status == incident.Investigating {
		line("**Fall back to:** %s", incident.Escape(fallback))
	}
}

// cardAlerts shows what began it, and counts the rest; a storm's services have a
// line each.
func cardAlerts(line func(string, ...any), inc incident.Incident) {
	shown := few
	if inc.Tally.Total > few {
		shown = 1
	}
	for _, a := range inc.Alerts() {
		if shown--; shown < 0 {
			break
		}
		own := ""
		if a.Runbook != "" {
			own = " · " + linked("its own runbook", a.Runbook)
		}
		line("**Alert:** %s (%s)%s", linked(incident.Cut(a.Title, maxTitle), a.Link), a.State, own)
	}
	if inc.Tally.Total <= few {
		return
	}
	line("**+%d alerts** from %s, %s: `/incident alerts`", inc.Tally.Total-1, count(len(inc.Tally.Services), "service"), Firing(inc.Tally.Total, inc.Tally.Firing))
	if inc.Storm {
		rows, rest := Rows(inc, maxRows)
		for _, r := range rows {
			line("%s: %s, %s — a room of its own: `/incident split %s`", incident.Escape(r.Service), count(r.Alerts, "alert"), Firing(r.Alerts, r.Firing), incident.Escape(r.Service))
		}
		if rest > 0 {
			line("and %s more", count(rest, "service"))
		}
	}
}

// maxRows is how many of a storm's services the card has a line for.
const maxRows = 8

// maxSplits is how many of a storm's services have a button.
const maxSplits = 5

// Row is what the alerts of one service come to.
type Row struct {
	Service        string // "no service" if they name none
	Alerts, Firing int
	Numbers        []int // of the alerts
	First, Last    incident.Signaled
}

// Rows are an incident's alerts by service, those with the most alerts first, at
// most some of them; rest is how many more there are.
func Rows(inc incident.Incident, most int) (rows []Row, rest int) {
	at := map[string]int{}
	for n, s := range inc.Alerts() {
		name := orElse(s.Service, "no service")
		i, ok := at[name]
		if !ok {
			i = len(rows)
			at[name] = i
			rows = append(rows, Row{Service: name, First: s})
		}
		r := &rows[i]
		r.Alerts++
		r.Numbers, r.Last = append(r.Numbers, n), s
		if s.State != incident.StateResolved {
			r.Firing++
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return b.Alerts - a.Alerts })
	if len(rows) > most {
		rows, rest = rows[:most], len(rows)-most
	}
	return rows, rest
}

// Firing says how many of some alerts fire: "all firing", "3 of 16 firing".
func Firing(alerts, firing int) string {
	switch {
	case alerts == 1:
		return map[bool]string{true: "firing", false: "over"}[firing == 1]
	case firing == 0:
		return "none firing any more"
	case firing == alerts:
		return "all firing"
	}
	return fmt.Sprintf("%d of %d firing", firing, alerts)
}

// count is a number of things, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// cardPages shows who was paged.
func cardPages(line func(string, ...any), inc incident.Incident) {
	for _, p := range inc.Pages {
		switch {
		case p.Failed != "":
			line("**Not paged:** %s", incident.Escape(p.To.Name))
		case p.Waits():
			line("**Paging:** %s …", incident.Escape(p.To.Name))
		case p.Perhaps:
			line("**Perhaps paged:** %s", incident.Escape(p.To.Name))
		default:
			line("**Paged:** %s", linked(p.To.Name, p.Link))
		}
	}
}

func statusLine(inc incident.Incident) string {
	switch inc.Status {
	case incident.Contained:
		return "mitigated since " + incident.Clock(inc.MitigatedAt) + " — impact is over, still watching"
	case incident.Over:
		return "resolved at " + incident.Clock(inc.ResolvedAt)
	case incident.Shut:
		s := "closed at " + incident.Clock(inc.ClosedAt) + " (" + strings.ToLower(incident.Label(incident.CloseReasons, inc.Reason))
		if inc.Original != "" {
			s += " of " + string(inc.Original)
		}
		return s + ")"
	}
	return "investigating since " + incident.Clock(inc.Declared)
}

func (b *Bot) cardQuote(s *strings.Builder, inc incident.Incident) {
	if q := inc.Quote; q != nil {
		fmt.Fprintf(s, "> %s\n>\n> — %s %s\n\n", strings.ReplaceAll(incident.EscapeLines(incident.Cut(q.Text, 600)), "\n", "\n> "), inc.Name(q.Author), linked("in the original", q.Link))
	}
}

func (b *Bot) cardUpdate(s *strings.Builder, inc incident.Incident) {
	if inc.Updates > 0 {
		for i := len(inc.Timeline) - 1; i >= 0; i-- {
			if u, ok := inc.Timeline[i].Fact.(incident.Updated); ok {
				fmt.Fprintf(s, "**Update %d, %s:** %s\n\n", u.N, incident.Clock(inc.Timeline[i].At), incident.Escape(incident.Cut(u.Text, 600)))
				break
			}
		}
	}
}

// maxTasks is how many tasks the card shows: what comes next, not everything.
const maxTasks = 3

// cardTasks shows the play's open tasks, a handful at a time.
func cardTasks(s *strings.Builder, inc incident.Incident) {
	if !inc.Active() {
		return
	}
	shown, open := 0, 0
	for i, t := range inc.Tasks {
		if t.Done || inc.Withdrawn[i+1] {
			continue
		}
		if open++; shown < maxTasks {
			if shown == 0 {
				s.WriteString("**To do**  \n")
			}
			shown++
			fmt.Fprintf(s, "%d · %s  \n", i+1, taskLine(t, inc.Declared))
		}
	}
	if open > shown {
		fmt.Fprintf(s, "and %d more: `/incident task`  \n", open-shown)
	}
	s.WriteString("\n")
}

func taskLine(t incident.Task, declared time.Time) string {
	line := incident.Escape(t.Text)
	var who []string
	if t.Role != "" {
		who = append(who, t.Role.Title())
	}
	if t.Within > 0 {
		by := declared.Add(t.Within).UTC()
		who = append(who, "by "+map[bool]string{true: by.Format("15:04 UTC"), false: incident.Clock(by)}[t.Within < 12*time.Hour])
	}
	if len(who) > 0 {
		line += " *(" + strings.Join(who, ", ") + ")*"
	}
	return line
}

func cardActions(s *strings.Builder, inc incident.Incident) {
	for i, a := range inc.Actions {
		if i == 0 {
			s.WriteString("**Follow-ups**\n\n")
		}
		box := "[ ]"
		if a.Done {
			box = "[x]"
		}
		fmt.Fprintf(s, "- %s %s\n", box, incident.ActionLine(a, Mention))
	}
}

// ConfirmResolve is asked before an incident is resolved by a button: green
// dashboards prove nothing about answers.
const ConfirmResolve = "Has somebody looked at real answers, and are they right?"

// cardButtons are what one presses most; the rest is one press away.
func cardButtons(inc incident.Incident) []effect.Button {
	more := effect.Button{Label: "More…", Command: command(inc, "menu")}
	if !inc.Active() {
		buttons := []effect.Button{
			{Label: "Postmortem", Command: command(inc, "postmortem")},
			{Label: "Add a follow-up", Command: command(inc, "action")},
			{Label: "Reopen", Command: command(inc, "reopen"), Confirm: "Reopen " + string(inc.ID) + "?"},
		}
		return append(buttons, more)
	}
	var buttons []effect.Button
	if inc.Holder(incident.Commander) == (incident.Person{}) {
		buttons = append(buttons, effect.Button{Label: "Take command", Command: command(inc, "take incident-commander"), Style: effect.Primary})
	}
	buttons = append(buttons,
		effect.Button{Label: "Write an update", Command: command(inc, "update")},
		effect.Button{Label: "Note", Command: command(inc, "note")},
		effect.Button{Label: "Roles", Command: command(inc, "assign")},
	)
	if inc.Status == incident.Investigating {
		buttons = append(buttons, effect.Button{Label: "Impact is over", Command: command(inc, "mitigated")})
	}
	buttons = append(buttons, effect.Button{Label: "Resolve", Command: command(inc, "resolve"), Confirm: ConfirmResolve}, more)
	if inc.Storm {
		rows, _ := Rows(inc, maxSplits)
		for i, r := range rows {
			buttons = append(buttons, effect.Button{Label: incident.Cut("A room for "+r.Service, 70), Command: command(inc, "split "+r.Service), Apart: i == 0})
		}
	}
	return buttons
}

// announcement is what everybody else sees of it.
func (b *Bot) announcement(inc incident.Incident) effect.Message {
	if inc.Held != "" && inc.Active() {
		return b.question(inc)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "**Status:** %s  \n", statusLine(inc))
	commander := "nobody yet"
	if p := inc.Holder(incident.Commander); p != (incident.Person{}) {
		commander = inc.Name(p)
	}
	fmt.Fprintf(&s, "**Commander:** %s  \n", commander)
	fmt.Fprintf(&s, "**Channel:** %s\n\n", room(inc))
	if bar, ok := shut(inc); ok {
		fmt.Fprintf(&s, "**I cannot %s now:** %s\n\n", incident.Escape(bar.What), incident.Escape(bar.Why))
	}
	b.cardUpdate(&s, inc)
	if due := inc.UpdateDue(); !due.IsZero() {
		fmt.Fprintf(&s, "Next update by %s", incident.Clock(due))
	}
	m := effect.Message{
		Title: fmt.Sprintf("%s · %s · %s", inc.ID, inc.Severity.Title(), incident.Cut(inc.Title, maxTitle)),
		Body:  strings.TrimSpace(s.String()),
	}
	switch {
	case inc.Channel.Channel == "":
		m.Buttons = []effect.Button{{Label: "Try again", Command: command(inc, "resync")}}
	case inc.Active():
		m.Buttons = []effect.Button{{Label: "Join", Command: command(inc, "join")}}
	}
	return m
}

// question asks whether an alert is an incident, before anybody is called in.
func (b *Bot) question(inc incident.Incident) effect.Message {
	var s strings.Builder
	fmt.Fprintf(&s, "**Is this an incident?** Nobody has been called in yet, because %s.\n\n", incident.Escape(inc.Held))
	ended := inc.Tally.Total > 0 && inc.Tally.Firing == 0
	if ended {
		s.WriteString("**It has ended by itself.**\n\n")
	}
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"  \n", args...) }
	cardAlerts(line, inc)
	if inc.Service != "" {
		line("**Service:** %s", incident.Escape(inc.Service))
	}
	line("**Noticed:** %s", incident.Clock(inc.Detected))
	if n := b.unaskedFor(); n > 0 {
		line("%s more: `/incident list`", map[bool]string{true: "And one", false: fmt.Sprintf("And %d", n)}[n == 1])
	}
	m := effect.Message{
		Title:   fmt.Sprintf("%s · %s · %s", inc.ID, inc.Severity.Title(), incident.Cut(inc.Title, maxTitle)),
		Body:    strings.TrimSpace(s.String()),
		Buttons: []effect.Button{{Label: "Open a room", Command: command(inc, "room"), Style: effect.Primary}},
	}
	for _, other := range b.related(inc, 2) {
		m.Buttons = append(m.Buttons, effect.Button{Label: incident.Cut("Attach to "+string(other.ID)+" · "+other.Title, 70), Command: command(inc, "merge "+string(other.ID))})
	}
	no := effect.Button{Label: "Not an incident", Command: command(inc, "close false-alarm")}
	if ended {
		m.Buttons[0].Style, no.Style = "", effect.Primary
		m.Buttons = append([]effect.Button{no}, m.Buttons...)
		return m
	}
	m.Buttons = append(m.Buttons, no)
	return m
}

// unaskedFor is how many incidents nobody is asked about, because there were too
// many to ask.
func (b *Bot) unaskedFor() int {
	n := 0
	for _, inc := range b.inMemory() {
		if inc.Held != "" && inc.Quiet && inc.Active() && !inc.Private {
			n++
		}
	}
	return n
}

// related are incidents with a room that another one may be part of: those of the
// same service first, then the newest.
func (b *Bot) related(inc incident.Incident, most int) []incident.Incident {
	list := slices.DeleteFunc(b.inMemory(), func(o incident.Incident) bool {
		return o.ID == inc.ID || !o.Active() || o.Private || o.Channel.Channel == ""
	})
	slices.SortFunc(list, func(x, y incident.Incident) int {
		if x.Service != y.Service && (x.Service == inc.Service || y.Service == inc.Service) {
			return map[bool]int{true: -1, false: 1}[x.Service == inc.Service]
		}
		return y.ID.Number() - x.ID.Number()
	})
	return list[:min(most, len(list))]
}

// shut tells what keeps tocsin out of the incident's channel.
func shut(inc incident.Incident) (incident.Barred, bool) {
	i := slices.IndexFunc(inc.Bars, func(b incident.Barred) bool { return b.Where == incident.BarredRoom })
	if i < 0 {
		return incident.Barred{}, false
	}
	return inc.Bars[i], true
}

// room is where the incident is worked on, or why it has no channel yet.
func room(inc incident.Incident) string {
	if inc.Channel.Channel != "" {
		return linked("#"+inc.Channel.Name, inc.Channel.Link)
	}
	if why := unopened(inc); why != "" {
		return "no channel yet: " + incident.Escape(why)
	}
	if inc.Held != "" {
		return "none: nobody asked for one"
	}
	return "no channel yet"
}

// unopened is why the channel was not opened, or is not yet; "" if nothing is in
// the way.
func unopened(inc incident.Incident) string {
	opening := effect.Effects.Name(effect.OpenChannel{})
	for _, f := range inc.Failures {
		if f.Effect == opening {
			return f.Why
		}
	}
	for _, f := range inc.Bars {
		if f.Effect == opening {
			return f.Why
		}
	}
	return ""
}

// topic is the state of the incident in one line.
func (b *Bot) topic(inc incident.Incident) string {
	commander := "no commander yet"
	if p := inc.Holder(incident.Commander); p != (incident.Person{}) {
		commander = "commander " + inc.Called(p).String()
	}
	return incident.Cut(fmt.Sprintf("%s · %s · %s · %s", inc.Severity.Title(), inc.Status, commander, inc.Title), 240)
}

func linked(text, url string) string {
	if url == "" {
		return incident.Escape(text)
	}
	return "[" + incident.Escape(text) + "](" + safeURL(url) + ")"
}

// safeURL keeps an address from ending a Markdown link before its end.
func safeURL(u string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "\n", "", "\\", "%5C").Replace(u)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func title(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
