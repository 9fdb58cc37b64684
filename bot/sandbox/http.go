package sandbox

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
)

//go:embed page
var pageFiles embed.FS

// Handler serves all of the workspace: the Web API below /api/, what its answers point to (uploads,
// response_urls, Socket Mode), people's acts and the state below /sandbox/, and the page.
func (ws *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/{method}", ws.noForeignPage(ws.serveAPI))
	mux.Handle("POST /upload/v1/{secret}", ws.noForeignPage(ws.serveUpload))
	mux.Handle("POST /response/{id}", ws.noForeignPage(ws.serveReply))
	mux.HandleFunc("GET /link/", ws.serveLink) // its ticket is the guard
	mux.Handle("/"+pdPrefix+"/", ws.noForeignPage(ws.pagerHandler().ServeHTTP))

	page, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the name is the embed directive's
	}
	local := http.NewServeMux()
	local.Handle("GET /", http.FileServerFS(page))
	local.HandleFunc("GET /archives/{channel}/{ts}", servePermalink)
	local.HandleFunc("GET /sandbox/state", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, http.StatusOK, ws.State()) })
	local.HandleFunc("GET /sandbox/events", ws.serveEvents)
	local.HandleFunc("GET /sandbox/file/{id}", ws.serveFile)
	local.HandleFunc("POST /sandbox/say", acting(ws.Say))
	local.HandleFunc("POST /sandbox/click", acting(ws.Click))
	local.HandleFunc("POST /sandbox/submit", acting(ws.Submit))
	local.HandleFunc("POST /sandbox/close", acting(ws.CloseView))
	local.HandleFunc("POST /sandbox/shortcut", acting(ws.Shortcut))
	local.HandleFunc("POST /sandbox/react", acting(ws.React))
	local.HandleFunc("POST /sandbox/join", acting(ws.Join))
	local.HandleFunc("POST /sandbox/leave", acting(ws.Leave))
	local.HandleFunc("POST /sandbox/channel", acting(ws.Channel))
	local.HandleFunc("POST /sandbox/archive", acting(ws.Archive))
	local.HandleFunc("POST /sandbox/unarchive", acting(ws.Unarchive))
	local.HandleFunc("POST /sandbox/remove", acting(ws.Remove))
	local.HandleFunc("POST /sandbox/bring", acting(ws.Bring))
	local.HandleFunc("POST /sandbox/delete", acting(ws.Delete))
	local.HandleFunc("POST /sandbox/settings", acting(ws.Settings))
	local.HandleFunc("POST /sandbox/deactivate", acting(ws.Deactivate))
	local.HandleFunc("POST /sandbox/home", acting(ws.Home))
	local.HandleFunc("POST /sandbox/pagerduty", acting(ws.PagerDuty))
	local.HandleFunc("POST /sandbox/pagerduty/act", acting(ws.PagerAct))
	local.HandleFunc("POST /sandbox/storm", acting(ws.Storm))
	local.HandleFunc("POST /sandbox/alert", acting(ws.Alert))
	local.HandleFunc("POST /sandbox/fault", acting(func(_ context.Context, f Fault) (Result, error) {
		err := ws.Fault(f)
		return Result{OK: err == nil}, err
	}))
	mux.Handle("/", ws.guard(local))
	return mux
}

// acting turns a method of people's acts into a handler: JSON in, JSON out, 400 for a wrong act.
func acting[In, Out any](do func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var in In
		decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			refuseAct(rw, http.StatusBadRequest, fmt.Sprintf("cannot read the JSON: %v; the fields are %s", err, fieldNames(in)))
			return
		}
		out, err := do(r.Context(), in)
		if err != nil {
			refuseAct(rw, http.StatusBadRequest, err.Error())
			return
		}
		writeJSON(rw, http.StatusOK, out)
	}
}

// fieldNames are the JSON names of a struct's fields.
func fieldNames(v any) string { return strings.Join(sortedKeysOf(toObj(v)), ", ") }

func refuseAct(rw http.ResponseWriter, status int, words string) {
	writeJSON(rw, status, obj{"ok": false, "error": words})
}

func writeJSON(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	_, _ = rw.Write(toJSON(v))
}

// servePermalink leads from a message's permalink to the message on the page.
func servePermalink(rw http.ResponseWriter, r *http.Request) {
	query := url.Values{"channel": {r.PathValue("channel")}, "message": {r.PathValue("ts")}}
	http.Redirect(rw, r, "/?"+query.Encode(), http.StatusFound)
}

// noForeignPage refuses a browser's requests from pages that are not the sandbox's: its tokens are no
// secret. Programs send no Origin.
func (ws *Workspace) noForeignPage(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin != "" && !(sameHost(origin, r.Host) && ws.ownHost(r.Host)) {
			refuseAct(rw, http.StatusForbidden, "a page of "+origin+" may not use the sandbox; use the sandbox's own page")
			return
		}
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Method != http.MethodGet {
			refuseAct(rw, http.StatusForbidden, "a page of another site may not use the sandbox")
			return
		}
		next(rw, r)
	})
}

// guard lets only the sandbox's own page and local programs act for people: besides what
// noForeignPage asks, the Host must be a loopback address or PublicURL's.
func (ws *Workspace) guard(next http.Handler) http.Handler {
	inner := ws.noForeignPage(next.ServeHTTP)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache") // a new binary has a new page
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !ws.ownHost(r.Host) {
			refuseAct(rw, http.StatusForbidden, "open the sandbox as localhost, 127.0.0.1 or its public URL, not as "+r.Host)
			return
		}
		ws.learnBase(r)
		inner.ServeHTTP(rw, r)
	})
}

func (ws *Workspace) ownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return true
	}
	return ws.opt.PublicURL != "" && sameHost(ws.opt.PublicURL, hostport)
}

func sameHost(address, hostport string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, hostport)
}
