package incident

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is one entry of a timeline: a fact, and where it came from.
type Event struct {
	// Seq is the place on the timeline, from 1 and without gaps. It, and not
	// a clock, is the order in which things were recorded.
	Seq int
	// At is when it happened; Logged is when tocsin recorded it. A note
	// written later than the thing it tells has At before Logged.
	At, Logged time.Time
	By         Actor
	// Cause names the request that led here ("slack/command/…",
	// "pagerduty/…"). The same cause twice is one request delivered twice.
	Cause string
	Fact  Fact
}

// stored is an Event's form in the store.
type stored struct {
	Seq    int             `json:"seq"`
	At     time.Time       `json:"at"`
	Logged time.Time       `json:"logged"`
	By     Actor           `json:"by"`
	Cause  string          `json:"cause,omitempty"`
	Kind   string          `json:"kind"`
	Fact   json.RawMessage `json:"fact"`
}

// MarshalJSON writes the stored form, times in UTC.
func (e Event) MarshalJSON() ([]byte, error) {
	s := stored{Seq: e.Seq, At: e.At.UTC(), Logged: e.Logged.UTC(), By: e.By, Cause: e.Cause}
	if u, ok := e.Fact.(Unknown); ok {
		s.Kind, s.Fact = u.Kind, u.Raw
		return json.Marshal(s)
	}
	raw, err := json.Marshal(e.Fact)
	if err != nil {
		return nil, err
	}
	if s.Kind, s.Fact = Facts.Name(e.Fact), raw; s.Kind == "" {
		return nil, fmt.Errorf("%T is not in Facts: it could not be read back", e.Fact)
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads the stored form. A kind that this version does not know
// becomes Unknown and keeps its bytes.
func (e *Event) UnmarshalJSON(data []byte) error {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	fact, known, err := Facts.Decode(s.Kind, s.Fact)
	if err != nil {
		return err
	}
	if !known {
		fact = Unknown{Kind: s.Kind, Raw: s.Fact}
	}
	*e = Event{Seq: s.Seq, At: s.At, Logged: s.Logged, By: s.By, Cause: s.Cause, Fact: fact}
	return nil
}
