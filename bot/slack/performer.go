package slack

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// ahead is how far our clock may have been ahead of Slack's when an attempt began, so
// that what it did is still looked for. One that takes local time for UTC is 14 hours
// ahead; two days of a channel are a few pages, and what is looked for bears a key or a
// name that nothing else has. A clock that is behind only has us look further.
const ahead = 48 * time.Hour

// Performer performs effects in a Slack workspace. It implements bot.Performer.
type Performer struct {
	api      *slack.Client
	me       Identity
	announce string   // name or ID of the announcement channel
	before   []string // users and bots that it was before it was me
	log      *slog.Logger

	mu         sync.Mutex
	announceID string
	names      map[string]string        // by user
	mails      map[string]string        // users, by e-mail address
	standings  map[string]standing      // of those who were met
	questions  map[string]chan struct{} // who Slack is asked about; closed once it has answered
	asked      map[incident.User]time.Time
}

// Identity is who the bot is in the workspace.
type Identity struct {
	User, Bot, Team, URL string // the user is what people see, the bot is of the app; URL ends in "/"
}

// NewPerformer performs effects through api as me. announce is the name or the
// ID of the channel where incidents are announced.
func NewPerformer(api *slack.Client, me Identity, announce string, log *slog.Logger) *Performer {
	return &Performer{
		log: log, api: api, me: me, announce: strings.TrimPrefix(announce, "#"), names: map[string]string{}, mails: map[string]string{},
		standings: map[string]standing{}, questions: map[string]chan struct{}{}, asked: map[incident.User]time.Time{},
	}
}

// be has it perform as somebody whom Slack had not named yet, and who was others before.
// Nothing is performed before.
func (p *Performer) be(me Identity, before []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.me, p.before = me, before
}

// mine tells whether the bot wrote a message. One of an old kind of app has no user.
func (p *Performer) mine(m slack.Msg) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := or(m.User, m.BotID)
	return id != "" && (id == p.me.User || id == p.me.Bot)
}

// ours tells whether the bot wrote a message, or one that it has taken the place of.
func (p *Performer) ours(m slack.Msg) bool {
	return p.mine(m) || slices.Contains(p.before, or(m.User, m.BotID))
}

// is tells whether a user is the bot.
func (p *Performer) is(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return user == p.me.User
}

// Perform does what job asks for. Where the bot may not any more, it comes back if
// it can, and else waits until it may (rights.go).
func (p *Performer) Perform(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	facts, err := p.perform(ctx, inc, job)
	if code(err) == "not_in_channel" {
		if err = p.comeBack(ctx, inc, job.Effect, err); err == nil {
			facts, err = p.perform(ctx, inc, job)
		}
	}
	if err == nil {
		return append(facts, mended(inc, job.Effect)...), nil
	}
	if later := putOff(inc, job, err); later != nil {
		return nil, later
	}
	return nil, classify(err)
}

func (p *Performer) perform(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	channel := inc.Channel.Channel
	var facts []incident.Fact
	var err error
	switch e := job.Effect.(type) {
	case effect.OpenChannel:
		facts, err = p.openChannel(ctx, inc, job)
	case effect.Invite:
		facts, err = p.invite(ctx, inc, e.People)
	case effect.SetTopic:
		err = p.setTopic(ctx, channel, job)
	case effect.ShowCard:
		facts, err = p.show(ctx, channel, inc.Posts[incident.PostedCard], incident.PostedCard, job)
	case effect.ShowGuide:
		what := postedGuide(e)
		facts, err = p.show(ctx, channel, inc.Posts[what], what, job)
	case effect.Announce:
		facts, err = p.announceIncident(ctx, inc, job)
	case effect.Bookmark:
		err = p.bookmark(ctx, channel, e, job)
	case effect.Say:
		if _, _, err = p.post(ctx, channel, job, p.ours); err == nil {
			facts = p.called(ctx, inc, job.Message.Mentions)
		}
	case effect.Fetch:
		facts, err = p.fetch(ctx, e.Message)
	case effect.Mark:
		err = p.mark(ctx, e.Message)
	case effect.Draft:
		facts, err = p.upload(ctx, inc, e, job)
	default:
		return nil, &bot.Final{Why: fmt.Sprintf("this version of tocsin cannot do %T in Slack.", e)}
	}
	return facts, err
}

