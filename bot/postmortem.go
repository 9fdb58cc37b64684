package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/templates"
)

// Postmortem drafts the postmortem of an incident as Markdown, from its
// timeline alone.
func (b *Bot) Postmortem(ctx context.Context, id incident.ID) (string, error) {
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return "", err
	}
	return b.draft(inc, inc.Last()), nil
}

// draft renders the postmortem from the first events of inc's timeline: the
// same events give the same draft.
func (b *Bot) draft(inc incident.Incident, through int) string {
	if through < inc.Last() {
		inc = incident.Fold(inc.ID, inc.Timeline[:through])
	}
	md, err := b.Templates.Render("postmortem", record(inc))
	if err != nil { // a team's own template may fail on this one incident
		b.Log.Warn("the postmortem template failed, so the bare timeline is used", "incident", inc.ID, "error", err)
		return fmt.Sprintf("# %s\n\nThe template postmortem.md failed: %s\n\n%s", inc.ID, incident.Escape(err.Error()), TimelineMarkdown(inc, 0))
	}
	return md
}

// record is what the postmortem template is given.
func record(inc incident.Incident) templates.Postmortem {
	p := templates.Postmortem{
		ID: string(inc.ID), Title: incident.Escape(inc.Title), Severity: inc.Worst.Title(),
		Symptom: incident.Escape(incident.Label(incident.Symptoms, known(inc.Symptom))),
		Status:  string(inc.Status), Date: inc.Detected.UTC().Format("2006-01-02"),
		Guide: incident.Escape(inc.Guide.Title), Model: incident.Escape(inc.Model), Service: incident.Escape(inc.Service),
		Began: incident.Clock(inc.Began), Detected: incident.Clock(inc.Detected), Declared: incident.Clock(inc.Declared),
		Mitigated: incident.Clock(inc.MitigatedAt), Resolved: incident.Clock(inc.ResolvedAt),
		DetectedBy: detectedBy(inc),
		How:        how(inc), Resolution: incident.Escape(inc.Resolution),
		Reason: incident.Escape(incident.Label(incident.CloseReasons, inc.Reason)),
	}
	if !inc.Began.IsZero() && inc.MitigatedAt.After(inc.Began) {
		p.ImpactFor = incident.Span(inc.MitigatedAt.Sub(inc.Began))
	}
	if !inc.ResolvedAt.IsZero() {
		p.ResponseFor = incident.Span(inc.ResolvedAt.Sub(inc.Detected))
	}
	if !inc.MitigatedAt.IsZero() && inc.MitigatedAt.Equal(inc.ResolvedAt) {
		p.Mitigated += " (nobody recorded when impact was over: this is when it was resolved)"
	}
	if inc.Quote != nil {
		p.Quote = incident.Escape(inc.Quote.Text)
	}
	p.Timeline, p.Updates = lines(inc)
	p.Evidence = evidence(inc)
	for _, a := range inc.Actions {
		p.Actions = append(p.Actions, templates.PostmortemAction{
			N: a.N, Text: incident.Escape(a.Text), Owner: incident.Escape(a.Owner.String()), Due: day(a), Done: a.Done,
		})
	}
	p.Responders = responders(inc)
	p.Questions = questions(inc)
	return p
}

func day(a incident.Action) string {
	if a.Due.IsZero() {
		return ""
	}
	return a.Due.Format("2006-01-02")
}

func detectedBy(inc incident.Incident) string {
	if inc.Source == "" {
		return "a person"
	}
	return "a monitor (" + sourceTitle(inc.Source) + ")"
}

func sourceTitle(s string) string { return incident.Escape(incident.SourceName(s)) }

func how(inc incident.Incident) string {
	parts := make([]string, 0, 2)
	if inc.How != "" {
		parts = append(parts, incident.Label(incident.Mitigations, inc.How))
	}
	if inc.Mitigation != "" {
		parts = append(parts, incident.Escape(inc.Mitigation))
	}
	return strings.Join(parts, ": ")
}

// lines tells the timeline with roles in the place of names: the role somebody
// had when it happened.
func lines(inc incident.Incident) (all, updates []templates.PostmortemLine) {
	roles := map[incident.Role]incident.Person{}
	told := map[int]templates.PostmortemLine{}
	for _, e := range inc.Timeline {
		call := func(p incident.Person) string { return roleOf(p, roles, e.By.Via) }
		line, ok := incident.Narrate(e, call)
		by := call(e.By.Person)
		if f, ok := e.Fact.(incident.Assigned); ok {
			roles[f.Role] = f.To
		}
		if !ok {
			continue
		}
		told[e.Seq] = templates.PostmortemLine{
			At: incident.Clock(e.At), Role: by,
			What: anonymous(strings.TrimPrefix(line, by+" "), inc, roles), Link: link(e.Fact),
		}
	}
	byName := func(p incident.Person) string { return p.Name }
	for _, e := range gathered(inc.Timeline, byName) {
		line, ok := told[e.Seq]
		if !ok {
			continue
		}
		if e.row != "" {
			line.What = e.row
		}
		if e.monitors {
			line.Role = "monitors"
		}
		all = append(all, line)
		if f, ok := e.Fact.(incident.Updated); ok {
			line.What = anonymous(incident.Escape(f.Text), inc, roles)
			updates = append(updates, line)
		}
	}
	return all, updates
}

