package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/store"
	"tocsin/store/bolt"
)

// atOnce is how many tests go side by side: they wait more than they work.
const atOnce = 4

func TestMain(m *testing.M) {
	if spec := os.Getenv(loadEnv); spec != "" {
		os.Exit(sendLoad(spec))
	}
	if !race { // with which they work more than they wait
		flag.Set("test.parallel", strconv.Itoa(max(atOnce, runtime.GOMAXPROCS(0)))) // -parallel says otherwise
	}
	testscript.Main(m, map[string]func(){"tocsin": main})
}

// TestStories plays testdata/script: each tells what people do and what they
// see, with the real bot in a sandbox. The commands of a story:
//
//	sandbox [flags]              start it; $URL is where
//	ada|ben|mei|dina CHANNEL TEXT  a person writes, or gives a command; prints what only they see
//	reply USER CHANNEL PARENT TEXT in the thread of the message with a text
//	leave USER CHANNEL           leave a channel
//	press USER CHANNEL ACTION    press a button (its action_id, * for any rest) on the newest message that has it
//	fill USER NAME=VALUE…        fill in and submit the form that is open; prints its errors
//	shortcut USER ID [CHANNEL TEXT]  use a shortcut (on the message with a text)
//	pin USER CHANNEL TEXT        put 📌 on the message with a text
//	page NAME=VALUE…             PagerDuty fires a signed webhook; prints the answer
//	alert SOURCE FILE            a monitor posts a body with the webhook token, Sentry signs it; prints the answer
//	pager USER INCIDENT ACT [NOTE] a person acts in PagerDuty: acknowledge, resolve, note
//	paged TEXT                   wait until PagerDuty has an incident with a text, as JSON; prints all
//	storm JSON                   alerts of one provider's outage; prints what was answered
//	fault JSON                   switch a fault
//	linked N                     wait until the bot has so many Socket Mode links
//	called METHOD                wait until a Web API method has been called
//	see CHANNEL TEXT             wait until a message has a text; with !: when all is quiet, none has
//	told ID TEXT                 wait until a timeline has a text
//	settle                       wait until no delivery and no effect waits any more
//	show CHANNEL                 print all there is to see of a channel
//	logged TEXT                  wait until the bot has logged a text
//	get PATH / post PATH FILE    plain HTTP to the bot; prints status and body
//	appears PATTERN              wait until a file has a name that fits; prints it
//	spoil FILE KEY               change a byte of a value in a data file that nobody uses;
//	                             without a key, of its first page
//	stray FILE PREFIX            change a byte of the first key that begins so
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[stageKey{}] = &story{t: e.T()}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": startStory,
			"ada":     speak(ada), "ben": speak(ben), "mei": speak(mei), "dina": speak(dina),
			"reply": reply, "leave": leave, "press": pressButton, "fill": fill, "shortcut": useShortcut, "pin": pin,
			"linked": linked, "called": called, "page": firePage, "alert": postAlert, "pager": actInPagerDuty, "paged": paged, "storm": fireStorm, "fault": switchFault, "see": see, "told": waitTold, "settle": settleAll, "show": show,
			"get": get, "follow": follow, "post": post, "logged": logged, "spoil": spoilValue, "stray": strayKey, "appears": appears,
		},
	})
}

// TestEveryCommandHasAStory asks for a story that uses each command.
func TestEveryCommandHasAStory(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		told.Write(data)
	}
	for _, h := range command.Hints() {
		verb, _, _ := strings.Cut(h.Text, " ")
		if !regexp.MustCompile(`'/incident (INC-\d+ )?` + verb + `[ ']`).MatchString(told.String()) {
			t.Errorf("no story in testdata/script uses /incident %s", verb)
		}
	}
}

type stageKey struct{}

// story is what one script has running.
type story struct {
	t   testscript.T
	run *sandboxRun
	log journal
}

// journal is what the bot logs in a story.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (s *story) ws(ts *testscript.TestScript) *sandbox.Workspace {
	if s.run == nil {
		ts.Fatalf("start the sandbox first")
	}
	return s.run.workspace
}

func of(ts *testscript.TestScript) *story { return ts.Value(stageKey{}).(*story) }

