package runbooks

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// LongestText is how much of a report is read, in bytes. What is wrong stands
// at its beginning.
const LongestText = 16 << 10

// report is a text made ready for matching.
type report struct {
	text  string // as it was written, without the noise of its source
	lower string
	stems []string          // its telling words, each once
	words map[string]string // how the report writes a stem
	grams []gram            // the letter trigrams of its words, each once
}

// gram is three neighbouring bytes of a word, which begins and ends with a space.
type gram [3]byte

// read makes a report of a text.
func read(text string) report {
	r := report{text: Strip(cut(text)), words: map[string]string{}}
	r.lower = strings.ToLower(r.text)
	seen := map[gram]bool{}
	for _, w := range tokens(r.text) {
		s := stem(w.lower)
		if _, known := r.words[s]; known {
			continue
		}
		r.words[s] = w.written
		r.stems = append(r.stems, s)
		for _, idea := range lexicon()[s] {
			if _, known := r.words[idea]; !known {
				r.words[idea] = w.written
				r.stems = append(r.stems, idea)
			}
		}
		for _, g := range grams(w.lower) {
			if !seen[g] {
				seen[g] = true
				r.grams = append(r.grams, g)
			}
		}
	}
	return r
}

// cut takes the beginning of a text, to LongestText.
func cut(text string) string {
	if len(text) > LongestText {
		text = text[:LongestText]
	}
	return strings.ToValidUTF8(text, " ")
}

// noise is what alert sources put around what they have to say. The shapes are
// those of Alertmanager and Grafana ("[FIRING:1, RESOLVED:2]"), Datadog ("[P2]
// [Triggered on {service:x}]", "[Warn]"), CloudWatch (`ALARM: "x" in US East`)
// and GitLab ("2026-11-22: …"); a label's value stays, its name goes.
var noise = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?i)\[(firing|resolved|alerting|ok|no ?data|pending)(:\d+)?(, *(firing|resolved)(:\d+)?)*\]`), " "},
	{regexp.MustCompile(`(?i)\[(re-)?(triggered|recovered|warn(ing)?|no data|renotify|alert|critical|info)( on \{([^{}]*)\})?\]`), " $5 "},
	{regexp.MustCompile(`(?i)\[p[1-5]\]|\[sev-?[0-5]\]|^\s*sev-?[0-5]\b:?`), " "},
	{regexp.MustCompile(`(?i)^\s*(alarm|ok|insufficient_data|warning|critical|error|resolved|firing): *"([^"]*)"( in [A-Z][\w .()-]*)?`), " $2 "},
	{regexp.MustCompile(`^\s*\d{4}-\d\d-\d\d: `), " "},
	{regexp.MustCompile(`(?i)\b(env|environment|service|severity|cluster|namespace|region|team|host|instance|job|app|pod|node)[:=]`), " "},
}

// Strip takes off what an alert source puts around a title, and keeps what it
// says.
func Strip(text string) string {
	if !strings.ContainsAny(text, `[:="`) && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(text[:min(len(text), 16)])), "sev") {
		return strings.TrimSpace(text) // a person wrote it
	}
	for _, n := range noise {
		text = n.re.ReplaceAllString(text, n.with)
	}
	return strings.TrimSpace(text)
}

type token struct{ written, lower string }

// tokens are the telling words of a text. "VLLMTimeToFirstTokenHigh" is read as
// its parts; a number is no word, but a status code is.
func tokens(text string) []token { return slices.Collect(eachToken(text)) }

// speaks tells whether a text has a telling word.
func speaks(text string) bool {
	for range eachToken(text) {
		return true
	}
	return false
}

func eachToken(text string) iter.Seq[token] {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "’", "'"), "'", "")
	return func(yield func(token) bool) {
		for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(w) > 64 {
				continue // an identifier, a hash: no word
			}
			for _, part := range camel(w) {
				if lower := strings.ToLower(part); telling(lower) && !yield(token{part, lower}) {
					return
				}
			}
		}
	}
}

// camel cuts a name at its capitals: GPUXidError is GPU, Xid, Error.
func camel(w string) []string {
	var parts []string
	begin, runes := 0, []rune(w)
	for i := 1; i < len(runes); i++ {
		upper, before := unicode.IsUpper(runes[i]), unicode.IsUpper(runes[i-1])
		next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if upper && !before && unicode.IsLetter(runes[i-1]) || upper && before && next && i-begin > 1 {
			parts = append(parts, string(runes[begin:i]))
			begin = i
		}
	}
	return append(parts, string(runes[begin:]))
}

// telling reports whether a word may carry a symptom.
func telling(w string) bool {
	if fillers[w] || len(w) < 2 {
		return false
	}
	digits := 0
	for _, r := range w {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits == 0 {
		return true
	}
	return digits == 3 && (w[0] == '4' || w[0] == '5') && (len(w) == 3 || w[3:] == "s") || digits*2 < utf8.RuneCountInString(w)
}

// stem cuts a word to its stem with the Snowball stemmer for English:
// "erroring", "errors" and "error" are one.
func stem(w string) string {
	env := snowballstem.NewEnv(w)
	english.Stem(env)
	return env.Current()
}

func grams(w string) []gram {
	padded := " " + w + " "
	out := make([]gram, 0, len(padded)-2)
	for i := 0; i+3 <= len(padded); i++ {
		out = append(out, gram{padded[i], padded[i+1], padded[i+2]})
	}
	return out
}

// fillers carry no symptom: words of every sentence and of every alert, and the
// names of providers and models, which patterns look at.
var fillers = set(`a about after again all also am an and any are as at be been being but by can cant could couldnt
	d did didnt do does doesnt done dont etc for from get gets getting got had has hasnt have havent having he her here hers him his how i id if ill im in
	into is isnt it its ive just ll me my myself no not of on or our ours please really re s same say seem seems she should so some someone something still t
	than that thats the their them then there theres these they theyre thing things this those though to too u up us ve very was wasnt we were weve what whats when where
	which while who why will with wont would wouldnt yes yet you your youre
	since until only even now new one two three ago am pm utc min mins minutes hour hours today yesterday morning
	prod production critical warning sev1 sev2 sev3 us eu east west
	threshold crossed datapoint datapoints firing triggered alarm virginia ireland tokyo frankfurt
	anthropic claude sonnet haiku opus openai gpt azure bedrock vertex gemini mistral mixtral llama qwen cohere groq com`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}
