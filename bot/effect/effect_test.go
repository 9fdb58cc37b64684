package effect_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

var update = flag.Bool("update", false, "write testdata anew: to add lines, never to change one")

const golden = "testdata/effects.golden.jsonl"

// samples are one of each effect, in the order of effect.Effects, with every
// field filled: the form in which each waits in an outbox.
func samples() []effect.Effect {
	pinned := incident.Message{Channel: "C0INC1", ID: "1795176000.000100"}
	return []effect.Effect{
		effect.OpenChannel{},
		effect.Invite{People: []incident.User{"U0ADA", "U0BEN"}},
		effect.SetTopic{},
		effect.ShowCard{},
		effect.ShowGuide{Seq: 4},
		effect.Announce{},
		effect.Bookmark{Title: "Alert in pagerduty", URL: "https://pager.example/PGR0VU2", Again: true},
		effect.Say{Message: effect.Message{
			Title: "📖 Answers are wrong", Body: "Look at the **stop reason** first.", Mentions: []incident.User{"U0BEN"},
			Buttons: []effect.Button{{Label: "Close", Command: "INC-1 close false-alarm", Style: effect.Primary, Confirm: "Nothing was wrong?", Apart: true}},
		}},
		effect.Fetch{Message: pinned},
		effect.Mark{Message: pinned},
		effect.Draft{Through: 42, N: 2},
		effect.Page{N: 2},
		effect.SyncPager{},
		effect.TellPager{Text: "Ada Okafor: rolled back", Update: true},
	}
}

// record is how the golden file shows an effect: its name and its bytes.
type record struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// An outbox may be older than the program that reads it, so an effect once
// stored keeps its name and its bytes.
func TestStoredBytes(t *testing.T) {
	var got bytes.Buffer
	for _, e := range samples() {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(record{effect.Effects.Name(e), data})
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(line, '\n'))
	}
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("stored bytes differ from %s; add what is new with -update (-want +got):\n%s", golden, diff)
	}
}

func TestStoredBytesAreReadBack(t *testing.T) {
	stored, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := samples()
	for i, line := range bytes.Split(bytes.TrimSpace(stored), []byte("\n")) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		got, known, err := effect.Effects.Decode(r.Kind, r.Data)
		if diff := cmp.Diff(want[i], got); diff != "" || !known || err != nil {
			t.Errorf("%s: known %v, error %v (-want +got):\n%s", r.Kind, known, err, diff)
		}
	}
}

