package main

import (
	"net"
	"sync"
	"sync/atomic"
)

// lender is a listener that others can have for a time: what comes goes to the latest of
// them that listens still, and without one to who accepts from the lender itself. So a
// server can follow on another and nobody finds the door shut.
type lender struct {
	net.Listener
	to atomic.Pointer[lent]
}

// lend gives the listener away until that is closed.
func (l *lender) lend() net.Listener {
	to := &lent{conns: make(chan net.Conn), closed: make(chan struct{}), addr: l.Addr()}
	to.shut = sync.OnceFunc(func() { close(to.closed) })
	l.to.Store(to)
	return to
}

// Accept implements net.Listener: it returns what nobody else takes, and has to be called
// for the others to have anything.
func (l *lender) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if to := l.to.Load(); err != nil || to == nil || !to.take(conn) {
			return conn, err
		}
	}
}

// lent is a listener that is somebody's for a time.
type lent struct {
	conns  chan net.Conn
	closed chan struct{}
	shut   func()
	addr   net.Addr
}

// take hands a connection over; false if nobody listens any more.
func (l *lent) take(conn net.Conn) bool {
	select {
	case <-l.closed: // also where somebody is about to accept
		return false
	default:
	}
	select {
	case l.conns <- conn:
		return true
	case <-l.closed:
		return false
	}
}

// Accept implements net.Listener.
func (l *lent) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. What comes from then on is the lender's again.
func (l *lent) Close() error { l.shut(); return nil }

// Addr implements net.Listener.
func (l *lent) Addr() net.Addr { return l.addr }
