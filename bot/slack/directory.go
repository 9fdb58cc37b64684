package slack

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot/incident"
)

// name is what a person is called, from Slack the first time.
func (p *Performer) name(ctx context.Context, user string) (string, error) {
	if name := p.known(user); name != "" {
		return name, nil
	}
	u, err := p.api.GetUserInfoContext(ctx, user)
	if err != nil {
		return "", err
	}
	p.learn(*u)
	return p.known(user), nil
}

// known is what a person is called, "" if nobody asked Slack yet. It makes no
// call, so it may stand between a person and their answer.
func (p *Performer) known(user string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names[user]
}

var mentioned = regexp.MustCompile(`<@([A-Z0-9]+)(\|[^<>]*)?>`)

// named puts names that are known into a text's mentions of people.
func (p *Performer) named(text string) string {
	return mentioned.ReplaceAllStringFunc(text, func(entity string) string {
		user := mentioned.FindStringSubmatch(entity)[1]
		if name := p.known(user); name != "" {
			return "<@" + user + "|" + strings.NewReplacer("<", "", ">", "", "|", "", "&", "").Replace(name) + ">"
		}
		return entity
	})
}

func (p *Performer) learn(u slack.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[u.ID] = or(u.RealName, or(u.Profile.DisplayName, or(u.Name, u.ID)))
	p.standings[u.ID] = standing{u.IsRestricted || u.IsUltraRestricted || u.IsStranger, time.Now()}
	if u.Profile.Email != "" && !u.Deleted && !u.IsBot {
		p.mails[strings.ToLower(u.Profile.Email)] = u.ID
	}
}

// ByMail is the person with an e-mail address, of those who were met; ok is false
// if none has it. It makes no call.
func (p *Performer) ByMail(mail string) (person incident.Person, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.mails[strings.ToLower(mail)]
	return incident.Person{User: incident.User(id), Name: p.names[id]}, ok && mail != ""
}

// maxPeople is how many names are learned beforehand; the others are when they
// are first met.
const maxPeople = 1000

// Meet learns the workspace's names beforehand, so that people are called by
// them from the first line. What it does not learn is looked up later.
func (p *Performer) Meet(ctx context.Context) error {
	page := p.api.GetUsersPaginated(slack.GetUsersOptionLimit(200))
	for met := 0; met < maxPeople; met += 200 {
		var err error
		if page, err = page.Next(ctx); err != nil {
			return page.Failure(err)
		}
		for _, u := range page.Users {
			p.learn(u)
		}
	}
	return nil
}

// announcementChannel finds the announcement channel's ID once. It looks among
// the bot's own channels first; this is never on the way to a new channel.
func (p *Performer) announcementChannel(ctx context.Context) (string, error) {
	p.mu.Lock()
	id := p.announceID
	p.mu.Unlock()
	if id != "" {
		return id, nil
	}
	id, err := p.findChannel(ctx)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	p.announceID = id
	p.mu.Unlock()
	return id, nil
}

func (p *Performer) findChannel(ctx context.Context) (string, error) {
	params := &slack.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel"}, Limit: perPage, ExcludeArchived: true}
	var mine leaves
	for more := true; more; params.Cursor = mine.cursor {
		list, next, err := p.api.GetConversationsForUserContext(ctx, params)
		if err != nil {
			return "", err
		}
		for _, ch := range list {
			if ch.ID == p.announce || ch.Name == p.announce {
				return ch.ID, nil
			}
		}
		if more, err = mine.turn(next); err != nil {
			return "", err
		}
	}
	all := &slack.GetConversationsParameters{Types: []string{"public_channel"}, Limit: perPage, ExcludeArchived: true}
	var others leaves
	for more := true; more; all.Cursor = others.cursor {
		list, next, err := p.api.GetConversationsContext(ctx, all)
		if err != nil {
			return "", err
		}
		for _, ch := range list {
			if ch.ID == p.announce || ch.Name == p.announce {
				// Only a member may look back whether an announcement was sent.
				_, _, _, err := p.api.JoinConversationContext(ctx, ch.ID)
				return ch.ID, err
			}
		}
		if more, err = others.turn(next); err != nil {
			return "", err
		}
	}
	return "", unannounced(p.announce)
}
