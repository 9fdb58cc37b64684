package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

var alertsVerb = Verb{
	Name: "alerts", Alerts: true, Args: "[PAGE]", Anywhere: true,
	Help: "list the incident's alerts with their numbers, and why they are here; elsewhere, those that belong to none, the worst first",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		n, err := pageNumber(c.Args, "alerts")
		switch {
		case err != nil:
			return bot.Answer{}, err
		case !c.Has():
			return c.loose(ctx, n)
		}
		return c.alertPage(ctx, n)
	},
}

// perPage is how many alerts fit on one page of the list.
const perPage = 20

// alertPage is one page of the list, with the services that it comes from at the
// top of the first.
func (c *Call) alertPage(ctx context.Context, page int) (bot.Answer, error) {
	total, firing := c.Inc.Tally.Total, c.Inc.Tally.Firing
	switch {
	case total == 0:
		return answer("%s has no alerts. `/incident alerts` in another channel lists those that belong to no incident.", c.Inc.ID), nil
	case page > (total+perPage-1)/perPage:
		return answer("There is no page %d. %s has %s: `/incident alerts`.", page, c.Inc.ID, count(total, "alert")), nil
	}
	var s strings.Builder
	fmt.Fprintf(&s, "**%s · %s, %s**\n\n", c.Inc.ID, count(total, "alert"), bot.Firing(total, firing))
	if page == 1 {
		s.WriteString(c.sources())
	}
	at := 0
	for n, f := range c.Inc.Alerts() {
		if at++; at <= (page-1)*perPage || at > page*perPage {
			continue
		}
		line, err := c.numberedLine(ctx, n, f)
		if err != nil {
			return bot.Answer{}, err
		}
		s.WriteString(line)
	}
	a := answer("%s", s.String())
	if at > page*perPage {
		a.Buttons = []effect.Button{{Label: "More", Command: fmt.Sprintf("%s alerts %d", c.Inc.ID, page+1)}}
	}
	return a, nil
}

// sources counts the incident's alerts by service; "" if all are of one.
func (c *Call) sources() string {
	rows, rest := bot.Rows(c.Inc, 10)
	if len(rows) < 2 {
		return ""
	}
	var s strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&s, "%s: %s, %s  \n", incident.Escape(r.Service), count(r.Alerts, "alert"), bot.Firing(r.Alerts, r.Firing))
	}
	if rest > 0 {
		fmt.Fprintf(&s, "and %s more  \n", count(rest, "service"))
	}
	return s.String() + "\n"
}

// numberedLine is an alert of the incident, with how often it came and why it is
// here.
func (c *Call) numberedLine(ctx context.Context, n int, f incident.Signaled) (string, error) {
	record, ok, err := c.AlertRecord(ctx, f.Source, f.Key)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("- %d · %s", n, alertLine(f))
	switch {
	case f.Why != "":
		line += ", " + incident.Escape(f.Why)
	case n == 1 && !c.Inc.Declarer.Human():
		line += ", it opened " + string(c.Inc.ID)
	}
	if ok && record.Count > 1 {
		line += " · " + repeated(record, c.Now)
	}
	return line + "\n", nil
}

func alertLine(f incident.Signaled) string {
	s := fmt.Sprintf("%s · %s", incident.SourceName(f.Source), incident.Escape(incident.Cut(f.Title, 120)))
	if f.Service != "" && !strings.Contains(f.Title, f.Service) {
		s += " · " + incident.Escape(f.Service)
	}
	return s + " · " + f.State
}

// repeated tells how often tocsin heard of an alert and why that is one alert: "fired 3
// times, told 2 other things, last 07:31 UTC, all with the same PagerDuty key".
func repeated(a store.Alert, now time.Time) string {
	var parts []string
	if fired := a.Count - a.Other; fired > 0 {
		parts = append(parts, "fired "+times(fired))
	}
	if a.Other > 0 {
		parts = append(parts, "told "+count(a.Other, "other thing"))
	}
	last := incident.Clock(a.Last)
	if a.Last.UTC().Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		last = a.Last.UTC().Format("15:04 UTC")
	}
	parts = append(parts, "last "+last)
	if a.Count > 1 {
		parts = append(parts, "all with the same "+incident.SourceName(a.Source)+" key")
	}
	return strings.Join(parts, ", ")
}

// times is how often, in words.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return count(n, "time")
}

var detachVerb = Verb{
	Name: "detach", Alerts: true, Args: "N…", Help: "take alerts off the incident, by their numbers",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		numbers, err := c.numbers(c.Args, "detach")
		if err == nil {
			err = c.Detach(ctx, c.Inc.ID, c.Origin(), numbers)
		}
		fires := "it fires"
		if len(numbers) > 1 {
			fires = "one of them fires"
		}
		return answer("Taken off: %s. If %s again, it opens or joins another incident.", count(len(numbers), "alert"), fires), err
	},
}

var splitVerb = Verb{
	Name: "split", Alerts: true, Args: "SERVICE | N…", Help: "open an incident of its own for some of the alerts",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		numbers, err := c.numbers(c.Args, "split")
		if err != nil {
			return bot.Answer{}, err
		}
		inc, err := c.Split(ctx, c.Inc.ID, c.Origin(), numbers)
		if err != nil {
			return bot.Answer{}, err
		}
		return answer("**%s** is open for %s: #%s. You are its commander until somebody takes over.", inc.ID, count(len(numbers), "alert"), inc.ChannelName()), nil
	},
}

