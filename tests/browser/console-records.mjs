// The console's pages of users, tokens, groups and files of tokens: each at three sizes and in both schemes, with what is wrong on
// it and with what was done.
import { Look, check, consoleUrl, passcode, press, same, secretOf, story, world } from './lib.mjs';

const SIZES = [320, 390, 1280];
const kept = ['light-320', 'light-1280', 'dark-1280'];
const options = { locale: world.language, reducedMotion: 'reduce' };
const PASSWORD = 'correct horse battery';
const DO = 'main form[method="post"] .actions button';

await story(async (browser) => {
  const page = await (await browser.newContext(options)).newPage();
  const look = new Look(page).expect(404, 409, 422);
  const at = (name) => everywhere(page, look, name);
  await becomes(page);
  await users(page, at);
  await imports(page, at);
  await tokens(page, at);
  await groups(page, at);
  check(look.problems.length === 0, [...new Set(look.problems)].join('\n'));
});

/** The page that is open, at every size and in both schemes. */
async function everywhere(page, look, name) {
  same(await page.getAttribute('html', 'lang'), world.language, `${name}: language`);
  same(await page.locator('span[lang]').count(), 0, `${name}: words in another language`);
  await look.focus(name);
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
function path(page) {
  return new URL(page.url()).pathname;
}

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
}

async function becomes(page) {
  await go(page, world.setup);
  const secret = secretOf(await page.getAttribute('a[href^="otpauth:"]', 'href'));
  await fill(page, { name: 'olga', password: PASSWORD, again: PASSWORD, passcode: passcode(secret) });
  await press(page, DO);
  same(path(page), '/', 'in');
}

/** A form: as it opens, with what is wrong, and done. */
async function task(page, at, where, name, wrong, right) {
  await go(page, where);
  await at(name);
  if (wrong) {
    await fill(page, wrong);
    await press(page, DO);
    check(await page.isVisible('.notice.error'), `${name}: what is wrong is said`);
    await at(`${name}-wrong`);
  }
  if (right) {
    await fill(page, right);
    await press(page, DO);
  }
}

async function users(page, at) {
  await go(page, '/users');
  await at('users');
  await go(page, '/users?q=zzz');
  await at('users-none-found');
  await task(page, at, '/users/new', 'user-new', { name: '', email: 'no address' }, { name: 'dora', email: 'dora@example.test' });
  await at('user-password-given');
  await go(page, '/users?q=dora');
  await press(page, 'ul.cards a');
  const dora = path(page);
  await at('user');
  await task(page, at, `${dora}/edit`, 'user-edit', { group_add: 'nobody' }, { group_add: '', display_name: 'Dora' });
  same(path(page), dora, 'edited');
  check(await page.isVisible('.notice.done'), 'and said so');
  await at('user-edited');
  await task(page, at, `${dora}/temporary`, 'user-temporary', { reason: '', hours: '500' }, { reason: 'left at home', hours: '8' });
  await at('user-temporary-given');
  await go(page, dora);
  await at('user-with-temporary');
  for (const name of ['password', 'sign-out', 'withdraw', 'disable', 'delete']) {
    await go(page, `${dora}/${name}`);
    await at(`user-${name}`);
  }
}

async function imports(page, at) {
  await go(page, '/import');
  await at('import');
  await press(page, DO);
  await at('import-no-file');
  const send = async (name, content) => {
    await page.setInputFiles('#file', { name, mimeType: 'text/plain', buffer: Buffer.from(content) });
    await press(page, DO);
    await page.waitForSelector('progress', { state: 'detached' });
  };
  await send('broken.xml', 'no tokens at all');
  await at('import-broken');
  await go(page, '/import');
  await send('tokens.xml', world.tokens);
  same(await page.locator('table.rows tbody tr').count(), 1, 'rows of the report');
  await at('import-report');
  await go(page, '/import');
  await at('import-again');
}

async function tokens(page, at) {
  await go(page, '/tokens');
  await at('tokens');
  await go(page, '/tokens?owner=nobody');
  await at('tokens-unknown-owner');
  await go(page, '/tokens');
  await press(page, 'ul.cards a');
  const token = path(page);
  await at('token-in-stock');
  await task(page, at, `${token}/assign`, 'token-assign', { user: 'nobody' }, { user: 'dora' });
  same(path(page), token, 'assigned');
  await at('token-assigned');
  await go(page, `${token}/test`);
  await at('token-cannot');
  for (const name of ['label', 'return', 'lost', 'faulty']) {
    await go(page, `${token}/${name}`);
    await at(`token-${name}`);
  }
  await press(page, DO);
  await at('token-faulty-done');
}

async function groups(page, at) {
  await go(page, '/groups');
  await at('groups');
  await task(page, at, '/groups/new', 'group-new', { name: '' }, { name: 'crew' });
  const crew = path(page);
  await at('group');
  await task(page, at, `${crew}/add-member`, 'group-add-member', { user: 'nobody' }, { user: 'dora' });
  await at('group-with-member');
  await task(page, at, `${crew}/add-parent`, 'group-add-parent', { into: 'crew' }, null);
  await go(page, `${crew}/rename`);
  await at('group-rename');
  await go(page, `${crew}/delete`);
  await at('group-delete');
  await press(page, DO);
  same(path(page), '/groups', 'deleted');
}
