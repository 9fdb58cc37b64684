package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"tocsin/bot/sandbox"
)

// TestEverythingABotDoes drives each method that an incident bot needs through slack-go, in the order
// of an incident, and looks at what people then see.
func TestEverythingABotDoes(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	api := b.api

	who, err := api.AuthTestContext(ctx(t))
	must(t, err)
	if who.UserID != sandbox.BotUser || who.BotID != sandbox.BotID || who.TeamID != sandbox.TeamID {
		t.Errorf("auth.test: %+v", who)
	}
	ch, err := api.CreateConversationContext(ctx(t), slack.CreateConversationParams{ChannelName: "inc-1-cut-off"})
	must(t, err)
	if ch.Creator != sandbox.BotUser || !ch.IsMember || ch.IsPrivate || ch.Created.Time().IsZero() {
		t.Errorf("created channel: %+v", ch)
	}
	_, err = api.InviteUsersToConversationContext(ctx(t), ch.ID, "U0ADA", "U0BEN")
	must(t, err)
	_, err = api.SetTopicOfConversationContext(ctx(t), ch.ID, "SEV2 answers cut off")
	must(t, err)
	_, err = api.SetPurposeOfConversationContext(ctx(t), ch.ID, "incident 1")
	must(t, err)

	meta := slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"id": "e1"}}
	_, ts, err := api.PostMessageContext(ctx(t), ch.ID,
		slack.MsgOptionText("SEV2", false), slack.MsgOptionMetadata(meta),
		slack.MsgOptionBlocks(
			slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "SEV2", false, false)),
			slack.NewActionBlock("", slack.NewButtonBlockElement("take", "take commander", slack.NewTextBlockObject(slack.PlainTextType, "Take", false, false))),
		))
	must(t, err)
	_, _, _, err = api.UpdateMessageContext(ctx(t), ch.ID, ts, slack.MsgOptionText("SEV1", false))
	must(t, err)
	must(t, api.AddPinContext(ctx(t), ch.ID, slack.NewRefToMessage(ch.ID, ts)))
	must(t, api.AddReactionContext(ctx(t), "eyes", slack.NewRefToMessage(ch.ID, ts)))
	_, err = api.AddBookmarkContext(ctx(t), ch.ID, slack.AddBookmarkParameters{Title: "Guide", Type: "link", Link: "https://example.com/guide"})
	must(t, err)
	_, err = api.PostEphemeralContext(ctx(t), ch.ID, "U0ADA", slack.MsgOptionText("only you", false))
	must(t, err)
	_, reply, err := api.PostMessageContext(ctx(t), ch.ID, slack.MsgOptionText("in thread", false), slack.MsgOptionTS(ts))
	must(t, err)
	_, err = api.UploadFileContext(ctx(t), slack.UploadFileParameters{
		Filename: "postmortem.md", Title: "Postmortem", Content: "# What happened\n", FileSize: 16, Channel: ch.ID,
	})
	must(t, err)
	link, err := api.GetPermalinkContext(ctx(t), &slack.PermalinkParameters{Channel: ch.ID, Ts: ts})
	must(t, err)
	if want := "/archives/" + ch.ID + "/p" + strings.Replace(ts, ".", "", 1); !strings.HasSuffix(link, want) {
		t.Errorf("permalink %s, want …%s", link, want)
	}

	history, err := api.GetConversationHistoryContext(ctx(t), &slack.GetConversationHistoryParameters{ChannelID: ch.ID, IncludeAllMetadata: true, Limit: 100})
	must(t, err)
	card := history.Messages[slices.IndexFunc(history.Messages, func(m slack.Message) bool { return m.Timestamp == ts })]
	if card.Text != "SEV1" || card.Metadata.EventPayload["id"] != "e1" || len(card.Blocks.BlockSet) != 2 || card.ReplyCount != 1 {
		t.Errorf("the card in history: text %q, metadata %v, %d blocks, %d replies; an update without blocks and metadata must keep them",
			card.Text, card.Metadata, len(card.Blocks.BlockSet), card.ReplyCount)
	}
	if slices.ContainsFunc(history.Messages, func(m slack.Message) bool { return m.Text == "only you" || m.Timestamp == reply }) {
		t.Error("history shows an ephemeral message or a reply")
	}
	replies, _, _, err := api.GetConversationRepliesContext(ctx(t), &slack.GetConversationRepliesParameters{ChannelID: ch.ID, Timestamp: reply})
	must(t, err)
	if len(replies) != 2 || replies[0].Timestamp != ts || replies[1].Timestamp != reply {
		t.Errorf("conversations.replies gave %d messages", len(replies))
	}
	pins, _, err := api.ListPinsContext(ctx(t), ch.ID)
	must(t, err)
	if len(pins) != 1 || pins[0].Message.Timestamp != ts {
		t.Errorf("pins: %+v", pins)
	}
	marks, err := api.ListBookmarksContext(ctx(t), ch.ID)
	must(t, err)
	if len(marks) != 1 || marks[0].Link != "https://example.com/guide" {
		t.Errorf("bookmarks: %+v", marks)
	}
	reacted, err := api.GetReactionsContext(ctx(t), slack.NewRefToMessage(ch.ID, ts), slack.NewGetReactionsParameters())
	must(t, err)
	if len(reacted.Reactions) != 1 || reacted.Reactions[0].Users[0] != sandbox.BotUser {
		t.Errorf("reactions: %+v", reacted)
	}
	members, _, err := api.GetUsersInConversationContext(ctx(t), &slack.GetUsersInConversationParameters{ChannelID: ch.ID})
	must(t, err)
	if !slices.Equal(members, []string{sandbox.BotUser, "U0ADA", "U0BEN"}) {
		t.Errorf("members: %v", members)
	}
	mine, _, err := api.GetConversationsForUserContext(ctx(t), &slack.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel"}})
	must(t, err)
	if !slices.ContainsFunc(mine, func(c slack.Channel) bool { return c.ID == ch.ID && c.Topic.Value == "SEV2 answers cut off" }) {
		t.Errorf("users.conversations lacks the channel: %+v", mine)
	}
	_, err = api.RenameConversationContext(ctx(t), ch.ID, "inc-1-cut-off-answers")
	must(t, err)
	must(t, api.ArchiveConversationContext(ctx(t), ch.ID))
	info, err := api.GetConversationInfoContext(ctx(t), &slack.GetConversationInfoInput{ChannelID: ch.ID, IncludeNumMembers: true})
	must(t, err)
	if !info.IsArchived || info.NumMembers != 3 || info.Name != "inc-1-cut-off-answers" {
		t.Errorf("archived channel: %+v", info)
	}

	var file sandbox.File
	for _, m := range b.Messages(ch.ID) {
		if len(m.Files) > 0 {
			file = m.Files[0]
		}
	}
	if file.Content != "# What happened\n" || file.Mimetype != "text/markdown" || file.Size != 16 {
		t.Errorf("the uploaded file in the state: %+v", file)
	}
}

