package main

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// crowd keeps the connections of one server to a number. Where there is one too many, the
// one that is idle longest leaves; the new one is closed only where none is idle.
//
// Leaving is by the read deadline, and not by closing: a connection that waits for its next
// request ends, while of one whose request has been read at that moment the server sets the
// deadline anew, and it is answered. What is still on its way is cut off, as it is when the
// server itself ends.
type crowd struct {
	most int

	mu            sync.Mutex
	open          int       // those that leave, too
	idle, leaving list.List // of net.Conn; the longest first
	places        map[net.Conn]place
}

// place is where a connection is in one of the lists.
type place struct {
	in *list.List
	at *list.Element
}

func newCrowd(most int) *crowd { return &crowd{most: most, places: map[net.Conn]place{}} }

// heed is for http.Server.ConnState.
func (c *crowd) heed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open++
		if !c.room() {
			c.put(&c.leaving, conn)
			conn.Close()
		}
	case http.StateIdle:
		c.put(&c.idle, conn)
	case http.StateActive: // before its handler is called
		if c.take(conn) == &c.leaving {
			conn.SetReadDeadline(time.Now().Add(requestIn)) // it may have been told to leave since its headers were read
		}
	case http.StateHijacked, http.StateClosed:
		c.take(conn)
		c.open--
	}
}

// room makes room for the newest, and tells whether it could.
func (c *crowd) room() bool {
	if c.open-c.leaving.Len() <= c.most {
		return true
	}
	if first := c.leaving.Front(); first != nil {
		dismiss(first) // again: what is told to leave as it becomes idle does not hear it
	}
	for c.open-c.leaving.Len() > c.most {
		longest := c.idle.Front()
		if longest == nil {
			return false
		}
		dismiss(longest)
		c.put(&c.leaving, longest.Value.(net.Conn))
	}
	return true
}

// dismiss tells a connection to leave.
func dismiss(e *list.Element) { e.Value.(net.Conn).SetReadDeadline(time.Unix(1, 0)) }

// put has a connection be in one list, and in no other.
func (c *crowd) put(l *list.List, conn net.Conn) {
	c.take(conn)
	c.places[conn] = place{l, l.PushBack(conn)}
}

// take has a connection be in no list, and tells in which it was; nil: in none.
func (c *crowd) take(conn net.Conn) *list.List {
	p, ok := c.places[conn]
	if ok {
		p.in.Remove(p.at)
		delete(c.places, conn)
	}
	return p.in
}
