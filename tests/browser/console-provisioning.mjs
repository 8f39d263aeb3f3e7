// Provisioning in the console: tasks with their users, rules by group with whom they affect; each page at three sizes and in both
// schemes.
import { Look, check, consoleUrl, passcode, press, same, secretOf, story, world } from './lib.mjs';

const SIZES = [320, 390, 1280];
const kept = ['light-390', 'dark-390', 'light-1280', 'dark-1280'];
const PASSWORD = 'correct horse battery';
const DO = 'main form[method="post"]:has(.actions) .actions button';
const TASKS = '/provisioning';
const RULES = '/provisioning/rules';

await story(async (browser) => {
  const page = await (await browser.newContext({ locale: world.language, reducedMotion: 'reduce' })).newPage();
  const look = new Look(page).expect(404, 409, 422);
  const at = (name) => everywhere(page, look, name);
  await becomes(page);
  await tasks(page, at);
  await rules(page, at);
  check(look.problems.length === 0, [...new Set(look.problems)].join('\n'));
});

/** A task for a group and one for names, looked at while the mails leave, filtered, and removed. */
async function tasks(page, at) {
  await go(page, TASKS);
  await at('tasks-none');
  await go(page, `${TASKS}/new`);
  await at('task-form');
  await page.fill('#group', 'staff');
  await page.fill('#note', 'Please do this before the fair.');
  await press(page, DO);
  await settled(page, `${TASKS}/1`);
  await at('task');
  check((await page.locator('ul.tally a').count()) >= 1, 'how many are how far');
  await go(page, `${TASKS}/1?status=active`);
  check((await page.locator('#entries + p + ul.cards > li, section ul.cards > li').count()) >= 1, 'the active ones');
  await at('task-active');
  await go(page, `${TASKS}/1?status=locked`);
  await at('task-nobody');
  await go(page, `${TASKS}/1/edit`);
  await at('task-edit');
  await page.fill('#stop_date', '1999-01-01');
  await press(page, DO);
  await at('task-edit-wrong');
  await go(page, `${TASKS}/1/remove`);
  await at('task-remove');
  await press(page, DO);
  await at('task-removed');
  await go(page, TASKS);
  await at('tasks');
}

/** A rule is made after it was shown whom it affects; it gives, and takes what it gave. */
async function rules(page, at) {
  await go(page, RULES);
  await at('rules-none');
  await go(page, `${RULES}/new`);
  await at('rule-form');
  await page.fill('[name="rule.group"]', 'nobody');
  await press(page, DO);
  await at('rule-form-wrong');
  await page.fill('[name="rule.group"]', 'staff');
  await page.fill('[name="rule.note"]', 'Welcome to us.');
  await press(page, DO);
  check((await page.locator('dl.counts div').count()) >= 1, 'how many are affected');
  await at('rule-preview');
  await press(page, 'main form button[name="confirmed"]');
  same(new URL(page.url()).pathname, RULES, 'saved');
  await at('rules');
  await settled(page, `${TASKS}/2`);
  await at('task-of-rule');
  await go(page, TASKS);
  await at('tasks-of-rule');
  await go(page, `${RULES}/1/remove`);
  await at('rule-remove');
}

/** Looks at a page until its task has written to everybody. */
async function settled(page, path) {
  for (let tries = 0; tries < 60; tries += 1) {
    await go(page, path);
    const bar = page.locator('progress.far');
    if ((await bar.count()) === 1 && (await bar.getAttribute('value')) === '100') return;
    await page.waitForTimeout(250);
  }
  check(false, `${path} is not done`);
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
  await press(page, 'main form[method="post"] .actions button');
}
