package pagerduty_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
)

// The account of the sandbox.
var (
	answers  = incident.PageTarget{Kind: incident.TargetService, ID: "PSVC001", Name: "answers-api"}
	platform = incident.PageTarget{Kind: incident.TargetPolicy, ID: "PEPLATF", Name: "Platform"}
	dina     = incident.PageTarget{Kind: incident.TargetUser, ID: "PUSRDIN", Name: "Dina Weiss"}
	anybody  = incident.PageTarget{Kind: incident.TargetKey, Name: "whoever is on call"}
)

// desk is a client at the sandbox's PagerDuty, with one incident of ours. Every
// request that it makes is held against PagerDuty's rules.
type desk struct {
	t  testing.TB
	ws *sandbox.Workspace
	*pagerduty.Client
	*pagerduty.Performer
	rules  *rules
	events []incident.Event
	tries  map[string]*bot.Job
}

func full() pagerduty.Config {
	return pagerduty.Config{Token: sandbox.PagerDutyToken, RoutingKey: sandbox.RoutingKey, From: "ada@example.com"}
}

// said is what a team says of its services.
type said struct {
	services   []pagerduty.Described
	otherwise  pagerduty.Described
	priorities map[incident.Severity]string
}

func (s *said) Find(name string) (pagerduty.Described, bool) {
	for _, d := range s.services {
		if slices.ContainsFunc(append(d.Names, d.ID), func(n string) bool { return strings.EqualFold(n, name) }) {
			return d, true
		}
	}
	return pagerduty.Described{}, false
}

func (s *said) All() []pagerduty.Described               { return s.services }
func (s *said) Default() pagerduty.Described             { return s.otherwise }
func (s *said) Priorities() map[incident.Severity]string { return s.priorities }

func newDesk(t testing.TB, c pagerduty.Config) *desk {
	t.Helper()
	return newDeskAt(t, c, sandbox.New(sandbox.Options{}))
}

func newDeskAt(t testing.TB, c pagerduty.Config, ws *sandbox.Workspace) *desk {
	t.Helper()
	t.Cleanup(ws.Close)
	d := &desk{t: t, ws: ws, rules: &rules{t: t, next: ws.Client().Transport}, tries: map[string]*bot.Job{}}
	if c.APIURL == "" {
		c.APIURL = sandbox.InProcessURL + "/pagerduty"
	}
	c.HTTP = &http.Client{Transport: d.rules, Timeout: 10 * time.Second}
	client, err := pagerduty.Dial(t.Context(), c)
	must(t, err)
	d.Client, d.Performer = client, pagerduty.NewPerformer(client)
	d.record(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2, Service: "chat-api"})
	return d
}

// record puts facts on the incident's timeline.
func (d *desk) record(facts ...incident.Fact) {
	for _, f := range facts {
		now := time.Now()
		d.events = append(d.events, incident.Event{Seq: len(d.events) + 1, At: now, Logged: now, By: incident.Bot, Fact: f})
	}
}

func (d *desk) inc() incident.Incident { return incident.Fold("INC-7", d.events) }

// try makes one attempt at an effect and records what comes of it.
func (d *desk) try(e effect.Effect) ([]incident.Fact, error) {
	key := fmt.Sprintf("%T %v", e, e)
	job := d.tries[key]
	if job == nil {
		job = &bot.Job{Key: key, Effect: e, First: time.Now()}
		d.tries[key] = job
	}
	job.Tries++
	facts, err := d.Perform(d.t.Context(), d.inc(), *job)
	if err == nil {
		delete(d.tries, key)
		d.record(facts...)
	}
	return facts, err
}

// do makes one attempt, which has to work.
func (d *desk) do(e effect.Effect) []incident.Fact {
	d.t.Helper()
	facts, err := d.try(e)
	must(d.t, err)
	return facts
}

// page asks for a page and has it made.
func (d *desk) page(to incident.PageTarget, text string) (incident.Paged, error) {
	n := len(d.inc().Pages) + 1
	d.record(incident.PageAsked{N: n, To: to, Text: text})
	facts, err := d.try(effect.Page{N: n})
	if err != nil {
		return incident.Paged{}, err
	}
	return facts[0].(incident.Paged), nil
}

// alert has PagerDuty alert somebody, and the incident have the alert.
func (d *desk) alert(service, title string) string {
	d.t.Helper()
	id := d.made(fmt.Sprintf(`{"incident":{"type":"incident","title":%q,"service":{"id":%q,"type":"service_reference"},"urgency":"high"}}`, title, service))
	d.record(incident.Signaled{Source: "pagerduty", Event: "incident.triggered", State: incident.StateFiring, Key: id, Title: title})
	return id
}

