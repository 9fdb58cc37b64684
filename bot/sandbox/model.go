package sandbox

import (
	"slices"
	"time"
)

// The one team and the app installed in it.
const (
	TeamID   = "TSANDBOX"
	teamName = "Sandbox"
	BotUser  = "UBTOCSIN"
	BotID    = "BTOCSIN"
	AppID    = "ATOCSIN"
	botName  = "tocsin"
)

// obj is a JSON object of no fixed shape.
type obj = map[string]any

// Person is a member of the team.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	Email    string `json:"email"`
	Color    string `json:"color"`             // of the avatar, six hex digits
	Guest    bool   `json:"guest,omitempty"`   // is_restricted: not a member
	Deleted  bool   `json:"deleted,omitempty"` // deactivated
}

// Message is a message as Slack shows it to apps, plus what only the sandbox's page may see:
// EphemeralTo and Permalink. Messages are replaced, never changed in their slices, so a copy is a
// snapshot.
type Message struct {
	Type        string     `json:"type"`
	Subtype     string     `json:"subtype,omitempty"`
	TS          string     `json:"ts"`
	User        string     `json:"user,omitempty"`
	BotID       string     `json:"bot_id,omitempty"`
	AppID       string     `json:"app_id,omitempty"`
	Username    string     `json:"username,omitempty"`
	Team        string     `json:"team,omitempty"`
	ClientMsgID string     `json:"client_msg_id,omitempty"`
	Text        string     `json:"text"`
	Blocks      []any      `json:"blocks,omitempty"`
	Attachments []any      `json:"attachments,omitempty"`
	ThreadTS    string     `json:"thread_ts,omitempty"`
	ParentUser  string     `json:"parent_user_id,omitempty"`
	ReplyCount  int        `json:"reply_count,omitempty"`
	ReplyUsers  []string   `json:"reply_users,omitempty"`
	LatestReply string     `json:"latest_reply,omitempty"`
	Edited      *Edited    `json:"edited,omitempty"`
	Reactions   []Reaction `json:"reactions,omitempty"`
	Files       []File     `json:"files,omitempty"`
	Metadata    *Metadata  `json:"metadata,omitempty"`
	PinnedTo    []string   `json:"pinned_to,omitempty"`
	Inviter     string     `json:"inviter,omitempty"`
	Topic       string     `json:"topic,omitempty"`
	Purpose     string     `json:"purpose,omitempty"`
	OldName     string     `json:"old_name,omitempty"`
	Name        string     `json:"name,omitempty"`

	EphemeralTo string `json:"ephemeral_to,omitempty"`
	Permalink   string `json:"permalink,omitempty"`
}

// Edited says who changed a message last, and when.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// Reaction is one emoji on a message and who put it there.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// Metadata is what an app wrote on its message for itself.
type Metadata struct {
	EventType    string `json:"event_type"`
	EventPayload obj    `json:"event_payload"`
}

// File is an uploaded file. Content is set for text up to 64 KiB, in the sandbox's state only.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Mimetype string `json:"mimetype"`
	Filetype string `json:"filetype"`
	User     string `json:"user"`
	Size     int    `json:"size"`
	Created  int64  `json:"created"`
	URL      string `json:"url"`         // on the sandbox's page
	Private  string `json:"url_private"` // where Slack has it
	Content  string `json:"content,omitempty"`
}

// Bookmark is a link at the top of a channel.
type Bookmark struct {
	ID      string `json:"id"`
	Channel string `json:"channel_id"`
	Title   string `json:"title"`
	Link    string `json:"link"`
	Emoji   string `json:"emoji"`
	Type    string `json:"type"`
	Created int64  `json:"date_created"`
	Updated int64  `json:"date_updated"`
	Rank    string `json:"rank"`
	By      string `json:"last_updated_by_user_id"`
	ByTeam  string `json:"last_updated_by_team_id"`
	AppID   string `json:"app_id"`
}

// View is a modal or a home tab as Slack returns it; Errors are shown on the page only.
type View struct {
	ID              string            `json:"id"`
	TeamID          string            `json:"team_id"`
	Type            string            `json:"type"`
	Title           any               `json:"title,omitempty"`
	Submit          any               `json:"submit,omitempty"`
	Close           any               `json:"close,omitempty"`
	Blocks          []any             `json:"blocks"`
	PrivateMetadata string            `json:"private_metadata"`
	CallbackID      string            `json:"callback_id"`
	ExternalID      string            `json:"external_id"`
	State           ViewState         `json:"state"`
	Hash            string            `json:"hash"`
	ClearOnClose    bool              `json:"clear_on_close"`
	NotifyOnClose   bool              `json:"notify_on_close"`
	SubmitDisabled  bool              `json:"submit_disabled"`
	RootViewID      string            `json:"root_view_id"`
	PreviousViewID  any               `json:"previous_view_id"`
	AppID           string            `json:"app_id"`
	InstalledTeam   string            `json:"app_installed_team_id"`
	BotID           string            `json:"bot_id"`
	Errors          map[string]string `json:"errors,omitempty"` // block_id to words
}

// ViewState is what a person entered: block_id, then action_id, then the element's value.
type ViewState struct {
	Values map[string]map[string]any `json:"values"`
}

type note struct {
	Value   string `json:"value"`
	Creator string `json:"creator"`
	LastSet int64  `json:"last_set"`
}

type pin struct {
	TS, By  string
	Created time.Time
}

type channel struct {
	ID, Name          string
	Private, Archived bool
	ReadOnly          bool // only admins write there
	General           bool
	IMWith            string // a direct message between the bot and this person
	Creator           string
	Created, Updated  time.Time
	Topic, Purpose    note
	PreviousNames     []string
	Members           []string
	Messages          []*Message // in order of ts
	Pins              []pin
	Bookmarks         []Bookmark
}

func (c *channel) has(user string) bool { return slices.Contains(c.Members, user) }

// visible tells whether user may see the channel at all.
func (c *channel) visible(user string) bool {
	return c.has(user) || (!c.Private && c.IMWith == "")
}

// message finds by ts; ephemeral messages are nobody's but their reader's and are not found.
func (c *channel) message(ts string) *Message {
	m := c.anyMessage(ts)
	if m == nil || m.EphemeralTo != "" {
		return nil
	}
	return m
}

func (c *channel) anyMessage(ts string) *Message {
	i, found := slices.BinarySearchFunc(c.Messages, ts, func(m *Message, ts string) int {
		return compareTS(m.TS, ts)
	})
	if !found {
		return nil
	}
	return c.Messages[i]
}

func (c *channel) pinned(ts string) bool {
	return slices.ContainsFunc(c.Pins, func(p pin) bool { return p.TS == ts })
}
