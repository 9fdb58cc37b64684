package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/bot"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/store"
)

// A running bot holds the lock of its data file. Subcommands that read reach it
// through a unix socket beside the file, which only its owner may open, and open
// the file themselves when no bot runs.

func controlPath(storePath string) string { return storePath + ".sock" }

// listenControl makes the socket. What is left of an earlier process is removed:
// whoever holds the data file's lock is the only one to listen.
func listenControl(storePath string) (net.Listener, error) {
	path := controlPath(storePath)
	if len(path) > 100 { // the system's limit is 108
		dir, err := filepath.Abs(path)
		return nil, errors.Join(fmt.Errorf("the path of the control socket %s is too long: put the data file in a shorter one", dir), err)
	}
	if st, err := os.Lstat(path); err == nil {
		if st.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is in the way: tocsin needs that name for its control socket. Move it, or put the data file elsewhere", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("the control socket: %w", err)
		}
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		ln.Close()
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	return owned{ln}, nil
}

// owned is a unix socket that answers its owner alone, and root, whatever the
// permissions of its file are at the moment.
type owned struct{ net.Listener }

// Accept implements net.Listener.
func (o owned) Accept() (net.Conn, error) {
	for {
		conn, err := o.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if ours(peer(conn)) {
			return conn, nil
		}
		conn.Close()
	}
}

// ours tells whether a user may be answered: where the system does not tell who it
// is, the permissions of the socket's file have let them in.
func ours(uid int, known bool) bool { return !known || uid == 0 || uid == os.Geteuid() }

// controlRoutes answer the subcommands.
func (a *app) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /incident", a.hear)
	mux.Handle("GET /backup", copyRoute(a.kv, a.log, readMost))
	mux.HandleFunc("GET /healthz/", tellParts(a.alive))
	mux.HandleFunc("GET /readyz/", tellParts(a.ready))
	for name, read := range readers() {
		mux.HandleFunc("GET /"+name+"/{id}", func(w http.ResponseWriter, r *http.Request) {
			text, err := read(r.Context(), reader{a.bot, store.NewJournal(a.kv)}, incident.ID(r.PathValue("id")))
			if err != nil {
				http.Error(w, withBackup(notFound(r.PathValue("id"), err), a.keeper.backups).Error(), http.StatusNotFound)
				return
			}
			io.WriteString(w, text)
		})
	}
	return mux
}

// reader is what a subcommand reads from: a running bot's, or its own.
type reader struct {
	bot     *bot.Bot
	journal *store.Journal
}

// readers are what can be read, by the name of the subcommand.
func readers() map[string]func(context.Context, reader, incident.ID) (string, error) {
	return map[string]func(context.Context, reader, incident.ID) (string, error){
		"postmortem": func(ctx context.Context, r reader, id incident.ID) (string, error) { return r.bot.Postmortem(ctx, id) },
		"timeline": func(ctx context.Context, r reader, id incident.ID) (string, error) {
			inc, err := r.bot.Incident(ctx, id)
			if err != nil {
				return "", err
			}
			return bot.TimelineMarkdown(inc, 0) + "\n", nil
		},
		"show": func(ctx context.Context, r reader, id incident.ID) (string, error) {
			inc, err := r.bot.Incident(ctx, id)
			if err != nil {
				return "", err
			}
			return standing(r.bot, inc), nil
		},
		"doctor":    func(ctx context.Context, r reader, _ incident.ID) (string, error) { return examine(ctx, r.journal) },
		"export":    exportable,
		"incidents": listed,
	}
}

// read gets a text from the bot that runs on a data file, or else from the file.
func read(ctx context.Context, what, id string, s storeFlags, c contentFlags) (text string, err error) {
	path, err := s.path()
	if err != nil {
		return "", err
	}
	err = patiently(ctx, func() (err error) {
		var running bool
		if text, running, err = ask(ctx, path, what, id); !running {
			text, err = readFile(ctx, path, what, id, c)
		}
		return err
	})
	return text, err
}

