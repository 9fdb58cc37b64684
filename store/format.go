package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Format is the version of the stored form that this program reads and writes. A
// record of another version says so under its key "format"; one that does not is of
// version 1.
const Format = 1

const formatKey = "format"

// FormatError says that a newer tocsin wrote a record in a form that this one would
// misread.
type FormatError struct{ Format int }

func (e *FormatError) Error() string {
	return fmt.Sprintf("store: this record is of format %d, and this tocsin knows format %d at most: "+
		"use the newer tocsin that wrote it, or restore a backup from before", e.Format, Format)
}

// CheckFormat refuses, as a *FormatError, a record that is too new.
func CheckFormat(ctx context.Context, kv KV) error {
	value, err := kv.Get(ctx, formatKey)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := openPair(Pair{formatKey, value})
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(body))
	if err != nil {
		return corrupt(formatKey, err)
	}
	if n > Format {
		return &FormatError{n}
	}
	return nil
}
