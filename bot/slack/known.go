package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/slack-go/slack"
)

// Known is what Slack said of a bot token when it was last reached: what a start needs
// while Slack is away. It holds no secret.
type Known struct {
	Token string `json:"token"`         // a hash of it
	App   string `json:"app,omitempty"` // a hash of the app token, with Socket Mode
	User  string `json:"user"`          // who the bot is
	Team  string `json:"team"`
	URL   string `json:"url"`  // of the workspace, ends in "/"
	Name  string `json:"name"` // of the workspace, for people
	Bot   string `json:"bot,omitempty"`
	// Before are the users and bots in this workspace that this record was served as
	// before: with a token of another app what they posted is ours still.
	Before []string `json:"before,omitempty"`
}

// of tells whether it was said of this token.
func (k Known) of(token string) bool { return k.User != "" && k.Token == hashed(token) }

// took tells whether Slack took a token of c before, which it names: then it is no
// mistake that it refuses it now.
func (k Known) took(c Config, token string) bool {
	return k.of(c.BotToken) && (token == botToken || k.App == hashed(c.AppToken))
}

// hashed tells tokens apart. They are long and random: nobody finds one by its hash.
func hashed(token string) string {
	sum := sha256.Sum256([]byte("tocsin bot token\x00" + token))
	return hex.EncodeToString(sum[:])
}

// Known is what to remember of this workspace for a start while Slack is away.
func (c *Connection) Known() Known {
	app := ""
	if c.config.AppToken != "" {
		app = hashed(c.config.AppToken)
	}
	return Known{
		App:   app,
		Token: hashed(c.config.BotToken), User: c.Me.User, Bot: c.Me.Bot, Team: c.Me.Team, URL: c.Me.URL, Name: c.Team,
		Before: c.config.Known.before(c.Me),
	}
}

// before are the users and bots that me had been until it became what it is.
func (k Known) before(me Identity) (ids []string) {
	if k.Team != me.Team {
		return nil
	}
	for _, id := range append(slices.Clone(k.Before), k.User, k.Bot) {
		if id != "" && id != me.User && id != me.Bot && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func identity(auth *slack.AuthTestResponse) Identity {
	return Identity{User: auth.UserID, Bot: auth.BotID, Team: auth.TeamID, URL: slashed(auth.URL)}
}
