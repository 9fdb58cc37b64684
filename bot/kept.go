package bot

import (
	"hash/maphash"
	"sync"

	"tocsin/bot/incident"
)

// kept are the alerts of which something was acknowledged that cannot be carried out
// now: a record that it needs is damaged, or the bot panics at it. Its delivery stays in
// the record, where the next start finds it: before that nothing mends either. What comes
// later of such an alert is not tried and stays behind it, so that it is carried out in
// its order; all others go on. Of an alert there is a number here alone, for there may
// be many.
type kept struct {
	mu   sync.Mutex
	seed maphash.Seed
	list map[uint64]struct{}
}

// name is the number of an alert. The caller holds the lock.
func (k *kept) name(source, key string) uint64 {
	if k.list == nil {
		k.seed, k.list = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	return maphash.String(k.seed, source+"\x00"+key)
}

// add takes note of an alert; false if it is known.
func (k *kept) add(source, key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := len(k.list)
	name := k.name(source, key)
	k.list[name] = struct{}{}
	return len(k.list) > before
}

// has tells whether something of an alert is kept.
func (k *kept) has(source, key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.list[k.name(source, key)]
	return ok
}

// of are those of some signals that are of such alerts.
func (k *kept) of(signals []Signal) (some []Signal) {
	for _, s := range signals {
		if k.has(s.Source, s.Key) {
			some = append(some, s)
		}
	}
	return some
}

// Kept is of how many alerts something stays in the record until the next start, because
// it cannot be carried out: the log has a line of each.
func (b *Bot) Kept() int {
	b.router.kept.mu.Lock()
	defer b.router.kept.mu.Unlock()
	return len(b.router.kept.list)
}

// keep leaves a signal in the record, with all that follows of its alert, and names it for
// the operator if it is the first.
func (r *router) keep(s Signal, id incident.ID, why string, err error) {
	if r.kept.add(s.Source, s.Key) {
		r.bot.Log.Error("a signal waits for the next start, because "+why, append(s.about(id), "error", err)...)
	}
}
