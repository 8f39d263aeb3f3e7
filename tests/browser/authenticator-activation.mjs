// The activation on two devices: a computer that signs in, and a phone that becomes its authenticator.
import {
  APP, DEVICES, PIN, SOON, App, atTheWiki, enrolling, firstPasscode, installed, linkOnPage, nothingFound,
  numberOnPage, typePasscode,
} from './authenticator.mjs';
import { check, press, same, story, world, wrong } from './lib.mjs';

await story(async (browser) => {
  const { page, look } = await enrolling(browser);
  const app = await App.on(browser, DEVICES.android);
  await look.at('portal-1-install');
  same(await page.locator('a[href*="#v=1"]').count(), 0, 'what activates is not shown before the app is there');
  await installed(page);
  await look.at('portal-2-activate');
  const link = await linkOnPage(page);

  await app.open(APP);
  await app.at('welcome-title');
  await app.look.at('phone-0-welcome');

  await app.open(link);
  await app.at('consent-title', { user: world.user ?? 'alice', issuer: 'Doorward Demo' });
  const facts = await app.page.locator('.facts').innerText();
  check(facts.includes(`authenticator.localhost:${world.port}`), `the server is named: ${facts}`);
  same(await app.page.evaluate(() => location.href), APP, 'the ticket is out of the address');
  await app.look.at('phone-1-consent');
  // As soon as the device has spoken to the gateway, the page shows it, without anybody's doing.
  const number = await numberOnPage(page);
  await look.focus('portal-3-found');
  await look.stands('portal-3-found');
  await look.shot('portal-3-found');
  check((await page.locator('#stage').innerText()).includes('Android phone, Chrome'), 'the device is named');
  await app.press('confirm');
  same(await app.checkCode(), number, 'the number on both screens');
  await app.look.at('phone-2-check');
  await press(page, '[name=mine][value=yes]');
  await look.at('portal-4-setting-up');

  await app.at('notify-title', {}, { within: SOON });
  await app.look.at('phone-3-notify');
  await app.notNow();
  await thePin(app);
  await app.at('done-title', {}, { within: 30_000 });
  await firstPasscode(page, SOON + 2000);
  await app.look.at('phone-5-done');
  await look.at('portal-5-first-passcode');

  await app.press('done-open');
  await app.look.at('phone-6-pin');
  const passcode = await app.passcode(PIN);
  check(/^\d{6}$/.test(passcode), `a passcode: ${passcode}`);
  await app.look.at('phone-7-passcode');
  await typePasscode(page, wrong(passcode));
  await look.at('portal-6-wrong');
  await typePasscode(page, passcode);
  await atTheWiki(page);
  await around(app);
  nothingFound(look, app.look);
});

/** What is wrong with a PIN is said while it is typed, and at the field. */
async function thePin(app) {
  await app.at('pin-title');
  await app.look.at('phone-4-pin');
  const rule = (name) => app.page.getByRole('listitem').filter({ hasText: app.t(name, { min: 4, max: 8 }) });
  const kept = async (name) => (await rule(name).getAttribute('class')) === 'kept';
  const typed = app.field('pin-new');
  await typed.fill('12');
  check(!(await kept('pin-rule-too_short')), 'two digits are too few');
  await typed.fill('1234');
  check(await kept('pin-rule-too_short'), 'four digits are enough');
  check(!(await kept('pin-rule-trivial')), 'a run is trivial');
  await app.field('pin-again').fill('1234');
  await app.press('continue');
  await app.says('pin-fault-trivial');
  await app.look.at('phone-4-pin-trivial');
  await typed.fill(PIN);
  check(await kept('pin-rule-trivial'), 'this is no run');
  await app.press('continue');
  await app.says('pin-fault-differs');
  await app.look.at('phone-4-pin-differs');
  await app.choosePin();
}

/** The other screens of the app. */
async function around(app) {
  await app.press('passcode-hide');
  await app.press('manage');
  await app.at('manage-title', { issuer: 'Doorward Demo' });
  await app.look.at('phone-8-manage');
  await app.press('remove');
  await app.at('remove-title');
  await app.look.at('phone-8-remove');
  await app.press('remove-no');
  await app.page.goBack();
  await app.open(APP);
  await app.at('home-title');
  await app.look.at('phone-9-home');
  await app.press('settings');
  await app.at('settings');
  await app.look.at('phone-9-settings');
}