func roleOf(p incident.Person, roles map[incident.Role]incident.Person, via string) string {
	for _, r := range incident.Roles {
		if roles[r].Is(p) {
			return "the " + r.Title()
		}
	}
	switch {
	case p.Is(incident.Bot.Person):
		return "tocsin"
	case p.User == "" && p.Name == incident.SourceName(via):
		return sourceTitle(via)
	case via == "generic": // a monitor, with the name that it gives itself
		return incident.ByName(p)
	case via == "pagerduty" && p.User == "":
		return "a responder (PagerDuty)"
	}
	return "a responder"
}

// anonymous puts roles for the mentions of people that the record knows.
func anonymous(text string, inc incident.Incident, roles map[incident.Role]incident.Person) string {
	for _, p := range inc.People {
		if p.Name != "" {
			text = replaceWord(text, "@"+incident.Escape(p.Name), roleOf(p, roles, ""))
		}
	}
	return text
}

// replaceWord replaces word where it is not the beginning of a longer one.
func replaceWord(text, word, by string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, word)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		if after != "" && (after[0] >= 'a' && after[0] <= 'z' || after[0] >= '0' && after[0] <= '9' || after[0] == '_') {
			out.WriteString(word)
		} else {
			out.WriteString(by)
		}
		text = after
	}
}

func link(f incident.Fact) string {
	switch f := f.(type) {
	case incident.Quoted:
		return safeURL(f.Quote.Link)
	case incident.Signaled:
		return safeURL(f.Link)
	}
	return ""
}

// evidence is every link on the record, each once; of the alerts of a storm those
// that came first.
func evidence(inc incident.Incident) []templates.PostmortemLink {
	var links []templates.PostmortemLink
	add := func(title, url string) {
		if url != "" && !slices.ContainsFunc(links, func(l templates.PostmortemLink) bool { return l.URL == safeURL(url) }) {
			links = append(links, templates.PostmortemLink{Title: incident.Escape(title), URL: safeURL(url)})
		}
	}
	if inc.Quote != nil {
		add("The message it was declared from", inc.Quote.Link)
	}
	for _, e := range inc.Timeline {
		switch f := e.Fact.(type) {
		case incident.Signaled:
			if n, _ := inc.NumberOf(f.Source, f.Key); n > crowded {
				continue
			}
			add("Alert: "+incident.Cut(f.Title, maxTitle), f.Link)
		case incident.Quoted:
			add("Message: "+incident.Cut(f.Quote.Text, 80), f.Quote.Link)
		case incident.Linked:
			add("The incident channel #"+f.Name, f.Link)
		}
	}
	return links
}

// responders lists who held which role, and who else took part; names live only
// here.
func responders(inc incident.Incident) []templates.PostmortemResponder {
	var list []templates.PostmortemResponder
	var named []incident.Person
	add := func(role string, p incident.Person) {
		named = append(named, p)
		r := templates.PostmortemResponder{Role: role, Name: inc.Name(p)}
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	for _, e := range inc.Timeline {
		if f, ok := e.Fact.(incident.Assigned); ok {
			add(f.Role.Title(), f.To)
		}
	}
	for _, p := range inc.People {
		if !slices.ContainsFunc(named, p.Is) {
			add("responder", p)
		}
	}
	for _, e := range inc.Timeline {
		if e.By.Via == incident.ViaShell && !slices.ContainsFunc(named, e.By.Is) {
			add("responder, from the shell", e.By.Person)
		}
	}
	return list
}

// questions asks for what the record lacks. A gap that is shown gets filled.
func questions(inc incident.Incident) []string {
	var q []string
	ask := func(missing bool, question string) {
		if missing {
			q = append(q, question)
		}
	}
	ask(inc.Began.IsZero(), "When did impact begin? Silent failures often begin long before anybody notices.")
	ask(inc.Model == "", "Which model and version answered, and which was the last known good one?")
	ask(inc.Service == "", "Which service or feature was affected?")
	ask(true, "Which prompt or template version was live, and when did it last change?")
	ask(true, "Which data, index or feature snapshot was in use?")
	ask(true, "How many people or requests were affected, and how do you know?")
	ask(inc.Symptom == incident.Unclassified, "What was the symptom: down, slow, won't deploy, wrong, expensive or unsafe?")
	ask(inc.Source == "", "A person noticed this first. Which monitor could have?")
	ask(inc.How == "" && !inc.MitigatedAt.IsZero(), "How did impact stop: a rollback, a configuration change, something else, or by itself?")
	ask(inc.MitigatedAt.IsZero(), "When was impact over for users?")
	ask(inc.Holder(incident.CommsLead) == (incident.Person{}), "Who kept people informed? Nobody held the role of communications lead.")
	ask(len(inc.Actions) == 0, "What will be different next time? No follow-up is recorded yet.")
	return q
}

// DraftName is the name of the file that a draft is posted as.
func DraftName(inc incident.Incident, d effect.Draft) string {
	return fmt.Sprintf("%s-postmortem-%d.md", strings.ToLower(string(inc.ID)), d.N)
}
