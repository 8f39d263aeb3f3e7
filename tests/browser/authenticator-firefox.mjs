// Web Push to a real Firefox, whose push service is one on this machine: it wakes the app, says nothing of who and where, and
// when it has forgotten the device the gateway does so, too. The portal's side is a Chromium.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { pushService } from './push-service.mjs';
import {
  APP, DEVICES, PIN, SOON, WIKI, atThePasscode, atTheWiki, enrolling, firstPasscode, linkOnPage, nothingFound,
  numberOnPage, pause, sendRequest, textsOf, typePasscode,
} from './authenticator.mjs';
import { check, press, same, story, world } from './lib.mjs';

const FIREFOX = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];
const texts = textsOf('en');
const ANDROID = 'Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0';

let sentAt = 0;
const service = await pushService(world.push);
const firefox = await openFirefox();
try {
  await story(tell);
} catch (error) {
  console.error(`the push service found fault with: ${service.faults.join() || 'nothing'}`);
  await (await firefox.pages()).at(-1)?.screenshot({ path: join(world.out, 'failed-firefox.png') });
  throw error;
} finally {
  await firefox.close();
  service.close();
}

async function openFirefox() {
  const executablePath = FIREFOX.find(existsSync);
  check(executablePath, 'Firefox is installed (make test does so)');
  const extraPrefsFirefox = {
    'dom.push.serverURL': `${service.origin.replace('http', 'ws')}/`,
    'dom.push.testing.allowInsecureServerURL': true,
    'dom.push.connection.enabled': true,
    'permissions.default.desktop-notification': 1,
    'alerts.useSystemBackend': false, // there is no desktop that shows them
    'general.useragent.override': ANDROID,
    'intl.accept_languages': 'en',
  };
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true, extraPrefsFirefox });
}

async function tell(browser) {
  const { page, look } = await enrolling(browser);
  const app = await firefox.newPage();
  await app.setViewport({ width: 390, height: 844 });
  await activation(page, app);
  await firstPasscode(page);
  await tap(app, 'done-open');
  await typePasscode(page, await passcode(app));
  await atTheWiki(page);
  await woken(browser, app, 1);
  await forgotten(browser, app);
  await woken(browser, app, 2);
  await away(browser, app);
  same(service.faults.join(), '', 'what the push service had to find fault with');
  nothingFound(look);
}

// --- the app, as puppeteer leads it ---

function button(key) {
  return `::-p-xpath(//button[normalize-space()=${JSON.stringify(texts[key])}])`;
}

async function tap(app, key) {
  await app.waitForSelector(button(key), { visible: true, timeout: 20_000 });
  await app.click(button(key));
}

async function says(app, text) {
  await app.waitForFunction((text) => document.body.innerText.includes(text), { timeout: 20_000 }, text);
}

async function type(app, key, text) {
  const id = await app.waitForFunction(
    (label) => [...document.querySelectorAll('label')].find((each) => each.textContent === label)?.htmlFor,
    { timeout: 20_000 },
    texts[key],
  );
  await app.type(`#${await id.jsonValue()}`, text);
}

async function passcode(app) {
  await type(app, 'pin-label', PIN);
  await tap(app, 'passcode-show');
  const code = await app.waitForSelector('.passcode');
  return (await code.evaluate((element) => element.textContent)).replace(/\s/g, '');
}

async function activation(page, app) {
  await press(page, '[name=installed]');
  await app.goto(await linkOnPage(page));
  await tap(app, 'confirm');
  const code = await app.waitForSelector('.check-code');
  same(await code.evaluate((element) => element.textContent), await numberOnPage(page), 'the number on both screens');
  await press(page, '[name=mine][value=yes]');
  await tap(app, 'notify-allow');
  await type(app, 'pin-new', PIN);
  await type(app, 'pin-again', PIN);
  await tap(app, 'continue');
  await says(app, texts['done-title']);
}

// --- what happens ---

async function until(holds, what, within = SOON) {
  const end = Date.now() + within;
  while (!(await holds())) {
    check(Date.now() < end, what);
    await pause(50);
  }
}

/** What can be read on a screen that is locked; read, it is taken away. */
async function notifications(app) {
  const shown = await app.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const all = await registration.getNotifications();
    for (const each of all) each.close();
    return all.map(({ title, body }) => `${title}: ${body}`);
  });
  return shown.join();
}

/** The request is looked at and approved in the app; the page goes on by itself. */
async function approved(page, app, number) {
  await tap(app, 'banner-look');
  await type(app, 'request-number', number);
  await type(app, 'pin-label', PIN);
  await tap(app, 'approve');
  await says(app, texts['result-approved-title']);
  await page.waitForURL(WIKI, { timeout: SOON + 2000 });
}

/** Requests of a user lie ten seconds apart. */
async function sendAnother(page) {
  await pause(Math.max(0, sentAt + 10_500 - Date.now()));
  sentAt = Date.now();
  return sendRequest(page);
}

/** A request wakes the device, and is approved there; so many messages have come by then. */
async function woken(browser, app, messages) {
  const { page, look } = await atThePasscode(browser);
  const number = await sendAnother(page);
  await until(() => service.messages.length === messages, 'a message at the push service');
  await until(() => service.acks.length === messages, 'the browser has taken it', 10_000);
  same(service.acks.at(-1), 100, 'what the browser says of it: decrypted and delivered');
  let shown = '';
  await until(async () => (shown = await notifications(app)) !== '', 'a notification is shown');
  same(shown, `Doorward Demo: ${texts.notification}`, 'what anybody can read');
  await approved(page, app, number);
  nothingFound(look);
  await page.context().close();
}

/**
 * The service has forgotten the subscription (410): so does the gateway, and says so. Opened by hand the app finds the request,
 * and that it has to subscribe anew.
 */
async function forgotten(browser, app) {
  service.gone = true;
  const { page, look } = await atThePasscode(browser);
  const number = await sendAnother(page);
  await page.getByText('Your device can’t be woken').waitFor();
  await look.stands('portal-by-hand');
  await look.shot('portal-by-hand');
  service.gone = false;
  await app.goto(APP);
  await approved(page, app, number);
  nothingFound(look);
  await page.context().close();
  await app.goto(APP);
  await app.waitForSelector('.accounts button');
  await until(() => service.registered === 2, 'another subscription', 10_000);
}

/** The service cannot be reached: the passcode signs in all the same. */
async function away(browser, app) {
  service.down = true;
  const { page } = await atThePasscode(browser);
  await sendAnother(page);
  await app.goto(APP);
  await app.waitForSelector('.accounts button');
  await app.click('.accounts button');
  await typePasscode(page, await passcode(app));
  await atTheWiki(page);
}
