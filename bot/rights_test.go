package bot_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
)

// right is one that tocsin loses, and gets back.
type right struct {
	name string
	take func(w *world)
	give func(w *world)
	// told is where people read of it meanwhile, and the words; "status" is for
	// those who ask.
	told, words string
}

// must fails the test where what somebody does in the workspace is not possible.
func (w *world) must(_ sandbox.Result, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fault(f sandbox.Fault) {
	w.t.Helper()
	w.must(sandbox.Result{}, w.ws.Fault(f))
}

// visit is Ada in the incident's room.
func (w *world) visit() sandbox.Visit { return sandbox.Visit{User: "U0ADA", Channel: w.room().ID} }

// rights are those of the incident's room, and of all of Slack.
func rights() []right {
	ctx := context.Background()
	scope := func(name string) func(*world) {
		return func(w *world) { w.fault(sandbox.Fault{Kind: "missing_scope", Scope: name}) }
	}
	clear := func(w *world) { w.fault(sandbox.Fault{Kind: "clear"}) }
	set := func(of func(*world) sandbox.Settings) func(*world) {
		return func(w *world) { w.must(w.ws.Settings(ctx, of(w))) }
	}
	suspended := func(code string) func(*world) {
		return set(func(*world) sandbox.Settings { return sandbox.Settings{Suspended: code} })
	}
	allowed := set(func(*world) sandbox.Settings { return sandbox.Settings{} })
	return []right{
		{"archived", func(w *world) { w.must(w.ws.Archive(ctx, w.visit())) }, func(w *world) { w.must(w.ws.Unarchive(ctx, w.visit())) }, "incidents", "Unarchive it"},
		{"put out, and kept out", func(w *world) {
			w.must(w.ws.Remove(ctx, sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: w.room().ID}))
			scope("channels:join")(w)
		}, clear, "incidents", "Invite the bot"},
		{"put out", func(w *world) {
			w.must(w.ws.Remove(ctx, sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: w.room().ID}))
		}, func(*world) {}, "", ""}, // it comes back by itself
		{"read-only room", set(func(w *world) sandbox.Settings { return sandbox.Settings{ReadOnly: w.room().Name} }),
			set(func(w *world) sandbox.Settings { return sandbox.Settings{Writable: w.room().Name} }), "incidents", "workspace admin"},
		{"read-only workspace", suspended("restricted_action"), allowed, "status", "workspace admin"},
		{"suspended", suspended("ekm_access_denied"), allowed, "status", "ekm_access_denied"},
		{"not granted", suspended("team_access_not_granted"), allowed, "status", "team_access_not_granted"},
		{"no scope for messages", scope("chat:write"), clear, "status", "chat:write"},
		{"token revoked", func(w *world) { w.ws.Reinstall("xoxb-new") }, func(w *world) {
			w.dial("xoxb-new")
			w.restart()
		}, "status", "SLACK_BOT_TOKEN"},
		{"account inactive", func(w *world) { w.fault(sandbox.Fault{Kind: "account_inactive"}) }, clear, "status", "account_inactive"},
	}
}

