package incident

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Status is where an incident stands.
type Status string

// An incident goes from investigating to closed; reopening goes back to
// investigating.
const (
	Investigating Status = "investigating"
	Contained     Status = "mitigated" // impact is over, the incident is not
	Over          Status = "resolved"
	Shut          Status = "closed"
)

// Incident is what a timeline adds up to. It is a value: With returns a new
// one and leaves the old as it was, so a copy may be read at any time.
type Incident struct {
	ID       ID
	Title    string
	Severity Severity
	Worst    Severity // the highest it ever was
	Symptom  string
	Status   Status
	Private  bool
	Model    string
	Service  string
	Quote    *Quote
	Source   string // "" when a person reported it, else the alert source
	Declarer Actor

	// Clocks, zero while not known. Began is when impact began; Detected when
	// a monitor or a person first said so.
	Began, Detected, Declared, MitigatedAt, ResolvedAt, ClosedAt time.Time

	Channel Linked
	Posts   map[string]Posted // the incident's own messages, by what they are
	Roles   map[Role]Person
	People  []Person // all to have in the channel, in the order they came
	OnCall  []Person // who was on call when it was declared
	Guide   Guided
	Play    PlayStarted
	Tasks   []Task
	// Withdrawn are the tasks, counted from 1, that went with an earlier play.
	// They keep their numbers, because buttons name them.
	Withdrawn map[int]bool
	Actions   []Action
	Tally     Tally // of Alerts
	Failures  []Failed
	Retry     []Failed // what failed before somebody last asked to try again
	Bars      []Barred // what tocsin may not do now

	How        string // how it was mitigated, id of a mitigation
	Mitigation string
	Resolution string
	Reason     string // why it was closed
	Original   ID     // of a duplicate
	TookOver   bool   // another incident went on as this one

	Updates    int
	LastUpdate time.Time
	Drafts     int // times a postmortem was asked for

	Timeline []Event

	// Held is why there is no room until a person asks for one; "" when there is
	// one, or it is on its way.
	Held string
	// Quiet is set when nobody is asked whether it is to have one.
	Quiet bool
	// Storm is set on the incident that takes in what is too much for rooms of its own.
	Storm bool
	// Pages are the pages sent through PagerDuty, in order; those that are on their
	// way have no Key.
	Pages []Page

	inside []Person // who was let into the channel
	pinned map[Message]bool
	index  *index
}

// Action is a follow-up that outlives the incident.
type Action struct {
	N     int
	Text  string
	Owner Person
	Due   time.Time // the day, at 00:00 UTC; zero: none
	Done  bool
}

// Overdue tells whether it should have been done before the day of now.
func (a Action) Overdue(now time.Time) bool {
	return !a.Done && !a.Due.IsZero() && !a.Due.AddDate(0, 0, 1).After(now)
}

// Fold adds a timeline up. It is the only way to make an Incident.
func Fold(id ID, timeline []Event) Incident {
	inc := Incident{ID: id, Timeline: make([]Event, 0, len(timeline)+8), index: newIndex(nil)}
	for _, e := range timeline {
		inc = inc.With(e)
	}
	return inc
}

// Last is the number of the last event, 0 for none.
func (inc Incident) Last() int { return len(inc.Timeline) }

// Holder is who has a role; the zero Person if nobody does.
func (inc Incident) Holder(r Role) Person { return inc.Roles[r] }

// Active tells whether people are still working on it.
func (inc Incident) Active() bool { return inc.Status == Investigating || inc.Status == Contained }

// PassedOn tells whether it ended because it goes on as another incident.
func (inc Incident) PassedOn() bool {
	return inc.Status == Shut && (inc.Reason == "duplicate" || inc.Reason == "moved")
}

// Knows tells whether p is among the incident's people.
func (inc Incident) Knows(p Person) bool {
	return slices.ContainsFunc(inc.People, func(q Person) bool { return q.Is(p) })
}

