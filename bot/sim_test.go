package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store"
	"tocsin/store/mem"
	"tocsin/templates"
)

// world is a workspace, a store that outlives crashes, and the bot that works on
// them now. Everything runs in a synctest bubble: time is virtual, and Slack is
// reached by the real client without sockets.
type world struct {
	t    *testing.T
	ws   *sandbox.Workspace
	conn *slack.Connection
	kv   *mem.DB
	bot  *bot.Bot
	run  context.CancelFunc
	done chan error
	// crash is asked at each commit of the present bot.
	crash  func(n int, tx store.Tx) mem.Outcome
	starts int
	more   []func(*bot.Config) // what the bot is made of besides
	// A process dials before it has its bot, and serves once it has; nil: it is in the
	// same process as the last one, and nobody reaches it from outside.
	dials  func()
	serves func(context.Context, *bot.Bot)
	// dies is asked at each call of Slack, from the first one on after newWorld.
	dies func(n int) death
	dead atomic.Bool // the present bot died at a call: it commits nothing any more
}

// death is when a process dies at a call of Slack.
type death int

const (
	lives      death = iota
	diesBefore       // the call is not made
	diesAfter        // it is made, and its answer read by nobody
)

// calls are the bot's calls of Slack, or of PagerDuty, at which it can die.
type calls struct {
	w    *world
	dies *func(n int) death // asked at each call
	n    atomic.Int64
	next http.RoundTripper
}

var errDied = errors.New("the process died at this call")

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	if *c.dies == nil {
		return c.next.RoundTrip(r)
	}
	when := (*c.dies)(int(c.n.Add(1)))
	if when == diesBefore {
		c.w.dead.Store(true)
		return nil, errDied
	}
	resp, err := c.next.RoundTrip(r)
	if when == diesAfter && err == nil {
		c.w.dead.Store(true)
		resp.Body.Close()
		return nil, errDied
	}
	return resp, err
}

// manyPoints is how many commits and calls each story has at least.
const manyPoints = 20

