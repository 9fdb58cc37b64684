package main

import (
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tocsin/bot/sandbox"
)

// pairs reads a line of the log: key=value, where a value may be quoted.
func pairs(line string) (map[string]string, bool) {
	read := map[string]string{}
	for line != "" {
		key, rest, ok := strings.Cut(line, "=")
		if !ok || !logKey.MatchString(key) {
			return nil, false
		}
		value, after, _ := strings.Cut(rest, " ")
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, false
			}
			value, _ = strconv.Unquote(quoted)
			after = strings.TrimPrefix(rest[len(quoted):], " ")
		}
		read[key], line = value, after
	}
	return read, true
}

var (
	logKey = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	logID  = regexp.MustCompile(`^INC-[1-9][0-9]*$`)
)

// The log of whole incidents is one line an event: each can be read by a machine,
// names its incident and its cause, and holds nothing that people wrote.
func TestLogOfThePlays(t *testing.T) {
	t.Parallel()
	for play, says := range map[string][]string{"provider-outage": {"in doubt", "put off"}, "alert-storm": {"opened by an alert"}} {
		t.Run(play, func(t *testing.T) {
			t.Parallel()
			var log journal
			e := &env{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.NewTextHandler(&log, nil))}
			s, err := startSandbox(e, &sandboxCmd{Addr: "127.0.0.1:0", pace: fullSpeed})
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"rate_limited", "server_error"} {
				must(t, s.workspace.Fault(sandbox.Fault{Kind: kind, Method: "conversations.create", Times: 1}))
			}
			_, err = s.perform(s.ctx, play, 0, io.Discard)
			s.close()
			if err != nil {
				t.Fatal(err)
			}
			checkLog(t, log.String(), says...)
		})
	}
}

// checkLog checks each line of a log, in which some messages have to be.
func checkLog(t *testing.T, log string, msgs ...string) {
	recorded := map[string]int{} // events by incident
	for line := range strings.Lines(log) {
		l, ok := pairs(strings.TrimSuffix(line, "\n"))
		if !ok || l["time"] == "" || l["level"] == "" || l["msg"] == "" {
			t.Errorf("this line cannot be read: %s", line)
			continue
		}
		if id, has := l["incident"]; has && !logID.MatchString(id) {
			t.Errorf("incident=%q in %s", id, line)
		}
		if of := l["effect"] + l["key"]; of != "" && (l["incident"] == "" || l["cause"] == "") {
			t.Errorf("of what it tells is not told: %s", line)
		}
		if l["msg"] == "recorded" {
			recorded[l["incident"]]++
			if l["event"] != strconv.Itoa(recorded[l["incident"]]) || l["fact"] == "" || l["cause"] == "" {
				t.Errorf("the next event is not told whole: %s", line)
			}
		}
		if strings.Contains(line, "two regions") || strings.Contains(line, "fallback model") {
			t.Errorf("what people wrote is in the log: %s", line)
		}
	}
	for _, msg := range msgs {
		if !strings.Contains(log, `msg="`+msg+`"`) {
			t.Errorf("the log never says %q", msg)
		}
	}
	if recorded["INC-1"] < 20 {
		t.Errorf("the log tells of %v", recorded)
	}
}
