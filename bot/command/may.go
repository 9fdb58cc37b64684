package command

import (
	"context"
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
	c.refused(deed{by: v, of: v.Name})
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

// deed is a verb's doing what is limited, perhaps under another verb's name.
type deed struct {
	by  Verb              // what is said
	of  string            // the verb that it is, or amounts to, by its name
	how string            // how it amounts to that; "" for the verb itself
	to  incident.Incident // whose roles count
}

// may refuses what is somebody else's to do, and says whose: the verb itself, and what
// it amounts to. While what says so cannot be used, nobody knows whose the weighty ones
// are, so they are the shell's; from whoever may be a guest they are kept until that is
// known, but for what calls people.
func (c *Call) may(ctx context.Context, v Verb) error {
	if err := c.mayDo(deed{by: v, of: v.Name, to: c.Inc}); err != nil {
		return err
	}
	for _, w := range amounts[v.Name] {
		to, does, err := w.to(ctx, c)
		if err == nil && does {
			err = c.mayDo(deed{by: v, of: w.verb, how: w.says, to: to})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayDo refuses one deed.
func (c *Call) mayDo(d deed) error {
	unread := c.Services.Unread()
	who, ok := c.allowed(d.of, d.to)
	switch {
	case c.shell() || !c.By.Human():
		return nil
	case unread != "" && d.weighs(weighty):
		c.refused(d)
		return incident.Refusef("Who may do this is said in `services/default.md`, and that cannot be used: %s. "+
			"Until whoever runs tocsin mends it or takes it away, say it in the shell of tocsin's machine: `tocsin incident`.", incident.Escape(unread))
	case c.Stranger && c.Services.Defaults().Guests != "allow" && d.weighs(telling) && !c.works(d.to):
		c.log.Info("refused, because Slack has not said whether they are a guest", "verb", d.by.Name, "incident", c.Inc.ID, "by", c.By.User)
		return incident.Refusef("Slack has not told me yet whether you are a member of this workspace, and `/incident %s` is for members. I have asked: please say it again in a few seconds. "+
			"If that goes on, ask somebody who has used tocsin today, or whoever runs it: `tocsin incident` in the shell of its machine does not ask Slack.", d.by.Name)
	case !ok:
		c.refused(d)
		return c.whose(d, who)
	}
	return nil
}

// weighs tells whether a deed is one of those that are kept while nobody knows who may do
// them. For want of knowing, nobody is kept from opening an incident, however bad, or
// from going on in private.
func (d deed) weighs(list []string) bool {
	free := d.how != "" && (d.by.Name == openVerb.Name || d.by.Name == privateVerb.Name)
	return !free && slices.Contains(list, d.of)
}

// allowed tells whom a team's own limit lets use a verb on an incident, and whether they
// are who asks; whoever is at the shell may.
func (c *Call) allowed(verb string, to incident.Incident) (who runbooks.Who, ok bool) {
	who, limited := c.Services.Defaults().Only[verb]
	return who, !limited || c.shell() || who.Includes(c.By.Person, to)
}

func (c *Call) shell() bool { return c.By.Via == incident.ViaShell }

// whose is the refusal of what a team's own limit gives to others: it says to whom, and
// how to get on.
func (c *Call) whose(d deed, who runbooks.Who) error {
	text, place := fmt.Sprintf("`/incident %s` is for %s", d.of, theirs(who, d.to)), " here."
	if d.to.ID != "" && d.to.ID != c.Inc.ID {
		place = " of " + string(d.to.ID) + "."
	}
	if text += place; d.how != "" {
		text = fmt.Sprintf("That %s, and %s", d.how, text)
	}
	if i := slices.IndexFunc(who.Roles, func(r incident.Role) bool { return d.to.ID != "" && d.to.Holder(r) == (incident.Person{}) }); i >= 0 {
		text += fmt.Sprintf(" Nobody is %s: `/incident %stake %s`, then say it again.", who.Roles[i].Title(), c.number(d.to), who.Roles[i])
	}
	if d.by.Name == openVerb.Name && d.how != "" {
		text += " With none, or as a SEV3, it is open at once."
		return about("severity", incident.Refusal(text))
	}
	return incident.Refusal(text)
}

// number is what a command about an incident begins with where another one is the call's.
func (c *Call) number(inc incident.Incident) string {
	if inc.ID == c.Inc.ID {
		return ""
	}
	return string(inc.ID) + " "
}

// works tells whether who asks has a role in an incident: whoever is leading it is not
// stopped half-way because Slack falls silent.
func (c *Call) works(inc incident.Incident) bool {
	return inc.ID != "" && slices.ContainsFunc(incident.Roles, func(r incident.Role) bool { return inc.Holder(r).Is(c.By.Person) })
}

// refused notes what was refused for the operator: it is on no timeline.
func (c *Call) refused(d deed) {
	c.log.Info("refused, because it is not theirs to do", "verb", d.by.Name, "limit", d.of, "incident", c.Inc.ID, "by", c.By.User)
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
