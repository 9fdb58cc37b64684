package inbound

import "testing"

// TestTitle: what a source puts around a title goes, what people wrote stays.
func TestTitle(t *testing.T) {
	tests := []struct{ written, want string }{
		{"[FIRING:2] HighErrorRate", "HighErrorRate"},
		{"[FIRING:1, RESOLVED:2] HighErrorRate", "HighErrorRate"},
		{"[RESOLVED] Tokens per second (chat-api)", "Tokens per second (chat-api)"},
		{"[Alerting] Panel Title alert", "Panel Title alert"},
		{"[No Data] p95", "p95"},
		{"[OK] p95", "p95"},
		{"[P1] [Triggered on {service:checkout,env:prod}] Checkout 5xx", "Checkout 5xx"},
		{"[Re-Triggered] Checkout 5xx", "Checkout 5xx"},
		{"[Warn on {host:a}] Disk", "Disk"},
		{"[No data on {host:a}] Disk", "Disk"},
		{"[Recovered] Disk", "Disk"},
		{"[Warn Recovered on {a:b}] Disk", "Disk"},
		{"Disk is full [P2]", "Disk is full"},
		{`ALARM: "checkout-5xx" in US East (N. Virginia)`, "checkout-5xx"},
		{`OK: "say "hi"" in EU (Ireland)`, `say "hi"`},
		{`INSUFFICIENT_DATA: "x" in EU (Ireland)`, "x"},
		{"Resolved: Too many errors", "Too many errors"},
		{"Critical: Too many errors", "Too many errors"},
		{"🔥 🚨 Too many errors", "Too many errors"},
		{"⚠️ Too many errors", "Too many errors"},
		{"[SEV1] Chat is down", "Chat is down"},
		{"[#1234] [FIRING:2] Chat is down", "Chat is down"},
		{"[chat] Chat is down", "[chat] Chat is down"},
		{"5xx ratio above 5 % on checkout", "5xx ratio above 5 % on checkout"},
		{"ReferenceError: heck is not defined", "ReferenceError: heck is not defined"},
		{"Error: no model", "Error: no model"},
		{"#3 of the queue", "#3 of the queue"},
		{"[FIRING:2]", "[FIRING:2]"},
		{"", ""},
	}
	for _, test := range tests {
		if got := BareTitle(test.written); got != test.want {
			t.Errorf("%q: %q, want %q", test.written, got, test.want)
		}
	}
}
