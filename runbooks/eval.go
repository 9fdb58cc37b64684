package runbooks

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// Report is one labelled report: what was said, and the guide that an expert
// would open first.
type Report struct {
	Text    string   `json:"text"`
	Source  string   `json:"source"`  // "monitor" or "human"
	Symptom string   `json:"symptom"` // the id of the symptom that a person would choose
	Guide   string   `json:"guide"`   // generic-triage: none fits, and to abstain is right
	Also    []string `json:"also"`    // guides that the expert would accept too
	Level   string   `json:"level"`   // "easy" or "hard"
}

// accepts tells whether an answer is one that the expert accepts; "" is abstaining.
func (r Report) accepts(guide string) bool {
	guide = cmp.Or(guide, noGuide)
	return guide == r.Guide || slices.Contains(r.Also, guide)
}

// Tally counts how reports were answered.
type Tally struct {
	N         int
	Strict    int // the guide itself; abstained, where none fits
	Accepted  int // the guide or one of also
	Top3      int // such a guide among the first three candidates, or rightly abstained
	Abstained int
	Wrong     int // served a guide that is not accepted
}

// Group is a part of the reports.
type Group struct {
	Name string
	Tally
}

// Answered is a report with what the library answered.
type Answered struct {
	Report Report
	Match  Match
}

// Confusion is a pair of guides of which one was served for the other.
type Confusion struct {
	Want, Got string
	N         int
}

// Outcome is how one way of asking went.
type Outcome struct {
	All        Tally
	New        Tally       // of reports that no guide has word for word: what was learned by heart proves little
	Levels     []Group     // by name
	Sources    []Group     // by name
	Mistakes   []Answered  // what was Wrong, in the order of the reports
	Confusions []Confusion // the most frequent first
}

// Evaluation is how well a library finds guides for reports.
type Evaluation struct {
	Words   Outcome // by their words alone
	Pressed Outcome // with the symptom pressed; reports without one, or unclassified, are left out
}

// Evaluate asks a library for the guide of each report and compares.
func Evaluate(lib *Library, reports []Report) Evaluation {
	var words, pressed []Answered
	for _, r := range reports {
		words = append(words, Answered{r, lib.Match(Query{Text: r.Text})})
		if r.Symptom != "" && r.Symptom != incident.Unclassified {
			pressed = append(pressed, Answered{r, lib.Match(Query{Text: r.Text, Symptom: r.Symptom})})
		}
	}
	heart := lib.byHeart()
	return Evaluation{Words: outcome(words, heart), Pressed: outcome(pressed, heart)}
}

// byHeart are the texts that guides have as phrases.
func (l *Library) byHeart() map[string]bool {
	out := map[string]bool{}
	for _, g := range l.Guides() {
		for _, said := range slices.Concat(g.match.phrases, g.match.said, g.match.not) {
			out[strings.TrimSpace(said)] = true
		}
	}
	return out
}

func outcome(answers []Answered, heart map[string]bool) Outcome {
	var out Outcome
	levels, sources := map[string]Tally{}, map[string]Tally{}
	for _, a := range answers {
		t := a.tally()
		out.All = out.All.plus(t)
		if !heart[strings.TrimSpace(a.Report.Text)] {
			out.New = out.New.plus(t)
		}
		levels[a.Report.Level] = levels[a.Report.Level].plus(t)
		sources[a.Report.Source] = sources[a.Report.Source].plus(t)
		if t.Wrong > 0 {
			out.Mistakes = append(out.Mistakes, a)
		}
	}
	out.Levels, out.Sources, out.Confusions = groups(levels), groups(sources), confusions(out.Mistakes)
	return out
}

// tally is the count of one answer.
func (a Answered) tally() Tally {
	r, m := a.Report, a.Match
	accepted := r.accepts(m.Guide)
	near := accepted && m.Guide == ""
	for _, c := range m.Candidates[:min(len(m.Candidates), 3)] {
		near = near || r.accepts(c.Guide)
	}
	return Tally{
		N: 1, Strict: one(cmp.Or(m.Guide, noGuide) == r.Guide), Accepted: one(accepted), Top3: one(near),
		Abstained: one(m.Guide == ""), Wrong: one(m.Guide != "" && !accepted),
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t Tally) plus(u Tally) Tally {
	return Tally{
		t.N + u.N, t.Strict + u.Strict, t.Accepted + u.Accepted, t.Top3 + u.Top3,
		t.Abstained + u.Abstained, t.Wrong + u.Wrong,
	}
}

func groups(parts map[string]Tally) []Group {
	var out []Group
	for _, name := range sortedKeys(parts) {
		out = append(out, Group{name, parts[name]})
	}
	return out
}

func confusions(mistakes []Answered) []Confusion {
	count := map[Confusion]int{}
	for _, m := range mistakes {
		count[Confusion{Want: m.Report.Guide, Got: m.Match.Guide}]++
	}
	var out []Confusion
	for c, n := range count {
		out = append(out, Confusion{c.Want, c.Got, n})
	}
	slices.SortFunc(out, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	return out
}
