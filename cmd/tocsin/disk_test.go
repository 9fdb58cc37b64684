//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// disk is a small disk in memory. It is in a namespace of its own: a shell there has it,
// and all others come to it through /proc.
type disk struct {
	mount string // where the shell has it
	dir   string // where others have it
	shell *exec.Cmd
	ask   io.Writer
	said  journal
}

// namespaces are where a disk can be mounted: every user may where there are namespaces of
// users, and where there are none (as in most containers) root may, with CAP_SYS_ADMIN.
var namespaces = [][]string{{"unshare", "--user", "--map-root-user", "--mount", "sh"}, {"unshare", "--mount", "sh"}}

// namespace is one of them in which this process can mount. Where there is none it skips
// the test, unless TOCSIN_DISK is required: then strace has to work, by which
// TestDiskFails and TestDiskFailsAtTheStart try what is said of such disks.
func namespace(t *testing.T, at string) []string {
	t.Helper()
	var why []string
	for _, in := range namespaces {
		try := exec.Command(in[0], append(in[1:], "-c", mountSmall+at)...)
		out, err := try.CombinedOutput()
		if err == nil {
			return in
		}
		why = append(why, fmt.Sprintf("%s: %v %s", try, err, strings.TrimSpace(string(out))))
	}
	no := fmt.Sprintf("a small disk cannot be mounted here: get unshare with apt-get install util-linux, and let this user have namespaces, or run this as root\n%s", strings.Join(why, "\n"))
	if os.Getenv("TOCSIN_DISK") != "required" {
		t.Skip(no)
	}
	if err := noStrace(); err != nil {
		t.Fatalf("%s\nnor can strace stand in for it: %v", no, err)
	}
	t.Skip("TestDiskFails and TestDiskFailsAtTheStart stand in for this with strace, and are not skipped: " + no)
	return nil
}

const mountSmall = "mount -t tmpfs -o size=8m tmpfs "

// newDisk mounts a disk.
func newDisk(t *testing.T) *disk {
	t.Helper()
	ownProcess(t)
	d := &disk{mount: t.TempDir()}
	in := namespace(t, d.mount)
	d.shell = exec.Command(in[0], in[1:]...)
	stdin, err := d.shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.ask, d.shell.Stdout, d.shell.Stderr = stdin, &d.said, &d.said
	if err := d.shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); d.shell.Wait() })
	if err := d.do(t, mountSmall+d.mount); err != nil {
		t.Fatal(err)
	}
	d.dir = fmt.Sprintf("/proc/%d/root%s", d.shell.Process.Pid, d.mount)
	return d
}

// fill fills it to the last byte, until empty.
func (d *disk) fill(t *testing.T) (empty func()) {
	t.Helper()
	filler, err := os.Create(filepath.Join(d.dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	filler.Close()
	return func() {
		if err := os.Remove(filler.Name()); err != nil {
			t.Fatal(err)
		}
	}
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
