package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
)

// seal is the end of the hash chain up to an event. The chain begins with the
// incident's ID, so that no record passes for one of another incident.
type seal [sha256.Size]byte

func firstSeal(id incident.ID) seal { return seal{}.over([]byte(id)) }

func (s seal) over(body []byte) (next seal) {
	h := sha256.New()
	h.Write(s[:])
	h.Write(body)
	h.Sum(next[:0])
	return next
}

// sealed is the stored form of an event: the hex of its seal, a space, and its
// JSON.
func sealed(e incident.Event, before seal) (value []byte, after seal, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, seal{}, err
	}
	after = before.over(body)
	value = make([]byte, 0, 2*len(after)+1+len(body))
	value = hex.AppendEncode(value, after[:])
	value = append(value, ' ')
	return append(value, body...), after, nil
}

// open checks a stored event against the seal before it, and reads it.
func open(value []byte, before seal, e *incident.Event) (seal, error) {
	sum, body, ok := bytes.Cut(value, []byte{' '})
	if !ok {
		return seal{}, errors.New("it is no record of ours")
	}
	after := before.over(body)
	if string(sum) != hex.EncodeToString(after[:]) {
		return seal{}, errors.New("its checksum does not fit: the record, or one before it, was changed")
	}
	return after, json.Unmarshal(body, e)
}

// itemRecord is an Item's stored form; incident and key are in its key.
type itemRecord struct {
	Kind  string          `json:"kind"`
	Data  json.RawMessage `json:"data"`
	Seq   int             `json:"seq"`
	Tries int             `json:"tries,omitempty"`
	First time.Time       `json:"first,omitzero"`
	Last  time.Time       `json:"last,omitzero"`
}

func (i Item) encode() ([]byte, error) {
	data, err := json.Marshal(i.Effect)
	if err != nil {
		return nil, err
	}
	return json.Marshal(itemRecord{
		Kind: effect.Effects.Name(i.Effect), Data: data, Seq: i.Seq,
		Tries: i.Tries, First: i.First, Last: i.Last,
	})
}

func decodeItem(p Pair) (Item, error) {
	parts := strings.SplitN(p.Key, "/", 3)
	if len(parts) != 3 {
		return Item{}, errors.New("it is no outbox key")
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return Item{}, err
	}
	var r itemRecord
	if err := json.Unmarshal(p.Value, &r); err != nil {
		return Item{}, err
	}
	e, known, err := effect.Effects.Decode(r.Kind, r.Data)
	if err != nil {
		return Item{}, err
	}
	if !known {
		return Item{}, fmt.Errorf("it asks for %q, which this version of tocsin cannot do: use the newer one that wrote it", r.Kind)
	}
	return Item{
		Incident: incident.NewID(n), Key: parts[2], Effect: e, Seq: r.Seq,
		Tries: r.Tries, First: r.First, Last: r.Last,
	}, nil
}
