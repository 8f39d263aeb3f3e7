// The console, page by page: in by the link that was printed, every document of the settings changed, a conflict, an invitation, a
// proof that is too old; each page at three sizes and in both schemes.
import { Look, check, consoleUrl, later, passcode, press, same, scan, secretOf, send, story, world, wrong } from './lib.mjs';

const SIZES = [320, 390, 1280];
const kept = ['light-320', 'light-1280', 'dark-1280'];
const options = { locale: world.language, reducedMotion: 'reduce' };
const PASSWORD = 'correct horse battery';
const PAGES = {
  provisioning: '/settings/self-provisioning',
  targets: '/policies/software-token',
  template: '/policies/token-templates',
  pin: '/policies/server-side-pin',
  synchronization: '/policies/synchronization',
  lockout: '/policies/account-lockout',
};
const PRIMARY = 'main form .actions .primary';

await story(async (browser) => {
  const looks = [];
  const someone = async () => {
    const page = await (await browser.newContext(options)).newPage();
    const look = new Look(page).expect(403, 404, 409, 410, 422);
    looks.push(look);
    return { page, look, at: (name) => everywhere(page, look, name) };
  };
  const olga = await someone();
  const secret = await becomes(olga, world.setup, 'olga', 'administrator');
  await inAndOut(olga, secret);
  await settings(olga);
  await conflict(olga);
  await template(olga);
  await groups(olga);
  await errors(olga);
  await tooOld(olga, secret);
  await invites(olga, await someone(), secret);
  const problems = looks.flatMap((look) => look.problems);
  check(problems.length === 0, [...new Set(problems)].join('\n'));
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

/** Behind a link: name, password, second factor. */
async function becomes({ page, at }, link, name, role) {
  await go(page, link);
  await at(`setup-${role}`);
  const uri = await page.getAttribute('a[href^="otpauth:"]', 'href');
  const secret = secretOf(uri);
  same((await page.textContent('#key')).replace(/\s/g, ''), secret, 'the key is that of the link');
  same(await scan(page.locator('.qr')), uri, 'the QR code on the screen is the link');
  await page.reload();
  same(await page.getAttribute('a[href^="otpauth:"]', 'href'), uri, 'a reload shows the same secret');
  await fill(page, { name, password: 'short', again: 'other', passcode: wrong(passcode(secret)) });
  await press(page, PRIMARY);
  await at(`setup-${role}-wrong`);
  same(await page.inputValue('#name'), name, 'the name is kept');
  same(await page.getAttribute('a[href^="otpauth:"]', 'href'), uri, 'a wrong passcode changes no secret');
  await fill(page, { password: PASSWORD, again: PASSWORD, passcode: passcode(secret) });
  await press(page, PRIMARY);
  same(path(page), '/', 'in');
  const again = await page.context().newPage();
  const gone = await again.goto(consoleUrl(link));
  same(gone.status(), 410, 'the link is used up');
  await again.close();
  return secret;
}

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name="${name}"]`, value);
}

/** Out and in again. */
async function inAndOut({ page, at }, secret) {
  await at('overview');
  await press(page, 'form[action="/signout"] button');
  await at('signed-out');
  await go(page, PAGES.lockout);
  await at('sign-in');
  later({ seconds: 31 });
  const code = passcode(secret);
  await fill(page, { name: 'olga', password: PASSWORD, passcode: wrong(code) });
  await press(page, PRIMARY);
  await at('sign-in-refused');
  await fill(page, { password: PASSWORD, passcode: code });
  await press(page, PRIMARY);
  same(path(page), PAGES.lockout, 'on to the page first asked for');
}

/** Opens a page's form, changes it, applies. */
async function change(page, where, fields) {
  await go(page, where);
  await press(page, `a[href="${where}/edit"]`);
  for (const [selector, value] of Object.entries(fields)) {
    const field = page.locator(selector);
    if (value === true || value === false) await field.setChecked(value);
    else if (await field.evaluate((element) => element.matches('select'))) await field.selectOption(value);
    else await field.fill(value);
  }
  await press(page, PRIMARY);
}

/** Each document is changed, and says so. */
async function settings({ page, at }) {
  const changes = {
    provisioning: { '[id="windows_link-installer"]': true, '#installer_url': 'https://example.test/app.exe' },
    targets: { '[id="android.push"]': false },
    pin: { '#min_length': '5', '#order-append': true },
    synchronization: { '#outer_events': '50' },
    lockout: { '#account_failures': '5' },
  };
  for (const [name, fields] of Object.entries(changes)) {
    const where = PAGES[name];
    await go(page, where);
    await at(`${name}-read`);
    await press(page, `a[href="${where}/edit"]`);
    await at(`${name}-edit`);
    await change(page, where, fields);
    same(path(page), where, `${name}: applied`);
    check(await page.isVisible('.notice.done'), `${name}: said so`);
    same(await page.locator('ul.log > li').count(), 1, `${name}: entries of the Change Log`);
    await at(`${name}-applied`);
  }
  await go(page, '/');
  await at('overview-after');
}

/** Two windows: the second is told what the first has changed, and nothing is overwritten. */
async function conflict({ page, at }) {
  const other = await page.context().newPage();
  await other.goto(consoleUrl(`${PAGES.lockout}/edit`));
  await change(page, PAGES.lockout, { '#token_failures': '7' });
  await other.fill('#account_minutes', '20');
  await press(other, PRIMARY);
  check(await other.isVisible('#conflict'), 'a conflict is told');
  check((await other.textContent('#conflict')).includes('7'), 'with what was changed');
  same(await other.inputValue('#account_minutes'), '20', 'what was typed is kept');
  await other.close();
  await go(page, `${PAGES.lockout}/edit`);
  same(await page.inputValue('#account_minutes'), '15', 'nothing was overwritten');
  // The page itself, to be looked at.
  await page.$eval('[name=seen]', (field) => { field.value = '0'; });
  await press(page, PRIMARY);
  await at('conflict');
}

/** Which fields there are hangs on the PIN type. */
async function template({ page, at }) {
  await go(page, PAGES.template);
  await at('template-read');
  await press(page, `a[href="${PAGES.template}/edit"]`);
  await at('template-edit');
  same(await page.locator('#pin_length').count(), 0, 'fields of a PIN that there is not');
  await page.check('#pin_type-user_selected');
  await press(page, '[name=choose][value=fields]');
  await at('template-user-selected');
  await page.fill('#pin_length', '3');
  await press(page, PRIMARY);
  await at('template-wrong');
  await page.check('#pin_type-server_side');
  await page.selectOption('#length', '8');
  await press(page, PRIMARY);
  same(await page.locator('#pin_length').count(), 0, 'they are shown before they are applied');
  await press(page, PRIMARY);
  same(path(page), PAGES.template, 'applied');
  await at('template-applied');
}

/** Groups by their names, and what somebody would be offered. */
async function groups({ page, at }) {
  await go(page, `${PAGES.provisioning}/edit`);
  check(await page.isHidden('#group-add'), 'groups are out of the way');
  await page.check('[id="target_users.mode-only_groups"]');
  check(await page.isVisible('#group-add'), 'groups are asked for');
  await page.fill('#group-add', 'nobody');
  await press(page, PRIMARY);
  await at('groups-unknown');
  await page.fill('#group-add', 'admins');
  await press(page, '[name=choose][value=group]');
  await at('groups-added');
  await press(page, PRIMARY);
  same(path(page), PAGES.provisioning, 'saved');
  for (const [user, offered] of [['bob', true], ['alice', false]]) {
    await send(page, 'name', user);
    same(await page.locator('.outcome.yes').count(), offered ? 1 : 0, `${user} is offered it`);
    await at(`preview-${user}`);
  }
}

async function errors({ page, at }) {
  await go(page, '/nothing');
  await at('not-found');
  await go(page, `${PAGES.lockout}/edit`);
  await page.$eval('form.settings [name=csrf]', (field) => { field.value = 'forged'; });
  await press(page, PRIMARY);
  await at('cross-site');
}

/** A proof is good for ten minutes; nothing that was typed is lost for it. */
async function tooOld({ page, at }, secret) {
  await go(page, `${PAGES.lockout}/edit`);
  await page.fill('#token_minutes', '30');
  later({ minutes: 11 });
  await press(page, PRIMARY);
  await at('proof-asked');
  same(await page.inputValue('#token_minutes'), '30', 'what was typed is kept');
  await fill(page, { proof_password: PASSWORD, proof_passcode: passcode(secret) });
  await press(page, PRIMARY);
  check(await page.isVisible('.notice.done'), 'applied');
}

/** Another operator, who may only look. */
async function invites({ page, at }, otto, secret) {
  await go(page, '/operators');
  await at('operators');
  await page.check('#role-auditor');
  await press(page, PRIMARY);
  await at('invited');
  const link = new URL(await page.textContent('#link')).pathname;
  await becomes(otto, link, 'otto', 'auditor');
  await go(otto.page, PAGES.lockout);
  same(await otto.page.locator(`a[href="${PAGES.lockout}/edit"]`).count(), 0, 'Edit buttons for an auditor');
  await otto.at('auditor-read');
  const refused = await otto.page.goto(consoleUrl(`${PAGES.lockout}/edit`));
  same(refused.status(), 403, 'an auditor changes nothing');
  await otto.at('forbidden');
  await go(page, '/operators');
  await at('operators-two');
  await press(page, 'ul.cards li:has-text("otto") a');
  await at('operator');
  await go(page, '/account');
  await at('account');
  check(secret, 'olga is still who she was');
}
