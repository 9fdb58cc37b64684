package alert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// aws is an SNS of our own: an authority, one in between, and the certificate by
// which messages are signed. It answers what is fetched, by address.
type aws struct {
	roots   *x509.CertPool
	key     *rsa.PrivateKey
	pages   map[string][]byte
	fetched []string
	status  int
	down    bool
}

const (
	certURL   = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
	issuerURL = "http://crt.r2m01.amazontrust.com/r2m01.cer"
	topic     = "arn:aws:sns:eu-west-1:123456789012:alarms"
)

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	return key
})

// newAWS makes an SNS whose certificate is for name.
func newAWS(t testing.TB, name string) *aws {
	t.Helper()
	a := &aws{roots: x509.NewCertPool(), key: signingKey(), pages: map[string][]byte{}, status: 200}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	betweenKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IssuingCertificateURL: []string{issuerURL},
	}
	root := signCert(t, ca("root"), ca("root"), rootKey.Public(), rootKey)
	between := signCert(t, ca("between"), root, betweenKey.Public(), rootKey)
	cert := signCert(t, leaf, between, a.key.Public(), betweenKey)
	a.roots.AddCert(root)
	a.pages[issuerURL] = between.Raw
	a.pages[certURL] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	return a
}

func signCert(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

// RoundTrip answers a fetch.
func (a *aws) RoundTrip(r *http.Request) (*http.Response, error) {
	a.fetched = append(a.fetched, r.URL.String())
	if a.down {
		return nil, errors.New("no route to host")
	}
	body, ok := a.pages[r.URL.String()]
	status := a.status
	if !ok {
		status = 404
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r, Body: io.NopCloser(strings.NewReader(string(body))),
		Header: http.Header{"Location": {"http://169.254.169.254/latest"}},
	}, nil
}

func (a *aws) config() Config {
	return Config{Topics: []string{topic}, HTTP: &http.Client{Transport: a}, Roots: a.roots, Log: slog.New(slog.DiscardHandler)}
}

// message is a signed message, changed before or after it is signed.
func (a *aws) message(t testing.TB, version string, before, after func(*envelope)) []byte {
	t.Helper()
	var e envelope
	must(t, json.Unmarshal(file(t, "cloudwatch/alarm.json"), &e))
	e.SignatureVersion = version
	if before != nil {
		before(&e)
	}
	e.Signature = base64.StdEncoding.EncodeToString(a.sign(t, version, e.signed()))
	if after != nil {
		after(&e)
	}
	body, err := json.Marshal(e)
	must(t, err)
	return body
}

func (a *aws) sign(t testing.TB, version string, text []byte) []byte {
	t.Helper()
	hash, sum := crypto.SHA256, sha256.Sum256(text)
	digest := sum[:]
	if version == "1" {
		short := sha1.Sum(text)
		hash, digest = crypto.SHA1, short[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, hash, digest)
	must(t, err)
	return signature
}

// TestSignedText: what SNS signs, as its documentation has it.
func TestSignedText(t *testing.T) {
	subject := "S"
	e := envelope{Type: notification, MessageID: "I", TopicArn: "A", Subject: &subject, Message: "M\nm", Timestamp: "T", Token: "X", SubscribeURL: "U"}
	if got, want := string(e.signed()), "Message\nM\nm\nMessageId\nI\nSubject\nS\nTimestamp\nT\nTopicArn\nA\nType\nNotification\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Subject = nil
	if got := string(e.signed()); strings.Contains(got, "Subject") {
		t.Errorf("%q has a subject", got)
	}
	e.Type = subscription
	if got, want := string(e.signed()), "Message\nM\nm\nMessageId\nI\nSubscribeURL\nU\nTimestamp\nT\nToken\nX\nTopicArn\nA\nType\nSubscriptionConfirmation\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSNS: what SNS signed for one of our topics is taken, and nothing else.
func TestSNS(t *testing.T) {
	const sns = "sns.amazonaws.com"
	tests := []struct {
		name          string
		certFor       string
		version       string
		before, after func(*envelope)
		set           func(*aws)
		headers       []string
		status        int
		words         string
	}{
		{"SHA256", sns, "2", nil, nil, nil, nil, 202, `"stored":true`},
		{"SHA1", sns, "1", nil, nil, nil, nil, 202, `"stored":true`},
		{"no subject", sns, "2", func(e *envelope) { e.Subject = nil }, nil, nil, nil, 202, `"stored":true`},
		{"a certificate of the region", "sns.eu-west-1.amazonaws.com", "2", nil, nil, nil, nil, 202, `"stored":true`},
		{"China", "sns.cn-north-1.amazonaws.com.cn", "2", func(e *envelope) { e.SigningCertURL = "https://sns.cn-north-1.amazonaws.com.cn/a.pem" }, nil,
			func(a *aws) { a.pages["https://sns.cn-north-1.amazonaws.com.cn/a.pem"] = a.pages[certURL] }, nil, 202, `"stored":true`},
		{"another message", sns, "2", nil, func(e *envelope) { e.Message = "{}" }, nil, nil, 401, "does not fit"},
		{"another time", sns, "2", nil, func(e *envelope) { e.Timestamp = "2027" }, nil, nil, 401, "does not fit"},
		{"another id", sns, "2", nil, func(e *envelope) { e.MessageID = "x" }, nil, nil, 401, "does not fit"},
		{"a subject put in", sns, "2", func(e *envelope) { e.Subject = nil }, func(e *envelope) { s := "x"; e.Subject = &s }, nil, nil, 401, "does not fit"},
		{"signed by SHA1 and said to be by SHA256", sns, "1", nil, func(e *envelope) { e.SignatureVersion = "2" }, nil, nil, 401, "does not fit"},
		{"another version", sns, "2", nil, func(e *envelope) { e.SignatureVersion = "3" }, nil, nil, 401, "SignatureVersion"},
		{"no signature", sns, "2", nil, func(e *envelope) { e.Signature = "" }, nil, nil, 401, "does not fit"},
		{"no base64", sns, "2", nil, func(e *envelope) { e.Signature = "%" }, nil, nil, 401, "does not fit"},
		{"another topic", sns, "2", func(e *envelope) { e.TopicArn = "arn:aws:sns:eu-west-1:666666666666:alarms" }, nil, nil, nil, 401, "TOCSIN_SNS_TOPICS"},
		{"raw delivery", sns, "2", nil, nil, nil, []string{"x-amz-sns-rawdelivery", "true"}, 401, "raw message delivery"},
		{"another topic in the headers", sns, "2", nil, nil, nil, []string{"x-amz-sns-topic-arn", topic + "2"}, 401, "TOCSIN_SNS_TOPICS"},
		{"no topic in the headers", sns, "2", nil, nil, nil, []string{"x-amz-sns-topic-arn", ""}, 401, "x-amz-sns-topic-arn is missing"},
		{"a certificate for somebody else", "example.com", "2", nil, nil, nil, nil, 401, "not to be trusted"},
		{"a certificate of another authority", sns, "2", nil, nil, func(a *aws) { a.roots = x509.NewCertPool() }, nil, 401, "not to be trusted"},
		{"no certificate there", sns, "2", nil, nil, func(a *aws) { a.pages[certURL] = []byte("hello") }, nil, 401, "no certificate"},
		{"an endless certificate", sns, "2", nil, nil, func(a *aws) { a.pages[certURL] = make([]byte, maxFetch+1) }, nil, 401, "more than 65536 bytes"},
		{"the certificate cannot be had", sns, "2", nil, nil, func(a *aws) { a.down = true }, nil, 503, "send it again"},
		{"the certificate is elsewhere", sns, "2", nil, nil, func(a *aws) { a.status = 302 }, nil, 503, "send it again"},
		{"the authority cannot be had", sns, "2", nil, nil, func(a *aws) { delete(a.pages, issuerURL) }, nil, 503, "send it again"},
		{"an alarm without a name", sns, "2", func(e *envelope) { e.Message = `{"NewStateValue":"ALARM"}` }, nil, nil, nil, 400, "AlarmName is missing"},
		{"another state", sns, "2", func(e *envelope) { e.Message = `{"AlarmName":"x","NewStateValue":"BAD"}` }, nil, nil, nil, 400, "NewStateValue"},
		{"another type", sns, "2", func(e *envelope) { e.Type = "Hello" }, nil, nil, nil, 400, `Type is "Hello"`},
		{"no message id", sns, "2", func(e *envelope) { e.MessageID = "" }, nil, nil, nil, 400, "MessageId is missing"},
		{"the end of a subscription", sns, "2", func(e *envelope) { e.Type = unsubscribed }, nil, nil, nil, 202, `"stored":false`},
	}
	for _, test := range tests {
		a := newAWS(t, test.certFor)
		body := a.message(t, test.version, test.before, test.after)
		if test.set != nil {
			test.set(a)
		}
		d := newDesk(a.config())
		w := d.post("cloudwatch", body, test.headers...)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.words) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, w.Code, w.Body, test.status, test.words)
		}
		if stored := strings.Contains(test.words, `"stored":true`); stored != (len(d.got) == 1) {
			t.Errorf("%s: %d deliveries stored", test.name, len(d.got))
		}
	}
}

