package incident

import "sync"

// causes is an index of the causes on a timeline, shared by the copies of one
// incident. Each copy sees the causes within its own length only.
type causes struct {
	mu  sync.RWMutex
	n   int
	seq map[string]int
}

func newCauses(timeline []Event) *causes {
	c := &causes{seq: make(map[string]int, len(timeline)+8)}
	for _, e := range timeline {
		c.grow(c.n, e.Cause)
	}
	return c
}

// grow adds the event after the nth, unless there is one already.
func (c *causes) grow(n int, cause string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n != n {
		return false
	}
	c.n++
	if _, ok := c.seq[cause]; !ok && cause != "" {
		c.seq[cause] = c.n
	}
	return true
}

func (c *causes) within(cause string, n int) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	at, ok := c.seq[cause]
	return ok && at <= n
}
