package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"unicode/utf8"
)

// named is the key of what a source calls by a name of its own. The source is
// escaped: "b/c" of source a is another key than "c" of source a/b.
func named(kind, source, name string) string {
	return kind + "/" + url.PathEscape(source) + "/" + bounded(name)
}

// maxName bounds what names from outside add to a key.
const maxName = 256

// bounded is a name from outside, or what stands for it if it is long. What stands
// for a name is maxName long, and no name that stands for itself is.
func bounded(name string) string {
	if len(name) < maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:maxName-2*len(sum)-1] + "#" + hex.EncodeToString(sum[:])
}

// checkName refuses, as ErrInvalid, what would be read back under another key.
func checkName(source, name string) error {
	if source == "" || name == "" || !utf8.ValidString(source) || !utf8.ValidString(name) {
		return fmt.Errorf("%w: what source %q tells of needs a name in UTF-8, and the source too", ErrInvalid, source)
	}
	return nil
}
