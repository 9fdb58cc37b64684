// The page's one place that knows everything: it takes each state of the workspace,
// asks who looks and where, and lets every part bring itself up to date.

import { act, follow } from './api.js';
import { createChannelHead, openAboutDialog, openCreateDialog } from './channel.js';
import { createComposer } from './composer.js';
import { byId, fill, h } from './dom.js';
import { createFirstRun } from './firstrun.js';
import { icon } from './icons.js';
import { createLab } from './lab.js';
import { author } from './message.js';
import { createModal } from './modal.js';
import { isReply, Model } from './model.js';
import { plain } from './mrkdwn.js';
import { report, toast } from './overlay.js';
import { createPeople } from './people.js';
import { Session } from './session.js';
import { createShell } from './shell.js';
import { createSidebar } from './sidebar.js';
import { openSwitcher } from './switcher.js';
import { createThread } from './thread.js';
import { createTimeline } from './timeline.js';

const session = new Session();
let state;
let model;
let channel;

const messageActs = {
  click: (m, action) => act('click', { user: model.me, channel: channel.id, ts: m.ts, ...action }).catch(report),
  react(m, name) {
    const mine = m.reactions?.find((r) => r.name === name)?.users?.includes(model.me);
    act('react', { user: model.me, channel: channel.id, ts: m.ts, name, remove: mine || undefined }).catch(report);
  },
  openThread(m) {
    session.side = { kind: 'thread', channel: channel.id, ts: m.thread_ts ?? m.ts };
    render();
    thread.focus();
  },
  shortcut: (m, s) => act('shortcut', { user: model.me, callback_id: s.callback_id, channel: channel.id, ts: m.ts }).catch(report),
  copyLink(m) {
    const address = m.permalink || `${location.origin}/?${new URLSearchParams({ channel: channel.name, message: `p${m.ts.replace('.', '')}` })}`;
    navigator.clipboard.writeText(address).then(() => toast('Link copied.'), () => toast(address));
  },
};

const shell = createShell({ openSwitcher: jump, toggleLab: () => showSide(session.side?.kind === 'lab' ? null : { kind: 'lab' }), closeSide: () => showSide(null) });
const updatePeople = createPeople(byId('people'), be);
const updateSidebar = createSidebar(byId('channels'), { open: openChannel, create: () => openCreateDialog(createChannel) });
const updateHead = createChannelHead(
  { title: byId('channel-title'), about: byId('open-about'), topic: byId('topic'), bookmarks: byId('bookmarks'), intro: byId('intro') },
  () => openAboutDialog(channel, model, { reveal, leave: () => act('leave', { user: model.me, channel: channel.id }).catch(report) }),
);
const timeline = createTimeline(byId('scroller'), byId('messages'));
const composer = createComposer({ id: 'composer', send: (text) => sender(text) });
const thread = createThread({ acts: messageActs, send: sender });
const lab = createLab();
const updateFirstRun = createFirstRun(byId('first-run'), { type: typeForMe, page: () => showSide({ kind: 'lab' }, lab.fire) });
const updateModal = createModal({
  click: (view, action) => act('click', { user: model.me, view_id: view.id, ...action }),
  submit: async (view, values) => (await act('submit', { user: model.me, view_id: view.id, values })).errors,
  close: (view) => act('close', { user: model.me, view_id: view.id }),
});
const join = h('div', { class: 'join' });

/** Binds a text to the person and place of this moment. */
function sender(text, threadTs) {
  const body = { user: model.me, channel: channel.id, text, thread_ts: threadTs };
  return async () => {
    const answer = await act('say', body);
    if (!threadTs && body.channel === channel.id) timeline.toBottom();
    if (answer.error) throw new Error(answer.error);
  };
}

function render() {
  if (!state) return;
  ({ model, channel } = session.settle(state.people ?? [], (user) => new Model(state, user)));
  if (!channel) return;
  if (channel.id !== session.channel) session.go(channel);
  updatePeople(model);
  updateSidebar(model, channel.id, (id) => session.seen(id));
  updateHead(channel, model);
  renderTimeline();
  renderComposer();
  renderSide();
  updateFirstRun(!model.botSpoke());
  updateModal(model.topView(), model);
  shell.setBot(model.bot);
  const asked = session.reveal;
  session.reveal = null;
  if (asked) reveal(asked);
}

function renderTimeline() {
  const messages = model.timeline(channel.id);
  const pins = new Set((channel.pins ?? []).map((p) => p.ts ?? p));
  const { arrived, atBottom } = timeline.show(messages, { key: `${model.me} ${channel.id}`, model, acts: messageActs, pins });
  const last = messages.at(-1);
  if (arrived && last.user !== model.me) announce(last);
  byId('new-pill').hidden = atBottom || !last || session.seen(channel.id) >= last.ts;
  if (atBottom && !document.hidden) session.readTo(channel.id, last?.ts);
}

/** Shows one message of this channel: a reply is shown in its thread. */
function reveal(ts) {
  const m = model.messages(channel.id).find((each) => each.ts === ts);
  if (!m) return;
  if (!isReply(m)) return timeline.reveal(ts);
  session.side = { kind: 'thread', channel: channel.id, ts: m.thread_ts };
  render();
  thread.reveal(ts);
}

