package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// The waits before what was put off for a right that is lost is tried again: the
// first, and from the fourth on. What somebody mends is made up for that soon.
const (
	firstPutOff   = time.Minute
	longestPutOff = 5 * time.Minute
)

// giveUp is how long an effect waits for a right in one place: then somebody has
// to ask for it. For the whole workspace's it waits for ever, as everything does.
const giveUp = 24 * time.Hour

// lost tells which right a refusal is about, and what to do about it. where is one
// of the incident.Barred constants; "" for a refusal that is about no right.
func lost(inc incident.Incident, e effect.Effect, err error) (where, why string) {
	place := incident.BarredRoom
	if _, ok := e.(effect.Announce); ok {
		place = incident.BarredAnnouncement
	}
	if none, ok := errors.AsType[unannounced](err); ok {
		return incident.BarredAnnouncement, none.Error()
	}
	switch c := code(err); c {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type", "two_factor_setup_required":
		return incident.BarredChat, fmt.Sprintf("Slack does not accept SLACK_BOT_TOKEN (%s). Whoever runs tocsin must install the app again, and restart tocsin with the new token.", c)
	case "ekm_access_denied", "team_access_not_granted", "access_denied", "accesslimited", "enterprise_is_restricted", "org_login_required", "team_added_to_org", "message_limit_exceeded":
		return incident.BarredChat, fmt.Sprintf("the workspace lets nothing be written (%s). Ask a workspace admin.", c)
	case "missing_scope":
		return scopeless(place, writing(inc, e), err)
	case "restricted_action", "posting_to_channel_denied", "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "edit_window_closed":
		return restricted(place, writing(inc, e))
	case "user_is_restricted", "cannot_create_channel", "permission_denied", "no_permission":
		return incident.BarredAct, "the workspace does not allow it. Ask a workspace admin to let the app do it."
	case "is_archived", "is_inactive": // chat.update says the second
		return place, archived(inc, place)
	case "not_in_channel", "channel_not_found", "channel_is_limited_access":
		return place, "Slack finds no such channel, or the bot may not see it. Invite the bot there" + elsewhere(place)
	}
	return "", ""
}

// restricted is what the workspace's settings keep tocsin from. What was posted and may
// not be changed is told in the room: there may be new messages.
func restricted(place, writing string) (where, why string) {
	why = "the workspace's settings do not let the app do it. Ask a workspace admin to let it."
	if writing == "" || writing == incident.OnlyEdit && place == incident.BarredRoom {
		return incident.BarredAct, why
	}
	return place, why
}

// scopeless is what a missing scope keeps tocsin from. Where a message may have been
// posted, and tocsin may not look, all that is written after it waits, too.
func scopeless(place, writing string, err error) (where, why string) {
	answer, _ := errors.AsType[slack.SlackErrorResponse](err)
	needed := answer.Needed
	switch {
	case strings.HasPrefix(needed, "chat:write"):
		where = incident.BarredChat // nothing can be said of it
	case place == incident.BarredRoom && writing == incident.OnlyPost:
		where = place
	default:
		where = incident.BarredAct
	}
	return where, fmt.Sprintf("the Slack app lacks the scope %q. Whoever runs tocsin must add it in the app's settings (`tocsin manifest` has all), and install the app again.", needed)
}

// archived says what to do about an archived channel. tocsin does not bring it
// back by itself: Slack lets no bot's token do that
// (https://api.slack.com/methods/conversations.unarchive), and whoever archived it
// may have meant to.
func archived(inc incident.Incident, place string) string {
	if place == incident.BarredAnnouncement {
		return "the channel is archived. Unarchive it" + elsewhere(place)
	}
	return fmt.Sprintf("the channel is archived, and %s is not over. Unarchive it, or resolve or close it with `/incident %s …`.", inc.ID, inc.ID)
}

func elsewhere(place string) string {
	if place == incident.BarredAnnouncement {
		return ", or name another with TOCSIN_ANNOUNCE."
	}
	return "."
}

