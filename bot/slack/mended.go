package slack

import (
	"strconv"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// mended tells of the bars that are gone, now that an effect was done.
func mended(inc incident.Incident, e effect.Effect) (facts []incident.Fact) {
	for _, bar := range inc.Bars {
		if mends(inc, e, bar) {
			bar.Why = ""
			facts = append(facts, bar)
		}
	}
	return facts
}

// mends tells whether an effect that was done needed the right that a bar is about: to
// have edited the card says nothing of new messages where the workspace bars those alone.
func mends(inc incident.Incident, e effect.Effect, bar incident.Barred) bool {
	how := writing(inc, e)
	wide := bar.Where == incident.BarredChat || bar.Where == incident.BarredRoom && e.Needs() != effect.Nothing
	switch {
	case bar.Only != "":
		return how == bar.Only && (wide || bar.Effect == effect.Effects.Name(e))
	case bar.Effect == effect.Effects.Name(e):
		return true
	}
	return wide && (how == incident.OnlyPost || how == incident.OnlyEdit)
}

// writing is the way in which an effect writes what people read; "" if it does not.
func writing(inc incident.Incident, e effect.Effect) string {
	what := ""
	switch e := e.(type) {
	case effect.Say:
		return incident.OnlyPost
	case effect.Draft:
		return incident.OnlyUpload
	case effect.ShowCard:
		what = incident.PostedCard
	case effect.ShowGuide:
		what = postedGuide(e)
	case effect.Announce:
		what = incident.PostedAnnouncement
	default:
		return ""
	}
	if inc.Posts[what].Message.Zero() {
		return incident.OnlyPost
	}
	return incident.OnlyEdit
}

func postedGuide(e effect.ShowGuide) string { return incident.PostedGuide + strconv.Itoa(e.Seq) }

// partly tells whether a refusal may be of one way of writing while others work: a
// token, a scope and a channel are lost to posts and edits alike.
func partly(code string) bool {
	switch code {
	case "restricted_action", "posting_to_channel_denied", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"edit_window_closed", "ekm_access_denied", "team_access_not_granted", "access_denied", "accesslimited", "enterprise_is_restricted", "org_login_required",
		"team_added_to_org", "message_limit_exceeded":
		return true
	}
	return false
}
