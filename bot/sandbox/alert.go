package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Alert is any body to post to the app as a monitor does, with Options.AlertToken as its bearer token.
type Alert struct {
	Source string          `json:"source"` // the last part of the path: alertmanager, grafana, datadog, generic
	Path   string          `json:"path"`   // instead of /webhook/SOURCE
	Body   json.RawMessage `json:"body"`
}

// Alerted is what the app answered.
type Alerted struct {
	OK       bool   `json:"ok"`
	Status   int    `json:"status"` // HTTP; 0: no answer
	Response string `json:"response"`
	Error    string `json:"error,omitempty"`
}

// Alert posts a body to the host of Options.AlertURL.
func (ws *Workspace) Alert(ctx context.Context, a Alert) (Alerted, error) {
	base, err := url.Parse(ws.opt.AlertURL)
	switch {
	case err != nil || base.Host == "":
		return Alerted{}, errors.New("no receiver: the sandbox was started without a webhook URL for alerts")
	case a.Source == "" && a.Path == "":
		return Alerted{}, errors.New("give a source, such as alertmanager, or a path")
	case len(a.Body) == 0:
		return Alerted{}, errors.New("give a body: what the monitor would post")
	}
	path := cmp.Or(a.Path, "/webhook/"+a.Source)
	return ws.postAlert(ctx, base.Scheme+"://"+base.Host+"/"+strings.TrimPrefix(path, "/"), a.Body), nil
}

// postAlert posts JSON with the bearer token.
func (ws *Workspace) postAlert(ctx context.Context, address string, body []byte) Alerted {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Alerted{Error: err.Error()}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Alertmanager/0.27.0")
	if ws.opt.AlertToken != "" {
		req.Header.Set("Authorization", "Bearer "+ws.opt.AlertToken)
	}
	resp, err := ws.http.Do(req)
	if err != nil {
		return Alerted{Error: err.Error()}
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return Alerted{OK: resp.StatusCode >= 200 && resp.StatusCode < 300, Status: resp.StatusCode, Response: strings.TrimSpace(string(text))}
}
