// The portal's pages without JavaScript: they look again by themselves, and every step has a button. A request is approved from
// there, too.
import {
  DEVICES, App, atTheWiki, enrolling, installed, linkOnPage, nothingFound, sendRequest, setUp,
} from './authenticator.mjs';
import { press, same, story } from './lib.mjs';

/** The pages look again every ten seconds. */
const AGAIN = 13_000;

await story(async (browser) => {
  const { page, look } = await enrolling(browser, { options: { ...DEVICES.computer, javaScriptEnabled: false } });
  await look.at('1-install');
  await installed(page);
  await look.at('2-activate');
  const app = await App.on(browser, DEVICES.android);
  await app.open(await linkOnPage(page));
  await app.consent();
  const number = page.locator('.shown-number code');
  await number.waitFor({ timeout: AGAIN });
  same(await number.innerText(), await app.checkCode(), 'the number on both screens');
  await look.at('3-found');
  await press(page, '[name=mine][value=yes]');
  await look.at('4-setting-up');
  await setUp(app, { requests: true });
  // Nobody has to wait for the next look.
  await press(page, 'a[href="/signin/step"]');
  await look.at('5-active');
  if (await page.locator('[name=continue]').count()) await press(page, '[name=continue]');
  await look.at('6-first-passcode');

  const digits = await sendRequest(page);
  await look.at('7-waiting');
  await app.press('done-open');
  await app.approve(digits);
  await page.locator('[name=finish]').waitFor({ timeout: AGAIN });
  await look.at('8-approved');
  await press(page, '[name=finish]');
  await atTheWiki(page);
  nothingFound(look, app.look);
});
