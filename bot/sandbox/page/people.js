// The switch between the four people.

import { fill, h } from './dom.js';
import { avatar } from './message.js';

/**
 * A radio group of faces: arrow keys choose, as in any radio group.
 * @param {HTMLElement} root
 * @param {(userId: string) => void} be
 */
export function createPeople(root, be) {
  let drawn = '';
  root.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...root.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    be(next.dataset.user);
  });
  return (model) => {
    const signature = JSON.stringify(model.people);
    if (signature !== drawn) fill(root, model.people.map((p) => face(p, model, be)));
    drawn = signature;
    for (const node of root.children) {
      const mine = node.dataset.user === model.me;
      node.setAttribute('aria-checked', String(mine));
      node.tabIndex = mine ? 0 : -1;
    }
  };
}

const face = (p, model, be) => h('button', {
  type: 'button', role: 'radio', class: 'face', 'data-user': p.id, 'data-testid': `person-${p.id}`,
  title: `Act as ${p.real_name}`, 'aria-label': p.real_name, onclick: () => be(p.id),
}, avatar(p.id, model), h('span', { class: 'face-name' }, (p.real_name || p.name).split(' ')[0]));
