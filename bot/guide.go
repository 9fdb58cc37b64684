package bot

import (
	"context"
	"slices"

	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
)

// triage is the guide that fits when no other does.
const triage = "generic-triage"

// choose is the guide for a text and a symptom. When the words alone do not
// tell, the symptom does: the guide that is served already stays if it is for
// that symptom, else the likeliest that is. Without a symptom it is triage.
func (b *Bot) choose(text, symptom, now string) incident.GuideServed {
	m := b.Guides.Match(runbooks.Query{Text: text, Symptom: known(symptom)})
	if g, ok := b.Guides.Guide(m.Guide); ok {
		return guideServed(g, m.Why)
	}
	if s := known(symptom); s != "" {
		likely := []string{now}
		for _, c := range m.Candidates {
			likely = append(likely, c.Guide)
		}
		for _, g := range b.Guides.Guides() {
			likely = append(likely, g.ID)
		}
		for _, id := range likely {
			if g, ok := b.Guides.Guide(id); ok && slices.Contains(g.Symptoms, s) {
				return guideServed(g, "is for the symptom “"+incident.Label(incident.Symptoms, s)+"”")
			}
		}
	}
	if g, ok := b.Guides.Guide(triage); ok {
		return guideServed(g, "")
	}
	return incident.GuideServed{Guide: triage, Title: "Find out what is wrong", Question: "What did a person see, when, and where?"}
}

// report is what was said of an incident when it was declared.
func report(title string, quote *incident.Quote) string {
	if quote == nil {
		return title
	}
	return title + "\n" + quote.Text
}

func guideServed(g *runbooks.Guide, why string) incident.GuideServed {
	return incident.GuideServed{
		Guide: g.ID, Title: g.Title, Version: g.Version, Why: why,
		Summary: g.Summary(), Question: g.Section("First question"), Symptom: first(g.Symptoms),
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// ServeGuide puts the guide that a person chose in front of the responders.
func (b *Bot) ServeGuide(ctx context.Context, id incident.ID, o Origin, g *runbooks.Guide) (incident.Incident, error) {
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		f := guideServed(g, "")
		f.Chosen = true
		if f.Guide == inc.Guide.Guide && f.Version == inc.Guide.Version {
			return nil, nil
		}
		return []incident.Fact{f}, nil
	})
}

// Classify sets the symptom, and serves the guide that fits it better.
func (b *Bot) Classify(ctx context.Context, id incident.ID, o Origin, symptom string) (incident.Incident, error) {
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		facts, err := inc.Classify(symptom)
		if err != nil {
			return nil, err
		}
		f := b.choose(report(inc.Title, inc.Quote), symptom, inc.Guide.Guide)
		if f.Guide != inc.Guide.Guide {
			facts = append(facts, f)
		}
		return facts, nil
	})
}

// Rate sets the severity. A worse one brings the play for it.
func (b *Bot) Rate(ctx context.Context, id incident.ID, o Origin, to incident.Severity) (incident.Incident, error) {
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		facts, err := inc.Rate(to)
		if err != nil || !to.Worse(inc.Severity) {
			return facts, err
		}
		if play, ok := b.Plays.Choose(string(to), inc.Symptom); ok && play.ID != inc.Play.Play {
			facts = append(facts, playStarted(play))
		}
		return facts, nil
	})
}

func playStarted(p *playbooks.Play) incident.PlayStarted {
	f := incident.PlayStarted{
		Play: p.ID, Title: p.Title, Version: p.Version,
		UpdateEvery: p.UpdateEvery, Postmortem: p.Postmortem,
	}
	for _, t := range p.Tasks {
		f.Tasks = append(f.Tasks, incident.Task{Text: t.Text, Role: incident.Role(t.Role), Within: t.Within})
	}
	return f
}
