package main

import "testing"

// TestBrokenServicesLeaveTheOldOnesServing, the defaults among them; one that
// needs a service beside it is not broken.
func TestBrokenServicesLeaveTheOldOnesServing(t *testing.T) {
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
