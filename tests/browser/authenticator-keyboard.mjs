// "On This Computer", with the keyboard alone: the app beside the portal's page, by Tab and Enter.
import {
  APP, DEVICES, PIN, App, atTheWiki, enrolling, firstPasscode, nothingFound, numberOnPage, typePasscode,
} from './authenticator.mjs';
import { check, press, same, story } from './lib.mjs';

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

await story(async (browser) => {
  const options = { ...DEVICES.computer, userAgent: WINDOWS };
  const { page, look } = await enrolling(browser, { options, platform: 'windows-desktop' });
  await look.at('portal-activate');
  const tab = await page.context().newPage();
  const app = new App(tab, { touch: false });
  await tab.goto(APP);
  await app.at('welcome-title');
  await app.look.at('app-welcome');

  await to(app, 'type-code');
  await go(app, 'code-title');
  await tabTo(tab, 'input');
  await tab.keyboard.type('alice');
  await tabTo(tab, 'input');
  await tab.keyboard.type((await page.textContent('#code')).trim());
  await tab.keyboard.press('Enter');
  await tab.getByText(app.t('consent-text')).waitFor();
  check(await on(tab, 'h1'), 'the focus is on the heading of each screen');
  await to(app, 'confirm');
  await go(app, 'check-title');
  same(await numberOnPage(page), await app.checkCode(), 'the number on both screens');
  await press(page, '[name=mine][value=yes]');

  await app.at('pin-title');
  await tabTo(tab, 'input');
  await tab.keyboard.type(PIN);
  await to(app, 'pin-show');
  await tab.keyboard.press('Space');
  same(await tab.locator('input').first().getAttribute('type'), 'text', 'the PIN is shown');
  await tab.keyboard.press('Space');
  await tabTo(tab, 'input');
  await tab.keyboard.type(PIN);
  await tab.keyboard.press('Enter');
  await app.at('done-title', {}, { within: 30_000 });
  await app.look.at('app-done');
  await firstPasscode(page);

  await to(app, 'done-open');
  await tab.keyboard.press('Enter');
  await app.field('pin-label').waitFor();
  await tabTo(tab, 'input');
  await tab.keyboard.type(PIN);
  await tab.keyboard.press('Enter');
  const passcode = await app.shown();
  check(await on(tab, '.passcode'), 'the passcode has the focus, and is read out');
  await app.look.at('app-passcode');
  await to(app, 'passcode-hide');
  await tab.keyboard.press('Enter');
  await app.field('pin-label').waitFor();
  await typePasscode(page, passcode);
  await atTheWiki(page);
  nothingFound(look, app.look);
});

/** Whether that has the focus. */
function on(page, selector) {
  return page.evaluate((selector) => document.activeElement.matches(selector), selector);
}

/** With Tab to the next of these, which one sees. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 25; presses += 1) {
    await page.keyboard.press('Tab');
    if (!(await on(page, selector))) continue;
    const seen = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    });
    check(seen, `one sees that ${selector} has the focus`);
    return;
  }
  throw new Error(`no way to ${selector} with Tab`);
}

/** With Tab to a button. */
async function to(app, key) {
  const name = app.t(key);
  for (let presses = 0; presses < 25; presses += 1) {
    await tabTo(app.page, 'button');
    if ((await app.page.evaluate(() => document.activeElement.textContent.trim())) === name) return;
  }
  throw new Error(`no way to "${name}" with Tab`);
}

/** Presses what has the focus. */
async function go(app, screen) {
  await app.page.keyboard.press('Enter');
  await app.at(screen);
}
