package pagerduty_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/bot"
)

const day = 24 * time.Hour

// TestLostByAnyClock: what webhooks told in vain is found by the next look, and at the
// first one what is of the last hour, whatever our clock shows and whenever it is set: the
// time is PagerDuty's. Where PagerDuty does not say it, ours has to be about right.
func TestLostByAnyClock(t *testing.T) {
	for name, test := range map[string]struct {
		off     []time.Duration // of our clock, look by look
		undated bool            // PagerDuty's answers have no Date
	}{
		"right":                    {off: []time.Duration{0, 0, 0}},
		"a day ahead":              {off: []time.Duration{day, day, day}},
		"a day behind":             {off: []time.Duration{-day, -day, -day}},
		"years ahead":              {off: []time.Duration{2000 * day, 2000 * day}},
		"years behind":             {off: []time.Duration{-2000 * day, -2000 * day}},
		"set back":                 {off: []time.Duration{day, day, 0, 0}},
		"set back a day too far":   {off: []time.Duration{0, -day, -day}},
		"set ahead, and back":      {off: []time.Duration{0, day, 0, 0}},
		"right, and no Date":       {off: []time.Duration{0, 0, 0}, undated: true},
		"a little ahead, no Date":  {off: []time.Duration{time.Minute, time.Minute, 0, 0}, undated: true},
		"ahead and back over time": {off: []time.Duration{time.Hour, 0, 3 * time.Hour, -time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				off := time.Duration(0)
				c := full()
				c.Now = func() time.Time { return time.Now().Add(off) }
				d := newDesk(t, c)
				d.rules.undated = test.undated
				old := d.alert("PSVC001", "Hours ago")
				<-time.After(3 * time.Hour)
				var last time.Time
				for n, o := range test.off {
					off = o
					lost := d.alert("PSVC001", fmt.Sprint("Lost ", n))
					<-time.After(5 * time.Minute)
					signals, asked, err := d.Changes(t.Context(), last)
					must(t, err)
					if !tells(signals, lost) {
						t.Errorf("look %d does not find what was told in vain before it", n)
					}
					if tells(signals, old) {
						t.Errorf("look %d finds what was long before it", n)
					}
					if again, _, err := d.Changes(t.Context(), asked); err != nil || tells(again, lost) {
						t.Errorf("look %d: what is found once is found again and again: %v", n, err)
					}
					last = asked
				}
			})
		})
	}
}

// TestMarkOfTheFuture: a mark that a clock gave that was ahead is seen through: the look
// goes an hour back, and gives a time to go on from.
func TestMarkOfTheFuture(t *testing.T) {
	for _, undated := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, full())
			d.rules.undated = undated
			old := d.alert("PSVC001", "Before that hour")
			<-time.After(time.Hour)
			lost := d.alert("PSVC001", "Lost")
			<-time.After(50 * time.Minute)
			signals, asked, err := d.Changes(t.Context(), time.Now().Add(day))
			must(t, err)
			if !tells(signals, lost) || tells(signals, old) {
				t.Errorf("found: %+v", signals)
			}
			if now := time.Now(); asked.After(now) || asked.Before(now.Add(-time.Second)) {
				t.Errorf("at %v it says %v", now, asked)
			}
		})
	}
}

func tells(signals []bot.Signal, id string) bool {
	return slices.ContainsFunc(signals, func(s bot.Signal) bool { return s.Key == id })
}
