package command

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/incident"
)

const timeHelp = "Times are in UTC: `14:02`, `2026-11-20 14:02` or `40 min ago`."

var (
	atSuffix = regexp.MustCompile(`(?is)^(.*?)(?:^|\s)at\s+(\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}:\d{2}(?::\d{2})?|\d+\s*(?:m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\s+ago)\s*(?:utc|z)?\s*$`)
	clock    = regexp.MustCompile(`(?i)^(?:at\s+)?(\d{1,2}):(\d{2})(?::\d{2})?\s*(?:utc|z)?$`)
	dayTime  = regexp.MustCompile(`(?i)^(?:at\s+)?(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2})(?::\d{2})?\s*(?:utc|z)?$`)
	ago      = regexp.MustCompile(`(?i)^(\d+)\s*(m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?:\s+ago)?$`)
)

// cutTime takes "at 14:02" or "at 2026-11-20 14:02" off the end of a text. A
// text that ends in no such words keeps its zero time, and so does one that speaks of
// what is still to come: "next update at 15:00".
func cutTime(text string, now time.Time) (string, time.Time, error) {
	m := atSuffix.FindStringSubmatch(text)
	if m == nil {
		return text, time.Time{}, nil
	}
	at, err := last(m[2], now)
	if err == nil && toCome(at, now) {
		return text, time.Time{}, nil
	}
	if err == nil {
		err = recent(at, now)
	}
	if err == nil && strings.Contains(m[2], ":") && !strings.Contains(m[2], "-") && at.Day() != now.UTC().Day() {
		return text, time.Time{}, nil // in the middle of words, another day would be a guess
	}
	return strings.TrimSpace(m[1]), at, err
}

var since = regexp.MustCompile(`(?is)^(.*?)(?:^|[\s,;]+)since\s+(\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}:\d{2}(?::\d{2})?|\d+\s*(?:m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?:\s+ago)?)(?:\s*(?:utc|z)\b)?(?:\s+today)?(\s*$|[\s,;.!].*$)`)

// cutSince finds "since 14:02" or "since 3 days" in what a report says, and takes it off
// the end. What is no time that has passed is words like any: nobody is refused an incident
// for it.
func cutSince(text string, now time.Time) (string, time.Time) {
	m := since.FindStringSubmatch(text)
	if m == nil {
		return text, time.Time{}
	}
	at, err := moment(m[2], now)
	if err != nil {
		return text, time.Time{}
	}
	if m[1] == "" || strings.Trim(m[3], " .!") != "" {
		return text, at
	}
	return m[1], at
}

// keepsTime tells people that a time in their words was not taken for when it happened.
func keepsTime(text string, when time.Time) string {
	if when.IsZero() && atSuffix.MatchString(text) {
		return ", as of now, with the time that it speaks of in its words"
	}
	return ""
}

// moment reads a time that has passed.
func moment(s string, now time.Time) (time.Time, error) {
	at, err := last(s, now)
	if err == nil && toCome(at, now) {
		err = incident.Refusef("%s is still to come; it is %s now. %s", incident.Clock(at), now.UTC().Format("15:04"), timeHelp)
	}
	if err == nil {
		err = recent(at, now)
	}
	if err != nil {
		return time.Time{}, err
	}
	return at, nil
}

// last reads a time. A time of day is the last one: at 00:10, "23:50" is yesterday's;
// but a time that comes within the next twelve hours is today's.
func last(s string, now time.Time) (time.Time, error) {
	s, now = strings.TrimSpace(s), now.UTC()
	if m := dayTime.FindStringSubmatch(s); m != nil {
		t, err := time.Parse("2006-01-02 15:4", m[1]+" "+m[2])
		if err != nil {
			return time.Time{}, incident.Refusef("There is no such time as “%s”. %s", incident.Escape(s), timeHelp)
		}
		return t, nil
	}
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t, nil
	}
	if m := ago.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || time.Duration(n) > longAgo/unit(m[2]) {
			return time.Time{}, incident.Refusef("“%s” is too long ago. %s", incident.Escape(s), timeHelp)
		}
		return now.Add(-time.Duration(n) * unit(m[2])).Truncate(time.Minute), nil
	}
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, incident.Refusef("I cannot read the time “%s”. %s", incident.Escape(s), timeHelp)
	}
	h, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	if h > 23 || minute > 59 {
		return time.Time{}, incident.Refusef("There is no such time as “%s”. %s", incident.Escape(s), timeHelp)
	}
	t := time.Date(now.Year(), now.Month(), now.Day(), h, minute, 0, 0, time.UTC)
	if t.After(now.Add(12 * time.Hour)) {
		t = t.AddDate(0, 0, -1)
	}
	return t, nil
}

// longAgo is how far back a time may lie; what is older is a slip.
const longAgo = 10 * 365 * 24 * time.Hour

// toCome tells whether a time is still to come; clocks may differ by a minute.
func toCome(t, now time.Time) bool { return t.After(now.Add(time.Minute)) }

// recent refuses a time that is older than the record can be.
func recent(t, now time.Time) error {
	if now.Sub(t) > longAgo {
		return incident.Refusef("%s is too long ago. %s", incident.Clock(t), timeHelp)
	}
	return nil
}

func unit(word string) time.Duration {
	switch strings.ToLower(word)[0] {
	case 'h':
		return time.Hour
	case 'd':
		return 24 * time.Hour
	case 'w':
		return 7 * 24 * time.Hour
	}
	return time.Minute
}

var bySuffix = regexp.MustCompile(`(?is)^(.*?)(?:^|\s)by\s+(\d{4}-\d{2}-\d{2}|today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\s*$`)

// cutDue takes "by 2026-12-01" or "by friday" off the end of a text.
func cutDue(text string, now time.Time) (string, time.Time, error) {
	m := bySuffix.FindStringSubmatch(text)
	if m == nil {
		return text, time.Time{}, nil
	}
	due, err := day(m[2], now)
	return strings.TrimSpace(m[1]), due, err
}

// day reads a day to come: a date, "tomorrow", or the next day of that name.
func day(s string, now time.Time) (time.Time, error) {
	now = now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	s = strings.ToLower(strings.TrimSpace(s))
	switch s {
	case "":
		return time.Time{}, nil
	case "today":
		return today, nil
	case "tomorrow":
		return today.AddDate(0, 0, 1), nil
	}
	for d := range 7 {
		if next := today.AddDate(0, 0, d+1); s == strings.ToLower(next.Weekday().String()) {
			return next, nil
		}
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return time.Time{}, incident.Refusef("I cannot read the day “%s”. For example `by 2026-12-01` or `by friday`.", incident.Escape(s))
	}
	if t.Before(today) {
		return time.Time{}, incident.Refusef("%s has passed. Give a day to come, for example `by friday`.", s)
	}
	return t, nil
}
