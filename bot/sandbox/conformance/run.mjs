// Drives an unmodified @slack/bolt app and @slack/web-api against two running sandboxes.
//
//   node run.mjs --socket http://127.0.0.1:4720 --http http://127.0.0.1:4721 --port 4722
//
// The sandbox at --socket is in Socket Mode; the one at --http delivers to
// http://127.0.0.1:PORT/slack/events. Both know the shortcut "declare" (global).
// Prints one line a check and "N passed, N failed", and exits with 1 if one failed.

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import bolt from '@slack/bolt';
import { WebClient } from '@slack/web-api';

const { values: flags } = parseArgs({
  options: { socket: { type: 'string' }, http: { type: 'string' }, port: { type: 'string' } },
});

let passed = 0;
let failed = 0;

/** Runs one named check and counts it. */
async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${error.stack ?? error}`);
  }
}

/** Lets a person act, through the sandbox's own API. */
async function act(base, what, body) {
  const response = await fetch(`${base}/sandbox/${what}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  return response.json();
}

const state = async (base) => (await fetch(`${base}/sandbox/state`)).json();

/** The first message of a channel that fits, waited for up to five seconds. */
async function message(base, channelName, fits) {
  for (const deadline = Date.now() + 5000; Date.now() < deadline; await new Promise((r) => setTimeout(r, 20))) {
    const now = await state(base);
    const channel = now.channels.find((c) => c.name === channelName);
    const found = now.messages[channel.id].find(fits);
    if (found) return found;
  }
  throw new Error(`no such message in #${channelName}`);
}

/** A promise that the app's listeners settle. */
function signal(what) {
  let settle;
  const happened = new Promise((resolve, reject) => {
    settle = resolve;
    setTimeout(() => reject(new Error(`the app heard of no ${what} in 5 s`)), 5000).unref();
  });
  happened.catch(() => {});
  return { happened, settle };
}

const modal = {
  type: 'modal', callback_id: 'declare', title: { type: 'plain_text', text: 'Declare' }, submit: { type: 'plain_text', text: 'Go' },
  blocks: [{
    type: 'input', block_id: 'title', label: { type: 'plain_text', text: 'Title' },
    element: { type: 'plain_text_input', action_id: 'text' },
  }],
};

/** Makes a bolt app whose listeners tell what they heard. */
function makeApp(options) {
  const app = new bolt.App({ token: 'xoxb-sandbox', logLevel: bolt.LogLevel.ERROR, ...options });
  const heard = {
    submission: signal('view_submission'), press: signal('block_actions'), mention: signal('app_mention'),
    message: signal('message'), reaction: signal('reaction_added'), shortcut: signal('shortcut'),
  };
  app.command('/incident', async ({ command, ack, respond, client }) => {
    await ack({ text: `ack of ${command.text}` });
    await respond({ text: 'responded', response_type: 'in_channel' });
    if (command.text === 'form') await client.views.open({ trigger_id: command.trigger_id, view: modal });
  });
  app.view('declare', async ({ ack, view }) => {
    const title = view.state.values.title.text.value;
    if (title === 'taken') return ack({ response_action: 'errors', errors: { title: 'is taken' } });
    await ack();
    heard.submission.settle(title);
  });
  app.action('take', async ({ ack, action, body, respond }) => {
    await ack();
    await respond({ text: `${body.user.id} took it`, replace_original: true });
    heard.press.settle(action.value);
  });
  app.shortcut('declare', async ({ ack, shortcut }) => {
    await ack();
    heard.shortcut.settle(shortcut.user.id);
  });
  app.event('app_mention', async ({ event, say }) => {
    await say({ text: 'at your service', thread_ts: event.ts });
    heard.mention.settle(event.user);
  });
  app.message('fire', async ({ message: m }) => heard.message.settle(m.text));
  app.event('reaction_added', async ({ event }) => heard.reaction.settle(event.reaction));
  return { app, heard };
}

