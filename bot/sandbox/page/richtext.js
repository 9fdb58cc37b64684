// rich_text blocks. See https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/

import { h } from './dom.js';
import { emoji } from './emoji.js';
import { channelMention, date, link, userMention } from './mrkdwn.js';

/** Renders a rich_text block. */
export const richText = (block, model) => h('div', { class: 'rich-text' }, group(block.elements, model));

/** Lists that follow one another at different indents are one list, nested. */
function group(elements = [], model) {
  const out = [];
  for (let i = 0; i < elements.length; i++) {
    const e = elements[i];
    if (e.type === 'rich_text_list') out.push(list(e, model));
    else if (e.type === 'rich_text_quote') out.push(h('blockquote', {}, inline(e, model)));
    else if (e.type === 'rich_text_preformatted') out.push(h('pre', {}, inline(e, model)));
    else out.push(h('div', { class: 'rich-section' }, inline(e, model)));
  }
  return out;
}

function list(e, model) {
  const node = h(e.style === 'ordered' ? 'ol' : 'ul', { class: `rich-list indent-${Math.min(e.indent ?? 0, 6)}` },
    (e.elements ?? []).map((item) => h('li', {}, item.type === 'rich_text_section' ? inline(item, model) : group([item], model))));
  if (e.style === 'ordered' && e.offset) node.start = e.offset + 1;
  return node;
}

const inline = (section, model) => (section.elements ?? []).map((e) => styled(piece(e, model), e.style));

function piece(e, model) {
  switch (e.type) {
    case 'text': return lineBreaks(e.text);
    case 'link': return link(e.url, e.text);
    case 'user': return userMention(e.user_id, model);
    case 'channel': return channelMention(e.channel_id, model);
    case 'usergroup': return h('span', { class: 'mention' }, '@group');
    case 'broadcast': return h('span', { class: 'mention mention-me' }, `@${e.range}`);
    case 'emoji': return e.unicode ? fromCodePoints(e.unicode) : emoji(e.name);
    case 'date': return date(e.timestamp, e.format, e.fallback);
    case 'color': return h('code', {}, e.value);
    default: return e.text ?? '';
  }
}

const lineBreaks = (text = '') => text.split('\n').flatMap((line, i) => (i ? [h('br'), line] : [line]));

function fromCodePoints(hex) {
  const points = hex.split('-').map((p) => parseInt(p, 16));
  return points.every((p) => p >= 0 && p <= 0x10ffff) ? String.fromCodePoint(...points) : '';
}

function styled(content, style = {}) {
  let out = [content].flat();
  for (const [name, tag] of [['code', 'code'], ['bold', 'strong'], ['italic', 'em'], ['strike', 's'], ['underline', 'u']]) {
    if (style[name]) out = [h(tag, {}, out)];
  }
  return out;
}
