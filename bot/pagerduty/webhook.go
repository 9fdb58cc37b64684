package pagerduty

import (
	"errors"
	"net/http"
	"slices"
	"strings"

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
	return []inbound.Source{{Name: "pagerduty", Headers: h.headers, Proven: h.proven, Undated: true, Decode: h.decode}}
}

var errNotPagerDutys = errors.New("this is not signed by PagerDuty: check PAGERDUTY_WEBHOOK_SECRET")

// headers refuses what has no signature.
func (h *Webhook) headers(r *http.Request) error {
	if !slices.ContainsFunc(signatures(r), inbound.SignatureForm) {
		return errNotPagerDutys
	}
	return nil
}

// proven refuses what none of the secrets signed.
func (h *Webhook) proven(r *http.Request, body []byte) error {
	if !inbound.Signed(h.Secrets, body, signatures(r)...) {
		return errNotPagerDutys
	}
	return nil
}

// signatures are those of a request. The header has one for each secret that PagerDuty
// has, with commas: "v1=HEX,v1=HEX"
// (https://developer.pagerduty.com/docs/verifying-webhook-signatures).
func signatures(r *http.Request) (all []string) {
	for part := range strings.SplitSeq(r.Header.Get("X-PagerDuty-Signature"), ",") {
		if s, ok := strings.CutPrefix(strings.TrimSpace(part), "v1="); ok {
			all = append(all, s)
		}
	}
	return all
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
