package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"github.com/PagerDuty/go-pagerduty"

	"tocsin/bot"
)

// call makes one call of the REST API. in and out may be nil. What it cannot do
// without a token is a *bot.Final; the other errors are for classify.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	_, err := c.ask(ctx, method, path, in, out)
	return err
}

// ask is call, and gives the headers of the answer.
func (c *Client) ask(ctx context.Context, method, path string, in, out any) (http.Header, error) {
	if c.config.Token == "" {
		return nil, &bot.Final{Why: "PAGERDUTY_API_TOKEN is not set: tocsin needs an API access key to do that in PagerDuty."}
	}
	if err := c.rest.ready(); err != nil {
		return nil, err
	}
	r, err := newRequest(ctx, method, c.api+path, in)
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		from, err := c.from(ctx)
		if err != nil {
			return nil, err
		}
		r.Header.Set("From", from)
	}
	return c.do(r, true, &c.rest, out)
}

// send sends one event. PagerDuty answers before it acts on it; the dedup key
// makes sending it again harmless.
func (c *Client) send(ctx context.Context, e pagerduty.V2Event) error {
	if err := c.queue.ready(); err != nil {
		return err
	}
	e.RoutingKey = c.config.RoutingKey
	r, err := newRequest(ctx, http.MethodPost, c.events+"/v2/enqueue", e)
	if err != nil {
		return err
	}
	_, err = c.do(r, false, &c.queue, nil)
	return err
}

func newRequest(ctx context.Context, method, url string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	return http.NewRequestWithContext(ctx, method, url, body)
}

// do carries a request out, reads the answer into out and gives its headers.
func (c *Client) do(r *http.Request, authorized bool, b *bucket, out any) (http.Header, error) {
	what := r.Method + " " + r.URL.Path
	answer, err := c.pd.Do(r, authorized)
	if err != nil {
		return nil, c.safe(what, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	b.heed(answer)
	if answer.StatusCode/100 != 2 {
		return nil, c.refused(what, answer, body)
	}
	switch {
	case err != nil:
		return nil, c.safe(what, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("PagerDuty's answer to %s is larger than %d bytes", what, maxAnswer)
	case out == nil:
		return answer.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("PagerDuty's answer to %s cannot be read: %w", what, err)
	}
	return answer.Header, nil
}

// list reads every page of a list, up to most entries. field is its name in the
// answer.
func list[T any](ctx context.Context, c *Client, path, field string, query url.Values, most int) ([]T, error) {
	var all []T
	err := pages(ctx, c, path, field, query, func(some []T) (more bool) {
		all = append(all, some...)
		return len(all) < most
	})
	return all, err
}

// errEndless is that a list goes on after all that PagerDuty gives of one.
var errEndless = errors.New("does not end")

// pages reads a list page by page, as long as more is wanted. One that goes on after all that
// PagerDuty lists is errEndless: whoever waits for its end would wait for ever.
func pages[T any](ctx context.Context, c *Client, path, field string, query url.Values, take func([]T) (more bool)) error {
	const size = 100 // PagerDuty gives no more at once
	for offset := 0; offset < maxListed; offset += size {
		q := maps.Clone(query)
		if q == nil {
			q = url.Values{}
		}
		q.Set("limit", strconv.Itoa(size))
		q.Set("offset", strconv.Itoa(offset))
		var answer map[string]json.RawMessage
		if err := c.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &answer); err != nil {
			return err
		}
		var some []T
		if err := json.Unmarshal(answer[field], &some); err != nil {
			return fmt.Errorf("PagerDuty's list of %s cannot be read: %w", field, err)
		}
		if !take(some) || string(answer["more"]) != "true" || len(some) == 0 {
			return nil
		}
	}
	return fmt.Errorf("PagerDuty's list of %s %w", field, errEndless)
}
