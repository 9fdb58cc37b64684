package bot

import (
	"testing"
	"time"

	"tocsin/bot/effect"
	"tocsin/bot/incident"
	"tocsin/store"
)

// TestWhatGoesFirst: what it is to people comes first, then how bad it is, then
// who waited longer.
func TestWhatGoesFirst(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		why           string
		first, second Urgency
	}{
		{"a channel before a card", Urgency{Gathering, incident.SEV4, now}, Urgency{Beginning, incident.SEV1, ago(time.Minute)}},
		{"an answer before a topic", Urgency{Answering, incident.SEV4, now}, Urgency{Furnishing, incident.SEV1, now}},
		{"the worse severity", Urgency{Answering, incident.SEV1, now}, Urgency{Answering, incident.SEV2, ago(time.Minute)}},
		{"any severity before none", Urgency{Answering, incident.SEV4, now}, Urgency{Answering, "", ago(time.Minute)}},
		{"the older", Urgency{Answering, incident.SEV2, ago(time.Minute)}, Urgency{Answering, incident.SEV2, now}},
		{"who waited is a class higher", Urgency{Following, incident.SEV4, ago(patience / 4)}, Urgency{Following, incident.SEV1, now}},
		{"and another", Urgency{Following, incident.SEV4, ago(patience / 2)}, Urgency{Furnishing, incident.SEV1, now}},
		{"after ten minutes nothing comes before an alert's echo", Urgency{Following, incident.SEV4, ago(patience)}, Urgency{Gathering, incident.SEV1, now}},
		{"but a hundred old rooms do not keep the burning one back", Urgency{Gathering, incident.SEV1, now}, Urgency{Gathering, incident.SEV3, ago(time.Hour)}},
	} {
		if !c.first.Before(c.second, now) || c.second.Before(c.first, now) {
			t.Errorf("%s: %+v does not go before %+v", c.why, c.first, c.second)
		}
	}
}

// TestClasses: how urgent an effect is follows from what it is, and from what is
// there already.
func TestClasses(t *testing.T) {
	posted := incident.Posted{What: incident.PostedCard, Message: incident.Message{Channel: "C1", ID: "1"}}
	announced := incident.Posted{What: incident.PostedAnnouncement, Message: incident.Message{Channel: "C2", ID: "1"}}
	guide := incident.Posted{What: incident.PostedGuide + "2", Message: incident.Message{Channel: "C1", ID: "2"}}
	fresh := timelineOf(incident.Declared{Title: "T", Severity: incident.SEV2}, incident.Signaled{Key: "P1"}, incident.Noted{Text: "N"})
	shown := timelineOf(incident.Declared{Title: "T", Severity: incident.SEV2}, posted, announced, guide)
	mention := effect.Message{Mentions: []incident.User{"U1"}}
	for _, c := range []struct {
		what string
		inc  incident.Incident
		item store.Item
		want Class
	}{
		{"a channel", fresh, store.Item{Seq: 1, Effect: effect.OpenChannel{}}, Gathering},
		{"people", fresh, store.Item{Seq: 1, Effect: effect.Invite{}}, Gathering},
		{"a page", fresh, store.Item{Seq: 1, Effect: effect.Page{}}, Gathering},
		{"the first card", fresh, store.Item{Seq: 1, Effect: effect.ShowCard{}}, Beginning},
		{"the first guide", fresh, store.Item{Seq: 1, Effect: effect.ShowGuide{Seq: 2}}, Beginning},
		{"the first announcement", fresh, store.Item{Seq: 1, Effect: effect.Announce{}}, Beginning},
		{"the card again", shown, store.Item{Seq: 1, Effect: effect.ShowCard{}}, Following},
		{"the guide again", shown, store.Item{Seq: 1, Effect: effect.ShowGuide{Seq: 2}}, Following},
		{"another guide", shown, store.Item{Seq: 1, Effect: effect.ShowGuide{Seq: 3}}, Beginning},
		{"the announcement again", shown, store.Item{Seq: 1, Effect: effect.Announce{}}, Following},
		{"an alert's echo", fresh, store.Item{Seq: 2, Effect: effect.Say{}}, Following},
		{"an alert's echo that calls somebody", fresh, store.Item{Seq: 2, Effect: effect.Say{Message: mention}}, Answering},
		{"a person's note", fresh, store.Item{Seq: 3, Effect: effect.Say{}}, Answering},
		{"the postmortem", fresh, store.Item{Seq: 3, Effect: effect.Draft{}}, Answering},
		{"a pinned message", fresh, store.Item{Seq: 3, Effect: effect.Fetch{}}, Answering},
		{"the topic", fresh, store.Item{Seq: 1, Effect: effect.SetTopic{}}, Furnishing},
		{"a bookmark", fresh, store.Item{Seq: 1, Effect: effect.Bookmark{}}, Furnishing},
	} {
		if got := urgency(c.inc, []store.Item{c.item}); got.Class != c.want || got.Severity != incident.SEV2 {
			t.Errorf("%s: %+v, want class %d", c.what, got, c.want)
		}
	}
	echo, note := store.Item{Seq: 2, Effect: effect.Say{}}, store.Item{Seq: 3, Effect: effect.Say{}}
	u := urgency(fresh, []store.Item{echo, note})
	if u.Class != Answering || !u.Since.Equal(fresh.Timeline[1].Logged) {
		t.Errorf("a note behind an echo: %+v, want the class of the note and the age of the echo", u)
	}
}

func timelineOf(facts ...incident.Fact) incident.Incident {
	var timeline []incident.Event
	for i, f := range facts {
		at := time.Date(2026, 10, 1, 12, 0, i, 0, time.UTC)
		timeline = append(timeline, incident.Event{Seq: i + 1, At: at, Logged: at, Fact: f})
	}
	return incident.Fold("INC-1", timeline)
}
