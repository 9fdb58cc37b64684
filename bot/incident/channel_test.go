package incident_test

import (
	"regexp"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

func TestChannelName(t *testing.T) {
	for title, want := range map[string]string{
		"Answers cut off mid-sentence":        "inc-42-answers-cut-off-mid-sentence",
		"  5xx > 2 % (eu-west)  ":             "inc-42-5xx-2-eu-west",
		"Can't reach the model's API":         "inc-42-cant-reach-the-models-api",
		"Can’t reach it":                      "inc-42-cant-reach-it",
		"🔥🔥🔥":                                 "inc-42",
		"模型回答错误":                              "inc-42",
		"Modèle déréglé":                      "inc-42-mod-le-d-r-gl",
		"<!channel> down":                     "inc-42-channel-down",
		"\u202egnp.exe":                       "inc-42-gnp-exe",
		"../../etc/passwd #general":           "inc-42-etc-passwd-general",
		strings.Repeat("a", 4000):             "inc-42",
		strings.Repeat("four ", 800):          "inc-42" + strings.Repeat("-four", 10),
		"ends " + strings.Repeat("b", 48):     "inc-42-ends-" + strings.Repeat("b", 48),
		"too long " + strings.Repeat("b", 60): "inc-42-too-long",
		"":                                    "inc-42",
	} {
		if got := (incident.Incident{ID: "INC-42", Title: title}).ChannelName(); got != want {
			t.Errorf("title %.40q: %s, want %s", title, got, want)
		}
	}
}

// slackName is what Slack takes as a channel's name: at most 80 lowercase
// letters, digits, hyphens and underscores
// (https://docs.slack.dev/reference/methods/conversations.create, "Naming").
var slackName = regexp.MustCompile(`^[a-z0-9_-]{1,80}$`)

func FuzzChannelName(f *testing.F) {
	for _, title := range []string{"Slow", "🔥", strings.Repeat("é word", 4000), "\u202eevil\u2066", "<!channel>", "語", "it's", "\xff", "İKſ", "--__--", "\x00\n"} {
		f.Add(title, 42)
	}
	f.Fuzz(func(t *testing.T, title string, n int) {
		id := incident.NewID(max(n, 1))
		number := strings.ToLower(string(id))
		public := incident.Incident{ID: id, Title: title}.ChannelName()
		if rest, ok := strings.CutPrefix(public, number); !ok || rest != "" && rest[0] != '-' || !slackName.MatchString(public) {
			t.Errorf("%s %q: %q is no name that begins with %s", id, title, public, number)
		}
		if private := (incident.Incident{ID: id, Title: title, Private: true}).ChannelName(); private != number {
			t.Errorf("%s %q: private %q tells more than %s", id, title, private, number)
		}
	})
}
