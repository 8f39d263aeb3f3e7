// The console in a browser without script: every form works as it is.
import { Look, check, consoleUrl, later, passcode, press, same, secretOf, story, world } from './lib.mjs';

const PASSWORD = 'correct horse battery';
const PRIMARY = 'main form .actions .primary';
const TEMPLATE = '/policies/token-templates';

await story(async (browser) => {
  const page = await (await browser.newContext({ locale: 'en', javaScriptEnabled: false })).newPage();
  const look = new Look(page, { script: false });
  const go = (path) => page.goto(consoleUrl(path));
  const at = async (name) => { await look.stands(name); await look.shot(name); };
  const fill = async (fields) => {
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
  };

  await go(world.setup);
  await at('setup');
  const secret = secretOf(await page.getAttribute('a[href^="otpauth:"]', 'href'));
  await fill({ name: 'olga', password: PASSWORD, again: PASSWORD, passcode: passcode(secret) });
  await press(page, PRIMARY);
  await at('overview');
  await press(page, 'form[action="/signout"] button');
  later({ seconds: 31 });
  await fill({ name: 'olga', password: PASSWORD, passcode: passcode(secret) });
  await press(page, PRIMARY);

  await go(`${TEMPLATE}/edit`);
  await page.check('#pin_type-user_selected');
  await press(page, '[name=choose][value=fields]');
  await page.fill('#pin_length', '6');
  await at('template');
  await press(page, PRIMARY);
  check(await page.isVisible('.notice.done'), 'applied');

  await page.setViewportSize({ width: 320, height: 700 });
  await page.click('details.menu summary');
  await at('menu');
  await press(page, 'details.menu a[href="/settings/self-provisioning"]');
  same(await page.locator('h1').count(), 1, 'the menu leads on');
  await page.selectOption('#language', 'de');
  await press(page, 'form.language button');
  same(await page.getAttribute('html', 'lang'), 'de', 'the language is chosen by its button');
  await at('german');
  look.done();
});
