package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/inbound"
)

// ticket is what an effect was granted: the calls that it may make, by method.
// The Pacer's mutex guards it.
type ticket struct{ calls map[string][]*debit }

type ticketKey struct{}

// meter stands between the client and Slack. It keeps no call to Slack back: it counts
// those that no ticket was granted for, and notes what Slack refuses and what time it has.
// What would go elsewhere goes nowhere.
type meter struct {
	next    http.RoundTripper // to the API
	outside http.RoundTripper // to where Slack's answers lead
	pacer   *Pacer
	api     *url.URL
	count   func(method, outcome string)
	drift   *drift
}

// The outcomes of a call, as Config.Called is told.
const (
	Done    = "done"
	Refused = "refused" // Slack answered no
	Limited = "limited" // 429: not now
	Failed  = "failed"  // a 5xx, or no answer that can be read
	Lost    = "lost"    // no answer
)

// Outcomes are all of them.
var Outcomes = []string{Done, Refused, Limited, Failed, Lost}

// metered is a client whose calls to the API pacer knows of.
func metered(c *http.Client, pacer *Pacer, api string, count func(method, outcome string), drift *drift) (*http.Client, error) {
	u, err := url.Parse(api)
	if err != nil {
		return nil, err
	}
	m := &meter{next: c.Transport, outside: inbound.Transport(callTimeout), pacer: pacer, api: u, count: count, drift: drift}
	if m.next == nil {
		m.next = http.DefaultTransport
	}
	with := *c
	with.Transport = m
	return &with, nil
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	method, ok := strings.CutPrefix(r.URL.Path, m.api.Path)
	if !ok || r.URL.Host != m.api.Host || !strings.Contains(method, ".") {
		return m.upload(r)
	}
	debits := m.pacer.spend(r.Context(), method)
	asked := time.Now()
	resp, err := m.next.RoundTrip(r)
	answered := time.Now()
	if err == nil && resp.StatusCode == http.StatusTooManyRequests {
		wait := retryAfter(resp)
		resp.Header.Set("Retry-After", strconv.Itoa(int(wait/time.Second))) // slack-go reads it, too
		m.pacer.refused(method, wait)
	}
	m.pacer.answered(debits)
	var data []byte
	if err == nil {
		data, err = readWhole(resp)
	}
	became := outcome(resp, err)
	if m.count != nil {
		m.count(method, became)
	}
	if became == Done || became == Refused { // it is Slack's own answer
		m.drift.heard(resp.Header.Get("Date"), asked, answered)
	}
	if err == nil {
		err = m.named(method, data)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// upload lets go what is no call of a method: the bytes of a file, to where Slack said.
func (m *meter) upload(r *http.Request) (*http.Response, error) {
	if err := m.stays(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	next := m.outside
	if own(m.api, r.URL) {
		next = m.next
	}
	resp, err := next.RoundTrip(r)
	if err == nil {
		_, err = readWhole(resp)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// maxAnswer bounds what is read of one answer, in bytes. The longest is a page of a
// channel's history: as many messages as Slack lists at once.
const maxAnswer = 32 << 20

// errLong is the error of an answer that is longer.
var errLong = fmt.Errorf("Slack's answer is larger than %d bytes", maxAnswer)

// readWhole reads an answer into memory, as the client would do next.
func readWhole(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(data) > maxAnswer {
		data, err = nil, errLong
	}
	resp.Body = whole{bytes.NewReader(data), data}
	return data, err
}

// whole is the body of an answer that is here as a whole.
type whole struct {
	io.Reader
	data []byte
}

func (whole) Close() error { return nil }

// outcome is what became of a call.
func outcome(resp *http.Response, err error) string {
	switch {
	case errors.Is(err, errLong):
		return Failed
	case err != nil:
		return Lost
	case resp.StatusCode == http.StatusTooManyRequests:
		return Limited
	case resp.StatusCode != http.StatusOK:
		return Failed
	}
	var answer struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	switch body, _ := resp.Body.(whole); {
	case json.Unmarshal(body.data, &answer) != nil, ambiguous(answer.Error):
		return Failed
	case !answer.OK:
		return Refused
	}
	return Done
}

// longestLimited is the longest that Slack's word has us wait. Its windows are minutes; a
// header that somebody in between got wrong must not silence the bot for days.
const longestLimited = time.Hour

// retryAfter is how long Slack asks to wait, in whole seconds: one, where it does not say.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil {
		return time.Second
	}
	return time.Duration(min(max(seconds, 1), int(longestLimited/time.Second))) * time.Second
}

// spend is what a call is counted by: what ctx's ticket has for it, or else a
// debit that nobody waited for.
func (p *Pacer) spend(ctx context.Context, method string) []*debit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := ctx.Value(ticketKey{}).(*ticket); ok && len(t.calls[method]) > 0 {
		debits := t.calls[method]
		delete(t.calls, method)
		return debits
	}
	return []*debit{p.needs(call{method: method}, p.now())[0].take()}
}

// answered notes that a call has come back: from now on its window runs.
func (p *Pacer) answered(debits []*debit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for _, d := range debits {
		d.open, d.at = false, now
		p.goOn(d.bucket, now)
	}
}

// refused notes that Slack takes no calls of a method for a while. All others go on.
func (p *Pacer) refused(method string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.needs(call{method: method}, now)[0].pause(now, now.Add(wait+p.jitter(jitterAtMost)))
}

// giveBack takes back what of a ticket was not used.
func (p *Pacer) giveBack(t *ticket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for method, debits := range t.calls {
		delete(t.calls, method)
		for _, d := range debits {
			d.bucket.forget(d)
			p.goOn(d.bucket, now)
		}
	}
}
