// Package inbound is the door for requests from outside: every webhook comes
// through a Hook, and what Slack sends by HTTP is read by Read.
//
// A request is refused by its headers where they are enough, read within bounds,
// proven, decoded and accepted, in this order: nothing is decoded that is not proven,
// all that is read and not proven yet has one room in memory, and nothing is answered
// with 202 before it is stored. The answers are for the sender's own retries: a 4xx says that the
// same request can never be taken, with what to do about it; a 503 asks for it
// again.
//
// Sending again is always safe. A delivery is known by the id that its source
// gives it, or else by its bytes within ten minutes: a sender that retries sends
// the same delivery, and a monitor that repeats itself hours later sends another.
package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/bot"
)

// MaxRequest is the largest request that is read, in bytes.
const MaxRequest = 1 << 20

// MaxKey is the longest key or id that is kept as the source says it, in bytes.
const MaxKey = 200

// ErrAgain is wrapped by an error of Proven or Decode that says nothing about the
// request: something that it takes could not be had at this moment. The sender is
// asked to send again.
var ErrAgain = errors.New("not possible at this moment")

// What can become of a request, as Hook.Count is told.
const (
	Accepted   = "accepted"
	Known      = "known"      // accepted before
	Refused    = "refused"    // not proven
	Unreadable = "unreadable" // no delivery could be made of it
	TooLarge   = "too-large"  // over MaxRequest
	Failed     = "failed"     // not stored; the sender is asked again
)

// Source turns the requests of one kind of sender into deliveries.
type Source struct {
	// Name names the source: in the path /webhook/NAME, in what is logged and
	// counted, and in what is stored.
	Name string
	// Headers refuses, in words for whoever set the sender up, a request of which its
	// headers show that it does not come from it. Its body is not read then. nil: they
	// show nothing.
	Headers func(r *http.Request) error
	// Proven refuses, in such words, a request that does not come from it. nil: Headers
	// has proven it. A Source with neither lets nobody in.
	Proven func(r *http.Request, body []byte) error
	// Undated is set when what proves a request covers no time of sending: it can be played
	// back for ever. What it tells of long ago opens nothing.
	Undated bool
	// Decode makes a delivery of a proven request, or tells what is wrong with it.
	// What it leaves empty of ids and times is filled in by the Hook.
	Decode func(r *http.Request, body []byte) (bot.Delivery, error)
}

// Hook serves a Source.
type Hook struct {
	Source Source
	// Accept stores a delivery for good; an error asks the sender to send again.
	Accept func(context.Context, bot.Delivery) (bot.Accepted, error)
	Log    *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Count is told what became of each request; nil: nobody counts.
	Count func(source, outcome string)
}

// Routes serves the hook at POST /webhook/NAME.
func (h *Hook) Routes(mux *http.ServeMux) {
	mux.Handle("POST /webhook/"+h.Source.Name, h)
}

// Read reads the body of a request, or answers why it does not: more than MaxRequest,
// packed, or no room for it now. outcome is then what it counts as; "" if it was read.
// Once body is proven or refused release has to be called: there is room for so much
// only that is not proven.
func Read(w http.ResponseWriter, r *http.Request, log *slog.Logger) (body []byte, release func(), outcome string) {
	l, no := read(w, r, unproven, log)
	if no != nil {
		no.answer(w)
		return nil, nil, no.outcome
	}
	return l.data, l.leave, ""
}

// refusal is an answer that is not 202, and the outcome that it counts as.
type refusal struct {
	status  int
	outcome string
	text    string
}

func (no *refusal) answer(w http.ResponseWriter) {
	if no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	http.Error(w, no.text, no.status)
}

// retryAfter is in how many seconds a sender is asked to send again.
const retryAfter = "5"

// read reads the body of a request into a room.
func read(w http.ResponseWriter, r *http.Request, in *room, log *slog.Logger) (*load, *refusal) {
	if packed := r.Header.Get("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
		return nil, &refusal{http.StatusUnsupportedMediaType, Unreadable, "the request is packed (Content-Encoding): send it without compression"}
	}
	l := &load{room: in}
	err := l.read(http.MaxBytesReader(w, r.Body, MaxRequest))
	if err == nil {
		return l, nil
	}
	l.leave()
	if errors.Is(err, errFull) {
		in.tell(log, r.URL.Path)
		return nil, &refusal{http.StatusServiceUnavailable, Failed, "too much is being sent at this moment; please send it again"}
	}
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &refusal{http.StatusRequestEntityTooLarge, TooLarge, "the request is larger than " + strconv.Itoa(MaxRequest) + " bytes"}
	}
	return nil, &refusal{http.StatusBadRequest, Unreadable, "the request could not be read"}
}

// Key is s as a key of the record: what is longer than MaxKey, or has characters
// that nobody can see, is told apart by its sum.
func Key(s string) string {
	if len(s) <= MaxKey && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return "sha256:" + sum([]byte(s))
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
