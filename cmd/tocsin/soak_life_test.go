package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"tocsin/bot/sandbox"
)

// How many incidents live their lives in a run, and how often a link is lost. What is over
// stays in memory for an hour, which so few do not make a drift; a goroutine or a file that
// each leaves behind does.
const (
	soakLives = 24
	soakLink  = 30 * time.Second
)

// lives has incidents opened, worked on and closed, one after the other, and links lost,
// until ctx ends: what each of them leaves behind would add up.
func (s *soak) lives(ctx context.Context, length time.Duration, asking *sync.WaitGroup) {
	every := func(d time.Duration, what func(context.Context) error) {
		asking.Go(func() {
			tick := time.NewTicker(d)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
				s.sent.Add(1)
				if err := what(context.WithoutCancel(ctx)); err != nil {
					s.failed.Add(1)
					s.why.Store(err.Error())
				}
			}
		})
	}
	every(length/soakLives, s.life)
	every(soakLink, func(context.Context) error {
		s.lost.Add(1)
		return s.office.Fault(sandbox.Fault{Kind: "disconnect", Times: 1, Reason: "abrupt"})
	})
}

// life is an incident's: by commands, a form and a button.
func (s *soak) life(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := s.office.Say(ctx, sandbox.Say{User: ben, Channel: "general", Text: "/incident sev3 Wrong prices in answers"})
	if err != nil {
		return err
	}
	m := openAs.FindStringSubmatch(string(r.Ack))
	if m == nil {
		return fmt.Errorf("it was not opened: %s", r.Ack)
	}
	err = errors.Join(s.fill(ctx, m[1]), s.press(ctx, m[1]))
	for _, line := range []string{" update rolled back", " task look at it", " resolve it was a cache", " close resolved"} {
		if err == nil {
			err = s.by(ctx, m[1]+line)
		}
	}
	if err == nil {
		s.lived.Add(1)
	}
	return err
}

func (s *soak) by(ctx context.Context, line string) error {
	r, err := s.office.Say(ctx, sandbox.Say{User: ben, Channel: "general", Text: "/incident " + line})
	if err == nil && !r.OK {
		err = fmt.Errorf("%s: %s", line, r.Error)
	}
	return err
}

// fill fills in a form.
func (s *soak) fill(ctx context.Context, id string) error {
	if err := s.by(ctx, id+" note"); err != nil {
		return err
	}
	var v sandbox.View
	if err := until(ctx, func() (open bool) { v, open = s.office.View(ben); return open }); err != nil {
		return err
	}
	r, err := s.office.Submit(ctx, sandbox.Submit{User: ben, ViewID: v.ID, Values: map[string]any{"text": "seen in the form"}})
	if err == nil && !r.OK {
		err = fmt.Errorf("the form: %s %v", r.Error, r.Errors)
	}
	return err
}

// press presses a button of a choice.
func (s *soak) press(ctx context.Context, id string) error {
	if err := s.by(ctx, id+" sev"); err != nil {
		return err
	}
	for _, m := range s.office.Messages("general") {
		if m.EphemeralTo != ben || !strings.Contains(fmt.Sprint(m.Blocks), id+" sev sev2") {
			continue
		}
		action := actionOf(m.Blocks, id+" sev sev2")
		r, err := s.office.Click(ctx, sandbox.Click{User: ben, Channel: "general", TS: m.TS, ActionID: action, Value: id + " sev sev2"})
		if err == nil && !r.OK {
			err = fmt.Errorf("the button: %s", r.Error)
		}
		return err
	}
	return errors.New("there is no button for the severity")
}

// actionOf is the action of the button with a value, "" if there is none.
func actionOf(v any, value string) (action string) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			if action = actionOf(part, value); action != "" {
				return action
			}
		}
	case map[string]any:
		if v["value"] == value {
			action, _ = v["action_id"].(string)
			return action
		}
		for _, part := range v {
			if action = actionOf(part, value); action != "" {
				return action
			}
		}
	}
	return ""
}