/** What an app does in either mode. */
async function driveApp(mode, base, { app, heard }) {
  const person = { user: 'U0ADA', channel: 'incidents' };
  await check(`${mode}: a command's ack and respond() are shown`, async () => {
    const said = await act(base, 'say', { ...person, text: '/incident hello' });
    assert.equal(said.ok, true, JSON.stringify(said));
    const own = await message(base, 'incidents', (m) => m.text === 'ack of hello');
    assert.equal(own.ephemeral_to, 'U0ADA');
    const all = await message(base, 'incidents', (m) => m.text === 'responded');
    assert.equal(all.ephemeral_to, undefined);
  });
  await check(`${mode}: views.open, errors, then view_submission`, async () => {
    await act(base, 'say', { ...person, text: '/incident form' });
    for (let tries = 0; tries < 100 && !(await state(base)).views.U0ADA; tries += 1) await new Promise((r) => setTimeout(r, 20));
    const refused = await act(base, 'submit', { user: 'U0ADA', values: { text: 'taken' } });
    assert.deepEqual(refused.errors, { title: 'is taken' });
    const taken = await act(base, 'submit', { user: 'U0ADA', values: { text: 'Cut off' } });
    assert.equal(taken.ok, true, JSON.stringify(taken));
    assert.equal(await heard.submission.happened, 'Cut off');
    assert.equal((await state(base)).views.U0ADA, undefined);
  });
  await check(`${mode}: a button's press, and its message replaced`, async () => {
    const posted = await app.client.chat.postMessage({
      channel: '#incidents', text: 'a card',
      blocks: [{ type: 'actions', elements: [{ type: 'button', action_id: 'take', value: 'take commander', text: { type: 'plain_text', text: 'Take' } }] }],
    });
    await act(base, 'click', { ...person, ts: posted.ts, action_id: 'take' });
    assert.equal(await heard.press.happened, 'take commander');
    await message(base, 'incidents', (m) => m.ts === posted.ts && m.text === 'U0ADA took it');
  });
  await check(`${mode}: message, app_mention and reaction events`, async () => {
    const said = await act(base, 'say', { ...person, text: '@tocsin there is fire' });
    assert.match(await heard.message.happened, /fire/);
    assert.equal(await heard.mention.happened, 'U0ADA');
    const reply = await message(base, 'incidents', (m) => m.text === 'at your service');
    assert.equal(reply.thread_ts, said.ts);
    await act(base, 'react', { ...person, ts: said.ts, name: 'pushpin' });
    assert.equal(await heard.reaction.happened, 'pushpin');
  });
  await check(`${mode}: a global shortcut`, async () => {
    await act(base, 'shortcut', { user: 'U0BEN', callback_id: 'declare' });
    assert.equal(await heard.shortcut.happened, 'U0BEN');
  });
}

/** What @slack/web-api does by itself. */
async function driveClient(base) {
  const client = new WebClient('xoxb-sandbox', { slackApiUrl: `${base}/api/`, retryConfig: { retries: 0 }, logLevel: 'error' });
  let channel;
  await check('web-api: auth.test and conversations.create', async () => {
    assert.equal((await client.auth.test()).user_id, 'UBTOCSIN');
    channel = (await client.conversations.create({ name: 'from-node' })).channel;
    assert.equal(channel.creator, 'UBTOCSIN');
  });
  await check('web-api: a refusal is an error with Slack\'s code', async () => {
    await assert.rejects(client.conversations.create({ name: 'from-node' }), (e) => e.data?.error === 'name_taken');
  });
  await check('web-api: filesUploadV2', async () => {
    await client.filesUploadV2({ channel_id: channel.id, filename: 'postmortem.md', title: 'Postmortem', content: '# What happened', initial_comment: 'draft' });
    const shared = await message(base, 'from-node', (m) => m.files?.length === 1);
    assert.equal(shared.files[0].content, '# What happened');
    assert.equal(shared.text, 'draft');
  });
  await check('web-api: paginate() visits every page', async () => {
    const names = [];
    for await (const page of client.paginate('conversations.list', { limit: 1 })) names.push(...page.channels.map((c) => c.name));
    assert.deepEqual(names, ['general', 'incidents', 'ml-platform', 'from-node']);
  });
  await check('web-api: metadata comes back from history', async () => {
    const metadata = { event_type: 'card', event_payload: { id: 'e1' } };
    const { ts } = await client.chat.postMessage({ channel: channel.id, text: 'x', metadata });
    const { messages } = await client.conversations.history({ channel: channel.id, include_all_metadata: true, limit: 1 });
    assert.equal(messages[0].ts, ts);
    assert.deepEqual(messages[0].metadata, metadata);
  });
  await check('web-api: 429 is a rate-limit error with its seconds', async () => {
    await act(base, 'fault', { kind: 'rate_limited', method: 'auth.test', times: 1, retry_after: 3 });
    const strict = new WebClient('xoxb-sandbox', { slackApiUrl: `${base}/api/`, rejectRateLimitedCalls: true, logLevel: 'error' });
    await assert.rejects(strict.auth.test(), (e) => e.code === 'slack_webapi_rate_limited_error' && e.retryAfter === 3);
  });
}

const clientOptions = (base) => ({ clientOptions: { slackApiUrl: `${base}/api/` } });

if (flags.socket) {
  await driveClient(flags.socket);
  const made = makeApp({ appToken: 'xapp-sandbox', socketMode: true, ...clientOptions(flags.socket) });
  await made.app.start();
  await driveApp('socket', flags.socket, made);
  await made.app.stop();
}
if (flags.http) {
  const made = makeApp({ signingSecret: 'sandbox-signing-secret', ...clientOptions(flags.http) });
  await made.app.start(Number(flags.port));
  await driveApp('http', flags.http, made);
  await made.app.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
