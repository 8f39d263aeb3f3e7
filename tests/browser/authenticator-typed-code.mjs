// What goes wrong on the way, and codes that are typed or come in a picture: a device that is not the user's, a code that was
// seen by somebody else, one that is void.
import {
  APP, DEVICES, PIN, App, atTheWiki, enrolling, firstPasscode, installed, itIsMine, linkOnPage, nothingFound,
  numberOnPage, setUp, typePasscode,
} from './authenticator.mjs';
import { check, press, same, story } from './lib.mjs';

await story(async (browser) => {
  const { page, look } = await enrolling(browser);
  await installed(page);
  const app = await App.on(browser, DEVICES.android);
  app.look.expect(401, 404, 409, 410, 422);
  await itIsNotMine(page, look, app);
  await twoDevices(browser, page, look, app);
  await aPicture(page, app);
  await typed(page, look, app);
  nothingFound(look, app.look);
});

async function newCode(page) {
  await press(page, '[name=new_code]');
  return linkOnPage(page);
}

/** "Not mine": nothing is added, and both sides say so. */
async function itIsNotMine(page, look, app) {
  await app.open(await linkOnPage(page));
  await app.consent();
  same(await app.checkCode(), await numberOnPage(page), 'the number');
  await press(page, '[name=mine][value=no]');
  await look.at('portal-not-mine');
  await app.at('problem-not_mine-title');
  await app.look.at('phone-not-mine');
}

/** The code was seen by somebody: it is void for both. */
async function twoDevices(browser, page, look, app) {
  const link = await newCode(page);
  await app.open(link);
  await app.consent();
  await app.checkCode();
  const thief = await App.on(browser, DEVICES.android);
  thief.look.expect(409);
  await thief.open(link);
  await thief.at('problem-already_used-title');
  await thief.look.at('phone-second-device');
  await app.at('problem-second_device-title');
  await app.look.at('phone-second-device-first');
  await page.getByRole('button', { name: 'New code' }).waitFor();
  await page.waitForFunction(() => document.body.innerText.includes('second device'));
  await look.stands('portal-second-device');
  await look.shot('portal-second-device');
  thief.look.done();
  await thief.page.context().close();
}

/** There is no camera: the picture of the code does as well, and one without a code is told from it. */
async function aPicture(page, app) {
  await newCode(page);
  const code = await page.locator('.qr:visible').screenshot();
  const nothing = await page.locator('h1').screenshot();
  await app.open(APP);
  await app.press('scan');
  await app.at('scan-title');
  await app.page.locator('.notice').waitFor();
  await app.look.stands('phone-no-camera');
  await app.look.shot('phone-no-camera');
  const pick = (buffer) => app.page.setInputFiles('input[type=file]', { name: 'a.png', mimeType: 'image/png', buffer });
  await pick(nothing);
  await app.says('picture-nothing-title');
  await app.look.stands('phone-no-code-in-picture');
  await pick(code);
  await app.page.getByText(app.t('consent-text')).waitFor();
  await app.press('cancel');
  await app.at('welcome-title');
}

/** Typed as people type: in small letters, without hyphens. */
async function typed(page, look, app) {
  await newCode(page);
  const code = (await page.textContent('#code')).trim();
  check(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/.test(code), `a code that can be typed: ${code}`);
  await app.press('type-code');
  await app.at('code-title');
  await app.look.at('phone-code');
  const user = app.field('code-user');
  const digits = app.field('code-label');
  await app.press('continue');
  await app.says('code-user-empty');
  await user.fill('alice');
  await digits.fill('0000');
  await app.press('continue');
  await app.says('code-wrong');
  await app.look.at('phone-code-wrong');
  await digits.fill('AAAA-AAAA-AAAA');
  await app.press('continue');
  await app.at('problem-activate-not_found-title');
  await app.look.at('phone-code-unknown');
  await app.press('to-start');
  await app.press('type-code');
  await user.fill('alice');
  await digits.fill(code.toLowerCase().replaceAll('-', ' '));
  await app.press('continue');
  await app.consent();
  await itIsMine(page, app);
  await setUp(app);
  await firstPasscode(page);
  await app.press('done-open');
  await typePasscode(page, await app.passcode(PIN));
  await atTheWiki(page);
}
