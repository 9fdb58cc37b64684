//go:build !linux

package main

import "net"

// peer is not asked for here: the permissions of the socket's file are what there is.
func peer(net.Conn) (uid int, known bool) { return 0, false }
