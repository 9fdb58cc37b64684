// Markdown, lightly: what a postmortem and a markdown block need. Anything else,
// HTML above all, stays the text that it is.

import { h } from './dom.js';
import { emoji } from './emoji.js';
import { link } from './mrkdwn.js';

/** Renders Markdown into elements. */
export const markdown = (source) => h('div', { class: 'markdown' }, blocks(String(source ?? '').replace(/\r\n?/g, '\n').split('\n')));

const bullet = /^(\s*)([-*+•]|\d+[.)])\s+(.*)$/;
const kinds = [
  { starts: /^\s*(```|~~~)/, take: fence },
  { starts: /^#{1,6}\s/, take: heading },
  { starts: /^\s*([-*_])(\s*\1){2,}\s*$/, take: (lines) => (lines.shift(), h('hr')) },
  { starts: /^\s*>/, take: quote },
  { starts: /^\s*\|.*\|\s*$/, take: table },
  { starts: bullet, take: list },
];

const isBlank = (line) => line.trim() === '';
const startsBlock = (line) => kinds.some((k) => k.starts.test(line));

function blocks(lines) {
  const out = [];
  while (lines.length) {
    if (isBlank(lines[0])) {
      lines.shift();
      continue;
    }
    const kind = kinds.find((k) => k.starts.test(lines[0]));
    out.push(kind ? kind.take(lines) : paragraph(lines));
  }
  return out;
}

function takeWhile(lines, test) {
  const end = lines.findIndex((line, i) => !test(line, i));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function paragraph(lines) {
  const own = takeWhile(lines, (line, i) => !isBlank(line) && (i === 0 || !startsBlock(line)));
  return h('p', {}, own.flatMap((line, i) => (i ? [/ {2}$|\\$/.test(own[i - 1]) ? h('br') : ' ', ...inline(line.trim())] : inline(line.trim()))));
}

function fence(lines) {
  const [mark] = lines.shift().trim().match(/^(`{3,}|~{3,})/);
  const body = takeWhile(lines, (line) => !line.trim().startsWith(mark));
  lines.shift();
  return h('pre', {}, body.join('\n'));
}

function heading(lines) {
  const [, marks, words] = lines.shift().match(/^(#+)\s+(.*?)\s*#*$/) ?? [null, '#', ''];
  return h(`h${Math.min(marks.length + 1, 6)}`, { class: `md-h${marks.length}` }, inline(words));
}

function quote(lines) {
  return h('blockquote', {}, blocks(takeWhile(lines, (line) => /^\s*>/.test(line)).map((line) => line.replace(/^\s*> ?/, ''))));
}

function table(lines) {
  const rows = takeWhile(lines, (line) => /^\s*\|.*\|\s*$/.test(line)).map(cells);
  const ruled = rows[1]?.every((c) => /^:?-+:?$/.test(c));
  const first = ruled ? rows.shift() : [];
  if (ruled) rows.shift();
  return h('div', { class: 'table-scroll', tabindex: '0', role: 'group', 'aria-label': 'Table' }, h('table', {},
    first.some(Boolean) && h('thead', {}, h('tr', {}, first.map((c) => h('th', { scope: 'col' }, inline(c))))),
    h('tbody', {}, rows.map((r) => h('tr', {}, r.map((c) => h('td', {}, inline(c))))))));
}

const cells = (line) => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((c) => c.trim().replace(/\\\|/g, '|'));

function list(lines) {
  const [, indent, mark] = lines[0].match(bullet);
  const items = [];
  while (lines.length) {
    const m = lines[0].match(bullet);
    if (!m || m[1].length < indent.length || /\d/.test(m[2]) !== /\d/.test(mark)) break;
    lines.shift();
    const deeper = takeWhile(lines, (line) => !isBlank(line) && line.search(/\S/) > indent.length);
    items.push(item(m[3], deeper.map((line) => line.slice(Math.min(indent.length + 2, line.search(/\S/))))));
    if (lines.length > 1 && isBlank(lines[0]) && bullet.test(lines[1])) lines.shift();
  }
  return h(/\d/.test(mark) ? 'ol' : 'ul', {}, items);
}

function item(text, deeper) {
  const task = text.match(/^\[([ xX])\]\s+(.*)$/);
  const more = blocks(deeper.some(startsBlock) ? deeper : deeper.length ? [` ${deeper.join(' ')}`] : []);
  if (!task) return h('li', {}, inline(text), more);
  const done = task[1] !== ' ';
  return h('li', { class: 'task' }, h('span', { class: 'task-box', role: 'img', 'aria-label': done ? 'done' : 'to do' }, done ? '☑' : '☐'), ' ', inline(task[2]), more);
}

const token = /\\([!-/:-@[-`{-~])|(`+)([^`]|[^`].*?[^`])\2(?!`)|!?\[((?:\\.|[^\]\\])*)\]\(\s*<?((?:[^\s()<>]|\([^\s()]*\))+)>?(?:\s+"[^"]*")?\s*\)|(\*\*|__)(?=\S)(.+?)(?<=\S)\6|~~(?=\S)(.+?)~~|(?<![\w*])([*_])(?=\S)((?:(?!\9).)+?)(?<=\S)\9(?!\w)|:([a-z][a-z0-9_+-]+):|&(amp|lt|gt|quot|#39);/;
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function inline(text) {
  const out = [];
  let rest = text;
  for (let m = token.exec(rest); m; m = token.exec(rest)) {
    if (m.index) out.push(rest.slice(0, m.index));
    out.push(span(m));
    rest = rest.slice(m.index + m[0].length);
  }
  if (rest) out.push(rest);
  return out;
}

function span([, escaped, , code, words, address, , strong, strike, , em, name, entity]) {
  if (escaped) return escaped;
  if (code) return h('code', {}, code.trim());
  if (address) return link(address, words.replace(/\\(.)/g, '$1') || address);
  if (strong) return h('strong', {}, inline(strong));
  if (strike) return h('s', {}, inline(strike));
  if (em) return h('em', {}, inline(em));
  return entity ? entities[entity] : emoji(name);
}
