// What the stories of the authenticator share: the devices, the app as somebody uses it, and the portal's pages that lead to it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Look, arrived, asFarAsTheChoice, asFarAsThePassword, check, choose, press, same, scan, url, world } from './lib.mjs';

export const APP = url('authenticator', '/a/');
export const WIKI = url('wiki', '/page');
export const PIN = '4837';

/** So soon a page that follows something has to show it. */
export const SOON = 3000;

const SMALL = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const STILL = { locale: 'en', reducedMotion: 'reduce' };

/** The options of their browsers. */
export const DEVICES = {
  computer: { ...STILL, viewport: { width: 1280, height: 800 } },
  android: {
    ...STILL,
    ...SMALL,
    userAgent:
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  },
  iphone: {
    ...STILL,
    ...SMALL,
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 ' +
      'Mobile/15E148 Safari/604.1',
  },
};

/** The words of the app. */
export const textsOf = (tag) =>
  JSON.parse(readFileSync(new URL(`../../plugins/authenticator/app/locales/${tag}.json`, import.meta.url), 'utf8'));

export const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

/** Operators set it elsewhere; here it is in the database. */
export function set(kind, document) {
  const body = JSON.stringify(document).replaceAll("'", "''");
  sql(`insert into setting (virtual_server, kind, body, version, changed_at) values ('default', '${kind}', '${body}', 1, 0)
    on conflict (virtual_server, kind) do update set body = excluded.body, version = version + 1`);
}

export function sql(statement) {
  return execFileSync('sqlite3', ['-cmd', '.timeout 5000', world.database, statement]).toString().trim();
}

/** The template of new tokens, but for these fields as it is with an authenticator of our own. */
export function template(changes) {
  set('token_template', {
    mode: 'quick_log', length: 6, synchronization: { time: { step: 30 } }, pin_type: 'user_selected', pin_length: 4,
    allow_trivial_pins: false, max_pin_attempts: 5, min_pin_complexity: 'decimal', allow_biometric_pin: false, ...changes,
  });
}

/** Looks at the app: it moves the focus to the heading, to what is wrong, or to the passcode. */
class AppLook extends Look {
  /** A browser whose data goes away with it has no push service, and says so. */
  expected(text) {
    return super.expected(text) || text.includes('Push API in incognito mode');
  }

  async focus(name) {
    const focused = await this.page.evaluate(() => {
      const focus = document.activeElement;
      const right = 'h1, .notice, .passcode, input[aria-invalid=true], #language';
      return focus.matches(right) ? null : focus.outerHTML.slice(0, 80);
    });
    if (focused) this.problems.push(`${name}: the focus is on ${focused}`);
  }
}

/** The app on a device. */
export class App {
  constructor(page, { language = 'en', touch = true } = {}) {
    this.page = page;
    this.texts = textsOf(language);
    this.touch = touch;
    this.look = new AppLook(page, { touch });
  }

  /** The app in a context of its own. */
  static async on(browser, options, about = {}) {
    const context = await browser.newContext(options);
    return new App(await context.newPage(), { touch: options.hasTouch ?? false, ...about });
  }

