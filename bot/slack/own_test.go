package slack

import (
	"context"
	"testing"

	"tocsin/bot"
	"tocsin/bot/sandbox"
)

// TestOwnEventsAreNone: Slack tells the bot of its own doings too. Taken for a
// person's, they would be recorded as such, or go round in circles.
func TestOwnEventsAreNone(t *testing.T) {
	ws := sandbox.New(sandbox.Options{})
	defer ws.Close()
	var heard []string
	f := dial(t, ws, "incidents").Face(func(_ context.Context, r bot.Request) (bot.Answer, error) {
		heard = append(heard, string(r.By.User)+" "+r.Line)
		return bot.Answer{}, nil
	}, nil, nil)
	for _, user := range []string{sandbox.BotUser, "", "U0ADA"} {
		for _, kind := range []string{"reaction_added", "member_joined_channel", "member_left_channel", "message"} {
			var p eventPayload
			p.Event.Type, p.Event.User, p.Event.Channel = kind, user, "C1"
			p.Event.Reaction, p.Event.Item.Type = "pushpin", "message"
			_, err := f.event(t.Context(), p)
			must(t, err)
		}
	}
	if want := []string{"U0ADA pin", "U0ADA arrived", "U0ADA left"}; len(heard) != 3 || heard[0] != want[0] || heard[1] != want[1] || heard[2] != want[2] {
		t.Errorf("heard %q, want %q", heard, want)
	}
}
