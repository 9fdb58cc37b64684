package command

import (
	"context"
	"strconv"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// usualLink is how long a link is good if nobody says.
const usualLink = 24 * time.Hour

var linkVerb = Verb{
	Name: "link", Args: "[HOURS]", Help: "a link to a page of the incident, for those who are not in Slack; good for a day",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Link == nil {
			return bot.Answer{}, incident.Refusal("There are no pages here yet: whoever runs tocsin has to set TOCSIN_URL.")
		}
		good, err := hours(c.Args)
		if err != nil {
			return bot.Answer{}, err
		}
		until := c.Now.Add(good).UTC().Truncate(time.Second)
		err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.GiveLink(until) })
		if err != nil {
			return bot.Answer{}, err
		}
		for _, e := range c.Inc.Timeline {
			if f, ok := e.Fact.(incident.LinkGiven); ok && e.Cause == c.Cause {
				until = f.Until // of the first time, if this is the second
			}
		}
		return answer("Whoever has this link can read %s until %s: %s", c.Inc.ID, incident.Clock(until), c.Link(c.Inc.ID, until)), nil
	},
}

// hours reads how long a link is to be good.
func hours(s string) (time.Duration, error) {
	if s == "" {
		return usualLink, nil
	}
	n, err := strconv.Atoi(s)
	if good := time.Duration(n) * time.Hour; err == nil && n >= 1 && good <= incident.MaxLink {
		return good, nil
	}
	return 0, incident.Refusef("For how many hours, from 1 to %d? For example `/incident link 4`.", int(incident.MaxLink.Hours()))
}