// unseen is up to which attempt, a second apart, a name that is taken is waited for:
// Slack may not show us our own channel yet. As long as that is bot.Config.Quiet.
const unseen = 15

// openChannel creates the channel. Its name holds the incident's number. If the
// name is taken, it may be by an attempt of ours that we know nothing of.
func (p *Performer) openChannel(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	if inc.Channel.Channel != "" {
		return nil, nil
	}
	name := inc.ChannelName()
	for n := 1; n <= 9; n++ {
		candidate := name
		if n > 1 {
			candidate = fmt.Sprintf("%s-%d", name, n)
		}
		ch, err := p.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: candidate, IsPrivate: inc.Private})
		if err == nil {
			return p.linked(ch), nil
		}
		if code(err) != "name_taken" {
			return nil, err
		}
		if job.Tries == 1 {
			continue // not by us: this is the first attempt
		}
		ours, err := p.own(ctx, candidate, inc.Private, job.First)
		if err != nil {
			return nil, err
		}
		if ours != nil {
			return p.linked(ours), nil
		}
		if job.Tries <= unseen {
			return nil, &bot.Later{After: time.Second, Err: fmt.Errorf("the name %s is taken, and not seen yet", candidate)}
		}
	}
	return nil, &bot.Final{Why: "every name for the channel is taken in Slack."}
}

func (p *Performer) linked(ch *slack.Channel) []incident.Fact {
	return []incident.Fact{incident.Linked{Channel: ch.ID, Name: ch.Name, Link: p.me.URL + "archives/" + ch.ID}}
}

// perPage is the most that Slack lists in one call. A list is read from its beginning
// after a 429, so one that takes more calls than a minute has is never read to its end.
const perPage = 999

