package slack

import "errors"

// leaves are the pages of a list of Slack's, of which each answer names the next.
type leaves struct {
	cursor string // of the page that is read
	turned int
}

// maxLeaves bounds a list: at a thousand entries a page, more than any workspace has.
const maxLeaves = 1000

var errEndless = errors.New("Slack's list does not end")

// turn goes on to the page that an answer names; more is false after the last. A list that
// leads back to the same page, or goes on after all that there can be, is an error: whoever
// waits for its end would wait for ever, and all behind them.
func (l *leaves) turn(next string) (more bool, err error) {
	l.turned++
	if next != "" && (next == l.cursor || l.turned == maxLeaves) {
		return false, errEndless
	}
	l.cursor = next
	return next != "", nil
}
