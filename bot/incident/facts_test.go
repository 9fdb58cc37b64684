package incident_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/bot/incident"
)

var update = flag.Bool("update", false, "write testdata anew: to add lines, never to change one")

const golden = "testdata/facts.golden.jsonl"

// The golden file is a promise to every timeline ever written: these bytes are
// these facts. A new fact adds a line, a new field adds to a line; a line that
// changes in any other way makes old timelines unreadable.
func TestStoredBytes(t *testing.T) {
	var got bytes.Buffer
	for _, e := range samples() {
		line, err := json.Marshal(e)
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
		var got incident.Event
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", i+1, diff)
		}
	}
}

// Lines that were written before a fact had more fields are the same lines when
// they are written again: the fields it has now are absent, not empty.
func TestOlderBytesStayAsTheyAre(t *testing.T) {
	older, err := os.ReadFile("testdata/facts.older.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(older) {
		var e incident.Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(e)
		if diff := cmp.Diff(strings.TrimSpace(string(line)), string(got)); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	}
}

func TestSamplesHaveEveryFactAndField(t *testing.T) {
	var got []string
	for _, e := range samples() {
		got = append(got, incident.Facts.Name(e.Fact))
		for _, path := range empty(reflect.ValueOf(e.Fact), reflect.TypeOf(e.Fact).Name()) {
			t.Errorf("%s is empty in the samples: fill it, so that its stored form is pinned", path)
		}
	}
	if diff := cmp.Diff(incident.Facts.Names(), got); diff != "" {
		t.Errorf("every fact has one sample, in the order of incident.Facts (-want +got):\n%s", diff)
	}
}

// empty lists the fields within v that have their zero value.
func empty(v reflect.Value, path string) (paths []string) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time](), v.Kind() != reflect.Struct && v.Kind() != reflect.Pointer && v.Kind() != reflect.Slice:
		if v.IsZero() {
			return []string{path}
		}
	case v.Kind() == reflect.Struct:
		for f, field := range v.Fields() {
			paths = append(paths, empty(field, path+"."+f.Name)...)
		}
	case v.IsZero():
		return []string{path}
	case v.Kind() == reflect.Pointer:
		return empty(v.Elem(), path)
	default:
		return empty(v.Index(0), path+"[0]")
	}
	return paths
}

func TestTimesAreStoredInUTC(t *testing.T) {
	e := samples()[0]
	e.At = e.At.In(time.FixedZone("CET", 3600))
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"at":"2026-11-20T12:00:00Z"`; !bytes.Contains(got, []byte(want)) {
		t.Errorf("stored as %s, want %s in it", got, want)
	}
}

// What a newer tocsin wrote, an older one keeps: it reads the event, shows that
// there is something, and hands on the same bytes.
func TestUnknownFactKeepsItsBytes(t *testing.T) {
	const line = `{"seq":2,"at":"2026-11-20T12:01:00Z","logged":"2026-11-20T12:01:00Z","by":{"user":"U0BEN","via":"slack"},` +
		`"cause":"slack/command/Ab2","kind":"budget-burned","fact":{"z":1e400,"share":0.250,"a":["\u003cb\u003e",null]}}`
	var e incident.Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	if u, ok := e.Fact.(incident.Unknown); !ok || u.Kind != "budget-burned" {
		t.Fatalf("read as %#v, want Unknown of kind budget-burned", e.Fact)
	}
	got, err := json.Marshal(e)
	if err != nil || string(got) != line {
		t.Errorf("written back as\n%s, %v, want\n%s", got, err, line)
	}

	e.By = incident.Bot
	before := declared()
	after := before.With(e)
	wantEqual(t, "Last", after.Last(), 2)
	wantEqual(t, "Did", after.Did("slack/command/Ab2"), true)
	after.Timeline = before.Timeline
	wantSame(t, "an unknown fact changes nothing else", after, before)
}

func TestDamagedEventsAreErrors(t *testing.T) {
	for name, line := range map[string]string{
		"no JSON":            `{"seq":1,`,
		"no time":            `{"seq":1,"at":"noon","kind":"noted","fact":{}}`,
		"fact of a kind":     `{"seq":1,"kind":"noted","fact":[]}`,
		"a field of it":      `{"seq":1,"kind":"updated","fact":{"n":"one"}}`,
		"no fact of a kind":  `{"seq":1,"kind":"noted"}`,
		"a number too large": `{"seq":1e99,"kind":"noted","fact":{}}`,
	} {
		var e incident.Event
		if err := json.Unmarshal([]byte(line), &e); err == nil {
			t.Errorf("%s: %s is read as %+v, want an error", name, line, e)
		}
	}
}

func TestAFactThatIsNotListedIsNotWritten(t *testing.T) {
	if got, err := json.Marshal(incident.Event{Seq: 1, Fact: &incident.Noted{}}); err == nil { // a pointer to one is none
		t.Errorf("written as %s, which could not be read back", got)
	}
}
