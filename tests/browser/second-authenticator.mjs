// A second authenticator on a phone: when the first was last shown too long ago, it is shown once more; then the wizard goes on from
// the choice of the platform, and the own page says that it is done. The first is removed.
import {
  Look, addressOf, asFarAsTheChoice, check, choose, later, mailTo, passcode, press, same, secretOnPage, send, story, url, world,
} from './lib.mjs';

const { language, app } = world;
const PHONE = { locale: language, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const WIKI = url('wiki', '/page');

await story(async (browser) => {
  const page = await (await browser.newContext(PHONE)).newPage();
  const look = new Look(page, { touch: true });
  const first = await enrolled(page);
  later({ minutes: 11 });
  await proved(page, look, first);
  await added(page, look);
  await removed(page, look);
  look.done();
});

async function enrolled(page) {
  await asFarAsTheChoice(page, 'alice', WIKI);
  await choose(page, 'mobile');
  await choose(page, 'android');
  const secret = await secretOnPage(page);
  await press(page, '[name=continue]');
  await send(page, 'otp', passcode(secret));
  await page.waitForURL(WIKI);
  await mailTo(addressOf('alice'));
  return secret;
}

/** The passcode page comes between, and leads back. */
async function proved(page, look, secret) {
  await page.goto(url('login', '/authenticators'));
  await look.at('own-page');
  await press(page, 'a[href="/authenticators/add"]');
  await look.at('add-unproved');
  await press(page, '[name=add]');
  await look.at('passcode');
  await send(page, 'otp', passcode(secret));
  same(page.url(), url('login', '/authenticators/add'), 'back at what was meant to be done');
  await look.at('add');
}

async function added(page, look) {
  await press(page, '[name=add]');
  await step(page, look, 'where', 0);
  await choose(page, 'mobile');
  await step(page, look, 'which', 1);
  await choose(page, 'ios');
  await step(page, look, 'install', 2);
  const secret = await secretOnPage(page);
  await press(page, '[name=continue]');
  await step(page, look, 'first-passcode', 3);
  await send(page, 'otp', passcode(secret));
  same(page.url(), url('login', '/authenticators?done=added'), 'the new one is in use');
  same(await page.locator('.tokens li').count(), 2, 'authenticators');
  same(await page.locator('a[href="/authenticators/add"]').count(), 0, 'ways to more than are allowed');
  await look.at('added');
  const { text } = await mailTo(addressOf('alice'));
  check(text.includes(app), `the mail tells of it: ${text}`);
}

/** No mailbox is asked for, so the wizard is shorter by two steps. */
async function step(page, look, name, done) {
  same(await page.locator('.progress li').count(), 4, `${name}: steps`);
  same(await page.locator('.progress li.done').count(), done, `${name}: steps done`);
  await look.at(name);
}

async function removed(page, look) {
  await press(page, '.tokens li:first-child h2 a');
  await look.at('one');
  await press(page, 'a[href$="/remove"]');
  await look.at('remove');
  await press(page, '[name=remove]');
  same(page.url(), url('login', '/authenticators?done=removed'), 'the first is gone');
  same(await page.locator('.tokens li').count(), 1, 'authenticators');
  await look.at('removed');
}
