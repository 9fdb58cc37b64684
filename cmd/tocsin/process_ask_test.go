package main

import (
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

// waits is how many deliveries and effects it has before it.
func (p *process) waits(ctx context.Context) (n float64, err error) {
	numbers, err := p.numbers(ctx)
	for name, value := range numbers {
		if name == "tocsin_arrivals_waiting" || strings.HasPrefix(name, "tocsin_effects_waiting") {
			v, wrong := strconv.ParseFloat(value, 64)
			n, err = n+v, errors.Join(err, wrong)
		}
	}
	return n, err
}

// numbers are its metrics, Go's too, by name and labels.
func (p *process) numbers(ctx context.Context) (map[string]string, error) {
	_, text, err := p.get(ctx, "/metrics")
	read := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(name, "#") {
			read[name] = value
		}
	}
	return read, err
}

// command gives a slash command as Slack does by HTTP, with a trigger of our choice:
// Ada's in #general. It returns the status and the text of the answer.
func (p *process) command(ctx context.Context, trigger, text string) (int, string, error) {
	form := url.Values{
		"command": {"/incident"}, "text": {text}, "trigger_id": {trigger}, "user_id": {ada}, "user_name": {"ada"},
		"channel_id": {"CGENERAL"}, "channel_name": {"general"}, "team_id": {"TSANDBOX"},
	}.Encode()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(sandboxSigningSecret))
	mac.Write([]byte("v0:" + at + ":" + form))
	return p.post(ctx, "/slack/command", form, http.Header{
		"Content-Type":              {"application/x-www-form-urlencoded"},
		"X-Slack-Request-Timestamp": {at}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	})
}

// alert has a monitor of its own tell of an alert, which asks nobody anything.
func (p *process) alert(ctx context.Context, key string) (int, string, error) {
	body := fmt.Sprintf(`{"dedup_key":%q,"title":"Queue %s is full","status":"firing","severity":"info"}`, key, key)
	return p.post(ctx, "/webhook/generic", body, http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + sandboxWebhookToken},
	})
}

// quickly is how long an answer may take.
const quickly = 20 * time.Second

func (p *process) get(ctx context.Context, path string) (int, string, error) {
	return p.do(ctx, http.MethodGet, path, "", nil)
}

func (p *process) post(ctx context.Context, path, body string, header http.Header) (int, string, error) {
	return p.do(ctx, http.MethodPost, path, body, header)
}

// direct keeps no connection: the process may be another one the next time.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// do asks. An answer cut short is an error, as it is for Slack; of Slack's answers it
// returns the words.
func (p *process) do(ctx context.Context, method, path, body string, header http.Header) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header = header
	resp, err := direct.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	var answer struct{ Text string }
	if json.Unmarshal(data, &answer) == nil && answer.Text != "" {
		return resp.StatusCode, answer.Text, err
	}
	return resp.StatusCode, string(data), err
}
