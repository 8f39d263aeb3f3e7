// Every page there is, the errors with them, at three sizes and in both schemes: no violation, nothing wider than the
// screen, focus where it belongs. The language is the browser's.
import { execFileSync } from 'node:child_process';
import {
  Look, addressOf, asFarAsThePassword, check, choose, codeFor, consoleUrl, later, mailServer, mailTo, passcode, press, same,
  secretOnPage, send, story, url, world, wrong,
} from './lib.mjs';

const SIZES = [320, 390, 1280];
/** What is kept of each page to be looked at. */
const kept = world.kept ?? ['light-390', 'dark-1280'];
// Colours change at once, so that none is judged halfway.
const options = { locale: world.language, reducedMotion: 'reduce' };
const WIKI = url('wiki', '/page');

/** What no visitor can bring about. */
function sql(statement) {
  execFileSync('sqlite3', ['-cmd', '.timeout 5000', world.database, statement]);
}

await story(async (browser) => {
  const looks = [];
  const someone = async () => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    looks.push(new Look(page));
    const look = looks.at(-1);
    return { page, look, at: (name, what) => everywhere(page, look, name, what) };
  };
  await withoutAnAddress(await someone());
  await portalAndErrors(await someone());
  await codes(await someone());
  const secret = await wizard(await someone());
  await passcodes(await someone(), secret);
  await notYou(await someone(), await someone());
  await twoBrowsers(await someone(), await someone());
  await mailbox(await someone());
  const problems = looks.flatMap((look) => look.problems);
  check(problems.length === 0, problems.join('\n'));
});

/** The page that is open, at every size and in both schemes. */
async function everywhere(page, look, name, { notice, focus = true, language = world.language } = {}) {
  if (language) same(await page.getAttribute('html', 'lang'), language, `${name}: language`);
  if (notice) check(await page.isVisible('#notice'), `${name}: a notice is shown at ${page.url()}`);
  else if (notice === false) same(await page.locator('#notice').count(), 0, `${name}: notices`);
  if (focus) await look.focus(name);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of SIZES) {
      await page.setViewportSize({ width, height: 800 });
      await look.stands(`${name} ${colorScheme} ${width}`);
      if (kept.includes(`${colorScheme}-${width}`)) await look.shot(`${name}-${colorScheme}-${width}`);
    }
  }
}

async function status(page, wanted, go) {
  const [answer] = await Promise.all([page.waitForResponse((answer) => answer.request().isNavigationRequest()), go()]);
  same(answer.status(), wanted, `the status of ${answer.url()}`);
}

/** carol: W0 with its errors, W1, E1, cancelled. */
async function withoutAnAddress({ page, at }) {
  await page.goto(WIKI);
  await at('w0-name');
  await press(page, 'button.primary');
  await at('w0-name-empty', { notice: true });
  await send(page, 'username', 'carol');
  await at('w0-password', { notice: false });
  await press(page, 'button.primary');
  await at('w0-password-empty', { notice: true });
  await send(page, 'password', 'wrong');
  await at('w0-not-accepted', { notice: true });
  await send(page, 'password', world.passwords.carol);
  await at('w1-need-authenticator', { notice: false });
  await press(page, '[name=add_authenticator]');
  await at('e1-no-address', { notice: true });
  same(await page.locator('[name=verification_code]').count(), 0, 'fields for a code that was never sent');
  await press(page, 'form[action="/signin/cancel"] button');
  await at('ended-cancelled');
}

/** carol: the start page, and the pages that say one thing. */
async function portalAndErrors({ page, look, at }) {
  look.expect(400, 403, 404, 405, 421, 502);
  const intranet = url('intranet');
  await asFarAsThePassword(page, 'carol', intranet);
  same(page.url(), intranet, 'signed in with the password alone');
  await status(page, 403, () => page.goto(url('intranet', '/board')));
  await at('denied');
  await status(page, 404, () => page.goto(url('login', '/nothing')));
  await at('not-found');
  await status(page, 405, () => page.goto(url('login', '/signin/password')));
  await at('wrong-method');
  await status(page, 421, () => page.goto(url('nobody')));
  await at('unknown-site', { focus: false }); // a page without script
  await page.goto(url('login'));
  await at('start');
  // One that is merely too old is led on.
  await page.$eval('form[action="/signout"] [name=csrf]', (field) => { field.value = ''; });
  await status(page, 403, () => press(page, 'form[action="/signout"] button'));
  await at('cross-site');
  await page.goto(url('login'));
  await press(page, 'form[action="/signout"] button');
  await at('signed-out');
}

/** alice: W2 with all that may go wrong, and the end of the time for it all. */
async function codes({ page, at }) {
  await mailServer(true);
  await asFarAsThePassword(page, 'alice', WIKI);
  await press(page, '[name=add_authenticator]');
  await page.waitForSelector('#resend:not([data-ready-in])');
  await at('e2-mail-refused', { notice: true });
  await mailServer(false);
  await press(page, '#resend');
  await at('w2-check-email', { notice: false });
  let code = await codeFor('alice');
  await press(page, 'button.primary');
  await at('w2-empty', { notice: true });
  await send(page, 'verification_code', wrong(code));
  await at('w2-wrong', { notice: true });
  for (let tries = 0; tries < 5; tries += 1) await send(page, 'verification_code', wrong(code));
  await at('w2-void', { notice: true });
  await again(page);
  await at('w2-sent-again', { notice: true });
  code = await codeFor('alice');
  later({ minutes: 11 });
  await send(page, 'verification_code', code);
  await at('w2-expired', { notice: true });
  while ((await page.locator('.notice.error:not(:has(a))').count()) === 0) await again(page);
  await at('w2-limit', { notice: true });
  later({ hours: 1 });
  await page.reload();
  await at('ended-timed-out');
  await press(page, 'main .primary');
  await send(page, 'username', 'alice');
  await send(page, 'password', world.passwords.alice);
  await press(page, '[name=add_authenticator]');
  sql("update meter set counted = 15 where scope = 'code_tries_day'");
  await send(page, 'verification_code', wrong(await codeFor('alice')));
  await at('w2-day-limit', { notice: true });
  sql("delete from meter where scope = 'code_tries_day'");
  later({ seconds: 31 });
}