// seeds is how many seeds are tried: usual, or TOCSIN_SEEDS.
func seeds(usual uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv("TOCSIN_SEEDS"), 10, 32); err == nil {
		return n
	}
	return usual
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, ws: sandbox.New(sandbox.Options{Seed: seed, PublicURL: sandbox.InProcessURL}), kv: mem.New()}
	var err error
	w.conn, err = slack.Dial(t.Context(), slack.Config{
		BotToken: "xoxb-sandbox", SigningSecret: "sandbox-signing-secret", APIURL: sandbox.InProcessURL + "/api/",
		Announce: "incidents", HTTP: &http.Client{Transport: &calls{w: w, dies: &w.dies, next: w.ws.Client().Transport}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	return w
}

// shipped are the guides that come with tocsin, read once: they do not change. Plays and
// templates do not, either.
var (
	shipped = sync.OnceValue(func() *runbooks.Library {
		guides, _ := runbooks.Load(runbooks.Embedded())
		return guides
	})
	shippedPlays = sync.OnceValue(func() *playbooks.Library {
		plays, _ := playbooks.Load(playbooks.Embedded())
		return plays
	})
	shippedTemplates = sync.OnceValue(func() *templates.Set {
		set, _ := templates.Load(templates.Embedded())
		return set
	})
)

func newBot(kv store.KV, p bot.Performer) (*bot.Bot, error) { return newPacedBot(kv, p, nil) }

func newPacedBot(kv store.KV, p bot.Performer, pacer bot.Pacer, more ...func(*bot.Config)) (*bot.Bot, error) {
	c := bot.Config{Store: kv, Performer: p, Pacer: pacer, Guides: shipped(), Plays: shippedPlays(), Templates: shippedTemplates(), Log: simLog()}
	for _, m := range more {
		m(&c)
	}
	return bot.New(context.Background(), c)
}

func (w *world) start() {
	w.starts++
	w.dead.Store(false)
	if w.dials != nil {
		w.dials()
	}
	crash := w.crash
	w.kv.Fault = func(n int, tx store.Tx) mem.Outcome {
		if w.dead.Load() {
			return mem.FailBefore
		}
		if crash == nil {
			return mem.CarryOn
		}
		return crash(n, tx)
	}
	b, err := newPacedBot(w.kv, w.conn.Performer, w.conn.Pacer(), w.more...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.bot = b
	ctx, cancel := context.WithCancel(context.Background())
	w.run, w.done = cancel, make(chan error, 1)
	done := w.done
	go func() { done <- b.Run(ctx) }()
	if w.serves != nil {
		w.serves(ctx, b)
	}
}

// restart is what a supervisor does: the old process is gone, a new one opens
// the same data.
func (w *world) restart() {
	w.run()
	<-w.done
	w.kv = w.kv.Reopen()
	w.sound()
	w.start()
}

func (w *world) close() {
	w.run()
	<-w.done
	w.kv = w.kv.Reopen()
	w.sound()
	w.ws.Close()
}

// sound wants what follows from the timelines to be in the record, and nothing more to
// follow, whenever the process died.
func (w *world) sound() {
	r, err := store.NewJournal(w.kv).Examine(context.Background(), nil)
	if err != nil {
		w.t.Error(err)
	}
	for _, f := range r.Findings {
		if f.Derived {
			w.t.Errorf("the record is not sound: %s", f)
		}
	}
}

// insist sends a request again, as Slack and PagerDuty do, until it is
// acknowledged; a bot that stopped is started again.
func (w *world) insist(do func() error) {
	for range 50 {
		err := do()
		if err == nil {
			return
		}
		if errors.As(err, new(incident.Refusal)) {
			w.t.Fatalf("refused: %v", err)
		}
		w.restart()
	}
	w.t.Fatal("never acknowledged")
}

// say has Ada give a command, by the cause of one gesture.
func (w *world) say(cause, channel, line string) {
	w.insist(func() error {
		_, err := command.Commands{Bot: w.bot, Log: slog.New(slog.DiscardHandler)}.Handle(context.Background(), bot.Request{
			Line: line, Cause: cause, Channel: channel,
			By: incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada"}, Via: "slack"},
		})
		return err
	})
}

// settle lets time pass until nothing waits in the outbox.
func (w *world) settle() {
	for range 400 {
		<-time.After(10 * time.Second)
		synctest.Wait()
		if w.bot.Err() != nil {
			w.restart()
			continue
		}
		items, err := store.NewJournal(w.kv).Outbox(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
	}
	items, _ := store.NewJournal(w.kv).Outbox(context.Background())
	w.t.Fatalf("effects still wait: %+v", items)
}

// room is the incident's channel; there must be one.
func (w *world) room() sandbox.ChannelState {
	var rooms []sandbox.ChannelState
	for _, c := range w.ws.State().Channels {
		if strings.HasPrefix(c.Name, "inc-") {
			rooms = append(rooms, c)
		}
	}
	if len(rooms) != 1 {
		w.t.Fatalf("%d channels, want one: %+v", len(rooms), rooms)
	}
	return rooms[0]
}

// keys are the keys of the bot's own messages in a channel, in their order.
func (w *world) keys(channel string) []string {
	var keys []string
	for _, m := range w.ws.Messages(channel) {
		if m.Metadata != nil {
			keys = append(keys, fmt.Sprint(m.Metadata.EventPayload["key"]))
		}
	}
	return keys
}

// story is an incident from report to postmortem. It returns the notes.
func (w *world) story() []string {
	w.say("open", "C0GENERAL", "open sev2 Answers cut off mid-sentence")
	var notes []string
	for i := range 5 {
		notes = append(notes, fmt.Sprintf("observation %d", i))
		w.say(fmt.Sprint("note", i), "", "INC-1 note "+notes[i])
		if i == 2 {
			<-time.After(3 * time.Second)
		}
	}
	first, _ := shipped().Guide("invalid-output")
	q, _ := first.Question("")
	w.say("step", "", "INC-1 guide answer invalid-output "+q.ID+" "+q.Answers[0].ID)
	w.say("another", "", "INC-1 guide quality-degradation")
	w.say("sev", "", "INC-1 sev 1")
	w.say("tl", "", "INC-1 take tech")
	w.say("update", "", "INC-1 update We are on it")
	w.say("resolve", "", "INC-1 resolve rolled back")
	return notes
}

// check compares what the workspace shows with what was acknowledged: one
// channel, each message once and in order, the present state on the card.
func (w *world) check(notes []string) {
	t := w.t
	room := w.room()
	inc, err := w.bot.Incident(context.Background(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	keys := w.keys(room.ID)
	if len(keys) == 0 || keys[0] != "INC-1/card" {
		t.Errorf("the first message is not the card: %v", keys)
	}
	unique := slices.Compact(slices.Sorted(slices.Values(keys)))
	if len(unique) != len(keys) {
		t.Errorf("a message is there twice: %v", keys)
	}
	var said []string
	guides := 0
	for _, k := range keys {
		switch {
		case strings.HasPrefix(k, "INC-1/guide/"): // waits for no message, and none for it
			guides++
		case k != "INC-1/card":
			said = append(said, k)
		}
	}
	if guides != 2 || w.said(room.ID, "Set aside: the guide in use is “"+inc.Guide.Title) != 1 {
		t.Errorf("%d guides are shown, want the one in use and one set aside", guides)
	}
	if !slices.IsSorted(said) {
		t.Errorf("messages are out of order: %v", said)
	}
	for _, note := range notes {
		if n := strings.Count(bot.TimelineMarkdown(inc, 0), note); n != 1 {
			t.Errorf("%q is on the timeline %d times", note, n)
		}
		if n := w.said(room.ID, note); n != 1 {
			t.Errorf("%q was said %d times", note, n)
		}
	}
	if got := w.keys("incidents"); len(got) != 1 {
		t.Errorf("announced %d times: %v", len(got), got)
	}
	if n := w.files(room.ID); n != 1 {
		t.Errorf("%d postmortems, want one", n)
	}
	if !strings.HasPrefix(room.Topic, "SEV1 · resolved") {
		t.Errorf("the topic shows an old state: %q", room.Topic)
	}
	if !slices.Contains(room.Members, "U0ADA") {
		t.Errorf("the declarer is not in the channel: %v", room.Members)
	}
	if n := len(room.Bookmarks); n != 1 {
		t.Errorf("%d bookmarks, want one: %+v", n, room.Bookmarks)
	}
	if w.said(room.ID, "resolved at") != 1 {
		t.Error("the card does not show that it is resolved")
	}
	w.calm()
}

// calm lets time pass until no call counts any more: what was granted was used,
// or given back, whatever became of it.
func (w *world) calm() {
	<-time.After(2 * time.Minute)
	synctest.Wait()
	for _, s := range w.conn.Pacer().State() {
		if s.Used > 0 || s.Waiting > 0 {
			w.t.Errorf("two minutes after the last call %d calls of %s count, and %d wait", s.Used, s.Method, s.Waiting)
		}
	}
}

func (w *world) said(channel, text string) int {
	n := 0
	for _, m := range w.ws.Messages(channel) {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}

func (w *world) files(channel string) int {
	n := 0
	for _, m := range w.ws.Messages(channel) {
		n += len(m.Files)
	}
	return n
}

// faults makes Slack fail in every way there is, by chance.
func (w *world) faults() {
	for _, f := range []sandbox.Fault{
		{Kind: "lost_request", Probability: 0.08},
		{Kind: "lost_answer", Probability: 0.08},
		{Kind: "rate_limited", Probability: 0.08, RetryAfter: 2},
		{Kind: "server_error", Probability: 0.04},
		{Kind: "internal_error", Probability: 0.04},
		{Kind: "broken_answer", Probability: 0.04},
		{Kind: "reset", Probability: 0.02},
		{Kind: "late", Probability: 0.04, DelayMS: 4000},
	} {
		if err := w.ws.Fault(f); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestFaults plays the story with Slack failing by chance and the store failing
// at random commits, before and after they were carried out.
func TestFaults(t *testing.T) {
	for seed := range seeds(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed)
				defer w.close()
				rng := rand.New(rand.NewPCG(seed, 1))
				w.crash = func(int, store.Tx) mem.Outcome {
					switch rng.IntN(30) {
					case 0:
						return mem.FailBefore
					case 1:
						return mem.FailAfter
					}
					return mem.CarryOn
				}
				w.faults()
				w.restart()
				notes := w.story()
				w.settle()
				w.check(notes)
			})
		})
	}
}

// TestCrashAtEveryCommit kills the bot at the nth commit of the story, before
// and after it was carried out, for every n there is.
func TestCrashAtEveryCommit(t *testing.T) {
	for _, outcome := range []mem.Outcome{mem.FailBefore, mem.FailAfter} {
		for n := 1; ; n++ {
			crashed := false
			name := fmt.Sprintf("%v/%d", outcome, n)
			ok := t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					defer w.close()
					count := 0
					w.crash = func(int, store.Tx) mem.Outcome {
						if count++; count == n {
							crashed = true
							return outcome
						}
						return mem.CarryOn
					}
					w.restart()
					notes := w.story()
					w.settle()
					w.check(notes)
				})
			})
			if !ok || !crashed {
				if n < manyPoints {
					t.Errorf("it ends after %d points, %v: is the hook called?", n-1, outcome)
				}
				break
			}
		}
	}
}

