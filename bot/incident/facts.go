package incident

import (
	"encoding/json"
	"time"

	"tocsin/bot/tagged"
)

// Fact is something that happened, in the past tense and complete: whoever
// reads it later needs nothing else. Fields are added, never renamed and never
// given another meaning; facts_test.go pins the stored bytes.
type Fact interface{ fact() }

// Message names one message in the chat service. Both parts are opaque here.
type Message struct {
	Channel string `json:"channel"`
	ID      string `json:"id"`
}

// Zero tells whether m names no message.
func (m Message) Zero() bool { return m == Message{} }

// Quote is a message as it stood when somebody referred to it.
type Quote struct {
	Message Message   `json:"message,omitzero"`
	Author  Person    `json:"author,omitzero"`
	Text    string    `json:"text"`
	Link    string    `json:"link,omitempty"`
	Written time.Time `json:"written,omitzero"`
}

type (
	// Declared is the first fact of every incident.
	Declared struct {
		Title    string   `json:"title"`
		Severity Severity `json:"severity"`
		Symptom  string   `json:"symptom"`
		Private  bool     `json:"private,omitempty"`
		// Storm is set when it takes in alerts that are too many for rooms of their own.
		Storm bool `json:"storm,omitempty"`
		// Began is when impact began, as far as was known; zero: not known.
		Began   time.Time `json:"began,omitzero"`
		Model   string    `json:"model,omitempty"`
		Service string    `json:"service,omitempty"`
		// Quote is the message it was declared from.
		Quote *Quote `json:"quote,omitempty"`
		// From is the incident that this one goes on with in private, "" if with none.
		From ID `json:"from,omitempty"`
		// People are those to have in the channel besides the declarer; OnCall are
		// those of them who are on call.
		People []Person `json:"people,omitempty"`
		OnCall []Person `json:"on_call,omitempty"`
	}
	// Signaled is a word from a monitor or an alerting service.
	Signaled struct {
		Source  string `json:"source"` // "pagerduty"
		Event   string `json:"event"`  // its own word: "incident.triggered"
		State   string `json:"state"`  // one of the State constants
		Key     string `json:"key"`    // what the source calls the alert
		Title   string `json:"title,omitempty"`
		Text    string `json:"text,omitempty"`
		Link    string `json:"link,omitempty"`
		Service string `json:"service,omitempty"`
		// Urgency is the source's own word for how bad it is: "high", "critical".
		Urgency string `json:"urgency,omitempty"`
		// Severity is what that comes to; "" if it comes to nothing.
		Severity Severity `json:"severity,omitempty"`
		// Whole is the title as the source wrote it, where Title is without its noise.
		Whole  string            `json:"whole,omitempty"`
		Labels map[string]string `json:"labels,omitempty"`
		// Image shows the alert, Runbook is what its rule says to read; both are
		// addresses from outside.
		Image   string `json:"image,omitempty"`
		Runbook string `json:"runbook,omitempty"`
		// Since is when it began to fire, as the source says; zero: not said.
		Since time.Time `json:"since,omitzero"`
		// Why tells why it belongs to the incident: "same service and symptom as …".
		Why string `json:"why,omitempty"`
		// Late is set when something newer of the same alert was there already: it
		// changes nothing.
		Late bool `json:"late,omitempty"`
		// Echo is set when it tells what tocsin did there itself.
		Echo bool `json:"echo,omitempty"`
	}
	// Detached takes an alert off the incident; To is where it goes on, "" for
	// nowhere.
	Detached struct {
		Source string `json:"source"`
		Key    string `json:"key"`
		Title  string `json:"title,omitempty"`
		To     ID     `json:"to,omitempty"`
	}
	// Merged tells that the alerts of another incident came here.
	Merged struct {
		From   ID  `json:"from"`
		Alerts int `json:"alerts"`
	}
	// RoomHeld tells that there is no room until a person asks for one.
	RoomHeld struct {
		Why string `json:"why"`
		// Quiet is set when nobody is asked about it: it is only listed.
		Quiet bool `json:"quiet,omitempty"`
	}
	// RoomWanted tells that somebody wants the room that was held.
	RoomWanted struct{}
	// PageAsked asks PagerDuty for people.
	PageAsked struct {
		N    int        `json:"n"` // the how-manyth of the incident
		To   PageTarget `json:"to"`
		Text string     `json:"text,omitempty"`
	}
	// Paged tells that PagerDuty pages them.
	Paged struct {
		N  int        `json:"n"`
		To PageTarget `json:"to"`
		// Key is PagerDuty's incident, or the dedup key of an alert sent to it.
		Key  string `json:"key"`
		Link string `json:"link,omitempty"`
		// Added is set when they were added to an incident that was there.
		Added bool `json:"added,omitempty"`
		// Event is set when it went as an event: then Key is a dedup key.
		Event bool `json:"event,omitempty"`
		// Perhaps is set when nobody knows whether it went out before the incident ended.
		Perhaps bool `json:"perhaps,omitempty"`
	}
	// PagerSynced tells what PagerDuty was made to show, because it showed
	// something else.
	PagerSynced struct {
		Key      string `json:"key"`                // as in Paged, or a signal's
		State    string `json:"state,omitempty"`    // a State constant
		Priority string `json:"priority,omitempty"` // its name: "P1"
	}
	// Linked tells which channel is the incident's.
	Linked struct {
		Channel string `json:"channel"`
		Name    string `json:"name"`
		Link    string `json:"link,omitempty"`
	}
	// Posted tells where one of the incident's own messages is.
	Posted struct {
		What    string  `json:"what"` // PostedCard, PostedAnnouncement, PostedPostmortem
		Message Message `json:"message"`
		Link    string  `json:"link,omitempty"`
	}
	// Joined tells that somebody is to be in the channel.
	Joined struct {
		Person Person `json:"person"`
	}
	// Left tells that somebody is no longer in the channel.
	Left struct {
		Person Person `json:"person"`
	}
	// Assigned gives a role to a person.
	Assigned struct {
		Role Role   `json:"role"`
		To   Person `json:"to"`
		From Person `json:"from,omitzero"`
	}
	// SeverityChanged sets the severity.
	SeverityChanged struct {
		To   Severity `json:"to"`
		From Severity `json:"from"`
	}
	// SymptomChanged sets the symptom.
	SymptomChanged struct {
		To   string `json:"to"`
		From string `json:"from"`
	}
	// ImpactBegan corrects when impact began.
	ImpactBegan struct {
		At time.Time `json:"at"`
	}
	// GuideServed puts a guide in front of the responders.
	GuideServed struct {
		Guide    string `json:"guide"`
		Title    string `json:"title"`
		Version  string `json:"version"`
		Why      string `json:"why,omitempty"`
		Summary  string `json:"summary,omitempty"`
		Question string `json:"question,omitempty"`
		// Symptom is the first symptom that the guide is for.
		Symptom string `json:"symptom,omitempty"`
		// Chosen is set when a person chose it, not the matching.
		Chosen bool `json:"chosen,omitempty"`
	}
	// GuideOffered tells that another guide may fit better now.
	GuideOffered struct {
		Guide   string `json:"guide"`
		Title   string `json:"title"`
		Version string `json:"version"`
		Why     string `json:"why,omitempty"`
	}
	// GuideRejected tells that a guide is not the right one.
	GuideRejected struct {
		Guide   string `json:"guide"`
		Title   string `json:"title"`
		Version string `json:"version"`
	}
	// GuideRated tells whether a guide helped.
	GuideRated struct {
		Guide   string `json:"guide"`
		Title   string `json:"title"`
		Version string `json:"version"`
		Helped  string `json:"helped"` // one of the Helped constants
	}
	// StepTaken answers a question of the guide's decision tree. Without an
	// answer it goes back to the question.
	StepTaken struct {
		Guide    string `json:"guide"`
		Title    string `json:"title"`
		Version  string `json:"version"`
		Question string `json:"question"` // its id in the guide
		Asked    string `json:"asked"`    // its words
		Answer   string `json:"answer,omitempty"`
		Answered string `json:"answered,omitempty"`
	}
	// MitigationChosen tells that somebody begins with one of a guide's ways to
	// stop the impact. Whether it worked is another fact.
	MitigationChosen struct {
		Guide      string `json:"guide"`
		Title      string `json:"title"`
		Version    string `json:"version"`
		Mitigation string `json:"mitigation"` // its id in the guide
		Name       string `json:"name"`
		Kind       string `json:"kind,omitempty"` // the id of a mitigation that it counts as
	}
	// PlayStarted begins a play: its tasks, and how it is run.
	PlayStarted struct {
		Play        string        `json:"play"`
		Title       string        `json:"title"`
		Version     string        `json:"version"`
		UpdateEvery time.Duration `json:"update_every,omitempty"`
		Postmortem  bool          `json:"postmortem,omitempty"`
		// Pager is what of the record is sent to PagerDuty's incident: PagerNotes,
		// PagerUpdates.
		Pager []string `json:"pager,omitempty"`
		Tasks []Task   `json:"tasks,omitempty"`
	}
	// TaskAdded adds a task by hand.
	TaskAdded struct {
		Task Task `json:"task"`
	}
	// TaskDone finishes task N, counted from 1.
	TaskDone struct {
		N    int    `json:"n"`
		Text string `json:"text"`
	}
	// Noted is a note by hand.
	Noted struct {
		Text string `json:"text"`
	}
	// Pinned tells that somebody wants a message on the timeline.
	Pinned struct {
		Message Message `json:"message"`
	}
	// Quoted is the pinned message itself. Its event's time is when the
	// message was written.
	Quoted struct {
		Quote Quote `json:"quote"`
	}
	// Updated is a status update for everybody who waits for one.
	Updated struct {
		Text string `json:"text"`
		N    int    `json:"n"`
	}
	// Mitigated tells that impact stopped.
	Mitigated struct {
		How  string `json:"how,omitempty"` // id of a mitigation, "" if not said
		Text string `json:"text,omitempty"`
	}
	// Resolved tells that the incident is over.
	Resolved struct {
		Text string `json:"text,omitempty"`
	}
	// Reopened tells that it is not over after all.
	Reopened struct {
		Text string `json:"text,omitempty"`
	}
	// Closed ends the incident's life.
	Closed struct {
		Reason string `json:"reason"`
		Of     ID     `json:"of,omitempty"` // the original, of a duplicate
		Text   string `json:"text,omitempty"`
	}
	// ActionAdded is a follow-up that outlives the incident.
	ActionAdded struct {
		N     int       `json:"n"`
		Text  string    `json:"text"`
		Owner Person    `json:"owner,omitzero"`
		Due   time.Time `json:"due,omitzero"` // the day, at 00:00 UTC
	}
	// ActionDone finishes follow-up N.
	ActionDone struct {
		N    int    `json:"n"`
		Text string `json:"text"`
	}
	// PostmortemAsked has the postmortem drafted from the timeline so far.
	PostmortemAsked struct{}
	// Reminded tells that people were reminded of something due.
	Reminded struct {
		Of  string    `json:"of"` // "update", "actions", or "page/" and its number
		Due time.Time `json:"due"`
	}
	// Failed tells what could not be done, once and for all.
	Failed struct {
		Effect string `json:"effect"` // name of the effect
		What   string `json:"what"`   // in words: "open the channel"
		Why    string `json:"why"`    // in words, with what to do about it
		// Data is the effect itself, as it is stored, to be tried again.
		Data json.RawMessage `json:"data,omitempty"`
	}
	// LinkGiven tells that somebody got a link to the incident's page, which anyone who
	// has it can read until a time.
	LinkGiven struct {
		Until time.Time `json:"until"`
	}
	// Resynced has everything that shows the incident made anew.
	Resynced struct{}
	// Barred tells what tocsin may not do in the chat, until somebody mends it: what
	// waits for that is done then. With no Why, it may again.
	Barred struct {
		Where  string `json:"where"`  // one of the Barred constants
		Effect string `json:"effect"` // name of the effect that met it first
		What   string `json:"what"`   // in words: "open the channel"
		Why    string `json:"why,omitempty"`
		// Only is the one way of writing that is barred, an Only constant; "" for all.
		Only string `json:"only,omitempty"`
	}
	// Lost stands in the place of an event that the disk damaged, once a repair has found
	// that what follows it is whole.
	Lost struct {
		// Seal is the one that the event had, in hex: the next one follows it.
		Seal string `json:"seal"`
		// Of the first event: what is known of it still.
		Title    string   `json:"title,omitempty"`
		Severity Severity `json:"severity,omitempty"`
		Private  bool     `json:"private,omitempty"`
	}
	// Unknown is a fact that this version of tocsin does not know. Its bytes
	// are kept, so that a newer version loses nothing.
	Unknown struct {
		Kind string
		Raw  json.RawMessage
	}
)

