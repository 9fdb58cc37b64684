package main

import "github.com/prometheus/client_golang/prometheus"

// What each number means and, where it can be too high, what to do then.
const helpDeliveries = "Requests at /webhook by source and outcome, and what people ask in Slack, by HTTP or Socket Mode, as source slack. " +
	"Refused: its secret here and there differ. Unreadable or too-large: the log says what is wrong. " +
	"Failed: nothing is stored, look at the disk; a webhook's source sends again, and who asked in Slack was told."

const (
	helpCalls = "Calls to Slack by method and outcome. Refused: the log says why, and so does the incident's room. " +
		"Limited: Slack said not now, it is asked again. Failed or lost: it is looked for, then done again; where it lasts, Slack is away."

	helpCommits = "How long a write to the record took, with its sync to disk. Above 0.1 s people wait: look at the disk. " +
		"Failed even once: tocsin takes nothing until the disk does again, so that nobody is promised what is not stored."

	helpLines = "Lines in the log by level. Errors want an operator: read them."

	helpPanics = "Panics that were caught, by the part of tocsin. Above 0: a defect; report it with the line in the log that says panic."
)

var (
	descLeads = desc("leads", "1 while effects are performed and reminders are given. 0 for minutes after a start: another one runs on the same record.")

	descLinks = desc("slack_links", "Links of Socket Mode that are up, of two. 0: what people do in Slack does not arrive; the log says why.")

	descDue = desc("reminders_due", "What people owe at the clock's last look: updates over their time, pages that PagerDuty has not taken, "+
		"incidents with follow-ups over their date. They have been told.", "of")

	descOverdue = desc("reminders_overdue", "Reminders that are due and could not be given at the clock's last look. Above 0: the log says why.")

	descClock = desc("clock_seconds", "How long ago the clock last looked for what is due; it does twice a minute. High: nobody is reminded, start tocsin again.")

	descBackup = desc("last_backup_timestamp_seconds", "When the last backup was made, 0 for never. Old: see whether TOCSIN_BACKUP can be written, and whether the record is damaged.")

	descDamaged = desc("damaged_records", "Records that the examination of the store found damaged. Above 0: tocsin doctor names them; restore a backup.")

	descUp = desc("up", "1 while what arrives can be stored. 0, or nothing but 503: look at the disk and the log.")

	descBuild = desc("build_info", "The version that runs, as a label.", "version")

	// process_start_time_seconds is not served where /proc/stat is hidden, as our systemd unit does.
	descBegan = desc("start_time_seconds", "When it was started. Again and again: the last lines of its log before each start say why.")

	descArrivals = desc("arrivals_waiting", "Deliveries in memory that are stored and not placed yet. "+
		"High for minutes: the log says what keeps alerts from being placed.")

	descKept = desc("alerts_kept", "Alerts of which something is stored and cannot be carried out before the next start: a record is damaged, or tocsin fails at it. "+
		"Above 0: the log says why; stop tocsin, run tocsin doctor --repair, and start it.")

	descEffects = desc("effects_waiting", "What is to be done in Slack or PagerDuty and is not done yet: the outbox, by effect and by its lane, "+
		"in which an incident's effects keep their order. High: see tocsin_slack_paused_seconds and tocsin_slack_bucket_waiting; "+
		"where both are 0, the log says what fails.", "lane", "effect")

	descOldest = desc("effects_oldest_seconds", "How long the oldest of tocsin_effects_waiting waits, by lane and effect. "+
		"High: people wait for rooms (lane channel), for whom they paged (page) or for answers (room); /incident status says for what, "+
		"/incident hold on stops new rooms.", "lane", "effect")

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
