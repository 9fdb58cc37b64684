package pagerduty_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
)

// deed is something that PagerDuty is asked for, and what the sandbox answered to each call
// of it.
type deed struct {
	ask     func(context.Context, *pagerduty.Client) ([]incident.Fact, error)
	answers []answer
}

// answer is what is read of an answer; header is in lines.
type answer struct {
	status int
	header string
	body   []byte
}

// response is the answer as it comes.
func (a answer) response(r *http.Request) *http.Response {
	header := http.Header{}
	for line := range strings.Lines(a.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Add(name, value)
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}
}

// recorder keeps what is answered.
type recorder struct {
	next    http.RoundTripper
	answers []answer
}

func (k *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answer{resp.StatusCode, "", body}
	for _, name := range []string{"Content-Type", "Retry-After", "ratelimit-remaining", "ratelimit-reset"} {
		if value := resp.Header.Get(name); value != "" {
			a.header += name + ": " + value + "\n"
		}
	}
	k.answers = append(k.answers, a)
	return a.response(r), err
}

// stand answers in PagerDuty's place, as the sandbox did, but the nth call, and those after
// it if for ever, with something else.
type stand struct {
	answers []answer
	other   answer
	n       int
	ever    bool
	calls   int
}

func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	i := s.calls
	s.calls++
	if s.calls > endless {
		return nil, errors.New("enough")
	}
	if i == s.n || i > s.n && s.ever || i >= len(s.answers) {
		return s.other.response(r), nil
	}
	return s.answers[i].response(r), nil
}

// endless is how many calls nothing needs: the longest list has a hundred pages, and a check
// reads several.
const endless = 1000

// through makes a client of a transport.
func through(t testing.TB, next http.RoundTripper) *pagerduty.Client {
	c := full()
	c.HTTP = &http.Client{Transport: next}
	c.APIURL = "http://sandbox/pagerduty"
	client, err := pagerduty.Dial(t.Context(), c)
	must(t, err)
	return client
}

// deeds are all that PagerDuty can be asked for: each effect at its first attempt and at
// the next, which looks back, and each question.
func deeds(f *testing.F) (all []deed) {
	add := func(d *desk, ask func(context.Context, *pagerduty.Client) ([]incident.Fact, error)) {
		k := &recorder{next: d.ws.Client().Transport}
		_, err := ask(f.Context(), through(f, k))
		must(f, err)
		all = append(all, deed{ask, k.answers})
	}
	stories := writes()
	for _, name := range slices.Sorted(maps.Keys(stories)) {
		if name == "calling again" { // takes an hour
			continue
		}
		d := newDesk(f, full())
		e := stories[name].story(d)
		for tries := 1; tries <= 2; tries++ {
			job, inc := bot.Job{Key: "k", Effect: e, Tries: tries, First: time.Now()}, d.inc()
			add(d, func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
				return pagerduty.NewPerformer(c).Perform(ctx, inc, job)
			})
		}
	}
	d := newDesk(f, full())
	d.alert("PSVC001", "Slow")
	d.record(incident.SeverityChanged{To: incident.SEV1, From: incident.SEV2})
	inc := d.inc()
	add(d, func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		return pagerduty.NewPerformer(c).Perform(ctx, inc, bot.Job{Effect: effect.SyncPager{}, Tries: 1, First: time.Now()})
	})
	for _, ask := range questions {
		add(d, ask)
	}
	return all
}

// questions are those that change nothing.
var questions = []func(context.Context, *pagerduty.Client) ([]incident.Fact, error){
	func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		c.Check(ctx)
		return nil, c.Refresh(ctx)
	},
	func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		_, err := c.OnCall(ctx, "Platform")
		return nil, err
	},
	func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		_, err := c.Targets(ctx, "Dina Weis")
		c.Complete("d", 5)
		c.PolicyOf("answers-api")
		c.Person("", "Dina Weiss")
		return nil, err
	},
	func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		signals, _, err := c.Changes(ctx, time.Now().Add(-time.Hour))
		if data, wrong := json.Marshal(signals); wrong != nil || err == nil && len(data) == 0 {
			panic(wrong)
		}
		return nil, err
	},
	func(ctx context.Context, c *pagerduty.Client) ([]incident.Fact, error) {
		_, fix, err := c.Subscription(ctx)
		if fix != nil {
			err = fix(ctx)
		}
		if final := new(bot.Final); errors.As(err, &final) {
			err = nil // the sandbox has none
		}
		return nil, err
	},
}

// FuzzAnswer: whatever PagerDuty answers to any call of anything, there is a result or an
// error in a moment, without the token in it; what is learned can be recorded, and what is
// put off comes again the same day.
func FuzzAnswer(f *testing.F) {
	all := deeds(f)
	for i, d := range all {
		for n, a := range d.answers {
			f.Add(uint8(i), uint8(n), false, a.status, a.header, a.body)
		}
		for _, body := range []string{
			``, `null`, `{}`, `[]`, `{"error":{"code":2001,"message":"` + full().Token + `","errors":null}}`,
			`{"incidents":[{}],"services":[{}],"users":[{}],"escalation_policies":[{"escalation_rules":[{"targets":[null]}]}],"oncalls":[{"user":null}],"priorities":[null],"webhook_subscriptions":[{}],"more":true}`,
			`{"incident":{"id":"P","status":"resolved","created_at":"0001-01-01T00:00:00Z","assignments":[{}],"responder_requests":[{"responder_request_targets":[{}]}]},"user":{}}`,
			`{"incident":{"id":"P","assignments":[{"assignee":null}],"service":null,"priority":{}}}`,
		} {
			for _, status := range []int{200, 400} {
				f.Add(uint8(i), uint8(0), true, status, "", []byte(body))
			}
		}
		f.Add(uint8(i), uint8(0), true, 429, "Retry-After: 999999\nratelimit-remaining: 0", []byte(nil))
		f.Add(uint8(i), uint8(1), true, 503, "Retry-After: NaN", []byte("<html>"))
	}
	f.Fuzz(func(t *testing.T, which, n uint8, ever bool, status int, header string, body []byte) {
		d := all[int(which)%len(all)]
		s := &stand{answers: d.answers, other: answer{status, header, body}, n: int(n), ever: ever}
		facts, err := d.ask(t.Context(), through(t, s))
		if s.calls > endless {
			t.Error("it asks for ever")
		}
		recordable(t, facts)
		sensible(t, err)
	})
}

// recordable wants facts to be read from the record as they are written to it.
func recordable(t *testing.T, facts []incident.Fact) {
	t.Helper()
	for _, fact := range facts {
		data, err := json.Marshal(fact)
		must(t, err)
		if _, known, err := incident.Facts.Decode(incident.Facts.Name(fact), data); !known || err != nil {
			t.Errorf("%s cannot be read: %v", data, err)
		}
	}
}

// sensible wants an error to be of use, if there is one.
func sensible(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if text := err.Error(); text == "" || strings.Contains(text, full().Token) {
		t.Errorf("the error is %q", text)
	}
	if later := new(bot.Later); errors.As(err, &later) && (later.After <= 0 || later.After > time.Hour) {
		t.Errorf("it is put off for %v", later.After)
	}
}
