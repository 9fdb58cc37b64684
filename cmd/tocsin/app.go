package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/bot"
	"tocsin/bot/alert"
	"tocsin/bot/command"
	"tocsin/bot/inbound"
	"tocsin/bot/markdown"
	"tocsin/bot/pagerduty"
	"tocsin/bot/slack"
	"tocsin/bot/web"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store"
	"tocsin/store/bolt"
	"tocsin/templates"
)

// storeFlags name the data file; every subcommand that reads has them.
type storeFlags struct {
	Store string `env:"TOCSIN_STORE" default:"bolt:tocsin.db" help:"Where the record is kept, as bolt:FILE."`
}

// path is the data file.
func (s storeFlags) path() (string, error) {
	kind, path, ok := strings.Cut(s.Store, ":")
	if !ok || kind != "bolt" || path == "" {
		return "", fmt.Errorf("TOCSIN_STORE is %q: it has to be bolt:FILE, for example bolt:/var/lib/tocsin/tocsin.db", s.Store)
	}
	return path, nil
}

// contentFlags name a team's own guides, plays and templates.
type contentFlags struct {
	Content string `env:"TOCSIN_CONTENT" help:"A directory with your own runbooks, services, playbooks, templates and alert senders; they go over the built-in ones, file by file."`

	services fs.FS // beneath a team's own: the sandbox's
}

// content is the Markdown that tocsin works with.
type content struct {
	guides    *runbooks.Library
	services  *runbooks.Services
	plays     *playbooks.Library
	templates *templates.Set
	senders   *alert.Senders
	problems  []string
	from      contentFlags
	stamp     string // of from's files, taken before they were read
}

// load reads the built-in content and the team's own over it. What is broken is
// left out and reported; the rest serves.
func (c contentFlags) load() (content, error) { return c.loadOver(nil) }

// loadOver is load with what is kept from before under a team's own, by folder:
// it serves in the place of a file that is broken now.
func (c contentFlags) loadOver(kept map[string]memory) (content, error) {
	own, done, err := c.own()
	if err != nil {
		return content{}, err
	}
	defer done()
	out := content{from: c}
	if c.Content != "" {
		out.stamp, _ = stamp(c.Content)
	}
	var p0, p1 []runbooks.Problem
	var p2 []playbooks.Problem
	var p3 []templates.Problem
	var p4 []markdown.Problem
	out.guides, p1 = runbooks.Load(runbooks.Embedded(), kept["runbooks"], own("runbooks"))
	out.services, p0 = runbooks.LoadServices(runbooks.EmbeddedServices(), c.services, kept["services"], own("services"))
	p0 = append(p0, out.services.Lint(out.guides)...)
	out.plays, p2 = playbooks.Load(playbooks.Embedded(), kept["playbooks"], own("playbooks"))
	out.templates, p3 = templates.Load(templates.Embedded(), kept["templates"], own("templates"))
	out.senders, p4 = alert.LoadSenders(kept["alerts"], own("alerts"))
	for _, of := range []struct {
		folder   string
		problems []markdown.Problem
	}{{"services", p0}, {"runbooks", p1}, {"playbooks", p2}, {"templates", p3}, {"alerts", p4}} {
		for _, p := range of.problems {
			out.problems = append(out.problems, reported(of.folder, p))
		}
	}
	if why := out.services.Unread(); why != "" {
		out.problems = append(out.problems, "weighty commands (sev, page, update, close …) are for the shell alone, since who may do what is said in services/"+why)
	}
	out.problems = append(out.problems, command.CheckOnly(out.services.Defaults().Only)...)
	return out, nil
}

// reported is what is wrong with a file of a content folder, and what became of it.
func reported(folder string, p markdown.Problem) string {
	p.File = folder + "/" + p.File
	if p.Out {
		return "left out: " + p.String()
	}
	return "served, but " + p.String()
}

