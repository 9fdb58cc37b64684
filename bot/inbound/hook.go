package inbound

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// window is how long the same bytes are the same delivery at least, and half of how
// long at most.
const window = 10 * time.Minute

// stored is the answer to a delivery that was accepted.
type stored struct {
	Stored bool `json:"stored"` // false: there was nothing to store
	Known  bool `json:"known"`  // it was stored before
}

// ServeHTTP takes one delivery.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, accepted, no := h.take(w, r)
	if no != nil {
		h.count(no.outcome)
		no.answer(w)
		return
	}
	outcome := Accepted
	if accepted.Known {
		outcome = Known
	}
	h.count(outcome)
	h.Log.Info("webhook", "source", h.Source.Name, "delivery", d.ID, "signals", len(d.Signals), "known", accepted.Known)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(stored{Stored: len(d.Signals) > 0, Known: accepted.Known})
}

// take reads, proves, decodes and stores.
func (h *Hook) take(w http.ResponseWriter, r *http.Request) (bot.Delivery, bot.Accepted, *refusal) {
	body, no := h.proven(w, r)
	if no != nil {
		return bot.Delivery{}, bot.Accepted{}, no
	}
	d, no := h.deliver(r, body)
	if no != nil || len(d.Signals) == 0 {
		return d, bot.Accepted{}, no
	}
	accepted, err := h.Accept(r.Context(), d)
	if err != nil && (errors.Is(err, bot.ErrClosed) || r.Context().Err() != nil) {
		h.Log.Info("a webhook came while one side ends", "source", h.Source.Name, "delivery", d.ID)
		return d, accepted, again()
	}
	if errors.Is(err, bot.ErrInvalid) {
		return d, accepted, h.never(err, d.ID)
	}
	if err != nil {
		return d, accepted, h.failed(err, d.ID)
	}
	return d, accepted, nil
}

// proven is the body of a request that proves where it comes from. Where the headers are
// all of the proof, it needs no room among those that are not proven.
func (h *Hook) proven(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	if no := h.headed(r); no != nil {
		return nil, no
	}
	in := unproven
	if h.Source.Proven == nil {
		in = nil
	}
	l, no := read(w, r, in, h.Log)
	if no != nil {
		if no.outcome != Failed {
			h.Log.Warn("a webhook cannot be read", "source", h.Source.Name, "error", no.text)
		}
		return nil, no
	}
	defer l.leave()
	if h.Source.Proven == nil {
		return l.data, nil
	}
	return l.data, h.refused(h.Source.Proven(r, l.data))
}

// headed refuses what shows by its headers that it is not the source's.
func (h *Hook) headed(r *http.Request) *refusal {
	switch {
	case h.Source.Headers != nil:
		return h.refused(h.Source.Headers(r))
	case h.Source.Proven == nil:
		return h.refused(errors.New("nothing that is sent here can be proven"))
	}
	return nil
}

// refused is the answer to a request that is not proven, because of err; nil if it is.
func (h *Hook) refused(err error) *refusal {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrAgain):
		return h.failed(err, "")
	}
	h.Log.Warn("refused a webhook that is not proven", "source", h.Source.Name, "error", err)
	return &refusal{http.StatusUnauthorized, Refused, err.Error()}
}

// deliver makes a delivery of a proven request.
func (h *Hook) deliver(r *http.Request, body []byte) (bot.Delivery, *refusal) {
	d, err := h.Source.Decode(r, body)
	if errors.Is(err, ErrAgain) {
		return d, h.failed(err, d.ID)
	}
	if err != nil {
		h.Log.Warn("a webhook cannot be read", "source", h.Source.Name, "error", err)
		return d, &refusal{http.StatusBadRequest, Unreadable, "the event cannot be read: " + err.Error()}
	}
	return h.complete(d, body), nil
}

func (h *Hook) failed(err error, id string) *refusal {
	h.Log.Error("a webhook was not stored", "source", h.Source.Name, "delivery", id, "error", err)
	return again()
}

// never refuses what can never be stored: to ask for it again would be in vain, and keep
// what comes after it waiting at its sender.
func (h *Hook) never(err error, id string) *refusal {
	const why = "the event cannot be stored, now or later: it is too large, or its id is no text"
	h.Log.Error(why, "source", h.Source.Name, "delivery", id, "error", err)
	return &refusal{http.StatusBadRequest, Unreadable, why}
}

func again() *refusal {
	return &refusal{http.StatusServiceUnavailable, Failed, "not stored; please send it again"}
}

// complete fills in what the source does not say: who sent it, ids and times. A
// signal without an id of its own is one of its delivery's.
func (h *Hook) complete(d bot.Delivery, body []byte) bot.Delivery {
	now := h.now().UTC()
	if d.ID == "" {
		d.ID, d.Before = bodyID(body, now), bodyID(body, now.Add(-window))
	}
	d.Source, d.ID = cmp.Or(d.Source, h.Source.Name), Key(d.ID)
	for i := range d.Signals {
		s := &d.Signals[i]
		if s.ID == "" {
			s.ID = d.ID + "/" + strconv.Itoa(i)
		}
		if s.At.IsZero() {
			s.At = now
		}
		s.Old = h.Source.Undated && now.Sub(s.At) > bot.Remembered
		if s.By == (incident.Actor{}) {
			s.By = incident.Actor{Person: incident.Person{Name: d.Source}, Via: d.Source}
		}
		s.Source, s.ID, s.Key = d.Source, Key(s.ID), Key(s.Key)
	}
	return d
}

// bodyID names a delivery by its bytes, in the window that a time is in.
func bodyID(body []byte, at time.Time) string {
	return Key("body/" + sum(body) + "/" + at.Truncate(window).Format(time.RFC3339))
}

func (h *Hook) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

func (h *Hook) count(outcome string) {
	if h.Count != nil {
		h.Count(h.Source.Name, outcome)
	}
}
