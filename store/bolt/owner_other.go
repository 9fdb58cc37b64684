//go:build !unix

package bolt

func sameOwner(_, _ string) error { return nil }
