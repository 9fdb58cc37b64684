package bot_test

import (
	"log/slog"
	"strings"
	"testing"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store"
	"tocsin/store/mem"
)

// TestDamageIsToldOnce: a start with an incident that cannot be read, for which much
// waits, has one line of it in the log, which says which one it is.
func TestDamageIsToldOnce(t *testing.T) {
	kv := mem.New()
	first := aBot(t, kv, nil)
	inc, _, err := first.Declare(t.Context(), bot.Origin{By: incident.Actor{Via: incident.ViaShell}, Cause: "x"}, incident.Declared{Title: "Answers are wrong"})
	noError(t, err)
	if n := first.Backlog().Effects; n < 2 {
		t.Fatalf("%d effects wait", n)
	}
	spoil(t, kv, "log/00000001/00000001")
	var log strings.Builder
	aBot(t, kv, &log)
	words := "what waits for an incident that cannot be read is left alone"
	if got := log.String(); strings.Count(got, words) != 1 || !strings.Contains(got, words+`" incident=`+string(inc.ID)+" effects=") {
		t.Errorf("the log is\n%s", got)
	}

	spoil(t, kv, "head/00000001")
	log.Reset()
	aBot(t, kv, &log)
	if got := log.String(); !strings.Contains(got, `"an incident cannot be read, and is left out" incident=INC-1`) {
		t.Errorf("the log is\n%s", got)
	}
}

// aBot is a bot on a store that performs nothing.
func aBot(t *testing.T, kv store.KV, log *strings.Builder) *bot.Bot {
	t.Helper()
	guides, _ := runbooks.Load()
	plays, _ := playbooks.Load(playbooks.Embedded())
	c := bot.Config{Store: kv, Guides: guides, Plays: plays}
	if log != nil {
		c.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	b, err := bot.New(t.Context(), c)
	noError(t, err)
	return b
}

// spoil changes a byte of what is stored under a key.
func spoil(t *testing.T, kv store.KV, key string) {
	t.Helper()
	value, err := kv.Get(t.Context(), key)
	noError(t, err)
	value = append([]byte(nil), value...)
	value[len(value)-3] ^= 1
	noError(t, kv.Commit(t.Context(), store.Tx{Put: []store.Pair{{Key: key, Value: value}}}))
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
