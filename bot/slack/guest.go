package slack

import (
	"context"
	"time"

	"tocsin/bot"
)

// standing is whether a person is a guest of the workspace, or of another one with which
// a channel is shared, as Slack said at a time.
type standing struct {
	guest bool
	at    time.Time
}

const (
	// standsFor is how long what Slack said is good for: people become guests, and
	// members.
	standsFor = time.Hour
	// asking is how long a person's answer waits for Slack to say who they are, and
	// askingMost how long Slack has.
	asking     = time.Second
	askingMost = 10 * time.Second
)

// guest tells whether a person is a guest. Who was not met yet is asked for, at each of
// their requests until Slack says who they are, and for longer than they wait for their
// answer. Until it does they are a stranger: they open incidents and work on them, because
// most are members, an incident cannot wait for a Slack that limps, all that they do is on
// a timeline under their name, and what is private is shut to whoever was not brought in.
// What others get to read, and what ends an incident, waits until it is known (bot/command).
func (p *Performer) guest(ctx context.Context, user string) (guest, stranger bool) {
	if user == "" {
		return false, false
	}
	s, met := p.standing(user)
	if met && time.Since(s.at) < standsFor {
		return s.guest, false
	}
	answered := p.askAbout(ctx, user)
	if met {
		return s.guest, false // as far as is known: nobody waits for it
	}
	select {
	case <-answered:
	case <-time.After(asking):
	case <-ctx.Done():
	}
	s, met = p.standing(user)
	return s.guest, !met
}

func (p *Performer) standing(user string) (s standing, met bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, met = p.standings[user]
	return s, met
}

// askAbout asks Slack who a person is, unless it is being asked, and returns what is
// closed when it has answered or failed.
func (p *Performer) askAbout(ctx context.Context, user string) (answered <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q, asked := p.questions[user]; asked {
		return q
	}
	q := make(chan struct{})
	p.questions[user] = q
	go func() {
		defer close(q)
		defer p.answered(user)
		bot.Guard(p.log, "slack", func() error { p.meetOne(context.WithoutCancel(ctx), user); return nil })
	}()
	return q
}

// answered notes that nobody is asked about a person any more.
func (p *Performer) answered(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.questions, user)
}

// meetOne learns who a person is, if Slack says so.
func (p *Performer) meetOne(ctx context.Context, user string) {
	ctx, cancel := context.WithTimeout(ctx, askingMost)
	defer cancel()
	u, err := p.api.GetUserInfoContext(ctx, user)
	if err != nil {
		p.log.Warn("Slack does not say who somebody is", "user", user, "error", err)
		return
	}
	u.ID = user
	p.learn(*u)
}
