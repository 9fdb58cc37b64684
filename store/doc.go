// Package store keeps what tocsin knows. KV is all it asks of a database: an
// ordered map with atomic, conditional transactions; store/bolt and store/mem
// are two. Journal, written once for every KV, is what the bot uses:
//
//	log/00000042/00000007   event 7 of INC-42, sealed (see below)
//	head/00000042           INC-42 at a glance: what lists and look-ups need
//	out/00000042/KEY        an effect of INC-42 that is still to be performed
//	due/00000042/KEY        the same once more, as it was asked for
//	handle/NAME             the incident that NAME belongs to, e.g. channel/C0INC1
//	in/SOURCE/ID            a delivery from outside that is stored and not worked on yet, or what of it cannot be
//	seen/SOURCE/ID          what remains of a delivery that was worked on: the same again is known
//	alert/SOURCE/KEY        an alert, with the incident that it belongs to if any
//	intent/CAUSE            a request that takes several transactions, while it is under way
//	mark/NAME               a time to remember, e.g. since when rooms are on hold
//	known/NAME              what one start learned and the next may need
//	change/TIME/CAUSE       what somebody changed outside any incident
//	seen/change/CAUSE       a change that is recorded already
//	gone/00000042           what became of INC-42, which is not here any more
//	aside/TIME/KEY          what a repair could not read, as it was
//	format                  the version of all this, if it is not 1
//
// SOURCE is escaped, so that it has no "/". An ID or KEY of 256 bytes or more is
// cut and ends in its SHA-256. An arrival's key becomes seen/… in the transaction
// that takes it out of in/…, so at every moment a delivery is new, waits, or was
// worked on, and is never two of these.
//
// An append creates log/…/n+1, which must not exist. Whoever creates it decided
// on the state as it is; everybody else gets ErrConflict, loads, and decides
// again. Every change of an incident's outbox is bound to that same key, even
// where no event is written, so an effect cannot be settled on stale knowledge.
//
// Every value is sealed: it begins with the SHA-256 of its bytes and of what it
// must follow, which is the seal of the event before it for an event, and its
// key for all else. A changed or swapped value, a lost event, and a timeline
// that ends before its head says are reported as CorruptError, never served; a changed
// key, which would hide its value, by Check at the start. Examine reads all there is,
// derives again what follows from the timelines, and compares; Repair puts right what
// it finds: it puts back what lost its key, and has the fact incident.Lost stand for an
// event that cannot be read, where the seal of the next one proves what follows. What
// follows from timelines are all heads, the handles cause/, channel/ and private/, and
// effects that lead to a fact which is not there, also those that were given up and asked
// for again: the channel, the card, the announcement, a guide, a draft, a pinned message,
// a page. Of all others, a message say, a second copy tells that they wait; of many in one
// transaction only the first have one. An effect that waits, and of which a fact with its
// DoneCause tells what came, should not be there. Nothing tells of the loss of any other
// value as a whole, such as a delivery that waits; of those that are there every seal is
// checked. Where a timeline itself lost an event, only the channel and the card are derived
// from it, and handles that may be right stay.
package store
