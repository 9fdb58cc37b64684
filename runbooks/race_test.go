//go:build race

package runbooks

const race = true // pools are emptied at random, so allocations cannot be counted
