package bot

import (
	"fmt"
	"runtime/debug"
)

// panicked is the error that a panic is made into.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// guard does something, and makes a panic in it an error that is on record: what
// is wrong with one thing must not end what serves all others. in names the part of
// the bot, about is what it worked on, as for slog.
func (b *Bot) guard(in string, do func() error, about ...any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.Log.Error("panic", append([]any{"in", in, "panic", p, "stack", string(debug.Stack())}, about...)...)
			err = &panicked{p}
		}
	}()
	return do()
}
