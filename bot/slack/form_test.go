package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// live is a workspace whose commands reach a real bot by signed HTTP requests.
// Its worker does not run: these tests are about what people see at once.
func live(t *testing.T) *stage {
	t.Helper()
	mux := http.NewServeMux()
	ws := sandbox.New(sandbox.Options{RequestURL: "http://tocsin", HTTP: sandbox.InProcess(mux), PublicURL: "http://sandbox", Shortcuts: []sandbox.Shortcut{
		{CallbackID: shortcutOpen, Type: "global"}, {CallbackID: shortcutDeclare, Type: "message"}, {CallbackID: shortcutPin, Type: "message"},
	}})
	t.Cleanup(ws.Close)
	conn := dial(t, ws, "incidents")
	s := &stage{Workspace: ws, t: t, conn: conn, p: conn.Performer}
	_, face := newBot(t, s)
	face.Routes(mux)
	return s
}

// types has Ada give a command in #general, where the bot is.
func (s *stage) types(line string) sandbox.Result {
	s.t.Helper()
	r, err := s.Say(s.t.Context(), sandbox.Say{User: "U0ADA", Channel: "general", Text: strings.TrimSpace("/incident " + line)})
	must(s.t, err)
	if !r.OK {
		s.t.Fatalf("%s: %s", line, r.Error)
	}
	return r
}

// form is the form that Ada has before her.
func (s *stage) form() sandbox.View {
	s.t.Helper()
	v, open := s.View("U0ADA")
	if !open {
		s.t.Fatalf("no form is open; the last calls: %+v", s.Calls()[max(0, len(s.Calls())-2):])
	}
	return v
}

// TestEveryFormOpens: Slack takes each form that a command can lead to.
func TestEveryFormOpens(t *testing.T) { synctest.Test(t, testEveryFormOpens) }

func testEveryFormOpens(t *testing.T) {
	s := live(t)
	s.types("open sev2 Answers are wrong")
	for _, line := range []string{"", "open", "open sev1", "sev3", "INC-1 note", "INC-1 update", "INC-1 action", "INC-1 mitigated", "INC-1 take", "INC-1 assign", "INC-1 handover"} {
		if v, open := s.View("U0ADA"); open {
			_, err := s.CloseView(t.Context(), sandbox.CloseView{User: "U0ADA", ViewID: v.ID})
			must(t, err)
		}
		s.types(line)
		synctest.Wait()
		if v := s.form(); v.CallbackID != "form" || v.PrivateMetadata == "" {
			t.Errorf("%q: %+v", line, v)
		}
	}
}

// TestFormAboutAnyMessage: a form about a message brings the message back,
// whatever is in it: Slack keeps 3,000 characters.
func TestFormAboutAnyMessage(t *testing.T) {
	s := newStage(t)
	for _, text := range append(hostile, strings.Repeat("\"\\\n", 1000), strings.Repeat("\u2028\x01", 1000), strings.Repeat("🔥", 4000)) {
		form := &bot.Form{Title: "Open an incident", Submit: "Open", Command: "open", Message: &incident.Quote{
			Message: incident.Message{Channel: "C1", ID: "1700000000.000100"}, Author: incident.Person{User: "U0BEN", Name: "Ben"}, Text: text,
			Link: "https://example.slack.com/archives/C1/p1700000000000100", Written: time.Now(),
		}, Intro: "> " + incident.Escape(text), Fields: []bot.Field{{Name: "title", Label: "What?"}}}
		v := view(form, "C1")
		if n := utf8.RuneCountInString(v.PrivateMetadata); n > 3000 {
			t.Errorf("%.30q makes %d characters of metadata", text, n)
		}
		meta, err := decode[formMeta]([]byte(v.PrivateMetadata))
		if err != nil || meta.Command != "open" || meta.Channel != "C1" || meta.Message.Message != form.Message.Message || meta.Message.Text == "" {
			t.Errorf("%.30q came back as %+v, %v", text, meta, err)
		}
		s.validates(v)
	}
}

// validates has the workspace check a view.
func (s *stage) validates(v slack.ModalViewRequest) {
	s.t.Helper()
	body := url.Values{"token": {"xoxb-sandbox"}, "view": {string(asJSON(s.t, v))}}
	resp, err := s.Client().PostForm("http://sandbox/api/blocks.validate", body)
	must(s.t, err)
	defer resp.Body.Close()
	got, err := readJSON(resp)
	must(s.t, err)
	if got["ok"] != true {
		s.t.Errorf("Slack refuses the view: %v", got)
	}
}