// own finds a channel that our bot created since a time, among those it is in. One that
// is older than the attempts by our clock is not another record's if nobody got to work
// in it: it has no topic yet.
func (p *Performer) own(ctx context.Context, name string, private bool, since time.Time) (*slack.Channel, error) {
	params := &slack.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel"}, Limit: perPage, ExcludeArchived: true}
	var pages leaves
	for more := true; more; params.Cursor = pages.cursor {
		list, next, err := p.api.GetConversationsForUserContext(ctx, params)
		if err != nil {
			return nil, err
		}
		for _, ch := range list {
			if ch.Name == name && ch.Creator == p.me.User && ch.IsPrivate == private && (began(ch, since.Add(-time.Minute)) || began(ch, since.Add(-ahead)) && ch.Topic.Value == "") {
				return &ch, nil
			}
		}
		if more, err = pages.turn(next); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// began tells whether a channel was created at a time or later.
func began(ch slack.Channel, at time.Time) bool {
	return !ch.Created.Time().Before(at.Truncate(time.Second))
}

// setTopic sets the topic. Each time it is set Slack writes a line, so a topic
// that stands already is left alone.
func (p *Performer) setTopic(ctx context.Context, channel string, job bot.Job) error {
	topic := incident.Cut(escape(job.Text), maxTopic)
	if job.Tries > 1 {
		ch, err := p.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		if err != nil {
			return err
		}
		if ch.Topic.Value == topic {
			return nil
		}
	}
	_, err := p.api.SetTopicOfConversationContext(ctx, channel, topic)
	return err
}

// show keeps one message showing the present state: posted once, then edited, or
// posted anew where it went with its message or with another channel, or is of a bot
// that this one has taken the place of. A message found again was posted by an earlier attempt, with an earlier state.
func (p *Performer) show(ctx context.Context, channel string, at incident.Posted, what string, job bot.Job) ([]incident.Fact, error) {
	if !at.Message.Zero() {
		err := p.edit(ctx, at.Message, job)
		if c := code(err); c != "message_not_found" && c != "cant_update_message" && (at.Message.Channel == channel || !gone(c)) {
			return nil, err
		}
	}
	m, found, err := p.post(ctx, channel, job, p.mine) // which can be edited
	if err == nil && found {
		err = p.edit(ctx, m, job)
	}
	if err != nil {
		return nil, err
	}
	return []incident.Fact{incident.Posted{What: what, Message: m, Link: p.permalink(m, "")}}, nil
}

func (p *Performer) edit(ctx context.Context, m incident.Message, job bot.Job) error {
	_, _, _, err := p.api.UpdateMessageContext(ctx, m.Channel, m.ID, content(job.Message)...)
	return err
}

func (p *Performer) announceIncident(ctx context.Context, inc incident.Incident, job bot.Job) ([]incident.Fact, error) {
	if inc.Private {
		return nil, nil
	}
	channel, err := p.announcementChannel(ctx)
	if err != nil {
		return nil, err
	}
	at := inc.Posts[incident.PostedAnnouncement]
	facts, err := p.show(ctx, channel, at, incident.PostedAnnouncement, job)
	if c := code(err); !gone(c) || c == "not_in_channel" {
		return facts, err
	}
	other, missing := p.seek(ctx)
	switch {
	case missing != nil:
		return nil, missing
	case other == channel:
		return nil, err
	}
	return p.show(ctx, other, at, incident.PostedAnnouncement, job)
}

func (p *Performer) bookmark(ctx context.Context, channel string, e effect.Bookmark, job bot.Job) error {
	if job.Tries > 1 || e.Again {
		list, err := p.api.ListBookmarksContext(ctx, channel)
		if err != nil {
			return err
		}
		for _, b := range list {
			if b.Link == e.URL && b.Title == incident.Cut(e.Title, maxHeader) {
				return nil
			}
		}
	}
	_, err := p.api.AddBookmarkContext(ctx, channel, slack.AddBookmarkParameters{Title: incident.Cut(e.Title, maxHeader), Type: "link", Link: e.URL})
	return err
}

// fetch reads one message by its timestamp, thread replies included. Slack may
// answer with its neighbours, so the timestamps are compared.
func (p *Performer) fetch(ctx context.Context, m incident.Message) ([]incident.Fact, error) {
	params := &slack.GetConversationRepliesParameters{
		ChannelID: m.Channel, Timestamp: m.ID, Oldest: m.ID, Latest: m.ID, Inclusive: true, Limit: 100,
	}
	msgs, _, _, err := p.api.GetConversationRepliesContext(ctx, params)
	if err != nil {
		return nil, err
	}
	for _, msg := range msgs {
		if msg.Timestamp == m.ID {
			if msg.User != "" {
				if _, err := p.name(ctx, msg.User); err != nil && !refused(err) {
					return nil, err // whose name Slack may not tell us is quoted without
				}
			}
			return []incident.Fact{incident.Quoted{Quote: p.quote(m, msg.Msg)}}, nil
		}
	}
	return nil, &bot.Final{Why: "the message is gone."}
}

// quote is a message as it stands. It makes no call: the author's name is the
// one we know.
func (p *Performer) quote(at incident.Message, msg slack.Msg) incident.Quote {
	text, _ := unescape(p.named(msg.Text))
	return incident.Quote{
		Message: at, Text: incident.Block(or(text, "(a message without text)")),
		Author:  incident.Person{User: incident.User(msg.User), Name: or(p.known(msg.User), msg.Username)},
		Link:    p.permalink(at, msg.ThreadTimestamp),
		Written: stamp(at.ID),
	}
}

// mark shows that a message is on the timeline. Where the bot may not react, or
// the message is gone, there is nobody to show it to.
func (p *Performer) mark(ctx context.Context, m incident.Message) error {
	err := p.api.AddReactionContext(ctx, "white_check_mark", slack.NewRefToMessage(m.Channel, m.ID))
	switch code(err) {
	case "already_reacted", "message_not_found", "not_in_channel", "is_archived", "channel_not_found":
		return nil
	}
	return err
}
