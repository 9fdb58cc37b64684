package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/bot/sandbox"
)

// readingPace is how long a newcomer has for each step of a play.
const readingPace = 4 * time.Second

// patience is how long a step may take before the play fails.
const patience = 30 * time.Second

// The people of the sandbox.
const (
	ada, ben, mei, dina = "U0ADA", "U0BEN", "U0CHEN", "U0DINA"
)

// A scene is one step of a play: what happens, and what must be seen of it.
type scene struct {
	what string
	do   func(context.Context, *stage) error
	seen func(*stage) bool
}

// stage is where a play is played: the workspace, and the incident's channel
// once there is one.
type stage struct {
	*sandboxRun
	pace   time.Duration
	room   string // the incident channel's name
	remark string // ts of the message that gets pinned
	draft  string // the postmortem
}

// plays are the stories by name.
func plays() map[string][]scene {
	return map[string][]scene{"provider-outage": providerOutage(), "alert-storm": alertStorm()}
}

// providerOutage is a page at night: the provider fails, the team fails over,
// and the postmortem writes itself as far as the record goes.
func providerOutage() []scene {
	return []scene{
		{"PagerDuty pages: the error rate of the model provider is high", page("ProviderErrorRateHigh: anthropic answers 529 overloaded_error", "chat-api"), func(s *stage) bool {
			s.room = s.roomNamed("inc-1-")
			return s.room != "" && s.says("incidents", "INC-1") && s.says(s.room, "The model provider fails")
		}},
		{"Ada joins from the announcement", press(ada, "incidents", "join"), in(ada)},
		{"Ada takes command", press(ada, "", "take-incident-commander"), says("incident commander")},
		{"Ben comes in and takes the updates", say(ben, "incidents", "/incident INC-1 join"), in(ben)},
		{"Ben is communications lead", say(ben, "", "/incident take comms"), says("communications lead")},
		{"Mei comes in", say(mei, "incidents", "/incident INC-1 join"), in(mei)},
		{"Mei finds something", func(ctx context.Context, s *stage) error {
			r, err := s.workspace.Say(ctx, sandbox.Say{User: mei, Channel: s.room, Text: "A direct call with curl fails too: 529 from the provider, from two regions. It is not our gateway."})
			s.remark = r.TS
			return err
		}, says("from two regions")},
		{"Ada pins it: it goes on the timeline with Mei's name and time", func(ctx context.Context, s *stage) error {
			_, err := s.workspace.React(ctx, sandbox.React{User: ada, Channel: s.room, TS: s.remark, Name: "pushpin"})
			return err
		}, func(s *stage) bool { return s.told("from two regions") }},
		{"The guide asks whether the call fails outside our own path: it does", press(mei, "", "guide-answer-provider-outage-does-the-same-call-fail-outside-our-own-path-yes-it-fails-too"), says("Which code does it return?")},
		{"And which code comes back: an outage", press(mei, "", "guide-answer-provider-outage-which-code-does-it-return-5xx-529-or-time-out"), says("One model or all of them?")},
		{"One model of the provider", press(ada, "", "guide-answer-provider-outage-one-model-or-all-of-them-one-model-or-region"), says("Change the route in the gateway")},
		{"Ada has them fall back", press(ada, "", "mitigate-provider-outage-fall-back-to-a-sibling-model-or-region"), says("began with “Fall back to a sibling model or region”")},
		{"Impact began earlier than anybody noticed", say(ada, "", "/incident began 20 min ago"), says("impact began")},
		{"Ben tells everybody who waits", say(ben, "", "/incident update Some answers fail with an error. We are moving traffic to the fallback model."), says("fallback model")},
		{"Mei fails over", say(mei, "", "/incident note Failed over chat-api to the fallback model, pinned version 2026-10-01"), says("pinned version")},
		{"Impact is over", say(mei, "", "/incident mitigated ad-hoc-fix Traffic is on the fallback model; 20 real answers read, all fine"), says("Did the guide")},
		{"The guide did help", press(mei, "", "guide-helped-yes"), func(s *stage) bool {
			return s.told("said that the guide “The model provider fails or times out” helped")
		}},
		{"A follow-up that outlives the incident", say(ada, "", "/incident action Fail over by itself after 10 minutes of 529 @ben by friday"), says("follow-up 1")},
		{"Ada resolves it", say(ada, "", "/incident resolve The provider is back; traffic returned in steps"), says("resolved")},
		{"The postmortem draft is in the channel", nothing, func(s *stage) bool {
			s.draft = s.file("postmortem")
			return s.draft != ""
		}},
	}
}

