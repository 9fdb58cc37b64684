package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// eventType is the type of our messages' metadata.
const eventType = "tocsin"

// post sends a message once: when it may have been sent before, it is looked
// for first, and found tells that it was. by tells who may have sent it: metadata can be
// put on a message by any app.
func (p *Performer) post(ctx context.Context, channel string, job bot.Job, by func(slack.Msg) bool) (m incident.Message, found bool, err error) {
	if job.Tries > 1 {
		ts, err := p.look(ctx, channel, job, at, func(m slack.Msg) bool {
			return by(m) && m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == job.Key
		})
		if err != nil || ts != "" {
			return incident.Message{Channel: channel, ID: ts}, ts != "", err
		}
	}
	options := append(content(job.Message), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: eventType, EventPayload: map[string]any{"key": job.Key, "at": recorded(job)},
	}), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	_, ts, err := p.api.PostMessageContext(ctx, channel, options...)
	return incident.Message{Channel: channel, ID: ts}, false, err
}

// recorded is when what job follows from was recorded, as what it leaves in Slack bears
// it: a record that was put back to a backup gives its numbers out again.
func recorded(job bot.Job) string { return job.Recorded.UTC().Format("2006-01-02 15:04:05 UTC") }

// at is what a message bears of that; "" for one of an older version.
func at(m slack.Msg) string {
	at, _ := m.Metadata.EventPayload["at"].(string)
	return at
}

func content(m effect.Message) []slack.MsgOption {
	return []slack.MsgOption{slack.MsgOptionText(fallback(m), false), slack.MsgOptionBlocks(blocks(m)...)}
}

// look finds the message that an earlier attempt at job may have left, and returns its
// timestamp, "" for none: one that fits, and bears when job was recorded. One that
// bears nothing of it counts if it is no older than the attempts.
func (p *Performer) look(ctx context.Context, channel string, job bot.Job, bears func(slack.Msg) string, fits func(slack.Msg) bool) (string, error) {
	params := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: timestamp(job.First.Add(-ahead)), Limit: perPage, IncludeAllMetadata: true, Inclusive: true,
	}
	same := func(m slack.Msg) bool {
		if at := bears(m); at != "" {
			return at == recorded(job)
		}
		return !stamp(m.Timestamp).Before(job.First.Add(-time.Minute))
	}
	var list leaves
	for more := true; more; params.Cursor = list.cursor {
		page, err := p.api.GetConversationHistoryContext(ctx, params)
		if err != nil {
			return "", err
		}
		for _, m := range page.Messages {
			if fits(m.Msg) && same(m.Msg) {
				return m.Timestamp, nil
			}
		}
		if !page.HasMore {
			break
		}
		if more, err = list.turn(page.ResponseMetaData.NextCursor); err != nil {
			return "", err
		}
	}
	return "", nil
}

// upload posts the postmortem draft as a file.
func (p *Performer) upload(ctx context.Context, inc incident.Incident, e effect.Draft, job bot.Job) ([]incident.Fact, error) {
	channel, name := inc.Channel.Channel, bot.DraftName(inc, e)
	title := "Postmortem draft of " + string(inc.ID)
	done := []incident.Fact{incident.Posted{What: incident.PostedPostmortem, Message: incident.Message{Channel: channel, ID: name}}}
	if job.Tries > 1 {
		of := func(m slack.Msg) (at string) {
			for _, f := range m.Files {
				_, at, _ = strings.Cut(f.Title, title+", ")
			}
			return at
		}
		ts, err := p.look(ctx, channel, job, of, func(m slack.Msg) bool {
			for _, f := range m.Files {
				if f.Name == name && p.ours(m) {
					return true
				}
			}
			return false
		})
		if err != nil {
			return nil, err
		}
		if ts != "" {
			return done, nil
		}
	}
	_, err := p.api.UploadFileContext(ctx, slack.UploadFileParameters{
		Filename: name, Title: title + ", " + recorded(job), Channel: channel,
		Reader: strings.NewReader(job.Text), FileSize: len(job.Text),
		InitialComment: escape("The postmortem draft of " + string(inc.ID) + ", from the timeline alone. What nobody recorded stands in it as a question."),
	})
	if code(err) == "file_not_found" { // its bytes did not arrive: nothing was posted, begin again
		return nil, &bot.Later{After: time.Second, Err: err}
	}
	if err != nil {
		return nil, err
	}
	return done, nil
}

// permalink is a message's address, made as Slack makes it; "" while it is not known of
// which workspace.
func (p *Performer) permalink(m incident.Message, thread string) string {
	p.mu.Lock()
	base := p.me.URL
	p.mu.Unlock()
	if base == "" {
		return ""
	}
	link := base + "archives/" + m.Channel + "/p" + strings.ReplaceAll(m.ID, ".", "")
	if thread != "" && thread != m.ID {
		link += "?thread_ts=" + thread + "&cid=" + m.Channel
	}
	return link
}

// stamp is the time in a timestamp such as "1700000000.000100".
func stamp(ts string) time.Time {
	seconds, fraction, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	micros, _ := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	return time.Unix(s, micros*1000).UTC()
}

func timestamp(t time.Time) string {
	if t.Before(time.Unix(0, 0)) {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10) + ".000000"
}

// decode reads JSON into a T.
func decode[T any](data []byte) (v T, err error) {
	err = json.NewDecoder(bytes.NewReader(data)).Decode(&v)
	return v, err
}
