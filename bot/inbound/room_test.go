package inbound

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// TestRoom: large bodies share the half of it, small ones have all; what was given back
// can be had again.
func TestRoom(t *testing.T) {
	r := &room{size: 8 * small}
	for n := range 4 {
		if !r.take(small, small+1) {
			t.Errorf("no room for large part %d", n+1)
		}
	}
	if r.take(1, small+1) {
		t.Error("large ones have more than the half")
	}
	for n := range 4 {
		if !r.take(small, small) {
			t.Errorf("no room for small part %d", n+1)
		}
	}
	if r.take(1, 1) {
		t.Error("it holds more than it has")
	}
	r.give(small)
	if r.take(small, small+1) || !r.take(small, small) || r.take(1, 1) {
		t.Error("what was given back is not what there is")
	}
	var boundless *room
	if boundless.give(1); !boundless.take(1<<40, 1<<40) {
		t.Error("there is a bound")
	}
}

// TestLoad: a body is read as it is, however it comes; it holds at most twice the room that
// it is long, and all is given back.
func TestLoad(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 513, first - 1, first, first + 1, small, small + 1, 100_000, MaxRequest} {
		body := bytes.Repeat([]byte("abcdefg "), size/8+1)[:size]
		for how, from := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			r := &room{size: 4 << 20}
			l := &load{room: r}
			if err := l.read(from(bytes.NewReader(body))); err != nil || !bytes.Equal(l.data, body) {
				t.Errorf("%d bytes %s: %v, %d bytes", size, how, err, len(l.data))
			}
			if r.held < size || r.held > max(first, 2*size) {
				t.Errorf("%d bytes %s: %d are held", size, how, r.held)
			}
			if l.leave(); r.held != 0 {
				t.Errorf("%d bytes %s: %d are held in the end", size, how, r.held)
			}
		}
	}
	r := &room{size: 1 << 20}
	for _, broken := range []io.Reader{iotest.ErrReader(errors.New("gone")), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("ab")))} {
		l := &load{room: r}
		if err := l.read(broken); err == nil || errors.Is(err, errFull) {
			t.Errorf("%v", err)
		}
		l.leave()
	}
	l := &load{room: r}
	if err := l.read(bytes.NewReader(make([]byte, MaxRequest))); !errors.Is(err, errFull) {
		t.Errorf("more than there is room for: %v", err)
	}
	if l.leave(); r.held != 0 {
		t.Errorf("%d are held in the end", r.held)
	}
}

// slow is a body of which a part is there, and the end when somebody says so.
type slow struct {
	io.Reader
	end chan struct{}
}

func (s slow) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == io.EOF {
		<-s.end
	}
	return n, err
}

// TestNoRoom: while too many bodies are here that are not proven, at whatever door, no
// other one is read there but small ones, and who sent it is asked to send again; the log
// says so once a minute. Who is known by the headers comes in. Afterwards there is room
// for all.
func TestNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, known := newDoor(), newDoor()
		known.source.Proven = nil
		large, end := strings.Repeat("k", MaxRequest-1), make(chan struct{})
		var sending sync.WaitGroup
		for range unproven.size / MaxRequest { // two doors, each with a half
			sending.Go(func() { newDoor().post(slow{strings.NewReader(large), end}) })
			sending.Go(func() {
				_, release, outcome := Read(httptest.NewRecorder(), httptest.NewRequest("POST", "/", slow{strings.NewReader(large), end}), slog.New(slog.DiscardHandler))
				if outcome == "" {
					release()
				}
			})
		}
		synctest.Wait()
		unproven.told = time.Time{}
		for range 100 {
			w := d.post(strings.NewReader(large))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || !strings.Contains(w.Body.String(), "send it again") {
				t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			<-time.After(time.Second)
		}
		if got := strings.Count(strings.Join(d.counted, ","), "probes failed"); got != 100 {
			t.Errorf("%d are counted as failed", got)
		}
		if said := d.logged.String(); strings.Count(said, "no room for more requests") != 2 || strings.Count(said, "\n") != 2 {
			t.Errorf("in 100 seconds it is logged:\n%s", said)
		}
		if w := d.post(strings.NewReader(large[:small/2])); w.Code != 202 {
			t.Errorf("a small one: %d %s", w.Code, w.Body)
		}
		if w := known.post(strings.NewReader(large)); w.Code != 202 {
			t.Errorf("one that is proven by its headers: %d %s", w.Code, w.Body)
		}
		close(end)
		sending.Wait()
		if unproven.held != 0 {
			t.Errorf("%d bytes are held in the end", unproven.held)
		}
		if w := d.post(strings.NewReader(large)); w.Code != 202 {
			t.Errorf("afterwards: %d %s", w.Code, w.Body)
		}
	})
}