// Visible tells whether p may see that the incident exists: a private one is for its
// people, by their chat users. A name alone proves nothing: people choose their own.
func (inc Incident) Visible(p Person) bool {
	return !inc.Private || p.User != "" && slices.ContainsFunc(inc.People, func(q Person) bool { return q.User == p.User })
}

// VisibleTo is Visible, and true for who is at the machine's shell: they own the file
// that has it all.
func (inc Incident) VisibleTo(a Actor) bool { return a.Via == ViaShell || inc.Visible(a.Person) }

// UpdateDue is when the next status update is due; zero when none is.
func (inc Incident) UpdateDue() time.Time {
	if !inc.Active() || inc.Play.UpdateEvery == 0 {
		return time.Time{}
	}
	if inc.LastUpdate.IsZero() {
		return inc.Declared.Add(inc.Play.UpdateEvery)
	}
	return inc.LastUpdate.Add(inc.Play.UpdateEvery)
}

// With is inc after one more event. The cost does not grow with the timeline.
func (inc Incident) With(e Event) Incident {
	inc.extend(e)
	inc.apply(e)
	return inc
}

// extend puts e on the timeline. Copies of an incident share one array and one
// index; only the newest copy may grow them in place, any other one
// takes a copy of its own first.
func (inc *Incident) extend(e Event) {
	n := len(inc.Timeline)
	if inc.index == nil || !inc.index.grow(n, e) {
		inc.index = newIndex(inc.Timeline)
		inc.Timeline = slices.Clone(inc.Timeline)
		inc.index.grow(n, e)
	}
	inc.Timeline = append(inc.Timeline, e)
}

// apply is the fold: one case a fact. Unknown facts come from a newer tocsin:
// they stay on the timeline and change nothing here. Who acts in the chat is one of
// the incident's people; who is quoted is not, since the words may be from elsewhere.
func (inc *Incident) apply(e Event) {
	if _, quoted := e.Fact.(Quoted); e.By.User != "" && !quoted {
		inc.know(e.By.Person)
	}
	switch f := e.Fact.(type) {
	case Declared:
		inc.declared(e, f)
		inc.TookOver = f.From != ""
	case Merged:
		inc.TookOver = true
	case Signaled:
		inc.signaled(e, f)
	case Detached:
		inc.tally(f.Source, f.Key)
	case RoomHeld:
		inc.Held, inc.Quiet = f.Why, f.Quiet
	case RoomWanted:
		inc.Held = ""
	case PageAsked:
		inc.Pages = append(slices.Clip(inc.Pages), Page{Paged: Paged{N: f.N, To: f.To}, Asked: e.Logged})
	case Paged:
		inc.page(f.N, func(p *Page) { p.Paged, p.Failed = f, "" })
	case Linked: // it is opened with all who are known
		inc.Channel, inc.Held = f, ""
		for _, p := range inc.People {
			inc.letIn(p)
		}
	case Posted:
		inc.Posts = with(inc.Posts, f.What, f)
	case Joined:
		inc.know(f.Person)
		inc.letIn(f.Person)
	case Left:
		inc.People = slices.DeleteFunc(slices.Clone(inc.People), f.Person.Is)
		inc.inside = slices.DeleteFunc(slices.Clone(inc.inside), f.Person.Is)
		inc.Roles = maps.Clone(inc.Roles)
		maps.DeleteFunc(inc.Roles, func(_ Role, p Person) bool { return p.Is(f.Person) })
	case Assigned:
		inc.Roles = with(inc.Roles, f.Role, f.To)
		inc.know(f.To)
		inc.letIn(f.To)
	case SeverityChanged:
		inc.rate(f.To)
	case SymptomChanged:
		inc.Symptom = f.To
	case ImpactBegan:
		inc.Began = f.At
	case GuideServed, GuideOffered, GuideRejected, GuideRated, StepTaken, MitigationChosen:
		inc.Guide = inc.Guide.with(e)
	case PlayStarted:
		inc.play(e, f)
	case TaskAdded:
		inc.Tasks = append(slices.Clip(inc.Tasks), f.Task)
	case TaskDone:
		if inc.Tasks = slices.Clone(inc.Tasks); f.N >= 1 && f.N <= len(inc.Tasks) {
			inc.Tasks[f.N-1].Done = true
		}
	case Pinned:
		inc.pinned = with(inc.pinned, f.Message, true)
	case Quoted:
		inc.pinned = with(inc.pinned, f.Quote.Message, true)
	case Updated:
		inc.Updates, inc.LastUpdate = f.N, e.At
	case Mitigated:
		inc.Status, inc.MitigatedAt, inc.How, inc.Mitigation = Contained, e.At, f.How, f.Text
	case Resolved:
		inc.resolved(e, f)
	case Reopened:
		inc.Status, inc.MitigatedAt, inc.ResolvedAt, inc.ClosedAt = Investigating, time.Time{}, time.Time{}, time.Time{}
		inc.How, inc.Mitigation, inc.Resolution, inc.Reason, inc.Original = "", "", "", "", ""
		inc.LastUpdate = e.At // the next one is due from here
	case Closed:
		inc.Status, inc.ClosedAt, inc.Reason, inc.Original = Shut, e.At, f.Reason, f.Of
	case ActionAdded:
		inc.Actions = append(slices.Clip(inc.Actions), Action{N: f.N, Text: f.Text, Owner: f.Owner, Due: f.Due})
	case ActionDone:
		if inc.Actions = slices.Clone(inc.Actions); f.N >= 1 && f.N <= len(inc.Actions) {
			inc.Actions[f.N-1].Done = true
		}
	case PostmortemAsked:
		inc.Drafts++
	case Failed:
		inc.failed(f)
	case Barred:
		inc.barred(f)
	case Resynced:
		inc.Retry, inc.Failures = inc.Failures, nil
		for _, p := range inc.Pages {
			if p.Failed != "" {
				inc.page(p.N, func(p *Page) { p.Failed = "" })
			}
		}
	case Lost:
		if f.Title != "" {
			inc.declared(e, Declared{Title: f.Title, Severity: f.Severity, Private: f.Private})
		} else if inc.Private {
			inc.People = nil // somebody may have left: whoever does something is known again
		}
	case Noted, Reminded, PagerSynced, LinkGiven, Unknown:
		// on the timeline only
	}
}

