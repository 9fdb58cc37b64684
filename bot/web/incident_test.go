package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/store"
)

// TestIncidentPages: a page is there for whoever has a link to it, until it expires,
// and for nobody else; nothing tells apart why it is not.
func TestIncidentPages(t *testing.T) {
	now := time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)
	links, err := NewLinks("https://tocsin.example.com/", "xoxb-1")
	if err != nil {
		t.Fatal(err)
	}
	others, _ := NewLinks("https://tocsin.example.com", "xoxb-2")
	mux := http.NewServeMux()
	Pages{Links: links, Now: func() time.Time { return now }, Sheet: func(_ context.Context, id incident.ID) (string, string, error) {
		if id != "INC-1" {
			return "", "", store.ErrNotFound
		}
		return "INC-1: <b>Answers</b>", "**Status:** bad <script>alert(1)</script>\n\n## Timeline\n\n- 14:02 · [@Ada](user:U0ADA) noted it", nil
	}}.Routes(mux)
	get := func(link string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", strings.TrimPrefix(link, "https://tocsin.example.com"), nil))
		return w
	}
	hour := now.Add(time.Hour)
	good := links.Link("INC-1", hour)
	w := get(good)
	body := w.Body.String()
	if w.Code != 200 || !strings.Contains(body, "noted it") || strings.Contains(body, "<script") || strings.Contains(body, "<b>Answers") || strings.Contains(body, "user:U0ADA") {
		t.Errorf("%d %s", w.Code, body)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	page, key, _ := strings.Cut(good, "?key=")
	until, sig, _ := strings.Cut(key, ".")
	with := func(key string) string { return page + "?key=" + key }
	first := get(links.Link("INC-2", hour)).Body.String()
	for name, link := range map[string]string{
		"no such incident": links.Link("INC-2", hour), "of another incident": strings.Replace(good, "INC-1", "INC-3", 1),
		"expired": links.Link("INC-1", now.Add(-time.Second)), "made longer": with(strconv.FormatInt(hour.Unix()+1, 10) + "." + sig),
		"no signature": with(until + "."), "no base64": with(until + ".%25"), "another secret": others.Link("INC-1", hour),
		"no query": "/incidents/INC-1", "another way": "/incidents/..%2fINC-1?key=" + key,
	} {
		if w := get(link); w.Code != 404 || w.Body.String() != first {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	now = hour
	if w := get(good); w.Code != 200 {
		t.Error("it is good until its last second")
	}
	now = hour.Add(time.Second)
	if w := get(good); w.Code != 404 {
		t.Error("it did not expire")
	}
}
