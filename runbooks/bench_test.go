package runbooks

import (
	"fmt"
	"strings"
	"testing"
)

const vague = "every other request from the batch job bounces back telling us to slow down, and it's only the big tenant that hits it"

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Load(Embedded())
	}
}

func BenchmarkMatch(b *testing.B) {
	lib, _ := Ours()
	benchmark(b, lib, vague)
}

func BenchmarkMatch1000(b *testing.B) { benchmark(b, many(1000), vague) }

// BenchmarkMatchHostile shows that time grows with length and no faster.
func BenchmarkMatchHostile(b *testing.B) {
	lib, _ := Ours()
	texts := hostile(b)
	for _, name := range sortedKeys(texts) {
		for kib := 1; kib <= 16; kib *= 2 {
			b.Run(fmt.Sprintf("%s/%d KiB", name, kib), func(b *testing.B) { benchmark(b, lib, fill(texts[name], kib<<10)) })
		}
	}
}

func benchmark(b *testing.B, lib *Library, text string) {
	b.ReportAllocs()
	for b.Loop() {
		lib.Match(Query{Text: text})
	}
}

// many is a library of n guides with the patterns of the embedded ones and their
// phrases, half of which have words of each guide's own. That is harder than 1,000
// guides are: what one pattern finds, sixty find.
func many(n int) *Library {
	ours, _ := Ours()
	var guides []*Guide
	for i := range n {
		g := *ours.Guides()[i%len(ours.Guides())]
		g.ID = fmt.Sprintf("g%04d-%s", i, g.ID)
		own := strings.Map(func(d rune) rune { return d - '0' + 'a' }, fmt.Sprintf("%04d", i))
		g.match.phrases, g.match.said = nil, nil
		for j, p := range g.Phrases {
			if j%2 == 0 {
				p = varied(p, own, j)
			}
			g.match.phrases = append(g.match.phrases, p)
		}
		guides = append(guides, &g)
	}
	lib := &Library{}
	lib.now.Store(newShelf(guides))
	lib.Warm()
	return lib
}

// varied makes every third word of a phrase one of a guide's own.
func varied(phrase, own string, from int) string {
	words := strings.Fields(phrase)
	for i := from % 3; i < len(words); i += 3 {
		words[i] += own
	}
	return strings.Join(words, " ")
}

// TestMatchAllocates: what is read is allocated for, not what is searched; only
// for each pattern that hits, and here sixty guides have the same, a little more.
func TestMatchAllocates(t *testing.T) {
	if race {
		t.Skip("with -race, pools are emptied at random: allocations cannot be counted")
	}
	ours, _ := Ours()
	cost := func(lib *Library) float64 {
		return testing.AllocsPerRun(20, func() { lib.Match(Query{Text: vague}) })
	}
	few, lots := cost(ours), cost(many(1000))
	if t.Logf("%.0f allocations with 17 guides, %.0f with 1,000", few, lots); lots > few+200 {
		t.Errorf("%.0f allocations with 17 guides, %.0f with 1,000", few, lots)
	}
}
