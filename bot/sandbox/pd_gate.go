package sandbox

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// checkPagerToken: "Token token=KEY", the key one of two; or "Bearer TOKEN", the token of an app
// (https://developer.pagerduty.com/docs/authentication,
// https://developer.pagerduty.com/docs/app-oauth-token). Neither passes as the other.
func (ws *Workspace) checkPagerToken(p *pdCall) *pdRefusal {
	key, isKey := strings.CutPrefix(p.header.Get("Authorization"), "Token token=")
	token, isToken := strings.CutPrefix(p.header.Get("Authorization"), "Bearer ")
	p.app = isToken && token == PagerDutyOAuthToken
	if !p.app && !(isKey && (key == ws.opt.PagerDutyToken || key == ws.opt.PagerDutyReadToken)) {
		return pdUnauthorized()
	}
	return ws.pagerFault(p)
}

// scope is what an app's token needs for a call: it is named after what the path begins with.
func (p *pdCall) scope() string {
	_, path, _ := strings.Cut(p.name, " /")
	thing, _, _ := strings.Cut(path, "/")
	if p.method == http.MethodGet {
		return thing + ".read"
	}
	return thing + ".write"
}

// pagerFault refuses as the faults say that name PagerDuty: one of "*" is about Slack's token.
func (ws *Workspace) pagerFault(p *pdCall) *pdRefusal {
	refusals := map[string]*pdRefusal{
		"token_revoked": pdUnauthorized(), "missing_scope": pdDenied(), "account_inactive": pdExpired(),
	}
	f := ws.faults.takeIf(func(f *Fault) bool {
		return refusals[f.Kind] != nil && strings.HasPrefix(f.Method, pdPrefix) && f.hits(p.name)
	})
	if f == nil {
		return nil
	}
	return refusals[f.Kind]
}

// checkPager is what PagerDuty asks of every request before it looks at what is asked for.
func (ws *Workspace) checkPager(p *pdCall, route pdRoute) *pdRefusal {
	if strings.HasSuffix(p.header.Get("Authorization"), "="+ws.opt.PagerDutyReadToken) && p.method != http.MethodGet {
		return pdDenied()
	}
	if p.app && ws.opt.PagerDutyScopes != nil && !slices.Contains(ws.opt.PagerDutyScopes, p.scope()) {
		return pdDenied()
	}
	if !pdAccepts(p.header.Get("Accept")) {
		return pdNotAcceptable()
	}
	if err := p.checkQuery(route); err != nil {
		return err
	}
	if route.from {
		if p.from = ws.pages.userWithEmail(p.header.Get("From")); p.from.id == "" {
			return pdNoRequester(p.header.Get("From"))
		}
	}
	if route.body == nil {
		return nil
	}
	return p.readBody(route.body)
}

func pdAccepts(header string) bool {
	header = strings.ReplaceAll(header, " ", "")
	return slices.Contains([]string{"application/vnd.pagerduty+json;version=2", "application/json"}, header)
}

// readBody reads the JSON of a POST or PUT and holds it against what the endpoint takes.
func (p *pdCall) readBody(shape pdShape) *pdRefusal {
	if kind, _, _ := mime.ParseMediaType(p.header.Get("Content-Type")); kind != "application/json" {
		return pdInvalid("Content-Type must be application/json")
	}
	if err := json.Unmarshal(p.raw, &p.body); err != nil || p.body == nil {
		return pdInvalid("The body must be a JSON object")
	}
	if problems := shape("", p.body); len(problems) > 0 {
		return pdInvalid(problems...)
	}
	return nil
}
