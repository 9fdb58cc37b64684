//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const howToStrace = "get it with apt-get install strace, and let this user trace its processes"

// noStrace is why strace cannot be used; nil: it can.
func noStrace() error {
	out, err := exec.Command("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "true").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("strace: %w %s: %s", err, out, howToStrace)
	}
	return err
}

// haveStrace skips a test, or fails it, where strace cannot be used.
func haveStrace(t *testing.T) {
	t.Helper()
	ownProcess(t)
	err := noStrace()
	if err == nil {
		return
	}
	if os.Getenv("TOCSIN_STRACE") == "required" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// inject has a process's system calls of a kind fail from now on, until lift.
func inject(t *testing.T, p *process, call, errno string) (lift func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "strace", "-f", "-o", "/dev/null", "-e", "trace="+call, "-e", "inject="+call+":error="+errno,
		"-p", strconv.Itoa(p.Process.Pid))
	var said journal
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	err := p.await(ctx, func() bool { return strings.Contains(said.String(), "ttach") })
	if strings.Contains(said.String(), "not permitted") && os.Getenv("TOCSIN_STRACE") != "required" {
		t.Skipf("strace: %s: run this as root, or set kernel.yama.ptrace_scope=0", said.String())
	}
	if err != nil || !strings.Contains(said.String(), " attached") {
		t.Fatalf("strace: %v: %s", err, said.String())
	}
	return func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() } // it lets go of the process
}
