package main

import "github.com/prometheus/client_golang/prometheus"

// What each number means and, where it can be too high, what to do then.
const helpDeliveries = "Requests at /webhook by source and outcome. Refused: its secret here and there differ. " +
	"Unreadable or too-large: the log says what is wrong. Failed: nothing is stored, look at the disk; the source sends again."

var (
	descUp = desc("up", "1 while what arrives can be stored. 0: look at the disk and the log, and start tocsin again.")

	descBuild = desc("build_info", "The version that runs, as a label.", "version")

	descArrivals = desc("arrivals_waiting", "Deliveries in memory that are stored and not placed yet. "+
		"High for minutes: the log says what keeps alerts from being placed.")

	descEffects = desc("effects_waiting", "What is to be done in Slack or PagerDuty and is not done yet, by effect. "+
		"High: see tocsin_slack_paused_seconds and tocsin_slack_bucket_waiting; where both are 0, the log says what fails.", "effect")

	descOldest = desc("effects_oldest_seconds", "How long the oldest of tocsin_effects_waiting waits. "+
		"High: people wait for rooms or answers; /incident status says for what, /incident hold on stops new rooms.")

	descUsed = desc("slack_bucket_used", "Calls of a Slack method in the last minute. At the limit the less urgent ones wait.", "method")

	descLimit = desc("slack_bucket_limit", "Calls of a Slack method that are taken to fit into a minute. Low: Slack refused some lately.", "method")

	descWaiting = desc("slack_bucket_waiting", "Effects that wait for room for a call of a Slack method, the most urgent first. "+
		"High: there is more to tell than Slack takes; /incident hold on stops new rooms.", "method")

	descPaused = desc("slack_paused_seconds", "For how long Slack still takes no calls of a method. "+
		"Above 0 again and again: something else uses the same app's token.", "method")

	descHeld = desc("rooms_held", "1 while alerts open no rooms because a person said so. For hours: /incident hold off ends it.")

	descStorm = desc("storm", "1 while alerts of something new share one incident, because they opened too many rooms. "+
		"Go there: /incident status names it.")

	descIncidents = desc("incidents", "Incidents on record that are not private, by status and severity. "+
		"Many that are investigated or mitigated: /incident list shows what can be resolved.", "status", "severity")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tocsin_"+name, help, labels, nil)
}
