//go:build race

package main

const race = true // a process starts ten times slower, and its races are those of the other tests
