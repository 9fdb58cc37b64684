package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"
)

// place is where blocks are shown; it decides how many and which.
type place int

const (
	inMessage place = iota
	inModal
	inHome
)

// maxBlocks is https://docs.slack.dev/reference/block-kit/blocks/: 50 in messages, 100 in views.
func (p place) maxBlocks() int {
	if p == inMessage {
		return 50
	}
	return 100
}

// allowed are the types of block that a place takes.
func (p place) allowed(known kinds) []string {
	unwanted := map[place][]string{
		inMessage: {"alert"},
		inModal:   {"markdown", "table", "data_table", "plan", "task_card", "card", "carousel", "context_actions", "file"},
		inHome:    {"alert", "markdown", "table", "data_table", "plan", "task_card", "card", "carousel", "context_actions", "file"},
	}[p]
	return slices.DeleteFunc(sortedKeysOf(known), func(kind string) bool { return slices.Contains(unwanted, kind) })
}

// knownBlocks are the rules of all blocks, built once.
var knownBlocks = sync.OnceValue(func() kinds {
	known := classicBlocks()
	maps.Copy(known, newerBlocks(classicBlocks()))
	return known
})

// checkBlocks tells all that is wrong with a list of blocks.
func checkBlocks(blocks []any, where place) []problem {
	if len(blocks) == 0 {
		return nil
	}
	return checkBlocksAt("", blocks, where)
}

func checkBlocksAt(at string, blocks []any, where place) []problem {
	c := &checker{}
	known := knownBlocks()
	list(0, where.maxBlocks(), byType(known, where.allowed(known)...))(c, at, blocks)
	c.uniqueIDs(at, blocks)
	c.totals(at, blocks)
	return c.problems
}

// uniqueIDs refuses a block_id twice, and an action_id twice in one block.
func (c *checker) uniqueIDs(at string, blocks []any) {
	seen := map[string]bool{}
	for i, b := range blocks {
		here := fmt.Sprintf("%s/%d", at, i)
		if id := asText(asObj(b)["block_id"]); id != "" {
			if seen[id] {
				c.fail(here+"/block_id", "unique", id, "block_id must be unique: %s", id)
			}
			seen[id] = true
		}
		actions := map[string]bool{}
		for _, e := range elementsOf(asObj(b)) {
			if id := asText(e["action_id"]); id != "" {
				if actions[id] {
					c.fail(here, "unique", id, "action_id must be unique in its block: %s", id)
				}
				actions[id] = true
			}
		}
	}
}

// totals refuses what is too much in sum: a second table, markdown over 12,000 characters.
func (c *checker) totals(at string, blocks []any) {
	tables, markdown := 0, 0
	for _, b := range blocks {
		switch o := asObj(b); asText(o["type"]) {
		case "table":
			tables++
		case "markdown":
			markdown += utf8.RuneCountInString(asText(o["text"]))
		}
	}
	if tables > 1 {
		c.fail(at, "max_tables", 1, "only_one_table_allowed")
	}
	if markdown > maxMarkdown && len(c.problems) == 0 {
		c.fail(at, "max_length", maxMarkdown, "markdown blocks must have less than %d characters together", maxMarkdown+1)
	}
}

// checkView tells all that is wrong with a view (https://docs.slack.dev/reference/views/).
func checkView(v obj, where place) []problem {
	c := &checker{}
	common := []property{
		req("blocks", list(1, where.maxBlocks(), func(*checker, string, any) {})), opt("private_metadata", text(0, 3000)),
		opt("callback_id", text(0, 255)), opt("external_id", text(0, 255)),
	}
	modal := append(common,
		req("title", plain(24)), opt("submit", plain(24)), opt("close", plain(24)),
		opt("clear_on_close", boolean), opt("notify_on_close", boolean), opt("submit_disabled", boolean))
	if where == inHome {
		typed("home", append(common, opt("title", plain(24)), opt("submit", plain(24)), opt("close", plain(24)),
			opt("clear_on_close", boolean), opt("notify_on_close", boolean))...)(c, "/view", v)
	} else {
		typed("modal", modal...)(c, "/view", v)
	}
	blocks := asList(v["blocks"])
	if len(blocks) <= where.maxBlocks() {
		c.problems = append(c.problems, checkBlocksAt("/view/blocks", blocks, where)...)
	}
	hasInput := slices.ContainsFunc(blocks, func(b any) bool { return asText(asObj(b)["type"]) == "input" })
	if where == inModal && hasInput && v["submit"] == nil {
		c.fail("/view", "required", "submit", "missing required field: submit")
	}
	return c.problems
}

// blocksValidate is the method blocks.validate.
func (w *world) blocksValidate(c *call) (obj, error) {
	given := ""
	for _, name := range []string{"blocks", "view", "message"} {
		if c.has(name) {
			if given != "" {
				given = ""
				break
			}
			given = name
		}
	}
	v, err := c.structure(given)
	if given == "" || err != nil {
		return nil, refuse("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
	}
	var problems []problem
	switch given {
	case "blocks":
		problems = checkBlocks(asList(v), inMessage)
	case "message":
		problems = checkBlocks(asList(asObj(v)["blocks"]), inMessage)
	case "view":
		where := inModal
		if asText(asObj(v)["type"]) == "home" {
			where = inHome
		}
		problems = checkView(asObj(v), where)
	}
	if len(problems) > 0 {
		return nil, &refusal{"invalid_" + given, obj{"errors": problems}}
	}
	return nil, nil
}
