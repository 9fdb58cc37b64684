package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tocsin/bot/incident"
)

// An export is lines of JSON: what it is of, one line an event with its seal and its
// bytes as they are stored, one line an alert, and how many there were of each.
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
	}
)

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
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(exportHead{id, Format}); err != nil {
		return Tip{}, err
	}
	for _, p := range pairs {
		sum, body, _ := bytes.Cut(p.Value, []byte{' '})
		fmt.Fprintf(out, `{"seal":"%s","event":%s}`+"\n", sum, body) // the bytes as they are, which Encode might not keep
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
	if err := enc.Encode(exportEnd{id, tip.Last, n}); err != nil {
		return Tip{}, err
	}
	return tip, out.Flush()
}

// CheckExport reads an export through, follows its seals, and returns its events. An
// error means that it is not whole.
func CheckExport(r io.Reader) (id incident.ID, events []incident.Event, err error) {
	dec := json.NewDecoder(bufio.NewReader(r))
	var head exportHead
	if err := dec.Decode(&head); err != nil || head.Incident == "" {
		return "", nil, errors.Join(errors.New("it does not begin as an export does"), err)
	}
	s, alerts := firstSeal(string(head.Incident)), 0
	for {
		var line struct {
			exportLine
			exportAlert
			exportEnd
		}
		if err := dec.Decode(&line); err != nil {
			return head.Incident, events, fmt.Errorf("it ends too early, or cannot be read: %w", err)
		}
		switch {
		case line.End != "":
			if line.End != head.Incident || line.exportEnd.Events != len(events) || line.exportEnd.Alerts != alerts {
				return head.Incident, events, errors.New("it does not have what its last line says")
			}
			return head.Incident, events, nil
		case line.Alert != nil:
			alerts++
		default:
			var e incident.Event
			if s = s.over(line.Event); hex.EncodeToString(s[:]) != line.Seal {
				return head.Incident, events, fmt.Errorf("event %d: its checksum does not fit", len(events)+1)
			}
			if err := json.Unmarshal(line.Event, &e); err != nil {
				return head.Incident, events, err
			}
			events = append(events, e)
		}
	}
}