// own are a team's folders by name, nil for each without any, until done. Nothing is
// read of them that is not in the directory itself: a link leads nowhere else.
func (c contentFlags) own() (folder func(name string) fs.FS, done func() error, err error) {
	if c.Content == "" {
		return func(string) fs.FS { return nil }, func() error { return nil }, nil
	}
	root, err := os.OpenRoot(c.Content)
	if err != nil {
		return nil, nil, fmt.Errorf("TOCSIN_CONTENT is %q, which is no directory that can be read", c.Content)
	}
	return func(name string) fs.FS {
		sub, _ := fs.Sub(root.FS(), name) // the names are right
		return sub
	}, root.Close, nil
}

// settings are what serve and sandbox have in common.
type settings struct {
	storePath string
	addr      string // where to listen for HTTP
	content   content
	slack     slack.Config
	url       string
	doubts    []string          // what works and is hardly meant
	secrets   []string          // of PagerDuty's webhooks
	pager     *pagerduty.Config // nil: nobody can be paged from here
	alerts    alert.Config
	keeping   keeping
	quiet     time.Duration
	look      time.Duration // how often the content is looked at; 0: lookEvery
	silence   time.Duration // how long serve has nothing to do in Slack before it asks for its word; 0: silence
	askEach   time.Duration // how often PagerDuty is asked for what was lost; 0: reconcileEvery
	now       func() time.Time
	counts    *counts // go on from an earlier app; nil: begin at 0
	pair      *pair   // serve HTTPS by itself; nil: HTTP
	alone     bool    // the process is the bot's alone: once the start is over it gives back the memory that took
}

// app is the bot with its faces: the same for serve, sandbox and tests.
type app struct {
	log     *slog.Logger
	kv      *bolt.DB
	bot     *bot.Bot
	face    *slack.Face
	socket  bool
	routes  func(*http.ServeMux)
	door    door
	control net.Listener
	guides  *runbooks.Library
	alone   bool
	watch   *watch // nil without content of a team's own
	pager   *pager // nil where PagerDuty is not set up for paging
	metrics *metrics
	keeper  *keeper
	counts  *counts
	marker  *marker
	asking  atomic.Bool
	hangs   bool // something of it did not end with run
	look    time.Duration
	askEach time.Duration
	silence time.Duration // 0: Slack is not asked

	slack    *slack.Connection
	commands command.Commands // for the shell
}

// newApp opens the store and builds the bot. Where Slack does not answer, what is for it
// waits.
func newApp(ctx context.Context, s settings, log *slog.Logger) (*app, error) {
	counts := cmp.Or(s.counts, newCounts())
	log = slog.New(counted{log.Handler(), counts})
	for _, p := range s.content.problems {
		log.Warn("content", "problem", p)
	}
	for _, d := range s.doubts {
		log.Warn("configuration", "problem", d)
	}
	s.slack.Called = counts.called
	counts.welcome = func() { log.Info("Slack takes the bot token again") }
	s.slack.Log, s.slack.Jitter = log, rand.N[time.Duration]
	conn, kv, err := reachSlack(ctx, s)
	if err != nil {
		return nil, err
	}
	a := &app{
		log: log, kv: kv, slack: conn, counts: counts, guides: s.content.guides, alone: s.alone, socket: s.slack.AppToken != "",
		look: cmp.Or(s.look, lookEvery), askEach: cmp.Or(s.askEach, reconcileEvery), door: door{log: log, answer: longestAnswer, pair: s.pair},
	}
	if s.slack.Patience > 0 { // else nobody goes on without Slack
		a.silence = cmp.Or(s.silence, silence)
	}
	if s.content.from.Content != "" {
		a.watch = newWatch(s.content, log)
	}
	pacer := conn.Pacer()
	config := bot.Config{
		Store: timed{kv, counts}, Performer: conn.Performer, Pacer: pacer, Log: log, Now: s.now, URL: s.url, Quiet: s.quiet,
		Guides: s.content.guides, Services: s.content.services, Plays: s.content.plays, Templates: s.content.templates,
	}
	commands := command.Commands{Buckets: buckets(pacer), Log: log}
	if s.pager != nil {
		s.pager.Team, s.pager.Now = catalogue{s.content.services}, s.now
		if a.pager, err = newPager(ctx, *s.pager, conn.Performer.ByMail); err != nil {
			kv.Close()
			return nil, err
		}
		config.Pager, config.OnCall, commands.Paging = pagerduty.NewPerformer(a.pager.client), a.pager.now, a.pager
	}
	var links *web.Links
	if s.url != "" {
		if links, err = web.NewLinks(s.url, s.slack.BotToken); err != nil {
			kv.Close()
			return nil, err
		}
		config.Link = links.Link
	}
	a.bot, err = bot.New(ctx, config)
	if err != nil {
		kv.Close()
		return nil, err
	}
	commands.Bot = a.bot
	a.commands = commands
	a.keeper = newKeeper(s.keeping, kv, a.bot, log)
	a.face = conn.Face(commands.Handle, a.bot.Hold, log)
	a.face.Count = func(outcome string) { counts.count("slack", outcome) }
	a.marker = &marker{journal: store.NewJournal(a.bot.Store), log: log}
	tells := sources{buckets: commands.Buckets, damaged: a.keeper.findings}
	if s.keeping.backups != "" {
		tells.backedUp = a.keeper.lastBackup
	}
	if a.socket {
		tells.links = a.face.Links
	}
	a.metrics = newMetrics(a.bot, counts, tells)
	pages := web.Pages{Guides: s.content.guides, Links: links, Sheet: a.bot.Sheet, Now: s.now}
	sources := a.sources(s)
	a.routes = func(mux *http.ServeMux) {
		a.face.Routes(mux)
		pages.Routes(mux)
		mux.HandleFunc("GET /healthz", tellParts(a.alive))
		mux.HandleFunc("GET /readyz", tellParts(a.ready))
		mux.Handle("GET /metrics", a.metrics.handler())
		for _, hook := range sources {
			hook.Routes(mux)
		}
	}
	if a.control, err = listenControl(s.storePath); err != nil {
		kv.Close()
		return nil, err
	}
	return a, nil
}

