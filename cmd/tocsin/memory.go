package main

import (
	"bytes"
	"io/fs"
	"time"
)

// memory is a folder of files in memory, by name.
type memory map[string][]byte

// Open opens a file.
func (m memory) Open(name string) (fs.File, error) {
	text, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memoryFile{bytes.NewReader(text), name}, nil
}

// ReadDir lists the files.
func (m memory) ReadDir(string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for name, text := range m {
		out = append(out, fs.FileInfoToDirEntry(memoryFile{bytes.NewReader(text), name}))
	}
	return out, nil
}

// memoryFile is a file of a memory, open, and what there is to know of it.
type memoryFile struct {
	*bytes.Reader
	name string
}

func (f memoryFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f memoryFile) Close() error               { return nil }
func (f memoryFile) Name() string               { return f.name }
func (f memoryFile) Mode() fs.FileMode          { return 0o444 }
func (f memoryFile) ModTime() time.Time         { return time.Time{} }
func (f memoryFile) IsDir() bool                { return false }
func (f memoryFile) Sys() any                   { return nil }
