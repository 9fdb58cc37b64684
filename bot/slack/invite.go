package slack

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// maxInvited is how many people Slack takes in one call.
const maxInvited = 100

// invite brings people in. Who cannot come is told of, and keeps nobody else out.
func (p *Performer) invite(ctx context.Context, inc incident.Incident, people []incident.User) ([]incident.Fact, error) {
	var users []string
	for _, u := range people {
		if string(u) != p.me.User {
			users = append(users, string(u))
		}
	}
	var facts []incident.Fact
	for part := range slices.Chunk(users, maxInvited) {
		out, err := p.bring(ctx, inc.Channel.Channel, part)
		if err != nil {
			return nil, err
		}
		for _, user := range out {
			facts = append(facts, p.uninvited(ctx, inc, user))
		}
	}
	return facts, nil
}

// bring invites some people, and gives those who cannot be: Slack invites nobody
// then, and names them, so the others are invited again.
func (p *Performer) bring(ctx context.Context, channel string, users []string) (out []string, err error) {
	_, err = p.api.InviteUsersToConversationContext(ctx, channel, users...)
	refused := people(err, users)
	if len(refused) == 0 {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(users), func(u string) bool { _, no := refused[u]; return no })
	if len(rest) > 0 {
		_, err := p.api.ForceInviteUsersToConversationContext(ctx, channel, rest...)
		if err != nil && len(people(err, rest)) == 0 {
			return nil, err
		}
	}
	for _, u := range users {
		if c := refused[u]; c != "" && !there(c) && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out, nil
}

// there tells of a refusal that somebody is in the channel already.
func there(code string) bool { return code == "already_in_channel" || code == "cant_invite_self" }

// people are those whom Slack did not invite, and why, if that is what err is
// about.
func people(err error, users []string) map[string]string {
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	if !ok {
		return nil
	}
	refused := map[string]string{}
	for _, e := range answer.Errors {
		if one := e.ConversationsInviteResponseError; one != nil && one.User != "" {
			refused[one.User] = one.Error
		}
	}
	switch answer.Err {
	case "already_in_channel", "cant_invite_self", "cant_invite", "user_not_found", "users_not_found", "user_is_restricted", "ura_max_channels",
		"user_is_ultra_restricted", "org_user_not_in_team", "invitee_cant_see_channel", "no_external_invite_permission":
		if len(users) == 1 && len(refused) == 0 {
			refused[users[0]] = answer.Err
		}
	}
	return refused
}

// uninvited tells of somebody who could not be invited. It asks Slack whether
// they are still there at all.
func (p *Performer) uninvited(ctx context.Context, inc incident.Incident, user string) incident.Fact {
	why := "Slack does not let them in. Ask a workspace admin, or somebody else."
	if u, err := p.api.GetUserInfoContext(ctx, user); err == nil && u.Deleted {
		why = deactivated
	}
	return p.unreached(inc, user, why)
}

const deactivated = "their Slack account is deactivated. Ask somebody else."

// unreached tells that somebody does not come, and what they leave open.
func (p *Performer) unreached(inc incident.Incident, user, why string) incident.Failed {
	person := inc.Called(incident.Person{User: incident.User(user), Name: p.known(user)})
	for _, r := range incident.Roles {
		if inc.Holder(r).User == person.User {
			why += " They are " + r.Title() + ": who takes over?"
		}
	}
	e := effect.Invite{People: []incident.User{person.User}}
	data, _ := json.Marshal(e) // made of strings: it cannot fail
	return incident.Failed{Effect: effect.Effects.Name(e), What: "reach " + person.String(), Why: why, Data: data}
}

// recheck is how long somebody is taken to be there without asking Slack.
const recheck = time.Hour

// called tells who of those that a message calls by name hears of nothing any more:
// Slack tells nobody when an account is closed, so it is asked once an hour at most.
// Where it does not say, nothing is known.
func (p *Performer) called(ctx context.Context, inc incident.Incident, users []incident.User) (facts []incident.Fact) {
	for _, u := range users {
		if !p.ask(u, time.Now()) {
			continue
		}
		info, err := p.api.GetUserInfoContext(ctx, string(u))
		if err == nil && info.Deleted {
			facts = append(facts, p.unreached(inc, string(u), deactivated))
		}
	}
	return facts
}

// ask tells whether Slack has not been asked of somebody lately, and notes that it
// is now.
func (p *Performer) ask(u incident.User, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.asked[u]) < recheck {
		return false
	}
	p.asked[u] = now
	return true
}
