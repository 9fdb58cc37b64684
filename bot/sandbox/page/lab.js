// The Lab: page somebody, break something, and watch what the bot asks of Slack.

import { fill, h } from './dom.js';
import { createDeliveries, createWaterfall } from './waterfall.js';
import { createFaults } from './faults.js';
import { createOnCall } from './oncall.js';
import { createPager } from './pager.js';
import { createStorm } from './storm.js';

/**
 * Builds the Lab once; update brings it up to date with a model.
 * @returns {{node: HTMLElement, update: (model: import('./model.js').Model) => void, fire: () => void}}
 */
export function createLab() {
  const pager = createPager();
  const storm = createStorm();
  const onCall = createOnCall();
  const faults = createFaults();
  const calls = createWaterfall();
  const deliveries = createDeliveries();
  const callCount = h('span', { class: 'count' });
  const node = h('div', { class: 'lab' },
    part('PagerDuty', 'Send the bot a signed webhook, as PagerDuty would.', [pager.node, storm.node]),
    part('On call', 'Who PagerDuty calls, and what is open there. The bot hears of what you do by webhook.', onCall.node),
    part('Faults', 'Make Slack misbehave. What people see should stay right.', faults.node),
    part(['API calls ', callCount], 'What the bot asked of Slack and PagerDuty, newest burst first.', calls.node),
    part('Deliveries', 'What Slack told the bot, and when it was acknowledged.', deliveries.node));
  return {
    node,
    fire: pager.fire,
    update(model) {
      storm.update(model.state.storm);
      onCall.update(model.state.pagerduty);
      faults.update(model.state.faults ?? []);
      calls.update(model.state.calls ?? []);
      deliveries.update(model.state.deliveries ?? []);
      fill(callCount, String(model.state.calls?.length ?? 0));
    },
  };
}

const part = (title, help, body) => h('section', { class: 'lab-part' }, h('h3', {}, title), h('p', { class: 'help' }, help), body);
