// The PIN: changed, forgotten by a reload, typed wrong until the authenticator locks for good.
import {
  DEVICES, PIN, WIKI, App, activate, atTheWiki, enrolling, firstPasscode, nothingFound, typePasscode,
} from './authenticator.mjs';
import { Look, asFarAsThePassword, check, same, story } from './lib.mjs';

const OTHER = '90210';
const PERMITTED = 5;

await story(async (browser) => {
  const { page } = await enrolling(browser);
  const app = await App.on(browser, DEVICES.android);
  app.look.expect(422, 423);
  await activate(page, app);
  await firstPasscode(page);
  await app.press('done-open');
  await typePasscode(page, await app.passcode(PIN));
  await atTheWiki(page);

  await change(app);
  await reload(app);
  const kept = await locks(app);
  await theDoorIsShut(browser, kept);
  nothingFound(app.look);
});

/** Another PIN; the old one is wrong then. */
async function change(app) {
  await app.press('manage');
  await app.press('change-pin');
  await app.at('change-pin');
  await app.look.at('change-pin');
  const fill = async (present, fresh, again = fresh) => {
    await app.field('pin-present').fill(present);
    await app.field('pin-new').fill(fresh);
    await app.field('pin-again').fill(again);
    await app.press('save');
  };
  await fill(PIN, PIN);
  await app.says('pin-fault-same');
  await fill('0011', OTHER);
  await app.says('pin-wrong');
  await app.look.at('change-pin-wrong');
  await fill(PIN, OTHER);
  await app.at('pin-changed-title', {}, { within: 20_000 });
  await app.look.at('pin-changed');
  await app.press('continue');
  await app.field('pin-label').fill(PIN);
  await app.press('passcode-show');
  await app.says('pin-wrong');
  await app.passcode(OTHER);
}

/** What was open is shut by a reload, and when nobody looks. */
async function reload(app) {
  await app.page.reload();
  await app.at('home-title');
  await app.page.locator('.accounts button').tap();
  await app.field('pin-label').waitFor();
  same(await app.page.locator('.passcode').count(), 0, 'passcodes without the PIN');
}

/** So many wrong ones are permitted, one more locks. The last right passcode is told. */
async function locks(app) {
  const kept = await app.passcode(OTHER);
  await app.press('passcode-hide');
  for (let failed = 1; failed <= PERMITTED; failed += 1) {
    await app.field('pin-label').fill('0011');
    await app.press('passcode-show');
    await app.says('pin-wrong');
    const left = PERMITTED - failed;
    if (left === 0) await app.says('tries-last');
    else if (left <= 3) await app.says('tries-left', { left });
    await app.page.waitForFunction(() => !document.querySelector('form[aria-busy]'));
    if (left <= 1) await app.look.at(`wrong-${failed}`);
  }
  // What a reload forgets the gateway does not.
  await app.page.reload();
  await app.page.locator('.accounts button').tap();
  await app.says('tries-last');
  await app.look.at('last-try');
  await app.field('pin-label').fill('0011');
  await app.press('passcode-show');
  await app.at('state-locked_pin-title');
  await app.look.at('locked');
  await app.page.reload();
  await app.at('home-title');
  await app.look.at('home-locked');
  return kept;
}

/** The gateway's half is gone, so the door does not open; the page says what helps. */
async function theDoorIsShut(browser, kept) {
  const page = await (await browser.newContext(DEVICES.computer)).newPage();
  const look = new Look(page);
  await asFarAsThePassword(page, 'alice', WIKI);
  await look.at('portal-locked');
  if (await page.locator('[name=otp]').count()) {
    await typePasscode(page, kept);
    await look.at('portal-locked-refused');
  }
  check(!page.url().includes('wiki.'), 'nobody is in');
  look.done();
}
