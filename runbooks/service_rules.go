package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rules are what alerts do.
func (p *serviceParser) rules() []Rule {
	var out []Rule
	for i, a := range p.front.Alerts {
		r, nth := Rule{Do: Action(a.Do)}, fmt.Sprintf("rule %d of alerts ", i+1)
		p.bad(slices.Contains(Actions, r.Do), "alerts", "do: "+a.Do, nth+fmt.Sprintf("does %q", a.Do), "write do: open, do: ask or do: attach")
		if w := a.When; w != nil {
			r.Severity, r.Source, r.Urgency, r.Title = w.Severity, w.Source, w.Urgency, w.Title
			r.Labels = map[string][]string{}
			for k, v := range w.Labels {
				r.Labels[k] = v
			}
			p.bad(!r.always(), "alerts", "when:", nth+"has a when: that asks for nothing", "name severity, source, urgency, title or labels; without when: it is for every alert")
		}
		p.rule(&r, nth)
		out = append(out, r)
	}
	return out
}

// rule checks what a rule asks for.
func (p *serviceParser) rule(r *Rule, nth string) {
	for i, word := range r.Severity {
		s, ok := rated(word)
		p.bad(ok, "alerts", word, nth+fmt.Sprintf("asks for severity %q, which is none", word), sevs)
		r.Severity[i] = string(s)
	}
	asked := r.asked()
	for _, field := range slices.Sorted(maps.Keys(asked)) {
		empty := len(asked[field]) == 0 || slices.Contains(asked[field], "")
		p.bad(!empty, "alerts", strings.TrimPrefix(field, "label ")+":", nth+fmt.Sprintf("asks for a %s without saying which", field), "say which, or leave it out; * is for any")
	}
}
