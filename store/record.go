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

// seal is the checksum of a stored value and of what it must follow: an event
// follows the event before it, so that a timeline is one chain; the first event
// follows its incident's ID, and any other value its key. So no value passes for
// another one.
type seal [sha256.Size]byte

// firstSeal is what the first value after a name follows.
func firstSeal(name string) seal { return seal{}.over([]byte(name)) }

func (s seal) over(body []byte) (next seal) {
	h := sha256.New()
	h.Write(s[:])
	h.Write(body)
	h.Sum(next[:0])
	return next
}

// stored is body as it is stored under its seal s: the hex of the seal, a
// space, and body.
func (s seal) stored(body []byte) []byte {
	value := make([]byte, 0, 2*len(s)+1+len(body))
	value = hex.AppendEncode(value, s[:])
	value = append(value, ' ')
	return append(value, body...)
}

// read takes a stored value that follows s apart.
func (s seal) read(value []byte) (body []byte, next seal, err error) {
	sum, body, ok := bytes.Cut(value, []byte{' '})
	if !ok {
		return nil, seal{}, errors.New("it is no record of ours")
	}
	next = s.over(body)
	if string(sum) != hex.EncodeToString(next[:]) {
		return nil, seal{}, errors.New("its checksum does not fit: it, or one before it, was changed")
	}
	return body, next, nil
}

// sealed is the stored form of an event that follows before.
func sealed(e incident.Event, before seal) (value []byte, after seal, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, seal{}, err
	}
	after = before.over(body)
	return after.stored(body), after, nil
}

// open checks a stored event against the seal before it, and reads it. What follows it
// has to follow the seal that it returns.
func open(value []byte, before seal, e *incident.Event) (seal, error) {
	body, after, err := before.read(value)
	if err != nil {
		return seal{}, err
	}
	if err := json.Unmarshal(body, e); err != nil {
		return seal{}, err
	}
	return followed(*e, after)
}

// followed is the seal that the event after e follows: that of e, or where e stands for
// one that was lost, the one that this had.
func followed(e incident.Event, own seal) (seal, error) {
	lost, ok := e.Fact.(incident.Lost)
	if !ok {
		return own, nil
	}
	return sealOf([]byte(lost.Seal))
}

// sealOf reads a seal in hex.
func sealOf(text []byte) (s seal, err error) {
	if n, err := hex.Decode(s[:], text[:min(len(text), 2*len(s))]); err != nil || n < len(s) || len(text) > 2*len(s) {
		return seal{}, errors.New("it is no seal")
	}
	return s, nil
}

// sealedPair is body as it is stored under key.
func sealedPair(key string, body []byte) Pair {
	return Pair{key, firstSeal(key).over(body).stored(body)}
}

// openPair checks a pair that sealedPair made and returns its body. A
// *CorruptError if it was changed, or is that of another key.
func openPair(p Pair) ([]byte, error) {
	body, _, err := firstSeal(p.Key).read(p.Value)
	if err != nil {
		return nil, corrupt(p.Key, err)
	}
	return body, nil
}

func corrupt(path string, err error) error { return &CorruptError{Path: path, Detail: err.Error()} }

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
	kind := effect.Effects.Name(i.Effect)
	if kind == "" {
		return nil, fmt.Errorf("store: %T is not in effect.Effects", i.Effect)
	}
	data, err := json.Marshal(i.Effect)
	if err != nil {
		return nil, err
	}
	return json.Marshal(itemRecord{
		Kind: kind, Data: data, Seq: i.Seq,
		Tries: i.Tries, First: i.First, Last: i.Last,
	})
}

func decodeItem(p Pair) (Item, error) {
	body, err := openPair(p)
	if err != nil {
		return Item{}, err
	}
	var r itemRecord
	if err := json.Unmarshal(body, &r); err != nil {
		return Item{}, corrupt(p.Key, err)
	}
	n, key, err := parseOutKey(p.Key)
	if err != nil {
		return Item{}, corrupt(p.Key, err)
	}
	e, known, err := effect.Effects.Decode(r.Kind, r.Data)
	if err != nil {
		return Item{}, corrupt(p.Key, err)
	}
	if !known {
		return Item{}, fmt.Errorf("store: %s asks for %q, which this version of tocsin cannot do: use the newer one that wrote it", p.Key, r.Kind)
	}
	return Item{
		Incident: incident.NewID(n), Key: key, Effect: e, Seq: r.Seq,
		Tries: r.Tries, First: r.First, Last: r.Last,
	}, nil
}

// parseOutKey takes the key of an outbox item, or of its second copy, apart: its incident's
// number, and its own key.
func parseOutKey(s string) (n int, key string, err error) {
	_, s, _ = strings.Cut(s, "/")
	number, key, ok := strings.Cut(s, "/")
	if !ok {
		return 0, "", errors.New("it is no outbox key")
	}
	n, err = strconv.Atoi(number)
	return n, key, err
}