func (w *world) dial(token string) {
	w.t.Helper()
	conn, err := slack.Dial(w.t.Context(), slack.Config{
		BotToken: token, SigningSecret: "sandbox-signing-secret", APIURL: sandbox.InProcessURL + "/api/",
		Announce: "incidents", HTTP: w.ws.Client(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.conn = conn
}

// texts are the first words of what is said in a channel.
func (w *world) texts(channel string) (texts []string) {
	for _, m := range w.ws.Messages(channel) {
		texts = append(texts, incident.Cut(m.Text, 150))
	}
	return texts
}

// asks is what somebody is answered.
func (w *world) asks(p incident.Person, line string) string {
	a, err := command.Commands{Bot: w.bot, Log: simLog()}.Handle(context.Background(), bot.Request{
		Line: line, Cause: line + time.Now().String(), By: incident.Actor{Person: p, Via: "slack"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Body
}

// operator keeps what the log says at the level of an error.
func (w *world) operator() *strings.Builder {
	var log strings.Builder
	w.more = append(w.more, func(c *bot.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	w.restart()
	return &log
}

// strict is the app as its manifest has it.
func strict(t *testing.T, f func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		defer w.close()
		w.ws.Reinstall("xoxb-strict", slack.Scopes()...)
		w.dial("xoxb-strict")
		w.restart()
		f(t, w)
	})
}

// TestLostRights: while a right is lost people read what to do where they can, the
// operator in the log; what is said meanwhile waits, and is there once and in order
// soon after the right is back.
func TestLostRights(t *testing.T) {
	for _, r := range rights() {
		t.Run(r.name, func(t *testing.T) {
			strict(t, func(t *testing.T, w *world) {
				log := w.operator()
				w.say("open", "", "open sev2 Answers are wrong")
				w.settle()
				r.take(w)
				for i := range 3 {
					w.say(fmt.Sprint("note", i), "", fmt.Sprintf("INC-1 note observation %d", i))
				}
				w.wait(20 * time.Minute)
				w.tells(r, log.String())
				r.give(w)
				w.wait(6 * time.Minute)
				w.caughtUp(r)
			})
		})
	}
}

// tells checks what people and the operator are told while a right is lost.
func (w *world) tells(r right, log string) {
	t := w.t
	t.Helper()
	if r.words == "" {
		return
	}
	if !strings.Contains(log, r.words) {
		t.Errorf("the log does not name what to do:\n%s", log)
	}
	inc, _ := w.bot.Incident(context.Background(), "INC-1")
	if n := strings.Count(bot.TimelineMarkdown(inc, 0), " now: "); n != 1 {
		t.Errorf("the timeline tells of it %d times:\n%s", n, bot.TimelineMarkdown(inc, 0))
	}
	if status := w.asks(ada.Person, "status"); !strings.Contains(status, "INC-1: I cannot") || !strings.Contains(strings.ReplaceAll(status, "\\", ""), r.words) {
		t.Errorf("those who ask are told:\n%s", status)
	}
	if r.told != "status" && (w.said(r.told, "I cannot") != 1 || w.said(r.told, r.words) != 1) {
		t.Errorf("#%s does not tell of it: %+v", r.told, w.texts(r.told))
	}
}

// caughtUp checks that all is done that waited, once and in order.
func (w *world) caughtUp(r right) {
	t := w.t
	t.Helper()
	room := w.room().ID
	last := -1
	for i, m := range w.ws.Messages(room) {
		for n := range 3 {
			if m.Subtype == "" && strings.Contains(m.Text, fmt.Sprintf("observation %d", n)) {
				if n != last+1 {
					t.Errorf("message %d is observation %d after %d", i, n, last)
				}
				last = n
			}
		}
	}
	if last != 2 {
		t.Errorf("observation %d was the last one: %+v", last, w.texts(room))
	}
	if items := w.bot.Waiting(); len(items) > 0 {
		t.Errorf("%+v still wait", items)
	}
	if n := w.said("incidents", "I cannot"); n != 0 {
		t.Error("the announcement still tells of it")
	}
	inc, _ := w.bot.Incident(context.Background(), "INC-1")
	if len(inc.Bars) > 0 || len(inc.Failures) > 0 {
		t.Errorf("bars %+v, failures %+v", inc.Bars, inc.Failures)
	}
	if got := strings.Count(bot.TimelineMarkdown(inc, 0), "tocsin can "); r.words != "" && got != 1 {
		t.Errorf("the timeline tells %d times that it is mended:\n%s", got, bot.TimelineMarkdown(inc, 0))
	}
}

// TestLostInPart: who may edit and not post, or post and not edit, is told of it once,
// and once that it is over, however often the other of the two works meanwhile.
func TestLostInPart(t *testing.T) {
	for _, lost := range [][2]string{
		{"chat.postMessage", "restricted_action"}, {"chat.update", "restricted_action"}, {"chat.update", "edit_window_closed"}, {"files.completeUploadExternal", "ekm_access_denied"},
	} {
		method, reason := lost[0], lost[1]
		t.Run(method+" "+reason, func(t *testing.T) {
			strict(t, func(t *testing.T, w *world) {
				w.say("open", "", "open sev2 Answers are wrong")
				w.settle()
				w.fault(sandbox.Fault{Kind: "token_revoked", Method: method, Reason: reason})
				w.say("draft", "", "INC-1 postmortem")
				for i := range 10 {
					w.say(fmt.Sprint("update", i), "", fmt.Sprintf("INC-1 update observation %d", i))
					w.wait(3 * time.Minute)
				}
				lost := w.timeline()
				if method == "chat.update" && w.said(w.room().ID, "settings do not let the app do it") != 1 {
					t.Errorf("the room reads %q", w.texts(w.room().ID))
				}
				w.fault(sandbox.Fault{Kind: "clear"})
				w.wait(6 * time.Minute)
				w.say("update", "", "INC-1 update All is well")
				w.wait(6 * time.Minute)
				if text := w.timeline(); strings.Count(lost, "cannot ") != 1 || strings.Count(lost, "tocsin can ") != 0 || strings.Count(text, "tocsin can ") != 1 {
					t.Errorf("while it was lost:\n%s\nin the end:\n%s", lost, text)
				}
				if items := w.bot.Waiting(); len(items) > 0 || w.said(w.room().ID, "All is well") == 0 {
					t.Errorf("%+v still wait: %q", items, w.texts(w.room().ID))
				}
			})
		})
	}
}

// timeline is what people read of it.
func (w *world) timeline() string {
	inc, err := w.bot.Incident(context.Background(), "INC-1")
	if err != nil {
		w.t.Fatal(err)
	}
	return bot.TimelineMarkdown(inc, 0)
}

// TestLostScopes: one thing that may not be done holds nothing else up, is told in
// the room, and is made up for when it may be done.
func TestLostScopes(t *testing.T) {
	for scope, c := range map[string]struct {
		what string
		done func(w *world) bool
	}{
		"bookmarks:write": {"bookmark a link", func(w *world) bool { return len(w.room().Bookmarks) == 1 }},
	} {
		strict(t, func(t *testing.T, w *world) {
			w.fault(sandbox.Fault{Kind: "missing_scope", Scope: scope})
			w.say("open", "", "open sev2 Answers are wrong")
			w.say("note", "", "INC-1 note it goes on")
			w.wait(10 * time.Minute)
			room := w.room().ID
			if c.done(w) || w.said(room, "it goes on") != 1 || w.said(room, "cannot "+c.what+" now") != 1 || w.said(room, scope) != 1 {
				t.Errorf("%s: %+v", scope, w.texts(room))
			}
			w.fault(sandbox.Fault{Kind: "clear"})
			w.wait(6 * time.Minute)
			if !c.done(w) || len(w.bot.Waiting()) > 0 {
				t.Errorf("%s: done %v; %+v wait", scope, c.done(w), w.bot.Waiting())
			}
		})
	}
}

// TestMayNotLook: what may have been posted waits while tocsin may not look for it, and
// all that comes after it in the room: people are told in the announcement, once.
func TestMayNotLook(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev2 Answers are wrong")
		w.settle()
		w.fault(sandbox.Fault{Kind: "missing_scope", Scope: "channels:history"})
		w.fault(sandbox.Fault{Kind: "lost_answer", Method: "chat.postMessage", Times: 1})
		for i := range 3 {
			w.say(fmt.Sprint("note", i), "", fmt.Sprintf("INC-1 note observation %d", i))
			w.say(fmt.Sprint("task", i), "", "INC-1 task add Ask the provider") // the card is edited
			w.wait(4 * time.Minute)
		}
		if n := w.said("incidents", "channels:history"); n != 1 || strings.Count(w.timeline(), "cannot ") != 1 {
			t.Errorf("it is announced %d times: %q\n%s", n, w.texts("incidents"), w.timeline())
		}
		w.fault(sandbox.Fault{Kind: "clear"})
		w.wait(6 * time.Minute)
		for i := range 3 {
			if n := w.said(w.room().ID, fmt.Sprintf("observation %d", i)); n != 1 {
				t.Errorf("observation %d is there %d times", i, n)
			}
		}
		if n := w.said("incidents", "channels:history"); n != 0 || strings.Count(w.timeline(), "tocsin can ") != 1 || len(w.bot.Waiting()) > 0 {
			t.Errorf("announced %d times, %+v wait\n%s", n, w.bot.Waiting(), w.timeline())
		}
	})
}

// TestNoChannelYet: where no channel can be made the announcement says why, and it
// is made when it may be.
func TestNoChannelYet(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"channels:manage":  {Kind: "missing_scope", Scope: "channels:manage"},
		"workspace admin":  {Kind: "token_revoked", Method: "conversations.create", Reason: "restricted_action"},
		"workspace admin ": {Kind: "token_revoked", Method: "conversations.create", Reason: "cannot_create_channel"},
	} {
		strict(t, func(t *testing.T, w *world) {
			w.fault(fault)
			w.say("open", "", "open sev2 Answers are wrong")
			w.wait(10 * time.Minute)
			if w.said("incidents", "no channel yet: ") != 1 || w.said("incidents", strings.TrimSpace(name)) != 1 {
				t.Errorf("%s: %+v", name, w.texts("incidents"))
			}
			if menu := w.asks(ada.Person, "INC-1"); !strings.Contains(menu, "I cannot open the channel now") {
				t.Errorf("%s: whoever asks is told %q", name, menu)
			}
			w.fault(sandbox.Fault{Kind: "clear"})
			w.wait(6 * time.Minute)
			if w.said("incidents", "no channel yet") != 0 || len(w.keys("incidents")) != 1 || w.said(w.room().ID, "Status") == 0 || len(w.bot.Waiting()) > 0 {
				t.Errorf("%s: %+v; %+v wait", name, w.texts("incidents"), w.bot.Waiting())
			}
		})
	}
}

// TestAnnouncementGone: the room hears that nobody else does, and the announcement
// is made where it can be: in a channel of that name, whichever it is.
func TestAnnouncementGone(t *testing.T) {
	ctx := context.Background()
	at := sandbox.Visit{User: "U0ADA", Channel: "incidents"}
	anew := func(w *world) { w.must(w.ws.Channel(ctx, sandbox.NewChannel{User: "U0ADA", Name: "incidents"})) }
	archive := func(w *world) { w.must(w.ws.Archive(ctx, at)) }
	for name, c := range map[string]struct {
		lose, give func(*world)
		before     int // announcements in the present channel, of the one that is lost
	}{
		"deleted":   {func(w *world) { w.must(w.ws.Delete(ctx, at)) }, anew, 0},
		"archived":  {archive, func(w *world) { w.must(w.ws.Unarchive(ctx, at)) }, 1},
		"read-only": {func(w *world) { w.must(w.ws.Settings(ctx, sandbox.Settings{ReadOnly: "incidents"})) }, func(w *world) { w.must(w.ws.Settings(ctx, sandbox.Settings{Writable: "incidents"})) }, 1},
	} {
		for _, when := range []string{"before", "after"} {
			t.Run(name+" "+when, func(t *testing.T) {
				strict(t, func(t *testing.T, w *world) {
					if when == "before" {
						c.lose(w)
					}
					w.say("open", "", "open sev2 Answers are wrong")
					w.wait(2 * time.Minute)
					if when == "after" {
						c.lose(w)
						w.say("update", "", "INC-1 update We are on it")
					}
					w.wait(10 * time.Minute)
					if n := w.said(w.room().ID, "cannot announce the incident now"); n != 1 {
						t.Errorf("the room hears of it %d times: %+v", n, w.texts(w.room().ID))
					}
					c.give(w)
					w.wait(6 * time.Minute)
					if n := len(w.keys("incidents")); n != 1 || len(w.bot.Waiting()) > 0 {
						t.Errorf("%d announcements, %+v wait", n, w.bot.Waiting())
					}
					if when == "after" && w.said("incidents", "We are on it") != 1 {
						t.Errorf("an old state is announced: %+v", w.texts("incidents"))
					}
				})
			})
		}
	}
}

// TestPutOutInPrivate: a private incident's people are told when they ask, nobody
// else is, and nothing is lost until somebody invites the bot.
func TestPutOutInPrivate(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		_, _, err := w.bot.Declare(context.Background(), bot.Origin{By: ada, Cause: "open"}, incident.Declared{Title: "Customer data in answers", Private: true})
		if err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.must(w.ws.Remove(context.Background(), sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: w.room().ID}))
		for i := range 3 {
			w.say(fmt.Sprint("note", i), "", fmt.Sprintf("INC-1 note observation %d", i))
		}
		w.wait(10 * time.Minute)
		for _, line := range []string{"status", "INC-1"} {
			if told := w.asks(ada.Person, line); !strings.Contains(told, "Invite the bot there") {
				t.Errorf("%s tells Ada: %s", line, told)
			}
			if told := w.asks(incident.Person{User: "U0DINA", Name: "Dina"}, line); strings.Contains(told, "Invite the bot") {
				t.Errorf("%s tells Dina: %s", line, told)
			}
		}
		if len(w.keys("incidents")) > 0 {
			t.Error("a private incident was announced")
		}
		w.must(w.ws.Bring(context.Background(), sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: w.room().ID}))
		w.wait(6 * time.Minute)
		w.caughtUp(right{words: "Invite"})
	})
}