// buckets tell how much of what Slack takes is used up.
func buckets(p *slack.Pacer) func() []bot.Bucket {
	return func() []bot.Bucket {
		var list []bot.Bucket
		for _, s := range p.State() {
			list = append(list, bot.Bucket{Name: s.Method, Used: s.Used, Limit: s.Limit, PausedUntil: s.PausedUntil, Waiting: s.Waiting})
		}
		return list
	}
}

// sources are the doors for alerts: of each source whose secret is set.
func (a *app) sources(s settings) []*inbound.Hook {
	s.alerts.Log, s.alerts.Senders = a.log, s.content.senders
	pager := &pagerduty.Webhook{Secrets: s.secrets}
	if a.pager != nil {
		pager.Person = a.pager.who
	}
	var hooks []*inbound.Hook
	for _, source := range slices.Concat(pager.Sources(), alert.Sources(s.alerts)) {
		hooks = append(hooks, &inbound.Hook{Source: source, Accept: a.bot.Accept, Log: a.log, Now: s.now, Count: a.counts.count})
	}
	return hooks
}

// run works until ctx ends, or something fails that only a new app can mend.
// serve is the HTTP server to run beside; nil for none.
func (a *app) run(ctx context.Context, ln net.Listener, handler http.Handler) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	start := func(what string, f func() error) {
		wg.Go(func() {
			if err := bot.Guard(a.log, what, f); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	start("the bot stopped", func() error { return a.bot.Run(ctx) })
	if a.slack.Reached() == nil {
		a.meet(ctx)
	}
	start("Slack", func() error { return a.talk(ctx) })
	if a.silence > 0 {
		start("Slack", func() error { a.keep(ctx, "slack", a.attend); return nil })
	}
	if a.watch != nil {
		looks := time.NewTicker(a.look)
		defer looks.Stop()
		start("the content", func() error {
			a.keep(ctx, "content", func(ctx context.Context) { a.watch.run(ctx, looks.C) })
			return nil
		})
	}
	if a.pager != nil {
		start("PagerDuty", func() error { a.keep(ctx, "pagerduty", a.tend); return nil })
	}
	keeps := time.NewTicker(time.Minute)
	defer keeps.Stop()
	start("the keeping of the record", func() error {
		a.keep(ctx, "record", func(ctx context.Context) { a.keeper.run(ctx, keeps.C) })
		return nil
	})
	start("HTTP", func() error { return a.door.serve(ctx, ln, handler) })
	start("memory", func() error { a.keep(ctx, "record", a.rest); return nil })
	start("the control socket", func() error { return door{log: a.log}.serve(ctx, a.control, a.controlRoutes()) })
	<-ctx.Done()
	err, who := context.Cause(ctx), "the bot"
	if errors.Is(err, context.Canceled) {
		who = "tocsin"
	}
	a.log.Info(who+" ends: it takes nothing new, and finishes what is under way", "why", err)
	if a.hangs = !within(drainTime, wg.Wait); a.hangs {
		a.log.Warn("what is under way does not end, and is left: what is stored is done at the next start")
	}
	closing := a.shut()
	if closing == nil {
		a.log.Info(who + " has ended: what was acknowledged is on disk")
	} else if errors.Is(err, context.Canceled) {
		err = closing
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// drainTime is how long what is under way may take to end once tocsin is told to,
// and closeTime how long the data file may take: supervisors kill after 10 seconds
// or more.
const (
	drainTime = 7 * time.Second
	closeTime = 2 * time.Second
)

// shut closes the data file.
func (a *app) shut() error {
	var err error
	if !within(closeTime, func() { err = a.kv.Close() }) {
		a.hangs = true
		return errors.New("the data file does not close: look at the disk. What was acknowledged is in it")
	}
	return err
}

// within does something for so long at most, and tells whether it came to its end.
func within(most time.Duration, do func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return true
	case <-time.After(most):
		return false
	}
}

// releaseEach is how often what was read of the data file is given back.
const releaseEach = time.Minute

// starting is how long the start goes before what nobody has to wait for.
const starting = 250 * time.Millisecond

// garbageLater has the process collect when there is one and a half times as much garbage
// as what it holds. That is little, so a collection comes often else: the start would wait
// for it, and a flood of webhooks. With twice as much it comes near 100 MB.
func garbageLater() { debug.SetGCPercent(150) }

// rest does what nobody has to wait for at the start: it makes ready what the first
// report would otherwise wait for, and where the process is the bot's alone, gives
// back the memory that starting took, and what is read later of the data file.
func (a *app) rest(ctx context.Context) {
	select {
	case <-time.After(starting):
	case <-ctx.Done():
		return
	}
	a.guides.Warm()
	if !a.alone {
		return
	}
	debug.FreeOSMemory()
	if err := releaseCode(); err != nil {
		a.log.Warn("the code that the start needed stays in memory", "error", err)
	}
	each := time.NewTicker(releaseEach)
	defer each.Stop()
	for {
		if err := a.kv.Release(); err != nil && ctx.Err() == nil {
			a.log.Warn("the pages of the data file stay in memory", "error", err)
		}
		select {
		case <-each.C:
		case <-ctx.Done():
			return
		}
	}
}

// meeting is how long the start waits for people's names.
const meeting = 5 * time.Second

// meet learns people's names before anybody is answered: the record keeps the
// name that was known when a thing happened. Without them it is the handle.
func (a *app) meet(ctx context.Context) {
	soon, cancel := context.WithTimeout(ctx, meeting)
	defer cancel()
	var wg sync.WaitGroup
	if a.pager != nil {
		wg.Go(func() {
			a.panics("pagerduty", func() { a.tell(ctx, "PagerDuty's people and duties are not known yet", a.pager.meet(soon)) })
		})
	}
	if err := a.face.Performer.Meet(soon); err != nil && ctx.Err() == nil {
		a.log.Warn("people's names are not known yet", "error", err)
		go a.keep(ctx, "people", a.meetLater)
	}
	wg.Wait()
	a.tell(ctx, "who is on call could not be brought in", a.bot.Summon(ctx))
}

// close releases what newApp opened, for an app that never ran.
func (a *app) close() {
	a.control.Close()
	a.kv.Close()
}

// notFound says for people what a missing incident means.
func notFound(id string, err error) error {
	if _, gone := errors.AsType[*store.GoneError](err); gone {
		return err
	}
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no incident %s in this record", id)
	}
	return err
}
