// A newcomer's first hour with tocsin, in a browser.
//
//   node story.mjs http://127.0.0.1:8080/ [DIRECTORY]
//
// The sandbox there has to be new. Pictures of what was seen go to DIRECTORY.
// Prints a line a check and "N passed, N failed"; exits with 1 if one failed.
// $CHROMIUM is the browser, /usr/bin/chromium if it is not set.

import assert from 'node:assert/strict';
import path from 'node:path';
import { createChecks } from './checks.mjs';
import { desktop, openDesk, phone, tall } from './desk.mjs';

const [address, directory] = process.argv.slice(2);
if (!address) {
  console.error('usage: node story.mjs URL [DIRECTORY]');
  process.exit(2);
}

const title = 'Answers cut off mid-sentence <!channel> *bold*';
const hostile = 'Bills doubled <img src=x onerror="document.title=1"> @here';
const finding = 'Every broken answer has finish_reason length; the limit went from 4096 to 512 at noon.';

const desk = await openDesk(address);
const { page } = desk;
const picture = async (name) => directory && page.screenshot({ path: path.join(directory, `${name}.png`) });
const { check, close } = createChecks((name) => picture(`failed ${name.replace(/[^a-z0-9]+/gi, '-').slice(0, 60)}`));

await opens();
await worksTogether();
await opensByForm();
await looksRight();
await ends();
await isPaged();
await storms();
await behaves();
await desk.close();
process.exit(close() ? 0 : 1);

async function opens() {
  await check('commands are suggested while one is typed', async () => {
    await desk.be('U0ADA');
    await desk.open('incidents');
    await desk.type('/incident sev2');
    await page.getByTestId('hints').getByText('sev2 TITLE', { exact: false }).first().waitFor();
  });
  await check('a command opens an incident, and says so to the one who asked', async () => {
    await desk.say(`/incident sev2 ${title}`);
    await (await desk.sees('INC-1 is open as a SEV2')).getByText('Only visible to you').waitFor();
  });
  await check('the announcement leads to the incident\'s channel', async () => {
    await (await desk.sees(`INC-1 · SEV2 · ${title}`)).getByText('#inc-1-').click();
    await desk.isIn('inc-1-');
  });
  await check('the card is there, with who commands', async () => {
    const card = await desk.sees(`INC-1 · SEV2 · ${title}`);
    await card.getByText('Incident commander: @ada').waitFor();
    await card.locator('[data-action-id="resolve"]').waitFor();
  });
  await check('the guide that fits is there, and says why', async () => {
    const guide = await desk.sees('Answers are cut off');
    await guide.getByText('Why this one').waitFor();
    await guide.getByText('First question').waitFor();
  });
  await check('a title is shown as it was typed', () => literal(title));
}

/** Text from outside stays text: no markup of Slack's or the browser's comes of it. */
async function literal(text) {
  const header = page.locator('#messages .block-header').filter({ hasText: text }).first();
  const topic = page.locator('#topic').filter({ hasText: text });
  await header.waitFor();
  await topic.waitFor();
  await page.locator('#messages .system').filter({ hasText: text }).waitFor();
  for (const place of [header, topic]) assert.equal(await place.locator('*').count(), 0, 'an element came of text');
  assert.equal(await page.locator('#messages :is(img, script)').count(), 0, 'an element came of text');
}

async function worksTogether() {
  await check('Ben joins by the announcement\'s button', async () => {
    await desk.be('U0BEN');
    await desk.open('incidents');
    await desk.press('join');
    await desk.open('inc-1-');
    await desk.composer.waitFor();
  });
  await check('Ben takes a role by buttons', async () => {
    await desk.press('menu');
    await desk.press('take-scribe');
    await desk.sees('You are scribe');
    await (await desk.sees(`INC-1 · SEV2 · ${title}`)).getByText('Scribe: @ben').waitFor();
  });
  await check('a message is pinned with the page\'s tool, and marked', async () => {
    await desk.say(finding);
    const message = await desk.sees(finding);
    await desk.tool(message, 'pushpin');
    await message.locator('[data-reaction="white_check_mark"]').waitFor();
  });
  await check('the timeline has it, for the one who asks', async () => {
    await desk.say('/incident timeline');
    const timeline = await desk.sees('INC-1 · timeline');
    await timeline.getByText(finding).waitFor();
    await timeline.getByText('Only visible to you').waitFor();
  });
  await check('an update is written in a form', async () => {
    await desk.press('update');
    await desk.field('text').fill('Long answers stop early. We are raising the limit again; next update in 30 minutes.');
    await desk.submit();
    await desk.modal.waitFor({ state: 'hidden' });
    await desk.sees('raising the limit again');
    await (await desk.sees(`INC-1 · SEV2 · ${title}`)).getByText('Update 1').waitFor();
  });
}

