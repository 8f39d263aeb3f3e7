// Passkeys on a phone: made after a sign-in by passcode, asked for by the intranet, refused where the device has not verified its
// user, held when there is a copy, removed. A browser without JavaScript says what is needed.
import {
  Look, addressOf, asFarAsTheChoice, asFarAsThePassword, check, choose, later, mailTo, passcode, press, same, secretOnPage, send,
  story, url,
} from './lib.mjs';

const PHONE = { locale: 'en', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const INTRANET = url('intranet', '/page');
const BUTTON = '[data-passkey] button';

await story(async (browser) => {
  const { page, look, device } = await phone(browser);
  await lacking(page, look);
  const secret = await enrolled(page);
  await made(page, look);
  await named(page, look);
  await twice(page, look);
  await raised(page, look);
  const copy = await device.credential();
  await verified(browser, copy);
  await copied(browser, copy);
  await held(page, look);
  await withoutScript(browser, secret);
  look.done();
});

/** A phone with a sensor, which keeps passkeys. */
async function phone(browser) {
  const page = await (await browser.newContext(PHONE)).newPage();
  const tools = await page.context().newCDPSession(page);
  await tools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', { options });
  const recognises = (isUserVerified) => tools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  const take = (credential) => tools.send('WebAuthn.addCredential', { authenticatorId, credential });
  const credential = async () => {
    const { credentials } = await tools.send('WebAuthn.getCredentials', { authenticatorId });
    same(credentials.length, 1, 'passkeys on the phone');
    return credentials[0];
  };
  return { page, look: new Look(page, { touch: true }), device: { recognises, take, credential } };
}

async function atTheIntranet(page) {
  await page.waitForURL(INTRANET);
  const words = await page.locator('body').innerText();
  check(words.includes('Remote-User: alice'), `the intranet knows who it is: ${words}`);
}

/** Whoever has none is told so. */
async function lacking(page, look) {
  look.expect(403, 422);
  await asFarAsThePassword(page, 'alice', INTRANET);
  same(await page.textContent('h1'), 'You need a passkey', 'what is lacking');
  await look.at('needed');
}

async function enrolled(page) {
  await page.context().clearCookies();
  await asFarAsTheChoice(page, 'alice', url('wiki', '/page'));
  await choose(page, 'mobile');
  await choose(page, 'android');
  const secret = await secretOnPage(page);
  await press(page, '[name=continue]');
  await send(page, 'otp', passcode(secret));
  await page.waitForURL(url('wiki', '/page'));
  const { text } = await mailTo(addressOf('alice'));
  check(text.includes('An authenticator was added'), text);
  return secret;
}

async function made(page, look) {
  await page.goto(url('login', '/authenticators'));
  await look.at('own-page');
  await press(page, 'a[href="/passkeys"]');
  await look.at('none');
  await press(page, 'a[href="/passkeys/add"]');
  await look.at('add');
  await press(page, BUTTON);
  same(page.url(), url('login', '/passkeys?done=added'), 'the passkey is made');
  await look.at('added');
  const { text } = await mailTo(addressOf('alice'));
  check(/Device: Passkey/.test(text), `the mail tells of it: ${text}`);
}

async function named(page, look) {
  await page.click('summary');
  await look.stands('rename');
  await look.shot('rename');
  await send(page, 'label', 'Blue phone');
  check((await page.textContent('main')).includes('Blue phone'), 'it has its name');
  await page.click('summary');
  await send(page, 'label', 'x'.repeat(65));
  await look.at('too-long');
}

/** What keeps one makes no other. */
async function twice(page, look) {
  await page.goto(url('login', '/passkeys/add'));
  await page.click(BUTTON);
  await page.waitForFunction(() => document.querySelector('[data-passkey-said]').textContent !== '');
  check((await page.textContent('[data-passkey-said]')).includes('on this device already'), 'the browser says so');
  await look.stands('known');
  await look.shot('known');
}

/** The session of the wiki is raised by it. */
async function raised(page, look) {
  await page.goto(INTRANET);
  same(await page.textContent('h1'), 'Use your passkey', 'it is asked for');
  await look.at('asked');
  await press(page, BUTTON);
  await atTheIntranet(page);
}

/** On another device, to which the passkey was copied. There the user must be verified, whatever the page says. */
async function verified(browser, credential) {
  const { page, look, device } = await phone(browser);
  await device.take(credential);
  await asFarAsThePassword(page, 'alice', INTRANET);
  await device.recognises(false);
  await page.click(BUTTON);
  await page.waitForFunction(() => document.querySelector('[data-passkey-said]').textContent !== '');
  await look.stands('not-recognised');
  await look.shot('not-recognised');
  await page.evaluate(() => {
    const place = document.querySelector('[data-passkey]');
    place.dataset.options = JSON.stringify({ ...JSON.parse(place.dataset.options), userVerification: 'discouraged' });
  });
  await press(page, BUTTON);
  check((await page.textContent('[role=alert]')).includes('The passkey was not accepted'), 'the gateway has seen it');
  await look.at('not-accepted');
  await device.recognises(true);
  await press(page, BUTTON);
  await atTheIntranet(page);
  look.done();
  await page.context().close();
}

/** A copy that has signed less often than the other: one of the two is not its user's. */
async function copied(browser, credential) {
  const { page, device } = await phone(browser);
  await device.take({ ...credential, signCount: 1 });
  await asFarAsThePassword(page, 'alice', INTRANET);
  await press(page, BUTTON);
  same(await page.textContent('h1'), 'You need a passkey', 'nobody is let in by it');
  await page.context().close();
}

async function held(page, look) {
  await page.goto(url('login', '/passkeys'));
  check((await page.textContent('main')).includes('there may be a copy of it'), 'it is held');
  await look.at('held');
  await press(page, 'a[href$="/remove"]');
  await look.at('remove');
  await press(page, '[name=remove]');
  same(page.url(), url('login', '/passkeys?done=removed'), 'it is removed');
  check((await page.textContent('main')).includes('You have no passkey.'), 'there is none left');
  await look.at('removed');
}

async function withoutScript(browser, secret) {
  later({ minutes: 11 });
  const page = await (await browser.newContext({ ...PHONE, javaScriptEnabled: false })).newPage();
  const look = new Look(page, { script: false, touch: true });
  await asFarAsThePassword(page, 'alice', url('wiki', '/page'));
  await send(page, 'otp', passcode(secret));
  await page.goto(url('login', '/passkeys/add'));
  check((await page.textContent('main')).includes('JavaScript switched on'), 'what the page needs');
  same(await page.locator(`${BUTTON}:visible`).count(), 0, 'buttons that would do nothing');
  await look.at('without-script');
  look.done();
}