function announce(m) {
  const line = h('p', {}, `${m.ephemeral_to ? 'Only visible to you: ' : ''}${author(m, model)}: ${plain(m.text, model)}`);
  const announcer = byId('announcer');
  announcer.append(line);
  while (announcer.children.length > 5) announcer.firstElementChild.remove();
}

/** Where a person may not write, they are told why, and what they can do. */
function renderComposer() {
  const slot = byId('composer-slot');
  const may = model.isMember(channel) && !channel.is_archived;
  const box = may ? composer.form : join;
  const why = JSON.stringify([channel.id, channel.is_archived, model.me]);
  if (!may && join.dataset.why !== why) {
    join.dataset.why = why;
    fill(join, channel.is_archived ? h('p', {}, `#${channel.name} is archived. It can be read, and nothing can be added.`) : [
      h('p', {}, `You are looking at #${channel.name}.`),
      h('button', { type: 'button', class: 'btn primary', 'data-testid': 'join', onclick: () => act('join', { user: model.me, channel: channel.id }).catch(report) }, 'Join channel')]);
  }
  if (slot.firstElementChild !== box) {
    const hadFocus = slot.contains(document.activeElement);
    slot.replaceChildren(box);
    if (hadFocus && may) composer.input.focus();
  }
  composer.moveTo(placeFor(`${model.me} ${channel.id}`, `Message #${model.channelName(channel)} as ${model.userName(model.me).split(' ')[0]}`));
}

function placeFor(key, placeholder) {
  return {
    key, placeholder,
    known: { commands: state.commands ?? [], people: [...model.people, { name: model.bot.name ?? 'bot', real_name: 'app' }], channels: model.visibleChannels().filter((c) => !c.is_archived && c.name) },
    shortcuts: (state.shortcuts ?? []).filter((s) => s.type === 'global').map((s) => ({ name: s.name, run: () => act('shortcut', { user: model.me, callback_id: s.callback_id }).catch(report) })),
  };
}

function renderSide() {
  const { side } = session;
  if (side?.kind === 'thread') {
    thread.update(model.thread(side.channel, side.ts), { model, channel, place: placeFor(`${model.me} ${side.channel} ${side.ts}`, 'Reply…') });
  } else if (side?.kind === 'lab') {
    lab.update(model);
  }
  shell.setSide(side?.kind ?? null, side?.kind === 'thread' ? thread.node : lab.node);
}

function showSide(side, then) {
  const was = session.side?.kind;
  session.side = side;
  render();
  if (then) then();
  else if (!side) (was === 'lab' || shell.isPhone() ? byId('toggle-lab') : composer.input).focus({ preventScroll: true });
}

function be(user) {
  session.be(user);
  render();
  session.go(channel);
}

function openChannel(id) {
  const next = model.channel(id);
  if (!next) return toast('You cannot see that channel. Switch to somebody who is in it.', 'error');
  session.follow = false;
  session.go(next);
  shell.closeDrawer();
  render();
  if (!shell.isPhone()) composer.input.focus({ preventScroll: true });
}

async function createChannel(name, isPrivate) {
  const answer = await act('channel', { user: model.me, name, private: isPrivate });
  session.wanted = answer.channel ?? name;
  render();
}

function typeForMe(text) {
  composer.setText(text, false);
  composer.input.focus();
}


function jump() {
  openSwitcher([
    ...model.visibleChannels().map((c) => ({
      label: model.channelName(c), hint: c.is_archived ? 'archived' : model.isMember(c) ? '' : 'not joined',
      glyph: c.is_archived ? 'archive' : c.is_private ? 'lock' : 'hash', run: () => openChannel(c.id),
    })),
    ...model.people.filter((p) => p.id !== model.me).map((p) => ({ label: `Act as ${p.real_name}`, glyph: 'people', run: () => be(p.id) })),
    { label: 'Fire a page', hint: 'Lab', glyph: 'bolt', run: () => showSide({ kind: 'lab' }, lab.fire) },
    { label: 'Open the Lab', glyph: 'flask', run: () => showSide({ kind: 'lab' }) },
    { label: 'Create a channel', glyph: 'plus', run: () => openCreateDialog(createChannel) },
    { label: 'Switch between light and dark', glyph: 'theme', run: shell.toggleTheme },
  ]);
}

/** Links to channels and messages stay inside the page. */
document.addEventListener('click', (event) => {
  const target = event.target.closest('a[data-channel]');
  if (!target || event.ctrlKey || event.metaKey || !model?.channel(target.dataset.channel)) return;
  event.preventDefault();
  openChannel(target.dataset.channel);
  if (target.dataset.message) reveal(target.dataset.message);
});

byId('new-pill').addEventListener('click', () => {
  timeline.toBottom();
  composer.input.focus();
});
timeline.onBottom(() => {
  byId('new-pill').hidden = true;
  if (channel) session.readTo(channel.id, model.timeline(channel.id).at(-1)?.ts);
});
document.addEventListener('visibilitychange', () => !document.hidden && render());

follow((next) => {
  state = next;
  shell.setConnected(true);
  render();
}, () => shell.setConnected(false));
