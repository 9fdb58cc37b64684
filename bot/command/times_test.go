package command

import (
	"strings"
	"testing"
	"time"

	"tocsin/bot/incident"
)

func utc(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// TestMoment: times that have passed, as people write them. What is still to
// come is refused: within twelve hours it is a slip, not yesterday's.
func TestMoment(t *testing.T) {
	const refused = ""
	tests := []struct{ now, in, want string }{
		{"2026-11-20 14:30", "14:02", "2026-11-20 14:02"},
		{"2026-11-20 14:30", "at 14:02 UTC", "2026-11-20 14:02"},
		{"2026-11-20 14:30", "9:05z", "2026-11-20 09:05"},
		{"2026-11-20 14:30", "00:00", "2026-11-20 00:00"},
		{"2026-11-20 14:30", "14:31", "2026-11-20 14:31"}, // clocks differ by a minute
		{"2026-11-20 14:30", "14:32", refused},
		{"2026-11-20 14:30", "23:59", refused},
		{"2026-11-20 00:10", "23:50", "2026-11-19 23:50"},
		{"2026-11-20 00:10", "12:11", "2026-11-19 12:11"},
		{"2026-11-20 00:10", "12:10", refused},
		{"2026-01-01 00:05", "23:55", "2025-12-31 23:55"},
		{"2026-11-20 23:50", "00:10", "2026-11-20 00:10"},
		{"2026-11-20 14:30", "2026-11-20 14:02", "2026-11-20 14:02"},
		{"2026-11-20 14:30", "at 2026-11-20T9:02", "2026-11-20 09:02"},
		{"2026-11-20 14:30", "2024-02-29 00:00", "2024-02-29 00:00"},
		{"2026-11-20 14:30", "2026-11-01", "2026-11-01 00:00"},
		{"2026-11-20 14:30", "2026-11-21", refused},
		{"2026-11-20 14:30", "2026-11-20 15:02", refused},
		{"2026-11-20 14:30", "2026-02-30 10:00", refused},
		{"2026-11-20 14:30", "40 min ago", "2026-11-20 13:50"},
		{"2026-11-20 14:30", "40min", "2026-11-20 13:50"},
		{"2026-11-20 14:30", "1 hour ago", "2026-11-20 13:30"},
		{"2026-11-20 14:30", "2H AGO", "2026-11-20 12:30"},
		{"2026-11-20 14:30", "3 days ago", "2026-11-17 14:30"},
		{"2026-11-20 14:30", "3 weeks ago", "2026-10-30 14:30"},
		{"2026-11-20 14:30", "0 min ago", "2026-11-20 14:30"},
		{"2026-11-20 14:30", "100000 weeks ago", refused},
		{"2026-11-20 14:30", "20000 weeks ago", refused},
		{"2026-11-20 14:30", "99999999999999999999 days ago", refused},
		{"2026-11-20 14:30", "24:00", refused},
		{"2026-11-20 14:30", "14:60", refused},
		{"2026-11-20 14:30", "-5 min ago", refused},
		{"2026-11-20 14:30", "yesterday", refused},
		{"2026-11-20 14:30", "now-ish", refused},
		{"2026-11-20 14:30", "", refused},
		{"2026-11-20 14:30", "at", refused},
	}
	for _, test := range tests {
		got, err := moment(test.in, utc(test.now))
		if test.want == refused {
			if _, ok := err.(incident.Refusal); !ok || !strings.Contains(err.Error(), "14:02") {
				t.Errorf("%q at %s: %v, %v; want a refusal with an example", test.in, test.now, got, err)
			}
			continue
		}
		if err != nil || !got.Equal(utc(test.want)) || got.Location() != time.UTC {
			t.Errorf("%q at %s: %v, %v; want %s", test.in, test.now, got, err, test.want)
		}
	}
}

// TestCutTime: only "at" and a time at the very end are taken off.
func TestCutTime(t *testing.T) {
	tests := []struct{ in, text, at string }{
		{"error rate is back at 14:02", "error rate is back", "2026-11-20 14:02"},
		{"error rate is back AT 14:02 UTC ", "error rate is back", "2026-11-20 14:02"},
		{"rolled back at 2026-11-19 23:10", "rolled back", "2026-11-19 23:10"},
		{"at 14:02", "", "2026-11-20 14:02"},
		{"first line\nsecond line at 14:02", "first line\nsecond line", "2026-11-20 14:02"},
		{"p99 at 14:02 was 3 s", "p99 at 14:02 was 3 s", ""},
		{"stat 14:02", "stat 14:02", ""},
		{"error rate at 5 %", "error rate at 5 %", ""},
		{"14:02", "14:02", ""},
		{"next update at 18:00", "next update at 18:00", ""},
		{"call the vendor again at 2026-11-23 09:00", "call the vendor again at 2026-11-23 09:00", ""},
	}
	for _, test := range tests {
		text, at, err := cutTime(test.in, friday)
		want := time.Time{}
		if test.at != "" {
			want = utc(test.at)
		}
		if err != nil || text != test.text || !at.Equal(want) {
			t.Errorf("%q: %q at %v, %v; want %q at %q", test.in, text, at, err, test.text, test.at)
		}
	}
	for _, in := range []string{"the index was empty at 1999-01-02 14:02", "back at 24:00"} {
		if _, _, err := cutTime(in, friday); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
}

// TestCutSince: "since" and a time that has passed is when it began, and is taken off the
// end; nothing is refused.
func TestCutSince(t *testing.T) {
	for _, test := range []struct{ in, text, at string }{
		{"answers are cut off since 14:02", "answers are cut off", "2026-11-20 14:02"},
		{"answers are cut off, SINCE 14:02 utc ", "answers are cut off", "2026-11-20 14:02"},
		{"scores drift since 2026-11-02", "scores drift", "2026-11-02 00:00"},
		{"scores drift since 2026-11-02 9:30", "scores drift", "2026-11-02 09:30"},
		{"slow since 3 h", "slow", "2026-11-20 11:30"},
		{"slow since 3 days ago", "slow", "2026-11-17 14:30"},
		{"slow since 23:50", "slow since 23:50", ""},
		{"slow since 24:00", "slow since 24:00", ""},
		{"slow since 1999-01-02", "slow since 1999-01-02", ""},
		{"slow since the deploy", "slow since the deploy", ""},
		{"slow since 14:02 today", "slow", "2026-11-20 14:02"},
		{"slow since 14:02Z.", "slow", "2026-11-20 14:02"},
		{"since 14:02 all is slow", "since 14:02 all is slow", "2026-11-20 14:02"},
		{"slow since 14:02 UTC, support has 12 tickets", "slow since 14:02 UTC, support has 12 tickets", "2026-11-20 14:02"},
		{"since 14:02", "since 14:02", "2026-11-20 14:02"},
		{"since 14:02:99x", "since 14:02:99x", ""},
		{"slow since 3 deploys", "slow since 3 deploys", ""},
		{"timesince 14:02", "timesince 14:02", ""},
	} {
		want := time.Time{}
		if test.at != "" {
			want = utc(test.at)
		}
		if text, at := cutSince(test.in, friday); text != test.text || !at.Equal(want) {
			t.Errorf("%q: %q since %v; want %q since %q", test.in, text, at, test.text, test.at)
		}
	}
}

// TestDue: days to come; it is Friday.
func TestDue(t *testing.T) {
	tests := []struct{ in, text, due string }{
		{"Add an alert by 2026-12-01", "Add an alert", "2026-12-01"},
		{"Add an alert by today", "Add an alert", "2026-11-20"},
		{"Add an alert by Tomorrow ", "Add an alert", "2026-11-21"},
		{"Add an alert BY friday", "Add an alert", "2026-11-27"},
		{"Add an alert by thursday", "Add an alert", "2026-11-26"},
		{"Sort it by name", "Sort it by name", ""},
		{"Add an alert", "Add an alert", ""},
	}
	for _, test := range tests {
		text, due, err := cutDue(test.in, friday)
		got := ""
		if !due.IsZero() {
			got = due.Format(time.DateOnly)
		}
		if err != nil || text != test.text || got != test.due {
			t.Errorf("%q: %q by %q, %v; want %q by %q", test.in, text, got, err, test.text, test.due)
		}
	}
	for _, in := range []string{"x by 2026-11-19", "x by 2026-02-30"} {
		if _, _, err := cutDue(in, friday); err == nil || !strings.Contains(err.Error(), "by friday") {
			t.Errorf("%q: %v, want a refusal with an example", in, err)
		}
	}
}

// FuzzMoment: no text gives a time to come, nor one before there were computers.
func FuzzMoment(f *testing.F) {
	for _, s := range []string{"14:02", "2026-11-20 14:02", "40 min ago", "99999 w", "at 1:00 z", "0000-01-01 00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := moment(s, friday)
		refusal(t, s, err)
		if err == nil {
			passed(t, s, at)
		}
		if err == nil && at.IsZero() {
			t.Errorf("%q gives no time", s)
		}
	})
}

// FuzzTimes: of a text that speaks of when it happened, since when, or by when something is
// to be done, a part of its beginning stays, and the time is one that can be; a report is
// refused for none of it.
func FuzzTimes(f *testing.F) {
	for _, s := range []string{
		"error rate is back at 14:02 UTC ", "at 2026-11-19 23:10", "next update at 18:00", "back at 24:00", "x at 99999999999999999999 w ago", "at at 3 h ago",
		"slow, since 3 days ago", "since 14:02:99x", "slow since 14:02Z. All of it", "since since 0 m", "slow since 1999-01-02", "\xff since 9999999999999999999 d",
		"Add an alert by friday", "by by today", "x by 2026-02-30", "by 9999-12-31", "x\nby TOMORROW\t", "by 0000-00-00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rest, at, err := cutTime(s, friday)
		refusal(t, s, err)
		if err == nil {
			begins(t, s, rest, at)
			passed(t, s, at)
		}
		rest, at = cutSince(s, friday)
		begins(t, s, rest, at)
		passed(t, s, at)
		rest, due, err := cutDue(s, friday)
		refusal(t, s, err)
		if err == nil {
			begins(t, s, rest, due)
			toBe(t, s, due)
		}
	})
}

