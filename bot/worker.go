package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// worker performs what is in the outbox, each effect once:
//
//   - It waits for its turn (turn.go), the most urgent first. To wait is no attempt.
//   - An attempt is put on record before it is made. After a crash the effect is
//     known to be in doubt.
//   - An effect in doubt that must not happen twice waits until a late act can no
//     longer come (Config.Quiet). The Performer then looks whether it happened.
//   - What was learned and the end of the effect are one transaction, through
//     Bot.commit like everything else, so what follows from it is never lost.
//
// Effects of one lane go one after the other; lanes go side by side. A lane is
// idle when it is empty, held, or in need of a channel that is not there yet;
// every change of its incident wakes it.
type worker struct {
	bot   *Bot
	slots chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex
	ctx   context.Context // nil: not running
	calls context.Context // of the calls under way; ends a little later
	lanes map[incident.ID]map[string]*lane
	held  map[incident.ID]int
}

func newWorker(b *Bot) *worker {
	return &worker{
		bot: b, slots: make(chan struct{}, b.Workers),
		lanes: map[incident.ID]map[string]*lane{}, held: map[incident.ID]int{},
	}
}

// load queues what the store has. Whatever was attempted before may still
// happen: it waits for the quiet time first, and no longer although the clock was
// set back since.
func (w *worker) load(ctx context.Context) error {
	now := w.bot.Now()
	items, err := w.bot.journal.Outbox(ctx)
	if damaged(err) {
		for _, err := range store.Each(err) {
			w.bot.Log.Error("something that waits to be done cannot be read, and is left alone", "incident", store.About(err), "error", err)
		}
		err = nil
	}
	if err != nil {
		return err
	}
	alone := map[incident.ID]error{}
	defer w.tellAlone(items, alone)
	for _, item := range items {
		_, err := w.bot.load(ctx, item.Incident)
		if damaged(err) {
			alone[item.Incident] = err
			continue
		}
		if err != nil {
			return err
		}
		w.mu.Lock()
		l := w.lane(item)
		l.put(item)
		if item.Tries > 0 {
			if item.Last.After(now) {
				item.Last = now
			}
			l.retry = latest(l.retry, w.resume(item))
		}
		w.mu.Unlock()
	}
	return nil
}

// tellAlone tells the operator of incidents that cannot be read and for which something
// waits: a line each.
func (w *worker) tellAlone(items []store.Item, alone map[incident.ID]error) {
	waiting := map[incident.ID]int{}
	for _, item := range items {
		waiting[item.Incident]++
	}
	for _, id := range slices.Sorted(maps.Keys(alone)) {
		w.bot.Log.Error("what waits for an incident that cannot be read is left alone", "incident", id, "effects", waiting[id], "error", alone[id])
	}
}

// grace is how long calls under way may take to come back once the bot is told
// to stop. What does not come back is in doubt, and looked for at the next start.
const grace = 3 * time.Second

// run performs effects until ctx ends and every attempt has come back.
func (w *worker) run(ctx context.Context) {
	calls, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cut) })()
	w.mu.Lock()
	w.ctx, w.calls = ctx, calls
	for id := range w.lanes {
		w.wake(id)
	}
	w.mu.Unlock()
	<-ctx.Done()
	w.mu.Lock()
	w.ctx = nil // nothing new begins
	w.mu.Unlock()
	w.wg.Wait()
}

// change takes note of what a transaction did to an incident and its outbox. The
// caller holds the incident's lock, so items come in the order of commits.
func (w *worker) change(live *live, a store.Append) {
	w.mu.Lock()
	defer w.mu.Unlock()
	inc := live.inc.Load()
	w.bot.publish(inc.ID, live)
	for _, l := range w.lanes[inc.ID] {
		l.items = slices.DeleteFunc(l.items, func(i store.Item) bool { return slices.Contains(a.Settled, i.Key) })
	}
	for _, item := range a.Put {
		w.lane(item).put(item)
	}
	for _, l := range w.lanes[inc.ID] {
		l.reconsider(*inc)
	}
	w.wake(inc.ID)
}

