// API calls as bars on a time axis, so that order and overlap can be seen.

import { h, reconcile } from './dom.js';
import { toDate } from './model.js';

const pause = 2000; // ms of silence that end a burst of calls
const most = 60; // calls drawn

/** @returns {{node: HTMLElement, update: (calls: object[]) => void}} */
export function createWaterfall() {
  const list = h('div', { class: 'bursts' });
  const none = h('p', { class: 'quiet' }, 'No calls yet. They appear here as soon as the bot does something.');
  return {
    node: h('div', {}, none, list),
    update(calls) {
      none.hidden = calls.length > 0;
      reconcile(list, bursts(calls.slice(-most)).reverse(), {
        key: (burst) => String(burst[0].n),
        signature: (burst) => `${burst.length} ${burst.at(-1).n} ${burst.map((c) => [c.ms, c.status]).join()}`,
        make: draw,
      });
    },
  };
}

const began = (call) => toDate(call.at).getTime();

/** Calls in the order they began, cut where nothing happened for a while. */
function bursts(calls) {
  const out = [];
  let end = -Infinity;
  for (const call of [...calls].sort((a, b) => began(a) - began(b) || a.n - b.n)) {
    if (began(call) - end > pause) out.push([]);
    out.at(-1).push(call);
    end = Math.max(end, began(call) + call.ms);
  }
  return out;
}

function draw(burst) {
  const start = began(burst[0]);
  const span = Math.max(1, ...burst.map((c) => began(c) + c.ms - start));
  return h('section', { class: 'burst' },
    h('h4', {}, new Date(start).toLocaleTimeString('en', { hourCycle: 'h23' }), h('span', {}, `${burst.length} ${burst.length === 1 ? 'call' : 'calls'} in ${milliseconds(span)}`)),
    h('ol', { class: 'calls' }, burst.map((c) => row(c, start, span))));
}

function row(call, start, span) {
  const bar = h('span', { class: 'bar' });
  bar.style.left = `${((began(call) - start) / span) * 100}%`;
  bar.style.width = `max(3px, ${(call.ms / span) * 100}%)`;
  const running = !call.status && !call.fault && !call.ms;
  const bad = call.error || call.status >= 400 || (!call.status && !running);
  return h('li', { class: bad ? 'call bad' : 'call', title: [call.args_summary, call.error, call.fault && `fault: ${call.fault}`].filter(Boolean).join('\n') },
    h('span', { class: 'call-method' }, call.method), h('span', { class: 'lane', 'aria-hidden': 'true' }, bar),
    h('span', { class: 'call-ms' }, milliseconds(call.ms)), h('span', { class: 'call-status' }, call.error || (running ? '…' : String(call.status || 'cut'))));
}

const milliseconds = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`);

/** @returns {{node: HTMLElement, update: (deliveries: object[]) => void}} */
export function createDeliveries() {
  const list = h('ol', { class: 'deliveries' });
  const none = h('p', { class: 'quiet' }, 'Nothing delivered yet.');
  return {
    node: h('div', {}, none, list),
    update(deliveries) {
      none.hidden = deliveries.length > 0;
      reconcile(list, deliveries.slice(-20).reverse(), {
        key: (d) => `${d.id} ${d.attempt}`,
        signature: (d) => `${d.acked_ms} ${d.error}`,
        make: (d) => h('li', { class: d.error ? 'bad' : null }, h('span', {}, d.kind), d.attempt > 0 && h('span', { class: 'badge' }, `retry ${d.attempt}`),
          h('span', { class: 'call-status' }, d.error || (d.acked_ms >= 0 && d.acked_ms !== null && d.acked_ms !== undefined ? `acknowledged in ${milliseconds(d.acked_ms)}` : 'waiting'))),
      });
    },
  };
}