// TestWhereCertificatesAreFetched: nothing is fetched from anywhere but SNS.
func TestWhereCertificatesAreFetched(t *testing.T) {
	for _, address := range []string{
		"", "x", "http://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
		"https://evil.example/sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com/a.html", "https://x@sns.eu-west-1.amazonaws.com/a.pem",
		"https://sns.eu-west-1.amazonaws.com:8443/a.pem", "https://sns.a.b.amazonaws.com/a.pem", "https://s3.eu-west-1.amazonaws.com/a.pem",
		"https://sns.eu-west-1.amazonaws.com/?Action=x&y=a.pem", "file:///etc/a.pem", "https://SNS.eu-west-1.amazonaws.com@evil.example/a.pem",
	} {
		a := newAWS(t, "sns.amazonaws.com")
		body := a.message(t, "2", func(e *envelope) { e.SigningCertURL = address }, nil)
		w := newDesk(a.config()).post("cloudwatch", body)
		if w.Code != 401 || len(a.fetched) > 0 {
			t.Errorf("%s: %d %s, fetched %q", address, w.Code, w.Body, a.fetched)
		}
	}
	a := newAWS(t, "sns.amazonaws.com")
	body := a.message(t, "2", func(e *envelope) { e.TopicArn = "arn:aws:sns:eu-west-1:666666666666:alarms" }, nil)
	newDesk(a.config()).post("cloudwatch", body)
	if len(a.fetched) > 0 {
		t.Errorf("for another topic %q is fetched", a.fetched)
	}
}

