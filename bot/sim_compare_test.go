package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/pagerduty"
	"tocsin/bot/sandbox"
	"tocsin/store"
)

var (
	tokens = regexp.MustCompile("qx[a-z]{4}xq")
	// ordered is the key of a message that is said once, in its order; all others show
	// the present state of something.
	ordered = regexp.MustCompile(`^INC-\d+/\d{8}\.\d\d$`)
)

func madeByUs(p sandbox.PagerIncident) bool {
	_, ours := pagerduty.Owner(p.Key)
	return ours
}

// all are the incidents on record.
func (o *office) all() (list []incident.Incident) {
	for _, h := range o.heads() {
		list = append(list, o.inc(h.ID))
	}
	return list
}

// compare compares what was asked for with the record, and the record with what Slack and
// PagerDuty hold.
func (o *office) compare() {
	o.compareWishes()
	o.compareActs()
	for _, inc := range o.all() {
		o.compareEchoes(inc)
		o.comparePages(inc)
		o.compareTold(inc)
		o.compareRoom(inc)
	}
	o.compareMade()
	left, err := store.NewJournal(o.kv).Arrivals(context.Background(), store.Arrival{}, 0)
	if err != nil || len(left) > 0 || o.ws.State().PagerDuty.Disabled {
		o.t.Errorf("%d deliveries wait, %v; PagerDuty sends no more: %v", len(left), err, o.ws.State().PagerDuty.Disabled)
	}
}

// once wants something to be there once, or at most once if it must not be there.
func (o *office) once(n int, must bool, format string, args ...any) {
	if n > 1 || must && n == 0 {
		o.t.Errorf("%d times: %s", n, fmt.Sprintf(format, args...))
	}
}

// compareWishes: what was acknowledged is on a timeline once, anything else at most once.
func (o *office) compareWishes() {
	told := map[string]int{}
	for _, inc := range o.all() {
		for _, e := range inc.Timeline {
			for _, t := range tokensOf(e) {
				told[t+" "+incident.Facts.Name(e.Fact)]++
			}
		}
	}
	for _, a := range o.wishes {
		o.once(told[a.token+" "+a.fact], a.acked, "%s (%s) on a timeline", a.token, a.fact)
	}
}