func startStory(ts *testscript.TestScript, _ bool, args []string) {
	c := &sandboxCmd{Addr: "127.0.0.1:0", Store: "bolt:" + ts.MkAbs("tocsin.db"), look: 20 * time.Millisecond, pace: fullSpeed}
	for _, a := range args {
		switch {
		case a == "--http":
			c.HTTP = true
		case a == "--no-bot":
			c.NoBot = true
		case strings.HasPrefix(a, "--content="):
			c.Content = ts.MkAbs(strings.TrimPrefix(a, "--content="))
		case strings.HasPrefix(a, "--priorities="):
			c.priorities = strings.Split(strings.TrimPrefix(a, "--priorities="), ",")
		default:
			ts.Fatalf("the story's sandbox has no flag %s", a)
		}
	}
	e := &env{ctx: context.Background(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&of(ts).log, nil))}
	run, err := startSandbox(e, c)
	ts.Check(err)
	of(ts).run = run
	ts.Check(slowly(run.workspace))
	ts.Setenv("URL", run.url)
	ts.Setenv("STORE", c.Store)
	ts.Defer(run.close)
	ts.Defer(func() { of(ts).audit(context.Background(), run.app) })
	if !c.NoBot {
		ts.Check(until(run.ctx, func() bool { return run.workspace.State().Bot.Connected > 0 }))
	}
}

// slowly makes Slack and PagerDuty answer late, each method by chance, if TOCSIN_SLOW is a number: no
// story may rest on which of two effects comes first.
func slowly(ws *sandbox.Workspace) error {
	seed, err := strconv.ParseUint(os.Getenv("TOCSIN_SLOW"), 10, 64)
	if err != nil {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	most := map[string]int{
		"chat.postMessage": 400, "chat.update": 400, "chat.postEphemeral": 400, "conversations.invite": 400, "conversations.setTopic": 400,
		"bookmarks.add": 400, "pins.add": 400, "reactions.add": 400, "views.open": 400, "views.update": 400,
		"pagerduty": 60, // a storm calls it often
	}
	for _, method := range slices.Sorted(maps.Keys(most)) {
		slow := sandbox.Fault{Kind: "slow", Method: method, Probability: 0.7, DelayMS: 1 + rng.IntN(most[method])}
		if rng.IntN(2) == 0 {
			continue
		}
		if err := ws.Fault(slow); err != nil {
			return err
		}
	}
	return nil
}

// tell prints what came of an act and ends the story if it is not as expected.
func tell(ts *testscript.TestScript, neg bool, r sandbox.Result, err error) {
	if len(r.Ack) > 0 {
		var ack struct{ Text string }
		if json.Unmarshal(r.Ack, &ack) == nil && ack.Text != "" {
			fmt.Fprintln(ts.Stdout(), ack.Text)
		}
	}
	for field, words := range r.Errors {
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", field, words)
	}
	failed := err != nil || !r.OK || len(r.Errors) > 0
	if failed != neg {
		ts.Fatalf("ok %v, error %q %v, form errors %v", r.OK, r.Error, err, r.Errors)
	}
}

// enter waits until a person is in a channel: whoever writes there or presses something is. What a
// person sees of a room says nothing of who is in it yet: the effects of an incident run side by side.
func enter(ts *testscript.TestScript, user, channel string) {
	ws := of(ts).ws(ts)
	in := func() bool {
		return slices.ContainsFunc(ws.State().Channels, func(c sandbox.ChannelState) bool {
			return (c.Name == channel || c.ID == channel) && slices.Contains(c.Members, user)
		})
	}
	if until(context.Background(), in) != nil {
		ts.Fatalf("%s is not in #%s", user, channel)
	}
}

func speak(user string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		enter(ts, user, args[0])
		r, err := of(ts).ws(ts).Say(context.Background(), sandbox.Say{User: user, Channel: args[0], Text: strings.Join(args[1:], " ")})
		tell(ts, neg, r, err)
	}
}

// message waits for the newest message with a text.
func message(ts *testscript.TestScript, channel, text string) sandbox.Message {
	var found sandbox.Message
	there := func() bool {
		for _, m := range slices.Backward(of(ts).ws(ts).Messages(channel)) {
			if strings.Contains(m.Text, text) && m.EphemeralTo == "" {
				found = m
				return true
			}
		}
		return false
	}
	if until(context.Background(), there) != nil {
		ts.Fatalf("no message in #%s has %q", channel, text)
	}
	return found
}

func reply(ts *testscript.TestScript, neg bool, a []string) {
	enter(ts, userOf(ts, a[0]), a[1])
	parent := message(ts, a[1], a[2])
	r, err := of(ts).ws(ts).Say(context.Background(), sandbox.Say{User: userOf(ts, a[0]), Channel: a[1], Text: a[3], ThreadTS: parent.TS})
	tell(ts, neg, r, err)
}

