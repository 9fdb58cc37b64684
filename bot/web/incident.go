package web

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// Links are signed addresses of incidents' pages: whoever has one can read that page
// until it expires, and no other.
type Links struct {
	base string
	key  []byte
}

// NewLinks makes links below base that are signed with a key derived from a secret:
// with another secret, all are void.
func NewLinks(base, secret string) (*Links, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "tocsin incident pages", sha256.Size)
	return &Links{strings.TrimSuffix(base, "/"), key}, err
}

// Link is the address of an incident's page, good until a time.
func (l *Links) Link(id incident.ID, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return fmt.Sprintf("%s/incidents/%s?key=%s.%s", l.base, id, end, l.sign(string(id), end))
}

// sign is the signature of an incident and the last second of its link.
func (l *Links) sign(id, end string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(id + " " + end))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// good tells whether key is ours for an incident and has not expired. It is compared as
// it is written, since there is more than one way to write the same in base64.
func (l *Links) good(id, key string, now time.Time) bool {
	end, signature, _ := strings.Cut(key, ".")
	if !hmac.Equal([]byte(signature), []byte(l.sign(id, end))) {
		return false
	}
	last, err := strconv.ParseInt(end, 10, 64)
	return err == nil && now.Unix() <= last
}

// Sheet tells what an incident's page shows: its title, and Markdown.
type Sheet func(ctx context.Context, id incident.ID) (title, md string, err error)

// incident serves an incident's page to whoever has a link. That there is no such
// incident, that the link is not ours and that it has expired are one answer.
func (p Pages) incident(w http.ResponseWriter, r *http.Request) {
	id, now := r.PathValue("id"), time.Now()
	if p.Now != nil {
		now = p.Now()
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address is the key
	h.Set("X-Robots-Tag", "noindex")
	if !p.Links.good(id, r.URL.Query().Get("key"), now) {
		gone(w)
		return
	}
	title, md, err := p.Sheet(r.Context(), incident.ID(id))
	if err != nil {
		gone(w)
		return
	}
	sheet := markdown.Sheet{Title: title, Body: markdown.HTML(md)}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", sheet.Policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	w.Write(sheet.Bytes())
}

func gone(w http.ResponseWriter) {
	http.Error(w, "This link is not good, or not any more. Ask somebody in the incident for a new one: /incident link", http.StatusNotFound)
}
