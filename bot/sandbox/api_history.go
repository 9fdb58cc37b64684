package sandbox

import "slices"

// span is the part of a channel's messages that a call asks for.
type span struct {
	oldest, latest int64 // microseconds
	inclusive      bool
	metadata       bool
}

func readSpan(c *call) (span, error) {
	out := span{latest: 1<<63 - 1, inclusive: c.flag("inclusive"), metadata: c.flag("include_all_metadata")}
	for _, end := range []struct {
		arg string
		to  *int64
	}{{"oldest", &out.oldest}, {"latest", &out.latest}} {
		text := c.text(end.arg)
		if text == "" || text == "now" {
			continue
		}
		ts, ok := parseTS(text)
		if !ok {
			return out, refuse("invalid_ts_" + end.arg)
		}
		*end.to = ts
	}
	return out, nil
}

func (s span) includes(ts string) bool {
	at, _ := parseTS(ts)
	return (at > s.oldest && at < s.latest) || (s.inclusive && (at == s.oldest || at == s.latest))
}

// readable is a channel whose messages the bot may read.
func (w *world) readable(c *call) (*channel, span, error) {
	ch, err := w.findChannel(c, "channel")
	if err != nil {
		return nil, span{}, err
	}
	if !ch.has(BotUser) {
		return nil, span{}, refuse("not_in_channel")
	}
	s, err := readSpan(c)
	return ch, s, err
}

func (w *world) conversationsHistory(c *call) (obj, error) {
	ch, span, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	found := []Message{}
	for _, m := range slices.Backward(ch.Messages) {
		inThread := m.ThreadTS != "" && m.ThreadTS != m.TS && m.Subtype != "thread_broadcast"
		if m.EphemeralTo == "" && !inThread && span.includes(m.TS) {
			found = append(found, m.wire(span.metadata))
		}
	}
	part, more, err := page(c, found, 100, 999)
	if err != nil {
		return nil, err
	}
	return obj{
		"messages": part, "has_more": more["next_cursor"] != "", "pin_count": len(ch.Pins),
		"channel_actions_ts": nil, "channel_actions_count": 0, "response_metadata": more,
	}, nil
}

func (w *world) conversationsReplies(c *call) (obj, error) {
	ch, span, err := w.readable(c)
	if err != nil {
		return nil, err
	}
	start := ch.message(c.text("ts"))
	if start == nil {
		return nil, refuse("thread_not_found")
	}
	root := rootOf(ch, start.TS)
	found := []Message{}
	for _, m := range ch.Messages {
		isReply := m.ThreadTS == root && m.TS != root && m.EphemeralTo == ""
		if m.TS == root || (isReply && span.includes(m.TS)) {
			found = append(found, m.wire(span.metadata))
		}
	}
	part, more, err := page(c, found, 1000, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"messages": part, "has_more": more["next_cursor"] != "", "response_metadata": more}, nil
}
