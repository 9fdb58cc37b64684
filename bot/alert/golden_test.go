package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot"
	"tocsin/bot/inbound"
)

var update = flag.Bool("update", false, "write the golden files anew")

// every has the secrets of all sources.
func every(t testing.TB) Config {
	senders, problems := LoadSenders(fstest.MapFS{"probes.md": {Data: []byte(probes)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Config{
		Token: inbound.Token{"token"}, Sentry: []string{"secret"}, Senders: senders,
		Topics: []string{"arn:aws:sns:eu-west-1:123456789012:alarms"},
	}
}

// sourceOf is a source by its name.
func sourceOf(t testing.TB, c Config, name string) inbound.Source {
	t.Helper()
	for _, s := range Sources(c) {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no source %s", name)
	return inbound.Source{}
}

// request is a request with a body; headers are names and values.
func request(body []byte, headers ...string) *http.Request {
	r := httptest.NewRequest("POST", "/webhook/x", bytes.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// bodies are the bodies of testdata, by path.
func bodies(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.json")
	must(t, err)
	out := map[string][]byte{}
	for _, f := range files {
		out[f], err = os.ReadFile(f)
		must(t, err)
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestGolden: each body of testdata comes to the signals beside it. Run with
// -update after a change, and read the difference.
func TestGolden(t *testing.T) {
	c := every(t)
	for file, body := range bodies(t) {
		d, err := sourceOf(t, c, filepath.Base(filepath.Dir(file))).Decode(request(body, "Sentry-Hook-Timestamp", "1795169000"), body)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		got := written(t, d)
		if *update {
			must(t, os.WriteFile(golden, got, 0o644))
		}
		want, err := os.ReadFile(golden)
		must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%s comes to\n%s\nand should to\n%s", file, got, want)
		}
	}
}

func written(t *testing.T, d bot.Delivery) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	must(t, enc.Encode(d))
	return b.Bytes()
}

const probes = `---
name: probes
each: data.checks
fields:
  key: dedup.id
  state: status
  title: alert.name
  text: alert.why
  service: tags.service.name
  urgency: level
  labels: tags
  since: began
  ended: over
states:
  firing: [red]
  resolved: [green]
---
The canaries' own alerts.
`
