package sandbox

import (
	"fmt"
	"maps"
)

// elementsOf are the interactive elements of a block.
func elementsOf(block obj) []obj {
	var out []obj
	switch asText(block["type"]) {
	case "section":
		if e := asObj(block["accessory"]); e != nil && e["type"] != "image" {
			out = append(out, e)
		}
	case "input":
		out = append(out, asObj(block["element"]))
	case "actions", "context_actions":
		for _, e := range asList(block["elements"]) {
			out = append(out, asObj(e))
		}
	case "card":
		for _, e := range asList(block["actions"]) {
			out = append(out, asObj(e))
		}
	case "carousel":
		for _, card := range asList(block["elements"]) {
			out = append(out, elementsOf(asObj(card))...)
		}
	case "container":
		for _, child := range asList(block["child_blocks"]) {
			out = append(out, elementsOf(asObj(child))...)
		}
	}
	return out
}

// nameBlocks is blocks with a block_id on every block and an action_id on every element that lack
// one, as Slack returns them.
func (w *world) nameBlocks(blocks []any) []any {
	var out []any
	for _, b := range blocks {
		out = append(out, w.name(b))
	}
	return out
}

func (w *world) name(v any) any {
	block := maps.Clone(asObj(v))
	if asText(block["block_id"]) == "" {
		block["block_id"] = w.shortID()
	}
	for _, field := range []string{"accessory", "element"} {
		if e := asObj(block[field]); e != nil {
			block[field] = w.nameElement(e)
		}
	}
	kind := asText(block["type"])
	if kind == "actions" || kind == "context_actions" {
		var named []any
		for _, e := range asList(block["elements"]) {
			named = append(named, w.nameElement(asObj(e)))
		}
		block["elements"] = named
	}
	return block
}

func (w *world) nameElement(e obj) obj {
	if e["type"] == "image" || asText(e["action_id"]) != "" {
		return e
	}
	e = maps.Clone(e)
	e["action_id"] = w.shortID()
	return e
}

// shortID is an id like those that Slack gives to blocks.
func (w *world) shortID() string {
	w.serial++
	return fmt.Sprintf("%05x", w.serial*7919%0x100000)
}

// findElement finds an interactive element: its block, itself. An empty blockID means any block; a
// value chooses among elements of one action_id by their own value.
func findElement(blocks []any, blockID, actionID, value string) (block, element obj, err error) {
	var first, firstBlock obj
	var have []string
	for _, b := range blocks {
		block := asObj(b)
		if blockID != "" && asText(block["block_id"]) != blockID {
			continue
		}
		for _, e := range elementsOf(block) {
			id := asText(e["action_id"])
			have = append(have, id)
			if id != actionID {
				continue
			}
			if asText(e["value"]) == value {
				return block, e, nil
			}
			if first == nil {
				first, firstBlock = e, block
			}
		}
	}
	if first == nil {
		return nil, nil, fmt.Errorf("no element with action_id %q here; there are %q", actionID, have)
	}
	return firstBlock, first, nil
}