// TestLongList: one of 500 can be chosen, however long their names are: Slack takes 100
// options in a row, and no form of more than 250 kB.
func TestLongList(t *testing.T) {
	s := newStage(t)
	for _, n := range []int{1, 100, 101, 500} {
		f := bot.Field{Name: "who", Label: "Whom?", Kind: bot.OneOf, Value: fmt.Sprint("user/PUSR", n)}
		for i := range n {
			f.Choices = append(f.Choices, bot.Choice{Value: fmt.Sprint("user/PUSR", i+1), Label: fmt.Sprintf("%03d %s", i, strings.Repeat("🔥", 71))})
		}
		v := view(&bot.Form{Title: "Page somebody", Submit: "Page", Command: "page", Fields: []bot.Field{f}}, "C1")
		s.validates(v)
		data := asJSON(t, v)
		if got := strings.Count(string(data), `"value":"user/`); got != n+1 || len(data) > 250_000 {
			t.Errorf("%d options of %d and the one that is chosen, in %d bytes", got, n, len(data))
		}
	}
}

// TestOpenByForm: the form's answer is shown where the form was.
func TestOpenByForm(t *testing.T) { synctest.Test(t, testOpenByForm) }

func testOpenByForm(t *testing.T) {
	s := live(t)
	s.types("open")
	synctest.Wait()
	r, err := s.Submit(t.Context(), sandbox.Submit{User: "U0ADA", Values: map[string]any{"title": "Answers <!channel> stop", "severity": "sev1"}})
	must(t, err)
	if !r.OK {
		t.Fatalf("%+v", r)
	}
	if got := fmt.Sprint(s.form().Blocks); !strings.Contains(got, "INC-1") || !strings.Contains(got, "SEV1") {
		t.Errorf("the answer: %s", got)
	}
}

// TestFieldErrors: what is wrong stands under the field that it is about, in
// plain text, and the form stays.
func TestFieldErrors(t *testing.T) { synctest.Test(t, testFieldErrors) }

func testFieldErrors(t *testing.T) {
	s := live(t)
	s.types("open")
	synctest.Wait()
	r, err := s.Submit(t.Context(), sandbox.Submit{User: "U0ADA", Values: map[string]any{"title": "Answers stop", "began": "a <while> ago"}})
	must(t, err)
	if got := r.Errors["began"]; len(r.Errors) != 1 || !strings.Contains(got, "a <while> ago") || strings.ContainsAny(got, "`\\") {
		t.Errorf("errors %q", r.Errors)
	}
	r, err = s.Submit(t.Context(), sandbox.Submit{User: "U0ADA", Values: map[string]any{"title": "Answers stop", "began": "40 min ago"}})
	must(t, err)
	if !r.OK {
		t.Errorf("corrected, it was answered %+v", r)
	}
}

// TestOpenFromMessage: the form shows the message, and the incident quotes it.
func TestOpenFromMessage(t *testing.T) { synctest.Test(t, testOpenFromMessage) }

func testOpenFromMessage(t *testing.T) {
	s := live(t)
	m := s.personSays("U0BEN", "general", "answers stop <in> the \"middle\"", "")
	_, err := s.Shortcut(t.Context(), sandbox.UseShortcut{User: "U0ADA", CallbackID: shortcutDeclare, Channel: m.Channel, TS: m.ID})
	must(t, err)
	synctest.Wait()
	if got := fmt.Sprint(s.form().Blocks); !strings.Contains(got, `answers stop <in> the "middle"`) {
		t.Errorf("the form shows %s", got)
	}
	r, err := s.Submit(t.Context(), sandbox.Submit{User: "U0ADA", Values: map[string]any{}})
	must(t, err)
	if !r.OK {
		t.Errorf("%+v", r)
	}
}

// TestNotStoredIsSaid: a form that could not be stored stays open and says so,
// as a command does; the person must not believe that it is on the record.
func TestNotStoredIsSaid(t *testing.T) {
	const words = "That is not on the record"
	face, _ := newFace(t, func(context.Context, bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: effect.Message{Body: words}}, errors.New("the disk is full")
	})
	mux := routes(face)
	if w := serve(mux, signed("/slack/command", typed("note x"), secret, time.Now())); !strings.Contains(w.Body.String(), words) {
		t.Errorf("a command is answered %s", w.Body)
	}
	for _, command := range []string{"INC-1 note", "open"} {
		w := serve(mux, signed("/slack/interaction", submitted(t, command), secret, time.Now()))
		if got := w.Body.String(); !strings.Contains(got, words) || !strings.Contains(got, `"response_action":"errors"`) {
			t.Errorf("the form of %q is answered %q", command, got)
		}
	}
}

// submitted is the body of a filled-in form with one field.
func submitted(t *testing.T, command string) string {
	t.Helper()
	v := view(&bot.Form{Title: "T", Submit: "Save", Command: command, Fields: []bot.Field{{Name: "text", Label: "What?"}}}, "C1")
	payload := map[string]any{
		"type": "view_submission", "user": map[string]any{"id": "U0ADA"},
		"view": map[string]any{
			"id": "V1", "type": "modal", "private_metadata": v.PrivateMetadata, "blocks": v.Blocks.BlockSet, "title": v.Title,
			"state": map[string]any{"values": map[string]any{"text": map[string]any{"text": map[string]any{"type": "plain_text_input", "value": "x"}}}},
		},
	}
	return url.Values{"payload": {string(asJSON(t, payload))}}.Encode()
}
