package main

import (
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// screen is what a subcommand prints on: text from outside, whatever it is part of,
// does not steer the terminal of whoever reads it, and hides nothing from them.
type screen struct {
	to   io.Writer
	mu   sync.Mutex
	rest []byte // the beginning of a character whose end is still to be written
}

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := append(s.rest, p...)
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) && !utf8.FullRune(tail) {
			whole = len(text) - n
		}
	}
	s.rest = append([]byte(nil), text[whole:]...)
	if _, err := io.WriteString(s.to, terminal(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal is text without what steers a terminal, and what nobody can see.
func terminal(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, s)
}
