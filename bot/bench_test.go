package bot_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/bolt"
)

var ada = incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada"}, Via: "slack"}

// BenchmarkUpdate measures one note, durable, against one bare bbolt Update of
// 500 bytes on the same disk in the same run: x-bare is their ratio.
func BenchmarkUpdate(b *testing.B) {
	dir := b.TempDir()
	kv, err := bolt.Open(filepath.Join(dir, "tocsin.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer kv.Close()
	tocsin, err := newBot(kv, nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	inc, _, err := tocsin.Declare(ctx, bot.Origin{By: ada, Cause: "open"}, incident.Declared{Title: "Answers cut off"})
	if err != nil {
		b.Fatal(err)
	}
	bare, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	value := make([]byte, 500)
	var ours, theirs time.Duration
	n := 0
	for b.Loop() {
		n++
		began := time.Now()
		_, err := tocsin.Update(ctx, inc.ID, bot.Origin{By: ada, Cause: fmt.Sprint("note", n)}, func(inc incident.Incident) ([]incident.Fact, error) {
			return inc.Note("error rate back to normal", time.Time{}, time.Now())
		})
		if err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		err = bare.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			return bucket.Put(fmt.Appendf(nil, "%08d", n), value)
		})
		if err != nil {
			b.Fatal(err)
		}
		ours += between.Sub(began)
		theirs += time.Since(between)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-bare")
	b.ReportMetric(float64(ours.Microseconds())/float64(n), "us/update")
}

// BenchmarkUpdateLong measures one durable event, a note or a word of an alert, on an
// incident of 10 events and on one of 10,000 of that kind, in turns: ratio is how many
// times as long the latter takes. It fails over half as long again. With
// -benchtime=100x the short ones stay short.
func BenchmarkUpdateLong(b *testing.B) {
	b.Run("notes", func(b *testing.B) {
		updateLong(b, func(int) incident.Fact { return incident.Noted{Text: "error rate at 3 %"} })
	})
	b.Run("alerts", func(b *testing.B) {
		updateLong(b, func(n int) incident.Fact {
			return incident.Signaled{Source: "grafana", Event: "firing", State: incident.StateFiring, Key: fmt.Sprint("K", n), Title: "Error rate is high", Service: fmt.Sprint("service-", n%14)}
		})
	})
}

// mostLonger is how many times as long an event may take on a long incident.
const mostLonger = 1.5

func updateLong(b *testing.B, fact func(n int) incident.Fact) {
	kv, err := bolt.Open(filepath.Join(b.TempDir(), "tocsin.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer kv.Close()
	const pairs, long = 5, 10_000
	for n := range pairs {
		record(b, kv, 2*n+1, 10, fact)
		record(b, kv, 2*n+2, long, fact)
	}
	tocsin, err := newBot(kv, nil)
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	var few, many []time.Duration
	var ratios []float64 // of one to the other right after it: the machine's other work slows both
	n := 0
	for b.Loop() {
		var took [2]time.Duration
		for i := range took {
			which := (i + n) % 2 // neither always goes first
			took[which] = add(b, tocsin, incident.NewID(2*(n/2%pairs)+1+which), n, fact(2*long+n))
		}
		few, many = append(few, took[0]), append(many, took[1])
		ratios = append(ratios, float64(took[1])/float64(took[0]))
		n++
	}
	slices.Sort(few)
	slices.Sort(many)
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	b.ReportMetric(ms(few[len(few)/2]), "ms@10")
	b.ReportMetric(ms(many[len(many)/2]), "ms@10000")
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(0, "ns/op")
	if n >= 50 && ratio > mostLonger { // of fewer the median says nothing
		b.Errorf("one more event takes %.2f times as long at %d events, want at most %.2f", ratio, long, mostLonger)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// record writes an incident of so many events of a kind, all performed.
func record(b *testing.B, kv store.KV, number, events int, fact func(n int) incident.Fact) {
	j, id := store.NewJournal(kv), incident.NewID(number)
	inc, tip, at := incident.Incident{ID: id}, store.Tip{ID: id}, time.Now().UTC()
	var a store.Append
	for n := range events {
		e := incident.Event{Seq: n + 1, At: at, Logged: at, By: ada, Cause: fmt.Sprint("slack/", n), Fact: fact(n)}
		if n == 0 {
			e.Fact = incident.Declared{Title: "Answers cut off", Severity: incident.SEV2}
		}
		inc, a.Events = inc.With(e), append(a.Events, e)
		if len(a.Events) == 100 || n == events-1 {
			var err error
			a.Head = store.HeadOf(inc)
			if tip, err = j.Append(b.Context(), tip, a); err != nil {
				b.Fatal(err)
			}
			a = store.Append{}
		}
	}
}

// add records an event and tells how long it took.
func add(b *testing.B, tocsin *bot.Bot, id incident.ID, n int, f incident.Fact) time.Duration {
	began := time.Now()
	_, err := tocsin.Update(b.Context(), id, bot.Origin{By: ada, Cause: fmt.Sprint("add", n)}, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{f}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// BenchmarkDeclare measures, over real HTTP with every Slack call answered after
// 120 ms, how long it takes from the command until the declarer is in the
// channel, and until everything is set up.
func BenchmarkDeclare(b *testing.B) {
	ws := sandbox.New(sandbox.Options{})
	defer ws.Close()
	srv := httptest.NewServer(ws.Handler())
	defer srv.Close()
	conn, err := slack.Dial(b.Context(), slack.Config{
		BotToken: "xoxb-sandbox", SigningSecret: "sandbox-signing-secret", APIURL: srv.URL + "/api/", Announce: "incidents",
	})
	if err != nil {
		b.Fatal(err)
	}
	kv, err := bolt.Open(filepath.Join(b.TempDir(), "tocsin.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer kv.Close()
	tocsin, err := newBot(kv, conn.Performer)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- tocsin.Run(ctx) }()
	defer func() { cancel(); <-done }()
	if err := ws.Fault(sandbox.Fault{Kind: "slow", DelayMS: int(delay.Milliseconds())}); err != nil {
		b.Fatal(err)
	}
	var joined, complete time.Duration
	n := 0
	for b.Loop() {
		n++
		began := time.Now()
		inc, _, err := tocsin.Declare(ctx, bot.Origin{By: ada, Cause: fmt.Sprint("open", n)}, incident.Declared{Title: "Answers cut off"})
		if err != nil {
			b.Fatal(err)
		}
		for !in(ws, inc.ChannelName()) {
			<-time.After(time.Millisecond)
		}
		joined += time.Since(began)
		for {
			now, err := tocsin.Incident(ctx, inc.ID)
			if err != nil {
				b.Fatal(err)
			}
			if furnished(ws, inc.ChannelName()) && now.Posts[incident.PostedAnnouncement].What != "" {
				break
			}
			<-time.After(time.Millisecond)
		}
		complete += time.Since(began)
	}
	b.ReportMetric(float64(joined.Milliseconds())/float64(n), "ms-joined")
	b.ReportMetric(float64(complete.Milliseconds())/float64(n), "ms-complete")
}

func in(ws *sandbox.Workspace, room string) bool {
	for _, c := range ws.State().Channels {
		if c.Name == room {
			return len(c.Members) == 2
		}
	}
	return false
}

func furnished(ws *sandbox.Workspace, room string) bool {
	for _, c := range ws.State().Channels {
		if c.Name == room {
			posted := 0
			for _, m := range ws.Messages(room) {
				if m.Metadata != nil {
					posted++
				}
			}
			return c.Topic != "" && len(c.Bookmarks) == 1 && posted == 2
		}
	}
	return false
}
