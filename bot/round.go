package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/bot/incident"
	"tocsin/runbooks"
	"tocsin/store"
)

// round is what a batch of deliveries comes to before it is stored.
type round struct {
	*router
	now    time.Time
	alerts map[string]*store.Alert
	told   map[incident.ID][]*told
	order  []incident.ID
	loose  []*store.Alert // alerts of no incident that changed
}

// told is a signal that belongs to an incident, with its alert as the signal made
// it: what is stored of an alert must not run ahead of the timeline. room is set
// when it is bad enough for the room that the incident does not have yet, trail where it
// may tell of a deed of tocsin's.
type told struct {
	Signal
	alert store.Alert
	room  bool
	trail []incident.Incident
}

// alert finds the alert that a signal is about, or begins one.
func (rd *round) alert(ctx context.Context, s Signal) (*store.Alert, error) {
	name := s.Source + "\x00" + s.Key
	if a := rd.alerts[name]; a != nil {
		return a, nil
	}
	a, ok, err := rd.bot.journal.Alert(ctx, s.Source, s.Key)
	if err != nil {
		return nil, err
	}
	if !ok {
		a = store.Alert{Source: s.Source, Key: s.Key, First: rd.now}
		if a.Incident, _, err = rd.bot.journal.Lookup(ctx, s.Source+"/"+s.Key); err != nil { // of an older version
			return nil, err
		}
		if a.Incident == "" {
			a.Incident, err = rd.orphan(ctx, s)
		}
		if err != nil {
			return nil, err
		}
	}
	rd.alerts[name] = &a
	return &a, nil
}

// orphan is the incident people work on that has an alert by its timeline, though nothing
// else is on record of that: a repair may have put it aside. "" for none. That changes with
// a start alone, so all of them are looked for once.
func (r *router) orphan(ctx context.Context, s Signal) (incident.ID, error) {
	if r.orphans == nil {
		orphans, err := r.bot.orphans(ctx)
		if err != nil {
			return "", err
		}
		r.orphans = orphans
	}
	id := r.orphans[s.Source+"\x00"+s.Key]
	inc, _ := r.bot.snapshot(id)
	if _, has := inc.Alert(s.Source, s.Key); !has || !inc.Active() {
		return "", nil
	}
	return id, nil
}

// orphans are all of them, by source and key.
func (b *Bot) orphans(ctx context.Context) (map[string]incident.ID, error) {
	all := map[string]incident.ID{}
	for _, inc := range b.inMemory() {
		if !inc.Active() {
			continue
		}
		for _, s := range inc.Alerts() {
			_, ok, err := b.journal.Alert(ctx, s.Source, s.Key)
			if err != nil && !damaged(err) {
				return nil, err
			}
			if !ok && err == nil {
				all[s.Source+"\x00"+s.Key] = inc.ID
			}
		}
	}
	return all, nil
}

// of is the incident that a signal's alert is known to belong to; "" for none.
func (rd *round) of(s Signal) incident.ID {
	if a := rd.alerts[s.Source+"\x00"+s.Key]; a != nil {
		return a.Incident
	}
	return ""
}

