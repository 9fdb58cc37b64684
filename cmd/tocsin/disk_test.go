//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// disk is a small disk in memory. It is in a namespace of its own, in which every user
// may mount: a shell there has it, and all others come to it through /proc.
type disk struct {
	mount string // where the shell has it
	dir   string // where others have it
	shell *exec.Cmd
	ask   io.Writer
	said  journal
}

// newDisk mounts a disk, where the system has namespaces for this user.
func newDisk(t *testing.T) *disk {
	t.Helper()
	ownProcess(t)
	d := &disk{shell: exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh")}
	stdin, err := d.shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.ask, d.shell.Stdout, d.shell.Stderr = stdin, &d.said, &d.said
	if err := d.shell.Start(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: get unshare with apt-get install util-linux", err)
	}
	t.Cleanup(func() { stdin.Close(); d.shell.Wait() })
	d.mount = t.TempDir()
	if err := d.do(t, "mount -t tmpfs -o size=1m tmpfs "+d.mount); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: let this user have namespaces; what tocsin says of a full disk, TestDiskFails tries with strace", err)
	}
	d.dir = fmt.Sprintf("/proc/%d/root%s", d.shell.Process.Pid, d.mount)
	return d
}

// do has the shell do something, and returns what it complains of.
func (d *disk) do(t *testing.T, command string) error {
	t.Helper()
	before := len(d.said.String())
	fmt.Fprintf(d.ask, "%s && echo done || echo failed\n", command)
	var said string
	err := until(t.Context(), func() bool {
		said = d.said.String()[before:]
		return strings.HasSuffix(said, "done\n") || strings.HasSuffix(said, "failed\n")
	})
	if err == nil && !strings.HasSuffix(said, "done\n") {
		err = errors.New(strings.TrimSpace(said))
	}
	return err
}
