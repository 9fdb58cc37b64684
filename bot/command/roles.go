package command

import (
	"context"
	"strings"

	"tocsin/bot"
	"tocsin/bot/incident"
)

var takeVerb = Verb{
	Name: "take", Args: "ROLE", Help: "take a role yourself: commander, tech, comms or scribe",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		if c.Args == "" {
			return bot.Answer{Form: rolesForm(c, "assign", "Take a role")}, nil
		}
		role, err := incident.ParseRole(c.Args)
		if err != nil {
			return bot.Answer{}, err
		}
		err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Assign(role, c.By.Person) })
		return answer("You are %s of %s now.", role.Title(), c.Inc.ID), err
	},
}

var assignVerb = Verb{
	Name: "assign", Args: "ROLE @user", Help: "give a role to somebody, whoever had it before",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		return give(ctx, c, "assign", incident.Incident.Assign)
	},
}

var handoverVerb = Verb{
	Name: "handover", Args: "[ROLE] @user", Help: "hand a role that you hold over to somebody",
	Run: func(ctx context.Context, c *Call) (bot.Answer, error) {
		return give(ctx, c, "handover", func(inc incident.Incident, r incident.Role, to incident.Person) ([]incident.Fact, error) {
			return inc.Handover(r, c.By.Person, to)
		})
	},
}

// give gives a role to a person, from the line or from the form.
func give(ctx context.Context, c *Call, verb string, decide func(incident.Incident, incident.Role, incident.Person) ([]incident.Fact, error)) (bot.Answer, error) {
	if c.Values == nil && c.Args == "" {
		return bot.Answer{Form: rolesForm(c, verb, map[string]string{"assign": "Give a role", "handover": "Hand a role over"}[verb])}, nil
	}
	role, to, err := roleAndPerson(c, verb)
	if err != nil {
		return bot.Answer{}, err
	}
	err = c.decide(ctx, func(inc incident.Incident) ([]incident.Fact, error) { return decide(inc, role, to) })
	return answer("%s is %s of %s now.", bot.Mention(to), role.Title(), c.Inc.ID), err
}

func roleAndPerson(c *Call, verb string) (incident.Role, incident.Person, error) {
	if c.Values != nil {
		role, err := incident.ParseRole(c.Values["role"])
		return role, c.chosen("to"), about("role", err)
	}
	text, to := c.cutMention(c.Args)
	if _, other := c.cutMention(text); other != (incident.Person{}) {
		return "", to, incident.Refusef("One person for one role: `/incident %s scribe @ada`.", verb)
	}
	var words []string
	for _, w := range strings.Fields(text) {
		switch strings.ToLower(w) {
		case "to":
		case "me":
			to = c.By.Person
		default:
			words = append(words, w)
		}
	}
	if len(words) == 0 && verb == "handover" {
		words = []string{string(heldBy(c))}
	}
	role, rest, err := leadingRole(words)
	if err == nil && to == (incident.Person{}) && len(rest) > 0 {
		err = incident.Refusef("I don't know “%s”. Type @ and choose a person: `/incident %s %s @ada`.", incident.Escape(strings.Join(rest, " ")), verb, role)
	}
	return role, to, err
}

// leadingRole takes a role off the beginning; it may be several words, such as
// "incident commander".
func leadingRole(words []string) (role incident.Role, rest []string, err error) {
	for n := len(words); n > 1; n-- {
		if role, err := incident.ParseRole(strings.Join(words[:n], " ")); err == nil {
			return role, words[n:], nil
		}
	}
	n := min(1, len(words))
	role, err = incident.ParseRole(strings.Join(words[:n], " "))
	return role, words[n:], err
}

// cutMention takes the first person that a text names out of it. Of two that
// fit at one place, the longer is meant.
func (c *Call) cutMention(text string) (string, incident.Person) {
	at, longest := -1, ""
	for word := range c.Mentions {
		if i := strings.Index(text, word); i >= 0 && (at < 0 || i < at || i == at && len(word) > len(longest)) {
			at, longest = i, word
		}
	}
	if at < 0 {
		return strings.TrimSpace(text), incident.Person{}
	}
	return strings.TrimSpace(text[:at] + text[at+len(longest):]), c.Mentions[longest]
}

// chosen is the person chosen in a field of a form.
func (c *Call) chosen(field string) incident.Person {
	if p, ok := c.Mentions[c.Values[field]]; ok {
		return p
	}
	p := incident.Person{User: incident.User(c.Values[field])}
	if p.Is(c.By.Person) {
		return c.By.Person
	}
	return c.Inc.Called(p)
}

// heldBy is the role that the person who asks holds, the commander's first.
func heldBy(c *Call) incident.Role {
	for _, r := range incident.Roles {
		if c.Inc.Holder(r).Is(c.By.Person) {
			return r
		}
	}
	return incident.Commander
}

func rolesForm(c *Call, verb, title string) *bot.Form {
	f := &bot.Form{
		Title: title, Submit: "Save", Command: string(c.Inc.ID) + " " + verb,
		Fields: []bot.Field{
			{Name: "role", Label: "Role", Kind: bot.OneOf, Required: true},
			{Name: "to", Label: "Who", Kind: bot.Whom, Required: true, Value: string(c.By.User)},
		},
	}
	for _, r := range incident.Roles {
		label := r.Title()
		if p := c.Inc.Holder(r); p != (incident.Person{}) {
			label += " · now " + p.String()
		}
		f.Fields[0].Choices = append(f.Fields[0].Choices, bot.Choice{Value: string(r), Label: incident.Cut(label, 75)})
	}
	return f
}