// TestDeactivated: somebody whose account is closed keeps nobody else out, and the
// room is told who does not come, and that a role has to go to somebody else.
func TestDeactivated(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		w.must(w.ws.Deactivate(context.Background(), sandbox.Account{User: "U0BEN"}))
		people := []incident.Person{{User: "U0BEN", Name: "Ben Ortiz"}, {User: "U0CHEN", Name: "Mei Chen"}}
		_, _, err := w.bot.Declare(context.Background(), bot.Origin{By: ada, Cause: "open"}, incident.Declared{Title: "Answers are wrong", People: people})
		if err != nil {
			t.Fatal(err)
		}
		w.settle()
		room := w.room()
		if !strings.Contains(fmt.Sprint(room.Members), "U0CHEN") || w.said(room.ID, "could not reach Ben Ortiz: their Slack account is deactivated") != 1 {
			t.Errorf("members %v: %+v", room.Members, w.texts(room.ID))
		}
		_, err = w.bot.Update(context.Background(), "INC-1", bot.Origin{By: ada, Cause: "tech"}, func(inc incident.Incident) ([]incident.Fact, error) {
			return inc.Assign(incident.TechnicalLead, people[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.said(room.ID, "who takes over?") != 1 {
			t.Errorf("nobody is asked to take the role over: %+v", w.texts(room.ID))
		}
	})
}

// TestCommanderDeactivated: when the account of somebody with a role is closed the
// room is told with the next message that calls them, once.
func TestCommanderDeactivated(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(5 * time.Minute)
		w.must(w.ws.Deactivate(context.Background(), sandbox.Account{User: "U0ADA"}))
		w.wait(2 * time.Hour) // reminders are due every half an hour
		room := w.room().ID
		if n := w.said(room, "could not reach Ada: their Slack account is deactivated. Ask somebody else. They are incident commander: who takes over?"); n != 1 {
			t.Errorf("said %d times: %q", n, w.texts(room))
		}
	})
}

