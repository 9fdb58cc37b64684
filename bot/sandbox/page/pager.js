// Fires PagerDuty V3 webhooks at the bot, and goes on with the last incident.

import { firePagerDuty } from './api.js';
import { fill, h } from './dom.js';

const defaults = { title: 'Provider error rate high: 529 overloaded', service: 'answers-api', urgency: 'high' };
const field = (label, control) => h('label', { class: 'lab-field' }, h('span', {}, label), control);

/** @returns {{node: HTMLElement, fire: () => void}} fire presses the main button */
export function createPager() {
  const title = h('input', { type: 'text', value: defaults.title, 'data-testid': 'pagerduty-title' });
  const service = h('input', { type: 'text', value: defaults.service, 'data-testid': 'pagerduty-service' });
  const urgency = h('select', { 'data-testid': 'pagerduty-urgency' }, h('option', { value: 'high' }, 'high'), h('option', { value: 'low' }, 'low'));
  const result = h('p', { class: 'pager-result', role: 'status', 'data-testid': 'pagerduty-result' }, 'No webhook sent yet.');
  let last;

  const about = () => ({ title: title.value, service: service.value, urgency: urgency.value });
  const fire = button('Fire a page', 'fire-pagerduty', () => send({ event_type: 'incident.triggered', ...about() }), 'primary');
  const onLast = (eventType, extra = {}) => () => send({ event_type: eventType, id: last.incident_id, ...about(), ...extra });
  const more = [
    button('Acknowledge', 'pagerduty-acknowledge', onLast('incident.acknowledged')),
    button('Note', 'pagerduty-note', onLast('incident.annotated', { note: 'Restarted one replica; error rate unchanged.' })),
    button('Priority P1', 'pagerduty-priority', onLast('incident.priority_updated', { priority: 'P1' })),
    button('Resolve', 'pagerduty-resolve', onLast('incident.resolved')),
    button('Same again', 'pagerduty-again', () => send({ event_type: 'incident.triggered', id: last.incident_id, ...about() })),
  ];
  setLast(undefined);

  function setLast(answer) {
    if (answer?.incident_id) last = answer;
    for (const b of more) b.disabled = !last;
  }

  async function send(body) {
    fire.setAttribute('aria-busy', 'true');
    try {
      const answer = await firePagerDuty(body);
      setLast(answer);
      show(body.event_type, answer);
    } catch (error) {
      fill(result, error.message);
      result.className = 'pager-result bad';
    } finally {
      fire.removeAttribute('aria-busy');
    }
  }

  function show(eventType, answer) {
    const good = answer.status >= 200 && answer.status < 300;
    result.className = `pager-result ${good ? 'good' : 'bad'}`;
    fill(result, h('strong', {}, answer.status ? `HTTP ${answer.status}` : 'Not sent'), ` ${eventType} `, answer.incident_id && h('code', {}, answer.incident_id),
      (answer.error || (!good && answer.response)) && h('span', {}, ` ${answer.error || answer.response}`));
  }

  const node = h('form', { class: 'pager', onsubmit: (event) => { event.preventDefault(); fire.click(); } },
    field('Title', title), h('div', { class: 'lab-row' }, field('Service', service), field('Urgency', urgency)),
    fire, h('div', { class: 'lab-buttons', role: 'group', 'aria-label': 'Go on with the last incident' }, more), result);
  return {
    node,
    fire() {
      fire.focus();
      fire.click();
    },
  };
}

const button = (label, testid, run, style = '') => h('button', { type: 'button', class: `btn ${style}`, 'data-testid': testid, onclick: run }, label);