// What a play can send to PagerDuty.
const (
	PagerNotes   = "notes"
	PagerUpdates = "updates"
)

// PageTarget is whom PagerDuty is to page.
type PageTarget struct {
	Kind string `json:"kind"` // one of the Target constants
	ID   string `json:"id"`   // PagerDuty's
	Name string `json:"name"`
}

// What a PageTarget's Kind can be. TargetKey is whoever stands behind the routing
// key of an integration.
const (
	TargetService = "service"
	TargetPolicy  = "escalation-policy"
	TargetUser    = "user"
	TargetKey     = "routing-key"
)

// What a Signaled fact's State can be.
const (
	StateFiring       = "firing"
	StateAcknowledged = "acknowledged"
	StateResolved     = "resolved"
	StateNoData       = "no-data" // the monitor itself hears nothing
	StateInfo         = "info"    // a note, a priority, a reassignment
	StateUnknown      = "unknown"
)

// What a Failed fact's Effect is when a pinned message was not read, and when
// nobody was paged.
const (
	FailedFetch = "fetch"
	FailedPage  = "page"
)

// What a Barred fact's Where can be: where nothing can be done or said.
const (
	BarredChat         = "chat"         // anywhere
	BarredRoom         = "room"         // in the incident's channel
	BarredAnnouncement = "announcement" // in the announcement channel
	BarredAct          = "act"          // nowhere is this one thing done; the rest goes on
)

