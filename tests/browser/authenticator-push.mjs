// Requests, while the app is open: they come by themselves, say who asks and from where, and want the number of the page. No push
// service is in this.
import {
  DEVICES, PIN, SOON, WIKI, App, activate, atThePasscode, atTheWiki, enrolling, firstPasscode, nothingFound,
  sendRequest, typePasscode,
} from './authenticator.mjs';
import { check, same, story } from './lib.mjs';

await story(async (browser) => {
  const { page, look } = await enrolling(browser);
  const app = await App.on(browser, DEVICES.android);
  await activate(page, app, { requests: true });
  await firstPasscode(page);
  await look.at('portal-first');
  await app.press('done-open');

  // The first sign-in of all is by a request.
  const first = await sendRequest(page);
  await look.at('portal-waiting');
  await app.request();
  const told = await app.page.locator('.facts').innerText();
  const words = ['Wiki', 'Doorward Demo', 'alice', /127\.0\.0\.1|::1/, 'Chrome on Linux'];
  for (const word of words) check(told.match(word), `${word}: ${told}`);
  await app.look.at('app-request');
  await app.enter('x');
  await app.says('request-number-wrong');
  await app.look.at('app-request-no-number');
  await app.enter(first);
  await app.at('result-approved-title');
  await app.look.at('app-approved');
  await page.waitForURL(WIKI, { timeout: SOON + 2000 });
  await atTheWiki(page);
  await app.press('continue');

  await aWrongNumber(browser, app);
  await denied(browser, app);
  nothingFound(look, app.look);
});

/** A number that is not the page's ends the request; whoever sits at the page can type a passcode. */
async function aWrongNumber(browser, app) {
  const { page, look } = await atThePasscode(browser);
  await look.at('portal-offered');
  const number = await sendRequest(page);
  await app.request();
  await app.enter(number === '10' ? '11' : '10');
  await app.at('result-mismatched-title');
  await app.look.at('app-mismatched');
  await page.locator('#push').waitFor({ state: 'detached', timeout: SOON + 2000 });
  await look.at('portal-mismatched');
  check(!page.url().includes('wiki.'), 'nobody is in');
  await app.press('continue');
  look.done();
  await page.context().close();
}

/** Denied, and reported: those in charge learn of it, and no request comes for a while. */
async function denied(browser, app) {
  const { page, look } = await atThePasscode(browser);
  await sendRequest(page);
  await app.request();
  await app.press('deny');
  await app.at('report-title');
  await app.look.at('app-report');
  await app.press('report-yes');
  await app.at('result-reported-title');
  await app.look.at('app-reported');
  await page.locator('#push').waitFor({ state: 'detached', timeout: SOON + 2000 });
  await look.at('portal-denied');
  check(!page.url().includes('wiki.'), 'nobody is in');

  const other = await atThePasscode(browser);
  same(await other.page.locator('[name=push]').count(), 0, 'requests that can be sent after a report');
  await other.look.at('portal-off');
  await app.press('continue');
  await app.page.locator('.accounts button').tap();
  await typePasscode(other.page, await app.passcode(PIN));
  await atTheWiki(other.page);
  nothingFound(look, other.look);
}
