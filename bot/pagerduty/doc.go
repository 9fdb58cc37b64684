// Package pagerduty is tocsin's face to PagerDuty and the only importer of
// go-pagerduty. It turns V3 webhooks into bot.Signals
// (https://developer.pagerduty.com/docs/webhooks-overview); through a Client it
// pages people, knows who they are and who is on call, and keeps PagerDuty's
// incidents in step with ours.
//
// PagerDuty sends again when it gets no 2xx within 5 seconds, but drops an event
// on most 4xx, and disables a subscription that drops three. So what cannot be
// read or proven is refused, what could not be stored gets a 503, and all else,
// also what this version does not know, a 202 once it is stored.
//
// # Each call once
//
// This is every call that tocsin makes, as package slack has Slack's: by what it is
// known again, what is done after an attempt that nobody knows the end of, and what
// comes of it.
//
//	call                                       | known again by                        | then                                    | done
//	POST /incidents                            | incident_key: “tocsin-INC-7-page-1-…” | looked for by the key, resolved ones too | once
//	POST /incidents/{id}/responder_requests    | its message, which names the page     | looked for among the requests of those that were open | once
//	PUT /incidents/{id}                        | status, priority and urgency          | read, and changed only where they differ | once
//	POST /incidents/{id}/notes                 | the text, where it was told once; else that it is no older, too | looked for in the notes, and in what webhooks told | once
//	POST /incidents/{id}/status_updates        | the text, where it was told once; else that it is no older, too | looked for in the log entries, and in what webhooks told | once
//	POST /v2/enqueue                           | dedup_key: the same as the incident_key | again; if it is over by then, people are told “perhaps”, and it is called off | once
//	POST /webhook_subscriptions/{id}/enable    | whether it is enabled                 | again, five minutes later               | once
//	GET /abilities                             | -                                     | again                                   | read
//	GET /users                                 | -                                     | again                                   | read
//	GET /users/me                              | -                                     | again                                   | read
//	GET /services                              | -                                     | again                                   | read
//	GET /escalation_policies                   | -                                     | again                                   | read
//	GET /priorities                            | -                                     | again                                   | read
//	GET /oncalls                               | -                                     | again                                   | read
//	GET /incidents                             | -                                     | again                                   | read
//	GET /incidents/{id}                        | -                                     | again                                   | read
//	GET /incidents/{id}/notes                  | -                                     | again                                   | read
//	GET /incidents/{id}/log_entries            | -                                     | again                                   | read
//	GET /webhook_subscriptions                 | -                                     | again                                   | read
//
// Once is exactly once, as long as what PagerDuty carries out late comes within
// bot.Config.Quiet. An incident that is still open keeps its key to itself, so one
// cannot be made twice however late it is.
//
// A token that is refused has everything wait until there is another; one that may
// not do a thing, a person or a service that was deleted, and a plan without a feature
// fail for good, and the room is told whom to call instead (denied.go, errors.go).
package pagerduty