// tokensOf are the tokens of the wishes that an event is the outcome of: of an alert its
// first word, and of PagerDuty's notes what a person wrote there.
func tokensOf(e incident.Event) []string {
	words := ""
	switch s, signal := e.Fact.(incident.Signaled); {
	case !signal:
		data, _ := json.Marshal(e.Fact) // it came from the store: it cannot fail
		words = string(data)
	case s.Echo:
	case s.Event == "incident.annotated":
		words = s.Text
	case s.Event == "incident.triggered" && !strings.HasPrefix(e.By.Name, "Ben"): // or he reopened it
		words = s.Title
	}
	list := tokens.FindAllString(words, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

// compareActs: what Ben did in PagerDuty is told, and not more often than he did it. An
// alert that was over before it was heard of stands on no timeline, and a reopening that
// was found by asking is news again by its webhook where ours was over in between.
func (o *office) compareActs() {
	told, heard := map[deed]int{}, map[string]bool{}
	for _, inc := range o.all() {
		for _, e := range inc.Timeline {
			f, ok := e.Fact.(incident.Signaled)
			heard[f.Key] = true
			if !ok || f.Source != "pagerduty" || !strings.HasPrefix(e.By.Name, "Ben") {
				continue
			}
			if f.Event == "incident.triggered" { // found by asking
				heard[f.Key+" reopened"] = true
				continue
			}
			told[deed{f.Key, f.Event}]++
		}
	}
	for d, n := range o.acts {
		found := d.event == "incident.reopened" && heard[d.incident+" reopened"]
		if told[d] < 1 && heard[d.incident] && !found || told[d] > n {
			o.t.Errorf("%s of %s is told %d times, and was done %d times", d.event, d.incident, told[d], n)
		}
	}
}

// compareEchoes: what tocsin did in PagerDuty itself, in the name of Ada or by its key, is
// told as nobody's.
func (o *office) compareEchoes(inc incident.Incident) {
	made := map[string]bool{}
	for _, p := range o.ws.PagerDutyIncidents() {
		made[p.ID] = madeByUs(p)
	}
	for _, e := range inc.Timeline {
		f, ok := e.Fact.(incident.Signaled)
		if !ok || f.Source != "pagerduty" || f.Echo {
			continue
		}
		if by := e.By.Name; strings.HasPrefix(by, "Ada") || by == "PagerDuty" && made[f.Key] {
			o.t.Errorf("%s: what tocsin did itself is told as news: %s by %s (%s), %+v", inc.ID, f.Event, by, e.Cause, f)
		}
	}
}

// comparePages: a page is in PagerDuty once, or on record as failed and not there; it is
// told once.
func (o *office) comparePages(inc incident.Incident) {
	for _, page := range inc.Pages {
		paged := 0
		for _, e := range inc.Timeline {
			if f, ok := e.Fact.(incident.Paged); ok && f.N == page.N {
				paged++
			}
		}
		must := page.Failed == ""
		o.once(paged, must, "page %d of %s told: %+v", page.N, inc.ID, page)
		if page.N < 0 {
			continue // compareMade
		}
		made, asked := 0, 0
		for _, p := range o.ws.PagerDutyIncidents() {
			if strings.HasPrefix(p.Key, fmt.Sprintf("tocsin-%s-page-%d-", inc.ID, page.N)) {
				made++
			}
			for _, m := range o.requests(p.ID) {
				if strings.HasPrefix(m, "["+string(inc.ID)+"] ") && strings.HasSuffix(m, fmt.Sprintf("(page %d)", page.N)) {
					asked++
				}
			}
		}
		if page.Event && made > 1 && made <= 1+reopened(inc) {
			made = 1
		}
		if made+asked > 1 || must != (made+asked == 1) && !page.Perhaps || page.Added != (asked == 1) {
			o.t.Errorf("page %d of %s: %d incidents and %d requests in PagerDuty, %+v", page.N, inc.ID, made, asked, page)
		}
	}
}

// reopened is how often an incident was: each time tocsin fires its own alerts again.
func reopened(inc incident.Incident) (n int) {
	for _, e := range inc.Timeline {
		if _, ok := e.Fact.(incident.Reopened); ok {
			n++
		}
	}
	return n
}

// compareMade: PagerDuty has one incident for each key of tocsin's, and none that tocsin
// does not know of.
func (o *office) compareMade() {
	known, keys := map[string]bool{}, map[string]int{}
	for _, inc := range o.all() {
		for _, alert := range inc.Alerts() { // a webhook told of it
			known[alert.Key] = true
		}
		for _, page := range inc.Pages {
			known[page.Key] = true
			if page.Event {
				keys[page.Key] = -reopened(inc)
			}
		}
	}
	for _, p := range o.ws.PagerDutyIncidents() {
		if !madeByUs(p) {
			continue
		}
		if keys[p.Key]++; keys[p.Key] > 1 {
			o.t.Errorf("PagerDuty has %s too often", p.Key)
		}
		if !known[p.ID] && !known[p.Key] {
			o.t.Errorf("tocsin does not know of %s, %s in PagerDuty", p.Key, p.ID)
		}
	}
}

// linkedTo are PagerDuty's incidents that belong to an incident.
func (o *office) linkedTo(inc incident.Incident) (list []sandbox.PagerIncident) {
	for _, p := range o.ws.PagerDutyIncidents() {
		_, has := inc.Alert("pagerduty", p.ID)
		if has || slices.ContainsFunc(inc.Pages, func(page incident.Page) bool { return page.Key == p.ID || page.Key == p.Key }) {
			list = append(list, p)
		}
	}
	return list
}

// compareTold: what the play says PagerDuty is told stands on each of its incidents that
// there were then, and on none twice.
func (o *office) compareTold(inc incident.Incident) {
	for _, p := range o.linkedTo(inc) {
		for _, list := range [][]string{p.Notes, p.Updates} {
			if unique := slices.Compact(slices.Sorted(slices.Values(list))); len(unique) != len(list) {
				o.t.Errorf("PagerDuty's %s is told something twice: %q", p.ID, list)
			}
		}
	}
	for _, e := range inc.Timeline {
		what, words, told := "", "", func(sandbox.PagerIncident) []string { return nil }
		switch f := e.Fact.(type) {
		case incident.Noted:
			what, words, told = incident.PagerNotes, f.Text, func(p sandbox.PagerIncident) []string { return p.Notes }
		case incident.Updated:
			what, words, told = incident.PagerUpdates, f.Text, func(p sandbox.PagerIncident) []string { return p.Updates }
		}
		then := incident.Fold(inc.ID, inc.Timeline[:e.Seq])
		if o.byKey || words == "" || !slices.Contains(then.Play.Pager, what) {
			continue
		}
		for _, p := range o.linkedTo(then) {
			n := 0
			for _, text := range told(p) {
				if strings.HasPrefix(text, "["+string(inc.ID)+"] ") && strings.HasSuffix(text, ": "+words) {
					n++
				}
			}
			o.once(n, true, "%q in %s of PagerDuty's %s", words, what, p.ID)
		}
	}
}

// compareRated: while an incident is open, PagerDuty shows its severity; and once it was
// reopened, somebody is called there.
func (o *office) compareRated(again bool) {
	inc := o.inc("INC-1")
	linked := o.linkedTo(inc)
	open := slices.DeleteFunc(slices.Clone(linked), func(p sandbox.PagerIncident) bool { return p.Status == "resolved" })
	if n := len(open); n == 0 && again && !o.byKey {
		o.t.Errorf("nobody is called in PagerDuty, and %s is open: %+v", inc.ID, linked)
	}
	want, urgency := "P"+strings.TrimPrefix(string(inc.Severity), "sev"), "high"
	if incident.SEV2.Worse(inc.Severity) {
		urgency = "low"
	}
	for _, p := range open {
		if !o.byKey && (p.Priority != want || p.Urgency != urgency) {
			o.t.Errorf("%s is a %s, and PagerDuty's %s is a %q of %s urgency", inc.ID, inc.Severity, p.ID, p.Priority, p.Urgency)
		}
	}
	for _, page := range inc.Pages {
		if page.Event && !slices.ContainsFunc(open, func(p sandbox.PagerIncident) bool { return p.Key == page.Key }) {
			o.t.Errorf("nobody is called for page %d, and %s is open: %+v", page.N, inc.ID, linked)
		}
	}
}

// compareOver: once an incident is over, so is all that tocsin can end in PagerDuty.
func (o *office) compareOver() {
	inc := o.inc("INC-1")
	for _, p := range o.linkedTo(inc) {
		if p.Status != "resolved" && (!o.byKey || madeByUs(p)) {
			o.t.Errorf("%s is over, and PagerDuty's %s is %s: %+v", inc.ID, p.ID, p.Status, p)
		}
	}
}

// dropped tells whether the bot says in its log that the news of an event came too late.
func (o *office) dropped(inc incident.Incident, e incident.Event) bool {
	o.log.mu.Lock()
	defer o.log.mu.Unlock()
	for line := range strings.Lines(o.log.text.String()) {
		if strings.Contains(line, "it comes too late") && strings.Contains(line, " incident="+string(inc.ID)+" ") && strings.HasSuffix(line, fmt.Sprintf(" event=%d\n", e.Seq)) {
			return true
		}
	}
	return false
}

// compareRoom: an incident has one room, where everything is once, in order, and shows
// the present state.
func (o *office) compareRoom(inc incident.Incident) {
	state := o.ws.State()
	rooms := slices.DeleteFunc(state.Channels, func(c sandbox.ChannelState) bool {
		return !strings.HasPrefix(c.Name, strings.ToLower(string(inc.ID))+"-")
	})
	if o.once(len(rooms), inc.Held == "", "the room of %s", inc.ID); len(rooms) != 1 {
		return
	}
	room := rooms[0]
	o.compareOrder(inc, room)
	o.compareSaid(inc, state.Messages[room.ID])
	if want := fmt.Sprintf("%s · %s · ", inc.Severity.Title(), inc.Status); !strings.HasPrefix(room.Topic, want) {
		o.t.Errorf("the topic is %q, want %q", room.Topic, want)
	}
	links := map[string]int{}
	for _, b := range room.Bookmarks {
		links[b.Title+b.Link]++
		o.once(links[b.Title+b.Link], true, "the bookmark %s", b.Title)
	}
	if links["Guide: "+inc.Guide.Title+"http://tocsin/guides/"+inc.Guide.Guide] != 1 {
		o.t.Errorf("no bookmark of the guide: %v", links)
	}
	for _, e := range inc.Timeline {
		if p := broughtIn(e.Fact); p.User != "" && !slices.Contains(room.Members, string(p.User)) {
			o.t.Errorf("%s is not in the room of %s", p.Name, inc.ID)
		}
	}
	for _, f := range inc.Failures {
		if f.Effect != incident.FailedPage {
			o.t.Errorf("%s failed: %+v", inc.ID, f)
		}
	}
}

// broughtIn is who has to be in the room because of a fact.
func broughtIn(f incident.Fact) (p incident.Person) {
	switch f := f.(type) {
	case incident.Joined:
		p = f.Person
	case incident.Assigned:
		p = f.To
	}
	return p
}

// compareOrder: the card is first, what is said once is in its order, and no message is
// there twice.
func (o *office) compareOrder(inc incident.Incident, room sandbox.ChannelState) {
	keys := o.keys(room.ID)
	in := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !ordered.MatchString(key) })
	if len(keys) == 0 || keys[0] != string(inc.ID)+"/card" || !slices.IsSorted(in) {
		o.t.Errorf("the messages of %s are out of order: %v", inc.ID, keys)
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(keys))); len(unique) != len(keys) {
		o.t.Errorf("a message of %s is there twice: %v", inc.ID, keys)
	}
	if n := o.files(room.ID); n != inc.Drafts {
		o.t.Errorf("%d files, and %d drafts were asked for", n, inc.Drafts)
	}
}

// compareSaid: what people wrote, here and in PagerDuty, is said once, and what they
// pinned has its mark.
func (o *office) compareSaid(inc incident.Incident, messages []sandbox.Message) {
	said, marked := map[string]int{}, map[string]int{}
	for _, m := range messages {
		for _, t := range slices.Compact(tokens.FindAllString(m.Text, -1)) {
			if m.Metadata != nil && ordered.MatchString(fmt.Sprint(m.Metadata.EventPayload["key"])) {
				said[t]++
			}
			for _, r := range m.Reactions {
				if r.Name == "white_check_mark" {
					marked[t]++
				}
			}
		}
	}
	for _, e := range inc.Timeline {
		for _, t := range tokensOf(e) {
			switch f := e.Fact.(type) {
			case incident.Noted, incident.Updated:
				o.once(said[t], true, "%s of %s said", t, inc.ID)
			case incident.Signaled:
				n, _ := inc.NumberOf(f.Source, f.Key) // of more than three the list tells
				if f.Event == "incident.annotated" {
					o.once(said[t], n <= 3 && !o.dropped(inc, e), "%s of %s said: %+v", t, inc.ID, e)
				}
			case incident.Quoted:
				o.once(marked[t], true, "the mark on %s", t)
			}
		}
	}
}