// TestCertificateIsKept: it is fetched once, and again only when that failed.
func TestCertificateIsKept(t *testing.T) {
	a := newAWS(t, "sns.amazonaws.com")
	d := newDesk(a.config())
	a.down = true
	d.post("cloudwatch", a.message(t, "2", nil, nil))
	a.down, a.fetched = false, nil
	for range 3 {
		d.post("cloudwatch", a.message(t, "2", nil, nil))
	}
	if len(d.got) != 3 || !slices.Equal(a.fetched, []string{certURL, issuerURL}) {
		t.Errorf("%d stored, fetched %q", len(d.got), a.fetched)
	}
}

// TestSubscription: it is confirmed by visiting its address once, if it is SNS's
// own and SNS signed it.
func TestSubscription(t *testing.T) {
	const visit = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t"
	tests := []struct {
		name, address string
		after         func(*envelope)
		set           func(*aws)
		status        int
		visited       int
	}{
		{"confirmed", visit, nil, nil, 202, 1},
		{"SNS is away", visit, nil, func(a *aws) { delete(a.pages, visit) }, 503, 1},
		{"not signed", visit, func(e *envelope) { e.Token = "x" }, nil, 401, 0},
		{"another address after it was signed", visit, func(e *envelope) { e.SubscribeURL = "https://evil.example/" }, nil, 401, 0},
		{"another host", "https://evil.example/?Action=ConfirmSubscription", nil, nil, 400, 0},
		{"by HTTP", strings.Replace(visit, "https:", "http:", 1), nil, nil, 400, 0},
		{"another action", "https://sns.eu-west-1.amazonaws.com/?Action=Publish", nil, nil, 400, 0},
	}
	for _, test := range tests {
		a := newAWS(t, "sns.amazonaws.com")
		a.pages[visit] = []byte("<ConfirmSubscriptionResponse/>")
		if test.set != nil {
			test.set(a)
		}
		body := a.message(t, "2", func(e *envelope) {
			e.Type, e.Token, e.SubscribeURL, e.Subject = subscription, "t", test.address, nil
		}, test.after)
		d := newDesk(a.config())
		w := d.post("cloudwatch", body)
		visited := len(slices.DeleteFunc(a.fetched, func(u string) bool { return u == certURL || u == issuerURL }))
		if w.Code != test.status || visited != test.visited || len(d.got) > 0 {
			t.Errorf("%s: %d %s, visited %d, stored %d; want %d and %d visits", test.name, w.Code, w.Body, visited, len(d.got), test.status, test.visited)
		}
	}
}

func TestTopics(t *testing.T) {
	const other = "arn:aws-cn:sns:cn-north-1:123456789012:alarms"
	tests := []struct {
		list string
		want []string
		ok   bool
	}{
		{"", nil, true}, {topic, []string{topic}, true}, {topic + ", " + other, []string{topic, other}, true},
		{topic + ",", nil, false}, {"alarms", nil, false}, {"arn:aws:sqs:eu-west-1:1:q", nil, false}, {topic + ":6f3c", nil, false},
	}
	for _, test := range tests {
		got, err := Topics(test.list)
		if !slices.Equal(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%q: %q, %v", test.list, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "TOCSIN_SNS_TOPICS") {
			t.Errorf("%q: %q does not say where", test.list, err)
		}
	}
}
