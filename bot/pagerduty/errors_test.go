package pagerduty_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// later tells whether err is a *bot.Later for so long, with these words.
func later(err error, after time.Duration, words string) bool {
	l, ok := errors.AsType[*bot.Later](err)
	return ok && l.After == after && strings.Contains(err.Error(), words)
}

// canned is a PagerDuty that has one answer for everything.
type canned struct {
	status int
	header http.Header
	body   string
	err    error
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.err != nil {
		return nil, c.err
	}
	header := c.header
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{StatusCode: c.status, Header: header, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

// told is what comes of telling an incident's PagerDuty something.
func (c canned) told(t *testing.T) error {
	t.Helper()
	config := pagerduty.Config{Token: "t0ken", From: "ada@example.com", HTTP: &http.Client{Transport: c}}
	client, err := pagerduty.Dial(t.Context(), config)
	must(t, err)
	inc := incident.Fold("INC-7", []incident.Event{
		{Seq: 1, Fact: incident.Declared{Title: "Slow", Severity: incident.SEV2}},
		{Seq: 2, Fact: incident.Signaled{Source: "pagerduty", State: incident.StateFiring, Key: "P1"}},
	})
	job := bot.Job{Effect: effect.TellPager{Text: "Rolled back"}, Tries: 1, First: time.Now()}
	_, err = pagerduty.NewPerformer(client).Perform(t.Context(), inc, job)
	return err
}

const (
	invalid = `{"error":{"code":2001,"message":"Invalid Input Provided","errors":["Content cannot be empty"]}}`
	hint    = `{"error":{"code":2020,"message":"Rate Limit Exceeded"}}`
)

// TestEveryStatus: what each answer comes to: later, never, or not known.
func TestEveryStatus(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	tests := []struct {
		canned
		kind  string // "", "later", "final", "ambiguous"
		after time.Duration
		words string
	}{
		{canned{status: 200, body: `{}`}, "", 0, ""},
		{canned{status: 201, body: `{"note":{}}`}, "", 0, ""},
		{canned{status: 204}, "", 0, ""},
		{canned{status: 400, body: invalid}, "final", 0, "Invalid Input Provided: Content cannot be empty"},
		{canned{status: 400, header: header("Content-Type", "text/html"), body: invalid}, "final", 0, "Content cannot be empty"},
		{canned{status: 400, body: `{"error":{"code":2001,"message":"Invalid","errors":"one text"}}`}, "final", 0, "Invalid: one text"},
		{canned{status: 400, body: `{"error":{"code":1008,"message":"Requester User Not Found"}}`}, "final", 0, "PAGERDUTY_FROM is no user"},
		{canned{status: 400, body: `<html>`}, "final", 0, "Bad Request"},
		{canned{status: 401, body: `{"error":{"code":2006,"message":"Authentication failed"}}`}, "later", time.Minute, "PagerDuty does not accept tocsin's token. Do it in PagerDuty itself;"},
		{canned{status: 402, body: `{"error":{"code":2014,"message":"Account does not have the abilities"}}`}, "final", 0, "plan does not have that (Account"},
		{canned{status: 403, body: `{"error":{"code":2010,"message":"Access Denied"}}`}, "final", 0, "write access"},
		{canned{status: 404, body: `{"error":{"code":2100,"message":"Not Found"}}`}, "", 0, ""}, // what is deleted cannot be told
		{canned{status: 406}, "final", 0, "Not Acceptable"},
		{canned{status: 408}, "ambiguous", 0, "408"},
		{canned{status: 409, body: invalid}, "final", 0, "Content cannot be empty"},
		{canned{status: 422, body: invalid}, "final", 0, "Content cannot be empty"},
		{canned{status: 429, header: header("ratelimit-reset", "35"), body: hint}, "later", 35 * time.Second, "rate limit"},
		{canned{status: 429, header: header("Retry-After", "7", "ratelimit-reset", "35"), body: hint}, "later", 7 * time.Second, "rate limit"},
		{canned{status: 429, header: header("Retry-After", "0")}, "later", time.Second, "rate limit"},
		{canned{status: 429, header: header("Retry-After", "-9")}, "later", time.Second, "rate limit"},
		{canned{status: 429, header: header("Retry-After", "999999")}, "later", 10 * time.Minute, "rate limit"},
		{canned{status: 429, header: header("Retry-After", "soon")}, "later", 10 * time.Second, "rate limit"},
		{canned{status: 429}, "later", 10 * time.Second, "rate limit"},
		{canned{status: 301, header: header("Location", "https://elsewhere.test/")}, "final", 0, "PAGERDUTY_API_URL"},
		{canned{status: 307, header: header("Location", "https://elsewhere.test/")}, "final", 0, "PAGERDUTY_API_URL"},
		{canned{status: 500}, "ambiguous", 0, "500"},
		{canned{status: 502, body: "<html>bad gateway"}, "ambiguous", 0, "502"},
		{canned{status: 503}, "ambiguous", 0, "503"},
		{canned{err: io.ErrUnexpectedEOF}, "ambiguous", 0, "does not answer"},
		{canned{err: errors.New("reset by Token token=t0ken")}, "ambiguous", 0, "does not answer"},
	}
	for _, test := range tests {
		err := test.told(t)
		l, isLater := errors.AsType[*bot.Later](err)
		_, isFinal := errors.AsType[*bot.Final](err)
		kind := map[bool]string{true: "later"}[isLater] + map[bool]string{true: "final"}[isFinal]
		if err != nil && kind == "" {
			kind = "ambiguous"
		}
		if kind != test.kind || isLater && l.After != test.after || err != nil && !strings.Contains(err.Error(), test.words) {
			t.Errorf("%d %v %s: %v (%s), want %s after %v with %q", test.status, test.header, test.body, err, kind, test.kind, test.after, test.words)
		}
		if err != nil && (strings.Contains(err.Error(), "t0ken") || strings.Contains(err.Error(), "://")) {
			t.Errorf("%v: secrets and addresses are not for everybody", err)
		}
	}
}

// TestNoRedirect: a token does not follow where an answer points to.
func TestNoRedirect(t *testing.T) {
	asked := 0
	hop := roundTrip(func(r *http.Request) (*http.Response, error) {
		asked++
		return canned{status: 302, header: http.Header{"Location": {"https://elsewhere.test/"}}}.RoundTrip(r)
	})
	client, err := pagerduty.Dial(t.Context(), pagerduty.Config{Token: "t0ken", HTTP: &http.Client{Transport: hop}})
	must(t, err)
	if err := client.Refresh(t.Context()); !final(err, "PAGERDUTY_API_URL") || asked != 1 {
		t.Errorf("%d requests, %v", asked, err)
	}
}

// TestHugeAnswer: an answer is read to a bound only.
func TestHugeAnswer(t *testing.T) {
	client, err := pagerduty.Dial(t.Context(), pagerduty.Config{Token: "t0ken", HTTP: &http.Client{Transport: canned{status: 200, body: `{"services":"` + strings.Repeat("x", 9<<20) + `"}`}}})
	must(t, err)
	if err := client.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("%v", err)
	}
}

// TestSecretsStayHere: what PagerDuty says back does not carry our secrets on.
func TestSecretsStayHere(t *testing.T) {
	key := strings.Repeat("k", 32)
	body := `{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key ` + key + `"]}`
	client, err := pagerduty.Dial(t.Context(), pagerduty.Config{RoutingKey: key, HTTP: &http.Client{Transport: canned{status: 400, body: body}}})
	must(t, err)
	problems := strings.Join(client.Check(t.Context()), "\n")
	if strings.Contains(problems, key) || !strings.Contains(problems, "PagerDuty does not know PAGERDUTY_ROUTING_KEY") {
		t.Errorf("%s", problems)
	}
}

// TestRights: a token that may only read says so, and what to do.
func TestRights(t *testing.T) {
	c := full()
	c.Token = sandbox.PagerDutyReadToken
	d := newDesk(t, c)
	if _, err := d.page(answers, ""); !final(err, "tocsin's PagerDuty token may only read. Call them by phone") {
		t.Errorf("%v", err)
	}
	if err := d.Refresh(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	c = full()
	c.From = "nobody@example.com"
	d = newDesk(t, c)
	if _, err := d.page(answers, ""); !final(err, "PAGERDUTY_FROM is no user of the PagerDuty account") {
		t.Errorf("%v", err)
	}
	c.From = ""
	d = newDesk(t, c) // the key is Ada's own
	if _, err := d.page(answers, ""); err != nil {
		t.Errorf("without PAGERDUTY_FROM: %v", err)
	}
}

// TestWordsForTheRoom: people in the room are told what they can do themselves, in
// no words but theirs; which call it was, and what to set, is for the log.
func TestWordsForTheRoom(t *testing.T) {
	phone := "Call them by phone, or page in PagerDuty itself; "
	tests := []struct {
		name, refuse string
		status       int
		want, logged string
		do           func(*desk) error
	}{
		{"a page", "POST /incidents", 403, "tocsin's PagerDuty token may only read. " + phone + "whoever runs tocsin must give it write access.", "POST /pagerduty/incidents",
			func(d *desk) error { _, err := d.page(answers, ""); return err }},
		{"a note", "POST /incidents/", 403, "tocsin's PagerDuty token may only read. Do it in PagerDuty itself; whoever runs tocsin must give it write access.", "POST /pagerduty/incidents/",
			func(d *desk) error {
				d.alert("PSVC001", "Slow")
				_, err := d.try(effect.TellPager{Text: "Rolled back"})
				return err
			}},
		{"a name", "GET /services", 403, "tocsin's PagerDuty token may not read that. " + phone + "whoever runs tocsin must give it the right to.", "GET /pagerduty/services",
			func(d *desk) error { _, err := d.Targets(d.t.Context(), "Platform"); return err }},
		{"a page with a bad token", "POST /incidents", 401, "PagerDuty does not accept tocsin's token. " + phone + "whoever runs tocsin must give it a new one.", "POST /pagerduty/incidents",
			func(d *desk) error { _, err := d.page(answers, ""); return err }},
	}
	for _, test := range tests {
		d := newDesk(t, full())
		d.rules.refuse(test.status, test.refuse)
		err := test.do(d)
		var words string
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		if l, ok := errors.AsType[*bot.Later](err); ok {
			words = l.Err.Error()
			logger.Error("put off", "error", l.Err)
		} else if f, ok := errors.AsType[*bot.Final](err); ok {
			words = f.Why
			logger.Error("given up", "error", err)
		}
		if words != test.want {
			t.Errorf("%s: the room is told %q, want %q", test.name, words, test.want)
		}
		if !strings.Contains(log.String(), test.logged) || !strings.Contains(log.String(), "Refused") {
			t.Errorf("%s: the log has %s", test.name, log.String())
		}
	}
}

// TestPlans: what an account's plan does not have is done in another way.
func TestPlans(t *testing.T) {
	d := newDesk(t, full())
	id := d.alert("PSVC001", "Slow")
	d.rules.refuse(402, "POST /incidents/"+id+"/responder_requests")
	paged, err := d.page(dina, "")
	must(t, err)
	if paged.Added || paged.Key == id || d.shown(paged.Key).Assignee != "Dina Weiss" {
		t.Errorf("without responders: %+v", paged)
	}
	d.rules.refuse(402, "POST /incidents/"+id+"/status_updates")
	d.do(effect.TellPager{Text: "All is well", Update: true})
	if got := d.shown(id); len(got.Notes) != 1 || got.Notes[0] != "[INC-7] All is well" {
		t.Errorf("without status updates: %+v", got)
	}
	for _, status := range []int{403, 404} {
		d := newDesk(t, full())
		id := d.alert("PSVC001", "Slow")
		d.rules.refuse(status, "GET /priorities")
		d.record(incident.SeverityChanged{To: incident.SEV3})
		if facts := d.do(effect.SyncPager{}); len(facts) != 1 || d.shown(id).Urgency != "low" {
			t.Errorf("without priorities: %+v, %+v", facts, d.shown(id))
		}
	}
}

// TestFormOfErrors: events answer errors in a form of their own.
func TestFormOfErrors(t *testing.T) {
	c := full()
	c.RoutingKey = strings.Repeat("x", 32)
	d := newDesk(t, c)
	if _, err := d.page(anybody, ""); !final(err, "PagerDuty does not know PAGERDUTY_ROUTING_KEY") {
		t.Errorf("%v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
