package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxLinks     = 10               // of one app
	pingInterval = 10 * time.Second // clients give up without one in 30 s
	farewell     = 10 * time.Second // from a disconnect frame to the cut
)

// link is one Socket Mode connection of the app. One goroutine reads, one writes.
type link struct {
	conn     *websocket.Conn
	frames   chan []byte
	gone     chan struct{}
	once     sync.Once
	retiring bool // got a disconnect frame: no more deliveries
}

// write queues a frame; one that finds the queue full is lost, as on a stalled connection.
func (l *link) write(frame []byte) {
	select {
	case l.frames <- frame:
	default:
	}
}

// end cuts the connection.
func (l *link) end() {
	l.once.Do(func() {
		close(l.gone)
		_ = l.conn.Close()
	})
}

// next is the link whose turn it is: each payload goes to one of them.
func (p *postOffice) next() *link {
	for range p.links {
		p.turn++
		if l := p.links[p.turn%len(p.links)]; !l.retiring {
			return l
		}
	}
	return nil
}

// openConnection is the method apps.connections.open, the only one that is about the Workspace and not
// about its world. The lock must be held.
func (ws *Workspace) openConnection(w *world, _ *call) (obj, error) {
	if ws.opt.CommandURL != "" && ws.opt.InteractionURL != "" && ws.opt.EventURL != "" {
		return nil, refuse("access_denied", "Socket Mode is off: the sandbox was given request URLs")
	}
	ticket := w.newID("T")
	ws.post.tickets[ticket] = true
	base := strings.Replace(w.base, "http", "ws", 1)
	return obj{"url": base + "/link/?ticket=" + ticket + "&app_id=" + AppID}, nil
}

// serveLink is the address that apps.connections.open gave out; its ticket is good once.
func (ws *Workspace) serveLink(rw http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	ws.mu.Lock()
	valid := ws.post.tickets[ticket] && !ws.closed
	delete(ws.post.tickets, ticket)
	ws.mu.Unlock()
	if !valid {
		http.Error(rw, "the ticket was used or never given out; call apps.connections.open", http.StatusForbidden)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // slack-go sends api.slack.com
	conn, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		ws.log.Warn("sandbox: no web socket", "err", err)
		return
	}
	ws.addLink(&link{conn: conn, frames: make(chan []byte, 4096), gone: make(chan struct{})})
}

func (ws *Workspace) addLink(l *link) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.closed {
		l.end()
		return
	}
	ws.start(func() { ws.writeLink(l) })
	ws.start(func() { ws.readLink(l) })
	if len(ws.post.links) >= maxLinks {
		ws.retire(l, "too_many_websockets")
		return
	}
	ws.post.links = append(ws.post.links, l)
	l.write(toJSON(obj{
		"type": "hello", "num_connections": len(ws.post.links), "connection_info": obj{"app_id": AppID},
		"debug_info": obj{"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
	}))
	ws.changed()
}

// retire sends a disconnect frame and cuts the link a little later, if the app does not.
func (ws *Workspace) retire(l *link, reason string) {
	l.retiring = true
	l.write(toJSON(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "sandbox"}}))
	ws.start(func() {
		timer := time.NewTimer(farewell)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.gone:
		case <-ws.life.Done():
		}
		l.end()
	})
}

// disconnectLinks retires n links, the oldest first, or all if n is 0; reason "abrupt" cuts them
// without a word. The lock must be held.
func (ws *Workspace) disconnectLinks(reason string, n int) {
	for i, l := range ws.post.links {
		if n > 0 && i >= n {
			return
		}
		if reason == "abrupt" {
			l.end()
		} else if !l.retiring {
			ws.retire(l, reason)
		}
	}
}

func (ws *Workspace) writeLink(l *link) {
	defer l.end()
	ping := time.NewTicker(pingInterval)
	defer ping.Stop()
	for {
		var err error
		select {
		case frame := <-l.frames:
			err = l.conn.WriteMessage(websocket.TextMessage, frame)
		case now := <-ping.C:
			err = l.conn.WriteControl(websocket.PingMessage, []byte("Ping from sandbox"), now.Add(pingInterval))
		case <-l.gone:
			return
		}
		if err != nil {
			return
		}
	}
}

// readLink takes acks until the link ends.
func (ws *Workspace) readLink(l *link) {
	defer ws.dropLink(l)
	for {
		_, frame, err := l.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(frame) >= maxAckBytes || json.Unmarshal(frame, &ack) != nil {
			ws.log.Warn("sandbox: dropped a frame: too long, or not JSON", "bytes", len(frame))
			continue
		}
		ws.acknowledge(ack.EnvelopeID, ack.Payload)
	}
}

// acknowledge takes an ack; any link may bring it.
func (ws *Workspace) acknowledge(id string, payload json.RawMessage) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	d := ws.post.pending[id]
	if d == nil {
		return
	}
	delete(ws.post.pending, id)
	d.outcome <- outcome{answer: payload}
}

func (ws *Workspace) dropLink(l *link) {
	l.end()
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.post.links = slices.DeleteFunc(ws.post.links, func(x *link) bool { return x == l })
	ws.changed()
}
