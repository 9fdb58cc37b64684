package bot

import (
	"context"
	"time"

	"tocsin/bot/incident"
)

// Paging is what people can ask of the paging service.
type Paging interface {
	// Targets are whom a text may mean, those that it means exactly first. One
	// target is what is meant; several have to be chosen from.
	Targets(ctx context.Context, text string) ([]incident.PageTarget, error)
	// Complete lists the first of all targets, from memory.
	Complete(most int) []incident.PageTarget
	// OnCall tells who is on call now, of a team, service or escalation policy by
	// its name; of all for "".
	OnCall(ctx context.Context, team string) ([]Duty, error)
}

// Duty is somebody being on call.
type Duty struct {
	Person           incident.Person
	Policy, Schedule string    // Schedule is "" if the policy names the person itself
	Level            int       // 1 is called first
	Until            time.Time // zero: always
}

// Page asks PagerDuty for people.
func (b *Bot) Page(ctx context.Context, id incident.ID, o Origin, to incident.PageTarget, text string) (incident.Incident, error) {
	return b.Update(ctx, id, o, func(inc incident.Incident) ([]incident.Fact, error) { return inc.AskPage(to, text) })
}
