// The whole wizard, from the protected page to the protected page, as the options say: screen, scheme, language, script.
import { Look, check, codeFor, passcode, scan, secretOf, story, url, world } from './lib.mjs';

await story(async (browser) => {
  const { user, password, options = {}, script = true, language = 'en', direction = 'ltr' } = world;
  const context = await browser.newContext({ ...options, javaScriptEnabled: script });
  const page = await context.newPage();
  const look = new Look(page, { axe: script });
  const wanted = url('wiki', '/page?x=1&y=two');

  await page.goto(wanted);
  check(new URL(page.url()).hostname === 'login.localhost', `intercepted, not at ${page.url()}`);
  check((await page.locator('html').getAttribute('lang')) === language, 'in the language asked for');
  check((await page.locator('html').getAttribute('dir')) === direction, `written ${direction}`);
  if (script) check(await page.evaluate(() => document.activeElement !== document.body), 'something has the focus');
  await look.at('w0-name');
  await page.fill('[name=username]', user);
  await page.press('[name=username]', 'Enter');
  await page.waitForSelector('[name=password]');
  await look.at('w0-password');
  await page.fill('[name=password]', password);
  await page.press('[name=password]', 'Enter');
  await page.waitForSelector('[name=add_authenticator]');
  await look.at('w1-need-authenticator');
  await page.click('[name=add_authenticator]');
  await page.waitForSelector('[name=verification_code]');
  await look.at('w2-check-email');
  const code = await codeFor(`${user}@example.test`);
  await page.fill('[name=verification_code]', code === '000000' ? '000001' : '000000');
  await page.press('[name=verification_code]', 'Enter');
  await page.waitForSelector('[role=alert]');
  await look.at('w2-wrong');
  await page.fill('[name=verification_code]', code);
  await page.press('[name=verification_code]', 'Enter');
  await page.waitForSelector('[name=target][value=mobile]');
  await look.at('w3-where');
  await page.check('[name=target][value=mobile]', { force: true });
  await page.click('form:has([name=target]) button[type=submit]');
  await page.waitForSelector('[name=target][value=ios]');
  await look.at('w4-which');
  await page.check('[name=target][value=ios]', { force: true });
  await page.click('form:has([name=target]) button[type=submit]');
  await page.waitForSelector('a[href^="otpauth:"]');
  await look.at('w5-install');

  const link = await page.getAttribute('a[href^="otpauth:"]', 'href');
  const secret = secretOf(link);
  const same = async (when) => {
    check((await page.getAttribute('a[href^="otpauth:"]', 'href')) === link, `the link is the same ${when}`);
    const key = (await page.locator('[data-key]').first().textContent()).replace(/\s/g, '');
    check(key === secret, `the key is that of the link ${when}: ${key}`);
    const seen = await scan(page.locator('[data-qr]').first());
    check(secretOf(seen) === secret, `the QR code is that of the link ${when}`);
  };
  await same('at first');
  await page.reload();
  await same('after a reload');

  await page.click('[name=continue]');
  await page.waitForSelector('[name=otp]');
  await look.at('w8-first-passcode');
  const right = passcode(secret);
  await page.fill('[name=otp]', right === '000000' ? '000001' : '000000');
  await page.press('[name=otp]', 'Enter');
  await page.waitForSelector('[role=alert]');
  await look.at('w8-wrong');
  await page.fill('[name=otp]', passcode(secret));
  await page.press('[name=otp]', 'Enter');
  await page.waitForURL(wanted);
  const words = await page.locator('body').innerText();
  check(words.includes('GET /page?x=1&y=two HTTP/1.1'), `the page asked for: ${words}`);
  check(words.includes(`Remote-User: ${user}`), 'the application knows who it is');
  look.done();
});
