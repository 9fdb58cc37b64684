// Static tells whether binaries ask for nothing that may be missing where they run: on
// Linux for nothing at all, on macOS, where no program talks to the kernel by itself,
// for what every Mac has.
//
//	go run .ci/static.go FILE…
package main

import (
	"debug/elf"
	"debug/macho"
	"errors"
	"fmt"
	"os"
	"slices"
)

// everyMac has these; package net resolves names with them, and crypto/x509 asks them
// whom to trust. Go binds to them without a C compiler.
var everyMac = []string{
	"/usr/lib/libSystem.B.dylib", "/usr/lib/libresolv.9.dylib",
	"/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation",
	"/System/Library/Frameworks/Security.framework/Versions/A/Security",
}

func main() {
	failed := len(os.Args) < 2
	for _, path := range os.Args[1:] {
		if err := static(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// static is nil for a binary that asks for nothing which may be missing.
func static(path string) error {
	if f, err := elf.Open(path); err == nil {
		defer f.Close()
		return linux(f)
	}
	f, err := macho.Open(path)
	if err != nil {
		return errors.New("neither an ELF nor a Mach-O binary")
	}
	defer f.Close()
	return mac(f)
}

// linux wants no interpreter and nothing to be linked at the start.
func linux(f *elf.File) error {
	libraries, _ := f.ImportedLibraries()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			return fmt.Errorf("not static: it has %v and asks for %q", p.Type, libraries)
		}
	}
	return nil
}

func mac(f *macho.File) error {
	libraries, err := f.ImportedLibraries()
	for _, l := range libraries {
		if !slices.Contains(everyMac, l) {
			return fmt.Errorf("it asks for %s, which not every Mac has", l)
		}
	}
	return err
}