// inherit gives a projection's new item the attempts of the one it replaces:
// that one may have been carried out.
func (w *worker) inherit(item store.Item) store.Item {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.lanes[item.Incident][item.Effect.Lane()]; l != nil {
		if i, ok := l.find(item.Key); ok {
			item.Tries, item.First, item.Last = l.items[i].Tries, l.items[i].First, l.items[i].Last
			return item
		}
	}
	return w.bot.unsure(item)
}

// hold keeps the effects of an incident back until ctx's hold is released, if
// it has one.
func hold(ctx context.Context, w *worker, id incident.ID) {
	if h, ok := ctx.Value(holdKey{}).(*holding); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		h.ids = append(h.ids, id)
		w.held[id]++
	}
}

type holdKey struct{}

type holding struct{ ids []incident.ID }

// Hold lets a person be answered before the chat is called: effects of what is
// decided with the new context wait for release, which may be called again.
func (b *Bot) Hold(ctx context.Context) (held context.Context, release func()) {
	h := &holding{}
	return context.WithValue(ctx, holdKey{}, h), func() {
		w := b.worker
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, id := range h.ids {
			if w.held[id]--; w.held[id] == 0 {
				delete(w.held, id)
				w.wake(id)
			}
		}
		h.ids = nil
	}
}

// lane finds or makes the lane of an item. The caller holds w.mu.
func (w *worker) lane(item store.Item) *lane {
	lanes := w.lanes[item.Incident]
	if lanes == nil {
		lanes = map[string]*lane{}
		w.lanes[item.Incident] = lanes
	}
	name := item.Effect.Lane()
	if lanes[name] == nil {
		lanes[name] = &lane{}
	}
	return lanes[name]
}

// wake starts the lanes of an incident that have something to do. The caller
// holds w.mu.
func (w *worker) wake(id incident.ID) {
	for name, l := range w.lanes[id] {
		if len(l.items) == 0 && !l.running {
			delete(w.lanes[id], name)
			continue
		}
		if ctx := w.ctx; ctx != nil && ctx.Err() == nil && !l.running && w.ready(id, l) {
			l.running = true
			w.wg.Go(func() { w.work(ctx, id, l) })
		}
	}
	if len(w.lanes[id]) == 0 {
		delete(w.lanes, id)
	}
}

// ready tells whether the first item of a lane can be performed, but for its
// time. The caller holds w.mu.
func (w *worker) ready(id incident.ID, l *lane) bool {
	if len(l.items) == 0 || w.held[id] > 0 {
		return false
	}
	inc, ok := w.bot.snapshot(id)
	if !ok {
		return false
	}
	switch l.items[0].Effect.Needs() {
	case effect.Channel:
		return inc.Channel.Channel != ""
	case effect.Card:
		return inc.Channel.Channel != "" && (inc.Posts[incident.PostedCard].What != "" || gaveUp(inc, effect.ShowCard{}))
	}
	return true
}

// gaveUp tells whether an effect like e failed for good.
func gaveUp(inc incident.Incident, e effect.Effect) bool {
	return slices.ContainsFunc(inc.Failures, func(f incident.Failed) bool { return f.Effect == effect.Effects.Name(e) })
}

// snapshot is the incident as it is in memory now.
func (b *Bot) snapshot(id incident.ID) (incident.Incident, bool) {
	b.mu.Lock()
	l := b.live[id]
	b.mu.Unlock()
	if l == nil {
		return incident.Incident{}, false
	}
	return *l.inc.Load(), true
}

// work performs the items of a lane, one after the other.
func (w *worker) work(ctx context.Context, id incident.ID, l *lane) {
	for {
		w.mu.Lock()
		if ctx.Err() != nil || !w.ready(id, l) {
			l.running = false
			w.mu.Unlock()
			return
		}
		retry := l.retry
		w.mu.Unlock()
		if !w.pause(ctx, retry) {
			continue
		}
		err := w.bot.guard("worker", func() error {
			if t, ok := w.turn(ctx, id, l); ok {
				w.take(ctx, id, l, t)
			}
			return nil
		}, "incident", id)
		if err != nil {
			w.rest(l, w.bot.Now().Add(longestTry))
		}
	}
}