func (inc *Incident) declared(e Event, f Declared) {
	inc.Title, inc.Symptom, inc.Private, inc.Storm = f.Title, f.Symptom, f.Private, f.Storm
	inc.Model, inc.Service, inc.Quote, inc.OnCall = f.Model, f.Service, f.Quote, f.OnCall
	inc.Status, inc.Declarer = Investigating, e.By
	inc.Began, inc.Declared, inc.Detected = f.Began, e.At, e.At
	inc.rate(f.Severity)
	for _, p := range f.People {
		inc.know(p)
	}
	if q := f.Quote; q != nil && !q.Written.IsZero() && q.Written.Before(inc.Detected) {
		inc.Detected = q.Written // somebody had said so before
	}
}

// Credible is how long ago a source may say that something happened, to be taken
// at its word: clocks that are wrong tend to be wrong by years.
const Credible = 30 * 24 * time.Hour

func (inc *Incident) signaled(e Event, f Signaled) {
	if inc.Source == "" && !inc.Declarer.Human() {
		inc.Source = f.Source
	}
	if (f.State == StateFiring || f.State == StateNoData) && e.At.Before(inc.Detected) && e.Logged.Sub(e.At) <= Credible {
		inc.Detected = e.At
	}
	inc.tally(f.Source, f.Key)
}

// Page is a page sent through PagerDuty.
type Page struct {
	Paged
	Asked time.Time // when a person asked for it
	// Failed is why nobody was paged, "" if somebody was or it is on its way.
	Failed string
}

// Waits tells whether a page is still on its way.
func (p Page) Waits() bool { return p.Key == "" && p.Failed == "" }

// page changes a page that was asked for, or adds one that was not.
func (inc *Incident) page(n int, change func(*Page)) {
	inc.Pages = slices.Clone(inc.Pages)
	i := slices.IndexFunc(inc.Pages, func(p Page) bool { return p.N == n })
	if i < 0 {
		i = len(inc.Pages)
		inc.Pages = append(inc.Pages, Page{Paged: Paged{N: n}})
	}
	change(&inc.Pages[i])
}

