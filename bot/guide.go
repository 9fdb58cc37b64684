package bot

import (
	"context"
	"slices"

	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
)

// FindGuide looks for the guide that fits a report, knowing what people chose
// before.
func (b *Bot) FindGuide(q runbooks.Query) runbooks.Match {
	q.Symptom = known(q.Symptom)
	q.Past = b.past
	return b.Guides.Match(q)
}

// FindFor is FindGuide for what an incident says, or a person.
func (b *Bot) FindFor(ctx context.Context, inc incident.Incident, q runbooks.Query) runbooks.Match {
	q.Context = b.situation(ctx, inc.ID, inc.Service, q.Text)
	return b.FindGuide(q)
}

// Query is what an incident says of itself, with what else is said.
func Query(inc incident.Incident, more ...string) runbooks.Query {
	q := runbooks.Query{Text: inc.Report(), Symptom: inc.Symptom}
	for _, s := range more {
		if s != "" {
			q.Text += "\n" + s
		}
	}
	return q
}

// guide is the guide for a report: the one that fits; without one, what the
// answer to triage's first question leads to if the symptom is known; else triage.
func (b *Bot) guide(q runbooks.Query) []incident.Fact {
	m := b.FindGuide(q)
	if g, ok := b.Guides.Guide(m.Guide); ok {
		return []incident.Fact{guideServed(g, m.Why)}
	}
	t, ok := b.Guides.Guide(incident.Triage)
	if !ok {
		return []incident.Fact{incident.GuideServed{Guide: incident.Triage, Title: "Find out what is wrong", Question: "What did a person see, when, and where?"}}
	}
	question, answer, ok := symptomAnswer(t, q.Symptom)
	if g, leads := b.Guides.Guide(answer.Guide); ok && leads {
		return []incident.Fact{guideServed(g, forSymptom(q.Symptom))}
	}
	facts := []incident.Fact{guideServed(t, "")}
	if ok {
		facts = append(facts, stepTaken(t, question, answer))
	}
	return facts
}

// symptomAnswer is the answer to triage's first question that names a symptom.
func symptomAnswer(t *runbooks.Guide, symptom string) (runbooks.Question, runbooks.Answer, bool) {
	q, _ := t.Question("")
	for _, a := range q.Answers {
		if s, ok := incident.Find(incident.Symptoms, a.Label); ok && s.ID == symptom {
			return q, a, true
		}
	}
	return q, runbooks.Answer{}, false
}

func guideServed(g *runbooks.Guide, why string) incident.GuideServed {
	return incident.GuideServed{
		Guide: g.ID, Title: g.Title, Version: g.Version, Why: why,
		Summary: g.Summary(), Question: g.Section("First question"), Symptom: first(g.Symptoms),
	}
}

func chosen(g *runbooks.Guide) incident.GuideServed {
	f := guideServed(g, "")
	f.Chosen = true
	return f
}

func stepTaken(g *runbooks.Guide, q runbooks.Question, a runbooks.Answer) incident.StepTaken {
	return incident.StepTaken{
		Guide: g.ID, Title: g.Title, Version: g.Version,
		Question: q.ID, Asked: q.Title, Answer: a.ID, Answered: a.Label,
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// NextQuestion is the question that triage asks when the symptom is known; all its
// answers lead to guides.
func (b *Bot) NextQuestion(symptom string) (runbooks.Question, bool) {
	t, ok := b.Guides.Guide(incident.Triage)
	if !ok {
		return runbooks.Question{}, false
	}
	_, a, ok := symptomAnswer(t, symptom)
	q, asked := t.Question(a.Question)
	for _, to := range q.Answers {
		asked = asked && to.Guide != ""
	}
	return q, ok && asked && a.Question != ""
}

// ServeGuide puts a guide in front of the responders. why is the matching's reason
// for it; "" tells that a person chose it.
func (b *Bot) ServeGuide(ctx context.Context, id incident.ID, o Origin, g *runbooks.Guide, why string) (incident.Incident, error) {
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		if g.ID == inc.Guide.Guide && g.Version == inc.Guide.Version {
			return nil, nil
		}
		f := guideServed(g, why)
		f.Chosen = why == ""
		facts := []incident.Fact{f}
		if q, a, ok := symptomAnswer(g, inc.Symptom); ok && g.ID == incident.Triage && a.Question != "" {
			facts = append(facts, stepTaken(g, q, a)) // its first question is answered already
		}
		return facts, nil
	})
}

// better offers the guide that fits better by now, if there is one that nobody
// has seen. It never takes away the guide that people follow.
func (b *Bot) better(inc incident.Incident, q runbooks.Query) []incident.Fact {
	m := b.FindGuide(q)
	g, ok := b.Guides.Guide(m.Guide)
	if !ok || inc.Guide.Met(g.ID) {
		return nil
	}
	return []incident.Fact{offered(g, m.Why)}
}

