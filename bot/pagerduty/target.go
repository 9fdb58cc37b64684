package pagerduty

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// named is somebody or something that can be paged, with the names it goes by.
type named struct {
	incident.PageTarget
	names []string // in lower case
}

// targets are all that can be paged.
func (a *account) targets() []named {
	var all []named
	add := func(kind, id, name string, more ...string) {
		n := named{incident.PageTarget{Kind: kind, ID: id, Name: name}, nil}
		for _, s := range append(more, name, id) {
			n.names = append(n.names, strings.ToLower(s))
		}
		all = append(all, n)
	}
	for _, s := range a.services {
		add(incident.TargetService, s.ID, s.Name)
	}
	for _, p := range a.policies {
		add(incident.TargetPolicy, p.ID, p.Name)
	}
	for _, u := range a.users {
		add(incident.TargetUser, u.ID, u.Name, u.Email)
	}
	return all
}

// Targets finds what people may mean by text: services, escalation policies and
// users by name, users by e-mail too. Of the ways to fit, the first that fits
// anything counts: the very name, how a name begins, how a word of it begins,
// nearly the name. Several answers are for the person to choose from; none is no
// error. With a routing key alone there is only whoever is behind it, for any text.
func (c *Client) Targets(ctx context.Context, text string) ([]incident.PageTarget, error) {
	if !c.Reads() {
		return behindKey(), nil
	}
	a, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	found := a.match(text)
	if len(found) > 0 {
		return found, nil
	}
	if a, err = c.newer(ctx); err != nil {
		return nil, err
	}
	return a.match(text), nil
}

// behindKey is all that can be paged with a routing key alone.
func behindKey() []incident.PageTarget {
	return []incident.PageTarget{{Kind: incident.TargetKey, Name: anybody}}
}

func (a *account) match(text string) []incident.PageTarget {
	text = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
	if text == "" {
		return nil
	}
	all := a.targets()
	for _, fits := range []func(name string) bool{
		func(name string) bool { return name == text },
		func(name string) bool { return strings.HasPrefix(name, text) },
		func(name string) bool { return wordBegins(name, text) },
		func(name string) bool { return near(name, text) },
	} {
		if found := fitting(all, fits); len(found) > 0 {
			return found
		}
	}
	return nil
}

func fitting(all []named, fits func(string) bool) []incident.PageTarget {
	var found []incident.PageTarget
	for _, n := range all {
		if slices.ContainsFunc(n.names, fits) {
			found = append(found, n.PageTarget)
		}
	}
	return found
}

// Complete gives at most n of what can be paged whose name begins with prefix, in
// any case. It makes no call, so it can answer while somebody types. With a routing
// key alone there is only whoever is behind it, for any prefix.
func (c *Client) Complete(prefix string, n int) []incident.PageTarget {
	if !c.Reads() {
		return behindKey()[:min(n, 1)]
	}
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	found := fitting(c.dir.current().targets(), func(name string) bool {
		return strings.HasPrefix(name, prefix) || wordBegins(name, prefix)
	})
	slices.SortStableFunc(found, func(a, b incident.PageTarget) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return found[:min(n, len(found))]
}

func wordBegins(name, text string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" -_./@", r) })
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, text) })
}

// near tells whether two names differ by a slip or two of the fingers.
func near(name, text string) bool {
	switch n := len([]rune(text)); {
	case n < 3:
		return false
	case n < 6:
		return distance(name, text, 1) <= 1
	}
	return distance(name, text, 2) <= 2
}

// distance is how many letters have to be added, taken away or changed to make a
// of b; more than most is told as more than most.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > most || -d > most {
		return most + 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			change := diagonal
			if r != s {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(y)]
}

// PolicyOf is the name of the escalation policy behind a service, by the service's
// name or id; "" if it is not known. It makes no call.
func (c *Client) PolicyOf(service string) string {
	s, ok := c.dir.current().serviceCalled(service)
	if !ok || s.Policy == nil {
		return ""
	}
	return s.Policy.Summary
}

// Reads tells whether PagerDuty can be asked for anything: a routing key alone
// only sends.
func (c *Client) Reads() bool { return c.config.Token != "" }
