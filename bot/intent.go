package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tocsin/bot/incident"
	"tocsin/store"
)

// What people ask of whole incidents takes several transactions: alerts leave one
// timeline and come to another, and there may be more of them than fit into one. So that
// no crash leaves half of it, what is asked for is put on record first (store.Intent), and
// each part knows by its cause whether it is done.
const (
	doMerge   = "merge"
	doSplit   = "split"
	doDetach  = "detach"
	doPrivate = "private"
)

// regrouping keeps alerts from being given their places, by the router or by others, until
// it is released. What was cut short before is carried out first: nobody decides by what is
// half done.
func (b *Bot) regrouping(ctx context.Context) (release func()) {
	b.router.placing.Lock()
	b.guard("intent", func() error { // whatever becomes of it, alerts go on
		b.finish(ctx)
		return nil
	})
	return b.router.placing.Unlock
}

// finishIdle finishes what was cut short, unless alerts are being given their places: then
// the next tick does.
func (b *Bot) finishIdle(ctx context.Context) {
	if b.router.placing.TryLock() {
		defer b.router.placing.Unlock()
		b.finish(ctx)
	}
}

// intend carries out what is asked for, also if whoever asks waits no longer. What it does
// not get to the end of, the next start or the next tick of the clock does.
func (b *Bot) intend(ctx context.Context, i store.Intent) error {
	i.At = b.Now().UTC()
	if err := b.wrote(ctx, b.journal.Intend(ctx, i)); err != nil {
		return err
	}
	return b.carryOut(context.WithoutCancel(ctx), i)
}

// carryOut does what is left of an intent. One that is refused by now,
// can never be stored, or whose incident left the record is given up.
func (b *Bot) carryOut(ctx context.Context, i store.Intent) error {
	o := Origin{By: i.By, Cause: i.Cause, At: i.At}
	var err error
	switch i.Do {
	case doMerge:
		err = b.merge(ctx, i.Incident, i.To, o, i.Text)
	case doSplit:
		err = b.split(ctx, i.Incident, o, i.Alerts)
	case doDetach:
		err = b.detach(ctx, i.Incident, o, i.Alerts, "")
	case doPrivate:
		err = b.moveToPrivate(ctx, i.Incident, o)
	default:
		return fmt.Errorf("this version of tocsin cannot do %q: use the newer one that was asked for it", i.Do)
	}
	if err != nil && !vain(err) {
		return err
	}
	return errors.Join(err, b.wrote(ctx, b.journal.Fulfilled(ctx, i.Cause)))
}

// vain tells whether trying again is no use.
func vain(err error) bool {
	return errors.As(err, new(incident.Refusal)) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid)
}

// finish carries out what a crash or a failure cut short, in the order in which it was
// asked for. The caller holds router.placing.
func (b *Bot) finish(ctx context.Context) {
	list, err := b.journal.Intents(ctx)
	if ctx.Err() != nil {
		return // whoever asked is gone, which says nothing of what was read
	}
	for _, err := range store.Each(err) {
		b.stuck(err.Error(), "a request that was cut short cannot be read, and is left as it is", "error", err)
	}
	slices.SortStableFunc(list, func(x, y store.Intent) int { return x.At.Compare(y.At) })
	for _, i := range list {
		about := []any{"incident", i.Incident, "cause", i.Cause, "request", i.Do}
		err := b.guard("intent", func() error { return b.carryOut(ctx, i) }, about...)
		switch {
		case err == nil || ctx.Err() != nil:
		case vain(err):
			b.Log.Warn("a request that was cut short is given up", append(about, "error", err)...)
		default:
			b.stuck(i.Cause, "a request that was cut short is not finished, and tried again", append(about, "error", err)...)
		}
	}
}

// stuck tells the operator of what cannot be finished, once a start. The caller holds
// router.placing.
func (b *Bot) stuck(what, how string, about ...any) {
	if b.router.stuck == nil {
		b.router.stuck = map[string]bool{}
	}
	if !b.router.stuck[what] {
		b.Log.Error(how, about...)
	}
	b.router.stuck[what] = true
}
