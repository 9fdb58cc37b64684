//go:build !race

package runbooks

const race = false