// route decides on one signal. After an error nothing of it is left.
func (rd *round) route(ctx context.Context, s Signal) (err error) {
	if s.Key == "" {
		return nil // about no alert: that it came is remembered
	}
	a, err := rd.alert(ctx, s)
	if err != nil {
		return err
	}
	before := *a
	defer func() {
		if err != nil {
			*a = before
		}
	}()
	if !a.Hear(s.origin().Cause, rd.now) {
		rd.quiet(s, a, "this event was heard before, in another delivery or before a restart")
		return nil
	}
	if !s.fires() {
		a.Other++
	}
	s = rd.note(a, s)
	inc, err := rd.home(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case s.Old && (inc.ID == "" || rd.bot.over(inc, before, s, rd.now)):
		rd.bot.Log.Error("an alert opens nothing, because it is of long ago and may have been played back", append(s.about(""), "at", s.At)...)
		*a = before
	case inc.ID != "" && reconciled(before, s):
		a.Count, a.Other = before.Count, before.Other // asked for: nobody said so again
		rd.quiet(s, a, "PagerDuty told it before it was asked")
		rd.tell(inc.ID, nil, a)
	case inc.ID != "" && !s.asked() && (begins(s) || rd.found(inc, before, s)):
		a.Severity = before.Severity // what was heard since is newer
		if before.Count > before.Other {
			a.Count, a.Other = before.Count, before.Other
		}
		rd.quiet(s, a, "PagerDuty was asked for it before it told")
		rd.tell(inc.ID, nil, a)
	case inc.ID != "" && rd.bot.over(inc, before, s, rd.now):
		if err := rd.flush(ctx); err != nil { // what its incident was to be told goes first
			return err
		}
		if rd.kept.has(s.Source, s.Key) { // for what came before it could not be told
			*a = before
			return nil
		}
		a.Incident, a.Why = "", ""
		return rd.place(ctx, a, s)
	case inc.ID != "" && (repeats(inc, before, s) || s.Late && s.fires() && !reopens(s)):
		rd.quiet(s, a, "same "+incident.SourceName(s.Source)+" key as an alert of "+string(inc.ID)+" that says so already")
		rd.tell(inc.ID, nil, a)
	case inc.ID != "":
		rd.tell(inc.ID, &s, a)
	case a.State != incident.StateResolved && (s.fires() || s.Source == "pagerduty" && s.State == incident.StateAcknowledged):
		s.Late = false // what overtook it is told after it
		return rd.place(ctx, a, s)
	case rises(before, a):
		s.Signaled = a.Signal
		s.Severity = a.Severity
		return rd.place(ctx, a, s)
	default:
		rd.early(a, s)
	}
	return nil
}

// quiet notes for the operator why a signal is counted at most, and no news to anybody.
func (rd *round) quiet(s Signal, a *store.Alert, why string) {
	rd.bot.Log.Info("a signal is no news", append(s.about(a.Incident), "state", s.State, "why", why)...)
}

// reconciled tells whether a signal says what a webhook has said.
func reconciled(before store.Alert, s Signal) bool {
	return s.asked() && before.Count > 0 && (before.State == s.State || s.Late)
}

// begins tells whether a signal is of how an incident of PagerDuty's began: nothing of it is
// older, whatever its time.
func begins(s Signal) bool {
	return s.Source == "pagerduty" && s.Event == "incident.triggered" && (!s.asked() || s.At.Equal(s.Since))
}

// found tells whether a webhook is of what an incident was told before, because PagerDuty
// was asked for it.
func (rd *round) found(inc incident.Incident, before store.Alert, s Signal) bool {
	if s.Source != "pagerduty" || !stateful(s) || s.State != before.State && !s.Late {
		return false // another state: what came in between was within the same second
	}
	for at := s.At.Add(-oneMoment); !at.After(s.At.Add(oneMoment)); at = at.Add(time.Second) {
		earlier := s
		earlier.ID = AskedID(s.Key, s.Event, at)
		if inc.Did(earlier.origin().Cause) || slices.ContainsFunc(rd.told[inc.ID], func(t *told) bool { return t.ID == earlier.ID }) {
			return true
		}
	}
	return false
}

// rises tells whether an alert that belongs nowhere became worse while it fires.
func rises(before store.Alert, a *store.Alert) bool {
	return a.Signal.Key != "" && before.Severity != "" && a.Severity.Worse(before.Severity) &&
		(a.State == incident.StateFiring || a.State == incident.StateNoData || a.State == incident.StateAcknowledged)
}

// repeats tells whether a signal says what the incident knows: monitors repeat
// themselves for as long as they fire, with other numbers in their words. That an
// alert still fires after its incident is over is news once.
func repeats(inc incident.Incident, before store.Alert, s Signal) bool {
	if s.State == incident.StateInfo || s.State == incident.StateUnknown || s.Late {
		return false
	}
	if s.State != incident.StateResolved && !inc.Active() && !dismissed(inc) && !before.Last.After(ended(inc)) {
		return false
	}
	if s.Severity != "" && (before.Severity == "" || s.Severity.Worse(before.Severity)) {
		return false
	}
	_, has := inc.Alert(s.Source, s.Key)
	if reopens(s) && s.At.Sub(before.At).Abs() > oneMoment {
		return false
	}
	return has && before.State == s.State && wordsOf(before.Signal.Title) == wordsOf(s.Title)
}

// reopens tells whether a signal is a person's decision that it is not over: it is told
// also where it comes after what was done later.
func reopens(s Signal) bool { return strings.HasSuffix(s.Event, ".reopened") }

