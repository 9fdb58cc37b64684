package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// tlsFlags make tocsin serve HTTPS by itself.
type tlsFlags struct {
	TLSCert string `env:"TOCSIN_TLS_CERT" name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with the certificate in this file (PEM, with those above it). A newer one is used within a minute."`
	TLSKey  string `env:"TOCSIN_TLS_KEY" name:"tls-key" placeholder:"FILE" help:"The private key of that certificate (PEM)."`
}

// pair reads the certificate; nil is none.
func (f tlsFlags) pair() (*pair, error) {
	switch {
	case f.TLSCert == "" && f.TLSKey == "":
		return nil, nil
	case f.TLSCert == "":
		return nil, errors.New("TOCSIN_TLS_KEY is set and TOCSIN_TLS_CERT is not: serving HTTPS takes both")
	case f.TLSKey == "":
		return nil, errors.New("TOCSIN_TLS_CERT is set and TOCSIN_TLS_KEY is not: serving HTTPS takes both")
	}
	p := &pair{cert: f.TLSCert, key: f.TLSKey, now: time.Now}
	if err := p.load(); err != nil {
		return nil, fmt.Errorf("TOCSIN_TLS_CERT and TOCSIN_TLS_KEY cannot be used together: %w", err)
	}
	p.looked = p.now()
	return p, nil
}

// pair is a certificate and its key, in files that somebody renews.
type pair struct {
	cert, key string
	now       func() time.Time

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  string    // of the files that were loaded
	looked time.Time // at them, last
}

// renewal is how often the files are looked at.
const renewal = time.Minute

// config serves with the newest certificate; TLS 1.2 is the oldest that is spoken.
func (p *pair) config(log *slog.Logger) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.newest(log), nil },
	}
}

// newest is the certificate as it is on disk; while that cannot be used, the one
// before it.
func (p *pair) newest(log *slog.Logger) *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.looked) >= renewal {
		p.looked = now
		if p.changed() {
			p.renew(log)
		}
	}
	return p.loaded
}

func (p *pair) renew(log *slog.Logger) {
	if err := p.load(); err != nil {
		log.Error("the new certificate cannot be used; the one before it goes on serving", "file", p.cert, "error", err)
		return
	}
	log.Info("the certificate is renewed", "file", p.cert, "until", p.loaded.Leaf.NotAfter)
}

func (p *pair) changed() bool { return p.files() != p.stamp }

func (p *pair) load() error {
	stamp := p.files()
	loaded, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return err
	}
	p.loaded, p.stamp = &loaded, stamp
	return nil
}

// files tells one state of the two files from another.
func (p *pair) files() string {
	stamp := ""
	for _, name := range []string{p.cert, p.key} {
		st, err := os.Stat(name)
		if err != nil {
			return err.Error()
		}
		stamp += fmt.Sprintln(st.Size(), st.ModTime().UnixNano())
	}
	return stamp
}