// TestArchivedWhenOver: the room of an incident that is over may be archived: nothing
// waits for it, and nobody is bothered elsewhere.
func TestArchivedWhenOver(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		w.say("open", "", "open sev2 Answers are wrong")
		w.say("resolve", "", "INC-1 resolve rolled back")
		w.settle()
		w.must(w.ws.Archive(context.Background(), w.visit()))
		w.say("action", "", "INC-1 action Alert on it")
		w.settle()
		if n := w.said("incidents", "I cannot"); n != 0 {
			t.Error("the announcement asks for an archived room of an incident that is over")
		}
	})
}

// TestNobodyMends: what nobody mends for a day is given up, and can be asked for
// again.
func TestNobodyMends(t *testing.T) {
	strict(t, func(t *testing.T, w *world) {
		w.fault(sandbox.Fault{Kind: "missing_scope", Scope: "bookmarks:write"})
		w.say("open", "", "open sev2 Answers are wrong")
		w.wait(25 * time.Hour)
		if n := w.said(w.room().ID, "could not bookmark a link"); n != 1 || len(w.bot.Waiting()) > 0 {
			t.Errorf("said %d times that it was given up; %+v wait", n, w.bot.Waiting())
		}
		w.fault(sandbox.Fault{Kind: "clear"})
		w.say("again", "", "INC-1 resync")
		w.settle()
		if n := len(w.room().Bookmarks); n != 1 {
			t.Errorf("%d bookmarks, want 1", n)
		}
	})
}
