// PagerDuty's own side: who is on call, and what is open there.

import { act } from './api.js';
import { fill, h, reconcile } from './dom.js';
import { report } from './overlay.js';

const note = 'Restarted one replica; error rate unchanged.';

/** @returns {{node: HTMLElement, update: (pagerduty: object) => void}} */
export function createOnCall() {
  const levels = h('ul', { class: 'oncall', 'aria-label': 'On call now' });
  const open = h('ol', { class: 'pd-incidents', 'aria-label': 'Open PagerDuty incidents' });
  const none = h('p', { class: 'quiet' }, 'PagerDuty has no open incident.');
  const more = h('p', { class: 'quiet' });
  const disabled = h('p', { class: 'pd-disabled', role: 'status' }, 'PagerDuty gave up: three webhooks in a row were refused, and the bot hears nothing now. ',
    button('Enable again', 'pd-enable', () => send({ act: 'enable' })));
  return {
    node: h('div', { 'data-testid': 'oncall' }, levels, disabled, none, open, more),
    update(pagerduty) {
      if (!pagerduty) return;
      disabled.hidden = !pagerduty.disabled;
      none.hidden = pagerduty.open > 0;
      more.hidden = pagerduty.open <= pagerduty.incidents.length;
      fill(more, `and ${pagerduty.open - pagerduty.incidents.length} more`);
      reconcile(levels, pagerduty.oncall, { key: (on) => `${on.policy} ${on.level}`, signature: (on) => `${on.user} ${on.until}`, make: level });
      reconcile(open, pagerduty.incidents, { key: (inc) => inc.id, signature: (inc) => JSON.stringify(inc), make: incident });
    },
  };
}

const level = (on) => h('li', {}, h('span', { class: 'quiet' }, `${on.policy}, level ${on.level}`), h('strong', {}, on.user),
  on.until && h('small', {}, `until ${new Date(on.until).toLocaleString('en', { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}`));

const incident = (inc) => h('li', {},
  h('strong', {}, `#${inc.number} ${inc.title}`),
  h('small', {}, [inc.service, inc.status, inc.priority, inc.assignee].filter(Boolean).join(' · ')),
  h('div', { class: 'lab-buttons', role: 'group', 'aria-label': `PagerDuty incident ${inc.number}` },
    inc.status === 'triggered' && button('Acknowledge', 'pd-acknowledge', () => send({ act: 'acknowledge', incident: inc.id })),
    button('Note', 'pd-note', () => send({ act: 'note', incident: inc.id, note })),
    button('Resolve', 'pd-resolve', () => send({ act: 'resolve', incident: inc.id }))));

const send = (body) => act('pagerduty/act', body).catch(report);
const button = (label, testid, run) => h('button', { type: 'button', class: 'btn', 'data-testid': testid, 'data-focus': testid, onclick: run }, label);