// count is a number of things, in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// numbers reads which alerts are meant: "2", "2 5", "3-7", or a service's name.
func (c *Call) numbers(args, verb string) ([]int, error) {
	rows, _ := bot.Rows(c.Inc, c.Inc.Tally.Total)
	for _, r := range rows {
		if strings.EqualFold(r.Service, strings.TrimSpace(args)) {
			return r.Numbers, nil
		}
	}
	var list []int
	for _, word := range strings.FieldsFunc(args, func(r rune) bool { return r == ' ' || r == ',' }) {
		from, to, span := strings.Cut(word, "-")
		a, err := strconv.Atoi(from)
		b := a
		if span && err == nil {
			b, err = strconv.Atoi(to)
		}
		if err != nil || a < 1 || b < a || b-a > 1000 {
			return nil, incident.Refusef("“%s” is no alert and no service of %s. `/incident alerts` shows them with their numbers: `%s 2`.", incident.Escape(word), c.Inc.ID, verb)
		}
		for n := a; n <= b; n++ {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return nil, incident.Refusef("Which alerts? `/incident alerts` shows them with their numbers: `%s 2`.", verb)
	}
	return list, nil
}

var mergeVerb = Verb{
	Name: "merge", Alerts: true, Args: "INC-7", Help: "it is part of another incident: its alerts go there, and it is closed",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		id, text, ok := mergeInto(c.Args)
		if !ok {
			return bot.Answer{}, incident.Refusal("Part of which incident? For example `merge INC-7`.")
		}
		if err := c.mayMerge(ctx, c.Inc.ID, id); err != nil {
			return bot.Answer{}, err
		}
		_, err := c.Merge(ctx, c.Inc.ID, id, c.Origin(), text)
		return answer("%s is part of %s now, and closed.", c.Inc.ID, id), err
	},
}

// mergeInto reads "into INC-7 because …" after "merge".
func mergeInto(args string) (id incident.ID, text string, ok bool) {
	word, text := cutWord(trimVerb(args, "into"))
	id, ok = incident.ParseID(word)
	return id, text, ok
}

// mayMerge refuses a merger with what the person cannot see, or that would tell
// of a private incident in the open.
func (c *Call) mayMerge(ctx context.Context, duplicate, original incident.ID) error {
	var both [2]incident.Incident
	for i, id := range []incident.ID{duplicate, original} {
		inc, err := c.Incident(ctx, id)
		if err != nil || !inc.VisibleTo(c.By) {
			return incident.Refusef("There is no incident %s. `/incident list all` shows those there are.", id)
		}
		both[i] = inc
	}
	return both[0].MayMerge(both[1])
}

var roomVerb = Verb{
	Name: "room", Alerts: true, Help: "open the room of an incident that waits for somebody to ask for it",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		err := c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.WantRoom(c.By.Person) })
		return answer("%s gets its room: #%s.", c.Inc.ID, c.Inc.ChannelName()), err
	},
}

// holdOff has alerts open rooms again. Of what came meanwhile nobody was told, so whoever
// asks is shown all that has no room yet, the worst first.
func (c *Call) holdOff(ctx context.Context) (bot.Answer, error) {
	if _, err := c.HoldRooms(ctx, c.Origin(), false); err != nil {
		return bot.Answer{}, err
	}
	waiting, err := c.List(ctx, c.By, false)
	if err != nil {
		c.log.Error("what has no room cannot be listed", "error", err)
		return answer("Alerts open rooms again. What came meanwhile waits for somebody to ask for its room: `/incident list`."), nil
	}
	waiting = slices.DeleteFunc(waiting, func(h store.Head) bool { return !h.Held || !h.Active() })
	if len(waiting) == 0 {
		return answer("Alerts open rooms again. Nothing waits for one."), nil
	}
	slices.SortStableFunc(waiting, worstFirst)
	a, err := c.heads(waiting, 1, "list", "incident")
	a.Body = "Alerts open rooms again. What came meanwhile waits for somebody to ask for its room:\n\n" + a.Body
	return a, err
}

var holdVerb = Verb{
	Name: "hold", Alerts: true, Args: "[off]", Anywhere: true,
	Help: "stop alerts from opening rooms: what waits is listed instead; `hold off` lets them again",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if strings.EqualFold(c.Args, "off") {
			return c.holdOff(ctx)
		}
		if c.Args != "" && !strings.EqualFold(c.Args, "on") {
			return bot.Answer{}, incident.Refusal("`hold` stops alerts from opening rooms, `hold off` lets them again.")
		}
		stopped, err := c.HoldRooms(ctx, c.Origin(), true)
		a := answer("No alert opens a room from now on: each is stored, and what is new is in `/incident list`, the worst first. People can open incidents as always. `/incident hold off` ends it.")
		switch {
		case stopped == 1:
			a.Body += "\n\nOne that waited is in `/incident list`."
		case stopped > 1:
			a.Body += fmt.Sprintf("\n\n%d that waited are in `/incident list`.", stopped)
		}
		return a, err
	},
}
