package main

import (
	"net"
	"syscall"
)

// peer is the user at the other end of a unix socket; known is false if the system
// does not tell.
func peer(conn net.Conn) (uid int, known bool) {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var who *syscall.Ucred
	asked := raw.Control(func(fd uintptr) { who, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED) })
	if asked != nil || err != nil {
		return 0, false
	}
	return int(who.Uid), true
}
