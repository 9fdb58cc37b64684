package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"

	"tocsin/store"
)

// Why nothing is taken is told once for each cause, however often it is tried.
func TestCauseIsToldOnce(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer ln.Close()
	var log bytes.Buffer
	h := host{log: slog.New(slog.NewTextHandler(&log, nil)), door: lender{Listener: ln}}
	for _, err := range []error{
		fmt.Errorf("%w: the first try: %w", store.ErrStopped, syscall.ENOSPC), fmt.Errorf("another: %w", syscall.ENOSPC), &vanished{"x"}, &vanished{"x"}, syscall.EIO,
	} {
		h.tell(err)
	}
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Errorf("it is told in %d lines, want 3:\n%s", n, log.String())
	}
}

// What a disk may do later is waited for, and nothing else.
func TestWhatIsOfTheDisk(t *testing.T) {
	stopped := fmt.Errorf("the bot stopped: %w: %w", store.ErrStopped, syscall.ENOSPC)
	for _, c := range []struct {
		err  error
		want bool
	}{
		{stopped, true},
		{store.ErrStopped, true},
		{fmt.Errorf("store: cannot open: %w", syscall.EROFS), true},
		{syscall.EIO, true},
		{&vanished{"x"}, true},
		{nil, false},
		{syscall.EACCES, false},
		{errors.New("Slack does not accept SLACK_BOT_TOKEN"), false},
		{fmt.Errorf("the bot stopped: %w", &store.CorruptError{Path: "x"}), false},
		{errors.Join(stopped, &store.CorruptError{Path: "x"}), false},
		{&store.LockedError{Path: "x"}, false},
		{&hangs{stopped}, false},
		{store.ErrClosed, false},
	} {
		if got := ofDisk(c.err); got != c.want {
			t.Errorf("%v is of the disk: %v, want %v", c.err, got, c.want)
		}
	}
}
