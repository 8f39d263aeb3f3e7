// Portal and app in Arabic and in the dark, from right to left.
import {
  APP, DEVICES, PIN, SOON, WIKI, App, enrolling, firstPasscode, installed, linkOnPage, nothingFound, numberOnPage, sendRequest,
} from './authenticator.mjs';
import { check, press, same, story } from './lib.mjs';

const ARABIC = { locale: 'ar', colorScheme: 'dark' };

await story(async (browser) => {
  const { page, look } = await enrolling(browser, { options: { ...DEVICES.computer, ...ARABIC } });
  const at = async (name, { focus = true } = {}) => {
    same(await page.getAttribute('html', 'lang'), 'ar', `${name}: language`);
    same(await page.getAttribute('html', 'dir'), 'rtl', `${name}: direction of writing`);
    if (focus) await look.focus(name);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await look.stands(`${name} ${width}`);
      await look.shot(`${name}-${width}`);
    }
  };
  await at('1-install');
  await installed(page);
  await at('2-activate');
  const app = await App.on(browser, { ...DEVICES.android, ...ARABIC }, { language: 'ar' });
  await app.open(APP);
  await app.at('welcome-title');
  same(await app.page.getAttribute('html', 'dir'), 'rtl', 'direction of writing in the app');
  await app.look.at('app-welcome');
  await app.open(await linkOnPage(page));
  await app.consent();
  same(await app.checkCode(), await numberOnPage(page), 'the number on both screens');
  await app.look.at('app-check');
  await at('3-found', { focus: false });
  await press(page, '[name=mine][value=yes]');
  await at('4-setting-up');
  await app.wantRequests();
  await app.at('pin-title');
  await app.look.at('app-pin');
  await app.choosePin();
  await app.at('done-title', {}, { within: 30_000 });
  await app.look.at('app-done');
  await firstPasscode(page);
  await at('5-first-passcode');
  const number = await sendRequest(page);
  await at('6-waiting');
  await app.press('done-open');
  await app.request();
  await app.look.at('app-request');
  await app.enter(number);
  await app.at('result-approved-title');
  await page.waitForURL(WIKI, { timeout: SOON + 3000 });
  await app.press('continue');
  await app.page.locator('.accounts button').tap();
  await app.passcode(PIN);
  await app.look.at('app-passcode');
  await app.press('manage');
  await app.look.at('app-manage');
  nothingFound(look, app.look);
});