// oneMoment is within which PagerDuty's list and its webhook tell of the same: the list
// has whole seconds.
const oneMoment = 2 * time.Second

// wordsOf is a title without its numbers.
func wordsOf(title string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || r == '.' || r == ',' {
			return -1
		}
		return r
	}, title)
}

// note takes a signal's state where it is newer.
func (rd *round) note(a *store.Alert, s Signal) Signal {
	s.Signaled = rd.bot.judged(s.Signaled)
	first := begins(s)
	if s.Since.IsZero() && s.fires() {
		s.Since = s.At
	}
	if a.Signal.Key == "" || s.fires() && s.Title != "" {
		a.Signal = s.Signaled
	}
	at := s.At
	if at.After(rd.now) {
		at = rd.now // a clock that is ahead must not make what follows late
	}
	switch {
	case s.State != a.State && stateful(s) && (at.Before(a.At) || first && !a.At.IsZero()):
		s.Late = true
		return s
	case stateful(s):
		a.State, a.At = s.State, at
	}
	if s.Severity != "" {
		a.Severity = s.Severity
	}
	return s
}

// stateful tells whether a signal says where its alert stands.
func stateful(s Signal) bool {
	return s.State != incident.StateInfo && s.State != incident.StateUnknown
}

// judged is a signal with its severity, by the catalogue of services.
func (b *Bot) judged(s incident.Signaled) incident.Signaled {
	if s.Severity == "" {
		s.Severity = b.severity(s)
	}
	return s
}

// severity is what a signal's priority in PagerDuty comes to, or its source's word for how
// bad it is. One that has no word is rated where its alert begins.
func (b *Bot) severity(s incident.Signaled) (sev incident.Severity) {
	if sev, ok := b.Services.Prioritized(s.Labels["priority"]); ok && s.Source == "pagerduty" {
		return sev
	}
	if s.Urgency != "" || s.State == incident.StateFiring || s.State == incident.StateNoData {
		service, _ := b.service(s)
		sev, _ = b.Services.Severity(service, s.Urgency)
	}
	return sev
}

// home is the incident that an alert belongs to now, after moves and mergers; the
// zero Incident for none.
func (rd *round) home(ctx context.Context, a *store.Alert) (incident.Incident, error) {
	if a.Incident == "" {
		return incident.Incident{}, nil
	}
	id, err := rd.bot.movedTo(ctx, a.Incident)
	if err != nil {
		return incident.Incident{}, err
	}
	inc, err := rd.bot.Incident(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return incident.Incident{}, nil
	}
	if n, _ := inc.NumberOf(a.Source, a.Key); n > 0 && err == nil {
		if _, has := inc.Alert(a.Source, a.Key); !has { // a person took it off
			a.Incident = ""
			a.Apart = append(slices.Clip(a.Apart), id)
			return incident.Incident{}, nil
		}
	}
	a.Incident = id
	return inc, err
}

// again is how long after an incident is over its alerts still belong to it.
const again = time.Hour

// over tells whether a signal is of something new, because the incident that had
// its alert has been over for a while. What PagerDuty reopens is never new.
func (b *Bot) over(inc incident.Incident, before store.Alert, s Signal, now time.Time) bool {
	if inc.Active() || !s.fires() || s.Late {
		return false
	}
	if dismissed(inc) && s.Severity != "" && s.Severity.Worse(inc.Severity) {
		return true // people said that it is nothing when it was less
	}
	if s.Source == "pagerduty" || dismissed(inc) && before.State == s.State {
		return false
	}
	return now.Sub(ended(inc)) > again
}

// dismissed tells whether people said that an incident is none.
func dismissed(inc incident.Incident) bool {
	return inc.Channel.Channel == "" && inc.Status == incident.Shut
}

// ended is when an incident was over.
func ended(inc incident.Incident) time.Time {
	if inc.ClosedAt.After(inc.ResolvedAt) {
		return inc.ClosedAt
	}
	return inc.ResolvedAt
}

