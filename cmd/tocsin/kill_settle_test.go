package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tocsin/bot/sandbox"
)

// settleFor bounds how long the bot may take for what is left once nobody asks for
// anything any more and nothing fails.
const settleFor = 2 * time.Minute

// settle lets the bot do what is left, has everything that shows an incident made
// anew, which must change nothing, and ends the bot; false if that goes wrong.
func (k *killing) settle() bool {
	if err := k.ws.Fault(sandbox.Fault{Kind: "clear"}); err != nil {
		k.problem("%v", err)
	}
	if !k.settled() {
		return false
	}
	k.before = k.ws.State()
	before := k.shown()
	for id := range k.channels() {
		k.resync(id)
	}
	if !k.settled() {
		return false
	}
	for what, shows := range k.shown() {
		if before[what] != shows && !strings.Contains(before[what], "Not paged") { // which is tried again
			k.problem("%s showed an old state:\n\t%s\nand now\n\t%s", what, before[what], shows)
		}
	}
	k.doctor()
	return k.stop()
}

// stop ends the bot as an operator would; false if it does not end well.
func (k *killing) stop() bool {
	_, err := k.process.end(syscall.SIGTERM, 10*time.Second)
	ok := err == nil && k.process.ProcessState.Success()
	if !ok {
		k.problem("the bot did not end well: %v: %s", err, k.last())
	}
	return ok
}

// resync has anybody who can see an incident give the command until it is answered.
func (k *killing) resync(id string) {
	for range 20 {
		for _, user := range []string{ada, ben, mei, dina} {
			r, err := k.ws.Say(k.ctx, sandbox.Say{User: user, Channel: "general", Text: "/incident " + id + " resync"})
			if err == nil && r.OK && strings.Contains(string(r.Ack), "made anew") {
				return
			}
		}
		k.wait(500 * time.Millisecond)
	}
	k.problem("%s could not be made anew", id)
}

// settled waits until nothing waits in the bot, and what is sent again until it is
// taken has been taken.
func (k *killing) settled() bool {
	calm := 0
	for end := time.Now().Add(settleFor); time.Now().Before(end); k.wait(100 * time.Millisecond) {
		if n, err := k.process.waits(k.ctx); err != nil || n > 0 {
			calm = 0
			continue
		}
		if calm++; calm > 5 && len(k.missing()) == 0 || calm > 200 {
			return true // what is missing yet is lost
		}
	}
	n, err := k.process.waits(k.ctx)
	k.problem("after %v there are still %v effects and deliveries waiting, %v: %s", settleFor, n, err, k.last())
	return false
}

// missing are the tokens of what Slack and PagerDuty send again until it is taken
// that are on no timeline yet.
func (k *killing) missing() []string {
	var told strings.Builder
	for n := 1; ; n++ {
		text, running, err := ask(k.ctx, k.store, "timeline", fmt.Sprintf("INC-%d", n))
		if !running || err != nil {
			break
		}
		told.WriteString(text)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var missing []string
	for _, a := range k.asked {
		if a.again && !strings.Contains(told.String(), a.token) {
			missing = append(missing, a.token)
		}
	}
	return missing
}

// channels are the incidents that have one, each with its channel.
func (k *killing) channels() map[string]sandbox.ChannelState {
	all := map[string]sandbox.ChannelState{}
	for _, c := range k.ws.State().Channels {
		if id, ok := incidentOf(c.Name); ok {
			all[id] = c
		}
	}
	return all
}

// incidentOf reads the incident out of a channel's name: "inc-3-answers".
func incidentOf(name string) (id string, ok bool) {
	parts := strings.SplitN(name, "-", 3)
	if len(parts) < 2 || parts[0] != "inc" {
		return "", false
	}
	_, err := strconv.Atoi(parts[1])
	return "INC-" + parts[1], err == nil
}

// shown is what shows the present state of incidents with a channel: cards, guides,
// announcements, topics.
func (k *killing) shown() map[string]string {
	out := map[string]string{}
	rooms := k.channels()
	for _, c := range rooms {
		out["the topic of #"+c.Name] = handles.Replace(c.Topic)
	}
	state := k.ws.State()
	for _, id := range slices.Sorted(maps.Keys(state.Messages)) {
		for _, m := range state.Messages[id] {
			key := keyOf(m)
			if of, _, _ := strings.Cut(key, "/"); !ordered.MatchString(key) && rooms[of].ID != "" {
				blocks, err := json.Marshal(m.Blocks)
				out[key] = handles.Replace(fmt.Sprintln(m.Text) + fmt.Sprint(blockIDs.ReplaceAllString(string(blocks), ""), err))
			}
		}
	}
	return out
}

// blockIDs are Slack's own, and new each time.
var blockIDs = regexp.MustCompile(`"block_id":"[^"]*",?`)

// handles are what people are called where Slack did not say their names in time.
var handles = strings.NewReplacer("Ada Okafor", "ada", "Ben Ortiz", "ben", "Mei Chen", "mei", "Dina Weiss", "dina")
