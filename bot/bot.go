package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store"
	"tocsin/templates"
)

// Performer does in the world what an effect asks for. It is called again after
// an ambiguous failure, so it looks back first when job.Tries is over 1. The
// facts that it returns are recorded in the transaction that settles the effect.
//
// Its errors say what is known: a *Later was not carried out, or in part, and may
// be tried again; a *Final was not carried out and never will be; any other error is
// ambiguous.
type Performer interface {
	Perform(ctx context.Context, inc incident.Incident, job Job) ([]incident.Fact, error)
}

// Job is an effect whose time has come, with what it shows.
type Job struct {
	// Key is unique to this effect: what finds it again in the world.
	Key    string
	Effect effect.Effect
	// Message is what a Say, a ShowCard, a ShowGuide or an Announce is to show.
	Message effect.Message
	// Text is the topic of a SetTopic, the file of a Draft.
	Text string
	// Line is of a SyncPager: the incident that people are at now, and all that went on as
	// that one, this incident among them; empty: this one alone. What was paged of any of
	// them is the first one's business. Past is what any of them was a duplicate of before it
	// was opened again, as history: what was sent in their name then is on its timeline.
	Line, Past []incident.Incident
	// Tries counts the attempts, this one included; First is when the first began.
	Tries int
	First time.Time
	// Recorded is when what it follows from was recorded: of two effects with one Key,
	// before and after the record was put back to a backup, it tells which is meant.
	Recorded time.Time
}

// Later is a failure with nothing carried out but what Facts tell: try again.
type Later struct {
	After time.Duration
	Err   error
	// Facts tell what part was carried out. They are recorded at once, while the
	// effect stays to be done: the next attempt knows of them, also after a crash.
	Facts []incident.Fact
}

func (e *Later) Error() string { return fmt.Sprintf("not now, again in %v: %v", e.After, e.Err) }
func (e *Later) Unwrap() error { return e.Err }

// Final is a failure with nothing carried out that trying again will not mend.
type Final struct {
	Why string // in words, with what to do about it
}

func (e *Final) Error() string { return e.Why }

// Config is what a Bot is made of.
type Config struct {
	Store     store.KV
	Performer Performer
	// Pacer tells when an effect's turn has come; nil: at once.
	Pacer     Pacer
	Guides    *runbooks.Library
	Services  *runbooks.Services // nil: none are described
	Plays     *playbooks.Library
	Templates *templates.Set
	Log       *slog.Logger
	// Pager performs what is for the paging service; nil: there is none.
	Pager Performer
	// OnCall tells who is on call now for a service, ours or one that only the pager
	// knows, Everybody for any of them, from memory; nil: nobody knows.
	OnCall func(service string) []incident.Person
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// URL is where people reach tocsin's pages, "" for nowhere.
	URL string
	// Link is the address of an incident's page for those who cannot see the chat, good
	// until a time; nil: there are none.
	Link func(id incident.ID, until time.Time) string
	// Quiet is how long to wait after an ambiguous attempt at what must not
	// happen twice, before looking whether it happened: longer than the
	// client's time-out and the chat's lateness together. 0 means 15 s.
	Quiet time.Duration
	// Workers bounds the effects performed at once. 0 means 16.
	Workers int
}

// Bot is the engine.
type Bot struct {
	Config
	journal *store.Journal
	worker  *worker
	router  *router
	past    *runbooks.Memory
	// restored is when a backup became the record; zero: never.
	restored time.Time
	holding  atomic.Pointer[store.Change] // what put rooms on hold; nil: they are not
	// storming is the latest storm, for those who ask.
	storming  atomic.Pointer[Storm]
	reminders atomic.Pointer[Reminders]
	leads     atomic.Bool
	followed  followed // the clock's alone

	mu   sync.Mutex
	live map[incident.ID]*live

	declaring sync.Mutex
	next      int // number of the next incident; 0: not known yet

	stop    context.CancelCauseFunc
	stopped context.Context
}

// live is an incident in memory. Its mutex is held while an event is added;
// readers take what is there.
type live struct {
	mu  sync.Mutex
	tip store.Tip
	inc atomic.Pointer[incident.Incident]
}

// New makes a Bot and reads what is still to be performed: a newer effect has to
// know of the attempts at the one it replaces. A record in which something could be
// missing without anybody noticing is a *[store.CorruptError]. Run starts it.
func New(ctx context.Context, c Config) (*Bot, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pacer == nil {
		c.Pacer = atOnce{}
	}
	c.Quiet = cmp.Or(c.Quiet, 15*time.Second)
	c.Workers = cmp.Or(c.Workers, 16)
	b := &Bot{Config: c, journal: store.NewJournal(c.Store), live: map[incident.ID]*live{}, past: &runbooks.Memory{}}
	b.stopped, b.stop = context.WithCancelCause(context.Background())
	b.worker = newWorker(b)
	b.router = newRouter(b)
	if err := b.journal.Check(ctx); err != nil {
		return nil, err
	}
	if err := b.recall(ctx); err != nil {
		return nil, err
	}
	b.router.rooms.recall(b.Now())
	return b, b.worker.load(ctx)
}