func nothing(context.Context, *stage) error { return nil }

// say has a person write; an empty channel means the incident's.
func say(user, channel, text string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		r, err := s.workspace.Say(ctx, sandbox.Say{User: user, Channel: or(channel, s.room), Text: text})
		if err == nil && !r.OK {
			err = errors.New(r.Error)
		}
		return err
	}
}

// press has a person press a button, once a message has it.
func press(user, channel, action string) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		click := sandbox.Click{User: user, Channel: or(channel, s.room), ActionID: action}
		there := func() bool {
			for _, m := range s.workspace.Messages(click.Channel) {
				if hasAction(m.Blocks, action) {
					click.TS = m.TS
					return true
				}
			}
			return false
		}
		if err := until(ctx, there); err != nil {
			return fmt.Errorf("no message in #%s has the button %s: %w", click.Channel, action, err)
		}
		r, err := s.workspace.Click(ctx, click)
		if err == nil && !r.OK {
			err = errors.New(r.Error)
		}
		return err
	}
}

func hasAction(blocks []any, action string) bool {
	return strings.Contains(fmt.Sprint(blocks), "action_id:"+action+" ")
}

func says(text string) func(*stage) bool { return func(s *stage) bool { return s.says(s.room, text) } }

func in(user string) func(*stage) bool {
	return func(s *stage) bool {
		for _, c := range s.workspace.State().Channels {
			if c.Name == s.room {
				return strings.Contains(strings.Join(c.Members, " "), user)
			}
		}
		return false
	}
}

// says tells whether a message in a channel has a text, in any case.
func (s *stage) says(channel, text string) bool {
	for _, m := range s.workspace.Messages(channel) {
		if strings.Contains(strings.ToLower(m.Text), strings.ToLower(text)) {
			return true
		}
	}
	return false
}

// told tells whether the timeline of INC-1 has a text.
func (s *stage) told(text string) bool {
	inc, err := s.app.bot.Incident(s.ctx, "INC-1")
	return err == nil && strings.Contains(bot.TimelineMarkdown(inc, 0), text)
}

// file is the content of the newest file in the room whose name has a part.
func (s *stage) file(part string) string {
	text := ""
	for _, m := range s.workspace.Messages(s.room) {
		for _, f := range m.Files {
			if strings.Contains(f.Name, part) {
				text = f.Content
			}
		}
	}
	return text
}

func (s *stage) roomNamed(prefix string) string {
	for _, name := range s.workspace.ChannelNames() {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	return ""
}

// play plays a story to whoever opens the page, with a pause before each scene.
func (s *sandboxRun) play(ctx context.Context, name string, pace time.Duration) error {
	for s.workspace.Viewers() == 0 {
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	_, err := s.perform(ctx, name, pace, io.Discard)
	return err
}

// perform plays a story and tells each scene.
func (s *sandboxRun) perform(ctx context.Context, name string, pace time.Duration, out io.Writer) (*stage, error) {
	st := &stage{sandboxRun: s, pace: pace}
	for i, sc := range plays()[name] {
		if err := rest(ctx, pace); err != nil {
			return st, err
		}
		if err := sc.do(ctx, st); err != nil {
			return st, fmt.Errorf("step %d (%s): %w", i+1, sc.what, err)
		}
		if err := until(ctx, func() bool { return sc.seen(st) }); err != nil {
			return st, fmt.Errorf("step %d (%s) did not happen: %w", i+1, sc.what, err)
		}
		fmt.Fprintf(out, "%2d. %s\n", i+1, sc.what)
	}
	return st, nil
}

// playOnce plays a story at full speed and prints what came of it.
func (s *sandboxRun) playOnce(e *env, name string) error {
	st, err := s.perform(s.ctx, name, 0, e.stdout)
	if err != nil {
		return err
	}
	if err := until(s.ctx, func() bool { return s.app.bot.Backlog().Effects == 0 }); err != nil {
		return fmt.Errorf("the bot does not come to rest: %w", err)
	}
	inc, err := s.app.bot.Incident(s.ctx, incident.NewID(1))
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "\nTimeline of %s\n\n%s\n\n%s", inc.ID, markdown.Text(bot.TimelineMarkdown(inc, 0)), st.draft)
	return nil
}

// until waits for something to be so.
func until(ctx context.Context, so func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("nothing of it was seen for "+patience.String()))
	defer cancel()
	for !so() {
		if err := rest(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// rest waits; it returns why ctx ended if that came first.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
