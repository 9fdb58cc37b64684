package pagerduty

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot"
)

// refusal is an answer of PagerDuty's that is no success.
type refusal struct {
	call   string // "POST /incidents"
	status int
	words  string // PagerDuty's own
	scope  string // what an app's token needs for it; "" for an API key
	after  time.Duration
}

func (r *refusal) Error() string {
	return fmt.Sprintf("PagerDuty answers %s with %d: %s", r.call, r.status, r.words)
}

// refused reads an answer that is no success, whatever type it says it has.
func (c *Client) refused(call string, answer *http.Response, body []byte) error {
	r := &refusal{call: call, status: answer.StatusCode, after: wait(answer.Header)}
	if c.config.OAuth() && answer.Request != nil {
		r.scope = c.scope(answer.Request)
	}
	var rest pagerduty.APIError
	var event pagerduty.EventsAPIV2ErrorObject
	switch {
	case json.Unmarshal(body, &rest) == nil && rest.APIError.Valid:
		o := rest.APIError.ErrorObject
		r.words = sentence(o.Message, o.Errors)
	case json.Unmarshal(body, &event) == nil:
		r.words = sentence(event.Message, event.Errors)
	}
	if r.words = c.redact(r.words); r.words == "" {
		r.words = http.StatusText(r.status)
	}
	return r
}

func sentence(message string, details []string) string {
	words := strings.Join(details, "; ")
	if message != "" && words != "" {
		words = message + ": " + words
	} else {
		words += message
	}
	return strings.TrimSpace(cut(words, 500))
}

// safe is err without addresses and secrets.
func (c *Client) safe(call string, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if words := err.Error(); c.redact(words) != words {
		err = errors.New(c.redact(words))
	}
	return fmt.Errorf("PagerDuty does not answer %s: %w", call, err)
}

// redact takes our secrets out of words that came from outside.
func (c *Client) redact(words string) string {
	for _, secret := range []string{c.config.Token, c.config.RoutingKey} {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "…")
		}
	}
	return words
}

// status is the status of PagerDuty's refusal, 0 if err is none.
func status(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return 0
}

// says tells whether PagerDuty refused with these words, in any case.
func says(err error, words string) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && strings.Contains(strings.ToLower(r.words), words)
}

// definite tells whether err is a refusal for good of this very call: neither our
// rights nor the moment are in the way.
func definite(err error) bool {
	s := status(err)
	return s == http.StatusBadRequest || s == http.StatusPaymentRequired || s == http.StatusNotFound || s == http.StatusConflict
}

// classify says what is known after a failed call, for bot's worker: a 429 was
// not carried out; time-outs, resets and PagerDuty's own failures are ambiguous;
// every other refusal is definite.
func classify(err error) error {
	r, ok := errors.AsType[*refusal](err)
	switch {
	case !ok:
		return err // ambiguous, or classified already
	case r.status == http.StatusTooManyRequests:
		return &bot.Later{After: r.after, Err: errLimited}
	case r.status == http.StatusRequestTimeout, r.status >= 500:
		return err
	case r.status == http.StatusUnauthorized:
		// The operator can mend it, and then nothing must be lost.
		return &bot.Later{After: time.Minute, Err: denied{r}}
	case r.status == http.StatusForbidden:
		return fmt.Errorf("%w (%w)", &bot.Final{Why: denied{r}.Error()}, r)
	}
	return &bot.Final{Why: r.why()}
}

// why says what a refusal means and what to do about it.
func (r *refusal) why() string {
	const again = " Then use “Try again”."
	switch {
	case r.status == http.StatusPaymentRequired:
		return "the PagerDuty account's plan does not have that (" + r.words + ")."
	case r.status == http.StatusNotFound:
		return "PagerDuty knows no such thing any more (" + r.call + "). Was it deleted, or may the token not see it?"
	case r.status/100 == 3:
		return "PagerDuty's address sends us elsewhere, and a token must not follow: check PAGERDUTY_API_URL." + again
	case strings.Contains(strings.ToLower(r.words), "requester user not found"):
		return "PAGERDUTY_FROM is no user of the PagerDuty account: set it to the e-mail of one." + again
	case strings.Contains(strings.ToLower(r.words), "not found"):
		return "PagerDuty knows no such person, service or policy any more (" + r.words + "). Page somebody else."
	case strings.Contains(strings.ToLower(r.words), "routing key") || strings.Contains(r.words, "routing_key"):
		return "PagerDuty does not know PAGERDUTY_ROUTING_KEY (" + r.words + "): take the integration key of an Events API v2 integration." + again
	}
	return "PagerDuty refused (" + r.words + ")." + again
}

// cut is s in n characters at the most.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
