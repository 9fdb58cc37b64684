package incident

import "slices"

// Guided is the guide that is in front of the responders, and how they got on
// with it.
type Guided struct {
	GuideServed
	Seq   int         // of the event that served it
	Steps []StepTaken // the way through its tree so far
	// Begun is the mitigation that was begun last, of any guide.
	Begun  MitigationChosen
	Helped string // what people last said of it: one of the Helped constants, or ""
	// Rejected is set when people said that it does not fit.
	Rejected bool
	Offered  string   // id of the guide that was offered last, or ""
	Shown    []string // ids of the guides that were served, offered or rejected, each once
}

// Met tells whether a guide was served, offered or rejected before: it is not to
// be offered again.
func (g Guided) Met(id string) bool { return slices.Contains(g.Shown, id) }

// Triage is the id of the guide that fits when no other does: its questions lead
// to the others.
const Triage = "generic-triage"

// Report is what was said of the incident when it was declared.
func (inc Incident) Report() string {
	if inc.Quote == nil {
		return inc.Title
	}
	return inc.Title + "\n" + inc.Quote.Text
}

// maxLesson is how much of a report is kept as a lesson, in characters.
const maxLesson = 300

// Lesson is what the incident teaches the matching of guides: its report, and the
// guide that people chose for it or that helped; else nothing. A private one
// teaches nothing, for a lesson is quoted to whoever reports the like.
func (inc Incident) Lesson() (report, guide string) {
	g := inc.Guide
	right := g.Chosen && !g.Rejected || g.Helped == HelpedYes
	if inc.Reason == "false-alarm" || inc.Reason == "duplicate" {
		return "", ""
	}
	if inc.Private || g.Guide == "" || g.Guide == Triage || !right || g.Helped == HelpedNo {
		return "", ""
	}
	return Cut(inc.Report(), maxLesson), g.Guide
}

// with is g after an event about guides.
func (g Guided) with(e Event) Guided {
	meet := func(id string) {
		if !g.Met(id) {
			g.Shown = append(slices.Clip(g.Shown), id)
		}
	}
	switch f := e.Fact.(type) {
	case GuideServed:
		meet(f.Guide)
		g.GuideServed, g.Seq, g.Steps, g.Helped, g.Rejected = f, e.Seq, nil, "", false
	case GuideOffered:
		meet(f.Guide)
		g.Offered = f.Guide
	case GuideRejected:
		meet(f.Guide)
		g.Rejected = g.Rejected || f.Guide == g.Guide
	case GuideRated:
		if f.Guide == g.Guide {
			g.Helped = f.Helped
		}
	case StepTaken:
		if f.Guide == g.Guide {
			g.Steps = step(g.Steps, f)
		}
	case MitigationChosen:
		g.Begun = f
	}
	return g
}

// step adds an answer to the way. Answering a question again, or going back to
// it, takes back what came after it.
func step(way []StepTaken, f StepTaken) []StepTaken {
	if i := slices.IndexFunc(way, func(s StepTaken) bool { return s.Question == f.Question }); i >= 0 {
		way = way[:i]
	}
	if f.Answer == "" {
		return slices.Clip(way)
	}
	return append(slices.Clip(way), f)
}

// Step answers a question of the guide in front of the responders, or with no
// answer goes back to it.
func (inc Incident) Step(f StepTaken) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if f.Guide != inc.Guide.Guide {
		return nil, Refusef("The guide in use is “%s” now. To go on with the other one, use `guide %s` first.", Escape(inc.Guide.Title), f.Guide)
	}
	if n := len(inc.Guide.Steps); n > 0 && f.Answer != "" && inc.Guide.Steps[n-1].Question == f.Question && inc.Guide.Steps[n-1].Answer == f.Answer {
		return nil, nil // two people pressed the same button
	}
	return []Fact{f}, nil
}

// Begin tells that a mitigation is begun.
func (inc Incident) Begin(f MitigationChosen) ([]Fact, error) {
	if !inc.Active() {
		return nil, Refusef("%s is %s. If impact is back, use `reopen` first.", inc.ID, inc.Status)
	}
	return []Fact{f}, nil
}

// RejectGuide tells that the guide in front of the responders is not the right one.
func (inc Incident) RejectGuide(id string) ([]Fact, error) {
	if err := inc.open(); err != nil {
		return nil, err
	}
	if g := inc.Guide; g.Guide == id && !g.Rejected {
		return []Fact{GuideRejected{Guide: g.Guide, Title: g.Title, Version: g.Version}}, nil
	}
	return nil, nil
}

// RateGuide tells whether the guide helped.
func (inc Incident) RateGuide(helped string) ([]Fact, error) {
	g := inc.Guide
	if g.Guide == "" {
		return nil, Refusef("%s has no guide yet: `guide TEXT` finds one.", inc.ID)
	}
	switch {
	case helped != HelpedYes && helped != HelpedPartly && helped != HelpedNo:
		return nil, Refusal("Did the guide help? Say `guide helped yes`, `partly` or `no`.")
	case helped == g.Helped:
		return nil, nil
	}
	return []Fact{GuideRated{Guide: g.Guide, Title: g.Title, Version: g.Version, Helped: helped}}, nil
}
