package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/mem"
)

// perMinute is what Slack takes of each method in a minute, as its own
// documentation has it.
var perMinute = map[string]int{
	"conversations.create": 20, "conversations.setTopic": 20, "bookmarks.add": 20, "conversations.list": 20,
	"users.conversations": 20, "conversations.invite": 50, "conversations.history": 50, "conversations.info": 50,
	"conversations.join": 50, "bookmarks.list": 50, "chat.update": 50, "reactions.add": 50,
	"chat.postMessage": 300, // "several hundred"
}

// traffic stands between the bot and the workspace and notes when each call of a
// method arrived, and each post in a channel.
type traffic struct {
	next http.RoundTripper
	mu   sync.Mutex
	at   map[string][]time.Time
}

func (tr *traffic) RoundTrip(r *http.Request) (*http.Response, error) {
	method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	keys := []string{method}
	if method == "chat.postMessage" {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		keys = append(keys, "#"+form.Get("channel"))
	}
	tr.mu.Lock()
	for _, k := range keys {
		tr.at[k] = append(tr.at[k], time.Now())
	}
	tr.mu.Unlock()
	return tr.next.RoundTrip(r)
}

// calls are the times of a method's calls so far.
func (tr *traffic) calls(method string) []time.Time {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.at[method])
}

// peak is the most calls within any window of time.
func peak(at []time.Time, window time.Duration) int {
	most := 0
	for i := range at {
		n, _ := slices.BinarySearchFunc(at[i:], at[i].Add(window), time.Time.Compare)
		most = max(most, n)
	}
	return most
}

// check tells where the bot asked more of Slack than it takes.
func (tr *traffic) check(t *testing.T) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for k, at := range tr.at {
		if strings.HasPrefix(k, "#") {
			if n := peak(at, 4*time.Second); n > 4 {
				t.Errorf("%d posts in channel %s within 4 s, want 4 at most", n, k)
			}
			continue
		}
		if limit, ok := perMinute[k]; ok && peak(at, time.Minute) > limit {
			t.Errorf("%s was called %d times within a minute, Slack takes %d", k, peak(at, time.Minute), limit)
		}
	}
}

