package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// TestCommand: the app gets a signed form that slack-go takes, and the person sees its answer.
func TestCommand(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.app.answer = func(appRequest) (int, string) { return 200, `{"text":"on it","response_type":"ephemeral"}` }
	said, err := b.Say(ctx(t), sandbox.Say{User: "U0ADA", Channel: "incidents", Text: "/incident assign  ops @ben in #general <b> & https://a.b/c?d&e."})
	must(t, err)
	req := b.app.take(t, "/slack/command")
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
				b.app.answer = test.answer
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
	for {
		if e := b.app.event(t, "member_joined_channel", ""); e["user"] == "U0DINA" {
			break
		}
	}
	b.call(t, "conversations.rename", m{"channel": own, "name": "own2"})
	if e := b.app.event(t, "channel_rename", ""); e["channel"].(m)["name"] != "own2" {
		t.Errorf("channel_rename: %v", e)
	}
	b.call(t, "conversations.archive", m{"channel": own})
	b.app.event(t, "channel_archive", "")
}

// post puts a message of the bot's with a button of each value and a select into #incidents.
func post(t *testing.T, b *bench, values ...string) string {
	t.Helper()
	var elements []any
	for i, v := range values {
		elements = append(elements, m{"type": "button", "action_id": "go" + strconv.Itoa(i), "value": v, "text": m{"type": "plain_text", "text": v}})
	}
	elements = append(elements, m{"type": "users_select", "action_id": "who"})
	got := b.call(t, "chat.postMessage", m{"channel": b.channel(t, "incidents"), "text": "card", "blocks": []any{m{"type": "actions", "elements": elements}}})
	if got["ok"] != true {
		t.Fatal(got)
	}
	return text(got["ts"])
}

// interaction is the next one that the app gets, as slack-go reads it.
func (a *app) interaction(t *testing.T) slack.InteractionCallback {
	t.Helper()
	form, err := url.ParseQuery(string(a.take(t, "/slack/interaction").body))
	must(t, err)
	var out slack.InteractionCallback
	decode(t, []byte(form.Get("payload")), &out)
	return out
}

func TestClickOnMessage(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	ts := post(t, b, "take commander", "take scribe")
	_, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go1"})
	must(t, err)
	got := b.app.interaction(t)
	action := got.ActionCallback.BlockActions[0]
	if got.Type != slack.InteractionTypeBlockActions || action.Value != "take scribe" || action.ActionID != "go1" ||
		got.User.ID != "U0BEN" || got.Message.Timestamp != ts || got.Container.MessageTs != ts || got.Channel.Name != "incidents" ||
		got.TriggerID == "" || got.ResponseURL == "" {
		t.Errorf("block_actions: %+v", got)
	}
	_, err = b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "who", Value: "U0CHEN"})
	must(t, err)
	got = b.app.interaction(t)
	if sel := got.ActionCallback.BlockActions[0].SelectedUser; sel != "U0CHEN" {
		t.Errorf("selected_user %q", sel)
	}
	if state := got.BlockActionState.Values; len(state) != 1 {
		t.Errorf("the state of the message's inputs: %+v", state)
	}
	for _, wrong := range []sandbox.Click{
		{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "none"},
		{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go0", Value: "other"},
		{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "who", Value: "U9"},
	} {
		if _, err := b.Click(ctx(t), wrong); err == nil {
			t.Errorf("click %+v was possible", wrong)
		}
	}
}

// openModal lets a person press a button and the app open a modal with its trigger.
func openModal(t *testing.T, b *bench, view m) sandbox.View {
	t.Helper()
	ts := post(t, b, "open")
	_, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go0"})
	must(t, err)
	got := b.call(t, "views.open", m{"trigger_id": b.app.interaction(t).TriggerID, "view": view})
	if got["ok"] != true {
		t.Fatal(got)
	}
	v, _ := b.View("U0BEN")
	return v
}