// rest has a lane wait until a time.
func (w *worker) rest(l *lane, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l.retry, l.unrecorded = latest(until, l.unrecorded), time.Time{}
}

// take makes an attempt in a slot, and ends the turn.
func (w *worker) take(ctx context.Context, id incident.ID, l *lane, t turn) {
	defer t.done()
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
		w.bot.giveWay(ctx)
		w.rest(l, w.attempt(ctx, id, l, t))
	case <-ctx.Done():
	}
}

// pause waits until t; false if ctx ended first.
func (w *worker) pause(ctx context.Context, t time.Time) bool {
	d := t.Sub(w.bot.Now())
	if t.IsZero() || d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt performs the item that it is the turn of once, and records what came
// of it. It returns when the lane may go on.
func (w *worker) attempt(ctx context.Context, id incident.ID, l *lane, t turn) (again time.Time) {
	if w.drop(ctx, id, l, t.key) {
		return time.Time{}
	}
	item, inc, ok := w.record(ctx, id, l, t.key)
	if !ok { // the store refused; if it failed, the bot is stopping
		return w.bot.Now().Add(firstTry)
	}
	facts, err := w.perform(t.calls, inc, item)
	var later *Later
	var final *Final
	switch {
	case err == nil:
	case errors.As(err, &later):
		level := slog.LevelInfo
		if later.After >= time.Minute {
			level = slog.LevelError // the operator has to mend it
		}
		w.bot.Log.Log(ctx, level, "put off", append(whose(inc, item), "after", later.After, "error", later.Err)...)
		if len(later.Facts) > 0 {
			w.outcome(context.WithoutCancel(ctx), id, l, item, later.Facts, false)
		}
		return w.bot.Now().Add(later.After)
	case errors.As(err, &final):
		w.bot.Log.Error("given up", append(whose(inc, item), "why", final.Why, "error", err)...)
		data, _ := json.Marshal(item.Effect) // it came from the store: it cannot fail
		facts = []incident.Fact{incident.Failed{
			Effect: effect.Effects.Name(item.Effect), What: item.Effect.Words(), Why: final.Why, Data: data,
		}}
	default:
		if w.calls.Err() == nil {
			w.bot.Log.Warn("in doubt", append(whose(inc, item), "try", item.Tries, "error", err)...)
		}
		return w.bot.Now().Add(w.wait(item))
	}
	w.outcome(context.WithoutCancel(ctx), id, l, item, facts, true)
	return time.Time{}
}

// whose is what the log says of an item: whose it is, what it does, and the cause of the
// event that it follows from.
func whose(inc incident.Incident, item store.Item) []any {
	e, _ := origin(inc, item)
	return []any{"incident", item.Incident, "effect", item.Effect.Words(), "cause", e.Cause}
}

// drop takes an item out of the outbox that nobody needs any more.
func (w *worker) drop(ctx context.Context, id incident.ID, l *lane, key string) bool {
	item, ok := w.item(l, key)
	inc, known := w.bot.snapshot(id)
	if !ok || !known || !w.bot.stale(inc, item, w.bot.Now()) {
		return false
	}
	w.bot.Log.Info("dropped, because it comes too late", append(whose(inc, item), "event", item.Seq)...)
	w.outcome(context.WithoutCancel(ctx), id, l, item, nil, true)
	return true
}

// record puts an attempt on record, on the newest form of the item.
func (w *worker) record(ctx context.Context, id incident.ID, ln *lane, key string) (store.Item, incident.Incident, bool) {
	var item store.Item
	var inc incident.Incident
	err := w.bot.race(ctx, id, func(l *live) (err error) {
		item, inc, err = w.recordOnce(ctx, l, ln, key)
		return err
	})
	return item, inc, err == nil
}

func (w *worker) recordOnce(ctx context.Context, l *live, ln *lane, key string) (store.Item, incident.Incident, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	item, ok := w.item(ln, key)
	if !ok {
		return item, incident.Incident{}, errors.New("the item is gone")
	}
	item.Tries++
	item.Last = w.bot.Now().UTC()
	if item.First.IsZero() {
		item.First = item.Last
	}
	inc, err := w.bot.commit(ctx, l, Origin{}, nil, store.Append{Put: []store.Item{item}})
	return item, inc, err
}

// item is the present form of the item called key.
func (w *worker) item(l *lane, key string) (store.Item, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i, ok := l.find(key); ok {
		return l.items[i], true
	}
	return store.Item{}, false
}

// outcome records what came of an attempt at an item. done takes the item out of
// the outbox, unless a newer form of it has come in the meantime. What could not be
// recorded is in doubt: the lane waits.
func (w *worker) outcome(ctx context.Context, id incident.ID, ln *lane, item store.Item, facts []incident.Fact, done bool) {
	err := w.bot.race(ctx, id, func(l *live) error { return w.outcomeOnce(ctx, l, ln, item, facts, done) })
	if err != nil {
		inc, _ := w.bot.snapshot(id) // it is live: an attempt was on record
		w.bot.Log.Error("an outcome was not recorded", append(whose(inc, item), "error", err)...)
		w.mu.Lock()
		defer w.mu.Unlock()
		ln.unrecorded = w.bot.Now().Add(w.wait(item))
	}
}

func (w *worker) outcomeOnce(ctx context.Context, l *live, ln *lane, item store.Item, facts []incident.Fact, done bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	facts = news(*l.inc.Load(), facts)
	if !done && len(facts) == 0 {
		return nil
	}
	var a store.Append
	o := Origin{By: incident.Bot, Cause: fmt.Sprintf("%s part %d", jobKey(item), item.Tries)}
	if done {
		o.Cause = store.DoneCause(item.Incident, item.Key)
		if now, ok := w.item(ln, item.Key); ok && now.Seq == item.Seq {
			a.Settled = []string{item.Key}
		}
	}
	_, err := w.bot.commit(ctx, l, o, facts, a)
	return err
}

// news leaves out what is known: several lanes meet the same bar, or somebody who
// cannot be reached, again and again.
func news(inc incident.Incident, facts []incident.Fact) []incident.Fact {
	return slices.DeleteFunc(slices.Clone(facts), func(f incident.Fact) bool {
		switch f := f.(type) {
		case incident.Barred:
			return inc.KnowsBar(f)
		case incident.Failed:
			return f.Effect == effect.Effects.Name(effect.Invite{}) && slices.ContainsFunc(inc.Failures, func(o incident.Failed) bool {
				return o.Effect == f.Effect && o.What == f.What && o.Why == f.Why
			})
		}
		return false
	})
}

// perform calls the Performer. A panic in it is a failure like any other.
func (w *worker) perform(ctx context.Context, inc incident.Incident, item store.Item) (facts []incident.Fact, err error) {
	err = w.bot.guard("worker", func() (err error) {
		facts, err = w.call(ctx, inc, item)
		return err
	}, whose(inc, item)...)
	return facts, err
}

// call calls the Performer that an effect is for.
func (w *worker) call(ctx context.Context, inc incident.Incident, item store.Item) ([]incident.Fact, error) {
	performer := w.bot.Performer
	if effect.ForPager(item.Effect) {
		performer = w.bot.Pager
	}
	if performer == nil {
		return nil, &Final{Why: "PagerDuty is not set up any more. Set PAGERDUTY_API_TOKEN or PAGERDUTY_ROUTING_KEY, start tocsin again, then use “Try again”."}
	}
	job := w.bot.job(inc, item)
	if _, sync := item.Effect.(effect.SyncPager); sync {
		var err error
		job.Line, err = w.bot.line(ctx, inc)
		if _, damaged := errors.AsType[*Final](err); damaged {
			return nil, err
		}
		if err != nil {
			return nil, &Later{After: firstTry, Err: err}
		}
		job.Past = w.bot.wentOnAs(ctx, job.Line)
	}
	return performer.Perform(ctx, inc, job)
}