// betterFor is better when people have said what the symptom is: if no other guide
// is clearly the one, and the one in use is not for that symptom, triage has one
// more question.
func (b *Bot) betterFor(inc incident.Incident, q runbooks.Query) []incident.Fact {
	if offer := b.better(inc, q); offer != nil {
		return offer
	}
	if now, ok := b.Guides.Guide(inc.Guide.Guide); ok && slices.Contains(now.Symptoms, q.Symptom) {
		return nil
	}
	t, ok := b.Guides.Guide(incident.Triage)
	if !ok {
		return nil
	}
	_, a, ok := symptomAnswer(t, q.Symptom)
	if g, leads := b.Guides.Guide(a.Guide); ok && leads && !inc.Guide.Met(g.ID) {
		return []incident.Fact{offered(g, forSymptom(q.Symptom))}
	}
	if ok && a.Question != "" {
		return []incident.Fact{offered(t, "asks one question about “"+a.Label+"” that leads to the guide")}
	}
	return nil
}

// forSymptom is why a guide is looked at that no word of the report points to.
func forSymptom(symptom string) string {
	return "is for the symptom “" + incident.Label(incident.Symptoms, symptom) + "”"
}

func offered(g *runbooks.Guide, why string) incident.GuideOffered {
	return incident.GuideOffered{Guide: g.ID, Title: g.Title, Version: g.Version, Why: why}
}

// Classify sets the symptom. While nobody has found a guide it brings the one
// that fits, or the next question; after that it only offers one.
func (b *Bot) Classify(ctx context.Context, id incident.ID, o Origin, symptom string) (incident.Incident, error) {
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return inc, err
	}
	around := b.situation(ctx, id, inc.Service, inc.Report())
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		facts, err := inc.Classify(symptom)
		if err != nil {
			return nil, err
		}
		q := Query(inc, alerts(inc)...)
		q.Symptom, q.Context = symptom, around
		if inc.Guide.Guide != incident.Triage && inc.Guide.Guide != "" {
			return append(facts, b.betterFor(inc, q)...), nil
		}
		for _, f := range b.guide(q) {
			if served, ok := f.(incident.GuideServed); !ok || served.Guide != inc.Guide.Guide {
				facts = append(facts, f)
			}
		}
		return facts, nil
	})
}

// alerts is what the incident's signals said.
func alerts(inc incident.Incident) []string {
	var out []string
	for _, s := range inc.Alerts() {
		out = append(out, s.Title, s.Text)
	}
	return out
}

// stale refuses a step of a guide that is not as it was.
func stale(guide string) error {
	return incident.Refusef("The guide has changed since this was asked. Begin with it again: `/incident guide %s`.", incident.Escape(guide))
}

// Step answers a question of a guide's tree; without an answer it goes back to
// the question. An answer that leads to another guide brings that guide.
func (b *Bot) Step(ctx context.Context, id incident.ID, o Origin, guide, question, answer string) (incident.Incident, error) {
	g, known := b.Guides.Guide(guide)
	if !known {
		return incident.Incident{}, stale(guide)
	}
	q, asked := g.Question(question)
	a, answered := q.Answer(answer)
	if !asked || answer != "" && !answered {
		return incident.Incident{}, stale(guide)
	}
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		facts, err := inc.Step(stepTaken(g, q, a))
		if to, ok := b.Guides.Guide(a.Guide); err == nil && ok && to.ID != inc.Guide.Guide {
			facts = append(facts, chosen(to))
		}
		return facts, err
	})
}

// Begin tells that people begin with one of a guide's mitigations.
func (b *Bot) Begin(ctx context.Context, id incident.ID, o Origin, guide, mitigation string) (incident.Incident, error) {
	g, known := b.Guides.Guide(guide)
	if !known {
		return incident.Incident{}, stale(guide)
	}
	m, ok := g.Mitigation(mitigation)
	if !ok {
		return incident.Incident{}, stale(guide)
	}
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) {
		return inc.Begin(incident.MitigationChosen{
			Guide: g.ID, Title: g.Title, Version: g.Version, Mitigation: m.ID, Name: m.Name, Kind: m.Kind,
		})
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
		UpdateEvery: p.UpdateEvery, Postmortem: p.Postmortem, Pager: p.Pager,
	}
	for _, t := range p.Tasks {
		f.Tasks = append(f.Tasks, incident.Task{Text: t.Text, Role: incident.Role(t.Role), Within: t.Within})
	}
	return f
}
