// Package incident is the model: what happened (facts, in events, on a
// timeline), what it adds up to (Fold), and what may happen next (the methods
// of Incident that return facts or a Refusal).
//
// It is pure. It knows no clock, no store and no chat service, and it imports
// the standard library only. A timeline is the single source of truth: Fold is
// the only way to make an Incident, and nothing but a new event changes one.
//
//	Declare, (Incident).Assign, …   decide: may this happen?    → facts or Refusal
//	Fold, (Incident).With           fold: what does it add up to?
//	Narrate                         one event as a sentence
package incident
