// What the browser stories share: a real Chromium, the demo's mailbox, an independent token, and a look at each page.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The world as the Rust side describes it: ports, passwords, where screenshots go. */
export const world = JSON.parse(process.argv[2] ?? '{}');
export const url = (host, path = '/') => `http://${host}.localhost:${world.port}${path}`;
export const consoleUrl = (path) => `http://127.0.0.1:${world.console}${path}`;
export const addressOf = (user) => `${user}@example.test`;

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

export function same(seen, wanted, what) {
  check(seen === wanted, `${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const ALWAYS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];

async function openBrowser(further) {
  const executablePath = CHROMIUM.find(existsSync);
  check(executablePath, 'Chromium is installed (make test does so)');
  return chromium.launch({ executablePath, args: [...ALWAYS, ...further] });
}

/** Tells a story in a browser of its own, with further arguments. What goes wrong is shown with the page it went wrong on. */
export async function story(tell, further = []) {
  const browser = await openBrowser(further);
  try {
    await tell(browser);
    console.log('told');
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    for (const [number, page] of pages.entries()) {
      const path = join(world.out, `failed-${number}.png`);
      await page.screenshot({ path, fullPage: true }).catch(() => {});
      console.error(`page ${number}: ${page.url()} (${path})`);
    }
    throw error;
  } finally {
    await browser.close();
  }
}

// --- time, mail, token ---

let ahead = 0;

/** The gateway's clock moves on; everybody else's stays. */
export function later({ seconds = 0, minutes = 0, hours = 0 }) {
  check(world.clock, 'this gateway has a clock that can be moved');
  ahead += seconds + 60 * (minutes + 60 * hours);
  writeFileSync(world.clock, `+${ahead}\n`);
}

/** The passcode of the gateway's moment, or of one some seconds from it. */
export function passcode(secret, { seconds = 0 } = {}) {
  const moment = new Date(Date.now() + (ahead + seconds) * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  return execFileSync('oathtool', ['--totp', '-b', '--now', moment, secret]).toString().trim();
}

/** A passcode or code that is wrong. */
export const wrong = (right) => (right === '000000' ? '000001' : '000000');

export const secretOf = (uri) => new URL(uri).searchParams.get('secret');

export async function mails() {
  const answer = await fetch(consoleUrl('/mailbox.json'));
  check(answer.ok, 'the mailbox answers');
  return answer.json();
}

const seenMails = new Set();

/** The newest mail to an address, not one that was taken before. */
export async function mailTo(address) {
  for (let tries = 0; tries < 200; tries += 1) {
    const mail = (await mails()).find((m) => m.to === address);
    const key = mail && mail.at + mail.text;
    if (mail && !seenMails.has(key)) {
      seenMails.add(key);
      return mail;
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`no new mail to ${address}`);
}

export async function codeFor(user) {
  const { text } = await mailTo(addressOf(user));
  const codes = text.split('\n').map((line) => line.trim()).filter((line) => /^\d{6}$/.test(line));
  same(codes.length, 1, 'lines of the mail that are a code');
  return codes[0];
}

/** Makes the demo's mail server turn mail away, or take it again. */
export async function mailServer(stopped) {
  const answer = await fetch(consoleUrl('/mailbox/stopped'), { method: 'POST', body: new URLSearchParams({ stopped }) });
  check(answer.ok, `the mail server is ${stopped ? 'stopped' : 'started'}`);
}

/** What a camera sees of an element. */
export async function scan(locator) {
  const png = PNG.sync.read(await locator.screenshot());
  const seen = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
  check(seen, 'the QR code can be read from the screen');
  return seen.data;
}

// --- filling in ---

/** Fills a field and sends its form with Enter; done when the next page is there. */
export async function send(page, name, value) {
  await page.fill(`[name=${name}]`, value);
  await arrived(page, () => page.press(`[name=${name}]`, 'Enter'));
}

/** Presses a button or a link; done when the next page is there. */
export async function press(page, selector) {
  await arrived(page, () => page.click(selector));
}

/** Does what leads to another page; done when that is there. The page on the way into an application leads on by itself. */
export async function arrived(page, go) {
  await Promise.all([page.waitForNavigation(), go()]);
  if (new URL(page.url()).pathname === '/.doorward/enter') {
    await page.waitForURL((url) => url.pathname !== '/.doorward/enter');
  }
}

/** Chooses a card and goes on. */
export async function choose(page, target) {
  await page.click(`label[for=target-${target}]`);
  check(await page.isChecked(`[name=target][value=${target}]`), `${target} is chosen by its card`);
  await press(page, 'form:has([name=target]) button[type=submit]:not([form])');
}

/** Signs in as far as the password goes. */
export async function asFarAsThePassword(page, user, wanted) {
  await page.goto(wanted);
  await send(page, 'username', user);
  await send(page, 'password', world.passwords[user]);
}

/** On to W3. */
export async function asFarAsTheChoice(page, user, wanted) {
  await asFarAsThePassword(page, user, wanted);
  await press(page, '[name=add_authenticator]');
  await send(page, 'verification_code', await codeFor(user));
}

export const LINK = 'a[href^="otpauth:"]';

/** Link, key and QR code are one; returns the secret. */
export async function secretOnPage(page) {
  const link = await page.getAttribute(LINK, 'href');
  const secret = secretOf(link);
  check(/^[A-Z2-7]{16,}$/.test(secret), `a secret: ${secret}`);
  same((await page.textContent('#key')).replace(/\s/g, ''), secret, 'the key is that of the link');
  same(await scan(page.locator('.qr')), link, 'the QR code on the screen is the link');
  return secret;
}

// --- looking ---

/** Looks at pages: screenshots, one heading with the focus, nothing wider than the screen, no violation of any kind. */
export class Look {
  constructor(page, { script = true, touch = false } = {}) {
    Object.assign(this, { page, script, touch, problems: [], statuses: [] });
    mkdirSync(world.out, { recursive: true });
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !this.expected(text)) this.problems.push(`${page.url()}: console: ${text}`);
    });
    page.on('pageerror', (error) => this.problems.push(`${page.url()}: script: ${error.message}`));
  }

  /** A page whose status is an error's, or a network error: the browser tells of it on the console. */
  expect(...statuses) {
    this.statuses = statuses;
    return this;
  }

  expected(text) {
    return this.statuses.some((status) => text.includes(`status of ${status}`) || text.includes(`net::${status}`));
  }

  /** The page as it stands: axe, screenshot, focus. */
  async at(name) {
    await this.stands(name);
    await this.focus(name);
    await this.shot(name);
  }

  async shot(name) {
    await this.page.screenshot({ path: join(world.out, `${name}.png`), fullPage: true });
  }

  /** Focus is where the reader has to begin: at the error, the only field, or the heading of the step. */
  async focus(name) {
    if (!this.script) return;
    const focused = await this.page.evaluate(() => {
      const focus = document.activeElement;
      const alert = document.querySelector('[role=alert]');
      if (alert) return alert.contains(focus) ? null : `${focus.outerHTML.slice(0, 80)} instead of the error`;
      return focus.matches('h1, [data-focus]') ? null : `${focus.outerHTML.slice(0, 80)} instead of the heading`;
    });
    if (focused) this.problems.push(`${name}: the focus is on ${focused}`);
  }

  /** What must hold of any page at any size. */
  async stands(name) {
    const found = await this.page.evaluate(() => {
      const shown = (element) => element.getClientRects().length > 0;
      const high = (element) => Math.round((element.closest('.choice, .check, label.button') ?? element).getBoundingClientRect().height);
      const targets = [...document.querySelectorAll('button, select, .button, input:not([type=hidden])')].filter(shown);
      return {
        headings: document.querySelectorAll('h1').length,
        wide: document.documentElement.scrollWidth,
        screen: document.documentElement.clientWidth,
        small: targets.filter((element) => high(element) < 44).map((element) => `${element.outerHTML.slice(0, 60)} ${high(element)}`),
      };
    });
    if (found.headings !== 1) this.problems.push(`${name}: ${found.headings} first-level headings`);
    if (found.wide > found.screen) this.problems.push(`${name}: ${found.wide} px wide on a screen of ${found.screen}`);
    if (this.touch) this.problems.push(...found.small.map((target) => `${name}: less than 44 px to touch: ${target}`));
    if (!this.script) return;
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(axeSource);
    const violations = await this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
      return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.any[0]?.message ?? v.help})`).join(', ')}`);
    });
    this.problems.push(...violations.map((violation) => `${name}: axe ${violation}`));
  }

  done() {
    check(this.problems.length === 0, [...new Set(this.problems)].join('\n'));
  }
}
