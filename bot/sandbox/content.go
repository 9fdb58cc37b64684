package sandbox

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of a message (https://docs.slack.dev/reference/methods/chat.postMessage/).
const (
	maxText        = 40_000 // characters; postMessage cuts the rest off and warns
	maxUpdateText  = 4_000  // characters, of chat.update; more is msg_too_long
	maxMarkdown    = 12_000 // characters, of markdown_text
	maxAttachments = 100
	maxMetadata    = 16_000 // bytes, of event_payload
)

// content is what a message says, read and checked.
type content struct {
	text                      string
	blocks, attachments       []any
	hasBlocks, hasAttachments bool // given at all, even if empty
	metadata                  *Metadata
	hasMetadata               bool
	truncated                 bool
}

// readContent reads text, blocks, attachments and metadata and refuses what Slack refuses.
func (w *world) readContent(c *call) (content, error) {
	out := content{text: c.text("text"), hasBlocks: c.has("blocks"), hasAttachments: c.has("attachments")}
	if md := c.text("markdown_text"); md != "" {
		if out.text != "" || out.hasBlocks {
			return out, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > maxMarkdown {
			return out, refuse("msg_too_long")
		}
		out.text = md
	}
	blocks, err := c.structure("blocks")
	if list, isList := blocks.([]any); err != nil || (blocks != nil && !isList) {
		return out, refuse("invalid_blocks_format")
	} else if problems := checkBlocks(list, inMessage); len(problems) > 0 {
		return out, refuse("invalid_blocks", problemLines(problems)...)
	} else {
		out.blocks = w.nameBlocks(list)
	}
	if out.attachments, err = readAttachments(c); err != nil {
		return out, err
	}
	if out.metadata, out.hasMetadata, err = readMetadata(c); err != nil {
		return out, err
	}
	if strings.TrimSpace(out.text) == "" && len(out.blocks) == 0 && len(out.attachments) == 0 {
		return out, refuse("no_text")
	}
	if utf8.RuneCountInString(out.text) > maxText {
		out.text, out.truncated = string([]rune(out.text)[:maxText]), true
	}
	return out, nil
}

func readAttachments(c *call) ([]any, error) {
	v, err := c.structure("attachments")
	list, isList := v.([]any)
	switch {
	case err != nil || (v != nil && !isList):
		return nil, refuse("invalid_attachments")
	case len(list) > maxAttachments:
		return nil, refuse("too_many_attachments")
	}
	for _, a := range list {
		if problems := checkBlocks(asList(asObj(a)["blocks"]), inMessage); len(problems) > 0 {
			return nil, refuse("invalid_blocks", problemLines(problems)...)
		}
	}
	return list, nil
}

// eventType is the shape of a metadata's event_type.
var eventType = regexp.MustCompile(`^[a-zA-Z0-9_.:-]{1,255}$`)

// readMetadata takes an object of event_type and event_payload; slack-go's response_url bodies carry
// one with neither, which means none.
func readMetadata(c *call) (m *Metadata, given bool, err error) {
	v, err := c.structure("metadata")
	if err != nil {
		return nil, true, refuse("invalid_metadata_format")
	}
	if v == nil {
		return nil, false, nil
	}
	o, isObj := v.(obj)
	kind, payload := asText(o["event_type"]), o["event_payload"]
	if isObj && kind == "" && payload == nil {
		return nil, true, nil
	}
	fields, isFields := payload.(obj)
	switch {
	case !isObj || !isFields || !eventType.MatchString(kind):
		return nil, true, refuse("invalid_metadata_format")
	case len(toJSON(fields)) > maxMetadata:
		return nil, true, refuse("metadata_too_large")
	}
	return &Metadata{kind, fields}, true, nil
}
