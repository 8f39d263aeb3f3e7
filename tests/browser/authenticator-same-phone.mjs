// Everything on one phone: the portal and the app in two tabs. On an iPhone the app goes onto the home screen first, where it
// has a storage of its own.
import {
  ACTIVATION, APP, DEVICES, PIN, QR, App, atTheWiki, enrolling, firstPasscode, installed, itIsMine, nothingFound,
  setUp, typePasscode,
} from './authenticator.mjs';
import { check, same, scan, story, world } from './lib.mjs';

await story(async (browser) => {
  const options = DEVICES[world.phone];
  const { page, look } = await enrolling(browser, { options, platform: world.platform });
  await look.at('portal-1-install');
  await installed(page);
  await look.at('portal-2-activate');
  const link = await page.getAttribute(ACTIVATION, 'href');
  for (const summary of await page.locator('summary').all()) await summary.tap();
  same(await scan(page.locator(QR)), link, 'the QR code for another device is the link');
  await look.stands('portal-2-all');
  await look.shot('portal-2-all');

  const [tab] = await Promise.all([page.context().waitForEvent('page'), page.tap(ACTIVATION)]);
  const beside = new App(tab);
  const app = world.phone === 'iphone' ? await onTheHomeScreen(browser, beside, link) : beside;
  await app.consent();
  await itIsMine(page, app);
  await look.at('portal-3-setting-up');
  await setUp(app);
  await app.look.at('app-done');
  same(await app.page.getByRole('link', { name: app.t('done-return') }).count(), 1, 'ways back to the sign-in');
  await firstPasscode(page);
  await look.at('portal-4-first-passcode');
  await app.press('done-open');
  await typePasscode(page, await app.passcode(PIN));
  await atTheWiki(page);
  if (world.phone === 'iphone') await theStartAddressStays(app);
  nothingFound(look, app.look, beside.look);
});

/** Safari cannot keep keys for long: the app is put onto the home screen, and goes on there. */
async function onTheHomeScreen(browser, tab, link) {
  await tab.at('handoff-title');
  await tab.look.at('app-handoff');
  const manifest = await manifestOf(tab.page);
  const start = new URL(manifest.start_url, APP);
  check(start.searchParams.get('t'), `the installed app begins where we are: ${start}`);
  check(!link.includes(start.searchParams.get('t')), 'with a code of its own');

  const app = await App.on(browser, DEVICES.iphone);
  await standAlone(app.page);
  await app.open(start.href);
  await app.at('consent-title', { user: 'alice', issuer: 'Doorward Demo' });
  app.start = start.href;

  // The code that the page shows is void now.
  const other = await App.on(browser, DEVICES.iphone);
  await standAlone(other.page);
  other.look.expect(404, 409, 410);
  await other.open(link);
  await other.page.getByRole('button', { name: other.t('scan-another') }).waitFor();
  await other.look.at('app-code-was-handed-over');
  other.look.done();
  await other.page.context().close();
  return app;
}

/** From the home screen the app begins at the same address for ever; nothing is begun anew. */
async function theStartAddressStays(app) {
  await app.open(app.start);
  await app.at('home-title');
  same(await app.page.locator('.accounts li').count(), 1, 'accounts');
}

async function manifestOf(page) {
  const href = await page.getAttribute('#manifest', 'href');
  return page.evaluate(async (href) => (await fetch(href)).json(), href);
}

/** As Safari tells an app that it was opened from the home screen. */
async function standAlone(page) {
  await page.addInitScript(() => Object.defineProperty(navigator, 'standalone', { value: true }));
}
