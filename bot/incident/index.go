package incident

import (
	"iter"
	"slices"
	"sort"
	"sync"
)

// index finds causes and alerts on a timeline. The copies of one incident share
// it; each copy sees what is within its own length only.
type index struct {
	mu     sync.RWMutex
	n      int            // events seen
	causes map[string]int // the first event with each cause
	alerts map[alertKey][]alertState
	order  []alertKey       // in the order in which they came
	number map[alertKey]int // its place in that order, from 1
	// services counts the alerts of each service after the last event seen, and listed
	// are those that have some, in the order in which they came. What is handed out of
	// it is never written again.
	services map[string]int
	listed   []string
}

type alertKey struct{ source, key string }

// alertState is an alert from event seq on. gone is set when it was taken off.
type alertState struct {
	seq  int
	last Signaled
	gone bool
}

func newIndex(timeline []Event) *index {
	x := &index{causes: make(map[string]int, len(timeline)+8), alerts: map[alertKey][]alertState{}, number: map[alertKey]int{}, services: map[string]int{}}
	for _, e := range timeline {
		x.grow(x.n, e)
	}
	return x
}

// grow adds the event after the nth, unless there is one already.
func (x *index) grow(n int, e Event) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.n != n {
		return false
	}
	x.n++
	if _, ok := x.causes[e.Cause]; !ok && e.Cause != "" {
		x.causes[e.Cause] = x.n
	}
	switch f := e.Fact.(type) {
	case Signaled:
		x.signaled(alertKey{f.Source, f.Key}, f)
	case Detached:
		x.put(alertKey{f.Source, f.Key}, Signaled{}, true)
	}
	return true
}

// signaled adds an alert, brings back one that was taken off, or changes where
// one stands. A word that neither changes a state nor says why the alert belongs
// here brings nothing back.
func (x *index) signaled(k alertKey, f Signaled) {
	stateless := f.Late || f.State == StateInfo || f.State == StateUnknown
	states := x.alerts[k]
	if len(states) == 0 || states[len(states)-1].gone {
		if len(states) == 0 || !stateless || f.Why != "" {
			f.Late, f.Echo = false, false // of the word, not of the alert
			x.put(k, f, false)
		}
		return
	}
	s := states[len(states)-1].last
	if !stateless {
		s.State = f.State
	}
	if f.Urgency != "" && !f.Late {
		s.Urgency, s.Severity = f.Urgency, f.Severity
	}
	x.put(k, s, false)
}

// put is how an alert stands from the event seen last on.
func (x *index) put(k alertKey, s Signaled, gone bool) {
	states := x.alerts[k]
	n := len(states)
	if n == 0 && gone {
		return // there is no such alert
	}
	if n == 0 {
		x.order = append(x.order, k)
		x.number[k] = len(x.order)
	}
	switch had := n > 0 && !states[n-1].gone; {
	case had && gone:
		x.lose(states[n-1].last.about())
	case !had && !gone:
		x.gain(s.about())
	}
	x.alerts[k] = append(states, alertState{seq: x.n, last: s, gone: gone})
}

// LabelMade is the label of an alert that tocsin made itself, to page somebody: the
// incident that it was made for.
const LabelMade = "tocsin"

// Made tells whether tocsin made the alert itself: then it says nothing of what is wrong.
func (s Signaled) Made() bool { return s.Source == "pagerduty" && s.Labels[LabelMade] != "" }

// about is the service that an alert tells of. The one under which a page was filed has no
// part in it.
func (s Signaled) about() string {
	if s.Made() {
		return ""
	}
	return s.Service
}

// gain counts one more alert of a service; lose one less.
func (x *index) gain(service string) {
	if x.services[service]++; x.services[service] == 1 && service != "" {
		x.listed = append(x.listed, service)
	}
}

func (x *index) lose(service string) {
	if x.services[service]--; x.services[service] == 0 && service != "" {
		x.listed = slices.DeleteFunc(slices.Clone(x.listed), func(s string) bool { return s == service })
	}
}

