package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"tocsin/store/durable"
)

// places tells whether what the configuration names on this machine can be used, by the
// user who asks.
func (d *doctor) places(s settings) {
	if s.addr != "" {
		d.listens(s.addr)
	}
	if s.keeping.backups == "" {
		d.good("backups", "off: set TOCSIN_BACKUP to a directory, best on another disk")
	} else {
		d.written("backups", "TOCSIN_BACKUP", s.keeping.backups, lastOf(s.keeping.backups))
	}
	if s.keeping.exports != "" {
		d.written("exports", "TOCSIN_EXPORT", s.keeping.exports, "")
	}
}

// listens tells whether this machine has an address. Its port is left alone: a tocsin that
// starts may want it now.
func (d *doctor) listens(addr string) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return // told with the configuration
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		d.bad("HTTP", fmt.Sprintf("TOCSIN_ADDR is %s, which cannot be listened on here: %v", addr, err))
		return
	}
	ln.Close()
	d.good("HTTP", "listens on "+addr)
}

// written tells whether files can be written to a directory.
func (d *doctor) written(what, setting, dir, has string) {
	if err := writable(dir); err != nil {
		d.bad(what, fmt.Sprintf("%s is %s, where this user cannot write: %v", setting, dir, err))
		return
	}
	d.good(what, dir+" can be written"+has)
}

// lastOf tells the newest backup of a directory.
func lastOf(dir string) string {
	names := backupsIn(dir, time.Now())
	if len(names) == 0 {
		return "; there is none in it yet"
	}
	return "; the newest is " + names[len(names)-1]
}

// writable writes a file to a directory and removes it. Of one that is not there yet it
// tries the one that it will be made in.
func writable(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return errors.New(dir + " is no directory")
		}
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		dir = filepath.Dir(dir)
	}
	temp, err := durable.Stage(filepath.Join(dir, "tocsin-doctor"), func(io.Writer) error { return nil })
	if err != nil {
		return err
	}
	return os.Remove(temp)
}
