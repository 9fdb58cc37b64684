package pagerduty

import (
	"slices"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// course is what became of something that was paged by event. It goes with the incident
// that it was paged of, and from there into what this goes on as, and back. When that is
// over nobody is to be called for it; and again when that is reopened, but not because it
// went on as something that is open.
type course struct {
	job   bot.Job
	page  incident.Page
	owner incident.ID
	goes  map[incident.ID]incident.ID // what each goes on as
	over  map[incident.ID]bool
	fires bool // people are to be called
	// known is the state in which we last left it; "" if that is in doubt: the page itself
	// may not have gone out, or an attempt may have sent what was so before.
	known string
}

// courses are those of all that was paged by event of a job's incidents.
func courses(job bot.Job) (list []*course) {
	all := moments(job)
	for _, inc := range job.Line {
		for _, page := range inc.Pages {
			if !page.Event {
				continue
			}
			c := &course{job: job, page: page, owner: inc.ID, goes: map[incident.ID]incident.ID{}, over: map[incident.ID]bool{}, fires: true}
			if !page.Perhaps {
				c.known = incident.StateFiring
			}
			for _, m := range all {
				c.step(m)
			}
			list = append(list, c)
		}
	}
	return list
}

// moment is an event that may be part of a course.
type moment struct {
	of   incident.ID
	past bool // of an incident that it does not go with now
	at   time.Time
	fact incident.Fact
	to   incident.ID // what of goes on as from here
}

// moments are the events of a job's incidents, the oldest first. A clock that was put back
// does not change the order of a timeline.
func moments(job bot.Job) (list []moment) {
	private := map[incident.ID]incident.ID{}
	incidents := slices.Concat(job.Line, job.Past)
	for i, inc := range incidents {
		at := time.Time{}
		for _, e := range inc.Timeline {
			if at.Before(e.Logged) {
				at = e.Logged
			}
			m := moment{of: inc.ID, past: i >= len(job.Line), at: at, fact: e.Fact}
			switch f := e.Fact.(type) {
			case incident.Declared:
				private[f.From] = inc.ID
			case incident.Closed:
				m.to = f.Of
				list = append(list, m)
			case incident.PagerSynced, incident.Resolved, incident.Reopened:
				list = append(list, m)
			}
		}
	}
	for i, m := range list {
		if f, closed := m.fact.(incident.Closed); closed && f.Reason == "moved" {
			list[i].to = private[m.of]
		}
	}
	slices.SortStableFunc(list, func(a, b moment) int { return a.at.Compare(b.at) })
	return list
}

// step goes on with the next moment. What changed since the first attempt of the job, or
// with another incident's, an attempt may not have known.
func (c *course) step(m moment) {
	before := c.fires
	switch f := m.fact.(type) {
	case incident.PagerSynced:
		if f.Key == c.page.Key && f.State != "" {
			c.known = f.State
		}
	case incident.Resolved, incident.Closed:
		c.over[m.of] = true
		if m.to != "" {
			c.goes[m.of] = m.to
		}
	case incident.Reopened:
		delete(c.over, m.of)
		delete(c.goes, m.of)
		c.fires = c.fires || c.with() == m.of
	}
	c.fires = c.fires && !c.over[c.with()]
	if c.fires != before && (m.past || c.job.Tries > 1 && !m.at.Before(c.job.First)) {
		c.known = ""
	}
}

// with is the incident that it goes with.
func (c *course) with() incident.ID {
	id := c.owner
	for range c.goes { // no longer, or it goes round
		to, on := c.goes[id]
		if !on {
			break
		}
		id = to
	}
	return id
}

// want is the state that it has to have.
func (c *course) want() string {
	if c.fires && !ended(c.job.Line[0]) {
		return incident.StateFiring
	}
	return incident.StateResolved
}
