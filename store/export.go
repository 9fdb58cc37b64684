package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tocsin/bot/incident"
)

// An export is lines of JSON: what it is of, one line an event with its seal and its
// bytes as they are stored, one line an alert, and how many there were of each, with
// the SHA-256 of all lines before.
type (
	exportHead struct {
		Incident incident.ID `json:"incident"`
		Format   int         `json:"format"`
	}
	exportLine struct {
		Seal  string          `json:"seal"`
		Event json.RawMessage `json:"event"`
	}
	exportAlert struct {
		Alert *Alert `json:"alert"`
	}
	exportEnd struct {
		End    incident.ID `json:"end"`
		Events int         `json:"events"`
		Alerts int         `json:"alerts"`
		Sum    string      `json:"sha256"`
	}
)

// IDs are the incidents on record, the oldest first: also those that cannot be read.
func (j *Journal) IDs(ctx context.Context) (ids []incident.ID, err error) {
	heads, err := j.kv.Scan(ctx, "head/", "", 0)
	if err != nil {
		return nil, err
	}
	known := map[incident.ID]bool{}
	for _, p := range heads {
		if id, ok := numbered("head/", p.Key); ok {
			ids, known[id] = append(ids, id), true
		}
	}
	headless, err := j.headless(ctx, known)
	ids = append(ids, headless...)
	slices.SortFunc(ids, func(a, b incident.ID) int { return a.Number() - b.Number() })
	return ids, err
}

// headless are the incidents that have events and no head, and are not gone.
func (j *Journal) headless(ctx context.Context, known map[incident.ID]bool) (ids []incident.ID, err error) {
	for after := ""; ; {
		pairs, err := j.kv.Scan(ctx, "log/", after, 1)
		if err != nil || len(pairs) == 0 {
			return ids, err
		}
		after = pairs[0].Key
		id, ok := numbered("log/", after)
		if !ok {
			continue
		}
		after = past(logPrefix(id), after)
		if known[id] {
			continue
		}
		if _, err := j.kv.Get(ctx, goneKey(id)); errors.Is(err, ErrNotFound) {
			ids = append(ids, id)
		} else if err != nil {
			return nil, err
		}
	}
}

// Export writes all that is on record of an incident as lines of JSON, with those of
// the alerts that belong to it, and returns the end of its timeline. Each seal is the
// SHA-256 of the seal before it and the event's bytes; that before the first is the
// SHA-256 of 32 zeros and the incident's ID.
func (j *Journal) Export(ctx context.Context, id incident.ID, alerts []Alert, w io.Writer) (Tip, error) {
	_, tip, err := j.Load(ctx, id)
	if err != nil {
		return Tip{}, err
	}
	pairs, err := j.kv.Scan(ctx, logPrefix(id), "", tip.Last)
	if err != nil {
		return Tip{}, err
	}
	out, sum := bufio.NewWriter(w), sha256.New()
	w = io.MultiWriter(out, sum)
	enc := json.NewEncoder(w)
	if err := enc.Encode(exportHead{id, Format}); err != nil {
		return Tip{}, err
	}
	for _, p := range pairs {
		seal, body, _ := bytes.Cut(p.Value, []byte{' '})
		fmt.Fprintf(w, `{"seal":"%s","event":%s}`+"\n", seal, body) // the bytes as they are, which Encode might not keep
	}
	n := 0
	for _, a := range alerts {
		if a.Incident == id {
			n++
			if err := enc.Encode(exportAlert{&a}); err != nil {
				return Tip{}, err
			}
		}
	}
	if err := enc.Encode(exportEnd{id, tip.Last, n, hex.EncodeToString(sum.Sum(nil))}); err != nil {
		return Tip{}, err
	}
	return tip, out.Flush()
}

// CheckExport reads an export through, follows its seals, and returns its events. An
// error means that it is not whole, or was changed.
func CheckExport(r io.Reader) (id incident.ID, events []incident.Event, err error) {
	lines := bufio.NewReader(r)
	sum, alerts := sha256.New(), 0
	var before seal
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return id, events, fmt.Errorf("it ends too early: %w", err)
		}
		var l struct {
			exportHead
			exportLine
			exportAlert
			exportEnd
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return id, events, err
		}
		switch {
		case id == "":
			if named, ok := incident.ParseID(string(l.Incident)); !ok || named != l.Incident {
				return "", nil, errors.New("it does not begin with what it is of")
			}
			id, before = l.Incident, firstSeal(string(l.Incident))
		case l.End != "":
			return id, events, endsWith(line, lines, exportEnd{id, len(events), alerts, hex.EncodeToString(sum.Sum(nil))})
		case l.Alert != nil:
			alerts++
		default:
			var e incident.Event
			if before = before.over(l.Event); hex.EncodeToString(before[:]) != l.Seal {
				return id, events, fmt.Errorf("event %d: its checksum does not fit", len(events)+1)
			}
			if err := json.Unmarshal(l.Event, &e); err != nil {
				return id, events, err
			}
			if before, err = followed(e, before); err != nil {
				return id, events, fmt.Errorf("event %d: %w", len(events)+1, err)
			}
			events = append(events, e)
		}
		sum.Write(line)
	}
}

// endsWith wants the last line of an export to be this end, and nothing behind it.
func endsWith(line []byte, rest io.ByteReader, end exportEnd) error {
	want, err := json.Marshal(end)
	if err != nil {
		return err
	}
	if _, err := rest.ReadByte(); err != io.EOF || !bytes.Equal(line, append(want, '\n')) {
		return errors.New("it does not have what its last line says, or was changed")
	}
	return nil
}
