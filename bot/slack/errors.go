package slack

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

// code is Slack's error code of err, "" if Slack did not answer with one.
func code(err error) string {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return r.Err
	}
	return ""
}

// classify says what is known after a failed call, for bot's worker: a 429 was
// not carried out; a time-out, a reset, a 5xx and Slack's own internal errors
// are ambiguous; every other refusal is definite.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*bot.Later](err); ok {
		return err
	}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return &bot.Later{After: max(limited.RetryAfter, time.Second), Err: err}
	}
	if none, ok := errors.AsType[unannounced](err); ok {
		return &bot.Final{Why: none.Error()}
	}
	if why := strayed(err); why != nil {
		return &bot.Final{Why: "Slack's answer cannot be followed: " + why.Error() + ". Check SLACK_API_URL and the network between, then use “Try again”."}
	}
	c := code(err)
	if c == "" || ambiguous(c) {
		return err
	}
	switch c {
	case "ratelimited", "rate_limited":
		return &bot.Later{After: 10 * time.Second, Err: err}
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		// The operator can mend it, and then nothing must be lost.
		return &bot.Later{After: time.Minute, Err: fmt.Errorf("Slack does not accept SLACK_BOT_TOKEN (%s): install the app again and restart tocsin with the new token", c)}
	default:
		return &bot.Final{Why: words(err)}
	}
}

// strayed is why the address in an answer of Slack's was not followed; nil: it was.
func strayed(err error) error {
	if e, ok := errors.AsType[*astray](err); ok {
		return e
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && errors.Is(err, inbound.ErrPrivate) {
		return e.Err
	}
	return nil
}

// ambiguous tells whether a code of Slack's is about Slack itself: then nobody
// knows whether the call was carried out.
func ambiguous(code string) bool {
	switch code {
	case "internal_error", "fatal_error", "request_timeout", "service_unavailable":
		return true
	}
	return false
}

// words says what a refusal means and what to do about it.
func words(err error) string {
	r, _ := errors.AsType[slack.SlackErrorResponse](err)
	switch r.Err {
	case "missing_scope":
		return fmt.Sprintf("the Slack app lacks the scope %q. Add it in the app's settings (`tocsin manifest` has all), install the app again, then use “Try again”.", r.Needed)
	case "channel_not_found":
		return "Slack finds no such channel, or the bot may not see it. Invite the bot to it, or create it, then use “Try again”."
	case "not_in_channel":
		return "the bot is not in that channel. Invite it there, then use “Try again”."
	case "is_archived", "is_inactive": // chat.update says the second
		return "the channel is archived. Unarchive it, then use “Try again”."
	case "restricted_action", "user_is_restricted", "cannot_create_channel":
		return "the workspace does not allow it. Ask a workspace admin to let the app do it, then use “Try again”."
	case "message_not_found", "thread_not_found":
		return "the message is gone."
	case "user_not_found", "users_not_found":
		return "Slack knows no such person."
	}
	return fmt.Sprintf("Slack refused (%s). Use “Try again” when that is mended.", r.Err)
}
