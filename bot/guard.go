package bot

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// panicked is the error that a panic is made into.
type panicked struct{ value any }

func (p *panicked) Error() string { return "panic: " + Harmless(p.value) }

// Harmless is a panic's value for a log, or its kind if it may quote what somebody
// sent: only what Go itself says is sure to hold no secret.
func Harmless(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}

// guard does something, and makes a panic in it an error that is on record: what
// is wrong with one thing must not end what serves all others. in names the part of
// the bot, about is what it worked on, as for slog.
func (b *Bot) guard(in string, do func() error, about ...any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.Log.Error("panic", append([]any{"in", in, "panic", Harmless(p), "stack", string(debug.Stack())}, about...)...)
			err = &panicked{p}
		}
	}()
	return do()
}
