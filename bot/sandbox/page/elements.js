// Block Kit's interactive elements as the browser's own controls, which bring
// keyboard, touch and screen readers with them.
// See https://docs.slack.dev/reference/block-kit/block-elements/

import { h, safeURL } from './dom.js';
import { icon } from './icons.js';
import { plainText, textObject } from './mrkdwn.js';
import { confirmed, openMenu } from './overlay.js';

/**
 * @typedef {object} Surface where blocks stand: a message, a modal, the home tab
 * @property {import('./model.js').Model} model
 * @property {(action: {action_id: string, block_id?: string, value?: string|string[]}) => Promise<void>} act
 * @property {(block: object, element: object, field: Field) => void} [addField] a modal collects its fields
 *
 * @typedef {object} Field
 * @property {HTMLElement} node
 * @property {() => (string|string[])} read
 * @property {(value: string|string[]) => void} write
 */

/**
 * Renders one element.
 * @param {object} e the element
 * @param {object} block the block it stands in
 * @param {Surface} surface
 */
export function element(e, block, surface) {
  if (e.type === 'button' || e.type === 'workflow_button' || e.type === 'icon_button') return button(e, block, surface);
  if (e.type === 'overflow') return overflow(e, block, surface);
  if (e.type === 'image') return image(e);
  const make = fields[e.type];
  if (!make) return h('span', { class: 'unknown' }, `${e.type} is not shown in the sandbox`);
  const field = make(e, surface);
  name(field.node, e, block);
  surface.addField?.(block, e, field);
  if (block.type !== 'input' || block.dispatch_action) dispatch(field, e, block, surface);
  return field.node;
}

/** Marks the control so that tests, labels and kept focus can find it. */
function name(node, e, block) {
  node.dataset.actionId = e.action_id ?? '';
  const control = node.matches('input, select, textarea') ? node : node.querySelector('input');
  if (control) control.dataset.focus = `field:${block.block_id}:${e.action_id}`;
  if (block.type !== 'input') node.setAttribute('aria-label', plainText(e.placeholder) || plainText(block.text) || e.action_id || e.type);
}

/** Changing the control is an action; buttons and inputs alike wait until the app has it. */
function dispatch(field, e, block, surface) {
  field.node.addEventListener('change', async () => {
    const value = field.read();
    if (!(await confirmed(e.confirm, surface.model))) return;
    await busy(field.node, surface.act({ action_id: e.action_id, block_id: block.block_id, value }));
  });
}

async function busy(node, work) {
  node.setAttribute('aria-busy', 'true');
  try {
    await work;
  } finally {
    node.removeAttribute('aria-busy');
  }
}

function button(e, block, surface) {
  const style = ['primary', 'danger'].includes(e.style) ? ` ${e.style}` : '';
  const href = e.url && safeURL(e.url);
  const press = async (event) => {
    const self = event.currentTarget;
    if (self.getAttribute('aria-busy') || !(await confirmed(e.confirm, surface.model))) return;
    await busy(self, surface.act({ action_id: e.action_id, block_id: block.block_id, value: e.value }));
  };
  const shared = {
    class: `btn${style}`, onclick: press, 'data-action-id': e.action_id, 'data-value': e.value,
    'data-focus': `button:${block.block_id}:${e.action_id}:${e.value}`, 'aria-label': e.accessibility_label,
  };
  const label = plainText(e.text) || e.alt_text || e.action_id;
  return href ? h('a', { ...shared, href, target: '_blank', rel: 'noopener noreferrer' }, label) : h('button', { type: 'button', ...shared }, label);
}

function overflow(e, block, surface) {
  const node = h('button', {
    type: 'button', class: 'btn btn-overflow', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': 'More actions',
    'data-action-id': e.action_id, 'data-focus': `overflow:${block.block_id}:${e.action_id}`,
    onclick: () => openMenu(node, (e.options ?? []).map((o) => ({
      label: plainText(o.text), hint: plainText(o.description), actionId: e.action_id, value: o.value,
      run: async () => {
        if (o.url && safeURL(o.url)) open(safeURL(o.url), '_blank', 'noopener');
        if (await confirmed(e.confirm, surface.model)) await busy(node, surface.act({ action_id: e.action_id, block_id: block.block_id, value: o.value }));
      },
    })), 'More actions'),
  }, icon('more'));
  return node;
}

/** Pictures from elsewhere are never loaded: their words stand for them. */
export function image(e) {
  const address = e.image_url && new URL(e.image_url, location.href);
  if (address && address.origin === location.origin) return h('img', { class: 'block-image', src: address.href, alt: e.alt_text ?? '' });
  return h('span', { class: 'image-words', role: 'img', 'aria-label': e.alt_text ?? 'image' }, e.alt_text ?? 'image');
}

