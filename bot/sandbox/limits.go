package sandbox

import (
	"slices"
	"time"
)

// tiers are how many calls of a method Slack takes in a minute from one app in one workspace
// (https://docs.slack.dev/apis/web-api/rate-limits/): tier 1 is 1, tier 2 is 20, tier 3 is 50, tier 4 is
// 100. Of auth.test and chat.getPermalink Slack says "hundreds"; chat.postMessage is below. A method
// that is not here has no limit.
func tiers() map[string]int {
	const tier1, tier2, tier3, tier4, hundreds = 1, 20, 50, 100, 300
	return map[string]int{
		"api.test": tier4, "auth.test": hundreds, "apps.connections.open": tier1, "team.info": tier3, "bots.info": tier3, "emoji.list": tier2,
		"users.info": tier4, "users.list": tier2, "users.lookupByEmail": tier3, "users.profile.get": tier4, "users.conversations": tier2,
		"usergroups.list": tier2, "usergroups.users.list": tier2,
		"conversations.create": tier2, "conversations.rename": tier2, "conversations.archive": tier2, "conversations.unarchive": tier2,
		"conversations.setTopic": tier2, "conversations.setPurpose": tier2, "conversations.list": tier2,
		"conversations.info": tier3, "conversations.open": tier3, "conversations.invite": tier3, "conversations.kick": tier3,
		"conversations.join": tier3, "conversations.leave": tier3, "conversations.history": tier3, "conversations.replies": tier3,
		"conversations.members": tier4,
		"chat.postMessage":      postsPerMinute, "chat.postEphemeral": tier4, "chat.update": tier3, "chat.delete": tier3, "chat.getPermalink": hundreds,
		"views.open": tier4, "views.push": tier4, "views.update": tier4, "views.publish": tier4,
		"reactions.add": tier3, "reactions.remove": tier2, "reactions.get": tier3,
		"pins.add": tier2, "pins.remove": tier2, "pins.list": tier2,
		"bookmarks.add": tier2, "bookmarks.edit": tier2, "bookmarks.remove": tier2, "bookmarks.list": tier3,
		"files.getUploadURLExternal": tier4, "files.completeUploadExternal": tier4, "files.info": tier4,
	}
}

// chat.postMessage takes one message a second in each channel; "short bursts" above that, and "several
// hundred" a minute in the workspace, are Slack's words: these are the figures that the sandbox gives
// them.
const (
	postsPerMinute = 200
	postInterval   = time.Second // in one channel
	postBurst      = 4
)

// tierWindow is what tiers count in.
const tierWindow = time.Minute

// limiter knows what each method was allowed lately. Guarded by the Workspace's lock.
type limiter struct {
	tiers   map[string]int
	taken   map[string][]time.Time // by method, of the last window
	posting map[string]time.Time   // by channel: when its messages so far would be all through at one a second
}

func newLimiter() limiter {
	return limiter{tiers: tiers(), taken: map[string][]time.Time{}, posting: map[string]time.Time{}}
}

// allow counts a call, or tells how long the app must wait.
func (l *limiter) allow(c *call, now time.Time) (wait time.Duration) {
	limit, limited := l.tiers[c.method]
	if !limited {
		return 0
	}
	taken := lately(l.taken[c.method], now)
	l.taken[c.method] = taken
	if len(taken) >= limit {
		return taken[len(taken)-limit].Add(tierWindow).Sub(now)
	}
	if c.method == "chat.postMessage" {
		if wait := l.post(c.text("channel"), now); wait > 0 {
			return wait
		}
	}
	l.taken[c.method] = append(taken, now)
	return 0
}

// post counts a message in a channel, or tells how long it must wait.
func (l *limiter) post(channel string, now time.Time) time.Duration {
	through := l.posting[channel]
	if through.Before(now) {
		through = now
	}
	if wait := through.Sub(now) - (postBurst-1)*postInterval; wait > 0 {
		return wait
	}
	l.posting[channel] = through.Add(postInterval)
	return 0
}

// lately drops what is a window ago or more.
func lately(times []time.Time, now time.Time) []time.Time {
	i := slices.IndexFunc(times, func(t time.Time) bool { return now.Sub(t) < tierWindow })
	if i < 0 {
		return times[:0]
	}
	return times[i:]
}

// overLimit tells how many seconds a call must wait, 0 if it may go on. Limits are enforced with
// Options.Limits, and while the fault "limits" is on.
func (ws *Workspace) overLimit(c *call) (seconds int) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	on := ws.opt.Limits || slices.ContainsFunc(ws.faults.active, func(f *Fault) bool { return f.Kind == "limits" && f.hits(c.method) })
	if !on || isPager(c.method) {
		return 0
	}
	wait := ws.limits.allow(c, time.Now())
	return int((wait + time.Second - 1) / time.Second)
}
