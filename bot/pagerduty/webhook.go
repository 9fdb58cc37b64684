// Package pagerduty is tocsin's face to PagerDuty and the only importer of
// go-pagerduty. It turns V3 webhooks into bot.Signals
// (https://developer.pagerduty.com/docs/webhooks-overview); through a Client it
// pages people, knows who they are and who is on call, and keeps PagerDuty's
// incidents in step with ours.
//
// PagerDuty sends again when it gets no 2xx within 5 seconds, but drops an event
// on most 4xx, and disables a subscription that drops three. So what cannot be
// read or proven is refused, what could not be stored gets a 503, and all else,
// also what this version does not know, a 202 once it is stored.
package pagerduty

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

// Secrets reads PAGERDUTY_WEBHOOK_SECRET: one secret, or several with commas
// while they are rotated. An empty one among several is an error, because it
// would let anybody sign.
func Secrets(list string) ([]string, error) {
	return inbound.Secrets("PAGERDUTY_WEBHOOK_SECRET", list)
}

// Webhook receives PagerDuty's V3 webhooks.
type Webhook struct {
	Secrets []string
	// Person finds who PagerDuty's users are; nil: they have names only.
	Person Who
}

// Sources is the webhook. Without a secret nothing could be proven, so there is
// none.
func (h *Webhook) Sources() []inbound.Source {
	if len(h.Secrets) == 0 {
		return nil
	}
	return []inbound.Source{{Name: "pagerduty", Proven: h.proven, Decode: h.decode}}
}

// proven tells whether one of the secrets signed body.
func (h *Webhook) proven(r *http.Request, body []byte) error {
	proof := &http.Request{Header: http.Header{}}
	proof.Header.Set("X-PagerDuty-Signature", strings.ReplaceAll(r.Header.Get("X-PagerDuty-Signature"), " ", ""))
	for _, secret := range h.Secrets {
		proof.Body = io.NopCloser(bytes.NewReader(body))
		if secret != "" && webhookv3.VerifySignature(proof, secret) == nil {
			return nil
		}
	}
	return errors.New("this is not signed by PagerDuty: check PAGERDUTY_WEBHOOK_SECRET")
}

// decode makes a delivery of one event. X-Webhook-Id stays the same when PagerDuty
// sends again.
func (h *Webhook) decode(r *http.Request, body []byte) (bot.Delivery, error) {
	s, err := parse(body, h.Person)
	if err != nil {
		return bot.Delivery{}, err
	}
	return bot.Delivery{ID: r.Header.Get("X-Webhook-Id"), Signals: []bot.Signal{s}}, nil
}
