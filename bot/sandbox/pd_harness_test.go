package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/bot/sandbox"
)

const pdURL = sandbox.InProcessURL + "/pagerduty"

// account is a workspace whose PagerDuty tells a receiver of everything.
type account struct {
	*sandbox.Workspace
	hooks *receiver
}

// receiver keeps the webhooks that it gets and answers with the statuses that it is given, then 202.
type receiver struct {
	t *testing.T

	mu      sync.Mutex
	answers []int // 0: no answer at all
	got     []hook
}

type hook struct {
	at    time.Time
	id    string // X-Webhook-Id
	event m
}

func (r *receiver) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write(body)
	if req.Header.Get("X-PagerDuty-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) {
		r.t.Errorf("a webhook with the signature %s", req.Header.Get("X-PagerDuty-Signature"))
	}
	var in struct{ Event m }
	if err := json.Unmarshal(body, &in); err != nil {
		r.t.Errorf("a webhook that is no JSON: %s", body)
	}
	r.mu.Lock()
	r.got = append(r.got, hook{time.Now(), req.Header.Get("X-Webhook-Id"), in.Event})
	status := http.StatusAccepted
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	r.mu.Unlock()
	if status == 0 {
		<-req.Context().Done()
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(status)
}

// answer sets what the next webhooks are answered with.
func (r *receiver) answer(statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = statuses
}

// kinds are the event types received so far, without "incident.", and forgets them.
func (r *receiver) kinds() string {
	var kinds []string
	for _, h := range r.take() {
		kinds = append(kinds, strings.TrimPrefix(text(h.event["event_type"]), "incident."))
	}
	return strings.Join(kinds, " ")
}

func (r *receiver) take() []hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

func newAccount(t *testing.T, opt sandbox.Options) *account {
	t.Helper()
	hooks := &receiver{t: t}
	opt.PagerDutyURL, opt.PagerDutySecret = "http://app.test/webhook/pagerduty", "s3cret"
	opt.HTTP = sandbox.InProcess(hooks)
	ws := sandbox.New(opt)
	t.Cleanup(ws.Close)
	return &account{ws, hooks}
}

// ask is one request of Ada's, with the headers that PagerDuty wants unless they are given; a header
// that is given as "" is left out.
func (a *account) ask(t *testing.T, verb, path, body string, headers map[string]string) (int, http.Header, m) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx(t), verb, pdURL+path, strings.NewReader(body))
	must(t, err)
	all := map[string]string{
		"Authorization": "Token token=" + sandbox.PagerDutyToken, "Accept": "application/vnd.pagerduty+json;version=2",
		"From": "ada@example.com", "Content-Type": "application/json",
	}
	for name, value := range headers {
		all[name] = value
	}
	for name, value := range all {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := a.Client().Do(req)
	must(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(t, err)
	out := m{}
	decode(t, data, &out)
	return resp.StatusCode, resp.Header, out
}

// incident opens one and gives its id.
func (a *account) incident(t *testing.T, title string) string {
	t.Helper()
	status, _, out := a.ask(t, "POST", "/incidents", `{"incident":{"type":"incident","title":"`+title+`","service":{"id":"PSVC001","type":"service_reference"}}}`, nil)
	if status != http.StatusCreated {
		t.Fatalf("create: %d %v", status, out)
	}
	return text(out["incident"].(m)["id"])
}

// put changes an incident, as Ben.
func (a *account) put(t *testing.T, id, fields string) m {
	t.Helper()
	status, _, out := a.ask(t, "PUT", "/incidents/"+id, `{"incident":{"type":"incident",`+fields+`}}`, map[string]string{"From": "ben@example.com"})
	if status != http.StatusOK {
		t.Fatalf("put %s: %d %v", fields, status, out)
	}
	return out["incident"].(m)
}