// readFile gets a text from a file that no bot runs on.
func readFile(ctx context.Context, path, what, id string, c contentFlags) (string, error) {
	b, shut, err := openBot(ctx, path, c)
	if err != nil {
		return "", err
	}
	defer shut()
	text, err := readers()[what](ctx, reader{b, store.NewJournal(b.Store)}, incident.ID(id))
	return text, notFound(id, err)
}

// ask asks a running bot; running is false if there is none.
func ask(ctx context.Context, storePath, what, id string) (text string, running bool, err error) {
	data, status, err := control(ctx, storePath, http.MethodGet, "/"+what+"/"+url.PathEscape(id), nil)
	switch {
	case errors.Is(err, errNoBot):
		return "", false, nil
	case err != nil:
		return "", true, err
	case status != http.StatusOK:
		return "", true, errors.New(strings.TrimSpace(string(data)))
	}
	return string(data), true, nil
}

// controlClient reaches the bot that runs on a data file, whatever the host.
func controlClient(storePath string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", controlPath(storePath))
		},
	}}
}

// errNoBot: no bot runs on the record, or it ended before it had answered.
var errNoBot = errors.New("no tocsin runs on this record")

// control asks a running bot by its control socket, and waits for as long as it works on
// the answer. Errors: errNoBot, what attended says, or why ctx ended.
func control(ctx context.Context, storePath, method, path string, body io.Reader) (data []byte, status int, err error) {
	client := controlClient(storePath)
	defer client.CloseIdleConnections()
	ctx, done := attended(ctx, client, storePath)
	defer done()
	req, err := http.NewRequestWithContext(ctx, method, "http://tocsin"+path, body)
	if err != nil {
		return nil, 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0, unanswered(ctx, err)
	}
	defer resp.Body.Close()
	if data, err = io.ReadAll(resp.Body); err != nil {
		return nil, 0, unanswered(ctx, err)
	}
	return data, resp.StatusCode, nil
}

// unanswered says why there is no answer.
func unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", errNoBot, err)
}

// A bot may read its whole record for an answer, which takes as long as it takes. How
// often it is asked meanwhile whether it is still there, and for how long it may be
// silent then.
var (
	attendEach = 15 * time.Second
	silentMost = 30 * time.Second
)

// attended is ctx until the bot that is asked says nothing at all any more. done is to
// be called.
func attended(ctx context.Context, client *http.Client, storePath string) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	each, most := attendEach, silentMost
	go func() {
		for rest(ctx, each) == nil {
			if silent(ctx, client, most) {
				cancel(&silentError{storePath})
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// silentError says that a bot is there, and says nothing.
type silentError struct{ storePath string }

func (e *silentError) Error() string {
	return fmt.Sprintf("the tocsin that runs on %s does not answer: see its log, and end it if it hangs", e.storePath)
}

// silent tells whether a bot does not even say how it is. One that has ended is not.
func silent(ctx context.Context, client *http.Client, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://tocsin/healthz/", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return errors.Is(err, context.DeadlineExceeded)
}

type postmortemCmd struct {
	storeFlags
	contentFlags
	ID   string `arg:"" help:"The incident, for example INC-1."`
	HTML bool   `help:"As one self-contained HTML page."`
}

// Run prints the draft.
func (c *postmortemCmd) Run(e *env) error {
	id, err := parseID(c.ID)
	if err != nil {
		return err
	}
	md, err := read(e.ctx, "postmortem", string(id), c.storeFlags, c.contentFlags)
	if err != nil {
		return err
	}
	if c.HTML {
		_, err = e.stdout.Write(markdown.Page("Postmortem of "+string(id), md))
		return err
	}
	_, err = io.WriteString(e.stdout, md)
	return err
}

type timelineCmd struct {
	storeFlags
	contentFlags
	ID string `arg:"" help:"The incident, for example INC-1."`
}

// Run prints the timeline.
func (c *timelineCmd) Run(e *env) error {
	id, err := parseID(c.ID)
	if err != nil {
		return err
	}
	md, err := read(e.ctx, "timeline", string(id), c.storeFlags, c.contentFlags)
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.stdout, markdown.Text(md)+"\n")
	return err
}
