package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/slack-go/slack"

	"tocsin/bot/inbound"
)

// Routes serves Slack's requests by HTTP. Without a signing secret there is
// nothing to prove that they are Slack's, so there are no routes.
func (f *Face) Routes(mux *http.ServeMux) {
	if f.SigningSecret == "" {
		return
	}
	mux.HandleFunc("POST /slack/command", f.signed(f.serveCommand))
	mux.HandleFunc("POST /slack/interaction", f.signed(f.serveInteraction))
	mux.HandleFunc("POST /slack/event", f.signed(f.serveEvent))
}

// signed lets through what Slack signed in the last five minutes. What says by its
// headers that it is none of that is not read.
func (f *Face) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		verifier, err := slack.NewSecretsVerifier(r.Header, f.SigningSecret)
		if err != nil {
			f.unsigned(w, r, err)
			return
		}
		body, release, outcome := inbound.Read(w, r, f.Log)
		if outcome != "" {
			f.count(outcome)
			return
		}
		verifier.Write(body) // into a sum: it cannot fail
		err = verifier.Ensure()
		release()
		if err != nil {
			f.unsigned(w, r, err)
			return
		}
		next(w, r, body)
	}
}

// unsigned refuses what Slack did not sign.
func (f *Face) unsigned(w http.ResponseWriter, r *http.Request, err error) {
	f.count(inbound.Refused)
	if errors.Is(err, slack.ErrExpiredTimestamp) {
		err = fmt.Errorf("%w: it was played back, or the clock of this machine is wrong, which tocsin doctor looks at", err)
	}
	f.Log.Warn("refused a request that Slack did not sign", "path", r.URL.Path, "error", err)
	http.Error(w, "this is not signed by Slack, or too old: check SLACK_SIGNING_SECRET and the clock", http.StatusUnauthorized)
}

func (f *Face) serveCommand(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		f.unreadable(w, "the form cannot be read: "+err.Error())
		return
	}
	if form.Get("user_id") == "" || form.Get("trigger_id") == "" {
		f.unreadable(w, "this is no slash command: it names no user_id or no trigger_id")
		return
	}
	ctx, release := f.Hold(r.Context())
	defer release()
	ack, then := f.command(ctx, slack.SlashCommand{
		ChannelID: form.Get("channel_id"), UserID: form.Get("user_id"), UserName: form.Get("user_name"),
		Command: form.Get("command"), Text: form.Get("text"),
		ResponseURL: form.Get("response_url"), TriggerID: form.Get("trigger_id"),
	})
	f.finish(w, r, ack, release, then)
}

func (f *Face) serveInteraction(w http.ResponseWriter, r *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		f.unreadable(w, "the form cannot be read: "+err.Error())
		return
	}
	c, err := decode[slack.InteractionCallback]([]byte(form.Get("payload")))
	if err != nil {
		f.unreadable(w, "the payload cannot be read: "+err.Error())
		return
	}
	ctx, release := f.Hold(r.Context())
	defer release()
	ack, then := f.interaction(ctx, c)
	f.finish(w, r, ack, release, then)
}

func (f *Face) serveEvent(w http.ResponseWriter, r *http.Request, body []byte) {
	p, err := decode[eventPayload](body)
	if err != nil {
		f.unreadable(w, "the event cannot be read: "+err.Error())
		return
	}
	if p.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, p.Challenge)
		return
	}
	ctx, release := f.Hold(r.Context())
	defer release()
	then, err := f.event(ctx, p)
	if err != nil {
		http.Error(w, "not stored; please send it again", http.StatusServiceUnavailable)
		return
	}
	f.finish(w, r, nil, release, then)
}

// unreadable answers a request of which nothing can be made.
func (f *Face) unreadable(w http.ResponseWriter, why string) {
	f.count(inbound.Unreadable)
	http.Error(w, why, http.StatusBadRequest)
}

// finish answers Slack, then lets the effects go, then does the rest. The whole
// answer has left before any call is made.
func (f *Face) finish(w http.ResponseWriter, r *http.Request, ack any, release func(), then follow) {
	var data []byte
	if ack != nil {
		data, _ = json.Marshal(ack) // made of strings: it cannot fail
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	w.Write(data)
	http.NewResponseController(w).Flush()
	release()
	f.later(r.Context(), then)
}
