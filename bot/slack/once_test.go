package slack

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// promises is the table of the package comment: what comes of each call.
func promises(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	must(t, err)
	_, table, _ := strings.Cut(string(text), "//\tcall  ")
	table, _, _ = strings.Cut(table, "\n//\n")
	done := map[string]string{}
	for _, line := range strings.Split(table, "\n")[1:] {
		cells := strings.Split(strings.TrimPrefix(line, "//\t"), "|")
		if len(cells) != 4 {
			t.Fatalf("%q is no row of the table", line)
		}
		done[strings.TrimSpace(cells[0])] = strings.TrimSpace(cells[3])
	}
	return done
}

// made are the methods of the client that the package calls, and the calls that
// each makes.
var made = map[string][]string{
	"AddBookmarkContext":                    {"bookmarks.add"},
	"AddReactionContext":                    {"reactions.add"},
	"AuthTestContext":                       {"auth.test"},
	"CreateConversationContext":             {"conversations.create"},
	"ForceInviteUsersToConversationContext": {"conversations.invite"},
	"GetConversationHistoryContext":         {"conversations.history"},
	"GetConversationInfoContext":            {"conversations.info"},
	"GetConversationRepliesContext":         {"conversations.replies"},
	"GetConversationsContext":               {"conversations.list"},
	"GetConversationsForUserContext":        {"users.conversations"},
	"GetUserInfoContext":                    {"users.info"},
	"GetUsersPaginated":                     {"users.list"},
	"InviteUsersToConversationContext":      {"conversations.invite"},
	"JoinConversationContext":               {"conversations.join"},
	"ListBookmarksContext":                  {"bookmarks.list"},
	"OpenViewContext":                       {"views.open"},
	"PostEphemeralContext":                  {"chat.postEphemeral"},
	"PostMessageContext":                    {"chat.postMessage"},
	"PostWebhookCustomHTTPContext":          {"response_url"},
	"SetTopicOfConversationContext":         {"conversations.setTopic"},
	"StartSocketModeContext":                {"apps.connections.open"},
	"UpdateMessageContext":                  {"chat.update"},
	"UploadFileContext":                     {"files.getUploadURLExternal", "upload", "files.completeUploadExternal"},
}

// TestTableHasEveryCall: what the package's source calls of the client is in the
// table, and nothing else is.
func TestTableHasEveryCall(t *testing.T) {
	called := map[string]string{}
	inSource(t, func(n ast.Node) bool {
		method, ok := calledOf(n)
		if ok && made[method] == nil {
			t.Errorf("%s is called: what call is it? Put that into made, and the call into the table of the package comment", method)
		}
		for _, call := range made[method] {
			called[call] = method
		}
		return true
	})
	table := slices.Sorted(maps.Keys(promises(t)))
	if got := slices.Sorted(maps.Keys(called)); !slices.Equal(got, table) {
		t.Errorf("the source makes the calls\n%v, the table of the package comment has\n%v", got, table)
	}
}

// inSource visits the package's source.
func inSource(t *testing.T, visit func(ast.Node) bool) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(f, visit)
	}
}

// calledOf is the method that n calls of slack-go's client, or of the package for
// response URLs.
func calledOf(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	on := ""
	switch x := f.X.(type) {
	case *ast.Ident:
		on = x.Name
	case *ast.SelectorExpr:
		on = x.Sel.Name
	}
	return f.Sel.Name, strings.EqualFold(on, "api") || on == "slack" && made[f.Sel.Name] != nil
}

// kinds are the ways in which an attempt can end without anybody knowing how.
var kinds = []sandbox.Fault{
	{Kind: "lost_answer"}, {Kind: "lost_request"}, {Kind: "broken_answer"}, {Kind: "server_error"}, {Kind: "internal_error"},
	{Kind: "late", DelayMS: 12_000},
	{Kind: "slow", DelayMS: 12_000}, // done two seconds after our time-out
}

