// Package effect names what the bot may ask of the world, as data. An effect
// is stored beside the fact it follows from, in the same transaction, and
// performed later by a worker, once.
//
// Effects bind late: they hold no channel and no message text that can be
// derived from the incident when the time comes. Three properties tell the
// worker how to treat one:
//
//	Lane        effects of one lane and one incident keep their order; lanes run side by side
//	Needs       what the incident must have before the effect can be performed
//	Projection  it shows the present state, so a newer one replaces one that waits
package effect

import (
	"fmt"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/tagged"
)

// Effect is something to be done in the world.
type Effect interface {
	Lane() string
	Needs() Need
	// Words tell what it does, after "could not": "open the channel".
	Words() string
}

// Need is what an incident must have before an effect can be performed.
type Need int

// Each need includes the ones before it.
const (
	Nothing Need = iota
	Channel      // the incident's channel
	Card         // the status card, which is the first message in the channel
)

type (
	// OpenChannel creates the incident's channel. It leads to incident.Linked.
	OpenChannel struct{}
	// Invite brings people into the channel, all in one call.
	Invite struct {
		People []incident.User `json:"people"`
	}
	// SetTopic makes the channel's topic show the present state.
	SetTopic struct{}
	// ShowCard makes the status card show the present state. The first time it
	// leads to incident.Posted.
	ShowCard struct{}
	// ShowGuide makes the message of the guide that event Seq served show how far
	// people got with it. The first time it leads to incident.Posted.
	ShowGuide struct {
		Seq int `json:"seq"`
	}
	// Announce makes the message in the announcement channel show the present
	// state. The first time it leads to incident.Posted.
	Announce struct{}
	// Bookmark puts a link at the top of the channel.
	Bookmark struct {
		Title string `json:"title"`
		URL   string `json:"url"`
		// Again is set when it may be there already.
		Again bool `json:"again,omitempty"`
	}
	// Say posts a message in the channel.
	Say struct {
		Message Message `json:"message"`
	}
	// Fetch reads the message that somebody pinned. It leads to
	// incident.Quoted, in the name of who wrote it.
	Fetch struct {
		Message incident.Message `json:"message"`
	}
	// Mark shows on a message that it is on the timeline.
	Mark struct {
		Message incident.Message `json:"message"`
	}
	// Page has PagerDuty page whom the Nth page of the incident is for. It leads to
	// incident.Paged.
	Page struct {
		N int `json:"n"`
	}
	// SyncPager makes PagerDuty show the incident's state and priority, where it
	// shows something else. It leads to an incident.PagerSynced for each change.
	SyncPager struct{}
	// TellPager puts a text on the incident's PagerDuty incidents: as a note, or as
	// a status update.
	TellPager struct {
		Text   string `json:"text"`
		Update bool   `json:"update,omitempty"`
	}
	// Draft posts the postmortem, drafted from the first Through events, as a
	// file. It leads to incident.Posted.
	Draft struct {
		Through int `json:"through"`
		N       int `json:"n"` // the how-manyth draft
	}
)

// Message is what tocsin says: Markdown, in which all text from outside is
// escaped, and buttons.
type Message struct {
	Title   string   `json:"title,omitempty"` // plain text
	Body    string   `json:"body,omitempty"`  // Markdown
	Buttons []Button `json:"buttons,omitempty"`
	// Mentions are people to be notified of this message.
	Mentions []incident.User `json:"mentions,omitempty"`
}

// Button is a command to be had by pressing: its value is a command line.
type Button struct {
	Label   string `json:"label"`
	Command string `json:"command"`
	Style   Style  `json:"style,omitempty"`
	// Confirm is what to ask first; "" asks nothing.
	Confirm string `json:"confirm,omitempty"`
	// Apart is set when it begins a row of its own: what comes before are
	// answers, what comes now are ways out.
	Apart bool `json:"apart,omitempty"`
}

// Style is how much a button stands out.
type Style string

// Primary is the style of the one button in a message that is meant to be
// pressed first.
const Primary Style = "primary"

