// The console's pages of enrolment rules, requests and appearance, and what people at the portal see of them.
import {
  Look, asFarAsThePassword, check, codeFor, consoleUrl, passcode, press, same, secretOf, send, story, url, world,
} from './lib.mjs';

const SIZES = [320, 1280];
const options = { locale: world.language, reducedMotion: 'reduce' };
const PASSWORD = 'correct horse battery';
const DO = 'main form[method="post"]:has(.actions) .actions button';
const RULES = '/settings/enrolment-rules';
const LOOK = '/settings/appearance';
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

await story(async (browser) => {
  const page = await (await browser.newContext(options)).newPage();
  const look = new Look(page).expect(404, 409, 422);
  const at = (name) => everywhere(page, look, name);
  await becomes(page);
  await rules(page, at);
  const asking = await (await browser.newContext(options)).newPage();
  await requests(page, at, asking);
  await appearance(page, at, asking);
  check(look.problems.length === 0, [...new Set(look.problems)].join('\n'));
});

async function everywhere(page, look, name) {
  same(await page.getAttribute('html', 'lang'), world.language, `${name}: language`);
  same(await page.locator('span[lang]').count(), 0, `${name}: words in another language`);
  await look.focus(name);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of SIZES) {
      await page.setViewportSize({ width, height: 800 });
      await look.stands(`${name} ${colorScheme} ${width}`);
      if ((colorScheme === 'light') === (width === 320)) await look.shot(`${name}-${colorScheme}-${width}`);
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
}

/** Two rules are made, moved, mended and one is removed. */
async function rules(page, at) {
  await go(page, RULES);
  await at('rules-none');
  await press(page, `a[href="${RULES}/new"]`);
  await at('rule-new');
  await fill(page, { 'rule.name': 'Office', 'rule.percentage': '0' });
  await page.check('[name="rule.proof"][value=trusted_network]');
  await fill(page, { 'rule.networks': '10.0.0.0/8\n10.0.0.1/8' });
  await press(page, DO);
  check(await page.isVisible('.notice.error'), 'what is wrong with the rule is said');
  same(await page.inputValue('[name="rule.name"]'), 'Office', 'what was typed is kept');
  await at('rule-wrong');
  await fill(page, { 'rule.percentage': '25', 'rule.networks': '10.0.0.0/8\n2001:db8::/32', 'rule.deadline': '2030-12-24' });
  await press(page, DO);
  same(path(page), RULES, 'the rule is made');
  await press(page, `a[href="${RULES}/new"]`);
  await fill(page, { 'rule.name': 'Everybody', 'rule.percentage': '100', 'rule.probation_hours': '48' });
  await page.check('[name="rule.proof"][value=operator_approval]');
  await press(page, DO);
  await at('rules-two');
  const names = () => page.locator('ol.rules strong').allTextContents();
  same((await names()).join(), 'Office,Everybody', 'the order in which they were made');
  await press(page, 'ol.rules li:nth-child(2) form button');
  same((await names()).join(), 'Everybody,Office', 'the second one moved up');
  await press(page, 'ol.rules li:nth-child(2) a[href$="/remove"]');
  await at('rule-remove');
  await press(page, DO);
  same((await names()).join(), 'Everybody', 'one is left');
  check((await page.locator('ul.log > li').count()) >= 4, 'each change is in the log');
}

/** alice asks; her request is refused for lack of a reason, then approved. */
async function requests(page, at, asking) {
  await go(page, '/enrolment-requests');
  await at('requests-none');
  await asFarAsThePassword(asking, 'alice', url('wiki', '/page'));
  await press(asking, '[name=add_authenticator]');
  await send(asking, 'verification_code', await codeFor('alice'));
  await press(asking, 'form[action="/enrol/ask-approval"] button');
  await go(page, '/');
  await at('overview-waiting');
  await go(page, '/enrolment-requests');
  await at('requests-one');
  await press(page, '.requests a[href*="refuse"]');
  await press(page, DO);
  check(await page.isVisible('.notice.error'), 'a refusal needs a reason');
  await at('request-refuse-wrong');
  await go(page, '/enrolment-requests');
  await press(page, '.requests a[href*="approve"]');
  await at('request-approve');
  await press(page, DO);
  await at('requests-approved');
  await asking.reload();
  check(await asking.isVisible('form[action="/enrol/go-on"] button.primary'), 'alice may go on');
}

/** Name, colour, picture and words. */
async function appearance(page, at, asking) {
  await go(page, LOOK);
  await at('look-read');
  await press(page, `a[href="${LOOK}/edit"]`);
  await at('look-edit');
  await fill(page, { product_name: 'Harbour Pass', support: 'Call 7007', accent: '#ffff00' });
  await press(page, DO);
  check(await page.isVisible('.notice.error'), 'yellow cannot be read on white');
  await at('look-wrong');
  await fill(page, { accent: '#0f766e' });
  await press(page, DO);
  same(path(page), LOOK, 'applied');
  await press(page, `a[href="${LOOK}/logo"]`);
  await at('look-logo');
  await page.setInputFiles('input[type=file]', { name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from(DOT, 'base64') });
  await press(page, DO);
  await go(page, `${LOOK}/words?language=${world.language}`);
  await at('look-words');
  await go(page, LOOK);
  await at('look-after');
  await asking.goto(url('login', '/signin'));
  check((await asking.title()).includes('Harbour Pass'), 'the portal has the name');
  check(await asking.$eval('img[src*="/appearance/"]', (image) => image.naturalWidth === 1), 'and the picture');
}
