package sandbox_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

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
	form, err := url.ParseQuery(string(a.at(t, "/slack/interaction").body))
	must(t, err)
	var out slack.InteractionCallback
	decode(t, []byte(form.Get("payload")), &out)
	return out
}

func TestClickOnMessage(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	ts := post(t, b, "take commander", "take scribe")
	clicked, err := b.Click(ctx(t), sandbox.Click{User: "U0BEN", Channel: "incidents", TS: ts, ActionID: "go1"})
	must(t, err)
	got := b.app.interaction(t)
	action := got.ActionCallback.BlockActions[0]
	if got.Type != slack.InteractionTypeBlockActions || action.Value != "take scribe" || action.ActionID != "go1" ||
		got.User.ID != "U0BEN" || got.Message.Timestamp != ts || got.Container.MessageTs != ts || got.Channel.Name != "incidents" ||
		got.TriggerID == "" || got.TriggerID != clicked.Trigger || got.ResponseURL == "" {
		t.Errorf("block_actions: %+v, and the person's act is known as %q", got, clicked.Trigger)
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
			b.app.answers(func(appRequest) (int, string) { return 200, test.answer })
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
