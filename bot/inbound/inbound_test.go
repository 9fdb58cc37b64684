package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
)

// door is a hook over a store of its own, which knows deliveries by their ids.
type door struct {
	mux     *http.ServeMux
	now     time.Time
	got     []bot.Delivery
	counted []string
	logged  strings.Builder
	fail    error // of storing
	headers error
	prove   error
	decoded error
	source  *Source
}

// newDoor is a door for a source "probes", whose body is the key of an alert.
func newDoor() *door {
	d := &door{mux: http.NewServeMux(), now: time.Date(2026, 11, 20, 10, 2, 3, 0, time.UTC)}
	known := map[string]bool{}
	h := &Hook{
		Source: Source{
			Name:    "probes",
			Headers: func(*http.Request) error { return d.headers },
			Proven:  func(*http.Request, []byte) error { return d.prove },
			Decode: func(r *http.Request, body []byte) (bot.Delivery, error) {
				out := bot.Delivery{ID: r.Header.Get("X-Id")}
				for _, key := range strings.Fields(string(body)) {
					out.Signals = append(out.Signals, bot.Signal{Signaled: incident.Signaled{Key: key, State: incident.StateFiring}})
				}
				return out, d.decoded
			},
		},
		Accept: func(_ context.Context, in bot.Delivery) (bot.Accepted, error) {
			if d.fail != nil {
				return bot.Accepted{}, d.fail
			}
			d.got = append(d.got, in)
			was := known[in.Source+" "+in.ID] || in.Before != "" && known[in.Source+" "+in.Before]
			known[in.Source+" "+in.ID] = true
			return bot.Accepted{Known: was}, nil
		},
		Log:   slog.New(slog.NewTextHandler(&d.logged, nil)),
		Now:   func() time.Time { return d.now },
		Count: func(source, outcome string) { d.counted = append(d.counted, source+" "+outcome) },
	}
	d.source = &h.Source
	h.Routes(d.mux)
	return d
}

func (d *door) post(body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/webhook/probes", body)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return w
}

// cut is a body that breaks off.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// TestAnswers: what each request is answered and counted as, that the log says so, and
// that only what is read, proven and decoded is stored.
func TestAnswers(t *testing.T) {
	again := fmt.Errorf("the certificate: %w", ErrAgain)
	large := strings.Repeat("a", MaxRequest+1)
	tests := []struct {
		name    string
		set     func(*door)
		body    io.Reader
		headers []string
		status  int
		words   string
		counted string
	}{
		{"stored", nil, strings.NewReader("k"), nil, 202, `{"stored":true,"known":false}`, Accepted},
		{"nothing to store", nil, strings.NewReader(""), nil, 202, `{"stored":false,"known":false}`, Accepted},
		{"not proven", func(d *door) { d.prove = errors.New("check the token") }, strings.NewReader("k"), nil, 401, "check the token", Refused},
		{"not proven by its headers", func(d *door) { d.headers = errors.New("check the token") }, unread{t}, nil, 401, "check the token", Refused},
		{"proven by its headers", func(d *door) { d.source.Proven = nil }, strings.NewReader("k"), nil, 202, `{"stored":true,"known":false}`, Accepted},
		{"proven by its body alone", func(d *door) { d.source.Headers = nil }, strings.NewReader("k"), nil, 202, `{"stored":true,"known":false}`, Accepted},
		{"proven by nothing", func(d *door) { d.source.Headers, d.source.Proven = nil, nil }, unread{t}, nil, 401, "nothing that is sent here can be proven", Refused},
		{"not decoded", func(d *door) { d.decoded = errors.New("alerts[2].fingerprint is missing") }, strings.NewReader("k"), nil, 400, "alerts[2].fingerprint is missing", Unreadable},
		{"not proven at this moment", func(d *door) { d.prove = again }, strings.NewReader("k"), nil, 503, "send it again", Failed},
		{"not decoded at this moment", func(d *door) { d.decoded = again }, strings.NewReader("k"), nil, 503, "send it again", Failed},
		{"not stored", func(d *door) { d.fail = errors.New("the disk is full") }, strings.NewReader("k"), nil, 503, "not stored; please send it again", Failed},
		{"never to be stored", func(d *door) { d.fail = fmt.Errorf("%w: 1144251 bytes", bot.ErrInvalid) }, strings.NewReader("k"), nil, 400, "cannot be stored, now or later", Unreadable},
		{"too large", nil, strings.NewReader(large), nil, 413, "larger than 1048576 bytes", TooLarge},
		{"as large as can be", nil, strings.NewReader(large[1:]), nil, 202, `"stored":true`, Accepted},
		{"broken off", nil, cut{}, nil, 400, "could not be read", Unreadable},
		{"packed", nil, strings.NewReader("k"), []string{"Content-Encoding", "gzip"}, 415, "without compression", Unreadable},
		{"not packed", nil, strings.NewReader("k"), []string{"Content-Encoding", "Identity"}, 202, `"stored":true`, Accepted},
	}
	for _, test := range tests {
		d := newDoor()
		if test.set != nil {
			test.set(d)
		}
		w := d.post(test.body, test.headers...)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.words) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, w.Code, w.Body, test.status, test.words)
		}
		if got := strings.Join(d.counted, ","); got != "probes "+test.counted {
			t.Errorf("%s: counted %q, want %q", test.name, got, test.counted)
		}
		if stored := strings.Contains(test.words, `"stored":true`); stored != (len(d.got) == 1) {
			t.Errorf("%s: stored %d times", test.name, len(d.got))
		}
		if said := d.logged.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "source=probes") || w.Code/100 == 4 && !strings.Contains(said, test.words) {
			t.Errorf("%s: the log says %q, want why in one line", test.name, said)
		}
		if strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%s: the answer %q tells the operator's business", test.name, w.Body)
		}
	}
}