// made makes an incident in PagerDuty as somebody else would.
func (d *desk) made(body string) string {
	d.t.Helper()
	var answer struct {
		Incident struct {
			ID string `json:"id"`
		} `json:"incident"`
	}
	must(d.t, json.Unmarshal(d.elsewhere(http.MethodPost, "/incidents", body), &answer))
	return answer.Incident.ID
}

// elsewhere makes a request that is not ours, in the name of Ben.
func (d *desk) elsewhere(method, path, body string) []byte {
	d.t.Helper()
	r, err := http.NewRequest(method, sandbox.InProcessURL+"/pagerduty"+path, strings.NewReader(body))
	must(d.t, err)
	r.Header = http.Header{
		"Authorization": {"Token token=" + sandbox.PagerDutyToken}, "From": {"ben@example.com"},
		"Accept": {"application/json"}, "Content-Type": {"application/json"},
	}
	answer, err := d.ws.Client().Do(r)
	must(d.t, err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	must(d.t, err)
	if answer.StatusCode/100 != 2 {
		d.t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, data)
	}
	return data
}

// shown is an incident as PagerDuty has it.
func (d *desk) shown(id string) sandbox.PagerIncident {
	d.t.Helper()
	all := d.ws.PagerDutyIncidents()
	i := slices.IndexFunc(all, func(inc sandbox.PagerIncident) bool { return inc.ID == id })
	if i < 0 {
		d.t.Fatalf("PagerDuty has no incident %q among %+v", id, all)
	}
	return all[i]
}

// fault switches a fault on for the next calls.
func (d *desk) fault(kind, method string, times int) {
	d.t.Helper()
	must(d.t, d.ws.Fault(sandbox.Fault{Kind: kind, Method: "pagerduty/" + method, Times: times}))
}

// rules is PagerDuty's published rules for requests, as a transport.
type rules struct {
	t    testing.TB
	next http.RoundTripper
	mu   sync.Mutex
	made []string // "POST /incidents {…}"
	// instead answers a request in PagerDuty's place; nil: it does not.
	instead func(method, path string) *canned
	undated bool // answers have no Date
}

// refuse has PagerDuty refuse the requests that begin so.
func (r *rules) refuse(status int, request string) {
	r.instead = func(method, path string) *canned {
		if !strings.HasPrefix(method+" "+path, request) {
			return nil
		}
		return &canned{status: status, body: `{"error":{"code":2000,"message":"Refused"}}`}
	}
}

// limits are the longest values that PagerDuty takes, in characters, by field.
var limits = map[string]int{
	"title": 1024, "summary": 1024, "incident_key": 255, "dedup_key": 255, "content": 25_000, "message": 1024, "source": 255,
}

func (r *rules) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	path := strings.TrimPrefix(req.URL.Path, "/pagerduty")
	r.mu.Lock()
	r.made = append(r.made, strings.TrimSpace(req.Method+" "+path+" "+string(body)))
	r.mu.Unlock()
	rest := path != "/v2/enqueue"
	if write := req.Method != http.MethodGet; rest && write != strings.Contains(req.Header.Get("From"), "@") {
		r.t.Errorf("%s %s has From %q", req.Method, path, req.Header.Get("From"))
	}
	if rest != (req.Header.Get("Authorization") != "") {
		r.t.Errorf("%s %s has the wrong proof of who we are", req.Method, path)
	}
	if len(body) > 0 {
		var v any
		if err := json.Unmarshal(body, &v); err != nil || req.Header.Get("Content-Type") != "application/json" {
			r.t.Errorf("%s %s sends %s as %q: %v", req.Method, path, body, req.Header.Get("Content-Type"), err)
		}
		r.check(req.Method+" "+path, "", v)
	}
	if r.instead != nil {
		if c := r.instead(req.Method, path); c != nil {
			return c.RoundTrip(req)
		}
	}
	answer, err := r.next.RoundTrip(req)
	if err == nil && r.undated {
		answer.Header.Del("Date")
	}
	return answer, err
}

// check walks a body: no null, nothing empty, nothing too long.
func (r *rules) check(call, field string, v any) {
	switch v := v.(type) {
	case nil:
		r.t.Errorf("%s sends null as %s", call, field)
	case string:
		if n := utf8.RuneCountInString(v); v == "" || limits[field] > 0 && n > limits[field] {
			r.t.Errorf("%s sends %d characters as %s", call, n, field)
		}
	case []any:
		for _, part := range v {
			r.check(call, field, part)
		}
	case map[string]any:
		for name, part := range v {
			r.check(call, name, part)
		}
	}
}

// writes are the requests that changed something, since the last time.
func (r *rules) writes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var writes []string
	for _, m := range r.made {
		if !strings.HasPrefix(m, "GET ") {
			writes = append(writes, m)
		}
	}
	r.made = nil
	return writes
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
