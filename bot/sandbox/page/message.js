// One message, as a list item.

import { fill, h, roving } from './dom.js';
import { blocks } from './blocks.js';
import { emoji, reactions } from './emoji.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { toDate } from './model.js';
import { mrkdwn, plain, unescape, userMention } from './mrkdwn.js';
import { openMenu } from './overlay.js';

/**
 * @typedef {object} MessageActs what can be done to a message
 * @property {(m: object, action: object) => Promise<void>} click
 * @property {(m: object, name: string) => void} react adds one's reaction, or takes it back
 * @property {(m: object) => void} openThread
 * @property {(m: object, shortcut: object) => void} shortcut
 * @property {(m: object) => void} copyLink
 */

const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/**
 * @param {object} m
 * @param {{model: import('./model.js').Model, acts: MessageActs, grouped: boolean, pinned: boolean, inThread: boolean}} at
 */
export function message(m, at) {
  const item = h('li', {
    class: ['message', at.grouped && 'grouped', m.ephemeral_to && 'ephemeral', at.pinned && 'pinned'].filter(Boolean).join(' '),
    tabindex: '-1', 'data-testid': 'message', 'data-ts': m.ts, 'data-message': 'true',
  });
  if (isSystem(m)) {
    item.classList.add('system');
    return fill(item, icon('info'), h('span', {}, systemText(m, at.model), ' ', time(m)));
  }
  const { model } = at;
  return fill(item,
    h('div', { class: 'gutter' }, at.grouped ? time(m) : avatar(m.user, model, m)),
    h('div', { class: 'message-body' },
      at.pinned && h('p', { class: 'message-note' }, icon('pin'), 'Pinned'),
      m.ephemeral_to && h('p', { class: 'message-note' }, icon('eye'), 'Only visible to you'),
      m.subtype === 'thread_broadcast' && !at.inThread && h('p', { class: 'message-note' }, icon('reply'), 'Replied in a thread'),
      at.grouped ? h('span', { class: 'visually-hidden' }, `${author(m, model)}: `) : h('header', {}, h('strong', {}, author(m, model)), m.bot_id && h('span', { class: 'badge' }, 'app'), time(m)),
      content(m, at),
      (m.files ?? []).map(file),
      reactionBar(m, at),
      !at.inThread && m.reply_count > 0 && threadLink(m, at)),
    toolbar(m, at));
}

/** The name over a message. */
export const author = (m, model) => m.username || model.userName(m.user ?? m.bot_id);

/** A person's initials in their colour; the bot has a bell. */
export function avatar(id, model, m = {}) {
  const person = model.byId.get(id);
  const node = h('span', { class: 'avatar', 'aria-hidden': 'true' });
  if (!person) {
    node.classList.add('avatar-bot');
    node.append(m.icon_emoji ? emoji(m.icon_emoji.replaceAll(':', '')) : icon('bell'));
    return node;
  }
  node.textContent = (person.real_name || person.name).split(/\s+/).map((w) => w[0]).join('').slice(0, 2).toUpperCase();
  const color = /^#?([0-9a-f]{6})$/i.exec(person.color ?? '')?.[1];
  if (color) {
    node.style.backgroundColor = `#${color}`;
    node.style.color = luminance(color) > 0.22 ? '#16191d' : '#ffffff';
  }
  return node;
}

