package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestDoctorLooksAtTheClock: a wrong one has what Slack sends by HTTP refused, as if the
// secret were wrong. Doctor tells by how much it is off, and what to do.
func TestDoctorLooksAtTheClock(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	to, err := url.Parse(strings.TrimSuffix(o.set.slack.APIURL, "/api/"))
	o.must(err)
	for off, want := range map[time.Duration]string{0: "", time.Hour: "behind Slack's", -time.Hour: "ahead of Slack's"} {
		proxy := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
			ModifyResponse: func(r *http.Response) error {
				r.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				return nil
			},
		})
		c := o.set.slack
		c.APIURL = proxy.URL + "/api/"
		var told strings.Builder
		d := &doctor{out: &told}
		d.slack(t.Context(), c)
		if text := told.String(); (d.failed > 0) != (want != "") || !strings.Contains(text, want) || want != "" && !strings.Contains(text, "NTP") {
			t.Errorf("%v off: %s, want %q", off, text, want)
		}
		proxy.Close()
	}
}
