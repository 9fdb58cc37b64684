package bot

import (
	"context"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"

	"tocsin/bot/incident"
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
	return s.Next, nil
}

// watch ticks until ctx ends.
func (b *Bot) watch(ctx context.Context) {
	tidy := daily.Next(b.Now())
	for {
		now := b.Now()
		if !now.Before(tidy) {
			b.tidy(ctx, now.UTC())
			tidy = daily.Next(now)
		}
		b.tick(ctx, now.UTC())
		b.forget(now)
		if !b.worker.pause(ctx, everyTick.Next(now)) {
			return
		}
	}
}

// tick reminds people of what is due at now.
func (b *Bot) tick(ctx context.Context, now time.Time) {
	heads, err := b.journal.Heads(ctx)
	if err != nil {
		b.Log.Error("the clock cannot read the store", "error", err)
		return
	}
	day := lastBefore(workdays9h, now)
	for _, h := range heads {
		if !h.Active() && h.Actions == 0 {
			continue
		}
		inc, err := b.Incident(ctx, h.ID)
		if err != nil {
			b.Log.Error("the clock cannot read an incident", "incident", h.ID, "error", err)
			continue
		}
		b.finishMove(ctx, inc)
		b.letGo(ctx, inc, now)
		for _, p := range inc.Pages {
			if p.Waits() && now.Sub(p.Asked) > pagePatience {
				b.remind(ctx, inc, incident.RemindedPage+strconv.Itoa(p.N), p.Asked)
			}
		}
		if due, ok := updateDue(inc, now); ok {
			b.remind(ctx, inc, remindUpdate, due)
		}
		if hasOverdue(inc, day) {
			b.remind(ctx, inc, remindActions, day)
		}
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
		b.Log.Error("an incident without a room is not closed", "incident", inc.ID, "error", err)
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

func (b *Bot) remind(ctx context.Context, inc incident.Incident, of string, due time.Time) {
	cause := "remind/" + string(inc.ID) + "/" + of + "/" + due.Format(time.RFC3339)
	_, err := b.Update(ctx, inc.ID, Origin{By: incident.Bot, Cause: cause}, func(inc incident.Incident) ([]incident.Fact, error) {
		if next := inc.UpdateDue(); of == remindUpdate && (next.IsZero() || next.After(due)) {
			return nil, nil // an update came, or the end
		}
		return []incident.Fact{incident.Reminded{Of: of, Due: due}}, nil
	})
	if err != nil {
		b.Log.Error("a reminder failed", "incident", inc.ID, "of", of, "error", err)
	}
}