// tell has an incident told of a signal; without one its alert alone is counted.
func (rd *round) tell(id incident.ID, s *Signal, a *store.Alert) {
	if _, ok := rd.told[id]; !ok {
		rd.order = append(rd.order, id)
	}
	a.Incident = id
	t := &told{alert: *a}
	if s != nil {
		t.Signal = *s
		if inc, ok := rd.bot.snapshot(id); ok && inc.Held != "" && s.fires() && !s.Late && !rd.gets(id) {
			t.room = rd.opens(*s)
		}
	}
	rd.told[id] = append(rd.told[id], t)
}

// gets tells whether an incident gets its room already, by another signal.
func (rd *round) gets(id incident.ID) bool {
	return slices.ContainsFunc(rd.told[id], func(t *told) bool { return t.room })
}

// maxEarly is how many signals wait for the one that their alert begins with, and
// maxEarlyBytes how long they may be together.
const (
	maxEarly      = 20
	maxEarlyBytes = 128 << 10
)

// early keeps what came before the signal that its alert begins with.
func (rd *round) early(a *store.Alert, s Signal) {
	size := 0
	for _, raw := range a.Early {
		size += len(raw)
	}
	if raw, err := json.Marshal(s); err == nil && len(a.Early) < maxEarly && size+len(raw) <= maxEarlyBytes {
		a.Early = append(slices.Clip(a.Early), raw)
	}
	rd.loosen(a)
}

func (rd *round) loosen(a *store.Alert) {
	if !slices.Contains(rd.loose, a) {
		rd.loose = append(rd.loose, a)
	}
}

// overtaken are the signals that came before the one their alert begins with, as
// they happened. What is older than that one changes no state.
func overtaken(a *store.Alert, begins Signal) []Signal {
	var list []Signal
	for _, raw := range a.Early {
		var s Signal
		if json.Unmarshal(raw, &s) == nil {
			s.Late = stateful(s) && !s.At.After(begins.At)
			list = append(list, s)
		}
	}
	a.Early = nil
	slices.SortStableFunc(list, func(x, y Signal) int { return x.At.Compare(y.At) })
	return list
}

// maxTold is how many signals fit into one transaction with what follows, and
// maxToldBytes how long they may be together as they are stored: on the timeline
// and with their alerts.
const (
	maxTold      = 25
	maxToldBytes = 600 << 10
)

// fitting is how many signals of a list fit into one transaction, one at least.
func fitting(list []*told) int {
	size := 0
	for i, t := range list {
		size += stored(t.Signaled) + stored(t.alert)
		if i > 0 && (i == maxTold || size > maxToldBytes) {
			return i
		}
	}
	return len(list)
}

// stored is how long something is in the store.
func stored(v any) int {
	data, _ := json.Marshal(v) // made of strings and times: it cannot fail
	return len(data)
}

// flush stores what was decided.
func (rd *round) flush(ctx context.Context) error {
	for _, id := range rd.order {
		for list := rd.told[id]; len(list) > 0; {
			n, err := rd.absorbSome(ctx, id, list)
			if err != nil {
				return err
			}
			list = list[n:]
		}
	}
	clear(rd.told)
	rd.order = nil
	list := make([]store.Alert, len(rd.loose))
	for i, a := range rd.loose {
		list[i] = *a
	}
	rd.loose = nil
	return rd.bot.journal.PutAlerts(ctx, list)
}

// absorbSome records the first of some signals, as many as fit. One that fits
// nowhere is left out with a word to the operator; all are kept if their incident
// cannot be read.
func (rd *round) absorbSome(ctx context.Context, id incident.ID, list []*told) (n int, err error) {
	n = fitting(list)
	err = rd.bot.absorb(ctx, id, list[:n])
	for errors.Is(err, store.ErrInvalid) && n > 1 {
		n = (n + 1) / 2
		err = rd.bot.absorb(ctx, id, list[:n])
	}
	if errors.Is(err, store.ErrInvalid) {
		rd.bot.Log.Error("a signal cannot be stored, and is left out", append(list[0].about(id), "error", err)...)
		return n, nil
	}
	if err == nil {
		return n, nil
	}
	for _, t := range list {
		s := t.Signal
		s.Source, s.Key = t.alert.Source, t.alert.Key // one that is counted alone has none
		if failed := rd.readable(err, s, id); failed != nil {
			return 0, failed
		}
	}
	return len(list), nil
}

