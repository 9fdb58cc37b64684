package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Sign is Slack's signature of a request: hex HMAC-SHA256 over "v0:timestamp:body"
// (https://docs.slack.dev/authentication/verifying-requests-from-slack/).
func Sign(secret string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return timestamp, "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// patience is how long an event waits for the one before it, so that an app that answers at once gets
// them in order, and one that does not still gets them.
const patience = 50 * time.Millisecond

// pushInOrder posts a delivery in the background; events keep their order. The lock must be held.
func (ws *Workspace) pushInOrder(address string, d *delivery) {
	if d.Kind != eventsAPI {
		ws.start(func() { d.outcome <- ws.pushHTTP(address, d) })
		return
	}
	before, done := ws.post.pushed, make(chan struct{})
	ws.post.pushed = done
	ws.start(func() {
		defer close(done)
		if before != nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			select {
			case <-before:
			case <-timer.C:
			case <-ws.life.Done():
			}
		}
		d.outcome <- ws.pushHTTP(address, d)
	})
}

// pushHTTP posts a delivery, signed, and reads the app's answer.
func (ws *Workspace) pushHTTP(address string, d *delivery) outcome {
	ctx, cancel := context.WithTimeout(ws.life, ws.opt.AckWindow)
	defer cancel()
	body, contentType := d.httpBody()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return outcome{err: "dispatch_failed"}
	}
	timestamp, signature := Sign(ws.opt.SigningSecret, time.Now(), body)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	req.Header.Set("X-Slack-Request-Timestamp", timestamp)
	req.Header.Set("X-Slack-Signature", signature)
	for key, value := range d.retryHeaders() {
		req.Header.Set(key, value)
	}
	resp, err := ws.http.Do(req)
	if err != nil {
		ws.log.Warn("sandbox: delivery failed", "kind", d.Kind, "to", address, "err", err)
		if errors.Is(err, context.DeadlineExceeded) {
			return outcome{err: "operation_timeout"}
		}
		return outcome{err: "dispatch_failed"}
	}
	defer resp.Body.Close()
	return readAnswer(resp)
}

// readAnswer is the app's answer; text that is not JSON counts as a message.
func readAnswer(resp *http.Response) outcome {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	noRetry := resp.Header.Get("X-Slack-No-Retry") == "1"
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return outcome{err: "operation_timeout", noRetry: noRetry}
	case err != nil || resp.StatusCode < 200 || resp.StatusCode > 299:
		return outcome{err: "http_service_error", noRetry: noRetry}
	}
	if text := strings.TrimSpace(string(data)); text != "" && !json.Valid(data) {
		data = toJSON(obj{"text": text})
	}
	return outcome{answer: bytes.TrimSpace(data)}
}

// httpBody is the delivery in the form that Slack posts: a form for commands, a form with a JSON
// payload for interactions, JSON for events.
func (d *delivery) httpBody() (body []byte, contentType string) {
	const form = "application/x-www-form-urlencoded"
	switch d.Kind {
	case slashCommand:
		values := url.Values{}
		for key, value := range d.payload {
			values.Set(key, asText(value))
		}
		return []byte(values.Encode()), form
	case interactive:
		return []byte(url.Values{"payload": {string(toJSON(d.payload))}}.Encode()), form
	}
	return toJSON(d.payload), "application/json"
}