func TestSubmitChecksInputs(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	openModal(t, b, modal())
	for _, test := range []struct {
		values m
		block  string
	}{
		{m{}, "title"},
		{m{"text": " "}, "title"},
		{m{"text": "ab"}, "title"},
		{m{"text": strings.Repeat("x", 21)}, "title"},
		{m{"text": "fine", "sev": "sev9"}, "level"},
	} {
		got, err := b.Submit(ctx(t), sandbox.Submit{User: "U0BEN", Values: test.values})
		must(t, err)
		if got.OK || got.Errors[test.block] == "" {
			t.Errorf("submit %v: %+v, want words under %s", test.values, got, test.block)
		}
	}
	if _, err := b.Submit(ctx(t), sandbox.Submit{User: "U0BEN", Values: m{"nope": "x"}}); err == nil {
		t.Error("a value for no input was taken")
	}
	got, err := b.Submit(ctx(t), sandbox.Submit{User: "U0BEN", Values: m{"text": "Cut off", "level/sev": "sev2"}})
	must(t, err)
	payload := b.app.interaction(t)
	values := payload.View.State.Values
	if !got.OK || payload.Type != slack.InteractionTypeViewSubmission || payload.View.CallbackID != "open" ||
		values["title"]["text"].Value != "Cut off" || values["level"]["sev"].SelectedOption.Value != "sev2" {
		t.Errorf("result %+v, payload %+v", got, payload)
	}
	if _, open := b.View("U0BEN"); open {
		t.Error("the modal is still open after an empty answer")
	}
}

// TestAnswersToASubmission: errors, update, push and clear do what Slack's documentation says.
func TestAnswersToASubmission(t *testing.T) {
	update := modal()
	update["title"] = m{"type": "plain_text", "text": "Second"}
	view, err := json.Marshal(update)
	must(t, err)
	for name, test := range map[string]struct {
		answer string
		ok     bool
		titles []string
		errors bool
	}{
		"nothing":      {``, true, nil, false},
		"clear":        {`{"response_action":"clear"}`, true, nil, false},
		"errors":       {`{"response_action":"errors","errors":{"title":"taken"}}`, false, []string{"Open"}, true},
		"wrong errors": {`{"response_action":"errors","errors":{"nope":"taken"}}`, false, []string{"Open"}, false},
		"update":       {`{"response_action":"update","view":` + string(view) + `}`, true, []string{"Second"}, false},
		"push":         {`{"response_action":"push","view":` + string(view) + `}`, true, []string{"Open", "Second"}, false},
		"bad view":     {`{"response_action":"update","view":{"type":"modal"}}`, false, []string{"Open"}, false},
		"no action":    {`{"response_action":"explode"}`, false, []string{"Open"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, sandbox.Options{})
			openModal(t, b, modal())
			b.app.answer = func(appRequest) (int, string) { return 200, test.answer }
			got, err := b.Submit(ctx(t), sandbox.Submit{User: "U0BEN", Values: m{"text": "Cut off"}})
			must(t, err)
			var titles []string
			for _, v := range b.State().Views["U0BEN"] {
				titles = append(titles, text(v.Title.(m)["text"]))
			}
			if got.OK != test.ok || !slices.Equal(titles, test.titles) || (len(got.Errors) > 0) != test.errors {
				t.Errorf("result %+v, modals %v; want ok %v, modals %v", got, titles, test.ok, test.titles)
			}
		})
	}
}

func TestCloseTellsTheAppThatWantsToKnow(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	view := modal()
	view["notify_on_close"] = true
	openModal(t, b, view)
	_, err := b.CloseView(ctx(t), sandbox.CloseView{User: "U0BEN"})
	must(t, err)
	if got := b.app.interaction(t); got.Type != slack.InteractionTypeViewClosed || got.View.CallbackID != "open" {
		t.Errorf("view_closed: %+v", got)
	}
	if _, open := b.View("U0BEN"); open {
		t.Error("the modal is still open")
	}
}

func TestShortcuts(t *testing.T) {
	b := newBench(t, sandbox.Options{Shortcuts: []sandbox.Shortcut{
		{CallbackID: "add", Name: "Add to timeline", Type: "message"}, {CallbackID: "new", Name: "Declare", Type: "global"},
	}})
	ts := b.lastMessage(t, "ml-platform").TS
	_, err := b.Shortcut(ctx(t), sandbox.UseShortcut{User: "U0DINA", CallbackID: "add", Channel: "ml-platform", TS: ts})
	must(t, err)
	if got := b.app.interaction(t); got.Type != slack.InteractionTypeMessageAction || got.Message.Timestamp != ts || got.CallbackID != "add" || got.ResponseURL == "" {
		t.Errorf("message_action: %+v", got)
	}
	_, err = b.Shortcut(ctx(t), sandbox.UseShortcut{User: "U0DINA", CallbackID: "new"})
	must(t, err)
	if got := b.app.interaction(t); got.Type != slack.InteractionTypeShortcut || got.TriggerID == "" {
		t.Errorf("shortcut: %+v", got)
	}
}
