package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/bot/command"
	"tocsin/bot/incident"
	"tocsin/store"
)

// A damaged alert may be of any incident, and a lost head hides one: all are exported that
// can be, and what is damaged is named.
func TestExportsWhatIsWhole(t *testing.T) {
	m := newKept(t, keeping{})
	for _, title := range []string{"one", "two", "three"} {
		m.open(incident.Declared{Title: title})
	}
	m.must(m.kv.Commit(t.Context(), store.Tx{
		Put:    []store.Pair{{Key: "alert/probe/x", Value: []byte("rubbish")}, {Key: "head/00000003", Value: []byte("rubbish")}},
		Delete: []string{"head/00000001"},
	}))
	m.must(m.kv.Close())
	dir := t.TempDir()
	var out, errs journal
	code := execute(&env{ctx: t.Context(), stdout: &out, stderr: &errs, log: slog.New(slog.DiscardHandler)},
		[]string{"export", "--dir", dir, "--store", "bolt:" + filepath.Join(m.dir, "tocsin.db")})
	for _, words := range []string{"alert/probe/x", "INC-3: store: head/00000003"} {
		if !strings.Contains(errs.String(), words) {
			t.Errorf("it does not name %s:\n%s", words, errs.String())
		}
	}
	if got := m.files(dir); code != 1 || got != "INC-1.jsonl INC-2.jsonl" {
		t.Errorf("it ends with %d, and writes %s", code, got)
	}
}

// What is left of a record is found by its name, the newest first; a backup of a time to
// come is taken only where there is no other.
func TestWhatIsLeftOfARecord(t *testing.T) {
	dir, backups := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "tocsin.db")
	leave := func(file string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	leave(filepath.Join(dir, "tocsin.db.unfinished-1"))
	leave(filepath.Join(backups, "notes.db"))
	if anew, err := fresh(path, backups); !anew || err != nil {
		t.Fatalf("fresh = %v, %v, where there never was one", anew, err)
	}
	for _, next := range []string{
		filepath.Join(backups, "tocsin-2199-01-01T000000Z.db"),
		filepath.Join(backups, "tocsin-2021-11-20T033000Z.db"),
		path + ".before-restore-2021-11-20T040000.000001Z",
		filepath.Join(backups, "tocsin-2021-11-21T033000Z.db"),
		path + ".before-repair-2021-11-21T033001.000001Z",
	} {
		leave(next)
		if anew, err := fresh(path, backups); anew || err == nil || !strings.Contains(err.Error(), "tocsin restore "+next+", or a newer backup") {
			t.Errorf("fresh = %v, %v, want %s to be restored", anew, err, next)
		}
	}
	leave(path)
	if anew, err := fresh(path, backups); anew || err != nil {
		t.Errorf("fresh = %v, %v, where there is a record", anew, err)
	}
	if got := lastOf(backups); !strings.Contains(got, "tocsin-2021-11-21T033000Z.db") {
		t.Errorf("the newest is told as %q", got)
	}
}

// A running bot whose file is damaged names the backup to restore to whoever asks it.
func TestARunningBotNamesTheNewestBackup(t *testing.T) {
	m := newKept(t, keeping{backups: t.TempDir()})
	m.open(incident.Declared{Title: "one"})
	newest := filepath.Join(m.backups, "tocsin-2021-11-21T033000Z.db")
	m.must(os.WriteFile(newest, []byte("x"), 0o600))
	m.must(os.Truncate(m.kv.Path(), 8192))
	a := &app{bot: m.bot, kv: m.kv, keeper: m.keeper, commands: command.Commands{Bot: m.bot, Log: slog.New(slog.DiscardHandler)}}
	for _, asked := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/doctor/all", nil),
		httptest.NewRequest(http.MethodPost, "/incident", strings.NewReader(`{"line":"list all","name":"Ada","cause":"1"}`)),
	} {
		w := httptest.NewRecorder()
		a.controlRoutes().ServeHTTP(w, asked)
		if w.Code == http.StatusOK || !strings.Contains(w.Body.String(), "the newest: tocsin restore "+newest) {
			t.Errorf("%s: %d %s", asked.URL.Path, w.Code, w.Body.String())
		}
	}
}