// What a Barred fact's Only can be: the workspace may bar one of them and let the
// others pass.
const (
	OnlyPost   = "post"   // new messages
	OnlyEdit   = "edit"   // changes of those there are
	OnlyUpload = "upload" // files
)

// What a GuideRated fact's Helped can be.
const (
	HelpedYes    = "yes"
	HelpedPartly = "partly"
	HelpedNo     = "no"
)

// What a Posted fact can tell of; PostedGuide is followed by the number of the
// event that served the guide.
const (
	PostedGuide        = "guide/"
	PostedCard         = "card"
	PostedAnnouncement = "announcement"
	PostedPostmortem   = "postmortem"
)

// Task is one thing that a play asks for.
type Task struct {
	Text   string        `json:"text"`
	Role   Role          `json:"role,omitempty"`
	Within time.Duration `json:"within,omitempty"` // from the declaration
	Done   bool          `json:"done,omitempty"`
}

func (Declared) fact()         {}
func (Signaled) fact()         {}
func (Detached) fact()         {}
func (Merged) fact()           {}
func (RoomHeld) fact()         {}
func (RoomWanted) fact()       {}
func (PageAsked) fact()        {}
func (Paged) fact()            {}
func (PagerSynced) fact()      {}
func (Linked) fact()           {}
func (Posted) fact()           {}
func (Joined) fact()           {}
func (Left) fact()             {}
func (Assigned) fact()         {}
func (SeverityChanged) fact()  {}
func (SymptomChanged) fact()   {}
func (ImpactBegan) fact()      {}
func (GuideServed) fact()      {}
func (GuideOffered) fact()     {}
func (GuideRejected) fact()    {}
func (GuideRated) fact()       {}
func (StepTaken) fact()        {}
func (MitigationChosen) fact() {}
func (PlayStarted) fact()      {}
func (TaskAdded) fact()        {}
func (TaskDone) fact()         {}
func (Noted) fact()            {}
func (Pinned) fact()           {}
func (Quoted) fact()           {}
func (Updated) fact()          {}
func (Mitigated) fact()        {}
func (Resolved) fact()         {}
func (Reopened) fact()         {}
func (Closed) fact()           {}
func (ActionAdded) fact()      {}
func (ActionDone) fact()       {}
func (PostmortemAsked) fact()  {}
func (Reminded) fact()         {}
func (Failed) fact()           {}
func (Resynced) fact()         {}
func (LinkGiven) fact()        {}
func (Lost) fact()             {}
func (Barred) fact()           {}
func (Unknown) fact()          {}