// newStorm is a world with Slack's true limits, whose calls take a while and are
// counted.
func newStorm(t *testing.T) (*world, *traffic) {
	w := &world{t: t, ws: sandbox.New(sandbox.Options{PublicURL: sandbox.InProcessURL, Limits: true}), kv: mem.New()}
	tr := &traffic{next: w.ws.Client().Transport, at: map[string][]time.Time{}}
	var err error
	w.conn, err = slack.Dial(t.Context(), slack.Config{
		BotToken: "xoxb-sandbox", SigningSecret: "sandbox-signing-secret", APIURL: sandbox.InProcessURL + "/api/",
		Announce: "incidents", HTTP: &http.Client{Transport: tr},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ws.Fault(sandbox.Fault{Kind: "slow", DelayMS: int(delay.Milliseconds())}); err != nil {
		t.Fatal(err)
	}
	w.start()
	return w, tr
}

func (w *world) declare(n int, s incident.Severity) incident.ID {
	inc, _, err := w.bot.Declare(context.Background(), bot.Origin{By: ada, Cause: fmt.Sprint("open", n)}, incident.Declared{
		Title: fmt.Sprintf("Answers cut off %d", n), Severity: s,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return inc.ID
}

// until lets time pass until something is so, and tells how long it took.
func (w *world) until(so func() bool) time.Duration {
	began := time.Now()
	for !so() {
		if time.Since(began) > 3*time.Hour {
			w.t.Fatal("it is not so after three hours")
		}
		<-time.After(250 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}

func (w *world) opened(id incident.ID) bool {
	inc, err := w.bot.Incident(context.Background(), id)
	return err == nil && inc.Channel.Channel != ""
}

// TestStorm: 300 incidents at once, then a SEV1. Slack is never asked for more than
// it takes, the SEV1's people are in their channel at once, and all is done in the end.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tr := newStorm(t)
		defer w.close()
		const many = 300
		for n := range many {
			w.declare(n, []incident.Severity{incident.SEV3, incident.SEV4, incident.SEV2}[n%3])
		}
		last := w.declare(many, incident.SEV1)
		if took := w.until(func() bool { return w.ready(last) }); took > 2*time.Second {
			t.Errorf("the SEV1 declared last was ready after %v", took)
		}
		<-time.After(30 * time.Second)
		worst := w.declare(many+1, incident.SEV1)
		opened := w.until(func() bool { return w.opened(worst) })
		joined := w.until(func() bool { return w.ready(worst) })
		others := 0
		for n := range many {
			if w.opened(incident.NewID(n + 1)) {
				others++
			}
		}
		if opened > time.Second || opened+joined > 2*time.Second || others > many/2 {
			t.Errorf("the SEV1 had its channel after %v, its people and its card after %v more; %d others had theirs", opened, joined, others)
		}
		if b := w.bot.Backlog(); b.Effects < many/2 || b.Oldest.IsZero() || b.ByEffect["open-channel"] < many/2 {
			t.Errorf("the backlog does not show what waits: %+v", b)
		}
		all := w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		tr.check(t)
		w.calm()
		for method, c := range w.ws.Counts() {
			if c.Limited > 0 {
				t.Errorf("Slack refused %d of %d calls of %s", c.Limited, c.Calls, method)
			}
		}
		t.Logf("SEV1: channel after %v, people and card after %v; all %d after %v; create %d setTopic %d invite %d post %d in the fullest minute",
			opened, opened+joined, many, all, peak(tr.calls("conversations.create"), time.Minute), peak(tr.calls("conversations.setTopic"), time.Minute),
			peak(tr.calls("conversations.invite"), time.Minute), peak(tr.calls("chat.postMessage"), time.Minute))
		if all > many/18*time.Minute+5*time.Minute {
			t.Errorf("it took %v", all)
		}
	})
}

// ready tells whether people can work: they are in the channel and see the card.
func (w *world) ready(id incident.ID) bool {
	inc, err := w.bot.Incident(context.Background(), id)
	if err != nil || inc.Posts[incident.PostedCard].Message.Zero() {
		return false
	}
	for _, c := range w.ws.State().Channels {
		if c.ID == inc.Channel.Channel {
			return slices.Contains(c.Members, "U0ADA")
		}
	}
	return false
}

// TestEchoes: alerts on a hundred old incidents, more than Slack takes at once,
// leave a new SEV1 its room: what people say and do there is not kept waiting by
// what monitors say elsewhere.
func TestEchoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tr := newStorm(t)
		defer w.close()
		var ids []incident.ID
		for n := range 100 {
			ids = append(ids, w.declare(n, incident.SEV3))
		}
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		before := len(tr.calls("chat.postMessage"))
		for n := range 1000 {
			o := bot.Origin{By: incident.Bot, Cause: fmt.Sprint("alert", n)}
			_, err := w.bot.Update(context.Background(), ids[n%len(ids)], o, func(inc incident.Incident) ([]incident.Fact, error) {
				return []incident.Fact{incident.Signaled{Source: "probe", Key: fmt.Sprint(n), Event: "e", State: incident.StateFiring, Title: "Too slow"}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(20 * time.Second)
		if n := w.bot.Backlog().ByEffect["say"]; n < 100 {
			t.Fatalf("only %d alerts wait", n)
		}
		worst := w.declare(100, incident.SEV1)
		if took := w.until(func() bool { return w.ready(worst) }); took > time.Second {
			t.Errorf("people are in the SEV1's room after %v", took)
		}
		w.say("note", "", string(worst)+" note traffic moved")
		inc, _ := w.bot.Incident(context.Background(), worst)
		if took := w.until(func() bool { return w.said(inc.Channel.Channel, "traffic moved") > 0 }); took > 5*time.Second {
			t.Errorf("a note is in the SEV1's room after %v", took)
		}
		all := w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		tr.check(t)
		t.Logf("all is said after %v with %d posts", all, len(tr.calls("chat.postMessage"))-before)
	})
}

// TestRetryAfter: when Slack refuses the calls of a method, that method waits as
// long as Slack says, and nothing else does.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tr := newStorm(t)
		defer w.close()
		if err := w.ws.Fault(sandbox.Fault{Kind: "rate_limited", Method: "conversations.setTopic", RetryAfter: 60, Times: 1}); err != nil {
			t.Fatal(err)
		}
		first := w.declare(0, incident.SEV2)
		w.until(func() bool { return len(tr.calls("conversations.setTopic")) > 0 })
		refused := time.Now()
		second := w.declare(1, incident.SEV3)
		if took := w.until(func() bool { return w.ready(first) && w.ready(second) }); took > time.Second {
			t.Errorf("other calls waited %v", took)
		}
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		topics := tr.calls("conversations.setTopic")
		if len(topics) != 3 || topics[1].Sub(refused) < 59*time.Second || topics[1].Sub(refused) > 62*time.Second {
			t.Errorf("topics were set at %v, refused at %v", topics, refused)
		}
	})
}

// TestRaised: what an incident waits for is urgent as the incident is now.
func TestRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newStorm(t)
		defer w.close()
		var last incident.ID
		for n := range 100 {
			last = w.declare(n, incident.SEV3)
		}
		<-time.After(2 * time.Second)
		if w.opened(last) {
			t.Fatal("the last of a hundred did not have to wait")
		}
		w.say("sev", "", string(last)+" sev 1")
		if first := w.bot.Waiting()[0]; first.Incident != last || first.Effect != "open-channel" || first.Urgency.Severity != incident.SEV1 {
			t.Errorf("the first that waits is %+v", first)
		}
		if took := w.until(func() bool { return w.opened(last) }); took > time.Second {
			t.Errorf("raised to a SEV1 it waited %v", took)
		}
	})
}

