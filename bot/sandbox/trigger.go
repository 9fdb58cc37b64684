package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// What a person's act lets the app do
// (https://docs.slack.dev/interactivity/handling-user-interaction/).
const (
	triggerLife = 3 * time.Second  // of a trigger_id, which opens one view
	replyLife   = 30 * time.Minute // of a response_url
	replyUses   = 5                // of a response_url
)

type trigger struct {
	user string
	made time.Time
	used bool
}

// newTrigger makes a trigger_id for a person, in Slack's format "132456.7890123.abcdef".
func (w *world) newTrigger(user string) string {
	now := time.Now()
	for id, t := range w.triggers {
		if now.Sub(t.made) > time.Hour {
			delete(w.triggers, id)
		}
	}
	w.serial++
	id := fmt.Sprintf("%d.%d.%08x", now.UnixMilli(), 70_000_000+w.serial, w.serial*2_654_435_761%(1<<32))
	w.triggers[id] = &trigger{user: user, made: now}
	return id
}

// exchange uses a trigger_id up and gives the person whose act it was.
func (w *world) exchange(id string) (user string, err error) {
	t := w.triggers[id]
	switch {
	case t == nil:
		return "", refuse("invalid_trigger_id")
	case t.used:
		return "", refuse("exchanged_trigger_id")
	case time.Since(t.made) > triggerLife:
		return "", refuse("expired_trigger_id")
	}
	t.used = true
	return t.user, nil
}

// replyURL is a response_url: it answers one act of one person.
type replyURL struct {
	channel string
	user    string
	ts      string // the message that replace_original and delete_original mean
	thread  string
	made    time.Time
	uses    int
}

func (w *world) newReplyURL(r replyURL) string {
	r.made = time.Now()
	id := w.newID("R")
	w.replies[id] = &r
	return w.base + "/response/" + id
}

// serveReply answers POST /response/{id}.
func (ws *Workspace) serveReply(rw http.ResponseWriter, r *http.Request) {
	a, _, err := readArgs(r)
	c := &call{args: a, method: "response_url"}
	if err == nil && !a.has("text") && !a.has("blocks") && a.has("payload") {
		var body any
		body, err = a.structure("payload")
		c.args = asObj(body)
	}
	if err != nil {
		answer{status: http.StatusBadRequest, text: "invalid_payload"}.write(rw)
		return
	}
	ws.underFaults(r.Context(), c, func(c *call) answer {
		out := answer{status: http.StatusOK, text: "ok"}
		ws.act(func(w *world) {
			if status, err := w.reply(r.PathValue("id"), c); err != nil {
				out = answer{status: status, body: err.(*refusal).body()}
			}
		})
		return out
	}).write(rw)
}

// reply posts, replaces or deletes as a request to a response_url says.
func (w *world) reply(id string, c *call) (status int, err error) {
	to := w.replies[id]
	switch {
	case to == nil || time.Since(to.made) > replyLife:
		return http.StatusNotFound, refuse("expired_url")
	case to.uses >= replyUses:
		return http.StatusNotFound, refuse("used_url")
	}
	to.uses++
	ch := w.channelByID(to.channel)
	original := ch.anyMessage(to.ts)
	if c.flag("delete_original") && original != nil {
		w.remove(ch, original)
		return http.StatusOK, nil
	}
	text, err := w.readContent(c)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if c.flag("replace_original") && original != nil && original.BotID == BotID {
		w.rewrite(ch, original, text, c)
		return http.StatusOK, nil
	}
	m := w.botMessage(text)
	m.ThreadTS = c.text("thread_ts")
	if c.text("response_type") != "in_channel" {
		m.EphemeralTo = to.user
	}
	w.put(ch, m)
	if to.ts == "" {
		to.ts = m.TS // a command's first answer is what later ones replace
	}
	return http.StatusOK, nil
}