// The samples are complete, and what each effect tells the worker is pinned.
func TestWhatTheWorkerIsTold(t *testing.T) {
	want := []string{
		"open-channel: open the channel. lane channel, needs 0, projection true",
		"invite: invite people to the channel. lane invite, needs 1, projection false",
		"set-topic: set the channel's topic. lane topic, needs 1, projection true",
		"show-card: show the status card. lane card, needs 1, projection true",
		"show-guide: show the guide. lane guide/4, needs 2, projection true",
		"announce: announce the incident. lane announce, needs 0, projection true",
		"bookmark: bookmark a link. lane bookmark https://pager.example/PGR0VU2, needs 1, projection false",
		"say: post a message. lane room, needs 2, projection false",
		"fetch: read the pinned message. lane fetch C0INC1 1795176000.000100, needs 0, projection false",
		"mark: mark the pinned message. lane mark C0INC1 1795176000.000100, needs 0, projection false",
		"draft: post the postmortem draft. lane room, needs 2, projection false",
		"page: page through PagerDuty. lane page/2, needs 0, projection false",
		"sync-pager: bring PagerDuty's incident up to date. lane pager, needs 0, projection true",
		"tell-pager: put a note on PagerDuty's incident. lane pager-notes, needs 0, projection false",
	}
	var got, names []string
	for _, e := range samples() {
		name := effect.Effects.Name(e)
		names = append(names, name)
		got = append(got, fmt.Sprintf("%s: %s. lane %s, needs %d, projection %v", name, e.Words(), e.Lane(), e.Needs(), effect.Projection(e)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(effect.Effects.Names(), names); diff != "" {
		t.Errorf("every effect has one sample, in the order of effect.Effects (-want +got):\n%s", diff)
	}
}

func TestSamplesHaveEveryField(t *testing.T) {
	for _, e := range samples() {
		for _, path := range empty(reflect.ValueOf(e), reflect.TypeOf(e).Name()) {
			t.Errorf("%s is empty in the samples: fill it, so that its stored form is pinned", path)
		}
	}
}

// empty lists the fields within v that have their zero value.
func empty(v reflect.Value, path string) (paths []string) {
	switch {
	case v.Kind() == reflect.Struct:
		for f, field := range v.Fields() {
			paths = append(paths, empty(field, path+"."+f.Name)...)
		}
	case v.IsZero():
		return []string{path}
	case v.Kind() == reflect.Slice:
		return empty(v.Index(0), path+"[0]")
	}
	return paths
}

// A projection's lane is its key in the outbox: two that shared one would
// replace each other.
func TestProjectionsHaveLanesOfTheirOwn(t *testing.T) {
	lanes := map[string]string{}
	for _, e := range samples() {
		name := effect.Effects.Name(e)
		if other, taken := lanes[e.Lane()]; taken && effect.Projection(e) {
			t.Errorf("%s and %s share the lane %q", name, other, e.Lane())
		}
		lanes[e.Lane()] = name
	}
}

// The effects of one alert or message must not wait for those of another.
func TestLanesOfTheirOwn(t *testing.T) {
	one, two := incident.Message{Channel: "C1", ID: "1"}, incident.Message{Channel: "C1", ID: "2"}
	for _, pair := range [][2]effect.Effect{
		{effect.ShowGuide{Seq: 4}, effect.ShowGuide{Seq: 9}},
		{effect.Bookmark{URL: "https://a"}, effect.Bookmark{URL: "https://b"}},
		{effect.Fetch{Message: one}, effect.Fetch{Message: two}},
		{effect.Mark{Message: one}, effect.Mark{Message: two}},
		{effect.Fetch{Message: one}, effect.Mark{Message: one}},
		{effect.Page{N: 1}, effect.Page{N: 2}},
		{effect.SyncPager{}, effect.TellPager{Text: "note"}},
	} {
		if pair[0].Lane() == pair[1].Lane() {
			t.Errorf("%+v and %+v share the lane %q", pair[0], pair[1], pair[0].Lane())
		}
	}
}

// However many guides, links, messages and pages there are, the kinds of lanes are as
// many as here, and an effect's is the same whatever it is of.
func TestKindsOfLanes(t *testing.T) {
	want := []string{
		"channel", "invite", "topic", "card", "guide", "announce", "bookmark", "room", "fetch", "mark", "room", "page", "pager", "pager-notes",
	}
	var got []string
	for _, e := range samples() {
		got = append(got, effect.LaneKind(e))
		zero, _ := effect.Effects.Zero(effect.Effects.Name(e))
		if kind := effect.LaneKind(zero); kind != effect.LaneKind(e) {
			t.Errorf("%+v is of %q, %+v of %q", zero, kind, e, effect.LaneKind(e))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Two notes keep their order, and neither replaces the other.
func TestNotesForThePagerKeepTheirOrder(t *testing.T) {
	note, update := effect.TellPager{Text: "one"}, effect.TellPager{Text: "two", Update: true}
	if note.Lane() != update.Lane() || effect.Projection(note) {
		t.Errorf("lanes %q and %q, a projection: %v", note.Lane(), update.Lane(), effect.Projection(note))
	}
}

// What is for the paging service is no business of the chat's, and the other way
// round.
func TestForPager(t *testing.T) {
	var got []string
	for _, e := range samples() {
		if effect.ForPager(e) {
			got = append(got, effect.Effects.Name(e))
		}
	}
	if diff := cmp.Diff([]string{"page", "sync-pager", "tell-pager"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEveryEffectIsListed(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "effect.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, e := range samples() {
		listed[reflect.TypeOf(e).Name()] = true
	}
	for _, d := range f.Decls {
		if m, ok := d.(*ast.FuncDecl); ok && m.Recv != nil && m.Name.Name == "Lane" {
			if name := m.Recv.List[0].Type.(*ast.Ident).Name; !listed[name] {
				t.Errorf("%s is an effect, but not in Effects: a stored one could not be read back", name)
			}
		}
	}
}