async function opensByForm() {
  await check('the command alone is a form, and a wrong time is said at its field', async () => {
    await desk.open('incidents');
    await desk.say('/incident');
    await desk.field('title').fill(hostile);
    await desk.field('began').fill('half past never');
    await desk.submit();
    await desk.modal.locator('[data-block-id="began"] .field-error').filter({ hasText: /\S/ }).waitFor();
    assert.equal(await desk.field('title').inputValue(), hostile, 'what was typed is gone');
    await picture('form');
  });
  await check('the form opens a second incident', async () => {
    await desk.field('began').fill('20 min ago');
    await desk.submit();
    await desk.modal.getByText('INC-2', { exact: true }).waitFor();
    await page.getByTestId('modal-close').click();
    await desk.modal.waitFor({ state: 'detached' });
    await desk.open('inc-2-');
  });
  await check('its title injects nothing', () => literal(hostile));
}

async function looksRight() {
  await check('the incident\'s channel is one press away', () => desk.open('inc-1-'));
  await page.setViewportSize(tall);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await check(`${scheme}: axe finds nothing in the incident's channel`, () => desk.isAccessible());
    await check(`${scheme}: nothing is wider than the window`, () => desk.fits());
    await picture(`channel-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(phone);
  await check('phone: nothing is wider than the window', () => desk.fits());
  await check('phone: axe finds nothing', () => desk.isAccessible());
  await picture('phone');
  await page.setViewportSize(desktop);
}

async function ends() {
  await check('resolving asks once more', async () => {
    await desk.be('U0ADA');
    await desk.open('inc-1-');
    await desk.press('resolve');
    await page.getByTestId('confirm-dialog').waitFor();
    await page.getByTestId('confirm').click();
    await (await desk.sees(`INC-1 · SEV2 · ${title}`)).getByText('resolved at').waitFor();
  });
  await check('the postmortem is in the channel, with what was pinned', async () => {
    const file = page.locator('#messages .file').last();
    await file.locator('.file-body').getByText('Timeline', { exact: true }).waitFor();
    assert.ok((await file.locator('.file-body').innerText()).includes(finding));
    await file.getByRole('button', { name: 'Show all' }).click();
    await file.scrollIntoViewIfNeeded();
    await picture('postmortem');
  });
}

async function isPaged() {
  await check('a page from PagerDuty opens an incident that is announced', async () => {
    await desk.open('incidents');
    await page.getByTestId('lab-toggle').click();
    await page.getByTestId('fire-pagerduty').click();
    await page.getByTestId('pagerduty-result').filter({ hasText: /HTTP 2\d\d/ }).waitFor();
    await (await desk.sees('INC-3 · SEV')).locator('[data-action-id="join"]').waitFor();
  });
}

async function storms() {
  await check('an alert storm is sent, and every alert is taken', async () => {
    await page.getByTestId('storm').click();
    const result = page.getByTestId('storm-result').filter({ hasText: '200 of 200 sent, 200 taken' });
    await result.waitFor({ timeout: 60_000 }); // it lasts 20 s
  });
  await check('it is one room, whose card counts them', async () => {
    await desk.open('inc-3-');
    await (await desk.sees('INC-3 · SEV')).getByText('+200 alerts').waitFor();
    await desk.sees('It spreads: alerts come from');
    assert.equal(await page.locator('#channels [data-testid^="channel-inc-4-"]').count(), 0, 'a second room');
    await picture('storm');
  });
}

async function behaves() {
  await check('the browser reports no error', async () => assert.deepEqual(desk.problems.errors, []));
  await check('nothing is asked of any other host', async () => assert.deepEqual(desk.problems.strangers, []));
}