func (inc *Incident) resolved(e Event, f Resolved) {
	inc.Status, inc.ResolvedAt, inc.Resolution = Over, e.At, f.Text
	if inc.MitigatedAt.IsZero() {
		inc.MitigatedAt = e.At // impact ended no later than the incident
	}
}

// failed records what could not be done. A message that could not be read may
// be pinned again.
func (inc *Incident) failed(f Failed) {
	inc.barred(Barred{Effect: f.Effect}) // it does not wait any more
	inc.Failures = append(slices.Clip(inc.Failures), f)
	var page struct {
		N int `json:"n"`
	}
	if f.Effect == FailedPage && json.Unmarshal(f.Data, &page) == nil {
		inc.page(page.N, func(p *Page) { p.Failed = f.Why })
	}
	var fetch struct {
		Message Message `json:"message"`
	}
	if f.Effect == FailedFetch && json.Unmarshal(f.Data, &fetch) == nil {
		inc.pinned = with(inc.pinned, fetch.Message, false)
	}
}

// barred keeps one bar for each effect that met one.
func (inc *Incident) barred(f Barred) {
	inc.Bars = slices.DeleteFunc(slices.Clone(inc.Bars), func(b Barred) bool { return b.Effect == f.Effect })
	if f.Why != "" {
		inc.Bars = append(inc.Bars, f)
	}
}

// KnowsBar tells whether a bar, or that there is none any more, is no news.
func (inc Incident) KnowsBar(f Barred) bool {
	if f.Why == "" {
		return !slices.ContainsFunc(inc.Bars, func(b Barred) bool { return b.Effect == f.Effect })
	}
	return slices.ContainsFunc(inc.Bars, func(b Barred) bool {
		return b.Why == f.Why && !(f.Where == BarredRoom && b.Where == BarredAct) // that was said in the room
	})
}

// play starts a play. One that follows another withdraws its open tasks, but
// not those done or added by hand, and its rhythm counts from now.
func (inc *Incident) play(e Event, f PlayStarted) {
	if inc.Play.Play != "" {
		inc.LastUpdate = e.At
		for i, t := range inc.Tasks {
			if !t.Done && t.Role != "" {
				inc.Withdrawn = with(inc.Withdrawn, i+1, true)
			}
		}
	}
	inc.Play = f
	inc.Tasks = slices.Concat(inc.Tasks, f.Tasks)
}

func (inc *Incident) rate(s Severity) {
	inc.Severity = s
	if s.Worse(inc.Worst) {
		inc.Worst = s
	}
}

// Called is what the incident's people call p: of the names that the record has
// for somebody, the longest.
func (inc Incident) Called(p Person) Person {
	for _, q := range inc.People {
		if q.Is(p) && len(q.Name) > len(p.Name) {
			return q
		}
	}
	return p
}

// Name calls p by that name, literally in Markdown; it is for Narrate.
func (inc Incident) Name(p Person) string { return ByName(inc.Called(p)) }

// know adds a person, or a fuller name of one who is known. One who is known by name
// alone does not stand for one in the chat: that one has to be invited.
func (inc *Incident) know(p Person) {
	if p == (Person{}) {
		return
	}
	i := slices.IndexFunc(inc.People, func(q Person) bool { return q.Is(p) && (q.User != "" || p.User == "") })
	switch {
	case i < 0:
		inc.People = append(slices.Clip(inc.People), p)
	case len(p.Name) > len(inc.People[i].Name):
		inc.People = slices.Clone(inc.People)
		inc.People[i].Name = p.Name
	}
}

// letIn notes that a person was let into the channel. Who is known by name alone, from the
// shell, cannot be.
func (inc *Incident) letIn(p Person) {
	if p.User != "" && !inc.inRoom(p) {
		inc.inside = append(slices.Clip(inc.inside), p)
	}
}

// with is m with one more entry; m stays as it was.
func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}
