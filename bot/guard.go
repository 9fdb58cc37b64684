package bot

import (
	"fmt"
	"log/slog"
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

// guard is Guard with the bot's log.
func (b *Bot) guard(in string, do func() error, about ...any) (err error) {
	return Guard(b.Log, in, do, about...)
}

// Guard does something, and makes a panic in it an error that is on record: what
// is wrong with one thing must not end what serves all others. in names the part of
// the program, about is what it worked on, as for slog. A goroutine begins with it:
// nothing else catches a panic there.
func Guard(log *slog.Logger, in string, do func() error, about ...any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic", append([]any{"in", in, "panic", Harmless(p), "stack", string(debug.Stack())}, about...)...)
			err = &panicked{p}
		}
	}()
	return do()
}
