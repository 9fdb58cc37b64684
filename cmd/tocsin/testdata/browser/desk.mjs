// A person's screen: the sandbox's page in a headless Chromium, and what the
// story does and sees there.

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

// Nothing but the sandbox can be reached, and Chromium does nothing of its own accord.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** How long anything may take to be seen, in milliseconds. The machine may be busy. */
const patience = 10_000;

export const desktop = { width: 1280, height: 860 };
/** Shows a whole channel at once. */
export const tall = { width: 1280, height: 2000 };
export const phone = { width: 390, height: 844 };

/** Starts Chromium. On some machines it dies at once, now and then: that says nothing about the page. */
async function launch(tries) {
  try {
    return await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: flags, timeout: 60_000 });
  } catch (error) {
    if (tries <= 1) throw error;
    console.log(`note  Chromium did not start, trying again: ${String(error).split('\n')[0]}`);
    return launch(tries - 1);
  }
}

/** Opens the sandbox at this address. */
export async function openDesk(address) {
  const browser = await launch(3);
  const page = await browser.newPage({ viewport: desktop, colorScheme: 'light' });
  page.setDefaultTimeout(patience);
  const problems = watch(page, new URL(address).host);
  await page.goto(address);
  return new Desk(browser, page, problems);
}

/** Collects what the browser complains of, and requests to anywhere else. */
function watch(page, home) {
  const problems = { errors: [], strangers: [] };
  page.on('console', (m) => m.type() === 'error' && problems.errors.push(`${m.text()} (${m.location().url})`));
  page.on('pageerror', (error) => problems.errors.push(String(error)));
  page.context().on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== home) problems.strangers.push(url.href);
  });
  return problems;
}

class Desk {
  constructor(browser, page, problems) {
    Object.assign(this, { browser, page, problems });
    this.composer = page.getByTestId('composer');
    this.modal = page.getByTestId('modal');
  }

  /** Messages in the open channel that have this text. */
  messages(text) {
    return this.page.locator('#messages').getByTestId('message').filter({ hasText: text });
  }

  /** The newest message that has this text, once it is there. */
  async sees(text) {
    const message = this.messages(text).last();
    await message.waitFor();
    return message;
  }

  /** Becomes one of the four people. */
  async be(user) {
    await this.page.getByTestId(`person-${user}`).click();
    await this.page.locator(`[data-testid="person-${user}"][aria-checked="true"]`).waitFor();
  }

  /** Opens the channel whose name begins so, from the list. */
  async open(name) {
    await this.page.locator(`#channels [data-testid^="channel-${name}"]`).first().click();
    await this.isIn(name);
  }

  async isIn(name) {
    await this.page.locator('#channel-title').filter({ hasText: name }).waitFor();
  }

  async type(text) {
    await this.composer.click();
    await this.composer.pressSequentially(text);
  }

  async send() {
    await this.page.getByTestId('send').click();
  }

  async say(text) {
    await this.composer.fill(text);
    await this.send();
  }

  /** Presses a button of the newest message that has it. */
  async press(action) {
    await this.page.locator(`#messages [data-action-id="${action}"]`).last().click();
  }

  /** A field of the open form, by its name. */
  field(name) {
    return this.modal.locator(`[data-block-id="${name}"] [data-action-id="${name}"]`);
  }

  async submit() {
    await this.page.getByTestId('modal-submit').click();
  }

  /** Presses a tool of a message, as a mouse does. */
  async tool(message, name) {
    await message.hover();
    await message.locator(`[data-tool="${name}"]`).click();
  }

  /** Fails if anything reaches beyond the window's side. */
  async fits() {
    const wide = await this.page.evaluate(() => [document.documentElement, ...document.querySelectorAll('body, .topbar, .main, .channel-header, #scroller, .file-body, .composer')]
      .filter((e) => e.scrollWidth > e.clientWidth + 1)
      .map((e) => `${e.tagName.toLowerCase()}#${e.id}.${e.className}: ${e.scrollWidth} in ${e.clientWidth}`));
    assert.deepEqual(wide, [], 'wider than the window');
  }

  /** Fails with what axe finds on the page as it stands (WCAG 2.2 A and AA, and axe's good practices). */
  async isAccessible() {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async () => (await window.axe.run()).violations
      .map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.target} ${n.failureSummary}`).join('\n')}`));
    assert.deepEqual(found, []);
  }

  async close() {
    await this.browser.close();
  }
}
