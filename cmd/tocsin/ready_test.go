package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/mem"
)

// asked is the answer to GET.
func asked(h http.Handler, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPartsAreToldAsTextAndJSON(t *testing.T) {
	parts := []part{{"store", nil}, {"slack", errors.New("two\nlines")}}
	h := tellParts(func(context.Context) []part { return parts })
	if w := asked(h, "*/*"); w.Code != http.StatusServiceUnavailable || w.Body.String() != "store: ok\nslack: two lines\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	var read map[string]string
	w := asked(h, "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &read); err != nil || read["store"] != "ok" || read["slack"] != "two lines" {
		t.Errorf("%v %v", read, err)
	}
	parts = parts[:1]
	if w := asked(h, ""); w.Code != http.StatusOK {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// Once the store has failed the bot is of no use any more, and both say so.
func TestAStoreThatFailedIsToldToSupervisors(t *testing.T) {
	m := newMetered(t, nil)
	a := &app{bot: m.bot, slack: &slack.Connection{}, counts: m.counts, marker: &marker{journal: store.NewJournal(m.kv), log: slog.New(slog.DiscardHandler)}}
	if w := asked(tellParts(a.alive), ""); w.Code != http.StatusOK {
		t.Errorf("before: %d %s", w.Code, w.Body)
	}
	m.kv.Close()
	m.bot.Run(t.Context())
	if w := asked(tellParts(a.alive), ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "bot: the store failed") {
		t.Errorf("alive: %d %s", w.Code, w.Body)
	}
	if w := asked(tellParts(a.ready), ""); !strings.Contains(w.Body.String(), "store: store: closed") || !strings.Contains(w.Body.String(), "worker: the store failed") {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
}

// slow is a store that takes its time, and counts the writes.
type slow struct {
	store.KV
	takes  time.Duration
	writes int
}

func (s *slow) Commit(ctx context.Context, tx store.Tx) error {
	s.writes++
	<-time.After(s.takes)
	return s.KV.Commit(ctx, tx)
}

// The store is tried by a write every few seconds at most, whoever asks how often,
// and a disk that hangs keeps nobody who asks.
func TestTheStoreIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kv := &slow{KV: mem.New()}
		m := &marker{journal: store.NewJournal(kv), log: slog.New(slog.DiscardHandler)}
		for range 100 {
			if err := m.try(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-time.After(100 * time.Millisecond)
		}
		if kv.writes != 2 {
			t.Errorf("%d writes in 10 seconds, want 2", kv.writes)
		}
		kv.takes = time.Hour
		<-time.After(markEach)
		began := time.Now()
		if err := m.try(t.Context()); err == nil || !strings.Contains(err.Error(), "look at the disk") || time.Since(began) > markingTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		<-time.After(2 * time.Hour) // the write comes back
	})
}

// panicking is a store that panics at every write.
type panicking struct{ store.KV }

func (panicking) Commit(context.Context, store.Tx) error { panic("a defect") }

// A panic while the store or Slack is tried is on record, and says that they do not work.
func TestPanicWhileItIsTried(t *testing.T) {
	var log journal
	a := &app{log: slog.New(slog.NewTextHandler(&log, nil))} // no face: to ask it panics
	m := &marker{journal: store.NewJournal(panicking{mem.New()}), log: a.log}
	if err := m.try(t.Context()); err == nil || !strings.Contains(log.String(), "msg=panic in=record") {
		t.Errorf("%v, the log is %s", err, log.String())
	}
	if !a.panics("slack", func() { a.ask(t.Context()) }) || a.asking.Load() || !strings.Contains(log.String(), "msg=panic in=slack") {
		t.Errorf("it is asked still: %v, the log is %s", a.asking.Load(), log.String())
	}
}

// A handler that panics is answered for and on record, without what the request
// holds; others are served.
func TestPanicOfAPage(t *testing.T) {
	var log journal
	c := newCounts()
	mux := http.NewServeMux()
	mux.HandleFunc("/bad", func(http.ResponseWriter, *http.Request) { panic("at\nthis") })
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) {})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	srv := httptest.NewServer(door{log: slog.New(counted{slog.NewTextHandler(&log, nil), c})}.survive(mux))
	defer srv.Close()
	get := func(path string) (int, error) {
		r, _ := http.NewRequest(http.MethodGet, srv.URL+path+"?q=secret-word", nil)
		r.Header.Set("Authorization", "Bearer secret-word")
		resp, err := srv.Client().Do(r)
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.StatusCode, nil
	}
	for path, want := range map[string]int{"/bad": 500, "/good": 200} {
		if code, err := get(path); code != want || err != nil {
			t.Errorf("%s: %d, %v", path, code, err)
		}
	}
	if _, err := get("/abort"); err == nil {
		t.Error("an answer that was to be broken off was not")
	}
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "msg=panic in=http") || strings.Contains(text, "secret-word") {
		t.Errorf("the log is %s", text)
	}
}

// What is not needed at once begins again after a panic, and ends with the bot.
func TestWhatPanicsBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &app{log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		times := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.keep(ctx, "content", func(ctx context.Context) {
				if times++; times < 3 {
					panic("again")
				}
				<-ctx.Done()
			})
		}()
		<-time.After(5 * time.Minute)
		cancel()
		<-done
		if times != 3 {
			t.Errorf("it began %d times", times)
		}
	})
}
