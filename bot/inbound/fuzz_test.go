package inbound

import (
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzKey: whatever a source calls something, the key of it is short and can be read,
// and stays what it is.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"", "a", "sha256:", "a\x00b", strings.Repeat("ü", 150), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k := Key(s)
		if len(k) > MaxKey || !utf8.ValidString(k) || strings.ContainsFunc(k, func(r rune) bool { return !unicode.IsPrint(r) }) || Key(k) != k {
			t.Errorf("%q is %q", s, k)
		}
	})
}

// FuzzProof: no header and no signature proves anything without the secret.
func FuzzProof(f *testing.F) {
	for _, s := range []string{"", "Bearer ", "Bearer x", "Basic Og==", "v1=", strings.Repeat("0", 64)} {
		f.Add(s, []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Authorization", header)
		if (Token{"the token that nobody guesses"}).Proven(r) == nil || Signed([]string{"the secret that nobody guesses"}, body, strings.Split(header, ",")...) {
			t.Errorf("%q proves", header)
		}
	})
}
