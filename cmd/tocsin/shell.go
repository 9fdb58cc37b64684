package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/command"
	"tocsin/bot/markdown"
	"tocsin/store"
)

// spoken is a command line from the shell, as it goes to the running bot.
type spoken struct {
	Line string `json:"line"`
	Name string `json:"name"` // of the person
	// Cause names this one call of the program: what is tried again is done once.
	Cause string `json:"cause"`
}

// heard is what came of it.
type heard struct {
	Text    string `json:"text"`    // Markdown
	Refused bool   `json:"refused"` // nothing was done

	follows bool // something is to be done now in Slack
}

// say gives a command line, and prints the answer.
func (f shellFlags) say(e *env, line string) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	s := spoken{Line: line, Name: whoami(), Cause: "shell/" + rand.Text()}
	var h heard
	err = patiently(e.ctx, func() (err error) {
		var running bool
		if h, running, err = tellBot(e.ctx, path, s); !running {
			h, err = f.tellFile(e, path, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	text := markdown.Text(h.Text) + "\n"
	if h.Refused {
		_, err = io.WriteString(e.stderr, text)
		return errors.Join(err, errTold)
	}
	_, err = io.WriteString(e.stdout, text)
	return err
}

// whoami is the name of whoever runs this program, also by sudo; where the system has
// none for them, their number.
func whoami() string {
	if name := os.Getenv("SUDO_USER"); name != "" && os.Getuid() == 0 {
		return name // root may say who it is
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return fmt.Sprintf("uid %d", os.Getuid())
	}
	return u.Username
}

// startUp is how long a subcommand waits for who has the file and does not answer yet.
var startUp = 15 * time.Second

// startLook is how often it looks.
const startLook = 100 * time.Millisecond

// patiently tries again while another process has the file: a bot that starts, or
// another subcommand.
func patiently(ctx context.Context, try func() error) error {
	return insist(ctx, try, func() bool { return true })
}

// alone is patiently for what needs the file itself: a bot that answers by its control
// socket keeps it, and to wait for that would be in vain.
func alone(ctx context.Context, path string, try func() error) error {
	return insist(ctx, try, func() bool {
		_, _, err := control(ctx, path, http.MethodGet, "/", nil)
		return errors.Is(err, errNoBot)
	})
}

// insist tries again while another process has the file and it is worth it.
func insist(ctx context.Context, try func() error, worth func() bool) error {
	for end := time.Now().Add(startUp); ; {
		err := try()
		locked, ok := errors.AsType[*store.LockedError](err)
		switch {
		case !ok || !worth():
			return err
		case time.Now().After(end):
			return fmt.Errorf("%w. If it is tocsin, %s", err, mute(locked.Path))
		}
		if err := rest(ctx, startLook); err != nil {
			return err
		}
	}
}

// mute says what is the matter with a bot that has the file and cannot be asked.
func mute(storePath string) string {
	return fmt.Sprintf("it does not answer at %s: it is about to start or to end, or that socket was removed, and then it has to be started again", controlPath(storePath))
}

// tellBot gives a line to the running bot; running is false if there is none that
// answers. What it then may have done is known by its cause.
func tellBot(ctx context.Context, storePath string, s spoken) (h heard, running bool, err error) {
	body, err := json.Marshal(s)
	if err != nil {
		return h, false, err
	}
	data, status, err := control(ctx, storePath, http.MethodPost, "/incident", bytes.NewReader(body))
	switch {
	case errors.Is(err, errNoBot):
		return h, false, nil
	case err != nil:
		return h, true, err
	case status != http.StatusOK:
		return h, true, errors.New(strings.TrimSpace(string(data)))
	}
	return h, true, json.Unmarshal(data, &h)
}

// tellFile carries a line out on the file itself. What follows from it is done by the
// bot that starts next.
func (f shellFlags) tellFile(e *env, path string, s spoken) (heard, error) {
	b, shut, err := openBot(e.ctx, path, f.contentFlags)
	if err != nil {
		return heard{}, err
	}
	h, err := listen(e.ctx, command.Commands{Bot: b, Log: slog.New(slog.DiscardHandler)}, s) // whoever asked is told
	if h.follows {
		h.Text += "\n\ntocsin does not run here: what follows in Slack is done when it does."
	}
	return h, errors.Join(err, shut())
}

// openBot is a bot on a file that no other has, to ask and to tell; it performs
// nothing. shut is to be called.
func openBot(ctx context.Context, path string, c contentFlags) (b *bot.Bot, shut func() error, err error) {
	if err := recordThere(path); err != nil {
		return nil, nil, err
	}
	content, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	kv, err := openToRead(path)
	if err != nil {
		return nil, nil, err
	}
	b, err = bot.New(ctx, bot.Config{
		Store: kv, Guides: content.guides, Services: content.services, Plays: content.plays, Templates: content.templates,
	})
	if err != nil {
		return nil, nil, errors.Join(err, kv.Close())
	}
	return b, kv.Close, nil
}
