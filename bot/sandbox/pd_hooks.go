package sandbox

import "time"

// How PagerDuty delivers (https://developer.pagerduty.com/docs/webhooks-behavior); its first waits are
// longer, which would only make a sandbox dull.
const (
	hookPatience  = 5 * time.Second
	hookGivesUp   = 48 * time.Hour
	hookFirstWait = time.Second
	hookLongWait  = 60 * time.Second
	hookDrops     = 3              // one after the other disable the subscription
	hookDisabled  = 24 * time.Hour // for so long, or until it is enabled
)

// hookKind is the kind of these deliveries in the record and in faults.
const hookKind = pdPrefix

// hooks is the subscription and what is under way for it. Webhooks of one incident keep their order:
// while one is tried again, those after it wait.
type hooks struct {
	queues   map[string][]*pdEvent // by incident; whoever is in it has a worker
	epoch    int                   // counts disablements: a worker of an earlier one stops
	drops    int                   // one after the other
	disabled time.Time             // until then
}

func newHooks() hooks { return hooks{queues: map[string][]*pdEvent{}} }

// enable lets the subscription have webhooks again; what was dropped stays dropped.
func (h *hooks) enable() { h.disabled, h.drops = time.Time{}, 0 }

func (h *hooks) off() bool { return time.Now().Before(h.disabled) }

// sendHooks queues what the account has to tell. The lock must be held.
func (ws *Workspace) sendHooks() {
	events := ws.pages.outgoing
	ws.pages.outgoing = nil
	h := &ws.pages.hooks
	for _, e := range events {
		if ws.opt.PagerDutyURL == "" || h.off() {
			continue // nobody subscribed, or a disabled subscription: dropped
		}
		queue, busy := h.queues[e.incident]
		h.queues[e.incident] = append(queue, e)
		if !busy {
			epoch := h.epoch
			ws.start(func() { ws.work(e.incident, epoch) })
		}
	}
}

// work delivers an incident's webhooks one after the other until there are none.
func (ws *Workspace) work(incident string, epoch int) {
	for {
		e := ws.nextHook(incident, epoch)
		if e == nil || !ws.seeHookThrough(e, epoch) {
			return
		}
	}
}

// nextHook takes an incident's next webhook.
func (ws *Workspace) nextHook(incident string, epoch int) *pdEvent {
	ws.reorderHooks(incident, epoch)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	h := &ws.pages.hooks
	if h.epoch != epoch {
		return nil
	}
	queue := h.queues[incident]
	if len(queue) == 0 {
		delete(h.queues, incident)
		return nil
	}
	h.queues[incident] = queue[1:]
	return queue[0]
}

// reorderHooks lets the fault reordered_delivery put an incident's next webhook behind the one after it,
// if that comes within a second.
func (ws *Workspace) reorderHooks(incident string, epoch int) {
	waiting := func() []*pdEvent {
		if ws.pages.hooks.epoch != epoch {
			return nil
		}
		return ws.pages.hooks.queues[incident]
	}
	ws.mu.Lock()
	n := len(waiting())
	hit := n > 0 && ws.faults.take("reordered_delivery", hookKind) != nil
	ws.mu.Unlock()
	if !hit || (n == 1 && !ws.sleep(ws.life, time.Second)) {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if q := waiting(); len(q) > 1 {
		q[0], q[1] = q[1], q[0]
	}
}

// seeHookThrough delivers a webhook, again and again if need be; false if the subscription was disabled
// meanwhile or the workspace ends.
func (ws *Workspace) seeHookThrough(e *pdEvent, epoch int) bool {
	if late := ws.takeFault("late_delivery", hookKind); late != nil && !ws.sleep(ws.life, late.delay()) {
		return false
	}
	began, pause := time.Now(), hookFirstWait
	for attempt := 0; ; attempt++ {
		verdict := ws.tryHook(e, attempt)
		if verdict == hookLater && time.Since(began) < hookGivesUp {
			if !ws.sleep(ws.life, pause) || !ws.sameEpoch(epoch) {
				return false
			}
			pause = min(2*pause, hookLongWait)
			continue
		}
		if verdict == hookTaken && ws.takeFault("duplicate_delivery", hookKind) != nil {
			ws.tryHook(e, attempt)
		}
		return ws.countHook(verdict == hookTaken, epoch)
	}
}

func (ws *Workspace) sameEpoch(epoch int) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.pages.hooks.epoch == epoch
}

// countHook counts drops one after the other; at the third the subscription is disabled and all that
// waits for it is dropped.
func (ws *Workspace) countHook(taken bool, epoch int) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	h := &ws.pages.hooks
	switch {
	case h.epoch != epoch:
		return false
	case taken:
		h.drops = 0
		return true
	}
	if h.drops++; h.drops < hookDrops {
		return true
	}
	h.disabled, h.drops, h.epoch = time.Now().Add(hookDisabled), 0, h.epoch+1
	h.queues = map[string][]*pdEvent{}
	ws.changed()
	return false
}
