package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a client of the sandbox's PagerDuty needs.
const (
	// PagerDutyToken is the default REST key; it belongs to Ada.
	PagerDutyToken = "sandbox-pagerduty-token"
	// PagerDutyReadToken is the default read-only REST key.
	PagerDutyReadToken = "sandbox-pagerduty-read-token"
	// PagerDutyOAuthToken is the access token of an app: it belongs to no user, and goes as a bearer token.
	PagerDutyOAuthToken = "pdus+_0SANDBX_5b1d3c71-84a4-4640-8dfe-a845bab1fd41"
	// RoutingKey is the Events API v2 key of the service answers-api. Service n of the account has
	// the key sandbox0routing0key0sandbox0 + n in three digits + a.
	RoutingKey = "sandbox0routing0key0sandbox0001a"
)

// pdThing is anything of the account that has an id and a name: a user, a service, a policy.
type pdThing struct{ kind, id, name string }

type pdUser struct {
	pdThing
	email, color, role string
}

type pdService struct {
	pdThing
	policy  string // id
	key     string // of Events v2
	created time.Time
}

// pdPolicy is an escalation policy: whom each level calls, a user's or a schedule's id.
type pdPolicy struct {
	pdThing
	levels [][]string
}

// pdSchedule hands over every week.
type pdSchedule struct {
	pdThing
	since time.Time // when the first of the rotation began
	users []string  // ids, in order
}

// The ids that code and tests name.
const (
	pdTeamID       = "PTEAM01"
	pdDefaultID    = "PEDEFLT"
	pdPlatformID   = "PEPLATF"
	pdScheduleID   = "PSCHPRI"
	pdHookID       = "PWHSBX1"
	pdOwnerID      = "PUSRADA"
	pdWeek         = 7 * 24 * time.Hour
	pdHandoverHour = 9
)

// pdServiceNames are the account's services; the bot's own examples speak of the first few.
func pdServiceNames() []string {
	return []string{
		"answers-api", "chat-api", "search", "summarizer", "embeddings", "retrieval", "gateway",
		"support-assistant", "translation", "moderation", "voice", "evals", "agents", "billing-insights",
	}
}

// newPagerDuty is an account with the workspace's four people in it.
func newPagerDuty(now time.Time, hookURL string, priorities []string) pagerDuty {
	pd := pagerDuty{
		incidents: map[string]*pdIncident{}, team: pdThing{"team", pdTeamID, "AI Platform"},
		users: []pdUser{
			{pdThing{"user", pdOwnerID, "Ada Okafor"}, "ada@example.com", "red", "owner"},
			{pdThing{"user", "PUSRBEN", "Ben Ortiz"}, "ben@example.com", "blue", "user"},
			{pdThing{"user", "PUSRMEI", "Mei Chen"}, "mei@example.com", "green", "user"},
			{pdThing{"user", "PUSRDIN", "Dina Weiss"}, "dina@example.com", "purple", "admin"},
		},
		policies: []pdPolicy{
			{pdThing{"escalation_policy", pdDefaultID, "Default"}, [][]string{{pdScheduleID}, {"PUSRDIN"}}},
			{pdThing{"escalation_policy", pdPlatformID, "Platform"}, [][]string{{"PUSRMEI"}, {pdOwnerID}}},
		},
		schedule: pdSchedule{pdThing{"schedule", pdScheduleID, "Primary"}, lastHandover(now), []string{"PUSRBEN", "PUSRMEI", pdOwnerID}},
		created:  now, hooks: newHooks(), hookURL: hookURL,
	}
	if priorities == nil {
		priorities = s("P1", "P2", "P3", "P4", "P5")
	}
	for i, name := range priorities {
		pd.priorities = append(pd.priorities, pdThing{"priority", fmt.Sprintf("PPRIOR%d", i+1), name})
	}
	for _, name := range pdServiceNames() {
		pd.addService(name)
	}
	return pd
}

// lastHandover is the latest Monday 09:00 UTC.
func lastHandover(now time.Time) time.Time {
	now = now.UTC()
	day := time.Date(now.Year(), now.Month(), now.Day(), pdHandoverHour, 0, 0, 0, time.UTC)
	monday := day.AddDate(0, 0, -(int(now.Weekday())+6)%7)
	if monday.After(now) {
		monday = monday.AddDate(0, 0, -7)
	}
	return monday
}

func (pd *pagerDuty) addService(name string) *pdService {
	n := len(pd.services) + 1
	s := &pdService{
		pdThing{"service", fmt.Sprintf("PSVC%03d", n), name}, pdDefaultID,
		fmt.Sprintf("sandbox0routing0key0sandbox0%03da", n), pd.created,
	}
	pd.services = append(pd.services, s)
	return s
}

// serviceNamed is the service of that name or id, made if need be.
func (pd *pagerDuty) serviceNamed(name string) *pdService {
	for _, s := range pd.services {
		if strings.EqualFold(s.name, name) || s.id == name {
			return s
		}
	}
	return pd.addService(name)
}

func (pd *pagerDuty) service(id string) *pdService {
	return findThing(pd.services, func(s *pdService) bool { return s.id == id })
}

func (pd *pagerDuty) serviceWithKey(key string) *pdService {
	return findThing(pd.services, func(s *pdService) bool { return s.key == key })
}

// findThing is the first of them that fits, or the zero value.
func findThing[T any](all []T, fits func(T) bool) (found T) {
	if i := slices.IndexFunc(all, fits); i >= 0 {
		found = all[i]
	}
	return found
}

// The finders below give a zero thing, whose id is empty, where there is none.

func (pd *pagerDuty) user(id string) pdUser {
	return findThing(pd.users, func(u pdUser) bool { return u.id == id })
}

func (pd *pagerDuty) userWithEmail(address string) pdUser {
	return findThing(pd.users, func(u pdUser) bool { return strings.EqualFold(u.email, address) })
}

// userNamed takes a name, an e-mail address or an id.
func (pd *pagerDuty) userNamed(words string) pdUser {
	return findThing(pd.users, func(u pdUser) bool {
		return words != "" && (strings.EqualFold(u.email, words) || strings.EqualFold(u.name, words) || u.id == words)
	})
}

func (pd *pagerDuty) policy(id string) pdPolicy {
	return findThing(pd.policies, func(p pdPolicy) bool { return p.id == id })
}

func (pd *pagerDuty) priority(words string) pdThing {
	return findThing(pd.priorities, func(p pdThing) bool { return p.id == words || strings.EqualFold(p.name, words) })
}

// onCall is whom a level of a policy calls at a time: a schedule's user, or the user itself.
func (pd *pagerDuty) onCall(p pdPolicy, level int, at time.Time) pdUser {
	level = min(max(level, 1), max(len(p.levels), 1))
	if len(p.levels) == 0 {
		return pdUser{}
	}
	id := p.levels[level-1][0]
	if id == pd.schedule.id {
		id, _, _ = pd.schedule.shift(at)
	}
	return cmp.Or(pd.user(id), pd.users[0])
}

// shift is who is on call at a time, and from when till when.
func (s pdSchedule) shift(at time.Time) (user string, start, end time.Time) {
	n := int(at.Sub(s.since) / pdWeek)
	if at.Before(s.since) {
		n--
	}
	start = s.since.Add(time.Duration(n) * pdWeek)
	count := len(s.users)
	return s.users[((n%count)+count)%count], start, start.Add(pdWeek)
}
