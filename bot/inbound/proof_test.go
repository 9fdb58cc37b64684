package inbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// TestToken: one of the tokens in the header is enough; nothing else is.
func TestToken(t *testing.T) {
	tests := []struct {
		name   string
		tokens Token
		path   string
		header string
		want   bool
	}{
		{"bearer", Token{"t1"}, "/", "Bearer t1", true},
		{"bearer in lower case", Token{"t1"}, "/", "bearer t1", true},
		{"the second of two", Token{"t1", "t2"}, "/", "Bearer t2", true},
		{"basic, any user", Token{"t1"}, "/", basic("alertmanager", "t1"), true},
		{"basic, no user", Token{"t1"}, "/", basic("", "t1"), true},
		{"the token as the user", Token{"t1"}, "/", basic("t1", ""), false},
		{"wrong", Token{"t1"}, "/", "Bearer t2", false},
		{"longer", Token{"t1"}, "/", "Bearer t11", false},
		{"shorter", Token{"t1"}, "/", "Bearer t", false},
		{"in another case", Token{"t1"}, "/", "Bearer T1", false},
		{"no scheme", Token{"t1"}, "/", "t1", false},
		{"another scheme", Token{"t1"}, "/", "Digest t1", false},
		{"none", Token{"t1"}, "/", "", false},
		{"in the address", Token{"t1"}, "/?token=t1", "", false},
		{"empty, when one of ours is", Token{""}, "/", "Bearer ", false},
		{"an empty password, when one of ours is", Token{"", "t1"}, "/", basic("x", ""), false},
		{"when there are none", nil, "/", "Bearer t1", false},
	}
	for _, test := range tests {
		r := httptest.NewRequest("POST", test.path, nil)
		if test.header != "" {
			r.Header.Set("Authorization", test.header)
		}
		err := test.tokens.Proven(r)
		if (err == nil) != test.want {
			t.Errorf("%s: %v, want proven %v", test.name, err, test.want)
		}
		if err != nil && (!strings.Contains(err.Error(), "TOCSIN_WEBHOOK_TOKEN") || strings.Contains(err.Error(), "t1")) {
			t.Errorf("%s: %q has to say what to check, and no token", test.name, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	tests := []struct {
		list string
		want []string
		ok   bool
	}{
		{"", nil, true}, {"  ", nil, true}, {"a", []string{"a"}, true}, {" a , b ", []string{"a", "b"}, true},
		{"a,,b", nil, false}, {"a,", nil, false}, {",", nil, false}, {"a, ,b", nil, false},
	}
	for _, test := range tests {
		got, err := Secrets("TOCSIN_X", test.list)
		if !slices.Equal(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%q: %q, %v", test.list, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "TOCSIN_X") || !strings.Contains(err.Error(), "comma")) {
			t.Errorf("%q: %q has to say what to do", test.list, err)
		}
	}
}

// TestSigned: only a signature of the very body by one of the secrets is one.
func TestSigned(t *testing.T) {
	sign := func(secret, body string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		return hex.EncodeToString(mac.Sum(nil))
	}
	good := sign("s", "body")
	tests := []struct {
		name, signature string
		secrets         []string
		want            bool
	}{
		{"good", good, []string{"s"}, true},
		{"good, in capitals", strings.ToUpper(good), []string{"s"}, true},
		{"by the second", good, []string{"n", "s"}, true},
		{"by an old one", good, []string{"n"}, false},
		{"of another body", sign("s", "bodY"), []string{"s"}, false},
		{"half", good[:32], []string{"s"}, false},
		{"none", "", []string{"s"}, false},
		{"no hexadecimal", "zz", []string{"s"}, false},
		{"by nobody", sign("", "body"), []string{""}, false},
	}
	for _, test := range tests {
		if got := Signed(test.secrets, []byte("body"), test.signature); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestJSON: an error says where, and what is needed.
func TestJSON(t *testing.T) {
	type shape struct {
		Name   string            `json:"name"`
		N      int               `json:"n"`
		Labels map[string]string `json:"labels"`
		Alerts []struct {
			Status string `json:"status"`
		} `json:"alerts"`
	}
	tests := []struct{ body, want string }{
		{`{"name":"x","n":1}`, ""},
		{`{"name":`, "at byte 8"},
		{`{"name":"x",}`, "at byte 13"},
		{``, "it is no JSON"},
		{`[]`, "the whole is array, where an object is needed"},
		{`{"name":7}`, "name is number, where a text is needed"},
		{`{"n":"7"}`, "n is string, where a number is needed"},
		{`{"labels":{"a":1}}`, "labels is number, where a text is needed"},
		{`{"alerts":{}}`, "alerts is object, where a list is needed"},
		{`{"alerts":[{"status":true}]}`, "alerts.status is bool, where a text is needed"},
	}
	for _, test := range tests {
		err := JSON([]byte(test.body), new(shape))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.body, err, test.want)
		}
	}
}
