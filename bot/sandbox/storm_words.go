package sandbox

import (
	"fmt"
	"hash/fnv"
	"time"
)

// stormAlert is one monitor's view of the provider's outage.
type stormAlert struct {
	name, service, title, severity, urgency, instance string
}

// stormWords are how one monitor of a service words the outage in its n-th round; i makes the alert
// unlike all others.
func stormWords(service string, round, i int) stormAlert {
	views := []struct{ name, words, severity string }{
		{"ProviderErrorRate", "Error rate of anthropic calls is %d %%: 529 overloaded_error", "critical"},
		{"ProviderOverloaded", "anthropic answers 529 overloaded_error (%d in 5 minutes)", "critical"},
		{"ProviderLatency", "p99 latency of the anthropic call is over %d s", "warning"},
		{"ProviderTimeout", "Requests to api.anthropic.com time out after 60 s (%d so far)", "critical"},
		{"CompletionFailures", "Completions fail: upstream anthropic overloaded_error, %d %% of requests", "critical"},
		{"QueueDepth", "Queue is %d deep while anthropic calls are retried", "warning"},
	}
	v := views[(i+round)%len(views)]
	a := stormAlert{
		name: v.name, service: service, severity: v.severity, urgency: "high", instance: fmt.Sprintf("%s-%d", service, i),
		title: service + ": " + fmt.Sprintf(v.words, 20+i*7%70),
	}
	if v.severity == "warning" {
		a.urgency = "low"
	}
	return a
}

// alertmanager is the alert as Alertmanager posts it, webhook version 4
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
func (a stormAlert) alertmanager(now time.Time) []byte {
	labels := obj{
		"alertname": a.name, "service": a.service, "severity": a.severity, "instance": a.instance,
		"env": "prod", "provider": "anthropic",
	}
	common := obj{"alertname": a.name, "service": a.service, "severity": a.severity, "env": "prod", "provider": "anthropic"}
	words := obj{"summary": a.title, "description": "The provider's own status page says: elevated errors."}
	group := obj{"alertname": a.name, "service": a.service}
	return toJSON(obj{
		"receiver": "tocsin", "status": "firing", "version": "4", "truncatedAlerts": 0, "externalURL": "http://alertmanager.example.com",
		"groupKey":    fmt.Sprintf("{}:{alertname=%q, service=%q, instance=%q}", a.name, a.service, a.instance),
		"groupLabels": group, "commonLabels": common, "commonAnnotations": words,
		"alerts": []any{obj{
			"status": "firing", "labels": labels, "annotations": words, "startsAt": now.UTC().Format(time.RFC3339Nano),
			"endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus.example.com/graph", "fingerprint": a.fingerprint(),
		}},
	})
}

// fingerprint is what tells the alert from others: sixteen hex digits of its labels.
func (a stormAlert) fingerprint() string {
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, a.name, a.service, a.instance)
	return fmt.Sprintf("%016x", sum.Sum64())
}
