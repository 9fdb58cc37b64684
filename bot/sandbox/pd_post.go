package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"
)

// hookVerdict is what comes of an attempt.
type hookVerdict int

const (
	hookTaken   hookVerdict = iota
	hookLater               // no answer, 5xx, 429: again
	hookDropped             // any other answer: never again
)

// tryHook makes one attempt and records it.
func (ws *Workspace) tryHook(e *pdEvent, attempt int) hookVerdict {
	ws.mu.Lock()
	d := ws.newDelivery(hookKind, nil)
	d.Attempt = attempt
	ws.mu.Unlock()
	var result Paged
	ws.postPage(ws.life, e, ws.opt.PagerDutySecret, &result)
	ws.mu.Lock()
	defer ws.mu.Unlock()
	defer ws.changed()
	d.AckedMS = max(float64(time.Since(d.At).Microseconds())/1000, 0.001)
	switch {
	case result.OK:
		return hookTaken
	case result.Status == 0:
		d.Error = "no answer"
		return hookLater
	}
	d.Error = http.StatusText(result.Status)
	if result.Status >= 500 || result.Status == http.StatusTooManyRequests {
		return hookLater
	}
	return hookDropped
}

// postPage posts a webhook, signed, and puts the answer into result.
func (ws *Workspace) postPage(ctx context.Context, e *pdEvent, secret string, result *Paged) {
	ctx, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ws.opt.PagerDutyURL, bytes.NewReader(e.body))
	if err != nil {
		result.Error = err.Error()
		return
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(e.body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	req.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-Webhook-Id", cmp.Or(e.id, "raw"))
	req.Header.Set("X-Webhook-Subscription", pdHookID)
	resp, err := ws.http.Do(req)
	if err != nil {
		result.OK, result.Error = false, err.Error()
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	result.Status, result.Response = resp.StatusCode, strings.TrimSpace(string(text))
	result.OK = resp.StatusCode >= 200 && resp.StatusCode < 300
}
