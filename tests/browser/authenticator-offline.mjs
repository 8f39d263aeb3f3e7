// Without a network the app opens and says what works; a browser that throws its data away is told from one that never had any;
// and the app can be installed.
import {
  APP, DEVICES, PIN, App, activate, atTheWiki, enrolling, firstPasscode, nothingFound, template, typePasscode,
} from './authenticator.mjs';
import { check, same, story } from './lib.mjs';

await story(async (browser) => {
  const app = await App.on(browser, DEVICES.android);
  await installable(app);
  await account(browser, app, 'alice', PIN);
  template({ pin_type: 'none' });
  await account(browser, app, 'bob', null);
  await offline(app);
  await erased(app);
  nothingFound(app.look);
});

/** One phone, two users. */
async function account(browser, app, user, pin) {
  const { page } = await enrolling(browser, { user });
  await activate(page, app, { pin });
  await firstPasscode(page);
  await app.press('done-open');
  const passcode = pin ? await app.passcode(pin) : await app.shown();
  await app.look.at(`passcode-of-${user}`);
  await typePasscode(page, passcode);
  await atTheWiki(page);
  await page.context().close();
}

async function installable(app) {
  await app.open(APP);
  await app.at('welcome-title');
  const tools = await app.page.context().newCDPSession(app.page);
  const { errors, data } = await tools.send('Page.getAppManifest');
  same(errors.length, 0, `errors of the manifest: ${JSON.stringify(errors)}`);
  same(JSON.parse(data).display, 'standalone', 'how it is shown');
  const { installabilityErrors } = await tools.send('Page.getInstallabilityErrors');
  const why = installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito');
  same(why.join(), '', 'what stands in the way of installing it');
  await app.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
}

async function offline(app) {
  const context = app.page.context();
  app.look.expect('ERR_INTERNET_DISCONNECTED');
  await context.setOffline(true);
  await app.page.goto(APP);
  await app.at('home-title');
  await app.says('offline-title');
  await app.says('offline-works');
  await app.look.at('offline-home');
  const card = (user) => app.page.locator('.accounts button').filter({ hasText: user });
  await card('bob').tap();
  check(/^\d{6}$/.test(await app.shown()), 'a passcode without a network');
  await app.look.at('offline-passcode');
  await app.press('back');
  await card('alice').tap();
  await app.field('pin-label').fill(PIN);
  await app.press('passcode-show');
  await app.says('problem-account-offline');
  await app.look.at('offline-pin');
  await context.setOffline(false);
  await app.passcode(PIN);
}

/** Clearing the browser's data takes the keys, but not what this browser once had. */
async function erased(app) {
  const tools = await app.page.context().newCDPSession(app.page);
  await app.page.goto('about:blank');
  await tools.send('Storage.clearDataForOrigin', { origin: new URL(APP).origin, storageTypes: 'indexeddb' });
  await app.page.goto(APP);
  await app.at('welcome-title-erased');
  const said = await app.page.locator('.notice').first().innerText();
  for (const user of ['alice', 'bob']) check(said.includes(user), `${user} is named: ${said}`);
  await app.look.at('erased');
}
