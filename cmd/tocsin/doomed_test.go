//go:build linux

package main

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// startDoomed launches a process that is killed at a point.
//
// strace could kill it itself, but counts the calls of each thread apart, and Go
// changes threads as it likes. So strace has every call of the kind followed by
// SIGSTOP, which stops all threads, and tells of it; we count, and let it go on or kill it.
// (This goes without --seccomp-bpf, with which strace cannot send signals.)
func (g *ground) startDoomed(ctx context.Context, at point) error {
	pipe := filepath.Join(filepath.Dir(g.file), "calls")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return err
	}
	calls, err := os.OpenFile(pipe, os.O_RDWR, 0) // to write, too, or it would wait for strace
	if err != nil {
		return err
	}
	err = g.start(ctx, "strace", "-f", "-qq", "-o", pipe, "-e", "trace="+at.call, "-e", "signal=none", "-e", "inject="+at.call+":signal=SIGSTOP")
	if err != nil {
		calls.Close()
		return err
	}
	p := g.process
	go func() {
		<-p.ended
		calls.Close()
	}()
	go g.doom(p, calls, at.n)
	return nil
}

// returned is what strace says of a call that has returned, whole or what is left of it.
var returned = regexp.MustCompile(`\) += -?\d`)

// doom lets the process go on after each call that strace tells of but the nth, after
// which it is killed.
func (g *ground) doom(p *process, calls *os.File, n int) {
	for lines := bufio.NewScanner(calls); lines.Scan(); {
		if !returned.Match(lines.Bytes()) {
			continue
		}
		if n--; n == 0 {
			g.doomed.Store(true)
			p.signal(syscall.SIGKILL)
			return
		}
		p.signal(syscall.SIGCONT)
	}
}
