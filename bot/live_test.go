package bot

import (
	"context"
	"testing"
	"time"

	"tocsin/bot/incident"
	"tocsin/playbooks"
	"tocsin/runbooks"
	"tocsin/store/mem"
)

// TestForget: what is over leaves the memory after a while, unless something is
// still to be performed, and comes back when somebody asks.
func TestForget(t *testing.T) {
	guides, _ := runbooks.Load() // none: this is about memory
	plays, _ := playbooks.Load(playbooks.Embedded())
	ctx := context.Background()
	b, err := New(ctx, Config{Store: mem.New(), Guides: guides, Plays: plays})
	if err != nil {
		t.Fatal(err)
	}
	by := Origin{By: incident.Actor{Person: incident.Person{User: "U1"}}}
	inc, _, err := b.Declare(ctx, by, incident.Declared{Title: "Answers are wrong", Severity: incident.SEV4})
	if err != nil {
		t.Fatal(err)
	}
	close := func(inc incident.Incident) ([]incident.Fact, error) { return inc.Close("false-alarm", "", "") }
	if _, err := b.Update(ctx, inc.ID, by, close); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(2 * idle)
	if b.forget(later); len(b.live) != 1 {
		t.Error("forgotten while effects wait")
	}
	clear(b.worker.lanes)
	if b.forget(time.Now()); len(b.live) != 1 {
		t.Error("forgotten at once")
	}
	if b.forget(later); len(b.live) != 0 {
		t.Error("not forgotten")
	}
	if again, err := b.Incident(ctx, inc.ID); err != nil || again.Status != incident.Shut {
		t.Errorf("%+v %v", again.Status, err)
	}
}
