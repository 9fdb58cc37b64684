package pagerduty

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// stale is how old what is known of the account may become.
const stale = 10 * time.Minute

// staleAgain is when it is read again where that failed: without it nobody is found to be on
// call.
const staleAgain = 15 * time.Second

// hasty is how long the account is not read again for a name that it did not have.
const hasty = 30 * time.Second

// maxListed bounds each list; PagerDuty gives no more than 10,000 of one.
const maxListed = 10_000

type (
	service struct {
		reference
		Name   string     `json:"name"`
		Status string     `json:"status"` // active, warning, critical, maintenance or disabled
		Policy *reference `json:"escalation_policy"`
	}
	policy struct {
		reference
		Name  string      `json:"name"`
		Teams []reference `json:"teams"`
		Rules []struct {
			Targets []reference `json:"targets"`
		} `json:"escalation_rules"`
	}
	user struct {
		reference
		Name  string `json:"name"`
		Email string `json:"email"`
	}
)

// account is what is known of the account: it is read as a whole and not changed
// afterwards.
type account struct {
	services catalogued[service]
	policies catalogued[policy]
	users    []user
	byID     map[string]user
	at       time.Time // when it was read; zero: never
}

// catalogued are things in PagerDuty's order, and by id and name in lower case: an id goes
// before a name, the first of a name before the others.
type catalogued[T any] struct {
	list []T
	by   map[string]T
}

func catalogue[T any](list []T, id, name func(T) string) catalogued[T] {
	c := catalogued[T]{list, map[string]T{}}
	for _, key := range []func(T) string{name, id} {
		for _, t := range slices.Backward(list) {
			c.by[strings.ToLower(key(t))] = t
		}
	}
	return c
}

// directory keeps an account.
type directory struct {
	mu      sync.Mutex // held for a moment only
	account *account
	reading sync.Mutex // held while the account is read
}

func (d *directory) current() *account {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.account == nil {
		return &account{}
	}
	return d.account
}

// Run keeps the directory fresh until ctx ends.
func (c *Client) Run(ctx context.Context, log *slog.Logger) {
	if c.config.Token == "" {
		return
	}
	for {
		rest := stale
		if err := c.Refresh(ctx); err != nil && ctx.Err() == nil {
			log.Warn("PagerDuty's services and people could not be read", "error", err)
			rest = staleAgain
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Refresh reads the account's services, escalation policies and users. When that
// fails, what was known stays.
func (c *Client) Refresh(ctx context.Context) error {
	c.dir.reading.Lock()
	defer c.dir.reading.Unlock()
	return c.read(ctx)
}

// read reads the account; dir.reading is held.
func (c *Client) read(ctx context.Context) error {
	a := &account{byID: map[string]user{}}
	services, err := list[service](ctx, c, "/services", "services", nil, maxListed)
	if err != nil {
		return classify(err)
	}
	policies, err := list[policy](ctx, c, "/escalation_policies", "escalation_policies", nil, maxListed)
	if err != nil {
		return classify(err)
	}
	a.services = catalogue(services, func(s service) string { return s.ID }, func(s service) string { return s.Name })
	a.policies = catalogue(policies, func(p policy) string { return p.ID }, func(p policy) string { return p.Name })
	if a.users, err = list[user](ctx, c, "/users", "users", nil, maxListed); err != nil {
		return classify(err)
	}
	for _, u := range a.users {
		a.byID[u.ID] = u
	}
	a.at = time.Now()
	c.dir.mu.Lock()
	defer c.dir.mu.Unlock()
	c.dir.account = a
	return nil
}

// known is what is known of the account; it is read if it never was.
func (c *Client) known(ctx context.Context) (*account, error) {
	if a := c.dir.current(); !a.at.IsZero() {
		return a, nil
	}
	return c.newer(ctx)
}

// newer reads the account, unless somebody just did.
func (c *Client) newer(ctx context.Context) (*account, error) {
	c.dir.reading.Lock()
	defer c.dir.reading.Unlock()
	if a := c.dir.current(); !a.at.IsZero() && time.Since(a.at) < hasty {
		return a, nil
	}
	err := c.read(ctx)
	return c.dir.current(), err
}

// Person is the e-mail of one of PagerDuty's users, by id or else by name; "" if
// it is not known. It makes no call.
func (c *Client) Person(id, name string) (email string) {
	a := c.dir.current()
	if u, ok := a.byID[id]; ok {
		return u.Email
	}
	for _, u := range a.users {
		if id == "" && name != "" && strings.EqualFold(u.Name, name) {
			if email != "" {
				return "" // two of that name
			}
			email = u.Email
		}
	}
	return email
}

// serviceOf is the first service whose policy is one of those, or whose policy names a
// person or a schedule of that id; ok is false if there is none.
func (a *account) serviceOf(id string, policies []string) (s service, ok bool) {
	behind := map[string]bool{id: true}
	for _, p := range policies {
		behind[p] = true
	}
	for _, p := range a.policies.list {
		for _, rule := range p.Rules {
			for _, t := range rule.Targets {
				behind[p.ID] = behind[p.ID] || t.ID == id
			}
		}
	}
	return a.first(func(s service) bool { return s.Policy != nil && behind[s.Policy.ID] })
}

// calls tells whether an incident of a service calls anybody.
func (s service) calls() bool { return s.Status != "disabled" && s.Status != "maintenance" }

// takes is calls of the service with an id; of one that is not known it is to be tried.
func (a *account) takes(id string) bool {
	i := slices.IndexFunc(a.services.list, func(s service) bool { return s.ID == id })
	return i < 0 || a.services.list[i].calls()
}

// first is the first service that fits and takes new incidents: one that is switched off
// takes none, and one in maintenance calls nobody.
func (a *account) first(fits func(service) bool) (s service, ok bool) {
	i := slices.IndexFunc(a.services.list, func(s service) bool { return s.calls() && fits(s) })
	if i < 0 {
		return service{}, false
	}
	return a.services.list[i], true
}