/** "Send a new code", as soon as that is possible. */
async function again(page) {
  later({ seconds: 31 });
  await page.reload();
  await press(page, '#resend');
}

/** alice: from W2 to the page asked for. */
async function wizard({ page, at }) {
  await asFarAsThePassword(page, 'alice', WIKI);
  await press(page, '[name=add_authenticator]');
  await send(page, 'verification_code', await codeFor('alice'));
  await at('w3-where', { notice: false });
  await page.$eval('[name=target]:checked', (radio) => { radio.checked = false; });
  await press(page, 'button.primary');
  await at('w3-nothing-chosen', { notice: true });
  await choose(page, 'windows-desktop');
  await at('w5-desktop', { notice: false });
  await press(page, 'button[form=back]');
  await choose(page, 'mobile');
  await at('w4-which', { notice: false });
  await choose(page, 'android');
  await at('w5-android', { notice: false });
  await press(page, 'button[form=back]');
  await choose(page, 'ios');
  await at('w5-ios', { notice: false });
  later({ minutes: 11 });
  await page.reload();
  await at('w5-expired', { focus: true });
  await press(page, '[name=new_code]');
  const secret = await secretOnPage(page);
  await press(page, '[name=continue]');
  await at('w8-first-passcode', { notice: false });
  await press(page, 'button.primary');
  await at('w8-empty', { notice: true });
  await send(page, 'otp', wrong(passcode(secret)));
  await at('w8-wrong', { notice: true });
  await send(page, 'otp', wrong(passcode(secret)));
  await at('w8-wrong-twice', { notice: true });
  await send(page, 'otp', passcode(secret));
  await page.waitForURL(WIKI);
  return secret;
}

/** alice, in another browser: a passcode is asked for. */
async function passcodes({ page, at }, secret) {
  later({ minutes: 5 });
  const used = passcode(secret);
  const first = await page.context().browser().newContext(options);
  const signedIn = await first.newPage();
  await asFarAsThePassword(signedIn, 'alice', WIKI);
  await send(signedIn, 'otp', used);
  await signedIn.waitForURL(WIKI);
  await first.close();

  await asFarAsThePassword(page, 'alice', WIKI);
  await at('passcode', { notice: false });
  await send(page, 'otp', used);
  await at('passcode-used', { notice: true });
  await send(page, 'otp', wrong(passcode(secret)));
  await at('passcode-wrong', { notice: true });
  sql("update credential set fails = 9 where state = 'active'");
  await send(page, 'otp', wrong(passcode(secret)));
  await at('passcode-locked', { notice: true });
}

/** alice: W9's mail, its link, and what the token is then. */
async function notYou({ page, look, at }, next) {
  look.expect(404, 410);
  const mail = await mailTo(addressOf('alice'));
  await page.goto('about:blank');
  await page.setContent(mail.html);
  await at('mail-notice', { focus: false });
  const link = mail.text.split('\n').find((line) => line.startsWith('http'));
  await page.goto(link);
  await at('w9-was-it-you');
  await press(page, '[name=dispute]');
  await at('w9-suspended');
  await page.goto(link);
  await at('w9-link-gone');
  await asFarAsThePassword(next.page, 'alice', WIKI);
  await next.at('passcode-suspended');
}

/** bob: continued elsewhere, a page too old, no longer offered. */
async function twoBrowsers(one, other) {
  await asFarAsThePassword(one.page, 'bob', WIKI);
  await press(one.page, '[name=add_authenticator]');
  const mail = await mailTo(addressOf('bob'));
  await one.page.goto('about:blank');
  await one.page.setContent(mail.html);
  await one.at('mail-code', { focus: false });
  await asFarAsThePassword(other.page, 'bob', WIKI);
  await press(other.page, '[name=add_authenticator]');
  const old = await other.page.context().newPage();
  await old.goto(url('login', '/signin/step'));
  await send(other.page, 'verification_code', await codeFor('bob'));
  await send(old, 'verification_code', '123456');
  check(await old.isVisible('[name=target]'), 'a page too old leads to the current step');
  await old.close();
  await other.page.reload();
  await other.at('w3-stale', { focus: false });
  await one.page.goto(url('login', '/signin/step'));
  await one.at('ended-superseded');
  const third = one.page;
  const nobody = { target_users: { mode: 'none' }, windows_link: 'store', installer_url: null };
  sql(`insert into setting (virtual_server, kind, body, version, changed_at)
    values ('default', 'self_provisioning', '${JSON.stringify(nobody)}', 1, 0)`);
  later({ seconds: 10 });
  await asFarAsThePassword(third, 'bob', WIKI);
  await one.at('passcode-not-offered', { notice: false });
}

/** The console. */
async function mailbox({ page, at }) {
  const what = { focus: false, language: 'en' };
  await page.goto(consoleUrl('/'));
  await at('console', { focus: false });
  await page.goto(consoleUrl('/mailbox'));
  await at('mailbox', what);
  await press(page, 'button');
  await at('mailbox-stopped', what);
  await press(page, 'button');
}
