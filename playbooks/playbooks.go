// Package playbooks loads, checks and chooses plays.
//
// A play answers "a SEV1 began: who does what by when?". It is one Markdown
// file, <id>.md: front matter says for which severities and symptoms it is and
// how often people want to hear news; its task-list items are the tasks, each
// for a role and within a time:
//
//   - [ ] incident-commander, 5m: Say aloud what users see.
//
// A library is layered: a team's folder overlays the embedded one file by file,
// and a file that cannot be used is reported and replaced by the one beneath.
package playbooks

import (
	"embed"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"tocsin/bot/markdown"
)

//go:embed plays/*.md
var embedded embed.FS

// Embedded returns the plays that come with tocsin, as <id>.md at its root: the
// first layer for Load.
func Embedded() fs.FS {
	plays, err := fs.Sub(embedded, "plays")
	if err != nil { // "plays" is a valid path
		panic(err)
	}
	return plays
}

// Problem is something wrong with a play.
type Problem = markdown.Problem

// Play says who does what by when.
type Play struct {
	ID           string
	Title        string
	Version      string        // the first 8 hex digits of the file's SHA-256
	Severities   []string      // sev1 to sev4
	Symptoms     []string      // symptom ids; none: any
	UpdateEvery  time.Duration // how often an update is owed
	Postmortem   bool          // one is drafted when the incident is resolved
	Invite       []string      // Slack user ids that join every such incident
	Pager        []string      // what is sent to PagerDuty's incident: notes, updates; none: nothing
	LastReviewed string        // YYYY-MM-DD
	Tasks        []Task
	Body         string // Markdown
}

// Task is one thing to do.
type Task struct {
	Role   string        // role id
	Within time.Duration // after the incident was declared
	Text   string        // plain text
}

// Library is a set of plays that passed their checks. Replace changes it as a
// whole, under its readers.
type Library struct {
	now atomic.Pointer[[]*Play] // by id
}

// Load reads the plays of layered folders, each holding <id>.md; a later layer
// overlays the earlier ones file by file. A file that is no usable play is left
// out and reported, and the layer beneath serves in its place.
func Load(layers ...fs.FS) (*Library, []Problem) {
	plays, problems := markdown.Overlay(layers, parse)
	lib := &Library{}
	lib.now.Store(&plays)
	return lib, problems
}

// Replace puts the plays of newer in the place of l's own.
func (l *Library) Replace(newer *Library) { l.now.Store(newer.now.Load()) }

// Plays returns the plays by id.
func (l *Library) Plays() []*Play { return slices.Clone(*l.now.Load()) }

// Choose returns the play for an incident, and false if there is none for its
// severity. A play that names the symptom wins over one for any symptom; of two
// alike, the one whose id comes first.
func (l *Library) Choose(severity, symptom string) (*Play, bool) {
	var general *Play
	for _, p := range *l.now.Load() {
		switch {
		case !slices.Contains(p.Severities, severity):
		case slices.Contains(p.Symptoms, symptom):
			return p, true
		case len(p.Symptoms) == 0 && general == nil:
			general = p
		}
	}
	return general, general != nil
}