// TestCrashAtEveryCall kills the bot at the nth call of Slack, before it is made and
// after it was carried out, for every n there is: of the story, and of that of alerts.
func TestCrashAtEveryCall(t *testing.T) {
	stories := map[string]func(*world){
		"people": func(w *world) {
			notes := w.story()
			w.settle()
			w.check(notes)
		},
		"alerts": func(w *world) {
			sent := w.alarms()
			w.settle()
			w.told(sent)
		},
	}
	services := catalogue(t, 2, "other.md", "---\nid: other\nprovider: openai\n---\nText.\n")
	for name, tell := range stories {
		for when, word := range map[death]string{diesBefore: "before", diesAfter: "after"} {
			for n := 1; ; n++ {
				died := false
				ok := t.Run(fmt.Sprintf("%s/%s/%d", name, word, n), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, 1)
						defer w.close()
						w.more = []func(*bot.Config){func(c *bot.Config) { c.Services = services }}
						w.restart()
						w.dies = func(call int) death {
							if call != n {
								return lives
							}
							died = true
							return when
						}
						tell(w)
					})
				})
				if !ok || !died {
					if n < manyPoints {
						t.Errorf("it ends after %d calls: is the hook called?", n-1)
					}
					break
				}
			}
		}
	}
}

// TestLostAnswers loses the answer of each method once, in turn.
func TestLostAnswers(t *testing.T) {
	methods := []string{
		"conversations.create", "conversations.invite", "conversations.setTopic", "chat.postMessage", "chat.update",
		"bookmarks.add", "files.getUploadURLExternal", "upload", "files.completeUploadExternal",
	}
	for _, kind := range []string{"lost_answer", "lost_request", "late"} {
		for _, method := range methods {
			t.Run(kind+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					defer w.close()
					if err := w.ws.Fault(sandbox.Fault{Kind: kind, Method: method, Times: 2, DelayMS: 4000}); err != nil {
						t.Fatal(err)
					}
					notes := w.story()
					w.settle()
					w.check(notes)
				})
			})
		}
	}
}

func simLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
