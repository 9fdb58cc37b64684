package alert

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/bot/inbound"
)

// envelope is what SNS puts around a message
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
type envelope struct {
	Type             string  `json:"Type"`
	MessageID        string  `json:"MessageId"`
	TopicArn         string  `json:"TopicArn"`
	Subject          *string `json:"Subject"`
	Message          string  `json:"Message"`
	Timestamp        string  `json:"Timestamp"`
	SignatureVersion string  `json:"SignatureVersion"`
	Signature        string  `json:"Signature"`
	SigningCertURL   string  `json:"SigningCertURL"`
	SubscribeURL     string  `json:"SubscribeURL"`
	Token            string  `json:"Token"`
}

// What an envelope's Type can be.
const (
	notification = "Notification"
	subscription = "SubscriptionConfirmation"
	unsubscribed = "UnsubscribeConfirmation"
)

// sns proves and decodes what SNS sends about the topics that are listened to.
type sns struct {
	topics []string
	client *http.Client
	roots  *x509.CertPool
	log    *slog.Logger

	mu    sync.Mutex
	certs map[string]*x509.Certificate // by address, those that were verified
}

// maxCerts is how many verified certificates are kept; SNS has one for each
// region and changes it once a year.
const maxCerts = 32

// newSNS makes sns of a Config. Its client waits for no longer than SNS itself
// does for an answer, and goes nowhere but where it is sent.
func newSNS(c Config) *sns {
	client := inbound.Client(5 * time.Second)
	if c.HTTP != nil {
		*client = *c.HTTP
	}
	client.CheckRedirect = inbound.NoRedirect
	return &sns{
		topics: c.Topics, client: client, roots: c.Roots, log: cmp.Or(c.Log, slog.New(slog.DiscardHandler)),
		certs: map[string]*x509.Certificate{},
	}
}

// Topics reads TOCSIN_SNS_TOPICS: the ARNs of SNS topics, with commas.
func Topics(list string) ([]string, error) {
	topics, err := inbound.Secrets("TOCSIN_SNS_TOPICS", list)
	if err != nil {
		return nil, errors.New("TOCSIN_SNS_TOPICS has an empty topic among several: remove the extra comma")
	}
	for _, t := range topics {
		if !strings.HasPrefix(t, "arn:") || strings.Count(t, ":") != 5 || !strings.Contains(t, ":sns:") {
			return nil, fmt.Errorf("TOCSIN_SNS_TOPICS has %q, which is no topic: it has to be such as arn:aws:sns:us-east-1:123456789012:alarms", t)
		}
	}
	return topics, nil
}

// headers refuses what has no signature, and what is about another topic by its headers,
// which SNS repeats there (https://docs.aws.amazon.com/sns/latest/dg/http-header.html).
func (s *sns) headers(r *http.Request) error {
	if r.Header.Get("x-amz-sns-rawdelivery") == "true" {
		return errors.New("this has no signature, because raw message delivery is on: turn it off for this subscription")
	}
	const name = "x-amz-sns-topic-arn"
	if r.Header.Get(name) == "" {
		return errors.New("the header " + name + " is missing, which SNS always sends: what stands between SNS and tocsin has to let it through")
	}
	return s.listened(r.Header.Get(name))
}

// listened refuses a topic that is not listened to.
func (s *sns) listened(topic string) error {
	if !slices.Contains(s.topics, topic) {
		return fmt.Errorf("the topic %q is not one of TOCSIN_SNS_TOPICS", topic)
	}
	return nil
}

// proven refuses what is about another topic, and what SNS did not sign.
func (s *sns) proven(r *http.Request, body []byte) error {
	var e envelope
	if err := inbound.JSON(body, &e); err != nil {
		return errors.New("this is no message of SNS: " + err.Error())
	}
	if err := s.listened(e.TopicArn); err != nil {
		return err
	}
	cert, err := s.certificate(r.Context(), e.SigningCertURL)
	if err != nil {
		return err
	}
	return e.signedBy(cert)
}

var awsHost = regexp.MustCompile(`^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)

// ofSNS is an address of SNS itself, by HTTPS.
func ofSNS(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || !awsHost.MatchString(u.Host) {
		return nil, fmt.Errorf("%q is no address of SNS", address)
	}
	return u, nil
}

// confirm visits the address by which a subscription is confirmed.
func (s *sns) confirm(ctx context.Context, e *envelope) error {
	u, err := ofSNS(e.SubscribeURL)
	if err != nil {
		return fmt.Errorf("SubscribeURL: %w", err)
	}
	if u.Query().Get("Action") != "ConfirmSubscription" {
		return errors.New("SubscribeURL confirms no subscription")
	}
	if _, err := s.fetch(ctx, e.SubscribeURL); err != nil {
		return fmt.Errorf("the subscription to %s is not confirmed: %w", e.TopicArn, err)
	}
	s.log.Info("the subscription to an SNS topic is confirmed", "topic", e.TopicArn)
	return nil
}

// maxFetch is the longest answer that is read of an address that SNS names.
const maxFetch = 64 << 10

// fetch gets an address. Its errors ask the sender to send again.
func (s *sns) fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", inbound.ErrAgain, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFetch+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", inbound.ErrAgain, err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: %s answered %s", inbound.ErrAgain, req.URL.Host, resp.Status)
	case len(body) > maxFetch:
		return nil, fmt.Errorf("%s answered with more than %d bytes", req.URL.Host, maxFetch)
	}
	return body, nil
}
