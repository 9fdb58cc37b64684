package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// maxLine is how much of a line is read, in bytes.
const maxLine = 1 << 20

// eachLine reads lines, the first being 1, and tells of those that it cut. It
// ends with ctx, also while it waits for somebody to type.
func eachLine(ctx context.Context, in io.Reader, do func(n int, line string, cut bool) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lines := make(chan line)
	go readLines(ctx, in, lines)
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l := <-lines:
			switch {
			case errors.Is(l.err, io.EOF):
				return nil
			case l.err != nil:
				return fmt.Errorf("line %d cannot be read: %w", n, l.err)
			}
			if err := do(n, l.text, l.cut); err != nil {
				return err
			}
		}
	}
}

// line is one line, or why there are no more.
type line struct {
	text string
	cut  bool
	err  error
}

func readLines(ctx context.Context, in io.Reader, to chan<- line) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		text, cut, err := readLine(r)
		select {
		case to <- line{text, cut, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// readLine reads a line to its end, and keeps maxLine of it.
func readLine(r *bufio.Reader) (string, bool, error) {
	var line []byte
	cut := false
	for begun := false; ; begun = true {
		part, more, err := r.ReadLine()
		if err != nil && !(begun && errors.Is(err, io.EOF)) {
			return "", false, err
		}
		room := maxLine - len(line)
		cut = cut || len(part) > room
		line = append(line, part[:min(len(part), room)]...)
		if !more {
			return string(line), cut, nil
		}
	}
}
