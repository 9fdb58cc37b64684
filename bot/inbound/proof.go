package inbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Secrets reads the environment variable name: one secret, or several with commas
// while they are rotated. An empty one among several is an error, because it would
// let anybody in. The error tells no secret.
func Secrets(name, list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	secrets := strings.Split(list, ",")
	for i, s := range secrets {
		if secrets[i] = strings.TrimSpace(s); secrets[i] == "" {
			return nil, fmt.Errorf("%s has an empty secret among several: remove the extra comma", name)
		}
	}
	return secrets, nil
}

// Token proves requests of senders that cannot sign: they carry one of these
// tokens in the header, as "Authorization: Bearer TOKEN" or as the password of
// basic authentication with any user. A token in the address proves nothing,
// because addresses are logged on the way.
type Token []string

// Proven is for Source.Headers, and is all of the proof.
func (t Token) Proven(r *http.Request) error {
	got := bearer(r)
	if got == "" {
		return errors.New(`there is no token: send the header "Authorization: Bearer TOKEN" with one of TOCSIN_WEBHOOK_TOKEN`)
	}
	if !t.has(got) {
		return errors.New("the token is not one of TOCSIN_WEBHOOK_TOKEN: check the Authorization header")
	}
	return nil
}

// bearer is the token that a request carries, "" for none.
func bearer(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// SignatureForm tells whether s can be a signature, as Signed takes them: whoever sends
// none need not be read.
func SignatureForm(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == sha256.Size
}

// has compares sums, so that the time it takes tells nothing of a token, not even
// its length.
func (t Token) has(got string) bool {
	sum, found := sha256.Sum256([]byte(got)), 0
	for _, want := range t {
		s := sha256.Sum256([]byte(want))
		if want != "" {
			found |= subtle.ConstantTimeCompare(sum[:], s[:])
		}
	}
	return found == 1
}

// Signed tells whether one of the secrets made one of the signatures, each of which is
// an HMAC-SHA256 of body in hexadecimal. The body is read once a secret, however many
// signatures somebody sends.
func Signed(secrets []string, body []byte, signatures ...string) bool {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, s := range signatures {
			if got, err := hex.DecodeString(s); err == nil && secret != "" && hmac.Equal(want, got) {
				return true
			}
		}
	}
	return false
}
