package alert

import (
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/bot/inbound"
)

// FuzzSNS: nothing that SNS did not sign is proven, and no address is visited for it
// but SNS's.
func FuzzSNS(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:t","SigningCertURL":"https://sns.us-east-1.amazonaws.com/a.pem","SignatureVersion":"1"}`,
		`{"TopicArn":"arn:aws:sns:us-east-1:1:t","SigningCertURL":"https://sns.us-east-1.amazonaws.com@evil.example/a.pem"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var e envelope
		if inbound.JSON([]byte(body), &e) != nil {
			return
		}
		for _, address := range []string{e.SigningCertURL, e.SubscribeURL} {
			if u, err := ofSNS(address); err == nil && (u.Scheme != "https" || u.User != nil || !strings.HasPrefix(u.Host, "sns.") || strings.Contains(u.Hostname(), "evil")) {
				t.Errorf("%q is taken for %v", address, u)
			}
		}
		e.signed()
	})
}

// FuzzSender: whatever a file holds and a body says, there is a delivery within bounds
// or a reason.
func FuzzSender(f *testing.F) {
	f.Add("---\nname: a\neach: alerts[]\nfields: {key: id, state: s, title: t}\nstates: {firing: [x]}\n---\n", `{"alerts":[{"id":"1","s":"x","t":"T"}]}`)
	f.Add("---\nname: a\nfields: {key: a.b.c, state: a[0].b}\n---\n", `{"a":[{"b":{"c":1}}]}`)
	f.Add("---\nname: a\nfields: {key: '', state: '..'}\n---\n", `[[1]]`)
	f.Fuzz(func(t *testing.T, file, body string) {
		senders, problems := LoadSenders(fstest.MapFS{"a.md": {Data: []byte(file)}})
		if len(senders.Names()) == 0 {
			if len(problems) == 0 {
				t.Error("neither a sender nor a problem")
			}
			return
		}
		s := sourceOf(t, Config{Token: inbound.Token{"t"}, Senders: senders}, "generic/{name}")
		r := request(nil)
		r.SetPathValue("name", "a")
		if d, err := s.Decode(r, []byte(body)); err == nil {
			check(t, d)
		}
	})
}
