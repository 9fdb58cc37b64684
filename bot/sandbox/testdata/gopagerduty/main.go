// Command gopagerduty holds the sandbox's PagerDuty against go-pagerduty, unmodified: what that client
// sends must be understood or refused as PagerDuty does, and what it gets must be readable. It is a
// module of its own, so that the product does not depend on what the client depends on.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/PagerDuty/go-pagerduty"
)

const (
	token      = "sandbox-pagerduty-token"
	routingKey = "sandbox0routing0key0sandbox0001a"
)

func main() {
	if len(os.Args) != 2 {
		fail("give the address of the sandbox, such as http://127.0.0.1:8080")
	}
	url := os.Args[1] + "/pagerduty"
	c := pagerduty.NewClient(token, pagerduty.WithAPIEndpoint(url), pagerduty.WithV2EventsAPIEndpoint(url))
	ctx := context.Background()
	id := createAndAcknowledge(ctx, c)
	callResponders(ctx, c, id)
	askLists(ctx, c)
	sendEvents(ctx, c)
	resolve(ctx, c, id)
	fmt.Println("go-pagerduty", pagerduty.Version, "and the sandbox agree")
}

func createAndAcknowledge(ctx context.Context, c *pagerduty.Client) string {
	service := &pagerduty.APIReference{ID: "PSVC001", Type: "service_reference"}
	made, err := c.CreateIncidentWithContext(ctx, "mei@example.com", &pagerduty.CreateIncidentOptions{
		Title: "Answers cut off", Service: service, Priority: &pagerduty.APIReference{ID: "PPRIOR2", Type: "priority_reference"},
		Urgency: "high", IncidentKey: "INC-1", Body: &pagerduty.APIDetails{Type: "incident_body", Details: "since the rollout"},
	})
	check("create", err, made != nil && made.Status == "triggered" && made.Priority.Name == "P2" && made.IncidentKey == "INC-1" &&
		made.Service.Summary == "answers-api" && made.Assignments[0].Assignee.Summary == "Ben Ortiz")
	_, err = c.CreateIncidentWithContext(ctx, "mei@example.com", &pagerduty.CreateIncidentOptions{Title: "x", Service: service})
	refused("a null priority", err, 400, 2001)
	_, err = c.CreateIncidentNoteWithContext(ctx, made.ID, pagerduty.IncidentNote{Content: "x"})
	refused("a note without From", err, 400, 1008)
	done, err := c.ManageIncidentsWithContext(ctx, "ben@example.com", []pagerduty.ManageIncidentsOptions{{ID: made.ID, Status: "acknowledged"}})
	check("acknowledge", err, done != nil && done.Incidents[0].Acknowledgements[0].Acknowledger.Summary == "Ben Ortiz")
	got, err := c.GetIncidentWithContext(ctx, made.ID)
	check("get", err, got != nil && got.Status == "acknowledged")
	return made.ID
}

func callResponders(ctx context.Context, c *pagerduty.Client, id string) {
	target := func(id, kind string) pagerduty.ResponderRequestTargetWrapper {
		return pagerduty.ResponderRequestTargetWrapper{Target: pagerduty.ResponderRequestTarget{APIObject: pagerduty.APIObject{ID: id, Type: kind + "_reference"}}}
	}
	requested, err := c.ResponderRequestWithContext(ctx, id, pagerduty.ResponderRequestOptions{
		From: "ada@example.com", Message: "Please help", RequesterID: "PUSRADA",
		Targets: []pagerduty.ResponderRequestTargetWrapper{target("PUSRDIN", "user"), target("PEPLATF", "escalation_policy")},
	})
	check("responders", err, requested != nil && len(requested.ResponderRequest.Targets) == 2 && requested.ResponderRequest.Targets[1].Target.Summary == "Platform")
	update, err := c.CreateIncidentStatusUpdate(ctx, id, "ada@example.com", "A fix is on its way")
	check("status update", err, update.Sender.Summary == "Ada Okafor")
}

