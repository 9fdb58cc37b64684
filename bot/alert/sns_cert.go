package alert

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// signedBy refuses a message that the certificate's key did not sign.
func (e *envelope) signedBy(cert *x509.Certificate) error {
	no := errors.New("this is not signed by SNS: its signature does not fit the message")
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if !ok || err != nil {
		return no
	}
	switch text := e.signed(); e.SignatureVersion {
	case "1":
		sum := sha1.Sum(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256(text)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return fmt.Errorf(`SignatureVersion is %q: it has to be "1" or "2"`, e.SignatureVersion)
	}
	if err != nil {
		return no
	}
	return nil
}

// signed is the text that SNS signs: the fields in the order of their names, a
// line with each name and a line with its value
// (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
func (e *envelope) signed() []byte {
	var b bytes.Buffer
	put := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	put("Message", e.Message)
	put("MessageId", e.MessageID)
	if e.Type == notification && e.Subject != nil {
		put("Subject", *e.Subject)
	}
	if e.Type != notification {
		put("SubscribeURL", e.SubscribeURL)
	}
	put("Timestamp", e.Timestamp)
	if e.Type != notification {
		put("Token", e.Token)
	}
	put("TopicArn", e.TopicArn)
	put("Type", e.Type)
	return b.Bytes()
}

// certificate is the certificate at an address of SNS, verified.
func (s *sns) certificate(ctx context.Context, address string) (*x509.Certificate, error) {
	u, err := ofSNS(address)
	if err != nil || !strings.HasSuffix(u.Path, ".pem") || u.RawQuery != "" {
		return nil, fmt.Errorf("SigningCertURL %q is no certificate of SNS", address)
	}
	s.mu.Lock()
	cert := s.certs[address]
	s.mu.Unlock()
	if cert != nil {
		return cert, nil
	}
	file, err := s.fetch(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("the certificate of SNS: %w", err)
	}
	if cert, err = s.verified(ctx, file); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.certs) >= maxCerts {
		clear(s.certs)
	}
	s.certs[address] = cert
	return cert, nil
}

// verified is the first certificate of a file, if it leads to a root that is
// trusted. SNS serves it without the one above it (November 2026), which is then
// fetched from where it says.
func (s *sns) verified(ctx context.Context, file []byte) (*x509.Certificate, error) {
	cert, above, err := parsePEM(file)
	if err != nil {
		return nil, err
	}
	options := x509.VerifyOptions{Roots: s.roots, Intermediates: above, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	_, err = cert.Verify(options)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		if failed := s.fetchIssuers(ctx, cert, above); failed != nil {
			return nil, failed
		}
		_, err = cert.Verify(options)
	}
	if err == nil && !forSNS(cert) {
		err = fmt.Errorf("it is for %q", cert.DNSNames)
	}
	if err != nil {
		return nil, fmt.Errorf("this is not signed by SNS: the certificate is not to be trusted: %w", err)
	}
	return cert, nil
}

// forSNS tells whether a certificate was made for SNS.
func forSNS(cert *x509.Certificate) bool {
	for _, name := range cert.DNSNames {
		if name == "sns.amazonaws.com" || awsHost.MatchString(name) {
			return true
		}
	}
	return false
}

// parsePEM is the first certificate of a file, and the others as a pool.
func parsePEM(file []byte) (*x509.Certificate, *x509.CertPool, error) {
	var first *x509.Certificate
	others := x509.NewCertPool()
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("the certificate of SNS cannot be read: %w", err)
		}
		if first == nil {
			first = cert
		} else {
			others.AddCert(cert)
		}
	}
	if first == nil {
		return nil, nil, errors.New("there is no certificate at SigningCertURL")
	}
	return first, others, nil
}

// authorities are the hosts of those who sign for AWS.
var authorities = []string{".amazontrust.com", ".digicert.com", ".digicert.cn"}

// fetchIssuers adds the certificate above cert to a pool. It is fetched by plain
// HTTP as is usual: it proves itself by its chain.
func (s *sns) fetchIssuers(ctx context.Context, cert *x509.Certificate, into *x509.CertPool) error {
	for _, address := range cert.IssuingCertificateURL[:min(1, len(cert.IssuingCertificateURL))] {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !endsIn(u.Host, authorities) {
			return nil
		}
		der, err := s.fetch(ctx, address)
		if err != nil {
			return fmt.Errorf("the certificate above that of SNS: %w", err)
		}
		if issuer, err := x509.ParseCertificate(der); err == nil {
			into.AddCert(issuer)
		}
	}
	return nil
}

func endsIn(s string, ends []string) bool {
	for _, end := range ends {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}