// TestReplacedWhileWaiting: what waits for its turn is no attempt: it is still
// replaced by its newer form.
func TestReplacedWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tr := newStorm(t)
		defer w.close()
		id := w.declare(0, incident.SEV3)
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		if err := w.ws.Fault(sandbox.Fault{Kind: "rate_limited", Method: "chat.update", RetryAfter: 60, Times: 1}); err != nil {
			t.Fatal(err)
		}
		before := len(tr.calls("chat.update"))
		for i, line := range []string{"sev 2", "take tech", "sev 1", "mitigated"} {
			w.say(fmt.Sprint("say", i), "", string(id)+" "+line)
			<-time.After(5 * time.Second)
		}
		items, err := store.NewJournal(w.kv).Outbox(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if i.Tries > 1 {
				t.Errorf("%s was attempted %d times while it waited", i.Key, i.Tries)
			}
		}
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		if n := len(tr.calls("chat.update")) - before; n > 6 {
			t.Errorf("the card and the announcement were edited %d times", n)
		}
	})
}

// spy notes what is asked of a Pacer.
type spy struct {
	bot.Pacer
	mu    sync.Mutex
	tries map[string][]int // by effect
}

func (s *spy) Wait(ctx context.Context, inc incident.Incident, job bot.Job, u bot.Urgency) (context.Context, error) {
	s.mu.Lock()
	name := effect.Effects.Name(job.Effect)
	s.tries[name] = append(s.tries[name], job.Tries)
	s.mu.Unlock()
	return s.Pacer.Wait(ctx, inc, job, u)
}

// TestTriesAreTold: a Pacer is asked for the attempt to come, because a second one
// makes other calls than the first.
func TestTriesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newStorm(t)
		defer w.close()
		s := &spy{Pacer: w.conn.Pacer(), tries: map[string][]int{}}
		w.bot.Pacer = s
		if err := w.ws.Fault(sandbox.Fault{Kind: "lost_answer", Method: "conversations.create", Times: 1}); err != nil {
			t.Fatal(err)
		}
		w.declare(0, incident.SEV3)
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		if !slices.Equal(s.tries["open-channel"], []int{1, 2}) || !slices.Equal(s.tries["show-card"], []int{1}) {
			t.Errorf("asked for the attempts %v", s.tries)
		}
	})
}

// TestHeldWhileWaiting: what waits for its turn does not go while its incident is
// held back for somebody's answer.
func TestHeldWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tr := newStorm(t)
		defer w.close()
		id := w.declare(0, incident.SEV3)
		w.until(func() bool { return w.bot.Backlog().Effects == 0 })
		if err := w.ws.Fault(sandbox.Fault{Kind: "rate_limited", Method: "chat.update", RetryAfter: 60, Times: 1}); err != nil {
			t.Fatal(err)
		}
		w.say("sev", "", string(id)+" sev 2")
		<-time.After(6 * time.Second)
		w.say("again", "", string(id)+" sev 1")
		<-time.After(50 * time.Second)
		before := len(tr.calls("chat.update"))
		ctx, release := w.bot.Hold(context.Background())
		_, err := w.bot.Update(ctx, id, bot.Origin{By: ada, Cause: "held"}, func(inc incident.Incident) ([]incident.Fact, error) {
			return inc.Note("a look at the gateway", time.Time{}, time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(20 * time.Second)
		if n := len(tr.calls("chat.update")) - before; n != 0 {
			t.Errorf("%d edits before the person had an answer", n)
		}
		release()
		if took := w.until(func() bool { return w.bot.Backlog().Effects == 0 }); took > 10*time.Second || len(tr.calls("chat.update")) == before {
			t.Errorf("released, it took %v", took)
		}
	})
}