func (OpenChannel) Lane() string { return "channel" }
func (Invite) Lane() string      { return "invite" }
func (SetTopic) Lane() string    { return "topic" }
func (ShowCard) Lane() string    { return "card" }
func (g ShowGuide) Lane() string { return fmt.Sprintf("guide/%d", g.Seq) }
func (Announce) Lane() string    { return "announce" }
func (b Bookmark) Lane() string  { return "bookmark " + b.URL }
func (Say) Lane() string         { return "room" }
func (f Fetch) Lane() string     { return "fetch " + f.Message.Channel + " " + f.Message.ID }
func (m Mark) Lane() string      { return "mark " + m.Message.Channel + " " + m.Message.ID }
func (Draft) Lane() string       { return "room" }
func (p Page) Lane() string      { return fmt.Sprintf("page/%d", p.N) }
func (SyncPager) Lane() string   { return "pager" }
func (TellPager) Lane() string   { return "pager-notes" }

func (OpenChannel) Needs() Need { return Nothing }
func (Invite) Needs() Need      { return Channel }
func (SetTopic) Needs() Need    { return Channel }
func (ShowCard) Needs() Need    { return Channel }
func (ShowGuide) Needs() Need   { return Card }
func (Announce) Needs() Need    { return Nothing } // where there is no channel, it says so
func (Bookmark) Needs() Need    { return Channel }
func (Say) Needs() Need         { return Card }
func (Fetch) Needs() Need       { return Nothing }
func (Mark) Needs() Need        { return Nothing }
func (Draft) Needs() Need       { return Card }
func (Page) Needs() Need        { return Nothing }
func (SyncPager) Needs() Need   { return Nothing }
func (TellPager) Needs() Need   { return Nothing }

func (OpenChannel) Words() string { return "open the channel" }
func (Invite) Words() string      { return "invite people to the channel" }
func (SetTopic) Words() string    { return "set the channel's topic" }
func (ShowCard) Words() string    { return "show the status card" }
func (ShowGuide) Words() string   { return "show the guide" }
func (Announce) Words() string    { return "announce the incident" }
func (Bookmark) Words() string    { return "bookmark a link" }
func (Say) Words() string         { return "post a message" }
func (Fetch) Words() string       { return "read the pinned message" }
func (Mark) Words() string        { return "mark the pinned message" }
func (Draft) Words() string       { return "post the postmortem draft" }
func (Page) Words() string        { return "page through PagerDuty" }
func (SyncPager) Words() string   { return "bring PagerDuty's incident up to date" }
func (TellPager) Words() string   { return "put a note on PagerDuty's incident" }

// LaneKind is e's lane without which guide, link, message or page it is of: one of a
// few names, for numbers that are told by lane.
func LaneKind(e Effect) string {
	lane := e.Lane()
	if i := strings.IndexAny(lane, "/ "); i >= 0 {
		return lane[:i]
	}
	return lane
}

// ForPager tells whether e is for the paging service; all others are for the chat.
func ForPager(e Effect) bool {
	switch e.(type) {
	case Page, SyncPager, TellPager:
		return true
	}
	return false
}

// Projection tells whether e shows the present state, so that one is enough
// however many wait.
func Projection(e Effect) bool {
	switch e.(type) {
	case OpenChannel, SetTopic, ShowCard, ShowGuide, Announce, SyncPager:
		return true
	}
	return false
}

// Effects is the closed set of effects with their stored names.
var Effects = tagged.New[Effect](
	tagged.Member[Effect]{Name: "open-channel", Zero: OpenChannel{}},
	tagged.Member[Effect]{Name: "invite", Zero: Invite{}},
	tagged.Member[Effect]{Name: "set-topic", Zero: SetTopic{}},
	tagged.Member[Effect]{Name: "show-card", Zero: ShowCard{}},
	tagged.Member[Effect]{Name: "show-guide", Zero: ShowGuide{}},
	tagged.Member[Effect]{Name: "announce", Zero: Announce{}},
	tagged.Member[Effect]{Name: "bookmark", Zero: Bookmark{}},
	tagged.Member[Effect]{Name: "say", Zero: Say{}},
	tagged.Member[Effect]{Name: "fetch", Zero: Fetch{}},
	tagged.Member[Effect]{Name: "mark", Zero: Mark{}},
	tagged.Member[Effect]{Name: "draft", Zero: Draft{}},
	tagged.Member[Effect]{Name: "page", Zero: Page{}},
	tagged.Member[Effect]{Name: "sync-pager", Zero: SyncPager{}},
	tagged.Member[Effect]{Name: "tell-pager", Zero: TellPager{}},
)