const allOptions = (e) => [...(e.options ?? []), ...(e.option_groups ?? []).flatMap((g) => g.options)];
const optionNode = (o, initial) => h('option', { value: o.value, selected: o.value === initial }, plainText(o.text));

function select(e, options, initial, groups) {
  const node = h('select', {}, h('option', { value: '' }, plainText(e.placeholder) || 'Choose…'),
    groups ? groups.map((g) => h('optgroup', { label: plainText(g.label) }, g.options.map((o) => optionNode(o, initial)))) : options.map((o) => optionNode(o, initial)));
  return { node, read: () => node.value, write: (v) => { node.value = v; } };
}

/** A group of radio buttons or checkboxes. */
function choices(kind, options, initial, surface, limit) {
  const group = crypto.randomUUID();
  const inputs = options.map((o) => h('input', { type: kind, name: group, value: o.value, checked: initial.includes(o.value) }));
  const node = h('div', { class: 'choices', role: kind === 'radio' ? 'radiogroup' : 'group' }, options.map((o, i) =>
    h('label', {}, inputs[i], h('span', {}, textObject(o.text, surface.model), o.description && h('small', {}, textObject(o.description, surface.model))))));
  const picked = () => inputs.filter((i) => i.checked).map((i) => i.value);
  if (limit) node.addEventListener('change', () => inputs.forEach((i) => { i.disabled = !i.checked && picked().length >= limit; }));
  return {
    node,
    read: () => (kind === 'radio' ? picked()[0] ?? '' : picked()),
    write: (v) => inputs.forEach((i) => { i.checked = [v].flat().includes(i.value); }),
  };
}

function textInput(e, type, initial) {
  const node = e.multiline || e.type === 'rich_text_input' ? h('textarea', { rows: '4' }) : h('input', { type });
  if (e.placeholder) node.placeholder = plainText(e.placeholder);
  if (e.max_length) node.maxLength = e.max_length;
  if (e.min_length) node.minLength = e.min_length;
  if (e.type === 'number_input') {
    node.step = e.is_decimal_allowed ? 'any' : '1';
    if (e.min_value !== undefined) node.min = e.min_value;
    if (e.max_value !== undefined) node.max = e.max_value;
  }
  node.value = initial ?? '';
  return { node, read: () => node.value, write: (v) => { node.value = v; } };
}

/** Slack wants seconds since 1970; the browser's control speaks local time. */
function dateTime(e) {
  const field = textInput(e, 'datetime-local');
  const local = (seconds) => {
    const at = new Date(seconds * 1000);
    return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  };
  field.write = (v) => { field.node.value = v ? local(Number(v)) : ''; };
  field.read = () => (field.node.value ? String(Math.floor(new Date(field.node.value) / 1000)) : '');
  field.write(e.initial_date_time);
  return field;
}

const asOption = (value, text) => ({ value, text: { type: 'plain_text', text, emoji: false } });
const people = ({ model }) => model.people.map((p) => asOption(p.id, p.real_name || p.name));
const channels = ({ model }) => model.visibleChannels().filter((c) => !c.is_archived).map((c) => asOption(c.id, `#${model.channelName(c)}`));
const values = (options) => (options ?? []).map((o) => o.value);

/** How to make each kind of field. */
const fields = {
  plain_text_input: (e) => textInput(e, 'text', e.initial_value),
  rich_text_input: (e) => textInput(e, 'text'),
  email_text_input: (e) => textInput(e, 'email', e.initial_value),
  url_text_input: (e) => textInput(e, 'url', e.initial_value),
  number_input: (e) => textInput(e, 'number', e.initial_value),
  datepicker: (e) => textInput(e, 'date', e.initial_date),
  timepicker: (e) => textInput(e, 'time', e.initial_time),
  datetimepicker: dateTime,
  static_select: (e) => select(e, e.options ?? [], e.initial_option?.value, e.option_groups),
  external_select: (e) => select(e, values([e.initial_option].filter(Boolean)).length ? [e.initial_option] : [], e.initial_option?.value),
  users_select: (e, s) => select(e, people(s), e.initial_user),
  channels_select: (e, s) => select(e, channels(s), e.initial_channel),
  conversations_select: (e, s) => select(e, channels(s), e.initial_conversation),
  radio_buttons: (e, s) => choices('radio', e.options ?? [], values([e.initial_option].filter(Boolean)), s),
  checkboxes: (e, s) => choices('checkbox', e.options ?? [], values(e.initial_options), s),
  multi_static_select: (e, s) => choices('checkbox', allOptions(e), values(e.initial_options), s, e.max_selected_items),
  multi_users_select: (e, s) => choices('checkbox', people(s), e.initial_users ?? [], s, e.max_selected_items),
  multi_channels_select: (e, s) => choices('checkbox', channels(s), e.initial_channels ?? [], s, e.max_selected_items),
  multi_conversations_select: (e, s) => choices('checkbox', channels(s), e.initial_conversations ?? [], s, e.max_selected_items),
};
