// A list of messages that is kept up to date without disturbing its reader.

import { h, reconcile } from './dom.js';
import { message } from './message.js';
import { toDate } from './model.js';

const page = 200; // how many messages are drawn at first, and more for each "Show earlier"
const groupWithin = 5 * 60; // seconds in which one author's messages share a heading

/**
 * Keeps the list in a scrolling box. It follows new messages only while its
 * reader is at the bottom.
 * @param {HTMLElement} scroller
 * @param {HTMLOListElement} list
 */
export function createTimeline(scroller, list) {
  let shown = page;
  let place = '';
  let atBottom = true;
  let watching = () => {};

  let top = 0;
  // Only a person scrolls up: the box may also shrink or fill while it is at the bottom.
  scroller.addEventListener('scroll', () => {
    const near = isNear();
    if (near || scroller.scrollTop < top) atBottom = near;
    top = scroller.scrollTop;
    if (near) watching();
  }, { passive: true });
  const isNear = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
  // A box that grows may show the end without being scrolled.
  const keepBottom = () => (atBottom || isNear()) && toBottom();
  new ResizeObserver(keepBottom).observe(scroller);
  new ResizeObserver(keepBottom).observe(list);

  function toBottom() {
    scroller.scrollTop = scroller.scrollHeight;
    atBottom = true;
    watching();
  }

  /**
   * Shows these messages.
   * @param {object[]} messages
   * @param {{key: string, model: object, acts: object, pins?: Set<string>, inThread?: boolean}} at key names the place; a new one starts at the bottom
   */
  function show(messages, at) {
    const moved = at.key !== place;
    if (moved) {
      place = at.key;
      shown = page;
      atBottom = true;
    }
    const before = list.lastElementChild?.dataset.ts;
    reconcile(list, rows(messages, at), {
      key: (row) => row.key,
      signature: (row) => row.signature,
      make: (row) => row.make(),
    });
    const focusable = list.querySelector('[data-message][tabindex="0"]') ?? [...list.querySelectorAll('[data-message]')].at(-1);
    if (focusable) focusable.tabIndex = 0;
    if (atBottom) toBottom();
    return { moved, arrived: !moved && before !== undefined && before !== list.lastElementChild?.dataset.ts, atBottom };
  }

  function rows(messages, at) {
    const drawn = messages.slice(-shown);
    const out = [];
    if (drawn.length < messages.length) out.push(earlier(messages, at));
    let previous;
    for (const m of foldJoins(drawn)) {
      const day = toDate(m.ts).toDateString();
      if (!at.inThread && day !== (previous && toDate(previous.ts).toDateString())) out.push(divider(day));
      out.push(row(m, { ...at, grouped: belongs(m, previous), pinned: at.pins?.has(m.ts) ?? false, inThread: at.inThread ?? false }));
      previous = m;
    }
    return out;
  }

  function earlier(messages, at) {
    const left = messages.length - shown;
    const more = () => {
      const height = scroller.scrollHeight;
      shown += page;
      atBottom = false;
      show(messages, at);
      scroller.scrollTop += scroller.scrollHeight - height;
    };
    return {
      key: 'earlier', signature: `${left}`,
      make: () => h('li', { class: 'earlier' }, h('button', { type: 'button', class: 'btn', 'data-focus': 'earlier', onclick: more }, `Show earlier (${left})`)),
    };
  }

  /** Scrolls to one message and lets it be seen. */
  function reveal(ts) {
    const item = list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!item) return;
    atBottom = false;
    item.scrollIntoView({ block: 'center' });
    item.focus({ preventScroll: true });
    item.classList.add('revealed');
    setTimeout(() => item.classList.remove('revealed'), 2000);
  }

  list.addEventListener('keydown', (event) => moveFocus(list, event));
  return { show, toBottom, reveal, onBottom: (then) => { watching = then; } };
}

/** Up and down go from message to message. */
function moveFocus(list, event) {
  if (!event.target.matches('[data-message]')) return;
  const all = [...list.querySelectorAll('[data-message]')];
  const here = all.indexOf(event.target);
  const next = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: all.length - 1 }[event.key];
  if (!all[next]) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  all[next].tabIndex = 0;
  all[next].focus();
}

const joins = /^(channel|group)_join$/;

/** People who join one after the other share a line: it carries the first one's ts and everybody in `joined`. */
function foldJoins(messages) {
  const out = [];
  for (const m of messages) {
    const last = out.at(-1);
    if (!joins.test(m.subtype)) out.push(m);
    else if (last?.joined) last.joined.push(m.user);
    else out.push({ ...m, joined: [m.user] });
  }
  return out;
}

/** Does m continue what the same author just said? */
function belongs(m, previous) {
  return Boolean(previous) && previous.user === m.user && previous.username === m.username && !previous.subtype && !m.subtype &&
    previous.ephemeral_to === m.ephemeral_to && Number(m.ts) - Number(previous.ts) < groupWithin &&
    toDate(m.ts).toDateString() === toDate(previous.ts).toDateString();
}

function row(m, at) {
  return {
    key: m.ts + (m.ephemeral_to ?? ''),
    signature: JSON.stringify([m, at.grouped, at.pinned, at.model.me, at.model.channelById.size]),
    make: () => message(m, at),
  };
}

function divider(day) {
  const today = new Date().toDateString();
  const words = day === today ? 'Today' : new Date(day).toLocaleDateString('en', { weekday: 'long', month: 'long', day: 'numeric' });
  return { key: `day ${day}`, signature: words, make: () => h('li', { class: 'day' }, h('span', {}, words)) };
}
