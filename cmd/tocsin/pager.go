package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/store"
)

// pagerFlags are how to reach PagerDuty. Without a token and a key nobody can be
// paged from here; webhooks still come in.
type pagerFlags struct {
	APIToken   string `env:"PAGERDUTY_API_TOKEN" name:"pagerduty-api-token" placeholder:"…" help:"A PagerDuty API access key with write access, or the OAuth access token of an app: to page people, see who is on call, and keep PagerDuty's incidents in step."`
	RoutingKey string `env:"PAGERDUTY_ROUTING_KEY" name:"pagerduty-routing-key" placeholder:"…" help:"The integration key of an Events API v2 integration: enough to page those behind it, without an API token."`
	From       string `env:"PAGERDUTY_FROM" name:"pagerduty-from" placeholder:"oncall@example.com" help:"The e-mail of the PagerDuty user in whose name tocsin acts."`
	APIURL     string `env:"PAGERDUTY_API_URL" name:"pagerduty-api-url" help:"Where PagerDuty's API is, if not at api.pagerduty.com: https://api.eu.pagerduty.com"`
}

// config is nil where PagerDuty is not set up for paging.
func (f pagerFlags) config(note func(error)) *pagerduty.Config {
	if f.APIToken == "" && f.RoutingKey == "" {
		return nil
	}
	c := &pagerduty.Config{Token: f.APIToken, RoutingKey: f.RoutingKey, From: f.From, APIURL: f.APIURL}
	for _, what := range c.Missing() {
		note(errors.New(what))
	}
	return c
}

// doubts are what works and is hardly meant.
func (f pagerFlags) doubts() []string {
	if f.APIToken == "" && f.RoutingKey == "" && f.From != "" {
		return []string{"PAGERDUTY_FROM is set, and neither PAGERDUTY_API_TOKEN nor PAGERDUTY_ROUTING_KEY is: nobody can be paged from here"}
	}
	return nil
}

// pager is PagerDuty as the bot uses it: its people are those of the chat, found
// by their e-mail addresses.
type pager struct {
	client *pagerduty.Client
	byMail func(string) (incident.Person, bool)

	mu     sync.Mutex
	onCall []pagerduty.Duty // as of the last look
}

func newPager(ctx context.Context, c pagerduty.Config, byMail func(string) (incident.Person, bool)) (*pager, error) {
	client, err := pagerduty.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	p := &pager{client: client, byMail: byMail}
	client.Who = p.who
	return p, nil
}

// who is one of PagerDuty's users, in the chat if they are there. It makes no call.
func (p *pager) who(id, name string) incident.Person {
	if person, ok := p.byMail(p.client.Person(id, name)); ok {
		if person.Name == "" {
			person.Name = name
		}
		return person
	}
	return incident.Person{Name: name}
}

// Targets implements bot.Paging.
func (p *pager) Targets(ctx context.Context, text string) ([]incident.PageTarget, error) {
	return p.client.Targets(ctx, text)
}

// Complete implements bot.Paging.
func (p *pager) Complete(most int) []incident.PageTarget { return p.client.Complete("", most) }

// OnCall implements bot.Paging.
func (p *pager) OnCall(ctx context.Context, team string) ([]bot.Duty, error) {
	list, err := p.client.OnCall(ctx, team)
	if err != nil {
		return nil, err
	}
	duties := make([]bot.Duty, len(list))
	for i, d := range list {
		duties[i] = bot.Duty{Person: d.Person, Policy: d.Policy, Schedule: d.Schedule, Level: d.Level, Until: d.Until}
		if person, ok := p.byMail(d.Email); ok {
			duties[i].Person = person
		}
	}
	return duties, nil
}

// now tells who is called first for a service, from the last look: a room must not
// wait for PagerDuty.
func (p *pager) now(service string) []incident.Person {
	policy := p.client.PolicyOf(service)
	p.mu.Lock()
	defer p.mu.Unlock()
	var people []incident.Person
	for _, d := range p.onCall {
		if d.Level != 1 || service != bot.Everybody && d.PolicyID != policy {
			continue
		}
		if person, ok := p.byMail(d.Email); ok && !slices.ContainsFunc(people, person.Is) {
			people = append(people, person)
		}
	}
	return people
}

