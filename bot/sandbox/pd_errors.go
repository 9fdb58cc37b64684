package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The limits of an account's key (https://developer.pagerduty.com/docs/rest-api-rate-limits) and of an
// integration (https://developer.pagerduty.com/docs/events-api-v2-rate-limits), a minute.
const (
	pdRestPerMinute   = 960
	pdEventsPerMinute = 120
)

// pdRefusal is PagerDuty's answer to what it does not do
// (https://developer.pagerduty.com/docs/errors).
type pdRefusal struct {
	status, code int
	message      string
	errors       []string
}

func (r *pdRefusal) Error() string { return fmt.Sprintf("%d %s %v", r.code, r.message, r.errors) }

func (r *pdRefusal) answer(header http.Header) answer {
	problem := obj{"message": r.message, "code": r.code}
	if len(r.errors) > 0 {
		problem["errors"] = r.errors
	}
	return answer{status: r.status, header: header, body: obj{"error": problem}}
}

func pdInvalid(problems ...string) *pdRefusal {
	return &pdRefusal{http.StatusBadRequest, 2001, "Invalid Input Provided", problems}
}

// pdArguments refuses what is well-formed and still cannot be.
func pdArguments(problem string) *pdRefusal {
	return &pdRefusal{http.StatusBadRequest, 2002, "Arguments Caused Error", []string{problem}}
}

func pdBadTimes(problem string) *pdRefusal {
	return &pdRefusal{http.StatusBadRequest, 2004, "Invalid time values in 'since' and/or 'until' parameters", []string{problem}}
}

func pdNoRequester(from string) *pdRefusal {
	why := "From must be the e-mail address of a user of this account, not " + strconv.Quote(from)
	if from == "" {
		why = "The From header is required: the e-mail address of a user of this account"
	}
	return &pdRefusal{http.StatusBadRequest, 1008, "Requester User Not Found", []string{why}}
}

func pdUnauthorized() *pdRefusal {
	return &pdRefusal{http.StatusUnauthorized, 2006, "Authentication failed", []string{"Authorization must be: Token token=KEY, or of an app: Bearer TOKEN"}}
}

func pdDenied() *pdRefusal {
	return &pdRefusal{http.StatusForbidden, 2010, "Access Denied", []string{"This key may not do that"}}
}

func pdExpired() *pdRefusal {
	return &pdRefusal{http.StatusForbidden, 2012, "Your account is expired and cannot use the API", nil}
}

func pdNotFound() *pdRefusal { return &pdRefusal{http.StatusNotFound, 2100, "Not Found", nil} }

func pdNotAcceptable() *pdRefusal {
	return &pdRefusal{http.StatusNotAcceptable, 2001, "Invalid Input Provided", []string{"Accept must be application/vnd.pagerduty+json;version=2"}}
}

func pdInternal() *pdRefusal {
	return &pdRefusal{http.StatusInternalServerError, 2000, "An internal error has occurred. PagerDuty team has been notified.", nil}
}

func pdTooMany() *pdRefusal {
	return &pdRefusal{http.StatusTooManyRequests, 2020, "Rate Limit Exceeded", nil}
}

// pdLimits are the headers that tell how much is left and in how many seconds there is more.
func pdLimits(limit, left, reset int) http.Header {
	return http.Header{
		"Ratelimit-Limit": {strconv.Itoa(limit)}, "Ratelimit-Remaining": {strconv.Itoa(left)}, "Ratelimit-Reset": {strconv.Itoa(reset)},
	}
}

// pdWindow counts the requests of a minute that began with the first of them.
type pdWindow struct {
	began time.Time
	spent int
}

// spend counts one request of a key and gives the headers that go with the answer.
func (pd *pagerDuty) spend(key string, limit int) (http.Header, *pdRefusal) {
	if pd.windows == nil {
		pd.windows = map[string]*pdWindow{}
	}
	w, now := pd.windows[key], time.Now()
	if w == nil || now.Sub(w.began) >= time.Minute {
		w = &pdWindow{began: now}
		pd.windows[key] = w
	}
	w.spent++
	reset := int((time.Minute - now.Sub(w.began) + time.Second - 1) / time.Second)
	headers := pdLimits(limit, max(0, limit-w.spent), reset)
	if w.spent > limit {
		return headers, pdTooMany()
	}
	return headers, nil
}
