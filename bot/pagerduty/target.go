package pagerduty

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tocsin/bot/incident"
)

// named is somebody or something that can be paged, with what it is called. What it
// is known by besides is no name to show.
type named struct {
	incident.PageTarget
	names   []string // the first is PagerDuty's
	handles []string
}

// targets are all that can be paged, by PagerDuty's names and by ours.
func (c *Client) targets(a *account) []named {
	var all []named
	ours := c.aliases(a)
	add := func(kind, id, name string, handles ...string) {
		all = append(all, named{incident.PageTarget{Kind: kind, ID: id, Name: name}, append([]string{name}, ours[id]...), append(handles, id)})
	}
	for _, s := range a.services.list {
		add(incident.TargetService, s.ID, s.Name)
	}
	for _, p := range a.policies.list {
		add(incident.TargetPolicy, p.ID, p.Name)
	}
	for _, u := range a.users {
		add(incident.TargetUser, u.ID, u.Name, u.Email)
	}
	return all
}

// Targets finds what people may mean by text: services, ours and PagerDuty's, escalation
// policies and users by name, users by e-mail too. Each bears the name that fitted. Of the ways to fit, the first that fits
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
	found := c.match(a, text)
	if len(found) > 0 {
		return found, nil
	}
	if a, err = c.newer(ctx); err != nil {
		return nil, err
	}
	return c.match(a, text), nil
}

// behindKey is all that can be paged with a routing key alone.
func behindKey() []incident.PageTarget {
	return []incident.PageTarget{{Kind: incident.TargetKey, Name: anybody}}
}

func (c *Client) match(a *account, text string) []incident.PageTarget {
	text = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
	if text == "" {
		return nil
	}
	all := c.targets(a)
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

// fitting are those of which a name or a handle fits.
func fitting(all []named, fits func(string) bool) []incident.PageTarget {
	var found []incident.PageTarget
	for _, n := range all {
		any := func(names []string) int {
			return slices.IndexFunc(names, func(s string) bool { return fits(strings.ToLower(s)) })
		}
		i := any(n.names)
		if i < 0 && any(n.handles) < 0 {
			continue
		}
		t := n.PageTarget
		t.Name = n.names[max(i, 0)]
		found = append(found, t)
	}
	return found
}

// Complete gives at most n of what can be paged whose name begins with prefix, in
// any case; what a team calls otherwise than PagerDuty does has both names. It makes no
// call, so it can answer while somebody types. With a routing key alone there is only
// whoever is behind it, for any prefix.
func (c *Client) Complete(prefix string, n int) []incident.PageTarget {
	if !c.Reads() {
		return behindKey()[:min(n, 1)]
	}
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	var found []incident.PageTarget
	for _, t := range c.targets(c.dir.current()) {
		if fits := fitting([]named{t}, func(name string) bool { return strings.HasPrefix(name, prefix) || wordBegins(name, prefix) }); len(fits) > 0 {
			found = append(found, t.both())
		}
	}
	slices.SortStableFunc(found, func(a, b incident.PageTarget) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return found[:min(n, len(found))]
}

// both is a target by PagerDuty's name and, where there is another, ours.
func (n named) both() incident.PageTarget {
	t := n.PageTarget
	if len(n.names) > 1 && !strings.EqualFold(n.names[1], t.Name) {
		t.Name += " (" + n.names[1] + ")"
	}
	return t
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

// Reads tells whether PagerDuty can be asked for anything: a routing key alone
// only sends.
func (c *Client) Reads() bool { return c.config.Token != "" }