// story is an effect that meets a fault in one of its calls.
type story struct {
	act
	from int // the number of its first attempt: one from 2 on looks back; 0 means 1
}

// stories are all effects, and looks.
func stories() []story {
	var all []story
	for _, a := range acts {
		all = append(all, story{act: a})
	}
	return append(all, looks()...)
}

// looks are the calls by which an effect looks whether it was carried out, and
// those that other calls lead to: a fault in one must lead to no second trace.
func looks() []story {
	of := func(name, method string, from int) story {
		i := slices.IndexFunc(acts, func(a act) bool { return a.name == name })
		a := acts[i]
		a.method = method
		return story{a, from}
	}
	said := of("say", "", 1).traces
	came := func(s *stage) (n int) { // how often the bot came into the room
		for _, m := range s.Messages(s.inc.ChannelName()) {
			if m.Subtype == "channel_join" && m.User == sandbox.BotUser {
				n++
			}
		}
		return n
	}
	return []story{
		of("set the topic", "conversations.info", 2), of("say", "conversations.history", 2), of("bookmark", "bookmarks.list", 2),
		of("draft", "files.getUploadURLExternal", 1), of("draft", "upload", 1),
		{act: act{name: "edit the card", method: "chat.update", set: func(s *stage) effect.Effect {
			s.open()
			job := first(effect.ShowCard{})
			job.Key = "INC-7/card"
			job.Message.Body = "an old state"
			s.must(job)
			return effect.ShowCard{}
		}, traces: func(s *stage) int {
			all := s.said(s.inc.ChannelName())
			if strings.Contains(all[0].Text, "old state") {
				return 0
			}
			return len(all)
		}}},
		{from: 2, act: act{name: "open a channel whose name is taken", method: "users.conversations", set: func(s *stage) effect.Effect {
			_, err := s.Channel(s.t.Context(), sandbox.NewChannel{User: "U0DINA", Name: s.inc.ChannelName()})
			must(s.t, err)
			return effect.OpenChannel{}
		}, traces: func(s *stage) int { return acts[0].traces(s) - 1 }}},
		{act: act{name: "come back", method: "conversations.join", set: func(s *stage) effect.Effect {
			s.open()
			s.must(first(effect.Invite{People: []incident.User{"U0ADA"}}))
			_, err := s.Remove(s.t.Context(), sandbox.Removal{By: "U0ADA", User: sandbox.BotUser, Channel: s.inc.Channel.Channel})
			must(s.t, err)
			return effect.Say{}
		}, traces: func(s *stage) int {
			return said(s) * (came(s) - 1)
		}}},
		{act: act{name: "announce where the bot is not yet", method: "conversations.list", set: func(s *stage) effect.Effect {
			s.open()
			s.p.announce = "ml-platform"
			return effect.Announce{}
		}, traces: func(s *stage) int { return len(s.said("ml-platform")) }}},
		{act: act{name: "read a message", method: "conversations.replies", set: pinned, traces: quoted}},
		{act: act{name: "read who wrote it", method: "users.info", set: pinned, traces: quoted}},
	}
}

// pinned is a message that somebody unknown wrote, to be read.
func pinned(s *stage) effect.Effect {
	return effect.Fetch{Message: s.personSays("U0BEN", "general", "it is broken", "")}
}

// quoted counts what was learned of it.
func quoted(s *stage) int {
	n := 0
	for _, e := range s.inc.Timeline {
		if q, ok := e.Fact.(incident.Quoted); ok && q.Quote.Author.Name == "Ben Ortiz" {
			n++
		}
	}
	return n
}

// TestOneTraceOfEachCall: whatever becomes of the first attempt at a call, the
// effect that it belongs to leaves one trace. The table of the package comment says
// for which calls; a call without a story fails.
func TestOneTraceOfEachCall(t *testing.T) {
	stories := stories()
	for method, done := range promises(t) {
		if done == "at most once" || method == "auth.test" || method == "apps.connections.open" || method == "users.list" {
			continue // below
		}
		if !slices.ContainsFunc(stories, func(a story) bool { return a.method == method }) {
			t.Errorf("%s is in the table, and no story is told of it", method)
		}
	}
	for _, a := range stories {
		for _, kind := range kinds {
			t.Run(a.method+"/"+a.name+"/"+kind.Kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStrict(t)
					oneTrace(t, s, a, kind)
				})
			})
		}
	}
}

