package inbound

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// unproven is the room in memory for bodies of which nobody knows yet who sent them, of
// all doors of the process together: who has no secret can fill this, and no more.
var unproven = &room{size: 32 << 20}

// first is how much memory a body gets at once, in bytes, and then twice as much as it
// had whenever that is full. What a request declares as its size is not proven either.
const first = 4<<10 + bytes.MinRead

// small is up to how many bytes a body may take of all the room: nearly all that Slack
// and monitors send is smaller. A larger one is let in while half of it is free, so that
// nobody keeps the small ones out by large ones.
const small = 8 * first

// errFull is the error of who finds no room.
var errFull = errors.New("there is no room for it now")

// room is how many bytes bodies may take at once. A nil room has no bound.
type room struct {
	size int

	mu   sync.Mutex
	held int
	told time.Time // when the log last said that it is full
}

// take takes n more bytes for a body that will then have size; false if there is no room.
func (r *room) take(n, size int) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	most := r.size
	if size > small {
		most /= 2
	}
	if r.held+n > most {
		return false
	}
	r.held += n
	return true
}

// give gives back n bytes.
func (r *room) give(n int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= n
}

// tellAgain is how often the log says that there is no room, at most: somebody may be
// sending without end.
const tellAgain = time.Minute

// tell says in the log that there is no room, unless it did so a moment ago.
func (r *room) tell(log *slog.Logger, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.told) >= tellAgain {
		r.told = now
		log.Warn("no room for more requests that are not proven: their senders are asked to send again. Somebody without a secret may be sending much: stop them in front of tocsin", "path", path, "bytes", r.held)
	}
}

// load is a body on its way into memory, and the room that it takes.
type load struct {
	room *room
	data []byte
}

// read reads all of a body.
func (l *load) read(body io.Reader) error {
	for {
		if len(l.data) == cap(l.data) && !l.grow(max(first, 2*cap(l.data))) {
			return errFull
		}
		n, err := body.Read(l.data[len(l.data):cap(l.data)])
		l.data = l.data[:len(l.data)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow gives it so much memory, if there is room.
func (l *load) grow(size int) bool {
	if !l.room.take(size-cap(l.data), size) {
		return false
	}
	l.data = append(make([]byte, 0, size), l.data...)
	return true
}

// leave gives back the room: its sender is known, or it was refused.
func (l *load) leave() { l.room.give(cap(l.data)) }