// putOff has an effect wait for a right that was lost, and has people and the
// operator told of it. It is nil for failures of another kind, and for what nobody
// waits for: what is to be written in the archived room of an incident that is over,
// and what waited for a day. What others would wait behind does not wait either.
func putOff(inc incident.Incident, job bot.Job, err error) error {
	where, why := lost(inc, job.Effect, err)
	c := code(err)
	switch {
	case where == "":
		return nil
	case aboutMessage(job.Effect):
		if where == incident.BarredRoom || where == incident.BarredAnnouncement {
			return nil // of some other channel
		}
	case where == incident.BarredAct && sharesLane(job.Effect):
		return nil
	case !inc.Active() && (c == "is_archived" || c == "is_inactive"):
		return nil
	}
	if where != incident.BarredChat && time.Since(barredSince(inc, where)) > giveUp {
		return nil
	}
	if c != "" {
		err = fmt.Errorf("%s (%s)", why, c)
	}
	bar := incident.Barred{Where: where, Effect: effect.Effects.Name(job.Effect), What: hindered(where, job.Effect), Why: why}
	if partly(c) || where == incident.BarredRoom && c == "missing_scope" {
		bar.Only = writing(inc, job.Effect)
	}
	return &bot.Later{After: patience(job.Tries), Err: err, Facts: []incident.Fact{bar}}
}

// barredSince is since when the right of where is missing, as the timeline has it; now
// while it does not. That something was tried long before is no reason to give up.
func barredSince(inc incident.Incident, where string) time.Time {
	since := time.Now()
	for _, e := range slices.Backward(inc.Timeline) {
		f, ok := e.Fact.(incident.Barred)
		if !ok || f.Where != where {
			continue
		}
		if f.Why == "" {
			break
		}
		since = e.Logged
	}
	return since
}

// aboutMessage tells whether an effect is about one message, of any channel.
func aboutMessage(e effect.Effect) bool {
	switch e.(type) {
	case effect.Fetch, effect.Mark:
		return true
	}
	return false
}

// sharesLane tells whether messages come after an effect: they do not wait for a
// scope that they do not need.
func sharesLane(e effect.Effect) bool {
	_, draft := e.(effect.Draft)
	return draft
}

// hindered is what cannot be done, in words after "cannot".
func hindered(where string, e effect.Effect) string {
	switch where {
	case incident.BarredChat:
		return "write in Slack"
	case incident.BarredRoom:
		return "write in the channel"
	}
	return e.Words()
}

// patience is how long to wait before the next attempt.
func patience(tries int) time.Duration {
	return min(firstPutOff<<min(max(tries-1, 0), 3), longestPutOff)
}

// comeBack joins a public channel again that the bot was put out of, or that was
// unarchived without it: an incident's room is where its card and its record are, and
// whoever wants to be rid of the bot closes the incident. Private ones need somebody
// to invite it. The error is why it is still not there.
func (p *Performer) comeBack(ctx context.Context, inc incident.Incident, e effect.Effect, out error) error {
	channel := inc.Channel.Channel
	if _, ok := e.(effect.Announce); ok {
		channel = p.announcement()
	} else if inc.Private || aboutMessage(e) {
		return out
	}
	_, _, _, err := p.api.JoinConversationContext(ctx, channel)
	if err == nil || code(err) == "is_archived" {
		return err
	}
	return out
}

// announcement is the announcement channel's ID, "" while it is not known.
func (p *Performer) announcement() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.announceID
}

// seek looks for the announcement channel anew: it may be another one now.
func (p *Performer) seek(ctx context.Context) (string, error) {
	p.mu.Lock()
	p.announceID = ""
	p.mu.Unlock()
	return p.announcementChannel(ctx)
}

// gone tells whether a channel is there no more, or not for the bot.
func gone(code string) bool {
	switch code {
	case "is_archived", "is_inactive", "channel_not_found", "not_in_channel":
		return true
	}
	return false
}

// unannounced is that there is no announcement channel of that name.
type unannounced string

func (name unannounced) Error() string {
	return fmt.Sprintf("there is no channel #%s that the bot can see. Create it, or name another with TOCSIN_ANNOUNCE.", string(name))
}
