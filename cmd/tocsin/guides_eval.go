package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

type guidesEvalCmd struct {
	contentFlags
	Verbose bool   `help:"Print each report that was confidently answered with the wrong guide."`
	File    string `arg:"" help:"JSON lines, one report each: {\"text\", \"source\", \"symptom\", \"guide\", \"also\", \"level\"}."`
}

// Run prints how well the guides are found for the reports of a file.
func (c *guidesEvalCmd) Run(e *env) error {
	content, err := c.load()
	if err != nil {
		return err
	}
	warn(e, content)
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("the reports cannot be read: %w", err)
	}
	defer f.Close()
	reports, wrong, err := readReports(e.ctx, f, content.guides)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	for _, w := range wrong {
		fmt.Fprintf(e.stderr, "%s:%s\n", c.File, w)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d lines of %s are no reports: correct them, nothing was counted", len(wrong), c.File)
	}
	ev := runbooks.Evaluate(content.guides, reports)
	printOutcome(e.stdout, "by words", ev.Words, c.Verbose)
	fmt.Fprintln(e.stdout)
	printOutcome(e.stdout, "with the symptom", ev.Pressed, c.Verbose)
	return nil
}

// readReports reads a report a line, and says of each line that is none what is
// wrong with it. Empty lines are passed over.
func readReports(ctx context.Context, in io.Reader, lib *runbooks.Library) (reports []runbooks.Report, wrong []string, err error) {
	err = eachLine(ctx, in, func(n int, line string, cut bool) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		r, err := readReport(line, cut, lib)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%d: %v", n, err))
		}
		reports = append(reports, r)
		return nil
	})
	return reports, wrong, err
}

func readReport(line string, cut bool, lib *runbooks.Library) (r runbooks.Report, err error) {
	if cut {
		return r, errors.New("it is longer than 1 MiB; shorten its text")
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return r, fmt.Errorf("it is no JSON object of a report (%w); write {\"text\": \"…\", \"guide\": \"…\"}", err)
	}
	if r.Guide == "" {
		return r, errors.New(`it names no guide; add "guide", or "generic-triage" if none fits`)
	}
	for _, id := range append([]string{r.Guide}, r.Also...) {
		if _, ok := lib.Guide(id); !ok {
			return r, fmt.Errorf("%q is no guide; “tocsin guides list” shows all", id)
		}
	}
	if _, ok := incident.Find(incident.Symptoms, r.Symptom); !ok && r.Symptom != "" {
		return r, fmt.Errorf("%q is no symptom; leave it out if none is known", r.Symptom)
	}
	return r, nil
}

// columns of the table after the reports' name and number.
var columns = []struct {
	title string
	of    func(runbooks.Tally) int
}{
	{"top-1 strict", func(t runbooks.Tally) int { return t.Strict }},
	{"top-1 accepted", func(t runbooks.Tally) int { return t.Accepted }},
	{"top-3 accepted", func(t runbooks.Tally) int { return t.Top3 }},
	{"abstained", func(t runbooks.Tally) int { return t.Abstained }},
	{"confidently wrong", func(t runbooks.Tally) int { return t.Wrong }},
}

func printOutcome(w io.Writer, name string, o runbooks.Outcome, verbose bool) {
	fmt.Fprintf(w, "%-20s %6s", name, "n")
	for _, c := range columns {
		fmt.Fprintf(w, "  %17s", c.title)
	}
	fmt.Fprintln(w)
	printTally(w, "all", o.All)
	if o.New.N < o.All.N {
		printTally(w, "not in a guide yet", o.New)
	}
	for _, g := range o.Levels {
		printTally(w, "level "+cmp.Or(g.Name, "not given"), g.Tally)
	}
	for _, g := range o.Sources {
		printTally(w, "source "+cmp.Or(g.Name, "not given"), g.Tally)
	}
	printConfusions(w, o, verbose)
}

func printTally(w io.Writer, name string, t runbooks.Tally) {
	fmt.Fprintf(w, "%-20s %6d", name, t.N)
	for _, c := range columns {
		n := c.of(t)
		fmt.Fprintf(w, "  %17s", fmt.Sprintf("%.1f%% (%d)", 100*float64(n)/float64(max(t.N, 1)), n))
	}
	fmt.Fprintln(w)
}

func printConfusions(w io.Writer, o runbooks.Outcome, verbose bool) {
	for i, c := range o.Confusions {
		if i == 0 {
			fmt.Fprintln(w, "confidently wrong, expected → got:")
		}
		fmt.Fprintf(w, "%6d  %s → %s\n", c.N, c.Want, c.Got)
		for _, m := range o.Mistakes {
			if verbose && m.Report.Guide == c.Want && m.Match.Guide == c.Got {
				fmt.Fprintf(w, "          %q\n            it %s\n", m.Report.Text, m.Match.Why)
			}
		}
	}
}
