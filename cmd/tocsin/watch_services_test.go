package main

import (
	"strings"
	"testing"
)

// TestBrokenServicesLeaveTheOldOnesServing, the defaults among them; one that
// needs a service beside it is not broken.
func TestBrokenServicesLeaveTheOldOnesServing(t *testing.T) {
	t.Parallel()
	m := newTeam(t,
		"services/default.md", "---\nid: default\nrooms_per_hour: 7\n---\n",
		"services/a.md", "---\nid: a\ntitle: Ours\ndepends_on: [b]\n---\n",
		"services/b.md", "---\nid: b\n---\n")
	expect := func(rooms int, title string) {
		t.Helper()
		v, _ := m.content.services.Find("a", "")
		if got := m.content.services.RoomsPerHour(nil); got != rooms || v == nil || v.Title != title {
			t.Errorf("%d rooms an hour and %+v, want %d and %q", got, v, rooms, title)
		}
	}
	expect(7, "Ours")
	m.write("services/default.md", "---\nid: default\nrooms_per_hour: none\n---\n")
	m.write("services/a.md", "---\nid: a\nstage: never\n---\n")
	m.settle()
	expect(7, "Ours")
	m.write("services/default.md", "---\nid: default\nrooms_per_hour: 8\n---\n")
	m.write("services/a.md", "---\nid: a\ntitle: Mended\ndepends_on: [b]\n---\n")
	m.settle()
	expect(8, "Mended")
}

// TestAStartWithBrokenDefaults: what says who may do what is not known, which is told by
// name, until it is mended; what was known while it ran stays known.
func TestAStartWithBrokenDefaults(t *testing.T) {
	const good = "---\nid: default\nonly: {sev: [commander]}\n---\n"
	m := newTeam(t, "services/default.md", "---\nid: default\nonly: {sev: [commandr]}\n---\n")
	expect := func(when string, known bool) {
		t.Helper()
		d := m.content.services.Defaults()
		why := m.content.services.Unread()
		if known != (why == "") || known != (d.Only["sev"].Roles != nil) {
			t.Errorf("%s: %q, %+v", when, why, d.Only)
		}
	}
	expect("at the start", false)
	if told := strings.Join(m.content.problems, "\n"); !strings.Contains(told, "are for the shell alone, since who may do what is said in services/default.md:3: \"commandr\"") {
		t.Errorf("it is not told: %s", told)
	}
	m.write("services/default.md", good)
	m.settle()
	expect("mended", true)
	m.write("services/default.md", "---\nid: default\nonly: {sev: [commandr]}\n---\n")
	m.settle()
	expect("broken while it runs", true)
}
