package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/bot"
	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
	"tocsin/store/bolt"
)

var day1 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// shelf is a record with its keeper and a bot that does not run: what would be done in
// Slack is taken for done.
type shelf struct {
	t   *testing.T
	now time.Time
	dir string
	log bytes.Buffer
	*keeper
}

// shippedContent is what comes with tocsin, read once: it does not change.
var shippedContent = sync.OnceValues(contentFlags{}.load)

func newKept(t *testing.T, k keeping) *shelf {
	t.Helper()
	m := &shelf{t: t, now: day1, dir: t.TempDir()}
	kv, err := bolt.Open(filepath.Join(m.dir, "tocsin.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kv.Close() })
	content, err := shippedContent()
	if err != nil {
		t.Fatal(err)
	}
	b, err := bot.New(t.Context(), bot.Config{
		Store: kv, Guides: content.guides, Services: content.services, Plays: content.plays, Templates: content.templates, Now: func() time.Time { return m.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	m.keeper = newKeeper(k, kv, b, slog.New(slog.NewTextHandler(&m.log, nil)))
	return m
}

func (m *shelf) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

var byAda = incident.Actor{Person: incident.Person{User: "U0ADA", Name: "Ada"}, Via: "slack"}

// open declares an incident that is called by its title.
func (m *shelf) open(d incident.Declared) incident.ID {
	m.t.Helper()
	inc, _, err := m.bot.Declare(m.t.Context(), bot.Origin{By: byAda, Cause: d.Title}, d)
	m.must(err)
	m.update(inc.ID, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Linked{Channel: "C" + string(inc.ID)}, incident.Posted{What: incident.PostedCard}}, nil
	})
	return inc.ID
}

func (m *shelf) update(id incident.ID, decide bot.Decide) {
	m.t.Helper()
	_, err := m.bot.Update(m.t.Context(), id, bot.Origin{By: byAda}, decide)
	m.must(err)
	m.done()
}

func (m *shelf) end(id incident.ID) {
	m.t.Helper()
	m.update(id, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Resolve("") })
	m.update(id, func(inc incident.Incident) ([]incident.Fact, error) { return inc.Close("resolved", "", "") })
}

// done takes all effects for performed, with what is learned of them.
func (m *shelf) done() {
	m.t.Helper()
	items, err := store.NewJournal(m.kv).Outbox(m.t.Context())
	m.must(err)
	for _, i := range items {
		what := ""
		switch e := i.Effect.(type) {
		case effect.Announce:
			what = incident.PostedAnnouncement
		case effect.ShowGuide:
			what = incident.PostedGuide + strconv.Itoa(e.Seq)
		case effect.Draft:
			what = incident.PostedPostmortem
		}
		_, err := m.bot.Update(m.t.Context(), i.Incident, bot.Origin{By: incident.Bot}, func(inc incident.Incident) ([]incident.Fact, error) {
			if what == "" || what != incident.PostedPostmortem && inc.Posts[what].What != "" {
				return nil, nil
			}
			return []incident.Fact{incident.Posted{What: what}}, nil
		})
		m.must(err)
	}
	out, err := m.kv.Scan(m.t.Context(), "out/", "", 0)
	m.must(err)
	due, err := m.kv.Scan(m.t.Context(), "due/", "", 0)
	m.must(err)
	for _, p := range append(out, due...) {
		m.must(m.kv.Commit(m.t.Context(), store.Tx{Delete: []string{p.Key}}))
	}
}

func (m *shelf) looks(at time.Time) {
	m.now = at
	m.look(m.t.Context(), at)
}

func (m *shelf) files(dir string) string {
	m.t.Helper()
	files, err := os.ReadDir(dir)
	m.must(err)
	var names []string
	for _, f := range files {
		info, err := f.Info()
		m.must(err)
		if info.Mode().Perm() != 0o600 && f.Name() != "notes.db" {
			m.t.Errorf("%s can be read by others: %v", f.Name(), info.Mode())
		}
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

func nightly(t *testing.T, dir string, copies int) keeping {
	next, err := bot.Schedule("30 3 * * *")
	if err != nil {
		t.Fatal(err)
	}
	return keeping{backups: dir, next: next, copies: copies}
}

// Backups come at their time, at once where one is missed, and go when there are too
// many; what is not ours stays.
func TestBackupsByThemselves(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	m := newKept(t, nightly(t, dir, 2))
	m.open(incident.Declared{Title: "Answers are wrong", Severity: incident.SEV2})
	m.looks(day1)
	const one, two, three = "tocsin-2026-11-20T120000Z.db", "tocsin-2026-11-21T033000Z.db", "tocsin-2026-11-23T090000Z.db"
	wantFiles := func(want ...string) {
		t.Helper()
		if got := m.files(dir); got != strings.Join(want, " ") {
			t.Errorf("there is %q, want %q\n%s", got, want, m.log.String())
		}
	}
	wantFiles(one)
	m.looks(day1.Add(15 * time.Hour))
	wantFiles(one)
	m.must(os.WriteFile(filepath.Join(dir, "notes.db"), nil, 0o600))
	m.must(os.WriteFile(filepath.Join(dir, "tocsin-2020-13-40T000000Z.db"), nil, 0o600)) // no time
	m.must(os.WriteFile(filepath.Join(dir, "tocsin-2020-01-01T000000Z.db.damaged"), nil, 0o600))
	others := []string{"tocsin-2020-01-01T000000Z.db.damaged", "tocsin-2020-13-40T000000Z.db"}
	m.looks(time.Date(2026, 11, 21, 3, 30, 0, 0, time.UTC))
	wantFiles("notes.db", others[0], others[1], one, two)
	m.keeper = newKeeper(m.keeping, m.kv, m.bot, m.log2()) // a restart
	if got := m.lastBackup(); !got.Equal(time.Date(2026, 11, 21, 3, 30, 0, 0, time.UTC)) {
		t.Errorf("the last backup was %v", got)
	}
	m.looks(day1.Add(16 * time.Hour))
	wantFiles("notes.db", others[0], others[1], one, two)
	m.looks(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) // the machine was off for a night
	wantFiles("notes.db", others[0], others[1], two, three)

	db, err := bolt.Open(filepath.Join(dir, three))
	m.must(err)
	defer db.Close()
	if r, err := store.NewJournal(db).Examine(t.Context(), nil); err != nil || r.Incidents != 1 {
		t.Errorf("the backup has %+v, %v", r, err)
	}
}

// A clock that jumps keeps no backup from being made, and has none removed that is newer
// than it seems.
func TestBackupsWhileTheClockJumps(t *testing.T) {
	const at = "2006-01-02T150405Z"
	dir := filepath.Join(t.TempDir(), "backups")
	m := newKept(t, nightly(t, dir, 2))
	wantFiles := func(want ...string) {
		t.Helper()
		if got := strings.NewReplacer("tocsin-", "", ".db", "").Replace(m.files(dir)); got != strings.Join(want, " ") {
			t.Errorf("there is %q, want %q\n%s", got, want, m.log.String())
		}
	}
	looks := func(when string) {
		t.Helper()
		now, err := time.Parse(at, when)
		m.must(err)
		m.looks(now)
		m.keeper = newKeeper(m.keeping, m.kv, m.bot, m.log2()) // a restart changes nothing
		m.looks(now)
		if got := m.lastBackup(); got.After(now) {
			t.Errorf("at %s the last backup is said to be of %v", when, got)
		}
	}
	looks("2030-01-01T000000Z") // ahead
	looks("2030-01-02T033000Z")
	looks("2026-11-20T120000Z") // set right
	wantFiles("2026-11-20T120000Z", "2030-01-01T000000Z", "2030-01-02T033000Z")
	looks("2026-11-20T130000Z")
	looks("2026-11-21T033000Z")
	looks("2026-11-22T033000Z")
	wantFiles("2026-11-21T033000Z", "2026-11-22T033000Z", "2030-01-01T000000Z", "2030-01-02T033000Z")
	looks("2020-01-01T000000Z") // behind
	looks("2020-01-02T033000Z")
	looks("2020-01-03T033000Z")
	wantFiles("2020-01-02T033000Z", "2020-01-03T033000Z", "2026-11-21T033000Z", "2026-11-22T033000Z", "2030-01-01T000000Z", "2030-01-02T033000Z")
	looks("2026-11-23T090000Z") // set right
	wantFiles("2026-11-22T033000Z", "2026-11-23T090000Z", "2030-01-01T000000Z", "2030-01-02T033000Z")
	looks("2030-01-03T040000Z") // it is that time
	wantFiles("2030-01-02T033000Z", "2030-01-03T040000Z")
}

// What was put off until a time of a wrong clock is not put off until then.
func TestPutOffByAClockThatWasAhead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	m := newKept(t, nightly(t, dir, 2))
	m.must(os.WriteFile(dir, nil, 0o600)) // in the way
	m.looks(day1.AddDate(4, 0, 0))
	m.must(os.Remove(dir))
	m.open(incident.Declared{Title: "Answers are wrong", Severity: incident.SEV2})
	m.spoil("log/00000001/00000002")
	m.looks(day1)
	if m.findings() != 1 {
		t.Errorf("the record was not read through:\n%s", m.log.String())
	}
	if n := strings.Count(m.log.String(), "the record was not backed up"); n != 2 {
		t.Errorf("it was tried %d times:\n%s", n, m.log.String())
	}
}

// What a killed process left unfinished is gone at the next look; what is an empty file,
// and no backup, does not count as one.
func TestLeftoversOfKilledProcesses(t *testing.T) {
	dir, exports := t.TempDir(), t.TempDir()
	k := nightly(t, dir, 2)
	k.keep, k.exports = 730*24*time.Hour, exports
	m := newKept(t, k)
	left := []string{
		filepath.Join(dir, "tocsin-2026-11-19T033000Z.db.unfinished-12"), filepath.Join(exports, "INC-1.jsonl.unfinished-12"),
		m.kv.Path() + ".unfinished-12", m.kv.Path() + ".before-repair-2026-11-19T033000.000000Z.unfinished-12",
	}
	for _, path := range append(left, filepath.Join(dir, "tocsin-2026-11-20T110000Z.db")) {
		m.must(os.WriteFile(path, nil, 0o600))
		m.must(os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
	}
	m.looks(day1)
	for _, path := range left {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if n := strings.Count(m.log.String(), "left unfinished"); n != len(left) {
		t.Errorf("%d were told of:\n%s", n, m.log.String())
	}
	if got := m.files(dir); got != "tocsin-2026-11-20T110000Z.db tocsin-2026-11-20T120000Z.db" {
		t.Errorf("there is %s", got)
	}
}

func (m *shelf) log2() *slog.Logger { return slog.New(slog.NewTextHandler(&m.log, nil)) }

// spoil changes a byte of a value.
func (m *shelf) spoil(key string) {
	m.t.Helper()
	value, err := m.kv.Get(m.t.Context(), key)
	m.must(err)
	value[len(value)-3] ^= 1
	m.must(m.kv.Commit(m.t.Context(), store.Tx{Put: []store.Pair{{Key: key, Value: value}}}))
}

// A backup of a damaged record is none: it is told, tried again, and no older one goes.
func TestABackupThatFails(t *testing.T) {
	dir := t.TempDir()
	m := newKept(t, nightly(t, dir, 1))
	m.open(incident.Declared{Title: "Answers are wrong", Severity: incident.SEV2})
	m.open(incident.Declared{Title: "Answers are slow", Severity: incident.SEV2})
	m.looks(day1)
	if !m.lastBackup().Equal(day1) || m.findings() != 0 {
		t.Fatalf("the last backup was %v, findings %d: %s", m.lastBackup(), m.findings(), m.log.String())
	}
	m.spoil("log/00000001/00000002")
	next := day1.AddDate(0, 0, 1)
	for n := range 30 {
		m.looks(next.Add(time.Duration(n) * time.Minute))
	}
	if got := m.files(dir); got != "tocsin-2026-11-20T120000Z.db" || !m.lastBackup().Equal(day1) {
		t.Errorf("there is %q, the last %v", got, m.lastBackup())
	}
	if n := strings.Count(m.log.String(), "the record was not backed up"); n != 2 || !strings.Contains(m.log.String(), "INC-1: event 2: its checksum does not fit") {
		t.Errorf("it was told %d times in half an hour:\n%s", n, m.log.String())
	}
	if !strings.Contains(m.log.String(), `level=ERROR msg="the record is damaged: stop tocsin and run tocsin doctor --repair" incident=INC-1`) || m.findings() != 1 {
		t.Errorf("reading the record through found %d:\n%s", m.findings(), m.log.String())
	}
	if strings.Contains(m.log.String(), "incident=INC-2") {
		t.Errorf("what is whole is called damaged:\n%s", m.log.String())
	}
}

// What has been over for long is exported, and leaves; what is open, young, unfinished
// or waits for Slack stays.
func TestWhatIsOldLeavesTheRecord(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exports")
	m := newKept(t, keeping{keep: 730 * 24 * time.Hour, exports: dir})
	old := m.open(incident.Declared{Title: "Old", Severity: incident.SEV3})
	private := m.open(incident.Declared{Title: "A leak of the payroll", Severity: incident.SEV2, Private: true})
	m.open(incident.Declared{Title: "Open still", Severity: incident.SEV3})
	unfinished := m.open(incident.Declared{Title: "Has a follow-up", Severity: incident.SEV3})
	m.update(unfinished, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.ActionAdded{N: 1, Text: "mend it"}}, nil
	})
	m.update(private, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.PostmortemAsked{}}, nil
	})
	a := store.Alert{Source: "grafana", Key: "k", Incident: old}
	j := store.NewJournal(m.kv)
	m.must(j.PutAlerts(t.Context(), []store.Alert{a}))
	for _, id := range []incident.ID{old, private, unfinished} {
		m.end(id)
	}
	m.now = day1.AddDate(1, 11, 0)
	young := m.open(incident.Declared{Title: "Young", Severity: incident.SEV3})
	m.end(young)

	m.looks(day1.AddDate(2, 0, 0))
	m.looks(day1.AddDate(2, 0, 1))
	if got := m.files(dir); got != "INC-1.jsonl INC-1.md INC-2.jsonl INC-2.md" {
		t.Errorf("exported: %s\n%s", got, m.log.String())
	}
	heads, err := j.Heads(t.Context())
	m.must(err)
	if len(heads) != 3 || heads[0].ID != "INC-3" {
		t.Errorf("left in the record: %+v", heads)
	}
	want := "INC-1 is not in this record any more: it was exported on 2028-11-21; it is in " + filepath.Join(dir, "INC-1.jsonl")
	_, err = readers()["timeline"](t.Context(), reader{m.bot, j}, old)
	if got := notFound(string(old), err); got == nil || got.Error() != want {
		t.Errorf("its timeline: %v", got)
	}
	if _, ok, err := j.Alert(t.Context(), "grafana", "k"); ok || err != nil {
		t.Errorf("its alert is still there: %v", err)
	}
	if _, ok, _ := j.Lookup(t.Context(), store.CauseHandle("Old")); ok {
		t.Error("its handle is still there")
	}
	data, err := os.ReadFile(filepath.Join(dir, "INC-1.jsonl"))
	m.must(err)
	id, events, err := store.CheckExport(bytes.NewReader(data))
	if id != old || len(events) < 3 || err != nil || !bytes.Contains(data, []byte(`{"alert":{"source":"grafana"`)) {
		t.Errorf("the export has %s, %d events, %v", id, len(events), err)
	}
	if r, err := j.Examine(t.Context(), nil); err != nil || len(r.Findings) > 0 || r.Gone != 2 {
		t.Errorf("examined: %+v, %v", r, err)
	}
	if id := m.open(incident.Declared{Title: "New", Severity: incident.SEV3}); id != "INC-6" {
		t.Errorf("the next is %s", id)
	}
}

// Nothing leaves on the word of a clock that has just jumped, whatever is started again
// meanwhile; what is old by two looks a day apart does.
func TestWhatIsOldStaysWhileTheClockJumps(t *testing.T) {
	ahead, year := day1.AddDate(4, 0, 0), 365*day
	type look struct {
		at   time.Time
		told int // lines that say what the clock did
		left bool
	}
	for name, looks := range map[string][]look{
		"ahead once, then right":  {{day1, 0, false}, {ahead, 1, false}, {ahead.Add(time.Hour), 1, false}, {day1.Add(2 * time.Hour), 2, false}, {day1.Add(30 * time.Hour), 2, false}},
		"ahead from the first on": {{ahead, 0, false}, {ahead.Add(time.Hour), 0, false}, {day1, 1, false}, {day1.Add(day), 1, false}},
		"it is that time":         {{day1, 0, false}, {ahead, 1, false}, {ahead.Add(day), 1, true}},
		"back, and right again":   {{day1, 0, false}, {day1.Add(-year), 1, false}, {day1.Add(-year + day), 1, false}, {ahead, 2, false}, {ahead.Add(day), 2, true}},
		"off for a week": {
			{day1.Add(729 * day), 0, false}, {day1.Add(736 * day), 1, false}, {day1.Add(736*day + time.Hour), 1, false}, {day1.Add(737 * day), 1, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newKept(t, keeping{keep: 730 * day, exports: t.TempDir()})
			m.end(m.open(incident.Declared{Title: "Answers are wrong", Severity: incident.SEV3}))
			for i, l := range looks {
				m.looks(l.at)
				m.keeper = newKeeper(m.keeping, m.kv, m.bot, m.log2()) // a restart changes nothing
				m.looks(l.at)
				heads, err := store.NewJournal(m.kv).Heads(t.Context())
				m.must(err)
				if told := strings.Count(m.log.String(), "level=ERROR"); told != l.told || (len(heads) == 0) != l.left {
					t.Fatalf("at look %d it has left: %v, and %d errors were told, want %v and %d:\n%s", i+1, len(heads) == 0, told, l.left, l.told, m.log.String())
				}
			}
		})
	}
}

// What is damaged stays, is named each, and keeps nothing from leaving that is whole. What
// may be of any incident keeps them all.
func TestWhatIsDamagedStaysAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exports")
	m := newKept(t, keeping{keep: 730 * 24 * time.Hour, exports: dir})
	for n := range 8 {
		m.end(m.open(incident.Declared{Title: "Old " + strconv.Itoa(n), Severity: incident.SEV3}))
	}
	j := store.NewJournal(m.kv)
	m.must(j.Bury(t.Context(), []store.Gone{{ID: "INC-90", At: day1, Why: "exported"}}))
	waits := store.Pair{Key: "out/00000005/00000001.00", Value: []byte("rubbish")}
	m.must(m.kv.Commit(t.Context(), store.Tx{Put: []store.Pair{waits, {Key: "alert/grafana/x", Value: []byte("rubbish")}}}))
	m.spoil("head/00000002")
	m.spoil("log/00000003/00000002")
	m.spoil("head/00000007")
	m.spoil("gone/00000090")
	m.looks(day1.AddDate(3, 0, -1))
	m.looks(day1.AddDate(3, 0, 0))
	if heads, _ := j.Heads(t.Context()); len(heads) != 6 || !strings.Contains(m.log.String(), "none leaves while it is not known whose this is") {
		t.Fatalf("with an alert that may be of any, %d heads are left:\n%s", len(heads), m.log.String())
	}
	m.must(m.kv.Commit(t.Context(), store.Tx{Delete: []string{"alert/grafana/x"}}))
	m.log.Reset()
	m.looks(day1.AddDate(3, 0, 1))
	if got := m.files(dir); got != "INC-1.jsonl INC-1.md INC-4.jsonl INC-4.md INC-6.jsonl INC-6.md INC-8.jsonl INC-8.md" {
		t.Errorf("exported: %s\n%s", got, m.log.String())
	}
	_, line, _ := strings.Cut(m.log.String(), "old incidents stay in the record")
	for _, what := range []string{"head/00000002", "INC-3 cannot be trusted: event 2", "out/00000005/", "head/00000007", "gone/00000090"} {
		if !strings.Contains(line, what) {
			t.Errorf("%s is not named: %s", what, line)
		}
	}
	if _, ok, err := j.Lookup(t.Context(), store.CauseHandle("Old 7")); ok || err != nil {
		t.Errorf("what left has a handle still: %v", err)
	}
}

// Where nothing can be exported, nothing leaves.
func TestNothingLeavesWithoutItsExport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in the way")
	m := newKept(t, keeping{keep: 730 * 24 * time.Hour, exports: file})
	m.must(os.WriteFile(file, nil, 0o600))
	m.end(m.open(incident.Declared{Title: "Old", Severity: incident.SEV3}))
	m.looks(day1.AddDate(3, 0, -1))
	m.looks(day1.AddDate(3, 0, 0))
	if _, _, err := store.NewJournal(m.kv).Load(t.Context(), "INC-1"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(m.log.String(), "old incidents stay in the record") {
		t.Errorf("it was not told:\n%s", m.log.String())
	}
}
