package runbooks

import (
	"slices"
	"sync"
)

// Memory is what people chose before: for such a report, this guide. It counts
// like a phrase of the guide's own, and a little more. The zero Memory is empty
// and ready; it is safe for concurrent use.
type Memory struct {
	mu      sync.RWMutex
	lessons []lesson // the oldest first
}

type lesson struct {
	name, text, guide string
	report            report
}

// maxLessons is how many are kept: the newest.
const maxLessons = 200

// Learn takes the lesson called name, in place of the one it had. No guide: it
// has none any more.
func (m *Memory) Learn(name, text, guide string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.lessons, func(l lesson) bool { return l.name == name })
	if i >= 0 {
		if m.lessons[i].guide == guide && m.lessons[i].text == text {
			return
		}
		m.lessons = slices.Delete(slices.Clone(m.lessons), i, i+1)
	}
	if guide == "" {
		return
	}
	m.lessons = append(slices.Clip(m.lessons), lesson{name, text, guide, read(text)})
	m.lessons = m.lessons[max(0, len(m.lessons)-maxLessons):]
}

// all are the lessons as they are now; they do not change.
func (m *Memory) all() []lesson {
	if m == nil {
		return nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.lessons
}
