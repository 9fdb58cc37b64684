// The box people write in: suggestions, history, drafts, sending in order.

import { fill, h } from './dom.js';
import { suggest } from './complete.js';
import { icon } from './icons.js';

/**
 * @typedef {object} Place where the next message goes
 * @property {string} key drafts and history are kept under it
 * @property {string} placeholder
 * @property {object} known what suggest() of complete.js chooses from
 * @property {{name: string, run: () => void}[]} shortcuts the global ones
 *
 * @param {{id: string, send: (text: string) => () => Promise<void>}} options send binds the text to the
 * place and person of this moment; what it returns is called when its turn comes and throws what to tell the person
 */
export function createComposer({ id, send }) {
  const listId = `${id}-hints`;
  const input = h('textarea', {
    id, rows: '1', 'data-testid': id, autocomplete: 'off', spellcheck: 'true', enterkeyhint: 'send',
    'aria-autocomplete': 'list', 'aria-controls': listId, 'aria-haspopup': 'listbox',
  });
  const list = h('ul', { class: 'hints', id: listId, role: 'listbox', tabindex: '-1', 'aria-label': 'Suggestions', 'data-testid': 'hints', hidden: true });
  const problem = h('p', { class: 'composer-problem', role: 'alert' });
  const status = h('p', { class: 'composer-status', 'aria-live': 'polite' });
  const sendButton = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', 'data-testid': id === 'composer' ? 'send' : `${id}-send`, disabled: true }, icon('send'));
  const commandButton = h('button', { type: 'button', class: 'icon-button', title: 'Commands', 'aria-label': 'Show commands', onclick: () => showCommands() }, icon('slash'));
  const extras = h('span', { class: 'composer-extras' });
  const form = h('form', { class: 'composer', onsubmit: submit },
    list, problem, h('div', { class: 'composer-box' }, input, h('div', { class: 'composer-bar' }, commandButton, extras, status, sendButton)));

  const drafts = new Map();
  const histories = new Map();
  /** @type {Place} */
  let place = { key: '', placeholder: '', known: { commands: [], people: [], channels: [] }, shortcuts: [] };
  let extrasDrawn = '';
  let suggestions = null;
  let chosen = -1;
  let recalled = -1;
  let queue = Promise.resolve();
  let underway = 0;

  const history = () => histories.get(place.key.split(' ')[0]) ?? [];

  /** Moves the box to another place; each keeps its draft. */
  function moveTo(next) {
    const moved = next.key !== place.key;
    if (moved) drafts.set(place.key, input.value);
    place = next;
    input.placeholder = place.placeholder;
    input.setAttribute('aria-label', place.placeholder);
    const names = JSON.stringify(place.shortcuts.map((s) => s.name));
    if (names !== extrasDrawn) fill(extras, place.shortcuts.map((s) => h('button', { type: 'button', class: 'icon-button', title: s.name, 'aria-label': s.name, onclick: s.run }, icon('bolt'))));
    extrasDrawn = names;
    if (moved) setText(drafts.get(place.key) ?? '', false);
  }

  function setText(text, hints = true) {
    input.value = text;
    input.setSelectionRange(text.length, text.length);
    recalled = -1;
    changed(hints);
  }

  function changed(hints = true) {
    sendButton.disabled = input.value.trim() === '';
    input.style.height = 'auto';
    if (input.scrollHeight > 0) input.style.height = `${Math.min(input.scrollHeight, 220)}px`; // 0 while not shown
    if (hints) look();
    else hide();
  }

  function look() {
    suggestions = suggest(input.value.slice(0, input.selectionStart), place.known);
    chosen = suggestions?.eager ? 0 : -1;
    draw();
  }

  function hide() {
    suggestions = null;
    draw();
  }

  function draw() {
    const items = suggestions?.items ?? [];
    list.hidden = items.length === 0;
    fill(list, items.map((item, i) => h('li', {
      id: `${listId}-${i}`, role: 'option', 'aria-selected': String(i === chosen), class: 'hint',
      onmousedown: (event) => event.preventDefault(), onclick: () => take(i),
    }, h('span', { class: 'hint-label' }, item.label), item.help && h('span', { class: 'hint-help' }, item.help))));
    if (chosen >= 0) {
      input.setAttribute('aria-activedescendant', `${listId}-${chosen}`);
      list.children[chosen]?.scrollIntoView({ block: 'nearest' });
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  }

  function take(i) {
    const item = suggestions.items[i];
    const after = input.value.slice(input.selectionStart);
    const text = input.value.slice(0, suggestions.from) + item.insert;
    input.value = text + after;
    input.setSelectionRange(text.length, text.length);
    input.focus();
    changed();
  }

  function showCommands() {
    if (!input.value.startsWith('/')) setText(`/${input.value}`);
    input.focus();
    look();
  }

  function submit(event) {
    event?.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const key = place.key.split(' ')[0];
    histories.set(key, [...history().filter((t) => t !== text), text].slice(-50));
    const go = send(text);
    setText('', false);
    problem.textContent = '';
    queue = queue.then(() => deliver(go, text));
  }

  async function deliver(go, text) {
    const slow = setTimeout(() => { status.textContent = 'Sending…'; }, 400);
    underway++;
    try {
      await go();
    } catch (error) {
      problem.textContent = error.message;
      if (!input.value) setText(text, false);
    } finally {
      clearTimeout(slow);
      if (--underway === 0) status.textContent = '';
    }
  }

  function onKey(event) {
    if (event.isComposing) return;
    const open = suggestions !== null;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && step && recalled < 0) choose(step, event);
    else if (open && event.key === 'Escape') stopAt(event, hide);
    else if (open && event.key === 'Tab' && !event.shiftKey) stopAt(event, () => take(Math.max(chosen, 0)));
    else if (open && event.key === 'Enter' && !event.shiftKey && chosen >= 0) stopAt(event, () => take(chosen));
    else if (event.key === 'Enter' && !event.shiftKey) stopAt(event, submit);
    else if (step && (recalled >= 0 || input.value === '')) recall(step, event);
  }

  function choose(step, event) {
    event.preventDefault();
    const n = suggestions.items.length;
    chosen = chosen < 0 ? (step > 0 ? 0 : n - 1) : (chosen + step + n) % n;
    draw();
  }

  function stopAt(event, then) {
    event.preventDefault();
    event.stopPropagation();
    then();
  }

  /** Up goes back through what this person sent, down forward again. */
  function recall(step, event) {
    const sent = history();
    const next = recalled - step;
    if (next < -1 || next >= sent.length) return;
    event.preventDefault();
    setText(next < 0 ? '' : sent.at(-1 - next), false);
    recalled = next;
  }

  input.addEventListener('input', () => {
    recalled = -1;
    changed();
  });
  input.addEventListener('keydown', onKey);
  input.addEventListener('blur', () => setTimeout(() => document.activeElement !== input && hide(), 0));
  return { form, input, moveTo, setText };
}
