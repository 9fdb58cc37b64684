package slack

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"tocsin/bot/effect"
)

// unending is an answer that does not end, and how much of it was read.
type unending struct{ read int }

func (e *unending) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func (*unending) Close() error { return nil }

// TestHugeAnswer: an answer is read to a bound only, and nobody knows what became of the
// call: of a method, which counts as failed, and of the bytes of a file.
func TestHugeAnswer(t *testing.T) {
	for path, outcome := range map[string]string{"/api/chat.postMessage": Failed, "/upload/": ""} {
		s := newStage(t)
		s.open()
		ws, answer, counted := s.Client().Transport, new(unending), ""
		conn, err := Dial(t.Context(), Config{
			BotToken: "xoxb-sandbox", SigningSecret: secret, APIURL: "http://sandbox/api/", Announce: "incidents",
			HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				resp, err := ws.RoundTrip(r)
				if strings.HasPrefix(r.URL.Path, path) && err == nil {
					resp.Body.Close()
					resp.Body = io.NopCloser(answer)
				}
				return resp, err
			})},
			Called: func(method, outcome string) {
				if strings.HasSuffix(path, method) {
					counted = outcome
				}
			},
		})
		must(t, err)
		var does effect.Effect = effect.Say{}
		if outcome == "" {
			does = effect.Draft{}
		}
		_, err = conn.Performer.Perform(t.Context(), s.inc, first(does))
		if known(err) != "in doubt" || !strings.Contains(err.Error(), "larger than 33554432 bytes") {
			t.Errorf("%s: %s, %v", path, known(err), err)
		}
		if answer.read <= maxAnswer || answer.read > 2*maxAnswer || counted != outcome {
			t.Errorf("%s: read %d bytes, counted as %q", path, answer.read, counted)
		}
	}
}
