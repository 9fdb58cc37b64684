// An alert storm: what every monitor of every service says when a model provider is down.

import { act } from './api.js';
import { fill, h } from './dom.js';
import { report } from './overlay.js';

const storm = { alerts: 200, services: 14, over_ms: 20_000 };

/** @returns {{node: HTMLElement, update: (latest: object) => void}} */
export function createStorm() {
  const start = h('button', { type: 'button', class: 'btn', 'data-testid': 'storm', onclick: run }, 'Alert storm');
  const count = h('p', { class: 'pager-result', 'data-testid': 'storm-result' });
  const said = h('p', { class: 'visually-hidden', role: 'status' });
  let running = false;

  function run() {
    start.disabled = true;
    act('storm', storm).catch(report).finally(() => { start.disabled = running; });
  }

  return {
    node: h('div', { class: 'storm' }, start, h('p', { class: 'help' }, `${storm.alerts} alerts of ${storm.services} services in ${storm.over_ms / 1000} s, one cause.`), count, said),
    update(latest) {
      if (!latest?.alerts) return;
      if (running && !latest.running) fill(said, `The storm is over. ${words(latest)}`);
      running = latest.running;
      start.disabled = running;
      count.className = `pager-result ${latest.failed ? 'bad' : 'good'}`;
      fill(count, h('strong', {}, words(latest)), ` slowest answer ${Math.round(latest.slowest_ms)} ms`);
    },
  };
}

/** "37 of 200 sent, 36 taken, 1 refused (503: 1)" */
function words(s) {
  const bad = Object.entries(s.statuses).filter(([status]) => status < 200 || status > 299).map(([status, n]) => `${status === '0' ? 'no answer' : status}: ${n}`);
  return `${s.sent} of ${s.alerts} sent, ${s.ok} taken${s.failed ? `, ${s.failed} not (${bad.join(', ')})` : ''}.`;
}