// TestOneTraceAfterAReset is the same over sockets, where a connection can be reset.
func TestOneTraceAfterAReset(t *testing.T) {
	for _, a := range stories() {
		t.Run(a.method+"/"+a.name, func(t *testing.T) {
			s := newStrict(t)
			server := httptest.NewServer(s.Handler())
			defer server.Close()
			conn, err := Dial(t.Context(), Config{
				BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: server.URL + "/api/", HTTP: server.Client(), Announce: "incidents",
			})
			must(t, err)
			s.conn, s.p = conn, conn.Performer
			oneTrace(t, s, a, sandbox.Fault{Kind: "reset"})
		})
	}
}

// newStrict is a stage with the app as its manifest has it, and with our time-out.
func newStrict(t *testing.T) *stage {
	t.Helper()
	ws := sandbox.New(sandbox.Options{Scopes: Scopes()})
	t.Cleanup(ws.Close)
	client := ws.Client()
	client.Timeout = callTimeout
	conn, err := Dial(t.Context(), Config{
		BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", HTTP: client, Announce: "incidents",
	})
	must(t, err)
	s := &stage{Workspace: ws, t: t, conn: conn, p: conn.Performer}
	s.inc = s.fold(incident.Declared{Title: "Answers cut off", Severity: incident.SEV2})
	return s
}

// oneTrace performs an effect as bot's worker does, with a fault in one of its
// calls.
func oneTrace(t *testing.T, s *stage, a story, kind sandbox.Fault) {
	job := first(a.set(s))
	job.Tries = max(a.from, 1)
	kind.Method, kind.Times = a.method, 1
	s.faultWith(kind)
	real := kind.Kind == "reset" // then time passes by itself, and nothing comes late
	_, err := s.do(job)
	for known(err) != "done" {
		var later *bot.Later
		switch {
		case known(err) == "final" || job.Tries > 19:
			t.Fatalf("attempt %d: %v", job.Tries, err)
		case errors.As(err, &later) && !real:
			<-time.After(later.After)
		case !real:
			<-time.After(quietAfter(job.Effect))
		}
		job = again(job)
		_, err = s.do(job)
	}
	if !real {
		<-time.After(time.Minute) // what comes late has come
	}
	hit := slices.ContainsFunc(s.Calls(), func(c sandbox.Call) bool { return c.Method == a.method && c.Fault == kind.Kind })
	if n := a.traces(s); n != 1 || !hit {
		t.Errorf("%d traces, want 1; the fault was met: %v", n, hit)
	}
}

// quietAfter is how long bot's worker leaves an effect in doubt alone.
func quietAfter(e effect.Effect) time.Duration {
	switch e.(type) {
	case effect.OpenChannel, effect.Invite, effect.Fetch, effect.Mark:
		return time.Second
	}
	return 15 * time.Second
}

// TestStartReadsAgain: what is asked at the start is asked again.
func TestStartReadsAgain(t *testing.T) {
	for _, method := range []string{"auth.test", "apps.connections.open"} {
		for _, kind := range kinds {
			synctest.Test(t, func(t *testing.T) {
				ws := sandbox.New(sandbox.Options{})
				defer ws.Close()
				kind.Method, kind.Times = method, 1
				must(t, ws.Fault(kind))
				client := ws.Client()
				client.Timeout = callTimeout
				_, err := Dial(t.Context(), Config{
					BotToken: "xoxb-sandbox", AppToken: "xapp-sandbox", APIURL: "http://sandbox/api/", HTTP: client, Patience: time.Minute,
				})
				if n := ws.Counts()[method].Calls; err != nil || n != 2 {
					t.Errorf("%s of %s: %d calls, %v", kind.Kind, method, n, err)
				}
				<-time.After(time.Minute)
			})
		}
	}
}

