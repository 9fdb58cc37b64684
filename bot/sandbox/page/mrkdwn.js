// Slack's mrkdwn, as text and elements. See https://docs.slack.dev/messaging/formatting-message-text/

import { h, safeURL } from './dom.js';
import { emoji } from './emoji.js';
import { toDate } from './model.js';

/** Undoes the only three escapes that Slack's text has. */
export const unescape = (text) => text.replace(/&(lt|gt|amp);/g, (_, e) => ({ lt: '<', gt: '>', amp: '&' })[e]);

/**
 * Renders mrkdwn.
 * @param {string} text
 * @param {import('./model.js').Model} model resolves ids to names
 * @returns {(Node|string)[]}
 */
export function mrkdwn(text, model) {
  return String(text ?? '').split(/(```[\s\S]+?```)/).flatMap((part) =>
    part.startsWith('```') && part.length > 6 ? preformatted(part.slice(3, -3), model) : lines(part, model));
}

/** mrkdwn as one line of plain words, for announcements and previews. */
export const plain = (text, model) => fillText(mrkdwn(text, model)).replace(/\s+/g, ' ').trim();

const fillText = (nodes) => nodes.map((n) => (typeof n === 'string' ? n : n.tagName === 'BR' ? ' ' : n.textContent)).join('');

/** Text with :emoji: and nothing else. */
export const plainText = (object) => {
  const text = object?.text ?? '';
  return object?.emoji === false ? text : text.replace(/:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/g, (_, name) => emoji(name));
};

/** A text object: plain_text or mrkdwn. */
export const textObject = (object, model) => (object?.type === 'mrkdwn' ? mrkdwn(object.text, model) : [plainText(object)]);

function preformatted(text, model) {
  return h('pre', {}, inlineRaw(text.replace(/^\n|\n$/g, ''), model));
}

/** Quotes are whole lines; all else is inline. */
function lines(text, model) {
  const out = [];
  let quote = [];
  const flush = () => {
    if (quote.length) out.push(h('blockquote', {}, joinLines(quote, model)));
    quote = [];
  };
  const rest = [];
  const flushRest = () => {
    if (rest.length) out.push(...joinLines(rest.splice(0), model));
  };
  for (const line of text.split('\n')) {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      flushRest();
      quote.push(quoted[1]);
    } else {
      flush();
      rest.push(line);
    }
  }
  flush();
  flushRest();
  return out;
}

const joinLines = (list, model) => list.flatMap((line, i) => (i ? [h('br'), ...inline(line, model)] : inline(line, model)));

const marks = { '*': 'strong', _: 'em', '~': 's' };
const token = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\p{L}\p{N}_*~])([*_~])(?=\S)((?:(?!\3)[^\n])*?[^\s])\3(?![\p{L}\p{N}])|:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/u;

function inline(text, model) {
  const out = [];
  let rest = text;
  for (let m = token.exec(rest); m; m = token.exec(rest)) {
    if (m.index) out.push(unescape(rest.slice(0, m.index)));
    const [all, angle, code, mark, marked, name] = m;
    if (angle) out.push(reference(angle, model));
    else if (code) out.push(h('code', {}, inlineRaw(code, model)));
    else if (mark) out.push(h(marks[mark], {}, inline(marked, model)));
    else out.push(emoji(name));
    rest = rest.slice(m.index + all.length);
  }
  if (rest) out.push(unescape(rest));
  return out;
}

/** Inside code only references keep their meaning. */
const inlineRaw = (text, model) =>
  text.split(/(<[^<>\n]+>)/).map((part) => (/^<.+>$/.test(part) ? reference(part.slice(1, -1), model) : unescape(part)));

/** What stands between < and >: a person, a channel, a group, a date, or a link. */
function reference(inside, model) {
  const [target, label] = split(inside);
  const words = label === undefined ? undefined : unescape(label);
  if (target.startsWith('@')) return userMention(target.slice(1), model, words);
  if (target.startsWith('#')) return channelMention(target.slice(1), model, words);
  if (target.startsWith('!')) return special(target.slice(1), words);
  return link(unescape(target), words);
}

function split(inside) {
  const bar = inside.indexOf('|');
  return bar < 0 ? [inside] : [inside.slice(0, bar), inside.slice(bar + 1)];
}

/** @name, louder when it is the reader. */
export function userMention(id, model, label) {
  const name = model.byId.has(id) || model.isBot(id) ? model.handle(id) : (label || id);
  return h('span', { class: id === model.me ? 'mention mention-me' : 'mention', title: model.userName(id) }, `@${name}`);
}

/** #name, a link into this page. */
export function channelMention(id, model, label) {
  const channel = model.channel(id);
  if (!channel) return h('span', { class: 'mention' }, label ? `#${label}` : '#private channel');
  return h('a', { class: 'mention', href: `?channel=${encodeURIComponent(channel.name)}`, 'data-channel': channel.id, 'data-focus': `channel:${id}` }, `#${channel.name}`);
}

/** @here and its kin, user groups, and dates. */
function special(inside, label) {
  const [kind, ...rest] = inside.split('^');
  if (kind === 'date') return date(Number(rest[0]), rest[1], label);
  if (kind === 'subteam') return h('span', { class: 'mention' }, label ?? '@group');
  return h('span', { class: 'mention mention-me' }, `@${kind}`);
}

/** A date in the reader's own time; Slack's tokens become one short form. */
export function date(seconds, format, fallback) {
  if (!Number.isFinite(seconds)) return fallback ?? '';
  const at = toDate(seconds * 1000);
  const day = { month: 'short', day: 'numeric' };
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const forms = {
    date_num: () => at.toISOString().slice(0, 10),
    time: () => at.toLocaleTimeString('en', time),
    time_secs: () => at.toLocaleTimeString('en', { ...time, second: '2-digit' }),
    ago: () => ago(at),
  };
  const text = (format ?? '{date} at {time}').replace(/\{(\w+)\}/g, (_, name) =>
    (forms[name] ?? (() => at.toLocaleDateString('en', name.startsWith('date_long') ? { ...day, year: 'numeric', weekday: 'long' } : day)))());
  return h('time', { datetime: at.toISOString(), title: at.toLocaleString() }, text);
}

function ago(at) {
  const minutes = Math.round((Date.now() - at) / 60000);
  const words = (n, unit) => (n >= 0 ? `${n} ${unit} ago` : `in ${-n} ${unit}`);
  return Math.abs(minutes) < 90 ? words(minutes, 'min') : words(Math.round(minutes / 60), 'h');
}

/** A link, or its words alone when the address is not one to follow. */
export function link(address, label, extra = {}) {
  const href = safeURL(address);
  const words = label || address.replace(/^mailto:/, '');
  if (!href) return words;
  const permalink = href.match(/\/archives\/([A-Z0-9]+)(?:\/p(\d{10})(\d{6}))?/);
  const inside = permalink ? { 'data-channel': permalink[1], 'data-message': permalink[2] && `${permalink[2]}.${permalink[3]}` } : {};
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer', 'data-focus': `link:${href}`, ...inside, ...extra }, words);
}
