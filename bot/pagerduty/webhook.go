// Package pagerduty is tocsin's face to PagerDuty and the only importer of
// go-pagerduty. It turns V3 webhooks into bot.Signals
// (https://developer.pagerduty.com/docs/webhooks-overview).
//
// PagerDuty sends again when it gets no 2xx within 5 seconds, but drops an event
// on most 4xx, and disables a subscription that drops three. So what cannot be
// read or proven is refused, what could not be stored gets a 503, and all else,
// also what this version does not know, a 202 once it is stored.
package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"tocsin/bot"
)

// MaxRequest is the largest webhook that is read, in bytes. PagerDuty sends
// 256 KB at the most.
const MaxRequest = 1 << 20

// Secrets reads PAGERDUTY_WEBHOOK_SECRET: one secret, or several with commas
// while they are rotated. An empty one among several is an error, because it
// would let anybody sign.
func Secrets(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	secrets := strings.Split(list, ",")
	for i, s := range secrets {
		if secrets[i] = strings.TrimSpace(s); secrets[i] == "" {
			return nil, errors.New("PAGERDUTY_WEBHOOK_SECRET has an empty secret among several: remove the extra comma")
		}
	}
	return secrets, nil
}

// Webhook receives PagerDuty's V3 webhooks.
type Webhook struct {
	Secrets []string
	Receive func(context.Context, bot.Signal) (bot.Receipt, error)
	Log     *slog.Logger
}

// Routes serves the webhook. Without a secret nothing could be proven, so there
// is no route.
func (h *Webhook) Routes(mux *http.ServeMux) {
	if len(h.Secrets) > 0 {
		mux.Handle("POST /webhook/pagerduty", h)
	}
}

// ServeHTTP takes one event.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequest))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		http.Error(w, "the request is larger than "+strconv.Itoa(MaxRequest)+" bytes", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the request could not be read", http.StatusBadRequest)
		return
	}
	if !h.signed(r, body) {
		h.Log.Warn("refused a webhook that PagerDuty did not sign")
		http.Error(w, "this is not signed by PagerDuty: check PAGERDUTY_WEBHOOK_SECRET", http.StatusUnauthorized)
		return
	}
	s, err := parse(body)
	if err != nil {
		http.Error(w, "the event cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if s.ID == "" {
		sum := sha256.Sum256(body)
		s.ID = cmp.Or(r.Header.Get("X-Webhook-Id"), hex.EncodeToString(sum[:]))
	}
	if s.At.IsZero() {
		s.At = time.Now()
	}
	receipt, err := h.Receive(r.Context(), s)
	if err != nil {
		h.Log.Error("a webhook was not stored", "event", s.Event, "id", s.ID, "error", err)
		http.Error(w, "not stored; please send it again", http.StatusServiceUnavailable)
		return
	}
	h.Log.Info("webhook", "source", s.Source, "event", s.Event, "id", s.ID, "incident", receipt.Incident, "opened", receipt.Opened, "known", receipt.Known)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(map[string]any{"incident": receipt.Incident, "opened": receipt.Opened, "known": receipt.Known})
}

// signed tells whether one of the secrets signed body.
func (h *Webhook) signed(r *http.Request, body []byte) bool {
	proof := &http.Request{Header: http.Header{}}
	proof.Header.Set("X-PagerDuty-Signature", strings.ReplaceAll(r.Header.Get("X-PagerDuty-Signature"), " ", ""))
	for _, secret := range h.Secrets {
		proof.Body = io.NopCloser(bytes.NewReader(body))
		if secret != "" && webhookv3.VerifySignature(proof, secret) == nil {
			return true
		}
	}
	return false
}
