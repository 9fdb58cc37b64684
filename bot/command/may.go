package command

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// Who may do what is said by services/default.md (runbooks.Who).
// Whoever is at the machine's shell owns the record, and may do everything.

// guest refuses guests of the workspace: they see what is said in the channels that
// they were invited to, and change nothing. That they came and went is on record.
func (c *Call) guest(v Verb) error {
	if !c.Guest || v.Name == arrivedVerb.Name || v.Name == leftVerb.Name || c.Services.Defaults().Guests == "allow" {
		return nil
	}
	c.refused(v)
	return incident.Refusal("Guests of this workspace cannot use tocsin. Ask a member of your team to do it for you.")
}

// weighty are the commands that teams limit for good reason: what wakes people, what is
// told to others, and what ends an incident or changes how bad it is.
var weighty = slices.Concat(telling, calling)

// telling is what others get to read, and what ends an incident; calling brings people
// to it. Who may do that can wait for an answer of Slack's, and help cannot.
var (
	telling = []string{"update", "link", "postmortem", "resolve", "reopen", "close", "merge", "hold"}
	calling = []string{"sev", "page"}
)

// may refuses what is somebody else's to do, and says whose. While what says so cannot
// be used, nobody knows whose the weighty ones are, so they are the shell's; from whoever
// may be a guest they are kept until that is known, but for what calls people. Nobody is
// kept from opening an incident and working on it.
func (c *Call) may(v Verb) error {
	if c.By.Via == incident.ViaShell || !c.By.Human() {
		return nil
	}
	if why := c.Services.Unread(); why != "" && slices.Contains(weighty, v.Name) {
		c.refused(v)
		return incident.Refusef("Who may do this is said in `services/default.md`, and that cannot be used: %s. "+
			"Until whoever runs tocsin mends it or takes it away, say it in the shell of tocsin's machine: `tocsin incident`.", incident.Escape(why))
	}
	if c.Stranger && c.Services.Defaults().Guests != "allow" && slices.Contains(telling, v.Name) && !c.works() {
		c.log.Info("refused, because Slack has not said whether they are a guest", "verb", v.Name, "incident", c.Inc.ID, "by", c.By.User)
		return incident.Refusef("Slack has not told me yet whether you are a member of this workspace, and `/incident %s` is for members. I have asked: please say it again in a few seconds. "+
			"If that goes on, ask somebody who has used tocsin today, or whoever runs it: `tocsin incident` in the shell of its machine does not ask Slack.", v.Name)
	}
	who, limited := c.Services.Defaults().Only[v.Name]
	if !limited || who.Includes(c.By.Person, c.Inc) {
		return nil
	}
	c.refused(v)
	text := fmt.Sprintf("`/incident %s` is for %s here.", v.Name, theirs(who, c.Inc))
	if i := slices.IndexFunc(who.Roles, func(r incident.Role) bool { return c.Has() && c.Inc.Holder(r) == (incident.Person{}) }); i >= 0 {
		text += fmt.Sprintf(" Nobody is %s: `/incident take %s`, then say it again.", who.Roles[i].Title(), who.Roles[i])
	}
	return incident.Refusal(text)
}

// works tells whether who asks has a role in the incident: whoever is leading it is not
// stopped half-way because Slack falls silent.
func (c *Call) works() bool {
	return c.Has() && slices.ContainsFunc(incident.Roles, func(r incident.Role) bool { return c.Inc.Holder(r).Is(c.By.Person) })
}

// refused notes what was refused for the operator: it is on no timeline.
func (c *Call) refused(v Verb) {
	c.log.Info("refused, because it is not theirs to do", "verb", v.Name, "incident", c.Inc.ID, "by", c.By.User)
}

// theirs names who may do something: roles with whoever holds them, and people.
func theirs(who runbooks.Who, inc incident.Incident) string {
	var list []string
	for _, r := range who.Roles {
		word := "the " + r.Title()
		if p := inc.Holder(r); p != (incident.Person{}) {
			word += " (" + bot.Mention(p) + ")"
		}
		list = append(list, word)
	}
	if who.Declarer {
		list = append(list, "whoever opened the incident")
	}
	if who.Room {
		list = append(list, "those in its channel")
	}
	for _, u := range who.People {
		list = append(list, bot.Mention(inc.Called(incident.Person{User: u})))
	}
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// CheckOnly tells which verbs of who may do what there are not.
func CheckOnly(only map[string]runbooks.Who) (wrong []string) {
	all := verbs()
	for verb := range only {
		if !slices.ContainsFunc(all, func(v Verb) bool { return v.Name == verb && !v.Quiet }) {
			wrong = append(wrong, fmt.Sprintf("services/default.md limits %q, which is no command: `/incident help` lists them", verb))
		}
	}
	slices.Sort(wrong)
	return wrong
}