// Facts is the closed set of facts with their stored names, the oldest first: a
// new one goes to the end, where it shifts nothing in the golden file.
var Facts = tagged.New[Fact](
	tagged.Member[Fact]{Name: "declared", Zero: Declared{}},
	tagged.Member[Fact]{Name: "signaled", Zero: Signaled{}},
	tagged.Member[Fact]{Name: "linked", Zero: Linked{}},
	tagged.Member[Fact]{Name: "posted", Zero: Posted{}},
	tagged.Member[Fact]{Name: "joined", Zero: Joined{}},
	tagged.Member[Fact]{Name: "left", Zero: Left{}},
	tagged.Member[Fact]{Name: "assigned", Zero: Assigned{}},
	tagged.Member[Fact]{Name: "severity-changed", Zero: SeverityChanged{}},
	tagged.Member[Fact]{Name: "symptom-changed", Zero: SymptomChanged{}},
	tagged.Member[Fact]{Name: "impact-began", Zero: ImpactBegan{}},
	tagged.Member[Fact]{Name: "guide-served", Zero: GuideServed{}},
	tagged.Member[Fact]{Name: "guide-offered", Zero: GuideOffered{}},
	tagged.Member[Fact]{Name: "guide-rejected", Zero: GuideRejected{}},
	tagged.Member[Fact]{Name: "guide-rated", Zero: GuideRated{}},
	tagged.Member[Fact]{Name: "step-taken", Zero: StepTaken{}},
	tagged.Member[Fact]{Name: "mitigation-chosen", Zero: MitigationChosen{}},
	tagged.Member[Fact]{Name: "play-started", Zero: PlayStarted{}},
	tagged.Member[Fact]{Name: "task-added", Zero: TaskAdded{}},
	tagged.Member[Fact]{Name: "task-done", Zero: TaskDone{}},
	tagged.Member[Fact]{Name: "noted", Zero: Noted{}},
	tagged.Member[Fact]{Name: "pinned", Zero: Pinned{}},
	tagged.Member[Fact]{Name: "quoted", Zero: Quoted{}},
	tagged.Member[Fact]{Name: "updated", Zero: Updated{}},
	tagged.Member[Fact]{Name: "mitigated", Zero: Mitigated{}},
	tagged.Member[Fact]{Name: "resolved", Zero: Resolved{}},
	tagged.Member[Fact]{Name: "reopened", Zero: Reopened{}},
	tagged.Member[Fact]{Name: "closed", Zero: Closed{}},
	tagged.Member[Fact]{Name: "action-added", Zero: ActionAdded{}},
	tagged.Member[Fact]{Name: "action-done", Zero: ActionDone{}},
	tagged.Member[Fact]{Name: "postmortem-asked", Zero: PostmortemAsked{}},
	tagged.Member[Fact]{Name: "reminded", Zero: Reminded{}},
	tagged.Member[Fact]{Name: "failed", Zero: Failed{}},
	tagged.Member[Fact]{Name: "resynced", Zero: Resynced{}},
	tagged.Member[Fact]{Name: "detached", Zero: Detached{}},
	tagged.Member[Fact]{Name: "merged", Zero: Merged{}},
	tagged.Member[Fact]{Name: "room-held", Zero: RoomHeld{}},
	tagged.Member[Fact]{Name: "room-wanted", Zero: RoomWanted{}},
	tagged.Member[Fact]{Name: "page-asked", Zero: PageAsked{}},
	tagged.Member[Fact]{Name: "paged", Zero: Paged{}},
	tagged.Member[Fact]{Name: "pager-synced", Zero: PagerSynced{}},
	tagged.Member[Fact]{Name: "link-given", Zero: LinkGiven{}},
	tagged.Member[Fact]{Name: "lost", Zero: Lost{}},
	tagged.Member[Fact]{Name: "barred", Zero: Barred{}},
)
