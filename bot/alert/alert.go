// Package alert turns the webhooks of alert sources into bot.Signals, one file a
// source: Alertmanager, Grafana, Datadog, CloudWatch through SNS, Sentry, and any
// other by the generic form.
//
// Each source fills in what its body says, in one vocabulary:
//
//	Key      what stays the same while one alert fires, lapses and fires again
//	State    firing, resolved, no-data (the monitor hears nothing), or info
//	Event    the source's own word for that: "firing", "Re-Triggered", "ALARM"
//	Title    for people, without the noise of the source; Whole is as it was written
//	Text     what else is said: description, annotations, reasons
//	Service  the first of inbound.ServiceLabels that the alert has
//	Urgency  the source's own word for how bad it is; what severity that comes to
//	         is not decided here
//	At       when the event happened, as the source says; Since when it began
//	ID       key, state and time of the event. When it began is no such time: what
//	         fires on says it again and again, and then the delivery tells them apart
//
// Everything is bounded: MaxAlerts signals a delivery, of maxDelivery bytes. What
// is left out is told by a signal of its own. A time or an address that cannot be
// read is left empty; what tells alerts apart is asked for by name.
package alert

import (
	"cmp"
	"crypto/x509"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"tocsin/bot"
	"tocsin/bot/inbound"
	"tocsin/bot/incident"
)

// MaxAlerts is how many alerts of one request are taken.
const MaxAlerts = 1000

// Config is what proves the sources. A source whose secret is missing is not
// served.
type Config struct {
	// Token proves Alertmanager, Grafana, Datadog and the generic form
	// (TOCSIN_WEBHOOK_TOKEN).
	Token inbound.Token
	// Sentry has the client secrets of Sentry's integration (TOCSIN_SENTRY_SECRET).
	Sentry []string
	// Topics are the ARNs of the SNS topics that are listened to (TOCSIN_SNS_TOPICS).
	Topics []string
	// Senders are the generic sources with names of their own; nil: none.
	Senders *Senders
	// HTTP fetches what SNS names: certificates and confirmations; nil: a client
	// that waits 5 seconds and follows no redirect.
	HTTP *http.Client
	// Roots are whom to trust for SNS's certificates; nil: the system's.
	Roots *x509.CertPool
	// Log is told of SNS's subscriptions.
	Log *slog.Logger
}

// Sources are those that c has the secrets for.
func Sources(c Config) []inbound.Source {
	var out []inbound.Source
	token := c.Token.Proven
	if len(c.Token) > 0 {
		out = append(out,
			source("alertmanager", "Alertmanager", token, nil, alertmanager),
			source("grafana", "Grafana", token, nil, grafana),
			source("datadog", "Datadog", token, nil, datadog),
			source("generic", "", token, nil, generic.decode),
		)
		if c.Senders != nil {
			out = append(out, source("generic/{name}", "", token, nil, c.Senders.decode))
		}
	}
	if len(c.Sentry) > 0 {
		out = append(out, source("sentry", "Sentry", sentryHeaders, sentryProof(c.Sentry), sentry))
	}
	if len(c.Topics) > 0 {
		s := newSNS(c)
		out = append(out, source("cloudwatch", "CloudWatch", s.headers, s.proven, s.decode))
	}
	return out
}

// batch is what a decoder makes of a request.
type batch struct {
	id      string // of the delivery, as the source says; "" if it does not
	source  string // where it is not the name of the route
	about   string // what all the alerts are about, where there is a word for it
	signals []bot.Signal
	missing int // alerts that the source itself left out
}

type decoder func(*http.Request, []byte) (batch, error)

// source is a decoder whose signals are within bounds. who is its name for people;
// "" where the decoder says who it was.
func source(name, who string, headers func(*http.Request) error, proven func(*http.Request, []byte) error, decode decoder) inbound.Source {
	return inbound.Source{Name: name, Headers: headers, Proven: proven, Decode: func(r *http.Request, body []byte) (bot.Delivery, error) {
		b, err := decode(r, body)
		if err != nil {
			return bot.Delivery{}, err
		}
		return b.delivery(name, who), nil
	}}
}

// delivery brings a batch within bounds.
func (b batch) delivery(name, who string) bot.Delivery {
	name = cmp.Or(b.source, name)
	if over := len(b.signals) - MaxAlerts; over > 0 {
		b.signals, b.missing = b.signals[:MaxAlerts], b.missing+over
	}
	if b.missing > 0 {
		b.signals = append(b.signals, b.leftOut())
	}
	for i := range b.signals {
		s := &b.signals[i]
		s.Source = name
		if s.By == (incident.Actor{}) {
			s.By = incident.Actor{Person: incident.Person{Name: who}, Via: name}
		}
		inbound.Tidy(s)
	}
	fit(b.signals)
	return bot.Delivery{Source: name, ID: b.id, Signals: b.signals}
}

// leftOut tells of the alerts that are not in the delivery, on the first of those
// that are.
func (b batch) leftOut() bot.Signal {
	s := bot.Signal{}
	s.Event, s.State, s.Key = "left-out", incident.StateInfo, "left-out/"+b.about
	s.Text = "sent " + strconv.Itoa(b.missing) + " more alerts that are not here: look at the source for all of them"
	if len(b.signals) > 0 {
		first := b.signals[0]
		s.Key, s.Title, s.Link, s.Service, s.At = first.Key, first.Title, first.Link, first.Service, first.At
		if first.ID != "" {
			s.ID = first.ID + "/left-out/" + strconv.Itoa(b.missing)
		}
	}
	return s
}

// eventID is the id of an event that tells no id of its own; "" without a time,
// because then only the delivery tells it from the next one.
func eventID(key, state string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return key + "/" + state + "/" + at.UTC().Format(time.RFC3339Nano)
}
