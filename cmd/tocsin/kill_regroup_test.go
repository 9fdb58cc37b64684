package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
)

// regroup does one of the things that people do to whole incidents and to alerts: these
// take several transactions each, and change what all that comes later belongs to. It is
// the one done least that can be done now.
func (w *worker) regroup(ctx context.Context) {
	facts := []string{"closed", "reopened", "merged", "private", "detached", "attached", "split", "held", "room-wanted"}
	w.rng.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
	taken := w.taken((*wish).theFact)
	slices.SortStableFunc(facts, func(a, b string) int { return taken[a] - taken[b] })
	acts := map[string]func(context.Context) (asked bool){
		"closed": w.close, "reopened": w.reopen, "merged": w.merge, "private": w.goPrivate, "detached": w.detach,
		"attached": w.attach, "split": w.split, "held": w.hold, "room-wanted": w.wantRoom,
	}
	for _, fact := range facts {
		if ctx.Err() != nil || acts[fact](ctx) {
			return
		}
	}
}

// close closes an incident; often it is not over after all.
func (w *worker) close(ctx context.Context) (asked bool) {
	room, _ := w.room()
	if room == "" {
		return false
	}
	if w.command(ctx, "closed", room+" close false-alarm not ours", "is closed.") && w.rng.IntN(2) == 0 {
		w.command(ctx, "reopened", room+" reopen not over", "is open again")
	}
	return true
}

// reopen opens one of the incidents that people opened again, if it is over.
func (w *worker) reopen(ctx context.Context) (asked bool) {
	room, _ := w.room()
	if room == "" {
		return false
	}
	w.command(ctx, "reopened", room+" reopen it is back", "is open again")
	return true
}

// merge makes one incident a part of another.
func (w *worker) merge(ctx context.Context) (asked bool) {
	ids := w.listed(ctx)
	if len(ids) < 2 {
		return false
	}
	n := w.rng.IntN(len(ids) - 1)
	w.command(ctx, "merged", ids[n].id+" merge "+ids[n+1].id, "is part of")
	return true
}

// mostPrivate is how often in a round people go on in private.
const mostPrivate = 2

var goesOn = regexp.MustCompile(`Go on in .*\((INC-\d+)\)`)

// goPrivate goes on with one of the incidents in private: who did goes on there.
func (w *worker) goPrivate(ctx context.Context) (asked bool) {
	room, _ := w.room()
	w.mu.Lock()
	title, old := w.titled[room]
	w.mu.Unlock()
	if !old || !w.first("private "+title, mostPrivate, "private") {
		return false
	}
	a := w.about(title, "private")
	if m := goesOn.FindStringSubmatch(w.say(ctx, "/incident "+room+" private")); m != nil {
		w.acknowledge(a)
		w.leaveTo(room, m[1])
	}
	return true
}

// leaveTo has everybody leave an incident alone, and the worker go on in another one.
func (w *worker) leaveTo(room, private string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, id := range w.rooms {
		if id == room {
			w.rooms = append(w.rooms[:i:i], w.rooms[i+1:]...)
			break
		}
	}
	w.own = append(w.own, private)
}

// hold stops alerts from opening rooms for a while. One person at a time does: of two,
// nobody could tell whose word was last.
func (w *worker) hold(ctx context.Context) (asked bool) {
	if !w.holding.TryLock() {
		return false
	}
	defer w.holding.Unlock()
	a := w.about("", "held")
	if !w.done(ctx, a, "hold", "No alert opens a room") {
		return true
	}
	from := time.Now()
	w.wait(time.Second + upTo(w.rng, 3*time.Second))
	w.mu.Lock()
	w.holds = append(w.holds, span{from, time.Now()})
	w.mu.Unlock()
	for range 20 {
		if answer := w.say(ctx, "/incident hold off"); answer != "" || ctx.Err() != nil {
			break
		}
		w.wait(200 * time.Millisecond)
	}
	return true
}

// span is some time.
type span struct{ from, until time.Time }

// wantRoom asks for the room of an incident that has none.
func (w *worker) wantRoom(ctx context.Context) (asked bool) {
	for _, l := range w.listed(ctx) {
		if strings.Contains(l.line, "no room yet") {
			w.done(ctx, w.about(l.id, "room-wanted"), l.id+" room", "gets its room")
			return true
		}
	}
	return false
}

// done gives a command without a token of its own.
func (w *worker) done(ctx context.Context, a *wish, line, done string) bool {
	ok := strings.Contains(w.say(ctx, "/incident "+line), done)
	if ok {
		w.acknowledge(a)
	}
	return ok
}

// about begins a request whose outcome is known by what it is about: the token of an
// alert or of a title, an incident, a person.
func (w *worker) about(what, fact string) *wish {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &wish{token: what, route: "command", fact: fact}
	w.asked = append(w.asked, a)
	return a
}

// first tells whether something was not asked for yet, and no more than most of its kind.
func (w *worker) first(what string, most int, kind string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tried[what] > 0 || kind != "" && w.tried[kind] >= most {
		return false
	}
	w.tried[what]++
	if kind != "" {
		w.tried[kind]++
	}
	return true
}
