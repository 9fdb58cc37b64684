// The card that a newcomer sees until the bot has spoken.

import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { recall, remember } from './prefs.js';

const example = '/incident sev2 Answers cut off mid-sentence';

/**
 * @param {HTMLElement} root
 * @param {{type: (text: string) => void, page: () => void}} acts
 */
export function createFirstRun(root, acts) {
  let dismissed = recall('dismissed', false);
  const card = h('section', { class: 'first-run', 'aria-label': 'First steps', 'data-testid': 'first-run' },
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: () => {
      dismissed = true;
      remember('dismissed', true);
      update(false);
    } }, icon('close')),
    h('h2', {}, 'Start an incident'),
    h('p', {}, 'Four people and a bot share this workspace, and nothing leaves your machine. Type ', h('code', {}, example), ', or press Fire a page.'),
    h('div', { class: 'first-run-buttons' },
      h('button', { type: 'button', class: 'btn primary', 'data-testid': 'try-command', onclick: () => acts.type(example) }, 'Type it for me'),
      h('button', { type: 'button', class: 'btn', 'data-testid': 'try-page', onclick: acts.page }, 'Fire a page')),
    h('ul', {},
      h('li', {}, 'The faces at the top switch between people: each sees what only they may see.'),
      h('li', {}, 'React with 📌 to put a message on an incident’s timeline.'),
      h('li', {}, 'The Lab pages the bot, breaks Slack, and shows every API call.')));
  function update(fresh) {
    const show = fresh && !dismissed;
    if (show !== card.isConnected) fill(root, show && card);
  }
  return update;
}
