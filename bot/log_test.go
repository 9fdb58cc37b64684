package bot_test

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// logged keeps the log of a world from now on.
func (w *world) logged() *lines {
	log := new(lines)
	w.more = append(w.more, func(c *bot.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	w.restart()
	return log
}

// what wants lines with a message, each of which a regular expression fits.
func (l *lines) what(t *testing.T, msg, want string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	n, fits := 0, regexp.MustCompile(want)
	for line := range strings.Lines(l.text.String()) {
		if !strings.Contains(line, "msg="+msg) {
			continue
		}
		if n++; !fits.MatchString(line) {
			t.Errorf("this line has no %s: %s", want, line)
		}
	}
	if n == 0 {
		t.Errorf("no line says %s", msg)
	}
}

// What goes wrong with an effect is in the log with its incident and with what it follows
// from, as that is on the timeline.
func TestLogTellsTheCause(t *testing.T) {
	described(t)(t, func(t *testing.T, w *world) {
		log := w.logged()
		w.say("open", "", "sev1 Answers are wrong")
		w.settle()
		w.fault(sandbox.Fault{Kind: "rate_limited", Method: "chat.postMessage", Times: 1})
		w.say("limited", "", "INC-1 note A finding")
		w.settle()
		w.fault(sandbox.Fault{Kind: "missing_scope", Method: "*", Scope: "files:write"})
		w.say("refused", "", "INC-1 postmortem")
		w.settle()
		w.fault(sandbox.Fault{Kind: "clear"})
		w.fault(sandbox.Fault{Kind: "server_error", Method: "*"})
		w.say("doubted", "", "INC-1 note Another finding")
		w.fire("alertmanager", "A", "other", "Cache is broken", "critical")
		w.receive(alert("alertmanager", "A", "other", "Cache is broken", "critical", incident.StateResolved))
		<-time.After(time.Hour)
		w.fault(sandbox.Fault{Kind: "clear"})
		w.settle()
		log.what(t, `"put off"`, ` incident=INC-1 effect=.* cause=limited `)
		log.what(t, `"given up"`, ` incident=INC-1 effect=.* cause=refused `)
		log.what(t, `"in doubt"`, ` incident=INC-[12] effect=.* cause=(doubted|alertmanager/|open/|remind/|INC-)`)
		log.what(t, `"dropped, because it comes too late"`, ` incident=INC-[12] effect=.* cause=(remind/INC-|alertmanager/)`)
		log.what(t, `"opened by an alert"`, ` incident=INC-2 .* cause=alertmanager/`)
	})
}
