package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issue writes a certificate for 127.0.0.1 and its key, and trusts it.
func issue(t *testing.T, dir string, serial int64, trusted *x509.CertPool) tlsFlags {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	f := tlsFlags{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	must(t, os.WriteFile(f.TLSCert, file, 0o600))
	must(t, os.WriteFile(f.TLSKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	trusted.AppendCertsFromPEM(file)
	return f
}

// must ends a test that cannot go on.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTLSIsWhole: one file without the other, or two that do not fit, are refused at
// the start with a word.
func TestTLSIsWhole(t *testing.T) {
	t.Parallel()
	trusted := x509.NewCertPool()
	one, other := issue(t, t.TempDir(), 1, trusted), issue(t, t.TempDir(), 2, trusted)
	for _, test := range []struct {
		flags tlsFlags
		says  string
	}{
		{tlsFlags{}, ""},
		{one, ""},
		{tlsFlags{TLSCert: one.TLSCert}, "TOCSIN_TLS_CERT is set and TOCSIN_TLS_KEY is not"},
		{tlsFlags{TLSKey: one.TLSKey}, "TOCSIN_TLS_KEY is set and TOCSIN_TLS_CERT is not"},
		{tlsFlags{one.TLSCert, other.TLSKey}, "private key does not match public key"},
		{tlsFlags{one.TLSKey, one.TLSCert}, "cannot be used together"},
		{tlsFlags{one.TLSCert, "/nowhere"}, "no such file"},
	} {
		p, err := test.flags.pair()
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want %q", test.flags, err, test.says)
		}
		if (p == nil) != (test.flags == tlsFlags{} || test.says != "") {
			t.Errorf("%+v: %v", test.flags, p)
		}
		c := serveCmd{tlsFlags: test.flags, storeFlags: storeFlags{"bolt:x"}}
		if _, wrong := c.settings(); !strings.Contains(strings.Join(wrong, "\n"), test.says) {
			t.Errorf("serve does not say %q: %q", test.says, wrong)
		}
	}
}

// TestTLS: HTTPS is served, by HTTP/2 too and by nothing older than TLS 1.2; a renewed
// certificate is used within a minute, and a broken one never.
func TestTLS(t *testing.T) {
	dir, trusted := t.TempDir(), x509.NewCertPool()
	flags := issue(t, dir, 1, trusted)
	p, err := flags.pair()
	must(t, err)
	now := time.Now()
	p.now = func() time.Time { return now }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	go func() {
		served <- door{log: slog.New(slog.DiscardHandler), pair: p, answer: longestAnswer}.serve(ctx, ln, ok)
	}()
	defer func() { stop(); must(t, <-served) }()
	serial := func(c *tls.Config) int64 {
		t.Helper()
		c.RootCAs = trusted
		client := http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}}
		defer client.CloseIdleConnections()
		resp, err := client.Get("https://" + ln.Addr().String() + "/")
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); string(body) != "HTTP/2.0" {
			t.Errorf("spoken: %s", body)
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(&tls.Config{}); n != 1 {
		t.Fatalf("certificate %d", n)
	}
	if n := serial(&tls.Config{MaxVersion: tls.VersionTLS12}); n != 1 {
		t.Errorf("TLS 1.2: certificate %d", n)
	}
	if n := serial(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); n != 0 {
		t.Errorf("TLS 1.1 is spoken: certificate %d", n)
	}
	issue(t, dir, 2, trusted)
	if n := serial(&tls.Config{}); n != 1 {
		t.Errorf("the files are looked at all the time: certificate %d", n)
	}
	now = now.Add(renewal)
	if n := serial(&tls.Config{}); n != 2 {
		t.Errorf("a minute later: certificate %d", n)
	}
	must(t, os.WriteFile(flags.TLSKey, []byte("half of"), 0o600))
	now = now.Add(renewal)
	if n := serial(&tls.Config{}); n != 2 {
		t.Errorf("with a broken key: certificate %d", n)
	}
	issue(t, dir, 3, trusted)
	now = now.Add(renewal)
	if n := serial(&tls.Config{}); n != 3 {
		t.Errorf("once it is mended: certificate %d", n)
	}
}
