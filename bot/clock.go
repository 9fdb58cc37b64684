package bot

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"

	"tocsin/bot/incident"
	"tocsin/store"
)

// What a Reminded fact can be of.
const (
	remindUpdate  = "update"
	remindActions = "actions"
)

// Schedules, in UTC. cron only reads them: what is due is derived from the
// timelines, and a reminder is an ordinary request whose cause names what was
// due, so a late, double or missed tick does no harm.
var (
	everyTick  = schedule("@every 30s")
	workdays9h = schedule("CRON_TZ=UTC 0 9 * * 1-5")
	daily      = schedule("CRON_TZ=UTC 17 3 * * *")
)

func schedule(spec string) cron.Schedule {
	s, err := cron.ParseStandard(spec)
	if err != nil {
		panic(err) // the specs are ours, above
	}
	return s
}

// Schedule reads a cron expression, in UTC, and tells the next time after one.
func Schedule(spec string) (next func(time.Time) time.Time, err error) {
	s, err := cron.ParseStandard("CRON_TZ=UTC " + spec)
	if err != nil {
		return nil, err
	}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return nil, errors.New("that time never comes")
	}
	return s.Next, nil
}

// watch ticks until ctx ends.
func (b *Bot) watch(ctx context.Context) {
	tidy := daily.Next(b.Now())
	for {
		now := b.Now()
		b.guard("clock", func() error {
			if !now.Before(tidy) || tidy.Sub(now) > 24*time.Hour { // put off before the clock was set back
				tidy = daily.Next(now)
				b.tidy(ctx, now.UTC())
			}
			b.finishIdle(ctx)
			b.tick(ctx, now.UTC())
			b.forget(now)
			return nil
		})
		if !b.worker.pause(ctx, everyTick.Next(now)) {
			return
		}
	}
}

// tick reminds people of what is due at now.
func (b *Bot) tick(ctx context.Context, now time.Time) {
	heads, err := b.journal.Heads(ctx)
	if err != nil && !damaged(err) {
		b.Log.Error("the clock cannot read the store", "error", err)
		return
	}
	l := look{bot: b, now: now, day: lastBefore(workdays9h, now)}
	for _, h := range heads {
		if h.Active() {
			l.guarded(ctx, h.ID)
		}
	}
	if !l.day.Equal(b.followed.day) { // also after a clock that was ahead
		l.followUps(ctx, heads)
	}
	l.saw.Actions += b.followed.overdue
	l.saw.Looked = b.Now()
	b.reminders.Store(&l.saw)
}

// followed is when the clock last looked at the follow-ups of what is over, and how
// many incidents had some over their date.
type followed struct {
	day     time.Time
	overdue int
}

// atATime is how many incidents that are over the clock has in memory at a time.
const atATime = 100

// followUps looks at what is over and has follow-ups, which can be most of the
// record: once a workday is enough for what is asked for once a workday.
func (l *look) followUps(ctx context.Context, heads []store.Head) {
	b, before, failed, n := l.bot, l.saw.Actions, l.saw.Overdue, 0
	for _, h := range heads {
		if h.Active() || h.Actions == 0 || ctx.Err() != nil {
			continue
		}
		l.guarded(ctx, h.ID)
		if n++; n%atATime == 0 {
			b.forget(l.now)
		}
	}
	overdue := l.saw.Actions - before
	l.saw.Actions = before
	if b.followed.overdue = overdue; l.saw.Overdue == failed && ctx.Err() == nil {
		b.followed.day = l.day // or it looks again with the next tick
	}
}

// guarded looks at one incident; what goes wrong with it concerns no other.
func (l *look) guarded(ctx context.Context, id incident.ID) {
	err := l.bot.guard("clock", func() error { return l.at(ctx, id) }, "incident", id)
	if err != nil && ctx.Err() == nil {
		l.bot.Log.Error("the clock cannot look at an incident", "incident", id, "error", err)
		l.saw.Overdue++
	}
}

// Reminders is what the clock saw when it last looked.
type Reminders struct {
	Looked time.Time // zero: it has not looked yet
	// Updates are the incidents whose people owe an update, Pages those who were
	// asked for and of whom nothing is heard, Actions the incidents with
	// follow-ups over their date.
	Updates, Pages, Actions int
	// Overdue are those that the clock could not tell people of. It tries again.
	Overdue int
}

