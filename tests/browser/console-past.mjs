// Reports and logs in the console: each page at three sizes and in both schemes, with the keyboard, and with what is wrong.
import { Look, check, consoleUrl, passcode, press, same, secretOf, story, world } from './lib.mjs';

const SIZES = [320, 390, 1280];
const kept = ['light-390', 'dark-390', 'light-1280', 'dark-1280'];
const PASSWORD = 'correct horse battery';
const DO = 'main form[method="post"] .actions button';

await story(async (browser) => {
  const page = await (await browser.newContext({ locale: world.language, reducedMotion: 'reduce' })).newPage();
  const look = new Look(page).expect(404, 422);
  const at = (name) => everywhere(page, look, name);
  await becomes(page);
  await go(page, '/reports/enrolments');
  check((await page.locator('table.past tbody tr:not(.more)').count()) >= 2, 'both transactions are listed');
  await at('history');
  await go(page, '/reports/enrolments?result=superseded');
  await at('history-none');
  await go(page, '/reports/funnel');
  same(await page.locator('svg.chart').count(), 2, 'charts');
  await at('funnel');
  await go(page, '/reports/missing?of=all');
  await at('missing');
  await go(page, '/logs/audit?type=ENROLLMENT&tz=Europe%2FBerlin');
  await at('audit');
  await page.locator('table.past details summary').first().focus();
  await page.keyboard.press('Enter');
  check(await page.locator('table.past details').first().evaluate((details) => details.open), 'opened with the keyboard');
  await at('audit-open');
  await go(page, '/logs/audit?from=monday&address=home&tz=Mars');
  await at('audit-wrong');
  await filters(page);
  check(look.problems.length === 0, [...new Set(look.problems)].join('\n'));
});

/** What is looked for is filled in, sent with Enter, and stands in the address; which is then the page. */
async function filters(page) {
  await go(page, '/logs/audit');
  await page.fill('#event', 'enrollment_confirmed');
  await Promise.all([page.waitForNavigation(), page.press('#event', 'Enter')]);
  check(page.url().includes('event=enrollment_confirmed'), page.url());
  same(await page.locator('table.past tbody tr:not(.more)').count(), 1, 'records found');
  const permalink = await page.locator('ul.links a[href*="event="]').last().getAttribute('href');
  await go(page, permalink.replace(/\.(csv|json)/, ''));
  same(await page.locator('table.past tbody tr:not(.more)').count(), 1, 'records found by the link');
}

async function everywhere(page, look, name) {
  same(await page.getAttribute('html', 'lang'), world.language, `${name}: language`);
  same(await page.locator('span[lang]').count(), 0, `${name}: words in another language`);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of SIZES) {
      await page.setViewportSize({ width, height: 800 });
      await look.stands(`${name} ${colorScheme} ${width}`);
      if (kept.includes(`${colorScheme}-${width}`)) await look.shot(`${name}-${colorScheme}-${width}`);
    }
  }
}

function go(page, path) {
  return page.goto(consoleUrl(path));
}

async function becomes(page) {
  await go(page, world.setup);
  const secret = secretOf(await page.getAttribute('a[href^="otpauth:"]', 'href'));
  const fields = { name: 'olga', password: PASSWORD, again: PASSWORD, passcode: passcode(secret) };
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
  await press(page, DO);
}
