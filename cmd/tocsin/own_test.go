package main

import "testing"

// ownProcess skips a test of processes where they are slow.
func ownProcess(t *testing.T) {
	t.Helper()
	if race {
		t.Skip("the race detector is on: this watches processes from outside, run it without")
	}
}
