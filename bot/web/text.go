package web

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

// text is what a guide says, line by line, to be searched for words: its
// summary, what people say, its body, and last its title, which a result shows
// anyway.
type text struct {
	lines []string
	lower []string
}

func textsOf(guides []*runbooks.Guide) []text {
	out := make([]text, len(guides))
	for i, g := range guides {
		lines := append([]string{g.Summary()}, g.Phrases...)
		lines = append(lines, strings.Split(markdown.Text(g.Body), "\n")...)
		out[i].lines = append(lines, g.Title)
		for n, l := range out[i].lines {
			out[i].lines[n] = strings.TrimLeft(l, " •│")
			out[i].lower = append(out[i].lower, strings.ToLower(l))
		}
	}
	return out
}

// wordsOf are the words of a question in lower case, each once.
func wordsOf(q string) []string {
	words := strings.Fields(strings.ToLower(incident.Line(q)))
	slices.Sort(words)
	return slices.Compact(words)
}

func (t text) has(word string) bool {
	return slices.ContainsFunc(t.lower, func(l string) bool { return strings.Contains(l, word) })
}

// most is how many words are counted to find the line that has the most.
const most = 8

// best is the line that has all of q, else the first with the most of its words,
// and how good that is: how many they are, more for all of q.
func (t text) best(q string, words []string) (line string, worth int) {
	whole, worth := strings.ToLower(incident.Line(q)), -1
	for i, l := range t.lower {
		n := 0
		for _, w := range words[:min(len(words), most)] {
			if strings.Contains(l, w) {
				n++
			}
		}
		if strings.Contains(l, whole) {
			n = most + 1
		}
		if n > worth {
			line, worth = t.lines[i], n
		}
	}
	return line, worth
}

// piece is a part of a line: what was looked for, or what stands between.
type piece struct {
	Text string
	Mark bool
}

// How many characters of a line are shown before the first word and after it.
const (
	before = 40
	after  = 120
)

// excerpt is the part of a line around the first of the words, in pieces.
func excerpt(line string, words []string) []piece {
	line = strings.TrimSpace(line)
	re := anyOf(words)
	if first := re.FindStringIndex(line); first != nil {
		line = window(line, first[0])
	}
	var out []piece
	end := 0
	for _, at := range re.FindAllStringIndex(line, -1) {
		out = append(out, piece{Text: line[end:at[0]]}, piece{line[at[0]:at[1]], true})
		end = at[1]
	}
	return append(out, piece{Text: line[end:]})
}

// anyOf matches any of the words, the longest first.
func anyOf(words []string) *regexp.Regexp {
	words = slices.Clone(words)
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	return regexp.MustCompile("(?i)" + strings.Join(words, "|"))
}

// window cuts a line to what is around a place in it.
func window(line string, at int) string {
	if utf8.RuneCountInString(line) <= before+after {
		return line
	}
	head := []rune(line[:at])
	if len(head) > before {
		head = append([]rune("…"), head[len(head)-before:]...)
	}
	return string(head) + incident.Cut(line[at:], after)
}