/** WCAG relative luminance, 0 black to 1 white. */
function luminance(hex) {
  const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** What happened to the channel rather than in it. */
const isSystem = (m) => /^(channel|group)_|^(pinned_item|bot_add|bot_remove|reminder_add)$/.test(m.subtype ?? '');

function systemText(m, model) {
  if (m.joined) return [...m.joined.flatMap((id, i) => [i === 0 ? '' : i === m.joined.length - 1 ? ' and ' : ', ', userMention(id, model)]), ' joined the channel'];
  if (m.topic) return [userMention(m.user, model), ` set the channel topic: ${unescape(m.topic)}`]; // never formatted, see channel.js
  const text = m.text ?? m.subtype.replaceAll('_', ' ');
  return text.startsWith(`<@${m.user}`) ? mrkdwn(text, model) : [h('strong', {}, author(m, model)), ' ', ...mrkdwn(text, model)];
}

function time(m) {
  const at = toDate(m.ts);
  return h('time', { datetime: at.toISOString(), title: at.toLocaleString() }, at.toLocaleTimeString('en', clock));
}

/** A person's own words: their text says all that the one rich_text block beside it says. */
const typed = (m) => !m.bot_id && Boolean(m.text) && m.blocks.length === 1 && m.blocks[0].type === 'rich_text';

function content(m, { model, acts }) {
  const surface = { model, act: (action) => acts.click(m, action) };
  const edited = m.edited && h('span', { class: 'edited', title: `Edited at ${toDate(m.edited.ts).toLocaleTimeString()}` }, '(edited)');
  if (m.blocks?.length && !typed(m)) return h('div', { class: 'content blocks' }, blocks(m.blocks, surface), edited);
  if (!m.text) return null;
  return h('div', { class: 'content' }, mrkdwn(m.text, model), edited && ' ', edited);
}

function file(f) {
  const href = `/sandbox/file/${encodeURIComponent(f.id)}`;
  const isMarkdown = /\.(md|markdown)$/i.test(f.name ?? '') || f.mimetype === 'text/markdown';
  const head = h('div', { class: 'file-head' }, icon('file'),
    h('div', { class: 'file-name' }, h('strong', {}, f.title || f.name), h('small', {}, [f.title && f.name !== f.title && f.name, size(f.size)].filter(Boolean).join(' · '))),
    h('div', { class: 'file-links' },
      h('a', { class: 'btn', href, target: '_blank', rel: 'noopener', 'data-focus': `open:${f.id}` }, 'Open'),
      h('a', { class: 'btn', href, download: f.name ?? '', 'data-focus': `download:${f.id}` }, 'Download')));
  if (typeof f.content !== 'string') return h('div', { class: 'file' }, head);
  const body = h('div', { class: 'file-body', tabindex: '0', role: 'group', 'aria-label': `Preview of ${f.name}` }, isMarkdown ? markdown(f.content) : h('pre', {}, f.content));
  return h('div', { class: 'file' }, head, body, previewControls(body, f, isMarkdown));
}

function previewControls(body, f, isMarkdown) {
  const long = f.content.length > 900 || f.content.split('\n').length > 11;
  const grow = long && h('button', {
    type: 'button', class: 'link-button', 'aria-expanded': 'false', 'data-focus': `grow:${f.id}`,
    onclick: () => {
      const open = body.classList.toggle('open');
      grow.textContent = open ? 'Show less' : 'Show all';
      grow.setAttribute('aria-expanded', String(open));
    },
  }, 'Show all');
  const source = isMarkdown && h('button', {
    type: 'button', class: 'link-button', 'aria-pressed': 'false', 'data-focus': `source:${f.id}`,
    onclick: () => {
      const raw = source.getAttribute('aria-pressed') === 'false';
      source.setAttribute('aria-pressed', String(raw));
      fill(body, raw ? h('pre', {}, f.content) : markdown(f.content));
    },
  }, 'Source');
  return h('div', { class: 'file-controls' }, grow, source);
}

const size = (bytes) => (bytes === undefined ? '' : bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);

function reactionBar(m, { model, acts }) {
  if (!m.reactions?.length) return null;
  return h('div', { class: 'reactions' }, m.reactions.map((r) => {
    const mine = r.users?.includes(model.me) ?? false;
    const who = (r.users ?? []).map((id) => model.userName(id)).join(', ');
    return h('button', {
      type: 'button', class: 'reaction', 'aria-pressed': String(mine), title: `${who}: :${r.name}:`, 'data-reaction': r.name,
      'aria-label': `${r.name}, ${r.count ?? r.users?.length}, ${who}`, 'data-focus': `reaction:${r.name}`, onclick: () => acts.react(m, r.name),
    }, h('span', { 'aria-hidden': 'true' }, emoji(r.name)), h('span', { 'aria-hidden': 'true' }, String(r.count ?? r.users?.length ?? 1)));
  }));
}

function threadLink(m, { acts }) {
  return h('button', { type: 'button', class: 'thread-link', 'data-focus': 'thread', onclick: () => acts.openThread(m) },
    icon('reply'), `${m.reply_count} ${m.reply_count === 1 ? 'reply' : 'replies'}`);
}

function toolbar(m, { model, acts, inThread }) {
  if (m.ephemeral_to) return null;
  const label = plain(m.text ?? '', model).slice(0, 40);
  const tool = (name, title, content, run, extra = {}) => h('button', { type: 'button', class: 'icon-button', title, 'aria-label': title, 'data-focus': `tool:${name}`, 'data-tool': name, onclick: run, ...extra }, content);
  const bar = h('div', { class: 'toolbar', role: 'toolbar', 'aria-label': `Message actions: ${label}` },
    reactions.slice(0, 3).map((name) => tool(name, name === 'pushpin' ? 'Pin to the timeline (react with pushpin)' : `React with ${name}`, emoji(name), () => acts.react(m, name))),
    tool('react', 'More reactions', icon('smile'), (event) => openMenu(event.currentTarget,
      reactions.slice(3).map((name) => ({ glyph: emoji(name), label: name, run: () => acts.react(m, name) })), 'Reactions'), { 'aria-haspopup': 'menu' }),
    !inThread && tool('reply', 'Reply in thread', icon('reply'), () => acts.openThread(m)),
    tool('more', 'More', icon('more'), (event) => openMenu(event.currentTarget, [
      ...(model.state.shortcuts ?? []).filter((s) => s.type !== 'global').map((s) => ({ label: s.name, hint: model.bot.name, actionId: s.callback_id, run: () => acts.shortcut(m, s) })),
      { label: 'Copy link', run: () => acts.copyLink(m) },
    ], 'Message actions'), { 'aria-haspopup': 'menu' }));
  roving(bar, '.icon-button', { horizontal: true });
  return bar;
}
