package bot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
	"tocsin/playbooks"
	"tocsin/store"
	"tocsin/store/mem"
)

// office is a world with a PagerDuty, whose requests come as they do from outside: what
// people do in Slack and PagerDuty's webhooks by HTTP. Each process of it dials both anew,
// so that it knows no more than what is on record.
type office struct {
	*world
	rng   *rand.Rand
	byKey bool // tocsin has a routing key of PagerDuty's, and no token
	pager *pagerduty.Client
	door  atomic.Pointer[http.ServeMux] // of the process that runs
	calls *calls                        // of PagerDuty
	// pagerDies is asked at each call of PagerDuty.
	pagerDies func(n int) death

	wishes []*wish
	acts   map[deed]int // what people did in PagerDuty
	fired  int          // alerts
	log    lines        // the bot's
}

const pagerSecret = "sandbox-pagerduty-secret"

// openOffice opens one, with nothing in it. The seed is that of the faults and of what
// people do.
func openOffice(t *testing.T, seed uint64, byKey bool) *office {
	o := &office{rng: rand.New(rand.NewPCG(seed, 3)), byKey: byKey, acts: map[deed]int{}}
	again := make([]time.Duration, 60)
	for i := range again {
		again[i] = 500 * time.Millisecond
	}
	ws := sandbox.New(sandbox.Options{
		Seed: seed, PublicURL: sandbox.InProcessURL, RequestURL: "http://tocsin", HTTP: sandbox.InProcess(o), EventRetries: again,
		PagerDutyURL: "http://tocsin/webhook/pagerduty", PagerDutySecret: pagerSecret,
	})
	o.world = &world{t: t, ws: ws, kv: mem.New()}
	o.calls = &calls{w: o.world, dies: &o.pagerDies, next: ws.Client().Transport}
	o.world.dials, o.world.serves = o.dial, o.serve
	o.more = []func(*bot.Config){func(c *bot.Config) {
		c.Pager, c.Plays, c.URL = pagerduty.NewPerformer(o.pager), toldPlays(), "http://tocsin"
		c.Log = slog.New(slog.NewTextHandler(&o.log, nil))
	}}
	o.start()
	t.Cleanup(o.explain)
	return o
}

// explain tells what happened where the test failed: not every run of a seed is the same.
func (o *office) explain() {
	if !o.t.Failed() {
		return
	}
	for _, inc := range o.all() {
		o.t.Logf("%s is %s", inc.ID, inc.Status)
		for _, e := range inc.Timeline {
			data, _ := json.Marshal(e.Fact) // it came from the store: it cannot fail
			o.t.Logf("%s %d %s by %q (%s): %s", e.Logged.Format(time.TimeOnly), e.Seq, incident.Facts.Name(e.Fact), e.By.Name, e.Cause, data)
		}
	}
	o.t.Logf("PagerDuty has %+v\nthe bot said:\n%s", o.ws.PagerDutyIncidents(), &o.log)
}

// toldPlays are plays by which PagerDuty is told of notes and updates.
var toldPlays = sync.OnceValue(func() *playbooks.Library {
	own := fstest.MapFS{}
	for _, name := range []string{"sev1.md", "sev2.md"} {
		data, _ := fs.ReadFile(playbooks.Embedded(), name)
		text := strings.Replace(string(data), "\npagerduty: [updates]\n", "\npagerduty: [notes, updates]\n", 1)
		own[name] = &fstest.MapFile{Data: []byte(text)}
	}
	plays, _ := playbooks.Load(playbooks.Embedded(), own)
	return plays
})

// ServeHTTP is the bot's door: behind it is the process that runs, or nobody.
func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	door := o.door.Load()
	if door == nil || o.world == nil || o.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	door.ServeHTTP(w, r)
}

