package command

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

var statusVerb = Verb{
	Name: "status", Alerts: true, Anywhere: true, Help: "how tocsin itself is: what waits for Slack, alerts not yet placed, rooms on hold, what was changed lately, and by whom",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		slack, pagerDuty := c.queues()
		lines := []string{slack.String()}
		if c.Paging != nil || pagerDuty.n > 0 {
			lines = append(lines, pagerDuty.String())
		}
		lines = append(append(lines, c.pace()...), c.bars(ctx)...)
		lines = append(lines, arriving(c.Arriving()))
		if n := c.Kept(); n > 0 {
			lines = append(lines, keeping(n))
		}
		if held, ok := c.HeldBy(); ok {
			lines = append(lines, fmt.Sprintf("Rooms are on hold since %s%s: `/incident hold off` ends it", incident.Clock(held.At), changer(held)))
		}
		if storm, ok := c.Storm(); ok {
			lines = append(lines, stormLine(storm))
		}
		lines = append(lines, c.changes(ctx)...)
		return answer("**tocsin now**\n\n- %s", strings.Join(lines, "\n- ")), nil
	},
}

// queue is what waits for a service.
type queue struct {
	service string
	n       int
	age     time.Duration  // of the oldest
	does    map[string]int // how many do what, in words
}

// queues are what waits for Slack, and for PagerDuty.
func (c *Call) queues() (slack, pagerDuty queue) {
	slack, pagerDuty = queue{service: "Slack", does: map[string]int{}}, queue{service: "PagerDuty", does: map[string]int{}}
	for _, w := range c.Waiting() {
		q := &slack
		e, _ := effect.Effects.Zero(w.Effect) // of this very program
		switch e.(type) {
		case effect.Page, effect.SyncPager, effect.TellPager:
			q = &pagerDuty
		}
		q.n++
		q.age = max(q.age, c.Now.Sub(w.Urgency.Since))
		q.does[e.Words()]++
	}
	return slack, pagerDuty
}

func (q queue) String() string {
	if q.n == 0 {
		return q.service + ": nothing waits"
	}
	var parts []string
	for _, does := range slices.SortedFunc(maps.Keys(q.does), func(a, b string) int {
		return cmp.Or(q.does[b]-q.does[a], strings.Compare(a, b))
	}) {
		parts = append(parts, fmt.Sprintf("%d × %s", q.does[does], does))
	}
	return fmt.Sprintf("%s: %s, the oldest for %s: %s", q.service, wait(count(q.n, "thing"), q.n), incident.Span(q.age), strings.Join(parts, ", "))
}

// wait says of some things that they wait.
func wait(things string, n int) string {
	if n == 1 {
		return things + " waits"
	}
	return things + " wait"
}

// pace tells which of Slack's limits hold something up.
func (c *Call) pace() []string {
	var lines []string
	for _, b := range c.buckets() {
		paused := b.PausedUntil.After(c.Now)
		if b.Waiting == 0 && !paused {
			continue
		}
		line := fmt.Sprintf("`%s`: %d of %d in the last minute, %s", b.Name, b.Used, b.Limit, wait(strconv.Itoa(b.Waiting), b.Waiting))
		if paused {
			line += ", Slack asks to wait until " + b.PausedUntil.UTC().Format("15:04:05 UTC")
		}
		lines = append(lines, line)
	}
	return lines
}

// mostBars is how many incidents are told of that something keeps waiting.
const mostBars = 10

// bars tell what tocsin may not do in the chat for open incidents that the person
// may see, and what to do about it.
func (c *Call) bars(ctx context.Context) []string {
	heads, err := c.List(ctx, c.By, false)
	if err != nil {
		return nil
	}
	var lines []string
	for _, h := range heads {
		inc, err := c.Incident(ctx, h.ID)
		if err != nil || len(lines) >= mostBars {
			continue
		}
		for _, bar := range inc.Bars {
			lines = append(lines, fmt.Sprintf("%s: I cannot %s now: %s", inc.ID, incident.Escape(bar.What), incident.Escape(bar.Why)))
		}
	}
	return lines
}

// mostChanges is how many changes are told, the newest.
const mostChanges = 10

// changes tell what was changed lately outside any incident, the newest first.
func (c *Call) changes(ctx context.Context) []string {
	list, err := c.Changes(ctx)
	if err != nil {
		c.log.Warn("changes cannot be read", "error", err)
	}
	var lines []string
	for _, ch := range slices.Backward(list[max(0, len(list)-mostChanges):]) {
		lines = append(lines, fmt.Sprintf("Changed at %s%s: %s, %s", incident.Clock(ch.At), changer(ch), incident.Escape(ch.Kind), incident.Escape(ch.What)))
	}
	return lines
}

// changer says who changed something and from where: ", by @Ada Okafor (slack)"; "" if
// that is not on record.
func changer(c store.Change) string {
	by := c.Actor()
	switch {
	case by.Person == incident.Person{}:
		return ""
	case by.Via == "":
		return ", by " + bot.Mention(by.Person)
	}
	return ", by " + bot.Mention(by.Person) + " (" + incident.Escape(by.Via) + ")"
}

// arriving tells of the deliveries of alerts that wait for their places.
func arriving(n int) string {
	if n == 1 {
		return "Alerts: 1 delivery is stored and not placed yet"
	}
	return fmt.Sprintf("Alerts: %d deliveries are stored and not placed yet", n)
}

// keeping tells of the alerts of which something waits for the next start.
func keeping(n int) string {
	return wait(count(n, "alert"), n) + " for a restart, and before it perhaps for `tocsin doctor --repair`: what came of them is stored and cannot be carried out, the log says why"
}

func stormLine(s bot.Storm) string {
	until := s.Until.UTC().Format("15:04 UTC")
	if s.Shelter == "" {
		return "Storm: rooms are over the limit until " + until
	}
	return fmt.Sprintf("Storm: alerts of something new go to %s until %s", s.Shelter, until)
}