  t(key, values = {}) {
    check(key in this.texts, `a text ${key}`);
    return this.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  button(key, values) {
    return this.page.getByRole('button', { name: this.t(key, values), exact: true });
  }

  async press(key, values) {
    const button = this.button(key, values);
    await (this.touch ? button.tap() : button.click());
  }

  /** The screen with this heading is there. */
  async at(key, values, { within = 10_000 } = {}) {
    const name = this.t(key, values);
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor({ timeout: within }).catch(async () => {
      const shown = await this.page.locator('main').innerText();
      throw new Error(`the app shows "${shown.slice(0, 300)}" and not "${name}"`);
    });
  }

  async says(key, values) {
    await this.page.getByText(this.t(key, values)).first().waitFor();
  }

  field(key, values) {
    return this.page.getByLabel(this.t(key, values), { exact: true });
  }

  /** A link is followed, or an address opened from a QR code. */
  async open(link) {
    await this.page.goto(link);
  }

  // --- an activation ---

  /** The number that both screens show. */
  async checkCode() {
    await this.at('check-title');
    return this.page.locator('.check-code').innerText();
  }

  async consent() {
    await this.page.getByText(this.t('consent-text')).waitFor();
    await this.press('confirm');
  }

  async notNow() {
    await this.at('notify-title');
    await this.press('notify-not-now');
  }

  /** "Allow", or "Yes, while it is open"; where the browser has no push service the app goes on without. */
  async wantRequests() {
    await this.at('notify-title');
    const here = this.button('notify-answer-here');
    if (await here.isVisible()) return here.click();
    await this.press('notify-allow');
    await this.press('notify-while-open');
  }

  async choosePin(pin = PIN) {
    await this.at('pin-title');
    await this.field('pin-new').fill(pin);
    await this.field('pin-again').fill(pin);
    await this.press('continue');
  }

  // --- in use ---

  /** The digits that are shown; done with the PIN where one is asked for. */
  async passcode(pin) {
    if (pin) await this.field('pin-label').fill(pin);
    await this.press('passcode-show');
    return this.shown();
  }

  /** The digits that are on the screen. */
  async shown() {
    const code = this.page.locator('.passcode');
    await code.waitFor();
    return (await code.innerText()).replace(/\s/g, '');
  }

  /** Opens the request that has come. */
  async request() {
    await this.button('banner-look').waitFor({ timeout: SOON });
    await this.press('banner-look');
    await this.at('request-title');
  }

  /** Answers the request that is open. */
  async enter(number, pin = PIN) {
    await this.field('request-number').fill(number);
    await this.field('pin-label').fill(pin);
    await this.press('approve');
  }

  async approve(number) {
    await this.request();
    await this.enter(number);
    await this.at('result-approved-title');
  }
}

// --- the portal ---

/** The portal's page as the computer shows it. */
export async function enrolling(browser, { user = 'alice', options = DEVICES.computer, platform = 'android' } = {}) {
  const page = await (await browser.newContext(options)).newPage();
  const look = new Look(page, { touch: options.hasTouch, script: options.javaScriptEnabled !== false });
  await toActivation(page, user, platform);
  return { page, look };
}

/** Signs in and chooses the platform; done on the page that tells how the app is installed, or how it is activated. */
export async function toActivation(page, user, platform) {
  await asFarAsTheChoice(page, user, WIKI);
  if (platform === 'windows-desktop') return choose(page, platform);
  await choose(page, 'mobile');
  await choose(page, platform);
}

const INSTALLED = '[name=installed]';
export const QR = 'details[open] .qr svg, .scan .qr svg';
export const ACTIVATION = 'a[href*="/a/#"]';

/** Past "I've installed it", where that is asked. */
export async function installed(page) {
  if (await page.locator(INSTALLED).count()) await press(page, INSTALLED);
}

/** The link on the page; the QR code is the same. */
export async function linkOnPage(page) {
  const link = await page.getAttribute(ACTIVATION, 'href');
  check(link.startsWith(`${APP}#v=1&i=`), `a link into the app: ${link}`);
  if (await page.locator('.qr:visible').count()) same(await scan(page.locator('.qr:visible')), link, 'the QR code is the link');
  return link;
}

/** The number on the portal's page, once the device is there. */
export async function numberOnPage(page, within = SOON) {
  const number = page.locator('.shown-number code');
  await number.waitFor({ timeout: within });
  return number.innerText();
}

/** Both show the same number; the user says so. */
export async function itIsMine(page, app) {
  const number = await app.checkCode();
  same(await numberOnPage(page), number, 'the number on both screens');
  await press(page, '[name=mine][value=yes]');
  return number;
}

/** The whole activation as it usually goes. Done when the app says so. */
export async function activate(page, app, { pin = PIN, requests = false, bio } = {}) {
  await installed(page);
  await app.open(await linkOnPage(page));
  await app.consent();
  await itIsMine(page, app);
  await setUp(app, { pin, requests, bio });
}

/** What the device asks once it was confirmed. */
export async function setUp(app, { pin = PIN, requests = false, bio } = {}) {
  await (requests ? app.wantRequests() : app.notNow());
  if (pin) await app.choosePin(pin);
  if (bio !== undefined) {
    await app.at('bio-title');
    await app.press(bio ? 'bio-allow' : 'bio-not-now');
  }
  await app.at('done-title', {}, { within: 30_000 });
}

/** The page for the first passcode is there by itself. */
export async function firstPasscode(page, within = 10_000) {
  await page.locator('#otp').waitFor({ timeout: within });
}

/** Types a passcode; done when the next page is there. */
export async function typePasscode(page, passcode) {
  await page.fill('#otp', passcode);
  await arrived(page, () => page.press('#otp', 'Enter'));
}

/** Another browser, as far as the passcode. */
export async function atThePasscode(browser, { user = 'alice', options = DEVICES.computer } = {}) {
  const page = await (await browser.newContext(options)).newPage();
  const look = new Look(page, { script: options.javaScriptEnabled !== false });
  await asFarAsThePassword(page, user, WIKI);
  await firstPasscode(page);
  return { page, look };
}

/** Requests of a user are at least so far apart, in milliseconds. */
const APART = 10_000;
let sent = 0;

/** Sends a request to the device, as soon as that is possible; returns the number that has to be entered there. */
export async function sendRequest(page) {
  await pause(sent + APART + 1000 - Date.now());
  sent = Date.now();
  await press(page, '[name=push][value=yes]');
  const words = await page.locator('.shown-number').innerText();
  const [number] = words.match(/[0-9]{2}/) ?? [];
  check(number, `two digits: ${words}`);
  return number;
}

/** On the application, signed in. */
export async function atTheWiki(page) {
  await page.waitForURL(WIKI);
  check((await page.locator('body').innerText()).includes('GET /page HTTP/1.1'), 'the application is there');
}

/** No look found anything. */
export function nothingFound(...looks) {
  const problems = looks.flatMap(({ problems }) => problems);
  check(problems.length === 0, [...new Set(problems)].join('\n'));
}
