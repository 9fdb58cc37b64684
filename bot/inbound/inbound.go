// Package inbound is the door for requests from outside: every webhook comes
// through a Hook, and what Slack sends by HTTP is read by Read.
//
// A request is read within bounds, proven, decoded and accepted, in this order:
// nothing is decoded that is not proven, and nothing is answered with 202 before
// it is stored. The answers are for the sender's own retries: a 4xx says that the
// same request can never be taken, with what to do about it; a 503 asks for it
// again.
//
// Sending again is always safe. A delivery is known by the id that its source
// gives it, or else by its bytes within ten minutes: a sender that retries sends
// the same delivery, and a monitor that repeats itself hours later sends another.
package inbound

import (
	"bytes"
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
	// Proven refuses, in words for whoever set the sender up, a request that does
	// not come from it.
	Proven func(r *http.Request, body []byte) error
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

// Read reads the body of a request, or answers why it does not: more than
// MaxRequest, or packed. outcome is then what it counts as; "" if it was read.
func Read(w http.ResponseWriter, r *http.Request) (body []byte, outcome string) {
	body, no := read(w, r)
	if no != nil {
		no.answer(w)
		return nil, no.outcome
	}
	return body, ""
}

// refusal is an answer that is not 202, and the outcome that it counts as.
type refusal struct {
	status  int
	outcome string
	text    string
}

func (no *refusal) answer(w http.ResponseWriter) { http.Error(w, no.text, no.status) }

func read(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	if packed := r.Header.Get("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
		return nil, &refusal{http.StatusUnsupportedMediaType, Unreadable, "the request is packed (Content-Encoding): send it without compression"}
	}
	into := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), usual)+bytes.MinRead))
	_, err := into.ReadFrom(http.MaxBytesReader(w, r.Body, MaxRequest))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &refusal{http.StatusRequestEntityTooLarge, TooLarge, "the request is larger than " + strconv.Itoa(MaxRequest) + " bytes"}
	}
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, Unreadable, "the request could not be read"}
	}
	return into.Bytes(), nil
}

// usual is up to which size a request gets its memory at once: what it says of its
// own size is not proven yet.
const usual = 8 << 10

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