func (x *index) within(cause string, n int) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	at, ok := x.causes[cause]
	return ok && at <= n
}

// alert is an alert as it was after the nth event; ok is false if the incident
// did not have it then.
func (x *index) alert(k alertKey, n int) (s Signaled, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	states := x.alerts[k]
	i := sort.Search(len(states), func(i int) bool { return states[i].seq > n })
	if i == 0 || states[i-1].gone {
		return s, false
	}
	return states[i-1].last, true
}

// keys are those that came within the first n events, in order.
func (x *index) keys(n int) []alertKey {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i := sort.Search(len(x.order), func(i int) bool { return x.alerts[x.order[i]][0].seq > n })
	return x.order[:i:i]
}

// Did tells whether what cause names has been recorded already. An empty cause
// never has.
func (inc Incident) Did(cause string) bool {
	return cause != "" && inc.index != nil && inc.index.within(cause, len(inc.Timeline))
}

// Alert is what a source first told of one of its alerts, with the state, the
// urgency and the severity that it has now; ok is false if the incident does not
// have it.
func (inc Incident) Alert(source, key string) (s Signaled, ok bool) {
	if inc.index == nil {
		return s, false
	}
	return inc.index.alert(alertKey{source, key}, len(inc.Timeline))
}

// Alerts are the incident's alerts by their numbers, each as it is now, in the
// order in which they came. A number stays when others are taken off.
func (inc Incident) Alerts() iter.Seq2[int, Signaled] {
	return func(yield func(int, Signaled) bool) {
		if inc.index == nil {
			return
		}
		for i, k := range inc.index.keys(len(inc.Timeline)) {
			if s, ok := inc.index.alert(k, len(inc.Timeline)); ok && !yield(i+1, s) {
				return
			}
		}
	}
}

// NumberOf is an alert's number among Alerts, and the event that it came with
// first; 0 if the incident never had it.
func (inc Incident) NumberOf(source, key string) (n, seq int) {
	if inc.index == nil {
		return 0, 0
	}
	x := inc.index
	x.mu.RLock()
	defer x.mu.RUnlock()
	k := alertKey{source, key}
	if n = x.number[k]; n == 0 || x.alerts[k][0].seq > len(inc.Timeline) {
		return 0, 0
	}
	return n, x.alerts[k][0].seq
}

// Tally counts the incident's alerts.
type Tally struct {
	Total, Firing int
	Services      []string // each once, in the order in which they came
	// Spread is the most of Spreads that the number of services reached, SpreadSeq
	// the event that brought it there.
	Spread, SpreadSeq int
	// Worst is the worst severity of an alert, and WorstSeq the event that it came
	// with; QuietSeq is the event after which none fired any more, 0 while one does.
	Worst              Severity
	WorstSeq, QuietSeq int
}

// Spreads are the numbers of services at which people are told that it spreads.
var Spreads = []int{3, 10, 30, 100}

// tally takes the event that was added last into account. Nobody else can have
// grown the index since.
func (inc *Incident) tally(source, key string) {
	n := len(inc.Timeline)
	k := alertKey{source, key}
	before, had := inc.index.alert(k, n-1)
	now, has := inc.index.alert(k, n)
	if !had && !has {
		return
	}
	inc.Tally.Total += one(has) - one(had)
	inc.Tally.Firing += one(has && firing(now)) - one(had && firing(before))
	inc.Tally.Services = inc.index.list()
	t := &inc.Tally
	for _, most := range Spreads {
		if len(t.Services) >= most && most > t.Spread {
			t.Spread, t.SpreadSeq = most, n
		}
	}
	if has && now.Severity.Worse(t.Worst) {
		t.Worst, t.WorstSeq = now.Severity, n
	}
	switch {
	case t.Firing > 0:
		t.QuietSeq = 0
	case t.QuietSeq == 0:
		t.QuietSeq = n
	}
}

// list are the services of the alerts after the event seen last.
func (x *index) list() []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clip(x.listed)
}

// firing tells whether an alert still asks for something.
func firing(s Signaled) bool { return s.State != StateResolved }

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