func leave(ts *testscript.TestScript, neg bool, a []string) {
	enter(ts, userOf(ts, a[0]), a[1])
	r, err := of(ts).ws(ts).Leave(context.Background(), sandbox.Visit{User: userOf(ts, a[0]), Channel: a[1]})
	tell(ts, neg, r, err)
}

func userOf(ts *testscript.TestScript, name string) string {
	id, ok := map[string]string{"ada": ada, "ben": ben, "mei": mei, "dina": dina}[name]
	if !ok {
		ts.Fatalf("nobody is called %s", name)
	}
	return id
}

func pressButton(ts *testscript.TestScript, neg bool, a []string) {
	user := userOf(ts, a[0])
	ws := of(ts).ws(ts)
	var on *sandbox.Message
	action := regexp.MustCompile("action_id:(" + strings.ReplaceAll(a[2], "*", `\S*`) + ") ")
	there := func() bool {
		for _, m := range slices.Backward(ws.Messages(a[1])) {
			if found := action.FindStringSubmatch(fmt.Sprint(m.Blocks)); found != nil && (m.EphemeralTo == "" || m.EphemeralTo == user) {
				on, a[2] = &m, found[1]
				return true
			}
		}
		return false
	}
	if until(context.Background(), there) != nil {
		ts.Fatalf("no message in #%s has the button %s", a[1], a[2])
	}
	r, err := ws.Click(context.Background(), sandbox.Click{User: user, Channel: a[1], TS: on.TS, ActionID: a[2]})
	tell(ts, neg, r, err)
}

// linked waits until a bot has so many Socket Mode links.
func linked(ts *testscript.TestScript, _ bool, a []string) {
	n, err := strconv.Atoi(a[0])
	ts.Check(err)
	ws := of(ts).ws(ts)
	if until(context.Background(), func() bool { return ws.State().Bot.Connected == n }) != nil {
		ts.Fatalf("%d links, want %d", ws.State().Bot.Connected, n)
	}
}

// called waits until a Web API method has been called.
func called(ts *testscript.TestScript, _ bool, a []string) {
	ws := of(ts).ws(ts)
	if until(context.Background(), func() bool {
		return slices.ContainsFunc(ws.Calls(), func(c sandbox.Call) bool { return c.Method == a[0] })
	}) != nil {
		ts.Fatalf("%s was not called", a[0])
	}
}

func fill(ts *testscript.TestScript, neg bool, a []string) {
	user := userOf(ts, a[0])
	ws := of(ts).ws(ts)
	ts.Check(until(context.Background(), func() bool { _, open := ws.View(user); return open }))
	values := map[string]any{}
	for _, pair := range a[1:] {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
		if name == "private" {
			values[name] = []any{value}
		}
	}
	r, err := ws.Submit(context.Background(), sandbox.Submit{User: user, Values: values})
	tell(ts, neg, r, err)
	if v, open := ws.View(user); open && !neg {
		data, err := json.Marshal(v.Blocks)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "form now shows: %s\n", data)
		_, err = ws.CloseView(context.Background(), sandbox.CloseView{User: user})
		ts.Check(err)
	}
}

func useShortcut(ts *testscript.TestScript, neg bool, a []string) {
	use := sandbox.UseShortcut{User: userOf(ts, a[0]), CallbackID: a[1]}
	if len(a) > 2 {
		use.Channel, use.TS = a[2], message(ts, a[2], a[3]).TS
	}
	r, err := of(ts).ws(ts).Shortcut(context.Background(), use)
	tell(ts, neg, r, err)
}

func pin(ts *testscript.TestScript, neg bool, a []string) {
	enter(ts, userOf(ts, a[0]), a[1])
	r, err := of(ts).ws(ts).React(context.Background(), sandbox.React{User: userOf(ts, a[0]), Channel: a[1], TS: message(ts, a[1], a[2]).TS, Name: "pushpin"})
	tell(ts, neg, r, err)
}

func firePage(ts *testscript.TestScript, neg bool, a []string) {
	fields, body := map[string]string{}, ""
	for _, pair := range a {
		name, value, _ := strings.Cut(pair, "=")
		if name == "body" {
			body = value
			continue
		}
		fields[name] = value
	}
	data, err := json.Marshal(fields)
	ts.Check(err)
	var p sandbox.Page
	ts.Check(json.Unmarshal(data, &p))
	p.Body = json.RawMessage(body)
	r, err := of(ts).ws(ts).PagerDuty(context.Background(), p)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", r.Status, r.Response)
	ts.Setenv("PAGE", r.IncidentID)
	if r.OK == neg {
		ts.Fatalf("the webhook was answered with %d: %s", r.Status, r.Response)
	}
}