// TestNamesAreReadAgain: the names of a workspace are asked for again, whatever became of
// the first answer, and are known then.
func TestNamesAreReadAgain(t *testing.T) {
	for _, kind := range append([]sandbox.Fault{{Kind: "rate_limited"}}, kinds...) {
		t.Run(kind.Kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStrict(t)
				kind.Method, kind.Times = "users.list", 1
				s.faultWith(kind)
				if err := s.p.Meet(t.Context()); err == nil {
					t.Error("the answer was not lost")
				}
				<-time.After(time.Minute)
				must(t, s.p.Meet(t.Context()))
				if s.p.known("U0BEN") != "Ben Ortiz" {
					t.Error("the names are not known")
				}
			})
		})
	}
}

// TestAnswersAtMostOnce: forms and answers to one person are sent once, whatever
// becomes of them, and nobody is shown two. Whose form did not open is told so.
func TestAnswersAtMostOnce(t *testing.T) {
	for method, done := range promises(t) {
		if done != "at most once" {
			continue
		}
		for _, kind := range kinds {
			t.Run(method+"/"+kind.Kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { atMostOnce(t, method, kind) })
			})
		}
	}
}

func atMostOnce(t *testing.T, method string, kind sandbox.Fault) {
	s := live(t)
	kind.Method, kind.Times = method, 1
	s.faultWith(kind)
	switch method {
	case "response_url": // a form that does not open is answered there
		s.fault("lost_request", "views.open")
		s.types("open")
	case "views.open":
		s.types("open")
	default:
		s.pinsInVain()
	}
	<-time.After(5 * time.Minute)
	if n := s.Counts()[method].Calls; n != 1 {
		t.Errorf("%d calls of %s, want 1", n, method)
	}
	told := 0
	for _, m := range s.Messages("general") {
		if m.EphemeralTo == "U0ADA" && (strings.Contains(m.Text, "did not open in time") || strings.Contains(m.Text, "that is for others")) {
			told++
		}
	}
	_, open := s.View("U0ADA")
	if method == "views.open" && !open && told != 1 || told > 1 {
		t.Errorf("the form is open: %v; that it is not was told %d times", open, told)
	}
}

// pinsInVain has Ada set a 📌 in #general that is refused.
func (s *stage) pinsInVain() {
	s.t.Helper()
	log, _ := quiet()
	face := s.conn.Face(func(context.Context, bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: effect.Message{Body: "that is for others"}, Refused: true}, nil
	}, hold, log)
	body := strings.Replace(fmt.Sprintf(pinEvent, "pushpin", "message"), "C1", s.channelCalled("general").ID, 1)
	if w := serve(routes(face), signed("/slack/event", body, secret, time.Now())); w.Code != http.StatusOK {
		s.t.Errorf("answered with %d", w.Code)
	}
}

// TestStoriesMakeEveryCall: together the stories above make each call of the table,
// and none beside them.
func TestStoriesMakeEveryCall(t *testing.T) {
	called := map[string]bool{}
	note := func(s *stage) {
		for name := range s.Counts() {
			called[name] = true
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for _, a := range stories() {
			s := newStrict(t)
			job := first(a.set(s))
			job.Tries = max(a.from, 1)
			_, _ = s.do(job)
			must(t, s.p.Meet(t.Context()))
			note(s)
		}
		s := live(t)
		s.types("open")
		s.fault("lost_request", "views.open")
		s.types("open")
		s.pinsInVain()
		synctest.Wait()
		note(s)
	})
	want := slices.Sorted(maps.Keys(promises(t)))
	if got := slices.Sorted(maps.Keys(called)); !slices.Equal(got, want) {
		t.Errorf("the stories make the calls\n%v, the table has\n%v", got, want)
	}
}
