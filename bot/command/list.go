package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// perScreen is how many lines of a list fit on a phone. A terminal has room for all.
const perScreen = 10

var listVerb = Verb{
	Name: "list", Args: "[all] [PAGE]", Anywhere: true,
	Help: "show the open incidents, the worst first",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		word, rest := cutWord(c.Args)
		all := strings.EqualFold(word, "all")
		if !all {
			rest = c.Args
		}
		n, err := pageNumber(rest, "list")
		if err != nil {
			return bot.Answer{}, err
		}
		heads, err := c.List(ctx, c.By, all)
		if err != nil {
			return bot.Answer{}, err
		}
		if len(heads) == 0 {
			a := answer("No incident is open. Long may it last.")
			a.Buttons = []effect.Button{{Label: "Open an incident", Command: "open"}}
			return a, nil
		}
		slices.SortStableFunc(heads, worstFirst)
		if all {
			return c.heads(heads, n, "list all", "incident")
		}
		return c.heads(heads, n, "list", "open incident")
	},
}

// worstFirst has those that people work on first, the worst of them before the
// others, and of the same severity the newest.
func worstFirst(a, b store.Head) int {
	switch {
	case a.Active() != b.Active():
		return map[bool]int{true: -1, false: 1}[a.Active()]
	case a.Active() && a.Severity != b.Severity:
		return bySeverity(a.Severity, b.Severity)
	}
	return cmp.Compare(b.ID.Number(), a.ID.Number())
}

// bySeverity puts the worse one first.
func bySeverity(a, b incident.Severity) int {
	switch {
	case a.Worse(b):
		return -1
	case b.Worse(a):
		return 1
	}
	return 0
}

// heads is one page of incidents, with a button for each that people can join or
// open a room for.
func (c *Call) heads(list []store.Head, n int, line, what string) (bot.Answer, error) {
	p, err := c.screen(len(list), n, line, what)
	if err != nil {
		return bot.Answer{}, err
	}
	var a bot.Answer
	var s strings.Builder
	s.WriteString(p.top("the worst first"))
	for _, h := range list[p.from:p.to] {
		if c.Inc.ID != h.ID && h.Active() {
			a.Buttons = append(a.Buttons, listButton(h))
		}
		s.WriteString("- **" + string(h.ID) + "** · " + h.Severity.Title() + " · " + status(h) + " · " +
			incident.Escape(incident.Cut(h.Title, 120)) + " · since " + incident.Clock(h.Declared) + "\n")
	}
	a.Body = s.String() + p.end()
	a.Buttons = append(a.Buttons, p.more()...)
	return a, nil
}

func status(h store.Head) string {
	if h.Held && h.Active() {
		return "no room yet"
	}
	return string(h.Status)
}

func listButton(h store.Head) effect.Button {
	if h.Held {
		return effect.Button{Label: "Room for " + string(h.ID), Command: string(h.ID) + " room"}
	}
	return effect.Button{Label: "Join " + string(h.ID), Command: string(h.ID) + " join"}
}

// screen is a part of a list that is too long for one screen.
type screen struct {
	from, to, all int    // of the list's lines
	n, pages      int    // from 1
	what, line    string // what is listed, and the command that lists it
}

// pageNumber reads which page of a list is meant, the first where none is named.
func pageNumber(s, line string) (int, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, incident.Refusef("Which page? For example `%s 2`.", line)
	}
	return n, nil
}

// screen is the nth page of a list of so many things, all of which are one page in a
// terminal.
func (c *Call) screen(all, n int, line, what string) (screen, error) {
	size := perScreen
	if c.By.Via == incident.ViaShell {
		size = max(all, 1)
	}
	p := screen{from: (n - 1) * size, to: min(n*size, all), all: all, n: n, pages: (all + size - 1) / size, what: what, line: line}
	if n > p.pages {
		return screen{}, incident.Refusef("There is no page %d: %s on %s. `/incident %s`.", n, count(all, what), count(p.pages, "page"), line)
	}
	return p, nil
}

// top says how long the list is; "" if all of it is here.
func (p screen) top(order string) string {
	if p.pages == 1 {
		return ""
	}
	return fmt.Sprintf("**%s, %s** · page %d of %d\n\n", count(p.all, p.what), order, p.n, p.pages)
}

// end says how to get at what is not on the page.
func (p screen) end() string {
	if p.n == p.pages {
		return ""
	}
	return fmt.Sprintf("\n%d more: `/incident %s %d`", p.all-p.to, p.line, p.n+1)
}

// more leads to the next page.
func (p screen) more() []effect.Button {
	if p.n == p.pages {
		return nil
	}
	return []effect.Button{{Label: "More", Command: fmt.Sprintf("%s %d", p.line, p.n+1), Apart: true}}
}
