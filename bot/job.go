package bot

import (
	"fmt"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// jobKey finds an effect again in the world.
func jobKey(item store.Item) string {
	return fmt.Sprintf("%s/%s", item.Incident, item.Key)
}

// job fills in what an effect shows, as late as can be.
func (b *Bot) job(inc incident.Incident, item store.Item) Job {
	j := Job{Key: jobKey(item), Effect: item.Effect, Tries: item.Tries, First: item.First, Recorded: recorded(inc, item)}
	switch e := item.Effect.(type) {
	case effect.Say:
		j.Message = e.Message
		if event, ok := origin(inc, item); ok {
			j.Message = dated(e.Message, event, b.Now())
		}
	case effect.ShowCard:
		j.Message = b.card(inc)
	case effect.ShowGuide:
		j.Message = b.guideMessage(inc, e.Seq)
	case effect.Announce:
		j.Message = b.announcement(inc)
	case effect.SetTopic:
		j.Text = b.topic(inc)
	case effect.Draft:
		j.Text = b.draft(inc, e.Through)
	}
	return j
}

// recorded is when what an item follows from was recorded: its event; of what shows the
// present state, what is shown.
func recorded(inc incident.Incident, item store.Item) time.Time {
	if g, guide := item.Effect.(effect.ShowGuide); guide {
		item.Seq = g.Seq
	} else if effect.Projection(item.Effect) {
		item.Seq = 1
	}
	e, _ := origin(inc, item)
	return e.Logged
}

// firstTry and longestTry bound the wait between attempts at what does no harm
// when it is done twice.
const (
	firstTry   = time.Second
	longestTry = time.Minute
)

// wait is how long to leave an item in doubt alone.
func (w *worker) wait(item store.Item) time.Duration {
	d := firstTry << min(max(item.Tries-1, 0), 6)
	d = min(d, longestTry)
	if harmless(item.Effect) {
		return d
	}
	return max(d, w.bot.Quiet)
}

// resume is when to go on with an item that was attempted before this start. The
// attempt may have been several calls, the last of them made just before the process
// ended: so it is quiet from now on, and not from when the attempt began.
func (w *worker) resume(item store.Item) time.Time {
	at := item.Last.Add(w.wait(item))
	if harmless(item.Effect) {
		return at
	}
	return latest(at, w.bot.Now().Add(w.bot.Quiet))
}

// harmless tells whether a late act does no harm, because the chat keeps it from
// happening twice.
func harmless(e effect.Effect) bool {
	switch e.(type) {
	case effect.OpenChannel, effect.Invite, effect.Fetch, effect.Mark:
		return true
	}
	return false
}
