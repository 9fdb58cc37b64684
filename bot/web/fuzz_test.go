package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

// FuzzKey: whatever somebody asks for and whatever key they have, there is a page for a
// link that was made, unchanged, until it expires, and otherwise one answer.
func FuzzKey(f *testing.F) {
	const base = "https://tocsin.example.com"
	now := time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)
	links, err := NewLinks(base, "xoxb-1")
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	Pages{Links: links, Now: func() time.Time { return now }, Sheet: func(_ context.Context, id incident.ID) (string, string, error) {
		return string(id), "**Status:** bad", nil
	}}.Routes(mux)
	made := map[string]time.Time{}
	for _, id := range []incident.ID{"INC-1", "INC-2"} {
		for _, until := range []time.Time{now.Add(time.Hour), now, now.Add(-time.Second), time.Unix(0, 0)} {
			link := links.Link(id, until)
			made[link] = until
			key := link[strings.Index(link, "key=")+4:]
			end, sig, _ := strings.Cut(key, ".")
			for _, k := range []string{key, key + "=", key + "\n", key[:len(key)-1], end + "." + strings.ToUpper(sig), "+" + key, "0" + key, end, "." + sig, end + ".." + sig} {
				f.Add(string(id), k)
			}
		}
	}
	for _, id := range []string{"", "INC-1/", "../INC-1", "INC-1 9", "inc-1", "INC-01", "INC-1?key=", "INC-1%00"} {
		f.Add(id, "")
		f.Add(id, "99999999999.")
		f.Add(id, "-1.AAAA")
		f.Add(id, "9223372036854775808.%25")
	}
	f.Fuzz(func(t *testing.T, id, key string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: "/incidents/" + id, RawQuery: "key=" + key}
		if r.URL.EscapedPath() == "" || strings.Contains(r.URL.Path, "//") {
			return
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		until, ours := made[base+"/incidents/"+id+"?key="+r.URL.Query().Get("key")]
		if good := ours && !now.After(until); good != (w.Code == http.StatusOK) {
			t.Errorf("%q %q: %d %s", id, key, w.Code, w.Body)
		}
	})
}
