package templates

import (
	"errors"
	"fmt"
	"regexp"
	"text/template"
	tree "text/template/parse"
)

// A template is a program: a loop in a loop, a template that calls itself twice, or a
// text made of itself twice may take for ever, or all memory, and write nothing. So
// each rendering has a budget. Each loop and each template begins with a step.
type budget struct{ steps, bytes int }

const (
	step     = "_step"
	maxSteps = 200_000 // a postmortem takes some hundreds
	maxMade  = 8 * maxOutput
)

var (
	errSteps = fmt.Errorf("it takes more than %d steps: it may never end", maxSteps)
	errMade  = fmt.Errorf("print and the like make more than %d bytes: shorten it", maxMade)
	errWidth = errors.New("printf: a width is of two digits at the most, and each value is shown once")
)

func newBudget() *budget { return &budget{maxSteps, maxMade} }

// step is what each loop and template calls.
func (b *budget) step() (string, error) {
	if b.steps--; b.steps < 0 {
		return "", errSteps
	}
	return "", nil
}

// text is a function that makes text of values, within the budget.
func (b *budget) text(of func(...any) string) func(...any) (string, error) {
	return func(args ...any) (string, error) {
		for _, a := range args {
			if b.bytes -= len(fmt.Sprint(a)); b.bytes < 0 {
				return "", errMade
			}
		}
		return of(args...), nil
	}
}

// swelling is what makes more of printf's values than they are long.
var swelling = regexp.MustCompile(`%[^%a-zA-Z]*(\*|\[|\d{3})`)

func (b *budget) printf(format string, args ...any) (string, error) {
	if swelling.MatchString(format) {
		return "", errWidth
	}
	if b.bytes -= 50 * len(format); b.bytes < 0 { // a verb of two bytes makes up to 99
		return "", errMade
	}
	return b.text(func(args ...any) string { return fmt.Sprintf(format, args...) })(args...)
}

// counted gives a template its steps. One that its author writes only spends more.
func counted(t *template.Template) {
	one := template.Must(template.New("").Funcs(functions(newBudget())).Parse("{{" + step + "}}")).Root.Nodes[0]
	for _, part := range t.Templates() {
		if part.Tree == nil || part.Root == nil {
			continue
		}
		loops(part.Root, one)
		part.Root.Nodes = append([]tree.Node{one.Copy()}, part.Root.Nodes...)
	}
}

// loops gives the loops in a list their steps.
func loops(list *tree.ListNode, one tree.Node) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *tree.IfNode:
			loops(n.List, one)
			loops(n.ElseList, one)
		case *tree.WithNode:
			loops(n.List, one)
			loops(n.ElseList, one)
		case *tree.RangeNode:
			loops(n.List, one)
			loops(n.ElseList, one)
			n.List.Nodes = append([]tree.Node{one.Copy()}, n.List.Nodes...)
		}
	}
}

// limited is a template with the budget of one rendering.
func limited(t *template.Template) (*template.Template, error) {
	clone, err := t.Clone()
	if err != nil {
		return nil, err
	}
	return clone.Funcs(functions(newBudget())), nil
}

// spent is the error of a rendering that used up its budget, in plain words.
func spent(err error) error {
	for _, e := range []error{errSteps, errMade, errWidth} {
		if errors.Is(err, e) {
			return e
		}
	}
	return err
}