// FuzzDay: no text gives a day that has passed, or one with a time of day.
func FuzzDay(f *testing.F) {
	for _, s := range []string{"", " Today", "tomorrow", "FRIDAY", "2026-12-01", "2026-11-19", "9999-12-31", "10000-01-01", "2026-02-30", "fri", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		due, err := day(s, friday)
		refusal(t, s, err)
		if err == nil {
			toBe(t, s, due)
		}
	})
}

// refusal wants an error to be one that a person can read.
func refusal(t *testing.T, s string, err error) {
	t.Helper()
	if _, ok := err.(incident.Refusal); err != nil && (!ok || err.Error() == "") {
		t.Errorf("%q: %v is no refusal", s, err)
	}
}

// begins wants a text to stay as it is, but for its end where a time was taken off it.
func begins(t *testing.T, s, rest string, at time.Time) {
	t.Helper()
	if at.IsZero() && rest != s || !strings.HasPrefix(strings.TrimSpace(s), strings.TrimSpace(rest)) {
		t.Errorf("%q: %q is left, at %v", s, rest, at)
	}
}

// passed wants a time, if there is one, to be none to come, nor one before the record.
func passed(t *testing.T, s string, at time.Time) {
	t.Helper()
	if !at.IsZero() && (at.After(friday.Add(time.Minute)) || friday.Sub(at) > longAgo) {
		t.Errorf("%q: %v", s, at)
	}
}

// toBe wants a day, if there is one, to be today or one to come, which the record can hold.
func toBe(t *testing.T, s string, due time.Time) {
	t.Helper()
	if _, err := due.MarshalJSON(); err != nil || !due.IsZero() && (due.Before(friday.Truncate(24*time.Hour)) || due.Truncate(24*time.Hour) != due) {
		t.Errorf("%q: %v, %v", s, due, err)
	}
}
