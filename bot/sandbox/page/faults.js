// Switches for what can go wrong between the bot and Slack.

import { act } from './api.js';
import { h, reconcile } from './dom.js';
import { report, toast } from './overlay.js';

/** Each switch: its test id, what it says, and the fault it turns on. */
const switches = [
  { id: 'slow', label: 'Slow, 120 ms', fault: { kind: 'slow', method: '*', delay_ms: 120 } },
  { id: 'slow-2s', label: 'Slow, 2 s', fault: { kind: 'slow', method: '*', delay_ms: 2000 } },
  { id: 'rate_limited', label: '429 once', fault: { kind: 'rate_limited', method: '*', times: 1, retry_after: 2 } },
  { id: 'server_error', label: '500, three times', fault: { kind: 'server_error', method: '*', times: 3 } },
  { id: 'lost_answer', label: 'Lose some answers', fault: { kind: 'lost_answer', method: '*', probability: 0.3 } },
  { id: 'lost_request', label: 'Lose some requests', fault: { kind: 'lost_request', method: '*', probability: 0.3 } },
  { id: 'duplicate_delivery', label: 'Deliver twice', fault: { kind: 'duplicate_delivery' } },
  { id: 'limits', label: 'Slack’s rate limits', fault: { kind: 'limits' } },
  { id: 'disconnect', label: 'Disconnect the bot', fault: { kind: 'disconnect', reason: 'refresh_requested' } },
];

/** @returns {{node: HTMLElement, update: (faults: object[]) => void}} */
export function createFaults() {
  let on = [];
  const isOn = (fault) => on.some((f) => f.kind === fault.kind && f.delay_ms === fault.delay_ms);
  function set(fault) {
    if (isOn(fault)) toast('That fault is on already. Clear all switches it off.');
    else act('fault', fault).catch(report);
  }
  const buttons = switches.map((s) => h('button', { type: 'button', class: 'btn', 'data-testid': `fault-${s.id}`, onclick: () => set(s.fault) }, s.label));
  const clear = h('button', { type: 'button', class: 'btn', 'data-testid': 'fault-clear', onclick: () => set({ kind: 'clear' }) }, 'Clear all');
  const active = h('ul', { class: 'active-faults', 'aria-label': 'Active faults', 'aria-live': 'polite' });
  const none = h('p', { class: 'quiet' }, 'All is well: no fault is on.');
  return {
    node: h('div', {}, h('div', { class: 'lab-buttons', role: 'group', 'aria-label': 'Faults' }, buttons, clear), none, active),
    update(faults) {
      on = faults;
      none.hidden = faults.length > 0;
      clear.disabled = faults.length === 0;
      reconcile(active, faults.map((f, i) => ({ f, i })), {
        key: ({ i }) => String(i),
        signature: ({ f }) => JSON.stringify(f),
        make: ({ f }) => h('li', {}, h('strong', {}, f.kind.replaceAll('_', ' ')), ` ${details(f)}`),
      });
    },
  };
}

/** "for every method, 3 more times, chance 30 %" */
const details = (f) => [
  f.method && f.method !== '*' ? f.method : '',
  f.delay_ms ? `${f.delay_ms} ms` : '',
  f.times ? `${f.times} more` : '',
  f.probability && f.probability < 1 ? `chance ${Math.round(f.probability * 100)} %` : '',
  f.reason ?? '',
].filter(Boolean).join(', ');