// TestSentAgain: the source's own id makes two requests one delivery, else their
// bytes do for ten minutes.
func TestSentAgain(t *testing.T) {
	tests := []struct {
		name      string
		later     time.Duration
		bodies    [2]string
		ids       [2]string
		wantKnown bool
	}{
		{"the same bytes at once", 0, [2]string{"k", "k"}, [2]string{}, true},
		{"the same bytes some minutes later", 7 * time.Minute, [2]string{"k", "k"}, [2]string{}, true},
		{"the same bytes at the next moment, in the next window", 8 * time.Minute, [2]string{"k", "k"}, [2]string{}, true},
		{"a monitor that repeats itself", 4 * time.Hour, [2]string{"k", "k"}, [2]string{}, false},
		{"other bytes", 0, [2]string{"k", "l"}, [2]string{}, false},
		{"one id, hours later", 4 * time.Hour, [2]string{"k", "k"}, [2]string{"a", "a"}, true},
		{"two ids", 0, [2]string{"k", "k"}, [2]string{"a", "b"}, false},
		{"one endless id", 0, [2]string{"k", "k"}, [2]string{strings.Repeat("x", 5000), strings.Repeat("x", 5000)}, true},
		{"two endless ids", 0, [2]string{"k", "k"}, [2]string{strings.Repeat("x", 5000), strings.Repeat("x", 5001)}, false},
	}
	for _, test := range tests {
		d := newDoor()
		first := d.post(strings.NewReader(test.bodies[0]), "X-Id", test.ids[0])
		d.now = d.now.Add(test.later)
		second := d.post(strings.NewReader(test.bodies[1]), "X-Id", test.ids[1])
		if first.Code != 202 || second.Code != 202 {
			t.Errorf("%s: %d and %d", test.name, first.Code, second.Code)
		}
		if known := strings.Contains(second.Body.String(), `"known":true`); known != test.wantKnown || d.counted[1] == "probes known" != test.wantKnown {
			t.Errorf("%s: %s and counted %s, want known %v", test.name, second.Body, d.counted[1], test.wantKnown)
		}
		for _, in := range d.got {
			if len(in.ID) > MaxKey {
				t.Errorf("%s: an id of %d bytes", test.name, len(in.ID))
			}
		}
	}
}

// TestCompleted: what a decoder leaves empty is filled in, and ids tell the
// signals of one delivery apart.
func TestCompleted(t *testing.T) {
	d := newDoor()
	d.post(strings.NewReader("a b "+strings.Repeat("c", 300)), "X-Id", "delivery")
	in := d.got[0]
	if in.Source != "probes" || in.ID != "delivery" || len(in.Signals) != 3 {
		t.Fatalf("%+v", in)
	}
	for i, s := range in.Signals {
		if want := fmt.Sprintf("delivery/%d", i); s.ID != want || !s.At.Equal(d.now) || s.Source != "probes" || s.By.Via != "probes" || s.By.Name == "" {
			t.Errorf("signal %d is %+v, want the id %s", i, s, want)
		}
	}
	if key := in.Signals[2].Key; len(key) > MaxKey || !strings.HasPrefix(key, "sha256:") {
		t.Errorf("an endless key is kept as %q", key)
	}
	if in.Signals[0].Key != "a" {
		t.Errorf("a key is kept as %q", in.Signals[0].Key)
	}
}

// TestKey: what can be read is kept, and nothing else; different keys stay
// different.
func TestKey(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"", "a", "arn:aws:x/ö ä", strings.Repeat("a", MaxKey), strings.Repeat("a", MaxKey+1), strings.Repeat("a", MaxKey+2), "a\nb", "a\x00b", "a\u202eb", "\xff", "\xfe"} {
		k := Key(s)
		if other, twice := seen[k]; twice {
			t.Errorf("%q and %q are one key", other, s)
		}
		seen[k] = s
		if len(k) > MaxKey || strings.ContainsAny(k, "\n\x00\u202e") {
			t.Errorf("%q is kept as %q", s, k)
		}
	}
}

// TestReadAlone: Read answers what it refuses.
func TestReadAlone(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	w := httptest.NewRecorder()
	if body, release, no := Read(w, httptest.NewRequest("POST", "/", bytes.NewReader([]byte("hello"))), log); no != "" || string(body) != "hello" {
		t.Errorf("%q, %v", body, no)
	} else {
		release()
	}
	w = httptest.NewRecorder()
	if _, _, no := Read(w, httptest.NewRequest("POST", "/", bytes.NewReader(make([]byte, MaxRequest+1))), log); no != TooLarge || w.Code != 413 {
		t.Errorf("%v, %d", no, w.Code)
	}
}