func postAlert(ts *testscript.TestScript, neg bool, a []string) {
	body := []byte(ts.ReadFile(a[1]))
	if a[0] == "sentry" {
		postSentry(ts, neg, body)
		return
	}
	r, err := of(ts).ws(ts).Alert(context.Background(), sandbox.Alert{Source: a[0], Body: body})
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", r.Status, r.Response)
	if r.OK == neg {
		ts.Fatalf("the alert was answered with %d: %s", r.Status, r.Response)
	}
}

// postSentry posts what Sentry sends: it has no token, and signs the body.
func postSentry(ts *testscript.TestScript, neg bool, body []byte) {
	r, err := http.NewRequest(http.MethodPost, of(ts).run.url+"/webhook/sentry", bytes.NewReader(body))
	ts.Check(err)
	sum := hmac.New(sha256.New, []byte(sandboxWebhookToken))
	sum.Write(body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sentry-Hook-Signature", hex.EncodeToString(sum.Sum(nil)))
	resp, err := http.DefaultClient.Do(r)
	answered(ts, neg, resp, err)
}

func fireStorm(ts *testscript.TestScript, neg bool, a []string) {
	var spec sandbox.StormSpec
	ts.Check(json.Unmarshal([]byte(a[0]), &spec))
	r, err := of(ts).ws(ts).Storm(context.Background(), spec)
	ts.Check(err)
	data, err := json.Marshal(r)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", data)
}

func actInPagerDuty(ts *testscript.TestScript, neg bool, a []string) {
	act := sandbox.PagerAct{User: a[0] + "@example.com", Incident: a[1], Act: a[2]}
	if len(a) > 3 {
		act.Note = a[3]
	}
	r, err := of(ts).ws(ts).PagerAct(context.Background(), act)
	tell(ts, neg, r, err)
}

func paged(ts *testscript.TestScript, _ bool, a []string) {
	ws := of(ts).ws(ts)
	var all []byte
	err := until(context.Background(), func() bool {
		all, _ = json.Marshal(ws.PagerDutyIncidents())
		return strings.Contains(string(all), a[0])
	})
	fmt.Fprintf(ts.Stdout(), "%s\n", all)
	if err != nil {
		ts.Fatalf("PagerDuty has no incident with %q: %s", a[0], all)
	}
}

func switchFault(ts *testscript.TestScript, _ bool, a []string) {
	var f sandbox.Fault
	ts.Check(json.Unmarshal([]byte(a[0]), &f))
	ts.Check(of(ts).ws(ts).Fault(f))
}

func see(ts *testscript.TestScript, neg bool, a []string) {
	s := of(ts)
	ws := s.ws(ts)
	there := func() bool {
		for _, m := range ws.Messages(a[0]) {
			if strings.Contains(m.Text, a[1]) {
				return true
			}
			for _, f := range m.Files {
				if strings.Contains(f.Content, a[1]) {
					return true
				}
			}
		}
		return false
	}
	if neg {
		settleAll(ts, false, nil)
		if there() {
			ts.Fatalf("#%s has %q", a[0], a[1])
		}
		return
	}
	if until(context.Background(), there) != nil {
		show(ts, false, a[:1])
		ts.Fatalf("#%s does not have %q", a[0], a[1])
	}
}

func waitTold(ts *testscript.TestScript, _ bool, a []string) {
	s := of(ts)
	var timeline string
	err := until(context.Background(), func() bool {
		inc, err := s.run.app.bot.Incident(context.Background(), incident.ID(a[0]))
		timeline = bot.TimelineMarkdown(inc, 0)
		return err == nil && strings.Contains(timeline, a[1])
	})
	if err != nil {
		ts.Fatalf("the timeline of %s does not have %q:\n%s", a[0], a[1], timeline)
	}
}

// logged waits until the bot has logged a text, and prints the log.
func logged(ts *testscript.TestScript, _ bool, a []string) {
	log := &of(ts).log
	err := until(context.Background(), func() bool { return strings.Contains(log.String(), a[0]) })
	fmt.Fprint(ts.Stdout(), log.String())
	if err != nil {
		ts.Fatalf("it has not logged %q", a[0])
	}
}

// settleAll waits until the outbox is empty and the app has its answers.
func settleAll(ts *testscript.TestScript, _ bool, _ []string) {
	s := of(ts)
	err := until(context.Background(), func() bool {
		j := store.NewJournal(s.run.app.kv)
		arrivals, err := j.Arrivals(context.Background(), store.Arrival{}, 1)
		if err != nil || len(arrivals) > 0 {
			return false
		}
		items, err := j.Outbox(context.Background())
		return err == nil && len(items) == 0
	})
	if err != nil {
		items, _ := store.NewJournal(s.run.app.kv).Outbox(context.Background())
		ts.Fatalf("effects still wait: %+v", items)
	}
}

func show(ts *testscript.TestScript, _ bool, a []string) {
	ws := of(ts).ws(ts)
	for _, c := range ws.State().Channels {
		if c.Name != a[0] {
			continue
		}
		fmt.Fprintf(ts.Stdout(), "channel %s private=%v\ntopic %s\nmembers %s\n", c.Name, c.IsPrivate, c.Topic, strings.Join(c.Members, " "))
		for _, b := range c.Bookmarks {
			fmt.Fprintf(ts.Stdout(), "bookmark %s %s\n", b.Title, b.Link)
		}
		for _, m := range ws.Messages(c.Name) {
			to := ""
			if m.EphemeralTo != "" {
				to = " to " + m.EphemeralTo
			}
			fmt.Fprintf(ts.Stdout(), "%s %s%s: %s\n", m.TS, m.User, to, strings.ReplaceAll(m.Text, "\n", " | "))
			for _, r := range m.Reactions {
				fmt.Fprintf(ts.Stdout(), "  reaction %s %s\n", r.Name, strings.Join(r.Users, " "))
			}
			for _, f := range m.Files {
				fmt.Fprintf(ts.Stdout(), "  file %s\n%s\n", f.Name, f.Content)
			}
		}
		return
	}
	ts.Fatalf("there is no channel #%s: %v", a[0], ws.ChannelNames())
}

func get(ts *testscript.TestScript, neg bool, a []string) {
	resp, err := http.Get(of(ts).run.url + a[0])
	answered(ts, neg, resp, err)
}

// follow gets the address in what was printed last; with an argument, a changed one.
func follow(ts *testscript.TestScript, neg bool, a []string) {
	link := regexp.MustCompile(`http://[^\s>|)]+`).FindString(ts.ReadFile("stdout"))
	if len(a) > 0 {
		link = strings.Replace(link, a[0], a[1], 1)
	}
	resp, err := http.Get(link)
	answered(ts, neg, resp, err)
}

func post(ts *testscript.TestScript, neg bool, a []string) {
	body := []byte(ts.ReadFile(a[1]))
	resp, err := http.Post(of(ts).run.url+a[0], "application/json", bytes.NewReader(body))
	answered(ts, neg, resp, err)
}

func appears(ts *testscript.TestScript, _ bool, a []string) {
	var found []string
	if until(context.Background(), func() bool { found, _ = filepath.Glob(ts.MkAbs(a[0])); return len(found) > 0 }) != nil {
		ts.Fatalf("no file has a name like %s", a[0])
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(found, "\n"))
}

func spoilValue(ts *testscript.TestScript, _ bool, a []string) {
	if len(a) == 1 {
		data, err := os.ReadFile(ts.MkAbs(a[0]))
		ts.Check(err)
		data[30] ^= 1
		ts.Check(os.WriteFile(ts.MkAbs(a[0]), data, 0o600))
		return
	}
	kv, err := bolt.Open(ts.MkAbs(a[0]))
	ts.Check(err)
	defer kv.Close()
	value, err := kv.Get(context.Background(), a[1])
	ts.Check(err)
	value[len(value)-3] ^= 1
	ts.Check(kv.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: a[1], Value: value}}}))
}

func strayKey(ts *testscript.TestScript, _ bool, a []string) {
	kv, err := bolt.Open(ts.MkAbs(a[0]))
	ts.Check(err)
	defer kv.Close()
	pairs, err := kv.Scan(context.Background(), a[1], "", 1)
	ts.Check(err)
	was := pairs[0].Key
	key := was[:len(was)-1] + string(was[len(was)-1]^1)
	ts.Check(kv.Commit(context.Background(), store.Tx{Put: []store.Pair{{Key: key, Value: pairs[0].Value}}, Delete: []string{was}}))
}

func answered(ts *testscript.TestScript, neg bool, resp *http.Response, err error) {
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", resp.StatusCode, body)
	if (resp.StatusCode >= 400) != neg {
		ts.Fatalf("answered with %d", resp.StatusCode)
	}
}
