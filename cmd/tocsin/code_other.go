//go:build !linux

package main

// releaseCode does nothing here: the system takes code back by itself.
func releaseCode() error { return nil }