// dial makes the clients of a new process.
func (o *office) dial() {
	o.door.Store(nil)
	http := func(c *calls) *http.Client { return &http.Client{Transport: c, Timeout: 10 * time.Second} }
	var err error
	o.conn, err = slack.Dial(o.t.Context(), slack.Config{
		BotToken: "xoxb-sandbox", SigningSecret: "sandbox-signing-secret", APIURL: sandbox.InProcessURL + "/api/", Announce: "incidents",
		Patience: 10 * time.Minute, HTTP: http(&calls{w: o.world, dies: &o.dies, next: o.ws.Client().Transport}),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	c := pagerduty.Config{RoutingKey: sandbox.RoutingKey, APIURL: sandbox.InProcessURL + "/pagerduty", HTTP: http(o.calls)}
	if !o.byKey {
		c.Token, c.From = sandbox.PagerDutyToken, "ada@example.com"
	}
	if o.pager, err = pagerduty.Dial(o.t.Context(), c); err != nil {
		o.t.Fatal(err)
	}
	o.pager.Who = o.who()
}

// who finds PagerDuty's people among Slack's.
func (o *office) who() pagerduty.Who {
	pager, people := o.pager, o.conn.Performer
	return func(id, name string) incident.Person {
		if p, ok := people.ByMail(pager.Person(id, name)); ok {
			return p
		}
		return incident.Person{Name: name}
	}
}

// serve opens the door of a new process.
func (o *office) serve(ctx context.Context, b *bot.Bot) {
	for range 5 {
		if o.conn.Performer.Meet(ctx) == nil {
			break
		}
	}
	if !o.byKey {
		for range 5 {
			if o.pager.Refresh(ctx) == nil {
				break
			}
		}
		go o.reconcile(ctx, b, o.pager, store.NewJournal(o.kv))
	}
	mux := http.NewServeMux()
	handle := command.Commands{Bot: b, Log: simLog(), Paging: paging{o.pager}}.Handle
	o.conn.Face(handle, b.Hold, simLog()).Routes(mux)
	for _, s := range (&pagerduty.Webhook{Secrets: []string{pagerSecret}, Person: o.who()}).Sources() {
		(&inbound.Hook{Source: s, Accept: b.Accept, Log: simLog()}).Routes(mux)
	}
	o.door.Store(mux)
}

// reconcile asks PagerDuty for what it may have told in vain, as tocsin does.
func (o *office) reconcile(ctx context.Context, b *bot.Bot, pager *pagerduty.Client, j *store.Journal) {
	const mark = "pagerduty"
	for ; ctx.Err() == nil; o.sleep(ctx, 5*time.Minute) {
		last, err := j.Marked(ctx, mark)
		if err != nil {
			continue
		}
		signals, asked, err := pager.Changes(ctx, last)
		for _, s := range signals {
			if err == nil {
				_, err = b.Accept(ctx, bot.Delivery{Source: s.Source, ID: s.ID, Signals: []bot.Signal{s}})
			}
		}
		if err == nil {
			_ = j.Mark(ctx, mark, asked) // or it is asked for again
		}
	}
}

func (o *office) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// paging is PagerDuty as commands know it.
type paging struct{ *pagerduty.Client }

func (p paging) Complete(most int) []incident.PageTarget { return p.Client.Complete("", most) }

func (p paging) OnCall(context.Context, string) ([]bot.Duty, error) { return nil, nil }

// mend starts the bot again if it died.
func (o *office) mend() {
	for o.bot.Err() != nil || o.dead.Load() {
		o.restart()
	}
}

// pause lets time pass; who dies meanwhile is started again within a second.
func (o *office) pause(d time.Duration) {
	for ; d > 0; d -= time.Second {
		<-time.After(min(d, time.Second))
		o.mend()
	}
	o.mend()
}

// upset has deliveries go wrong besides.
func (o *office) upset() {
	o.faults()
	for _, kind := range []string{"duplicate_delivery", "reordered_delivery", "late_delivery"} {
		o.fault(sandbox.Fault{Kind: kind, Probability: 0.1, DelayMS: 3000})
	}
}

// calmed has nothing go wrong any more.
func (o *office) calmed() {
	o.crash = nil
	o.restart()
	o.fault(sandbox.Fault{Kind: "clear"})
	o.settled()
}

// settled lets time pass until nothing waits: what is sent again by whom it is sent has
// come, and all that follows is done. What does not come to an end for a quarter of an
// hour, because too many calls in a row have to go well, is let through.
func (o *office) settled() {
	for calm, n := 0, 0; calm < 8; n++ {
		o.pause(10 * time.Second)
		synctest.Wait()
		j, ctx := store.NewJournal(o.kv), context.Background()
		if n == 90 {
			o.fault(sandbox.Fault{Kind: "clear"})
		}
		items, err := j.Outbox(ctx)
		arrivals, err2 := j.Arrivals(ctx, store.Arrival{}, 0)
		switch {
		case err != nil || err2 != nil || n > 400:
			o.t.Fatalf("it does not settle: %v %v %+v", err, err2, items)
		case len(items)+len(arrivals) > 0:
			calm = 0
		default:
			calm++
		}
	}
}

// post sends a request to PagerDuty that is not tocsin's, until it is taken.
func (o *office) post(path string, body any) {
	data, _ := json.Marshal(body)
	for range 50 {
		r, err := o.ws.Client().Post(sandbox.InProcessURL+"/pagerduty"+path, "application/json", bytes.NewReader(data))
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusAccepted {
				return
			}
		}
		o.pause(time.Second)
	}
	o.t.Fatalf("%s is not taken", data)
}

// requests are the messages of all responder requests of one of PagerDuty's incidents.
func (o *office) requests(id string) (messages []string) {
	r, _ := http.NewRequest(http.MethodGet, sandbox.InProcessURL+"/pagerduty/incidents/"+id, nil)
	r.Header = http.Header{"Authorization": {"Token token=" + sandbox.PagerDutyToken}, "Accept": {"application/json"}}
	answer, err := o.ws.Client().Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer answer.Body.Close()
	var in struct {
		Incident struct {
			Requests []struct{ Message string } `json:"responder_requests"`
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&in); err != nil || answer.StatusCode != http.StatusOK {
		o.t.Fatal(answer.Status, err)
	}
	for _, q := range in.Incident.Requests {
		messages = append(messages, q.Message)
	}
	return messages
}

// tokenOf is the nth token, of letters only.
func tokenOf(n int) string {
	letters := make([]byte, 4)
	for i := range letters {
		letters[i] = byte('a' + n%26)
		n /= 26
	}
	return fmt.Sprintf("qx%sxq", letters)
}
