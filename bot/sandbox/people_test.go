package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// TestCommand: the app gets a signed form that slack-go takes, and the person sees its answer.
func TestCommand(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.app.answers(func(appRequest) (int, string) { return 200, `{"text":"on it","response_type":"ephemeral"}` })
	said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "incidents", Text: "/incident assign  ops @ben in #general <b> & https://a.b/c?d&e."})
	must(t, err)
	req := b.app.at(t, "/slack/command")
	verifier, err := slack.NewSecretsVerifier(req.header, "sandbox-signing-secret")
	must(t, err)
	_, _ = verifier.Write(req.body)
	if err := verifier.Ensure(); err != nil {
		t.Errorf("slack-go refuses the signature: %v", err)
	}
	form, err := url.ParseQuery(string(req.body))
	must(t, err)
	general := b.channel(t, "general")
	for key, want := range map[string]string{
		"command": "/incident", "user_id": "U0ADA", "user_name": "ada", "channel_name": "incidents", "team_id": sandbox.TeamID,
		"text": "assign  ops <@U0BEN|ben> in <#" + general + "|general> &lt;b&gt; &amp; <https://a.b/c?d&amp;e>.",
	} {
		if form.Get(key) != want {
			t.Errorf("%s = %q, want %q", key, form.Get(key), want)
		}
	}
	if form.Get("trigger_id") == "" || form.Get("response_url") == "" {
		t.Errorf("no trigger_id or response_url in %v", form)
	}
	if said.Trigger != form.Get("trigger_id") {
		t.Errorf("the person's act is known as %q, and to the app as %q", said.Trigger, form.Get("trigger_id"))
	}
	shown := b.lastMessage(t, "incidents")
	if !said.OK || shown.Text != "on it" || shown.EphemeralTo != "U0ADA" {
		t.Errorf("said %+v, shown %+v", said, shown)
	}
}

// TestCommandFailures: what the person sees when the app does not answer well.
func TestCommandFailures(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(appRequest) (int, string)
		want   string
	}{
		"server error": {func(appRequest) (int, string) { return 500, "" }, "http_service_error"},
		"too late":     {func(r appRequest) (int, string) { <-r.ctx.Done(); return 200, "" }, "operation_timeout"},
		"cut":          {func(appRequest) (int, string) { panic(http.ErrAbortHandler) }, "dispatch_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sandbox.Options{})
				b.app.answers(test.answer)
				said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "incidents", Text: "/incident"})
				must(t, err)
				if said.OK || said.Error != test.want {
					t.Errorf("the person sees %+v, want %s", said, test.want)
				}
			})
		})
	}
}

// TestWrongActs: a person's impossible act says what to do, and does nothing.
func TestWrongActs(t *testing.T) {
	b := newBench(t, sandbox.Options{Shortcuts: []sandbox.Shortcut{{CallbackID: "add", Name: "Add", Type: "message"}}})
	made, err := b.Channel(ctx(t), sandbox.NewChannel{User: "U0ADA", Name: "secret", Private: true})
	must(t, err)
	for name, try := range map[string]func() error{
		"says as nobody": func() error {
			_, err := b.Say(ctx(t), sandbox.Say{User: "U9", Channel: "general", Text: "x"})
			return err
		},
		"says nothing": func() error { _, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general"}); return err },
		"says where they are not": func() error {
			_, err := b.Say(ctx(t), sandbox.Say{User: "U0BEN", Channel: made.Channel, Text: "x"})
			return err
		},
		"runs an unknown command": func() error {
			_, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "/deploy"})
			return err
		},
		"joins a private channel": func() error { _, err := b.Join(ctx(t), sandbox.Visit{User: "U0BEN", Channel: "secret"}); return err },
		"leaves general":          func() error { _, err := b.Leave(ctx(t), sandbox.Visit{User: "U0BEN", Channel: "general"}); return err },
		"reacts to nothing": func() error {
			_, err := b.React(ctx(t), sandbox.React{User: "U0BEN", Channel: "general", TS: "1.2", Name: "eyes"})
			return err
		},
		"submits no modal": func() error { _, err := b.Submit(ctx(t), sandbox.Submit{User: "U0BEN"}); return err },
		"uses no such shortcut": func() error {
			_, err := b.Shortcut(ctx(t), sandbox.UseShortcut{User: "U0BEN", CallbackID: "x"})
			return err
		},
		"makes a taken channel": func() error {
			_, err := b.Channel(ctx(t), sandbox.NewChannel{User: "U0BEN", Name: "secret"})
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("a person %s, and nobody objects", name)
		}
	}
	if got := len(b.Messages("secret")); got != 1 {
		t.Errorf("#secret has %d messages, want the one of joining", got)
	}
}

// TestEventsOfPeople: what people do reaches the app as Slack's events, where its bot is a member.
func TestEventsOfPeople(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "incidents", Text: "@tocsin help"})
	must(t, err)
	if e := b.app.event(t, "message", ""); e["ts"] != said.TS || e["channel_type"] != "channel" || e["user"] != "U0ADA" || e["text"] != "<@UBTOCSIN> help" {
		t.Errorf("message event: %v", e)
	}
	if e := b.app.event(t, "app_mention", ""); e["ts"] != said.TS {
		t.Errorf("app_mention: %v", e)
	}
	_, err = b.React(ctx(t), sandbox.React{User: "U0BEN", Channel: "incidents", TS: said.TS, Name: "pushpin"})
	must(t, err)
	if e := b.app.event(t, "reaction_added", ""); e["reaction"] != "pushpin" || e["item"].(m)["ts"] != said.TS || e["item_user"] != "U0ADA" {
		t.Errorf("reaction_added: %v", e)
	}
	_, err = b.React(ctx(t), sandbox.React{User: "U0BEN", Channel: "incidents", TS: said.TS, Name: "pushpin", Remove: true})
	must(t, err)
	b.app.event(t, "reaction_removed", "")
	_, err = b.Home(ctx(t), sandbox.OpenHome{User: "U0BEN"})
	must(t, err)
	b.app.event(t, "app_home_opened", "")

	_, err = b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "ml-platform", Text: "the bot is not here"})
	must(t, err)
	_, err = b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "general", Text: "the bot is here"})
	must(t, err)
	if e := b.app.event(t, "message", ""); e["text"] != "the bot is here" {
		t.Errorf("got an event of a channel that the bot is not in: %v", e)
	}
	own := b.call(t, "conversations.create", m{"name": "own"})["channel"].(m)["id"].(string)
	_, err = b.Join(ctx(t), sandbox.Visit{User: "U0DINA", Channel: "own"})
	must(t, err)
	b.app.eventWith(t, "member_joined_channel", "", "user", "U0DINA")
	b.call(t, "conversations.rename", m{"channel": own, "name": "own2"})
	if e := b.app.event(t, "channel_rename", ""); e["channel"].(m)["name"] != "own2" {
		t.Errorf("channel_rename: %v", e)
	}
	b.call(t, "conversations.archive", m{"channel": own})
	b.app.event(t, "channel_archive", "")
}
