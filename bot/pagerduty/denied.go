package pagerduty

import (
	"log/slog"
	"net/http"
	"strings"
)

// denied is a refusal of our token. People in the room cannot mend that: it tells
// them what to do without tocsin. What to set is for the operator: the log has it,
// and Check.
type denied struct{ *refusal }

// Error says it to the people in the room.
func (d denied) Error() string {
	switch {
	case d.status == http.StatusUnauthorized:
		return "PagerDuty does not accept tocsin's token. " + d.instead() + "; whoever runs tocsin must give it a new one."
	case d.reads():
		return "tocsin's PagerDuty token may not read that. " + d.instead() + "; whoever runs tocsin must give it the right to."
	}
	return "tocsin's PagerDuty token may only read. " + d.instead() + "; whoever runs tocsin must give it write access."
}

// Unwrap is PagerDuty's answer.
func (d denied) Unwrap() error { return d.refusal }

// LogValue tells the log what the operator needs, in place of Error.
func (d denied) LogValue() slog.Value {
	return slog.StringValue(d.remedy() + " (" + d.refusal.Error() + ")")
}

// remedy says to the operator what is wrong, and what to do.
func (d denied) remedy() string {
	switch {
	case d.scope != "" && d.status == http.StatusUnauthorized:
		return "PagerDuty does not accept PAGERDUTY_API_TOKEN (" + d.words + "), perhaps any more, as an app's OAuth token is good for some weeks: get a new one, and restart tocsin with it"
	case d.scope != "":
		return "the app whose OAuth token tocsin has may not do that (" + d.call + "): give it the scope " + d.scope + ", and restart tocsin with a new token of it."
	case d.status == http.StatusUnauthorized:
		return "PagerDuty does not accept PAGERDUTY_API_TOKEN (" + d.words + "): make a new API access key, and restart tocsin with it"
	case d.reads():
		return "the PagerDuty API token may not read that (" + d.call + "): give it the right, or make one that has it."
	}
	return "the PagerDuty API token may not do that (" + d.call + "), perhaps only read: make one with write access, or give its user the role Responder."
}

func (d denied) reads() bool { return strings.HasPrefix(d.call, http.MethodGet+" ") }

// instead is what people can do by themselves: call whom they need, or, where an
// incident was only to be changed, change it in PagerDuty.
func (d denied) instead() string {
	if d.reads() || strings.HasSuffix(d.call, "/incidents") || strings.HasSuffix(d.call, "/responder_requests") {
		return "Call them by phone, or page in PagerDuty itself"
	}
	return "Do it in PagerDuty itself"
}