// Run performs effects and watches the clock until ctx ends, or until the store
// fails: then nobody knows what is on disk, and the only way on is to open it
// again. It returns that failure, or nil.
func (b *Bot) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unhook := context.AfterFunc(b.stopped, cancel)
	defer unhook()
	lead, _, err := b.Store.Lead(ctx)
	if err != nil {
		return b.fail(err)
	}
	lost := context.AfterFunc(lead, func() {
		if ctx.Err() == nil {
			b.fail(context.Cause(lead))
		}
	})
	defer lost()
	b.leads.Store(true)
	defer b.leads.Store(false)
	b.regrouping(ctx)() // before anything is done by what is half done
	var wg sync.WaitGroup
	wg.Go(func() { b.worker.run(ctx) })
	wg.Go(func() { b.router.run(ctx) })
	wg.Go(func() { b.watch(ctx) })
	wg.Wait()
	if err := context.Cause(b.stopped); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// fail stops everything: a write failed, and what it left behind is unknown.
func (b *Bot) fail(err error) error {
	b.stop(fmt.Errorf("the store failed, so nothing more is done with it: %w", err))
	return err
}

// Err tells why the bot stopped by itself, nil while it has not.
func (b *Bot) Err() error { return context.Cause(b.stopped) }

// Leads tells whether effects are performed and the clock is watched: Run does.
func (b *Bot) Leads() bool { return b.leads.Load() && b.stopped.Err() == nil }

// Incident loads an incident. store.ErrNotFound if there is none.
func (b *Bot) Incident(ctx context.Context, id incident.ID) (incident.Incident, error) {
	l, err := b.load(ctx, id)
	if err != nil {
		return incident.Incident{}, err
	}
	return *l.inc.Load(), nil
}

// InChannel finds the incident whose channel it is; ok is false if none.
func (b *Bot) InChannel(ctx context.Context, channel string) (inc incident.Incident, ok bool, err error) {
	id, ok, err := b.journal.Lookup(ctx, channelHandle(channel))
	if err != nil || !ok {
		return inc, false, err
	}
	inc, err = b.Incident(ctx, id)
	return inc, err == nil, err
}

// List gives the heads of the incidents that who may see, the oldest first.
func (b *Bot) List(ctx context.Context, who incident.Actor, all bool) ([]store.Head, error) {
	heads, err := b.journal.Heads(ctx)
	if err != nil && !damaged(err) {
		return nil, err
	}
	var list []store.Head
	for _, h := range heads {
		if !all && !h.Active() {
			continue
		}
		if h.Private {
			inc, err := b.Incident(ctx, h.ID)
			if damaged(err) {
				continue // who may see it is not known
			}
			if err != nil {
				return nil, err
			}
			if !inc.VisibleTo(who) {
				continue
			}
		}
		list = append(list, h)
	}
	return list, nil
}

// load finds an incident in memory or reads it.
func (b *Bot) load(ctx context.Context, id incident.ID) (*live, error) {
	b.mu.Lock()
	l := b.live[id]
	b.mu.Unlock()
	if l != nil {
		return l, nil
	}
	events, tip, err := b.journal.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	inc := incident.Fold(id, events)
	l = &live{tip: tip}
	l.inc.Store(&inc)
	b.mu.Lock()
	defer b.mu.Unlock()
	if other := b.live[id]; other != nil {
		return other, nil
	}
	b.live[id] = l
	return l, nil
}

// publish lets others find an incident in memory as it was just stored.
func (b *Bot) publish(id incident.ID, l *live) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live[id] = l
}

// drop forgets what is in memory, because the store knows better.
func (b *Bot) drop(id incident.ID, l *live) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live[id] == l {
		delete(b.live, id)
	}
}

// Forget drops an incident from memory that is not in the record any more.
func (b *Bot) Forget(id incident.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.live, id)
}

// idle is how long an incident that nobody works on stays in memory.
const idle = time.Hour

// forget drops what is over, idle and has nothing to perform; it is read again
// when somebody asks for it.
func (b *Bot) forget(now time.Time) {
	b.worker.mu.Lock() // so that no effects come to be while we look
	defer b.worker.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, l := range b.live {
		inc := *l.inc.Load()
		last := inc.Timeline[inc.Last()-1].Logged
		if !inc.Active() && now.Sub(last) > idle && len(b.worker.lanes[id]) == 0 {
			delete(b.live, id)
		}
	}
}

func channelHandle(channel string) string { return store.ChannelHandle(channel) }
func causeHandle(cause string) string     { return store.CauseHandle(cause) }
