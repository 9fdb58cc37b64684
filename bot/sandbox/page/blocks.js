// Block Kit's layout blocks. See https://docs.slack.dev/reference/block-kit/blocks/

import { h } from './dom.js';
import { element, image } from './elements.js';
import { link, mrkdwn, plainText, textObject } from './mrkdwn.js';
import { markdown } from './markdown.js';
import { richText } from './richtext.js';

/**
 * Renders one block; a kind that is not known here becomes a small labelled box.
 * @param {object} block
 * @param {import('./elements.js').Surface} surface
 */
export function block(b, surface) {
  const make = kinds[b.type];
  const node = make ? make(b, surface) : h('div', { class: 'unknown' }, `${b.type ?? 'A block without a type'} is not shown in the sandbox`);
  node.classList.add('block');
  return node;
}

/** Renders a list of blocks in order. */
export const blocks = (list, surface) => list.map((b) => block(b, surface));

const kinds = {
  header: (b) => h('div', { class: 'block-header', role: 'heading', 'aria-level': '2' }, plainText(b.text)),
  section,
  context: (b, s) => h('div', { class: 'block-context' }, (b.elements ?? []).map((e) => (e.type === 'image' ? image(e) : h('span', {}, textObject(e, s.model))))),
  actions: (b, s) => h('div', { class: 'block-actions' }, (b.elements ?? []).map((e) => element(e, b, s))),
  context_actions: (b, s) => h('div', { class: 'block-actions' }, (b.elements ?? []).map((e) => element(e, b, s))),
  divider: () => h('hr'),
  image: (b) => h('figure', { class: 'block-figure' }, image(b), b.title && h('figcaption', {}, plainText(b.title))),
  input,
  rich_text: (b, s) => richText(b, s.model),
  markdown: (b) => markdown(b.text),
  table,
  alert: (b, s) => h('div', { class: `block-alert alert-${b.level ?? 'default'}` }, textObject(b.text, s.model)),
  video: (b) => h('div', { class: 'unknown' }, 'Video: ', b.title_url ? link(b.title_url, plainText(b.title)) : plainText(b.title)),
  file: (b) => h('div', { class: 'unknown' }, `File ${b.external_id ?? ''}`),
};

function section(b, surface) {
  return h('div', { class: 'block-section' },
    h('div', { class: 'section-main' },
      b.text && h('div', { class: 'section-text' }, textObject(b.text, surface.model)),
      b.fields && h('div', { class: 'section-fields' }, b.fields.map((f) => h('div', {}, textObject(f, surface.model))))),
    b.accessory && h('div', { class: 'section-accessory' }, element(b.accessory, b, surface)));
}

/** A labelled field; the ids tie label, hint and error to the control. */
function input(b, surface) {
  const control = element(b.element ?? {}, b, surface);
  const id = `field-${crypto.randomUUID()}`;
  const grouped = control.matches('div');
  const described = [b.hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' ');
  control.id = id;
  control.setAttribute('aria-describedby', described);
  if (grouped) control.setAttribute('aria-labelledby', `${id}-label`);
  if (!b.optional) control.setAttribute('aria-required', 'true');
  return h('div', { class: 'block-input', 'data-block-id': b.block_id },
    h(grouped ? 'span' : 'label', { class: 'field-label', id: `${id}-label`, for: grouped ? null : id }, plainText(b.label), b.optional && h('span', { class: 'optional' }, 'optional')),
    control,
    h('p', { class: 'field-error', id: `${id}-error`, role: 'alert' }),
    b.hint && h('p', { class: 'field-hint', id: `${id}-hint` }, plainText(b.hint)));
}

function table(b, surface) {
  const [head, ...rows] = b.rows ?? [];
  const align = (i) => ({ right: 'align-right', center: 'align-center' })[b.column_settings?.[i]?.align];
  const cell = (tag) => (c, i) => h(tag, { class: align(i), scope: tag === 'th' ? 'col' : null },
    c.type === 'rich_text' ? richText(c, surface.model) : c.text && typeof c.text === 'object' ? mrkdwn(c.text.text, surface.model) : String(c.text ?? c.value ?? ''));
  return h('div', { class: 'table-scroll', tabindex: '0', role: 'group', 'aria-label': 'Table' }, h('table', {},
    head && h('thead', {}, h('tr', {}, head.map(cell('th')))), h('tbody', {}, rows.map((r) => h('tr', {}, r.map(cell('td')))))));
}
