package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/sandbox"
)

// TestPagerDutyLists: pages, filters, order.
func TestPagerDutyLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		began := time.Now()
		for _, title := range []string{"one", "two", "three"} {
			a.incident(t, title)
			wait(t, time.Hour)
		}
		titles := func(query string) string {
			status, _, out := a.ask(t, "GET", "/incidents"+query, "", nil)
			if status != http.StatusOK {
				t.Fatal(query, out)
			}
			var all []string
			for _, inc := range out["incidents"].([]any) {
				all = append(all, text(inc.(m)["title"]))
			}
			if out["more"] == true {
				all = append(all, "more")
			}
			return strings.Join(all, " ")
		}
		a.put(t, a.PagerDutyIncidents()[1].ID, `"status":"resolved"`)
		since := began.Add(30 * time.Minute).UTC().Format(time.RFC3339)
		for query, want := range map[string]string{
			"": "one two three", "?limit=2": "one two more", "?limit=2&offset=2": "three", "?sort_by=created_at:desc": "three two one",
			"?statuses[]=triggered": "one three", "?statuses[]=triggered&statuses[]=resolved": "one two three", "?since=" + since: "two three",
			"?until=" + since: "one", "?date_range=all&since=" + since: "one two three", "?urgencies[]=low": "", "?service_ids[]=PSVC002": "",
			"?user_ids[]=PUSRBEN&statuses[]=resolved": "two", "?incident_key=none": "",
		} {
			if got := titles(query); got != want {
				t.Errorf("GET /incidents%s: %q, want %q", query, got, want)
			}
		}
		_, _, services := a.ask(t, "GET", "/services?total=true&limit=5", "", nil)
		if services["total"] != 14.0 || len(services["services"].([]any)) != 5 || services["more"] != true {
			t.Errorf("services: %v", services)
		}
	})
}

// TestPagerDutyRota: the schedule hands over on Monday at nine.
func TestPagerDutyRota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, sandbox.Options{})
		now := time.Now().UTC()
		query := "?schedule_ids[]=PSCHPRI&since=" + now.Format(time.RFC3339) + "&until=" + now.Add(14*24*time.Hour).Format(time.RFC3339)
		_, _, out := a.ask(t, "GET", "/oncalls"+query, "", nil)
		var who []string
		var ends string
		for _, on := range out["oncalls"].([]any) {
			if ends != "" && on.(m)["start"] != ends {
				t.Errorf("a gap: %v", out)
			}
			ends = text(on.(m)["end"])
			who = append(who, text(on.(m)["user"].(m)["summary"]))
		}
		if got := strings.Join(who, ", "); got != "Ben Ortiz, Mei Chen, Ada Okafor" {
			t.Errorf("three weeks: %s", got)
		}
		if end, err := time.Parse(time.RFC3339, ends); err != nil || end.Weekday() != time.Monday || end.Hour() != 9 {
			t.Errorf("it ends %s", ends)
		}
		query = strings.Replace(query, now.Add(14*24*time.Hour).Format(time.RFC3339), now.Add(30*24*time.Hour).Format(time.RFC3339), 1)
		_, _, out = a.ask(t, "GET", "/oncalls"+query+"&earliest=true", "", nil)
		if on := out["oncalls"].([]any); len(on) != 3 {
			t.Errorf("the earliest of each of three people over a month: %v", on)
		}
		_, _, out = a.ask(t, "GET", "/oncalls", "", nil)
		if on := out["oncalls"].([]any); len(on) != 4 || on[1].(m)["start"] != nil {
			t.Errorf("now: %v", on)
		}
	})
}