func askLists(ctx context.Context, c *pagerduty.Client) {
	on, err := c.ListOnCallsWithContext(ctx, pagerduty.ListOnCallOptions{EscalationPolicyIDs: []string{"PEDEFLT"}, Earliest: true, Includes: []string{"users"}})
	check("on call", err, on != nil && len(on.OnCalls) == 2 && on.OnCalls[0].User.Email == "ben@example.com" && on.OnCalls[1].User.Name == "Dina Weiss")
	users, err := c.ListUsersWithContext(ctx, pagerduty.ListUsersOptions{Query: "dina@"})
	check("users", err, users != nil && len(users.Users) == 1 && users.Users[0].ID == "PUSRDIN")
	services, err := c.ListServicesWithContext(ctx, pagerduty.ListServiceOptions{Limit: 100})
	check("services", err, services != nil && len(services.Services) == 14)
	policies, err := c.ListEscalationPoliciesWithContext(ctx, pagerduty.ListEscalationPoliciesOptions{})
	check("policies", err, policies != nil && len(policies.EscalationPolicies) == 2)
	schedules, err := c.ListSchedulesWithContext(ctx, pagerduty.ListSchedulesOptions{})
	check("schedules", err, schedules != nil && len(schedules.Schedules) == 1)
	priorities, err := c.ListPrioritiesWithContext(ctx, pagerduty.ListPrioritiesOptions{})
	check("priorities", err, priorities != nil && len(priorities.Priorities) == 5)
	abilities, err := c.ListAbilitiesWithContext(ctx)
	check("abilities", err, abilities != nil && len(abilities.Abilities) > 0)
	_, err = c.GetIncidentWithContext(ctx, "PNONE")
	refused("an incident that is not there", err, 404, 2100)
}

func sendEvents(ctx context.Context, c *pagerduty.Client) {
	event := pagerduty.V2Event{
		RoutingKey: routingKey, Action: "trigger", DedupKey: "disk/1",
		Payload: &pagerduty.V2Payload{Summary: "529 overloaded", Source: "gateway-1", Severity: "critical"},
	}
	sent, err := c.ManageEventWithContext(ctx, &event)
	check("trigger", err, sent != nil && sent.Status == "success" && sent.DedupKey == "disk/1")
	found, err := c.ListIncidentsWithContext(ctx, pagerduty.ListIncidentsOptions{IncidentKey: "disk/1", Statuses: []string{"triggered"}})
	check("its incident", err, found != nil && len(found.Incidents) == 1)
	_, err = c.ManageEventWithContext(ctx, &pagerduty.V2Event{RoutingKey: routingKey, Action: "resolve", DedupKey: "disk/1"})
	check("resolve an alert", err, true)
	event.RoutingKey = "short"
	_, err = c.ManageEventWithContext(ctx, &event)
	check("a short routing key", nil, err != nil)
}

func resolve(ctx context.Context, c *pagerduty.Client, id string) {
	_, err := c.ManageIncidentsWithContext(ctx, "ben@example.com", []pagerduty.ManageIncidentsOptions{{ID: id, Status: "resolved"}})
	check("resolve", err, true)
	open, err := c.ListIncidentsWithContext(ctx, pagerduty.ListIncidentsOptions{Statuses: []string{"triggered", "acknowledged"}})
	check("nothing open", err, open != nil && len(open.Incidents) == 0)
}

func check(what string, err error, fine bool) {
	if err != nil || !fine {
		fail(fmt.Sprintf("%s: err %v, as expected %v", what, err, fine))
	}
}

func refused(what string, err error, status, code int) {
	var e pagerduty.APIError
	if !errors.As(err, &e) || e.StatusCode != status || e.APIError.ErrorObject.Code != code {
		fail(fmt.Sprintf("%s: want %d with code %d, got %v", what, status, code, err))
	}
}

func fail(words string) {
	fmt.Fprintln(os.Stderr, words)
	os.Exit(1)
}
