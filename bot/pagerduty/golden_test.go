package pagerduty

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"

	"tocsin/bot/incident"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestGolden: what each event comes to, whole. Run with -update after a change, and read
// the difference.
func TestGolden(t *testing.T) {
	who := func(id, name string) incident.Person {
		return incident.Person{User: incident.User("U-" + id), Name: name}
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	all := events(t)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		s, err := parse(all[kind], who)
		must(t, err)
		must(t, enc.Encode(s))
	}
	const golden = "testdata/events.golden"
	if *update {
		must(t, os.WriteFile(golden, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the events come to\n%s\nand should to\n%s", &got, want)
	}
}