// Reminders tells what the clock saw when it last looked.
func (b *Bot) Reminders() Reminders {
	if saw := b.reminders.Load(); saw != nil {
		return *saw
	}
	return Reminders{}
}

// look is one look of the clock at all incidents.
type look struct {
	bot      *Bot
	now, day time.Time // day is when follow-ups were last looked at
	saw      Reminders
}

// at reminds the people of one incident of what is due.
func (l *look) at(ctx context.Context, id incident.ID) error {
	b := l.bot
	inc, err := b.Incident(ctx, id)
	if err != nil {
		return err
	}
	b.letGo(ctx, inc, l.now)
	for _, p := range inc.Pages {
		if p.Waits() && l.now.Sub(p.Asked) > pagePatience {
			l.saw.Pages++
			l.remind(ctx, inc, incident.RemindedPage+strconv.Itoa(p.N), p.Asked)
		}
	}
	if due, ok := updateDue(inc, l.now); ok {
		l.saw.Updates++
		l.remind(ctx, inc, remindUpdate, due)
	}
	if hasOverdue(inc, l.day) {
		l.saw.Actions++
		l.remind(ctx, inc, remindActions, l.day)
	}
	return nil
}

func (l *look) remind(ctx context.Context, inc incident.Incident, of string, due time.Time) {
	if err := l.bot.remind(ctx, inc, of, due); err != nil && ctx.Err() == nil {
		l.saw.Overdue++
		l.bot.Log.Error("a reminder failed", "incident", inc.ID, "of", of, "cause", reminder(inc.ID, of, due), "error", err)
	}
}

// pagePatience is how long a page may be on its way before people are told that
// they cannot count on it.
const pagePatience = 20 * time.Second

// unasked is how long an incident waits for its room after its alerts have ended.
const unasked = 24 * time.Hour

// letGo closes what nobody asked a room for, once its alerts have been over for long.
func (b *Bot) letGo(ctx context.Context, inc incident.Incident, now time.Time) {
	over := func(inc incident.Incident) bool {
		return inc.Held != "" && inc.Active() && inc.Tally.Firing == 0 && now.Sub(lastActivity(&inc)) > unasked
	}
	if !over(inc) {
		return
	}
	o := Origin{By: incident.Bot, Cause: "let-go/" + string(inc.ID)}
	_, err := b.Update(ctx, inc.ID, o, func(inc incident.Incident) ([]incident.Fact, error) {
		if !over(inc) {
			return nil, nil
		}
		return inc.Close("false-alarm", "", "its alerts ended a day ago, and nobody asked for a room")
	})
	if err != nil {
		b.Log.Error("an incident without a room is not closed", "incident", inc.ID, "cause", o.Cause, "error", err)
	}
}

// updateDue is the latest time that an update was due and none came. When
// nobody answers a reminder, the next comes one period later, not before.
func updateDue(inc incident.Incident, now time.Time) (time.Time, bool) {
	due := inc.UpdateDue()
	if due.IsZero() || now.Before(due) || inc.Held != "" {
		return time.Time{}, false
	}
	return due.Add(now.Sub(due).Truncate(inc.Play.UpdateEvery)), true
}

func hasOverdue(inc incident.Incident, day time.Time) bool {
	for _, a := range inc.Actions {
		if a.Overdue(day) {
			return true
		}
	}
	return false
}

// lastBefore is the last time at or before now that a schedule names, within
// four days.
func lastBefore(s cron.Schedule, now time.Time) time.Time {
	var last time.Time
	for t := s.Next(now.AddDate(0, 0, -4)); !t.IsZero() && !t.After(now); t = s.Next(t) {
		last = t
	}
	return last
}

// reminder is the cause of a reminder, which is the same however often it is tried.
func reminder(id incident.ID, of string, due time.Time) string {
	return "remind/" + string(id) + "/" + of + "/" + due.Format(time.RFC3339)
}

func (b *Bot) remind(ctx context.Context, inc incident.Incident, of string, due time.Time) error {
	_, err := b.Update(ctx, inc.ID, Origin{By: incident.Bot, Cause: reminder(inc.ID, of, due)}, func(inc incident.Incident) ([]incident.Fact, error) {
		if next := inc.UpdateDue(); of == remindUpdate && (next.IsZero() || next.After(due)) {
			return nil, nil // an update came, or the end
		}
		return []incident.Fact{incident.Reminded{Of: of, Due: due}}, nil
	})
	return err
}
