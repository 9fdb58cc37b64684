package runbooks

import (
	"fmt"
	"strings"
)

// check finds what is wrong between services: one that is needed and is not
// there, and a name that two have.
func (c *catalogue) check() []Problem {
	var out []Problem
	known := map[string]bool{}
	for _, v := range c.list {
		known[v.ID] = true
	}
	for _, v := range c.list {
		for _, id := range v.DependsOn {
			if !known[id] {
				out = append(out, v.problem("depends_on", id, fmt.Sprintf("it depends on %q, which is no service that is described", id), "correct the id, or describe it in services/"+id+".md"))
			}
		}
	}
	return append(out, c.namesakes()...)
}

// namesakes are services with a name that an earlier one has: Find takes that.
func (c *catalogue) namesakes() []Problem {
	var out []Problem
	whose := map[string]string{}
	for _, v := range c.list {
		whose[strings.ToLower(v.ID)] = v.ID
	}
	for _, v := range c.list {
		for i, n := range append([]string{v.PagerDuty}, v.Also...) {
			field := "also"
			if i == 0 {
				field = "pagerduty"
			}
			if first := whose[strings.ToLower(n)]; first != "" && first != v.ID {
				out = append(out, v.problem(field, n, fmt.Sprintf("%q means %s, too, which is found by it", n, first), "give each name to one service"))
			} else if n != "" {
				whose[strings.ToLower(n)] = v.ID
			}
		}
	}
	return out
}

// Lint finds what services name that a library of guides does not have. The rest
// LoadServices has reported. Such a service is served all the same.
func (s *Services) Lint(guides *Library) []Problem {
	var out []Problem
	for _, v := range append(s.All(), s.Defaults()) {
		for _, id := range v.Guides {
			if _, ok := guides.Guide(id); !ok {
				out = append(out, v.problem("guides", id, fmt.Sprintf("there is no guide %q", id), "correct the id, or add the guide; tocsin guides list shows all"))
			}
		}
	}
	return out
}
