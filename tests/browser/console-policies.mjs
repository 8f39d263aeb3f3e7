// The access policies in the console: each page at three sizes and in both schemes, with the keyboard, and with what is wrong.
import { Look, check, consoleUrl, passcode, press, same, secretOf, story, world } from './lib.mjs';

const SIZES = [320, 390, 1280];
const kept = ['light-390', 'dark-390', 'light-1280', 'dark-1280'];
const PASSWORD = 'correct horse battery';
const DO = 'main form[method="post"] .actions button';
const HERE = '/access-policies';

await story(async (browser) => {
  const page = await (await browser.newContext({ locale: world.language, reducedMotion: 'reduce' })).newPage();
  const look = new Look(page).expect(404, 422);
  const at = (name) => everywhere(page, look, name);
  await becomes(page);
  await page.setViewportSize({ width: 1280, height: 800 });
  await press(page, `nav.wide a[href="${HERE}"]`);
  check((await page.locator('ul.policies > li').count()) >= 4, 'the policies of the demo are listed');
  await at('policies');
  await explained(page, at);
  await cases(page, at);
  await recorded(page, at);
  await replayed(page, at);
  await go(page, `${HERE}/shadow`);
  await at('shadow-none');
  check(look.problems.length === 0, [...new Set(look.problems)].join('\n'));
});

/** A request is supposed with the keyboard alone; names are offered while one is typed. */
async function explained(page, at) {
  await go(page, `${HERE}/explain`);
  await at('explain');
  await page.focus('#user');
  await page.keyboard.type('ali');
  await page.waitForFunction(() => [...document.querySelectorAll('#user-offered option')].some(({ value }) => value === 'alice'));
  await page.fill('#user', 'alice');
  await page.selectOption('#app', 'wiki');
  await page.fill('#path', '/admin/users?q=1');
  await page.fill('#address', '10.0.0.0/8');
  await page.fill('#password', '0s');
  await page.fill('#otp', '1h');
  await Promise.all([page.waitForNavigation(), page.press('#otp', 'Enter')]);
  check(page.url().includes('app=wiki'), page.url());
  check((await page.textContent('section.answer')).includes('wiki-admin-fresh-otp'), 'what decided is named');
  await at('explained');
  await page.fill('#otp', 'long ago');
  await Promise.all([page.waitForNavigation(), page.press('#otp', 'Enter')]);
  same(await page.inputValue('#otp'), 'long ago', 'what was typed is there still');
  await at('explain-wrong');
}

async function cases(page, at) {
  await go(page, `${HERE}/cases`);
  await at('cases');
  await press(page, DO);
  check((await page.locator('ul.cases .held').count()) > 5, 'the cases of the demo pass');
  same(await page.locator('ul.cases .failed').count(), 0, 'cases that fail');
  await at('cases-run');
}

/** Records are written by and by. */
async function recorded(page, at) {
  for (let looks = 0; looks < 60; looks++) {
    await go(page, `${HERE}/decisions`);
    if ((await page.locator('table.decisions tbody tr').count()) > 0) break;
    await page.waitForTimeout(500);
  }
  check((await page.locator('table.decisions tbody tr').count()) > 0, 'something was recorded');
  await at('decisions');
  await press(page, 'table.decisions tbody a[href*="explain?"]');
  same(await page.locator('section.answer').count(), 1, 'a record leads to its explanation');
  await go(page, `${HERE}/decisions?user=nobody`);
  await at('decisions-wrong');
}

async function replayed(page, at) {
  await go(page, `${HERE}/replay`);
  await at('replay');
  await press(page, DO);
  await at('replay-same');
  await page.setInputFiles('#files', { name: 'wiki.cedar', mimeType: 'text/plain', buffer: Buffer.from('permit (principle);') });
  await press(page, DO);
  check((await page.textContent('#broken')).includes('wiki.cedar:1:'), 'the fault is named by file and line');
  await at('replay-broken');
  const shut = '@id("shut") forbid (principal, action, resource == Application::"wiki");';
  await page.setInputFiles('#files', { name: 'wiki.cedar', mimeType: 'text/plain', buffer: Buffer.from(shut) });
  await press(page, DO);
  check((await page.locator('ul.replay .tag.lose').count()) > 0, 'somebody would lose');
  await at('replay-lose');
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
