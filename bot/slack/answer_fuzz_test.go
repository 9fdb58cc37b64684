package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// deed is something that Slack is asked for, by whom, and what the sandbox answered to each
// call of it.
type deed struct {
	ask      func(context.Context, *Performer) ([]incident.Fact, error)
	me       Identity
	announce string
	answers  []answer
}

// answer is what is read of an answer.
type answer struct {
	status     int
	retryAfter string
	body       []byte
}

// response is the answer as it comes.
func (a answer) response(r *http.Request) *http.Response {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	if a.retryAfter != "" {
		header.Set("Retry-After", a.retryAfter)
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
	a := answer{resp.StatusCode, resp.Header.Get("Retry-After"), body}
	k.answers = append(k.answers, a)
	return a.response(r), err
}

// stand answers in Slack's place, as the sandbox did, but the nth call, and those after it
// if for ever, with something else.
type stand struct {
	answers []answer
	other   answer
	n       int
	ever    bool
	calls   int
}

func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body) // as whoever answers does
		r.Body.Close()
	}
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

// endless is how many calls nothing needs where no list has two pages that go on alike.
const endless = 100

// through performs by a transport, wherever an answer leads.
func through(t testing.TB, next http.RoundTripper, me Identity, announce string) (*Performer, *Pacer) {
	t.Helper()
	api, err := url.Parse("http://sandbox/api/")
	must(t, err)
	m := &meter{next: next, outside: next, pacer: newPacer(Config{}), api: api, count: func(string, string) {}}
	client := slack.New("xoxb-sandbox", slack.OptionHTTPClient(&http.Client{Transport: m}), slack.OptionAppLevelToken("xapp-sandbox"), slack.OptionAPIURL(api.String()))
	return NewPerformer(client, me, announce, slog.New(slog.DiscardHandler)), m.pacer
}

// deeds are all that Slack is asked for: each effect at its first attempt and at the next,
// which looks back, and each question.
func deeds(f *testing.F) (all []deed) {
	add := func(s *stage, ask func(context.Context, *Performer) ([]incident.Fact, error)) {
		k := &recorder{next: s.Client().Transport}
		p, _ := through(f, k, s.conn.Me, s.p.announce)
		ask(f.Context(), p) // some of them cannot be done: that is an answer, too
		all = append(all, deed{ask, s.conn.Me, s.p.announce, k.answers})
	}
	for _, a := range stories() {
		s := newStage(f)
		job := first(a.set(s))
		for _, job := range []bot.Job{job, again(job)} {
			inc := s.inc
			add(s, func(ctx context.Context, p *Performer) ([]incident.Fact, error) { return p.Perform(ctx, inc, job) })
		}
	}
	for _, ask := range questions {
		add(newStage(f), ask)
	}
	return all
}

// questions are what is asked beside effects.
var questions = []func(context.Context, *Performer) ([]incident.Fact, error){
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) {
		c := Config{BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", Log: slog.New(slog.DiscardHandler)}
		auth, err := (&Connection{config: c, api: p.api}).ask(ctx, c)
		if err == nil {
			identity(auth)
		}
		return nil, err
	},
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) { return nil, p.Meet(ctx) },
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) {
		p.meetOne(ctx, "U0ADA")
		_, err := p.name(ctx, "U0BEN")
		p.named("<@U0BEN> and <@U0ADA|ada>")
		return nil, err
	},
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) {
		_, err := p.announcementChannel(ctx)
		return nil, err
	},
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) {
		return p.Perform(ctx, incident.Fold("INC-7", nil), first(effect.Say{}))
	},
	func(ctx context.Context, p *Performer) ([]incident.Fact, error) {
		f := &Face{API: p.api, Performer: p, APIURL: "http://sandbox/api/", HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.EOF })}, Log: p.log}
		f.openForm(ctx, "1.2.abc", "http://sandbox/response/x", "C1", &bot.Form{Title: "Open", Command: "open", Fields: []bot.Field{{Name: "title", Label: "Title"}}})
		return nil, nil
	},
}

// FuzzAnswer: whatever Slack answers to any call of anything, there is a result or an error
// in a moment; what is learned can be recorded, and what is put off comes again the same day,
// as does every other call.
func FuzzAnswer(f *testing.F) {
	all := deeds(f)
	for i, d := range all {
		for n, a := range d.answers {
			f.Add(uint8(i), uint8(n), false, a.status, a.retryAfter, a.body)
		}
		for _, body := range []string{
			``, `null`, `{}`, `[]`, `{"ok":true}`, `{"ok":false,"error":""}`, `{"ok":false,"error":"ratelimited"}`,
			`{"ok":true,"messages":[{}],"has_more":true,"response_metadata":{"next_cursor":"x"},"channels":[{}],"channel":null,"bookmarks":[null],"user":null,"members":[{}],"files":[{}]}`,
			`{"ok":false,"error":"not_in_channel","needed":"","errors":[null,{"user":"U0ADA","error":"cant_invite"}],"response_metadata":{"messages":null}}`,
			`{"ok":true,"upload_url":"http://sandbox/upload/x","file_id":"","url":"wss://sandbox/x","team_id":"T"}`,
		} {
			f.Add(uint8(i), uint8(0), true, 200, "", []byte(body))
			f.Add(uint8(i), uint8(1), true, 200, "", []byte(body))
		}
		f.Add(uint8(i), uint8(0), true, 429, "99999999999", []byte(nil))
		f.Add(uint8(i), uint8(0), true, 429, "", []byte("<html>"))
		f.Add(uint8(i), uint8(0), true, 503, "-1", []byte("<html>"))
	}
	f.Fuzz(func(t *testing.T, which, n uint8, ever bool, status int, retryAfter string, body []byte) {
		d := all[int(which)%len(all)]
		s := &stand{answers: d.answers, other: answer{status, retryAfter, body}, n: int(n), ever: ever}
		p, pacer := through(t, s, d.me, d.announce)
		facts, err := d.ask(t.Context(), p)
		if s.calls > endless {
			t.Error("it asks for ever")
		}
		recordable(t, facts)
		sensible(t, err)
		unpaused(t, pacer)
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
	if text := err.Error(); text == "" || strings.Contains(text, "xoxb-sandbox") {
		t.Errorf("the error is %q", text)
	}
	if later := new(bot.Later); errors.As(err, &later) && (later.After <= 0 || later.After > time.Hour) {
		t.Errorf("it is put off for %v", later.After)
	}
}

// unpaused wants no method to be held back for longer than that either.
func unpaused(t *testing.T, p *Pacer) {
	t.Helper()
	for name, b := range p.buckets {
		if wait := time.Until(b.paused); wait > time.Hour {
			t.Errorf("%s is held back for %v", name, wait)
		}
	}
}
