// Package bot is the engine: it turns requests into facts, facts into effects,
// and sees to it that each effect happens once.
//
//	request ─► decide ─► facts ─► one transaction: timeline + outbox ─► worker ─► Performer
//	                                   ▲                                            │
//	                                   └──────── what the worker learned ───────────┘
//
// Declare, Update and Accept are the ways in: for people, for decisions on one
// incident, and for alerts. What is accepted is stored as it came; router.go then
// gives each alert its place (round.go, place.go, group.go), and people mend that
// (regroup.go, moving.go, hold.go). What takes several transactions is on record before
// the first of them, and a crash leaves none of it half done (intent.go). lineage.go tells
// what an incident goes on as, and what went on as it. react.go is the one switch from a
// fact to effects.
// worker.go performs effects, each when its turn has come (turn.go), the most
// urgent first (urgency.go), and the clock issues ordinary requests when
// something is due. Nothing is answered before it is stored, and the same cause
// twice is one request.
//
// guide.go chooses and changes the guide of an incident, with what is known besides
// its words (situation.go) and what people chose before (learn.go); walk.go shows
// it as a message that moves on with each answer. private.go goes on with an
// incident where not everybody can read.
//
// The engine knows no vendor. What it asks of the chat service is a Performer;
// what people see is Markdown with buttons, and every button is a command.
package bot
