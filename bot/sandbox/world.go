package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// world is the workspace's data. Its methods never lock: whoever calls them holds the Workspace's lock.
type world struct {
	base      string // https://host that links point to
	fixedBase bool

	writesAnywhere bool   // the bot may post in public channels that it is not in
	suspended      string // why nobody may write in the workspace: an error code; "" for: they may

	people   []Person
	channels []*channel
	groups   []userGroup
	files    map[string]*storedFile
	uploads  map[string]*storedFile // by the secret part of upload_url
	views    map[string][]*View     // a person's stack of modals, the front one last
	homes    map[string]*View
	external map[string]string // external_id to view id
	triggers map[string]*trigger
	replies  map[string]*replyURL

	lastTS   int64 // microseconds
	serial   int64
	outgoing []event
}

type userGroup struct {
	ID, Handle, Name string
	Users            []string
}

type storedFile struct {
	File
	data     []byte
	declared int
	arrived  bool
	shared   bool
}

func newWorld(base string, guests ...string) *world {
	w := &world{
		base: cmp.Or(strings.TrimSuffix(base, "/"), "http://127.0.0.1"), fixedBase: base != "",
		files: map[string]*storedFile{}, uploads: map[string]*storedFile{},
		views: map[string][]*View{}, homes: map[string]*View{}, external: map[string]string{},
		triggers: map[string]*trigger{}, replies: map[string]*replyURL{},
	}
	w.settle()
	for i := range w.people {
		w.people[i].Guest = slices.Contains(guests, w.people[i].ID)
	}
	w.outgoing = nil // the app was not there yet
	return w
}

// settle moves in the default people and gives them their channels and something to talk about.
func (w *world) settle() {
	w.people = []Person{
		{"U0ADA", "ada", "Ada Okafor", "ada@example.com", "b4532a", false, false},
		{"U0BEN", "ben", "Ben Ortiz", "ben@example.com", "2a6f97", false, false},
		{"U0CHEN", "mei", "Mei Chen", "mei@example.com", "5a7d2a", false, false},
		{"U0DINA", "dina", "Dina Weiss", "dina@example.com", "7b4b94", false, false},
	}
	w.groups = []userGroup{{"S0ONCALL", "oncall", "On call", []string{"U0BEN", "U0CHEN"}}}
	ids := []string{"U0ADA", "U0BEN", "U0CHEN", "U0DINA"}
	add := func(name, topic string, members ...string) *channel {
		c := w.newChannel(name, "U0ADA", false)
		c.Members = append([]string{}, members...)
		c.Created = c.Created.AddDate(0, -1, 0)
		c.Topic = note{topic, "U0ADA", c.Created.Unix()}
		return c
	}
	add("general", "Everyone, everything", append(ids, BotUser)...).General = true
	add("incidents", "New incidents are announced here", append(ids, BotUser)...)
	ml := add("ml-platform", "Models in production: quality, latency, cost", ids...)
	for _, line := range []struct {
		ago        time.Duration
		user, text string
	}{
		{95 * time.Minute, "U0CHEN", "Rolled the assistant over to the new model snapshot this morning. Evals looked flat, so I left it at 100%."},
		{40 * time.Minute, "U0DINA", "Support has three tickets since lunch: answers stop in the middle of a sentence. Long ones only, as far as I can tell."},
		{12 * time.Minute, "U0BEN", "I can reproduce it. Anything over about 500 tokens comes back cut off, and the response says it finished normally."},
	} {
		m := w.personMessage(line.user, line.text)
		m.TS = formatTS(time.Now().Add(-line.ago).UnixMicro())
		w.put(ml, m)
	}
}

func (w *world) newChannel(name, creator string, private bool) *channel {
	c := &channel{
		ID: w.newID("C"), Name: name, Private: private, Creator: creator,
		Created: time.Now(), Updated: time.Now(), Members: []string{creator},
	}
	w.channels = append(w.channels, c)
	return c
}

// newID makes an id that is unique in the workspace, in Slack's shape.
func (w *world) newID(prefix string) string {
	w.serial++
	return prefix + "0" + strings.ToUpper(strconv.FormatInt(36*36*36*36*36*7+w.serial*40_503, 36))
}

// newTS makes a message's ts: "seconds.micros", unique in the workspace and never going back.
func (w *world) newTS() string {
	w.lastTS = max(time.Now().UnixMicro(), w.lastTS+1)
	return formatTS(w.lastTS)
}

func formatTS(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

// parseTS reads a ts as microseconds.
func parseTS(ts string) (int64, bool) {
	sec, frac, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(sec, 10, 64)
	if err != nil || len(frac) > 6 || s < 0 {
		return 0, false
	}
	micros, err := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	return s*1e6 + micros, err == nil
}

func compareTS(a, b string) int {
	am, _ := parseTS(a)
	bm, _ := parseTS(b)
	return cmp.Compare(am, bm)
}

func (w *world) person(id string) *Person {
	i := slices.IndexFunc(w.people, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &w.people[i]
}

// userName is a person's or the bot's short name.
func (w *world) userName(id string) string {
	if p := w.person(id); p != nil {
		return p.Name
	}
	return botName
}

func (w *world) isUser(id string) bool { return id == BotUser || w.person(id) != nil }

// channelByID also takes a person's id, which means the direct message with them.
func (w *world) channelByID(id string) *channel {
	for _, c := range w.channels {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (w *world) channelByName(name string) *channel {
	name = strings.TrimPrefix(name, "#")
	for _, c := range w.channels {
		if c.Name == name && c.IMWith == "" {
			return c
		}
	}
	return nil
}

// directMessage is the bot's conversation with a person, opened if need be.
func (w *world) directMessage(user string) (c *channel, opened bool) {
	for _, c := range w.channels {
		if c.IMWith == user {
			return c, false
		}
	}
	c = &channel{
		ID: w.newID("D"), IMWith: user, Private: true, Creator: BotUser,
		Created: time.Now(), Updated: time.Now(), Members: []string{user, BotUser},
	}
	w.channels = append(w.channels, c)
	return c, true
}

func (w *world) permalink(c *channel, ts string) string {
	return w.base + "/archives/" + c.ID + "/p" + strings.Replace(ts, ".", "", 1)
}
