// Ctrl K: jump to a channel, act as somebody, or do one of the page's own things.

import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { openDialog } from './overlay.js';

/**
 * @param {{label: string, hint?: string, glyph: string, run: () => void}[]} entries
 */
export function openSwitcher(entries) {
  let found = [];
  let chosen = 0;
  const list = h('ul', { class: 'switcher-list', role: 'listbox', id: 'switcher-list', 'aria-label': 'Results' });
  const input = h('input', {
    type: 'text', role: 'combobox', placeholder: 'Jump to a channel, a person, a tool', 'aria-label': 'Jump to', autocomplete: 'off',
    'aria-expanded': 'true', 'aria-controls': 'switcher-list', 'aria-autocomplete': 'list', 'data-testid': 'switcher-input', oninput: search, onkeydown: onKey,
  });
  const dialog = openDialog('Jump to', () => [h('div', { class: 'switcher' }, input, list)], { 'data-testid': 'switcher' });
  input.focus();
  search();

  function search() {
    const words = input.value.toLowerCase().replace(/^[#@]/, '').split(/\s+/).filter(Boolean);
    found = entries.filter((e) => words.every((w) => e.label.toLowerCase().includes(w)))
      .sort((a, b) => Number(b.label.toLowerCase().startsWith(words[0] ?? '')) - Number(a.label.toLowerCase().startsWith(words[0] ?? '')))
      .slice(0, 12);
    chosen = 0;
    draw();
  }

  function draw() {
    fill(list, found.length === 0 && h('li', { class: 'quiet' }, 'Nothing by that name.'), found.map((e, i) => h('li', {
      role: 'option', id: `switcher-${i}`, 'aria-selected': String(i === chosen), onclick: () => go(e),
    }, icon(e.glyph), h('span', {}, e.label), e.hint && h('small', {}, e.hint))));
    input.setAttribute('aria-activedescendant', found.length ? `switcher-${chosen}` : '');
    list.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      draw();
    } else if (event.key === 'Enter' && found[chosen]) {
      event.preventDefault();
      go(found[chosen]);
    }
  }

  function go(entry) {
    dialog.close();
    entry.run();
  }
}