// meet learns whom PagerDuty knows and who is on call, before the first alert needs
// them.
func (p *pager) meet(ctx context.Context) error {
	if !p.client.Reads() {
		return nil
	}
	return errors.Join(p.client.Refresh(ctx), p.look(ctx))
}

// look reads who is on call.
func (p *pager) look(ctx context.Context) error {
	list, err := p.client.OnCall(ctx, "")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCall = list
	return nil
}

// reconcileEvery is how often PagerDuty is asked what it may have told in vain: it
// drops what it could not deliver for a while.
const reconcileEvery = 5 * time.Minute

// markReconciled is the mark of when it was asked last, by PagerDuty's clock.
const markReconciled = "pagerduty"

// tend keeps what is known of PagerDuty fresh, and asks for what was lost, until
// ctx ends.
func (a *app) tend(ctx context.Context) {
	p := a.pager
	if !p.client.Reads() {
		return // a routing key alone only sends
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { a.keep(ctx, "pagerduty", func(ctx context.Context) { p.client.Run(ctx, a.log) }) })
	wg.Go(func() { a.keep(ctx, "pagerduty", a.watchDuties) })
	every := time.NewTicker(a.askEach)
	defer every.Stop()
	for {
		a.reconcile(ctx)
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// How often it is read who is on call, and how soon again when that failed.
const (
	lookEach  = time.Minute
	lookAgain = 5 * time.Second
)

// watchDuties keeps who is on call fresh until ctx ends.
func (a *app) watchDuties(ctx context.Context) {
	for {
		wait := lookEach
		if err := a.pager.look(ctx); err != nil {
			a.tell(ctx, "who is on call could not be read from PagerDuty", err)
			wait = lookAgain
		} else if err := a.bot.Summon(ctx); err != nil { // who was not known when somebody declared
			a.tell(ctx, "who is on call was not brought in", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// tell warns of what went wrong, unless it did because ctx ended.
func (a *app) tell(ctx context.Context, what string, err error) {
	if later := (*bot.Later)(nil); errors.As(err, &later) {
		err = later.Err // with what the operator needs
	}
	if err != nil && ctx.Err() == nil {
		a.log.Warn(what, "error", err)
	}
}

// reconcile accepts what PagerDuty's webhooks should have told since the last
// time, and has PagerDuty deliver again if it stopped.
func (a *app) reconcile(ctx context.Context) {
	a.tell(ctx, "PagerDuty could not be asked for what it may have told in vain", a.reconcileOnce(ctx))
	enabled, fix, err := a.pager.client.Subscription(ctx)
	if fix != nil {
		if err = fix(ctx); err == nil {
			a.log.Warn("PagerDuty had stopped sending webhooks, and sends them again")
		}
	} else if !enabled && err == nil {
		err = errors.New("PagerDuty sends no webhooks here")
	}
	a.tell(ctx, "PagerDuty's webhook subscription", err)
}

func (a *app) reconcileOnce(ctx context.Context) error {
	j := store.NewJournal(a.kv)
	last, err := j.Marked(ctx, markReconciled)
	if err != nil {
		return err
	}
	signals, asked, err := a.pager.client.Changes(ctx, last)
	if err != nil {
		return err
	}
	for _, s := range signals {
		if _, err := a.bot.Accept(ctx, bot.Delivery{Source: s.Source, ID: s.ID, Signals: []bot.Signal{s}}); errors.Is(err, bot.ErrInvalid) {
			a.log.Error("what PagerDuty has cannot be stored, now or later, and is left out", "id", s.ID, "error", err)
		} else if err != nil {
			return fmt.Errorf("storing %s: %w", s.ID, err)
		}
	}
	return j.Mark(ctx, markReconciled, asked)
}