func TestPeopleLookUps(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	user, err := b.api.GetUserByEmailContext(ctx(t), "ben@example.com")
	must(t, err)
	if user.ID != "U0BEN" || user.RealName != "Ben Ortiz" || user.Profile.DisplayName != "ben" {
		t.Errorf("lookupByEmail: %+v", user)
	}
	user, err = b.api.GetUserInfoContext(ctx(t), "U0CHEN")
	must(t, err)
	if user.Profile.Email != "mei@example.com" || user.IsBot {
		t.Errorf("users.info: %+v", user)
	}
	all, err := b.api.GetUsersContext(ctx(t), slack.GetUsersOptionLimit(2))
	must(t, err)
	if len(all) != 5 {
		t.Errorf("users.list gave %d over all pages, want four people and the bot", len(all))
	}
	groups, err := b.api.GetUserGroupsContext(ctx(t), slack.GetUserGroupsOptionIncludeUsers(true))
	must(t, err)
	if len(groups) != 1 || groups[0].Handle != "oncall" || len(groups[0].Users) == 0 {
		t.Errorf("usergroups.list: %+v", groups)
	}
	members, err := b.api.GetUserGroupMembersContext(ctx(t), groups[0].ID)
	must(t, err)
	if !slices.Equal(members, groups[0].Users) {
		t.Errorf("usergroups.users.list: %v", members)
	}
	team, err := b.api.GetTeamInfoContext(ctx(t))
	must(t, err)
	if team.ID != sandbox.TeamID {
		t.Errorf("team.info: %+v", team)
	}
}

func TestPagesOfChannels(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for _, name := range []string{"a1", "a2", "a3", "a4"} {
		_, err := b.api.CreateConversationContext(ctx(t), slack.CreateConversationParams{ChannelName: name, IsPrivate: name == "a4"})
		must(t, err)
	}
	var names []string
	cursor := ""
	for pages := 0; ; pages++ {
		part, next, err := b.api.GetConversationsContext(ctx(t), &slack.GetConversationsParameters{Limit: 2, Cursor: cursor, Types: []string{"public_channel", "private_channel"}})
		must(t, err)
		if len(part) > 2 || pages > 10 {
			t.Fatalf("page %d has %d channels", pages, len(part))
		}
		for _, c := range part {
			names = append(names, c.Name)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := []string{"general", "incidents", "ml-platform", "a1", "a2", "a3", "a4"}; !slices.Equal(names, want) {
		t.Errorf("all pages: %v, want %v", names, want)
	}
}