// absorb records signals on an incident, with their alerts, in one transaction.
func (b *Bot) absorb(ctx context.Context, id incident.ID, list []*told) error {
	for _, t := range list {
		t.trail = b.trail(ctx, id, t) // which may have to be read
	}
	return b.race(ctx, id, func(l *live) error { return b.absorbOnce(ctx, l, list) })
}

func (b *Bot) absorbOnce(ctx context.Context, l *live, list []*told) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	inc := *l.inc.Load()
	var add []step
	a := store.Append{Alerts: alertsOf(list)}
	for _, t := range list {
		o := t.origin()
		if t.Key == "" || inc.Did(o.Cause) {
			continue
		}
		if len(add) == 0 {
			add = steps(o, b.offerFor(ctx, inc, t.Signal))
			add = append([]step{{o, b.echoed(inc, t)}}, add...)
		} else {
			add = append(add, step{o, b.echoed(inc, t)})
		}
		add = append(add, b.consequences(inc, t)...)
	}
	_, err := b.commitSteps(ctx, l, add, a)
	return err
}

// consequences are what follows from a signal besides: a room for what turns out to
// be bad, and whoever the source has on it by now.
func (b *Bot) consequences(inc incident.Incident, t *told) []step {
	o := Origin{By: incident.Bot, Cause: t.origin().Cause}
	var add []step
	if t.room && inc.Held != "" && inc.Active() {
		if t.Severity.Worse(inc.Severity) {
			add = append(add, step{o, incident.SeverityChanged{To: t.Severity, From: inc.Severity}})
		}
		add = append(add, step{o, incident.RoomWanted{}})
	}
	for _, p := range t.People {
		if p.User != "" && !inc.Private && !inc.Knows(p) {
			add = append(add, step{o, incident.Joined{Person: p}})
		}
	}
	return add
}

// alertsOf are the alerts of signals, each once and as the last of them made it.
func alertsOf(list []*told) []store.Alert {
	var alerts []store.Alert
	at := map[string]int{}
	for _, t := range list {
		name := t.alert.Source + "\x00" + t.alert.Key
		if i, ok := at[name]; ok {
			alerts[i] = t.alert
			continue
		}
		at[name] = len(alerts)
		alerts = append(alerts, t.alert)
	}
	return alerts
}

// crowded is from how many alerts on one more says nothing new about the guide.
const crowded = 10

// offerFor offers a guide that fits better, now that there is a signal more. The
// first one chose the guide.
func (b *Bot) offerFor(ctx context.Context, inc incident.Incident, s Signal) []incident.Fact {
	if s.State == incident.StateResolved || s.Late || s.Made() || !inc.Active() || inc.Tally.Total == 0 || inc.Tally.Total > crowded {
		return nil
	}
	q := Query(inc, s.Title, s.Text)
	q.Context = b.situation(ctx, inc.ID, s.Service, s.Title+" "+s.Text)
	return b.better(inc, q)
}

// open declares an incident from a signal: its alert and what came early of it are
// part of the declaration's transaction.
func (b *Bot) open(ctx context.Context, a *store.Alert, s Signal, d incident.Declared, no noRoom) (incident.Incident, error) {
	d.Title = incident.Cut(cmp.Or(incident.Line(d.Title), "Alert without a title from "+incident.SourceName(s.Source)), incident.MaxTitle)
	o := Origin{By: incident.Bot, Cause: "open/" + s.origin().Cause}
	var guide []incident.Fact
	if d.Storm {
		guide = b.guide(runbooks.Query{}) // its alerts may be of anything
	} else {
		guide = b.guide(b.declaredQuery(ctx, d, s.Text))
	}
	more := []step{{s.origin(), s.Signaled}}
	for _, e := range overtaken(a, s) {
		more = append(more, step{e.origin(), e.Signaled})
	}
	ctx, release := b.Hold(ctx)
	defer release()
	inc, fresh, err := b.declareWith(ctx, o, d, guide, declaration{no: no, steps: more, alert: a})
	if err == nil && fresh {
		inc, err = b.holdMeanwhile(ctx, inc)
	}
	if err == nil && !fresh { // a crash came between this and its retirement
		a.Incident = inc.ID
		err = b.journal.PutAlerts(ctx, []store.Alert{*a})
	}
	if err == nil {
		b.Log.Info("opened by an alert", append(s.about(inc.ID), "held", inc.Held != "")...)
	}
	return inc, err
}
