package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// method is one Web API method.
type method struct {
	name     string
	token    tokenKind
	scopes   []string // any of them is enough
	required []string // arguments whose absence is refused before the method runs
	do       func(*world, *call) (obj, error)
}

type tokenKind int

const (
	botToken tokenKind = iota
	appToken
	noToken
)

// call is one request to a method.
type call struct {
	args
	method string
	token  string
	raw    []byte // the body of a file upload
	brief  string // the request in one line, of calls that are not Slack's
}

// answer is what a request gets; status 0 means that the connection is cut instead.
type answer struct {
	status int
	header http.Header
	body   obj
	text   string // instead of body
	reset  bool   // with status 0: the client is told so by a reset
}

func (a answer) write(rw http.ResponseWriter) {
	if a.status == 0 {
		if a.reset {
			reset(rw)
		}
		panic(http.ErrAbortHandler)
	}
	for key, values := range a.header {
		rw.Header()[key] = values
	}
	if a.body == nil {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		rw.WriteHeader(a.status)
		_, _ = rw.Write([]byte(a.text))
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(a.status)
	_ = json.NewEncoder(rw).Encode(a.body)
}

// reset has the connection end with a reset in place of a close, where there is one.
func reset(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// serveAPI answers POST or GET /api/{method}.
func (ws *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	ws.learnBase(r)
	a, token, err := readArgs(r)
	if err != nil {
		answer{status: http.StatusOK, body: err.(*refusal).body()}.write(rw)
		return
	}
	c := &call{args: a, method: name, token: token}
	ws.underFaults(r.Context(), c, ws.runMethod).write(rw)
}

// learnBase remembers which address the sandbox was reached by last, so that links lead there.
func (ws *Workspace) learnBase(r *http.Request) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if !ws.world.fixedBase && r.Host != "" {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		ws.world.base = scheme + r.Host
	}
}

// runMethod checks the token and the arguments and lets the world act.
func (ws *Workspace) runMethod(c *call) answer {
	ok := http.StatusOK
	header := http.Header{"X-Oauth-Scopes": {strings.Join(ws.scopes, ",")}}
	m, known := ws.methods[c.method]
	if !known {
		return answer{status: ok, body: obj{"ok": false, "error": "unknown_method", "req_method": c.method}}
	}
	if len(m.scopes) > 0 {
		header.Set("X-Accepted-Oauth-Scopes", strings.Join(m.scopes, ","))
	}
	if err := firstError(ws.checkToken(m, c.token), ws.checkScope(m), checkRequired(m, c)); err != nil {
		return answer{status: ok, header: header, body: err.(*refusal).body()}
	}
	var result obj
	var err error
	ws.act(func(w *world) { result, err = m.do(w, c) })
	var refused *refusal
	if errors.As(err, &refused) {
		return answer{status: ok, header: header, body: refused.body()}
	}
	if result == nil {
		result = obj{}
	}
	result["ok"] = true
	return answer{status: ok, header: header, body: result}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (ws *Workspace) checkToken(m method, token string) error {
	if m.token == noToken {
		return nil
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	want := map[tokenKind]string{botToken: ws.opt.BotToken, appToken: ws.opt.AppToken}[m.token]
	switch {
	case token == want:
	case token == "":
		return refuse("not_authed")
	case token == ws.opt.BotToken || token == ws.opt.AppToken:
		return refuse("not_allowed_token_type")
	case slices.Contains(ws.revoked, token):
		return refuse("token_revoked")
	default:
		return refuse("invalid_auth")
	}
	for _, kind := range []string{"account_inactive", "token_revoked"} {
		if f := ws.faults.take(kind, m.name); f != nil {
			return refuse(cmp.Or(f.Reason, kind))
		}
	}
	return nil
}

// checkScope refuses a method none of whose scopes was granted, or one that a fault takes a scope
// from.
func (ws *Workspace) checkScope(m method) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	has := func(scope string) bool { return slices.Contains(ws.scopes, scope) }
	if len(m.scopes) > 0 && !slices.ContainsFunc(m.scopes, has) {
		return &refusal{"missing_scope", obj{"needed": strings.Join(m.scopes, ","), "provided": strings.Join(ws.scopes, ",")}}
	}
	f := ws.faults.takeScope(m)
	if f == nil {
		return nil
	}
	provided := slices.DeleteFunc(slices.Clone(ws.scopes), func(s string) bool { return s == f.Scope })
	return &refusal{"missing_scope", obj{"needed": f.Scope, "provided": strings.Join(provided, ",")}}
}

func checkRequired(m method, c *call) error {
	for _, name := range m.required {
		if !c.has(name) {
			return missing(name)
		}
	}
	return nil
}

// tooMany is the answer to a call over its rate
// (https://docs.slack.dev/apis/web-api/rate-limits/).
func tooMany(seconds int) answer {
	return answer{
		status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {strconv.Itoa(seconds)}},
		body: obj{"ok": false, "error": "ratelimited"},
	}
}
