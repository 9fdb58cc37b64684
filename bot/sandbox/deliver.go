package sandbox

import (
	"context"
	"encoding/json"
	"strconv"
	"time"
)

// Slack waits three seconds for an app's answer, and takes at most 20 KB of it over Socket Mode
// (https://docs.slack.dev/apis/events-api/using-socket-mode/).
const (
	defaultAckWindow = 3 * time.Second
	maxAckBytes      = 20 << 10
	maxDeliveries    = 100 // remembered
)

// The kinds of delivery, named as Socket Mode names them.
const (
	slashCommand = "slash_commands"
	interactive  = "interactive"
	eventsAPI    = "events_api"
)

// Delivery is one payload sent to the app, and what came of it.
type Delivery struct {
	Kind    string    `json:"kind"`
	ID      string    `json:"id"` // the envelope's id
	Attempt int       `json:"attempt"`
	At      time.Time `json:"at"`
	AckedMS float64   `json:"acked_ms,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// delivery is a payload on its way.
type delivery struct {
	*Delivery
	payload obj
	event   string // event_id, of events
	reason  string // why it is sent again
	outcome chan outcome
}

// outcome is what the app answered, or the error that a person sees.
type outcome struct {
	answer  json.RawMessage
	err     string // operation_timeout, dispatch_failed, http_service_error
	noRetry bool   // X-Slack-No-Retry
}

// postOffice knows the links and what is under way on them.
type postOffice struct {
	links   []*link
	turn    int
	tickets map[string]bool
	pending map[string]*delivery // by envelope id
	log     []*Delivery
	held    *delivery     // by reordered_delivery, until the next event
	pushed  chan struct{} // closed when the latest event over HTTP has been answered
}

func newPostOffice() postOffice {
	return postOffice{tickets: map[string]bool{}, pending: map[string]*delivery{}}
}

// dispatch sends the events that the world has queued. The lock must be held.
func (ws *Workspace) dispatch() {
	events := ws.world.outgoing
	ws.world.outgoing = nil
	for _, e := range events {
		d := ws.newDelivery(eventsAPI, e.body)
		d.event = e.id
		ws.sendEvent(d)
		ws.start(func() { ws.seeThrough(d) })
	}
}

// sendEvent sends an event, or holds it back until the next one has gone.
func (ws *Workspace) sendEvent(d *delivery) {
	held := ws.post.held
	ws.post.held = nil
	if held == nil && ws.faults.take("reordered_delivery", eventsAPI) != nil {
		ws.post.held = d
		ws.start(func() { ws.releaseHeld(d) })
		return
	}
	ws.send(d)
	if held != nil {
		ws.send(held)
	}
}

// releaseHeld sends an event that was held back and that no other one followed for a second.
func (ws *Workspace) releaseHeld(d *delivery) {
	if !ws.sleep(ws.life, time.Second) {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.post.held == d {
		ws.post.held = nil
		ws.send(d)
	}
}

// seeThrough waits for an event's ack and sends it again on Slack's schedule until there is one.
func (ws *Workspace) seeThrough(d *delivery) {
	for attempt := 0; ; attempt++ {
		result := ws.await(ws.life, d)
		if result.err == "" || result.noRetry || attempt == len(ws.opt.EventRetries) {
			return
		}
		if !ws.sleep(ws.life, ws.opt.EventRetries[attempt]) {
			return
		}
		ws.mu.Lock()
		again := ws.newDelivery(eventsAPI, d.payload)
		again.Attempt, again.event, again.reason = attempt+1, d.event, retryReason(result.err)
		d = again
		ws.send(d)
		ws.mu.Unlock()
	}
}

// retryReason is X-Slack-Retry-Reason for what went wrong.
func retryReason(err string) string {
	switch err {
	case "operation_timeout":
		return "http_timeout"
	case "dispatch_failed":
		return "connection_failed"
	}
	return "http_error"
}

// newDelivery enters a delivery in the record. The lock must be held.
func (ws *Workspace) newDelivery(kind string, payload obj) *delivery {
	d := &delivery{
		Delivery: &Delivery{Kind: kind, ID: ws.world.newID("EN"), At: time.Now()},
		payload:  payload, outcome: make(chan outcome, 2),
	}
	ws.post.log = append(ws.post.log, d.Delivery)
	if n := len(ws.post.log); n > maxDeliveries {
		ws.post.log = append([]*Delivery{}, ws.post.log[n-maxDeliveries:]...)
	}
	return d
}

// send puts a delivery on the wire, as the faults let it. The lock must be held.
func (ws *Workspace) send(d *delivery) {
	if late := ws.faults.take("late_delivery", d.Kind); late != nil {
		ws.start(func() {
			if ws.sleep(ws.life, late.delay()) {
				ws.mu.Lock()
				defer ws.mu.Unlock()
				ws.transmit(d)
			}
		})
		return
	}
	ws.transmit(d)
	if ws.faults.take("duplicate_delivery", d.Kind) != nil {
		twin := ws.newDelivery(d.Kind, d.payload)
		twin.event = d.event
		ws.transmit(twin)
		ws.start(func() { ws.await(ws.life, twin) })
	}
}

func (ws *Workspace) transmit(d *delivery) {
	if address := ws.address(d.Kind); address != "" {
		ws.pushInOrder(address, d)
		return
	}
	link := ws.post.next()
	if link == nil {
		d.outcome <- outcome{err: "dispatch_failed"}
		return
	}
	ws.post.pending[d.ID] = d
	link.write(d.envelope())
}

func (ws *Workspace) address(kind string) string {
	switch kind {
	case slashCommand:
		return ws.opt.CommandURL
	case interactive:
		return ws.opt.InteractionURL
	}
	return ws.opt.EventURL
}

// await gives the app its time and records what came of it.
func (ws *Workspace) await(ctx context.Context, d *delivery) outcome {
	result := outcome{err: "operation_timeout"}
	timer := time.NewTimer(ws.opt.AckWindow)
	defer timer.Stop()
	select {
	case result = <-d.outcome:
	case <-timer.C:
	case <-ctx.Done():
	case <-ws.life.Done():
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.post.pending, d.ID)
	d.Error = result.err
	if result.err == "" {
		d.AckedMS = max(float64(time.Since(d.At).Microseconds())/1000, 0.001)
	}
	ws.changed()
	return result
}

// deliver sends a command or an interaction and waits for the answer.
func (ws *Workspace) deliver(ctx context.Context, kind string, payload obj) outcome {
	ws.mu.Lock()
	d := ws.newDelivery(kind, payload)
	ws.send(d)
	ws.mu.Unlock()
	return ws.await(ctx, d)
}

// envelope is the delivery as a Socket Mode frame.
func (d *delivery) envelope() []byte {
	frame := obj{
		"envelope_id": d.ID, "type": d.Kind, "payload": d.payload, "accepts_response_payload": d.Kind != eventsAPI,
	}
	if d.Kind == eventsAPI {
		frame["retry_attempt"], frame["retry_reason"] = d.Attempt, socketReason(d.reason)
	}
	return toJSON(frame)
}

// socketReason is the retry_reason of an envelope.
func socketReason(reason string) string {
	if reason == "http_timeout" {
		return "timeout"
	}
	return reason
}

// retryHeaders are those of an event that is sent again over HTTP.
func (d *delivery) retryHeaders() map[string]string {
	if d.Attempt == 0 {
		return nil
	}
	return map[string]string{"X-Slack-Retry-Num": strconv.Itoa(d.Attempt), "X-Slack-Retry-Reason": d.reason}
}
